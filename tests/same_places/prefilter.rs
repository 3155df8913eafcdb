//! With and without the prefilter: the same findings, over generated code.

use std::sync::Arc;

use proptest::prelude::*;
use stanchion::engine::{MemoryTree, NoProgress, Options, assess};
use stanchion::format;
use stanchion::model::{Guideline, Origin, RepoPath};

/// Bodies of `code:` and `text:` for Python, of every shape that the prefilter reads.
const CHECKS: &[&str] = &[
    "code: { language: python, rule: { pattern: 'requests.$M($$$A)' } }",
    "code: { language: python, rule: { pattern: 'eval($A)' } }",
    "code: { language: python, rule: { pattern: '$F(timeout=$T)' } }",
    "code: { language: python, rule: { pattern: '$A == $A' } }",
    "code: { language: python, rule: { pattern: { context: 'eval(x)', strictness: signature } } }",
    "code: { language: python, rule: { pattern: { context: 'requests.get(x)', strictness: relaxed } } }",
    "code: { language: python, rule: { pattern: { context: 'get', strictness: template } , kind: identifier } }",
    "code: { language: python, rule: { kind: comment, regex: 'TODO', not: { regex: 'TODO\\(' } } }",
    "code: { language: python, rule: { kind: comment, regex: '(?i)todo|fixme' } }",
    "code: { language: python, rule: { kind: string, regex: '^.?$|get' } }",
    "code: { language: python, rule: { any: [ { pattern: 'eval($A)' }, { kind: except_clause } ] } }",
    "code: { language: python, rule: { all: [ { kind: call }, { has: { kind: identifier, regex: '^eval$' } } ] } }",
    "code: { language: python, rule: { kind: call, not: { has: { regex: timeout, stopBy: end } } } }",
    "code: { language: python, rule: { pattern: 'eval($A)', inside: { kind: except_clause, stopBy: end } } }",
    "code: { language: python, rule: { kind: expression_statement, follows: { kind: import_statement, regex: requests } } }",
    "code: { language: python, utils: { u: { any: [ { regex: '^get$' }, { regex: '^(ev|x)al$' } ] } }, rule: { kind: identifier, matches: u } }",
    "code: { language: python, rule: { pattern: '$X', kind: identifier }, constraints: { X: { regex: '^ev' } } }",
    "code: { language: python, query: '(call function: (identifier) @f (#eq? @f \"eval\")) @finding' }",
    "text: { find: 'time(out)?=' }",
    "text: { find: '(?i)TODO', ignore-case: false }",
    "text: { find: 'get.*eval', multi-line: true }",
    "text: { find: '(requests|eval)\\b[^a]' }",
    "text: { expect: 'import' }",
    "text: { find: '^$|get' }",
];

fn guideline() -> Arc<Guideline> {
    let checks: String =
        CHECKS.iter().enumerate().map(|(n, check)| format!("  - id: c{n}\n    {check}\n")).collect();
    let text = format!(
        "---\nschema: 1\nguideline: tests/all\nversion: 1.0.0\ntitle: All\nsummary: All.\nstage: sketch\nowner: tests\nchecks:\n{checks}---\n## Why\nx\n## How to keep it\nx\n## When to step over\nx\n"
    );
    match format::parse("all.md", &text, Origin::Starter, &|_| None) {
        Ok(guideline) => Arc::new(guideline),
        Err(problems) => panic!("{problems:#?}"),
    }
}

fn any_source() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("requests"),
        Just("Requests"),
        Just("get"),
        Just("eval"),
        Just("exal"),
        Just("EVAL"),
        Just("."),
        Just("("),
        Just(")"),
        Just("(x)"),
        Just("timeout"),
        Just("="),
        Just("=="),
        Just(" "),
        Just("\n"),
        Just("\r\n"),
        Just("  "),
        Just("# TODO: y\n"),
        Just("# todo"),
        Just("# TODO(me)\n"),
        Just("try:\n  x\nexcept E:\n  eval(1)\n"),
        Just("import requests\n"),
        Just("'get'"),
        Just("'"),
        Just("\u{212a}"),
        Just("é"),
        Just("def f():\n  "),
        Just(","),
        Just("x"),
        Just("1"),
        Just("eval(x)\n"),
        Just("requests.get(u, timeout=3)\n"),
        Just("a == a\n"),
        Just("\u{feff}"),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_prefilter_loses_nothing(sources in proptest::collection::vec(any_source(), 1..3)) {
        let guidelines = [guideline()];
        let run = |prefilter: bool| {
            let files = sources.iter().enumerate().map(|(n, s)| (RepoPath::from(format!("f{n}.py").as_str()), s.clone().into_bytes()));
            let options = Options { prefilter, threads: 1, ..Options::default() };
            assess(&guidelines, &MemoryTree::new(files), &options, &NoProgress).expect("listed").outcome
        };
        let (with, without) = (run(true), run(false));
        prop_assert_eq!(&with.findings, &without.findings);
        // What is skipped can be told: the filter may only turn "cannot tell" into "kept".
        prop_assert!(with.not_assessed.iter().all(|n| without.not_assessed.contains(n)));
        prop_assert_eq!(with.paths.seen, with.paths.assessed + with.paths.not_applicable + with.paths.cannot_tell);
    }
}
