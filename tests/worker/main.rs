//! End-to-end tests of worker processes: a crash or hang of a parser costs one file and nothing else.
#![allow(clippy::print_stdout, reason = "a skipped part or a count is reported")]
#![cfg(unix)]

mod inherited;
mod kills;
mod panics;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use stanchion::engine::{Assessment, Limits, MemoryTree, NoProgress, Options, assess};
use stanchion::format;
use stanchion::model::{Guideline, Origin, Reason, RepoPath};

/// Guideline with these checks (YAML, indented by two spaces).
fn guideline(checks: &str) -> Arc<Guideline> {
    let text = format!(
        "---\nschema: 1\nguideline: tests/one\nversion: 1.0.0\ntitle: One\nsummary: One.\nstage: sketch\n\
         owner: us\nlevel: note\nchecks:\n{checks}---\n## Why\nx\n## How to keep it\nx\n## When to step over\nx\n"
    );
    let parsed = format::parse_guideline("one.md", &text, Origin::File("one.md".to_owned()), &|_| None);
    Arc::new(parsed.unwrap_or_else(|problems| panic!("{problems:#?}")))
}

const UNWRAP: &str = "  - id: unwrap\n    code: { language: rust, rule: { pattern: $X.unwrap() } }\n";

/// `count` lines of Rust, each with a finding.
fn lines(count: usize) -> String {
    "fn f() { x.unwrap(); y(z, [1, 2], |a| a + 1); }\n".repeat(count)
}

/// Process ids of the children of `parent`.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "a test reads /proc")]
fn children(parent: u32) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return vec![] };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
        // `pid (name) state ppid …`; the name may contain any characters.
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        after.split_whitespace().nth(1) == Some(&parent.to_string())
    })
    .collect()
}

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_stanchion"))
}

fn run(guideline: &Arc<Guideline>, files: &[(&str, String)], worker: Option<PathBuf>) -> Assessment {
    let files = files.iter().map(|(path, text)| (RepoPath::from(*path), text.clone().into_bytes()));
    let options = Options { worker, threads: 2, ..Options::default() };
    assess(&[Arc::clone(guideline)], &MemoryTree::new(files), &options, &NoProgress)
        .expect("the tree should be listed")
}

/// Paths that could not be assessed, with the reason, and the paths of findings.
fn reasons_and_findings(assessment: &Assessment) -> (BTreeMap<String, Reason>, Vec<String>) {
    let outcome = &assessment.outcome;
    let path = |path: &RepoPath| path.lossless().into_owned();
    let reasons = outcome.not_assessed.iter().filter_map(|it| Some((path(it.path.as_ref()?), it.reason)));
    (reasons.collect(), outcome.findings.iter().map(|finding| path(&finding.path)).collect())
}

/// 6 KB of source for which tree-sitter-rust allocates more than a gigabyte.
fn memory_intensive_source() -> String {
    format!("{}.unwrap()", "%w(".repeat(2000))
}

#[test]
fn a_file_that_exceeds_the_memory_limit_is_reported_and_hides_no_other_file() {
    let beacon = "fn f() { x.unwrap() }".to_owned();
    let files = [("a.rs", beacon.clone()), ("b.rs", memory_intensive_source()), ("c.rs", beacon)];
    let assessment = run(&guideline(UNWRAP), &files, Some(program()));
    let (reasons, found) = reasons_and_findings(&assessment);
    assert_eq!(reasons.keys().collect::<Vec<_>>(), ["b.rs"], "{:?}", assessment.outcome.not_assessed);
    assert!(matches!(reasons["b.rs"], Reason::Died | Reason::Budget), "{reasons:?}");
    assert_eq!(found, ["a.rs", "c.rs"]);
}

#[test]
fn workers_and_in_process_checks_find_the_same() {
    let checks = format!(
        "{UNWRAP}  - id: todo\n    text: {{ find: 'TODO (\\w+)' }}\n    message: about $1\n  \
         - id: name\n    data: {{ files: ['**/*.json'], select: $.name, assert: {{ type: string, maxLength: 3 }} }}\n"
    );
    let guideline = guideline(&checks);
    let files: Vec<(String, String)> = (0..120)
        .map(|n| match n % 3 {
            0 => (format!("{n}.rs"), format!("fn f() {{ {} }} // TODO x{n}", "a.unwrap(); ".repeat(n))),
            1 => (format!("{n}.json"), format!("{{\"name\": \"{}\"}}", "x".repeat(n % 7))),
            _ => (format!("{n}.txt"), "nothing".to_owned()),
        })
        .collect();
    let files: Vec<(&str, String)> = files.iter().map(|(path, text)| (path.as_str(), text.clone())).collect();
    let (with, without) = (run(&guideline, &files, Some(program())), run(&guideline, &files, None));
    assert!(with.outcome.findings.len() > 1000);
    assert_eq!(with.outcome.findings, without.outcome.findings);
    assert_eq!(with.outcome.not_assessed, without.outcome.not_assessed);
    assert_eq!(with.outcome.paths, without.outcome.paths);
}

