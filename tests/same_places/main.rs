//! Compares findings of pasted ast-grep rules with those of the real ast-grep.
//!
//! Requires `STANCHION_AST_GREP`, the path of ast-grep 0.51.1 (`scripts/test` installs it and sets the
//! variable).

mod prefilter;
mod rules;

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;

use stanchion::engine::{MemoryTree, NoProgress, Options, assess};
use stanchion::format;
use stanchion::model::{Guideline, Origin, RepoPath};

/// Locations of findings: offset of the first byte, and the offset after the last byte.
type Places = BTreeSet<(u64, u64)>;

#[expect(clippy::disallowed_methods, reason = "the environment names the ast-grep to compare with")]
fn ast_grep() -> Option<String> {
    std::env::var("STANCHION_AST_GREP").ok()
}

#[expect(clippy::disallowed_methods, reason = "a test runs the real ast-grep")]
fn ast_grep_places(program: &str, folder: &std::path::Path, rule: &str, file: &str, source: &str) -> Places {
    std::fs::write(folder.join("rule.yml"), rule).expect("written");
    std::fs::write(folder.join(file), source).expect("written");
    let output = Command::new(program)
        .current_dir(folder)
        .args(["scan", "--rule", "rule.yml", "--json=stream", file])
        .output()
        .expect("ast-grep should start");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("rror: "), "ast-grep refuses {file}: {errors}\n{rule}");
    text.lines()
        .map(|line| {
            let found: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let offset = |key: &str| found["range"]["byteOffset"][key].as_u64().expect("an offset");
            (offset("start"), offset("end"))
        })
        .collect()
}

/// Guideline with the unchanged rule file, indented under `code:`.
fn guideline_with_rule(rule: &str) -> Arc<Guideline> {
    let body: String = rule.lines().map(|line| format!("      {line}\n")).collect();
    let text = format!(
        "---\nschema: 1\nguideline: tests/pasted\nversion: 1.0.0\ntitle: A pasted rule\nsummary: It finds the same places.\n\
         stage: sketch\nowner: tests\nchecks:\n  - id: pasted\n    code:\n{body}---\n## Why\nx\n## How to keep it\nx\n## When to step over\nx\n"
    );
    match format::parse_guideline("pasted.md", &text, Origin::File("pasted.md".into()), &|_| None) {
        Ok(guideline) => Arc::new(guideline),
        Err(problems) => panic!("{problems:#?}\n{text}"),
    }
}

fn stanchion_places(rule: &str, file: &str, source: &str, prefilter: bool) -> Places {
    let tree = MemoryTree::new([(RepoPath::from(file), source.as_bytes().to_vec())]);
    let options = Options { prefilter, ..Options::default() };
    let outcome = assess(&[guideline_with_rule(rule)], &tree, &options, &NoProgress).expect("listed").outcome;
    let refused: Vec<_> = outcome.not_assessed.iter().filter(|n| n.path.is_none()).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    outcome.findings.iter().map(|finding| (finding.start.byte, finding.end.byte)).collect()
}

#[test]
fn pasted_rules_find_the_same_places_as_ast_grep() {
    let Some(program) = ast_grep() else {
        panic!("STANCHION_AST_GREP is not set: run scripts/test, which installs ast-grep and sets it");
    };
    let folder = tempfile::tempdir().expect("a folder");
    let mut different = Vec::new();
    for case in rules::CASES {
        let theirs = ast_grep_places(&program, folder.path(), case.rule, case.file, case.source);
        let ours = stanchion_places(case.rule, case.file, case.source, true);
        if theirs.is_empty() != case.finds_nothing {
            different.push(format!(
                "{} ({}): ast-grep finds {theirs:?}, so the case proves nothing",
                case.file, case.about
            ));
        }
        if theirs != ours {
            different
                .push(format!("{} ({}): ast-grep {theirs:?}, stanchion {ours:?}", case.file, case.about));
        }
        let unfiltered = stanchion_places(case.rule, case.file, case.source, false);
        if unfiltered != ours {
            different.push(format!(
                "{} ({}): without the prefilter {unfiltered:?}, with it {ours:?}",
                case.file, case.about
            ));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Rules and queries for the languages that ast-grep does not support.
#[test]
fn languages_that_ast_grep_lacks_match_patterns_kinds_and_queries() {
    for (file, rule, source, expected) in [
        (
            "Dockerfile",
            "language: dockerfile\nrule: { kind: from_instruction, has: { kind: image_tag, regex: '^:latest$', stopBy: end } }",
            "FROM alpine:latest\nRUN ls\nFROM debian:12\n",
            &["FROM alpine:latest"][..],
        ),
        (
            "a.Dockerfile",
            "language: dockerfile\nquery: '(run_instruction) @finding'",
            "FROM a\nRUN ls\n",
            &["RUN ls"],
        ),
        (
            "Dockerfile.dev",
            "language: docker\nquery: '(run_instruction) @finding'",
            "FROM a\nRUN ls\n",
            &["RUN ls"],
        ),
        (
            "a.sql",
            "language: sql\nrule: { kind: all_fields }",
            "SELECT * FROM t;\nSELECT a FROM t;\n",
            &["*"],
        ),
        (
            "b.sql",
            "language: sql\nquery: '((identifier) @finding (#match? @finding \"^pass\"))'",
            "SELECT password, x FROM t;\n",
            &["password"],
        ),
        (
            "c.toml",
            "language: toml\nrule: { kind: pair, regex: '^edition' }",
            "[package]\nedition = \"2018\"\nname = \"x\"\n",
            &["edition = \"2018\""],
        ),
        (
            "d.toml",
            "language: toml\nrule: { pattern: 'name = \"x\"' }",
            "name = \"x\"\nother = \"x\"\n",
            &["name = \"x\""],
        ),
    ] {
        let found: Vec<String> = stanchion_places(rule, file, source, true)
            .into_iter()
            .map(|(start, end)| {
                source[usize::try_from(start).expect("fits")..usize::try_from(end).expect("fits")].to_owned()
            })
            .collect();
        assert_eq!(found, expected, "{file}: {rule}");
    }
}

#[test]
fn every_ast_grep_language_has_a_case() {
    let own = ["dockerfile", "sql", "toml"];
    for language in stanchion::model::Language::ALL {
        let name = language.name();
        let covered = rules::CASES
            .iter()
            .any(|case| stanchion::model::language_of(case.file.as_bytes()) == Some(*language));
        assert!(covered || own.contains(&name), "no case for {name}");
    }
}
