//! The engine with a focus: findings in changed lines, and guidelines that are judged on the whole
//! repository.

use std::collections::BTreeSet;
use std::sync::Arc;

use stanchion::engine::{
    Change, ChangeKind, ChangedLines, Focus, LineChanges, MemoryTree, NoProgress, Options, assess,
};
use stanchion::format;
use stanchion::model::{Guideline, GuidelineId, Origin, Outcome, RepoPath};

/// Line changes in which only the second line of every file is new.
struct SecondLineIsNew;

impl ChangedLines for SecondLineIsNew {
    fn lines(&self, _: &RepoPath) -> LineChanges {
        LineChanges::some([(2, 2)])
    }
}

fn guideline(id: &str, checks: &str) -> Arc<Guideline> {
    let text = super::world::MARKS.replacen("test/marks", id, 1);
    let start = text.find("checks:\n").expect("checks") + 8;
    let end = text.rfind("---\n").expect("the end of the front matter");
    let text = format!("{}{checks}{}", &text[..start], &text[end..]);
    let origin = Origin::File("g.md".into());
    match format::parse_guideline("g.md", &text, origin, &|_| None) {
        Ok(guideline) => Arc::new(guideline),
        Err(problems) => panic!("{problems:?}"),
    }
}

fn run(files: &[(&str, &str)], changes: &[(&str, ChangeKind)], whole: &[&str]) -> Outcome {
    let guidelines = [
        guideline("test/licence", "  - id: licence\n    files: { require: { all: [LICENSE] } }\n"),
        guideline("test/marks", "  - id: mark\n    text: { files: [\"**\"], find: \"FIXME\" }\n"),
        guideline(
            "test/names",
            "  - id: names\n    files: { names: { paths: [\"**\"], regex: \"[a-z.]+\" } }\n",
        ),
    ];
    let tree =
        MemoryTree::new(files.iter().map(|(path, text)| (RepoPath::from(*path), text.as_bytes().to_vec())));
    let changes = changes.iter().map(|&(path, kind)| Change { path: RepoPath::from(path), kind }).collect();
    let whole: BTreeSet<GuidelineId> = whole.iter().map(|id| GuidelineId::new(id).expect("an id")).collect();
    let focus = Some(Focus::new(changes, Arc::new(SecondLineIsNew), whole));
    assess(&guidelines, &tree, &Options { focus, ..Options::default() }, &NoProgress)
        .expect("the assessment should run")
        .outcome
}

fn findings_of(outcome: &Outcome) -> Vec<String> {
    let say = |finding: &stanchion::model::Finding| {
        format!("{} {}:{}", finding.check, finding.path.lossless(), finding.start.line)
    };
    outcome.findings.iter().map(say).collect()
}

const FILES: &[(&str, &str)] =
    &[("Old", "FIXME\n"), ("a.txt", "FIXME\nFIXME\nFIXME\n"), ("b.txt", "FIXME\n")];

#[test]
fn only_findings_in_changed_lines_are_reported() {
    let outcome = run(FILES, &[("a.txt", ChangeKind::Modified)], &[]);
    assert_eq!(findings_of(&outcome), ["mark a.txt:2"]);
    assert_eq!((outcome.paths.seen, outcome.paths.assessed), (1, 1));
    let words: Vec<&str> = outcome.guidelines.iter().map(|entry| entry.verdict.as_str()).collect();
    assert_eq!(words, ["not_applicable", "not_kept", "not_applicable"]);
}

#[test]
fn guidelines_judged_whole_report_as_without_a_focus() {
    let all = ["test/licence", "test/marks", "test/names"];
    let outcome = run(FILES, &[("a.txt", ChangeKind::Modified)], &all);
    let whole_tree = [
        "licence LICENSE:1",
        "mark Old:1",
        "mark a.txt:1",
        "mark a.txt:2",
        "mark a.txt:3",
        "mark b.txt:1",
        "names Old:1",
    ];
    assert_eq!(findings_of(&outcome), whole_tree);
    assert_eq!(outcome.paths.seen, 3);
    // One guideline judged whole, the others with the focus.
    for (whole, expected) in [
        ("test/licence", &["licence LICENSE:1", "mark a.txt:2"][..]),
        ("test/marks", &["mark Old:1", "mark a.txt:1", "mark a.txt:2", "mark a.txt:3", "mark b.txt:1"]),
        ("test/names", &["mark a.txt:2", "names Old:1"]),
    ] {
        assert_eq!(
            findings_of(&run(FILES, &[("a.txt", ChangeKind::Modified)], &[whole])),
            expected,
            "{whole}"
        );
    }
    // The same without any change.
    assert_eq!(findings_of(&run(FILES, &[], &all)), whole_tree);
    assert!(findings_of(&run(FILES, &[], &[])).is_empty());
}