/// The worker program does not exist, and the run does not notice because no file needs a worker.
#[test]
fn no_worker_is_started_when_no_file_needs_one() {
    let nowhere = Some(PathBuf::from("/nowhere/at/all"));
    let names = guideline("  - id: readme\n    files: { require: { any: [README.md] } }\n");
    let (reasons, found) = reasons_and_findings(&run(&names, &[("a.rs", "x".to_owned())], nowhere.clone()));
    assert_eq!((reasons.len(), found), (0, vec!["README.md".to_owned()]));
    let (reasons, _) =
        reasons_and_findings(&run(&guideline(UNWRAP), &[("a.py", "x.unwrap()".to_owned())], nowhere));
    assert_eq!(reasons.len(), 0);
}

#[test]
fn a_worker_that_does_not_start_or_crashes_is_reported() {
    for program in ["/nowhere/at/all", "/bin/false", "/bin/echo"] {
        let files = [("a.rs", "x.unwrap()".to_owned())];
        let assessment = run(&guideline(UNWRAP), &files, Some(PathBuf::from(program)));
        let words: Vec<&str> = assessment.outcome.not_assessed.iter().map(|it| it.detail.as_str()).collect();
        assert!(words.iter().any(|it| it.contains("worker process")), "{program}: {words:?}");
        assert_eq!(assessment.outcome.findings.len(), 0);
    }
}

/// A problem in a check is reported at the same location by a worker and in-process.
#[test]
fn problems_of_checks_are_the_same_from_a_worker() {
    let broken = guideline(
        "  - id: unwrap\n    code: { language: rust, rule: { pattern: $X.unwrap(), kind: nonsense } }\n",
    );
    let files = [("a.rs", "x.unwrap()".to_owned())];
    let (with, without) = (run(&broken, &files, Some(program())), run(&broken, &files, None));
    assert!(!with.problems.is_empty());
    assert_eq!(with.problems, without.problems);
    assert_eq!(with.outcome.not_assessed, without.outcome.not_assessed);
}

/// The cooperative time budget ends the check before the kernel's limit does.
#[test]
fn the_worker_reports_an_exhausted_time_budget() {
    let files = [("a.rs", format!("fn f() {{ {} }}", "x.unwrap(); ".repeat(50_000)))];
    let tree =
        MemoryTree::new(files.iter().map(|(path, text)| (RepoPath::from(*path), text.clone().into_bytes())));
    let limits =
        Limits { file_time: Duration::from_millis(1), mib_time: Duration::ZERO, ..Limits::default() };
    let options = Options { worker: Some(program()), limits, ..Options::default() };
    let assessment =
        assess(&[guideline(UNWRAP)], &tree, &options, &NoProgress).expect("the tree should be listed");
    assert_eq!(reasons_and_findings(&assessment).0.get("a.rs"), Some(&Reason::Budget));
}

/// The number of reported findings is bounded, and the cut is deterministic.
#[test]
fn findings_beyond_the_limit_are_cut_in_order_with_a_note() {
    let flood = guideline("  - id: e\n    text: { find: e }\n");
    let paths: Vec<String> = (0..6).map(|n| format!("{n}.txt")).collect();
    let files: Vec<(&str, String)> = paths.iter().map(|path| (path.as_str(), "e\n".repeat(9_000))).collect();
    let (with, without) = (run(&flood, &files, Some(program())), run(&flood, &files, None));
    assert_eq!(with.outcome.findings, without.outcome.findings);
    assert_eq!(with.outcome.findings.len(), 20_000);
    let (reasons, found) = reasons_and_findings(&with);
    assert_eq!((reasons.len(), found.last().map(String::as_str)), (0, Some("2.txt")));
    let words: Vec<&str> = with.outcome.not_assessed.iter().map(|it| it.detail.as_str()).collect();
    assert_eq!(words, ["54000 findings; only the first 20000 are listed"]);
}
