//! The worker process from outside: what kills or holds up a parser costs one file and nothing else.
#![allow(clippy::print_stdout, reason = "a test says what it left out or counted")]
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

/// A guideline with these checks (YAML, two spaces deep).
fn guideline(checks: &str) -> Arc<Guideline> {
    let text = format!(
        "---\nschema: 1\nguideline: tests/one\nversion: 1.0.0\ntitle: One\nsummary: One.\nstage: sketch\n\
         owner: us\nlevel: note\nchecks:\n{checks}---\n## Why\nx\n## How to keep it\nx\n## When to step over\nx\n"
    );
    let parsed = format::parse("one.md", &text, Origin::File("one.md".to_owned()), &|_| None);
    Arc::new(parsed.unwrap_or_else(|problems| panic!("{problems:#?}")))
}

const UNWRAP: &str = "  - id: unwrap\n    code: { language: rust, rule: { pattern: $X.unwrap() } }\n";

/// So many lines of Rust, with a finding in each.
fn lines(count: usize) -> String {
    "fn f() { x.unwrap(); y(z, [1, 2], |a| a + 1); }\n".repeat(count)
}

/// Processes whose parent is `parent`.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "a test reads /proc")]
fn children(parent: u32) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return vec![] };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
        // `pid (name) state ppid …`, and the name may hold anything.
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
    assess(&[Arc::clone(guideline)], &MemoryTree::new(files), &options, &NoProgress).expect("listed")
}

/// Paths that could not be told, with the reason; and the paths of findings.
fn told(assessment: &Assessment) -> (BTreeMap<String, Reason>, Vec<String>) {
    let outcome = &assessment.outcome;
    let path = |path: &RepoPath| path.lossless().into_owned();
    let blind = outcome.not_assessed.iter().filter_map(|it| Some((path(it.path.as_ref()?), it.reason)));
    (blind.collect(), outcome.findings.iter().map(|finding| path(&finding.path)).collect())
}

/// 6 KB that take tree-sitter-rust more than a gigabyte.
fn hungry() -> String {
    format!("{}.unwrap()", "%w(".repeat(2000))
}

#[test]
fn a_file_that_takes_too_much_memory_is_named_and_hides_no_other() {
    let beacon = "fn f() { x.unwrap() }".to_owned();
    let files = [("a.rs", beacon.clone()), ("b.rs", hungry()), ("c.rs", beacon)];
    let assessment = run(&guideline(UNWRAP), &files, Some(program()));
    let (blind, found) = told(&assessment);
    assert_eq!(blind.keys().collect::<Vec<_>>(), ["b.rs"], "{:?}", assessment.outcome.not_assessed);
    assert!(matches!(blind["b.rs"], Reason::Died | Reason::Budget), "{blind:?}");
    assert_eq!(found, ["a.rs", "c.rs"]);
}

#[test]
fn workers_find_what_this_process_finds() {
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

/// Where no file is asked anything, a program that does not exist is as good as any.
#[test]
fn no_worker_is_started_when_no_file_needs_one() {
    let nowhere = Some(PathBuf::from("/nowhere/at/all"));
    let names = guideline("  - id: readme\n    files: { require: { any: [README.md] } }\n");
    let (blind, found) = told(&run(&names, &[("a.rs", "x".to_owned())], nowhere.clone()));
    assert_eq!((blind.len(), found), (0, vec!["README.md".to_owned()]));
    let (blind, _) = told(&run(&guideline(UNWRAP), &[("a.py", "x.unwrap()".to_owned())], nowhere));
    assert_eq!(blind.len(), 0);
}

#[test]
fn a_worker_that_cannot_be_started_or_does_not_live_is_told() {
    for program in ["/nowhere/at/all", "/bin/false", "/bin/echo"] {
        let files = [("a.rs", "x.unwrap()".to_owned())];
        let assessment = run(&guideline(UNWRAP), &files, Some(PathBuf::from(program)));
        let words: Vec<&str> = assessment.outcome.not_assessed.iter().map(|it| it.detail.as_str()).collect();
        assert!(words.iter().any(|it| it.contains("worker process")), "{program}: {words:?}");
        assert_eq!(assessment.outcome.findings.len(), 0);
    }
}

/// What is wrong in a check is told by the worker as by this process, at the same place.
#[test]
fn problems_of_checks_cross_the_boundary() {
    let broken = guideline(
        "  - id: unwrap\n    code: { language: rust, rule: { pattern: $X.unwrap(), kind: nonsense } }\n",
    );
    let files = [("a.rs", "x.unwrap()".to_owned())];
    let (with, without) = (run(&broken, &files, Some(program())), run(&broken, &files, None));
    assert!(!with.problems.is_empty());
    assert_eq!(with.problems, without.problems);
    assert_eq!(with.outcome.not_assessed, without.outcome.not_assessed);
}

/// The cooperative budget answers before the kernel's limit, and says so.
#[test]
fn a_budget_that_is_spent_is_told_by_the_worker() {
    let files = [("a.rs", format!("fn f() {{ {} }}", "x.unwrap(); ".repeat(50_000)))];
    let tree =
        MemoryTree::new(files.iter().map(|(path, text)| (RepoPath::from(*path), text.clone().into_bytes())));
    let limits =
        Limits { file_time: Duration::from_millis(1), mib_time: Duration::ZERO, ..Limits::default() };
    let options = Options { worker: Some(program()), limits, ..Options::default() };
    let assessment = assess(&[guideline(UNWRAP)], &tree, &options, &NoProgress).expect("listed");
    assert_eq!(told(&assessment).0.get("a.rs"), Some(&Reason::Budget));
}

/// A repository in which everything is a finding is told in bounded space, the same way every time.
#[test]
fn a_flood_of_findings_is_cut_in_order_and_told() {
    let flood = guideline("  - id: e\n    text: { find: e }\n");
    let paths: Vec<String> = (0..6).map(|n| format!("{n}.txt")).collect();
    let files: Vec<(&str, String)> = paths.iter().map(|path| (path.as_str(), "e\n".repeat(9_000))).collect();
    let (with, without) = (run(&flood, &files, Some(program())), run(&flood, &files, None));
    assert_eq!(with.outcome.findings, without.outcome.findings);
    assert_eq!(with.outcome.findings.len(), 20_000);
    let (blind, found) = told(&with);
    assert_eq!((blind.len(), found.last().map(String::as_str)), (0, Some("2.txt")));
    let words: Vec<&str> = with.outcome.not_assessed.iter().map(|it| it.detail.as_str()).collect();
    assert_eq!(words, ["54000 findings in all; the first 20000 are listed"]);
}