#[test]
fn fingerprints_do_not_depend_on_the_focus() {
    let prints = |whole: &[&str]| -> Vec<String> {
        let outcome = run(FILES, &[("a.txt", ChangeKind::Modified)], whole);
        let second =
            outcome.findings.iter().filter(|it| it.path == RepoPath::from("a.txt") && it.start.line == 2);
        second.map(|finding| finding.hashes.fingerprint.to_string()).collect()
    };
    assert_eq!(prints(&[]), prints(&["test/marks"]));
}

/// `exists` looks up the named paths and does not list the whole tree, unless another guideline needs the
/// listing. Both ways must give the same result.
#[test]
fn applicability_is_the_same_with_and_without_a_full_listing() {
    use super::world::World;
    let applies = [
        ("file", "exists: [LICENSE]", true),
        ("folder", "exists: [lib]", true),
        ("deep", "exists: [lib/deep]", true),
        ("link", "exists: [way]", true),
        ("gone", "exists: [nothing]", false),
        ("removed", "exists: [old.txt]", false),
        ("not", "not: { exists: [nothing, lib/dee] }", true),
        ("either", "any: [{ exists: [nothing] }, { exists: [lib/deep/x.rs] }]", true),
    ];
    let write = |world: &World, name: &str, applies: &str| {
        let checks = "checks:\n  - id: mark\n    text: { files: [\"**\"], find: \"FIXME\" }\n---\n";
        let (head, rest) = super::world::MARKS.split_once("checks:\n").expect("checks");
        let (_, body) = rest.split_once("---\n").expect("the end of the front matter");
        let head = head.replacen("test/marks", &format!("test/{name}"), 1);
        world
            .write(&format!("../rules/{name}.md"), format!("{head}applies: {{ {applies} }}\n{checks}{body}"));
    };
    let world = World::new();
    std::fs::remove_file(world.path("../rules/marks.md")).expect("removed");
    for file in ["old.txt", "lib/deep/x.rs", "lib.txt"] {
        world.write(file, "x\n");
    }
    std::os::unix::fs::symlink("LICENSE", world.path("way")).expect("a link");
    world.commit("two");
    world.git("rm -q old.txt");
    world.write("a.txt", "FIXME one\nFIXME\nthree\n");
    world.git("add a.txt");
    applies.iter().for_each(|(name, applies, _)| write(&world, name, applies));
    let words = || {
        let (status, out, err) = world.run(&["--staged", "--format", "json"]);
        assert_eq!(status, 0, "{err}");
        let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        let findings = report["findings"].as_array().expect("findings").clone();
        let mut found: Vec<String> =
            findings.iter().map(|it| it["guideline"].as_str().expect("an id").to_owned()).collect();
        found.retain(|id| id != "test/everything");
        (found, report["summary"]["paths"].clone())
    };
    let some = words();
    let mut expected: Vec<String> =
        applies.iter().filter(|it| it.2).map(|it| format!("test/{}", it.0)).collect();
    expected.sort();
    assert_eq!(some.0, expected);
    write(&world, "everything", "exists: [\"**/*.nothing\"]");
    assert_eq!(words(), some);
}

/// Line changes in which lines between the second and the third were removed, and nothing else changed.
struct LinesRemoved;

impl ChangedLines for LinesRemoved {
    fn lines(&self, _: &RepoPath) -> LineChanges {
        LineChanges::some([(3, 2)])
    }
}

#[test]
fn a_removed_line_counts_for_the_checks_it_can_affect() {
    let guidelines = [
        guideline("test/marks", "  - id: mark\n    text: { files: [\"**\"], find: \"unwrap\" }\n"),
        guideline(
            "test/code",
            "  - id: code\n    code: { language: rust, rule: { pattern: $X.unwrap() } }\n",
        ),
        guideline(
            "test/data",
            "  - id: data\n    data: { files: [\"*.yaml\"], assert: { required: [timeout] } }\n",
        ),
    ];
    let text = format!("fn f() {{\n{}}}\n", "    x.unwrap();\n".repeat(4));
    let files = [("a.rs", text.as_str()), ("a.yaml", "retries: 3\nunwrap: 1\nz: 2\n")];
    let tree = MemoryTree::new(files.map(|(path, text)| (RepoPath::from(path), text.as_bytes().to_vec())));
    let changes = files.map(|(path, _)| Change { path: RepoPath::from(path), kind: ChangeKind::Modified });
    for (lines, expected) in [
        (
            Arc::new(LinesRemoved) as Arc<dyn ChangedLines>,
            &["code a.rs:2", "code a.rs:3", "data a.yaml:1"][..],
        ),
        (Arc::new(SecondLineIsNew), &["code a.rs:2", "mark a.rs:2", "mark a.yaml:2"]),
    ] {
        let focus = Some(Focus::new(changes.to_vec(), lines, BTreeSet::new()));
        let outcome = assess(&guidelines, &tree, &Options { focus, ..Options::default() }, &NoProgress)
            .expect("the assessment should run")
            .outcome;
        let mut summary = findings_of(&outcome);
        summary.sort();
        assert_eq!(summary, expected);
    }
}
