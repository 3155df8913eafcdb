//! Tests of whole guideline files: valid, invalid and hostile ones.

use proptest::prelude::*;
use serde::Deserialize;

use super::raw::RawGuideline;
use super::{
    collect_advice, front_matter, guideline_schema, locate_in_front_matter, needs_newer, parse,
    parse_guideline, problem_in_check,
};
use crate::data::PointerStep;
use crate::model::{CheckKind, DataSchema, Guideline, Level, Origin, Problem};
use crate::text::LineIndex;

const GOOD: &str = include_str!("tests/good.md");

fn read(text: &str) -> Result<Guideline, Vec<Problem>> {
    let asset = |name: &str| match name {
        "schema.json" => Some("{\"type\": \"integer\"}".to_owned()),
        "list.json" => Some("[]".to_owned()),
        "broken.json" => Some("{".to_owned()),
        _ => None,
    };
    parse_guideline("g.md", text, Origin::File("g.md".to_owned()), &asset)
}

fn good() -> Guideline {
    read(GOOD).unwrap_or_else(|problems| panic!("{}", show(GOOD, &problems)))
}

/// Renders one line for each problem: place, marked text, message, help.
fn show(text: &str, problems: &[Problem]) -> String {
    let lines = LineIndex::new(text);
    let mut out = String::new();
    for problem in problems {
        let (line, column) = lines.line_column(text, problem.span.start);
        let marked = text[problem.span.start..problem.span.end].replace('\n', "\\n");
        let help = problem.help.as_ref().map(|help| format!(" -> {help}")).unwrap_or_default();
        out.push_str(
            &[format!("{line}:{column} [{marked}] "), problem.message.clone(), help, "\n".to_owned()]
                .concat(),
        );
    }
    out
}

/// Returns the problems of the good file after replacing `old` by `new`.
fn problems_after(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "the good file has no {old:?}");
    let text = GOOD.replacen(old, new, 1);
    match read(&text) {
        Ok(_) => "(nothing)\n".to_owned(),
        Err(problems) => show(&text, &problems),
    }
}

/// Compares the problems of each of [`CASES`] with a reviewed file. `STANCHION_BLESS=1` rewrites the file.
#[test]
fn mistakes_are_reported_with_help() {
    let found: Vec<String> = CASES
        .iter()
        .map(|(old, new)| format!("{old:?} => {new:?}\n{}\n", problems_after(old, new)))
        .collect();
    let found = found.concat();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/format/tests/slips.txt");
    #[expect(clippy::disallowed_methods, reason = "a test that may rewrite its own expectations")]
    if std::env::var_os("STANCHION_BLESS").is_some() {
        std::fs::write(path, &found).expect("the file can be written");
        return;
    }
    let stored = include_str!("tests/slips.txt");
    for (found, stored) in found.split("\n\n").zip(stored.split("\n\n")) {
        assert_eq!(found, stored, "run with STANCHION_BLESS=1 and review the difference");
    }
    assert_eq!(found.len(), stored.len());
}

#[test]
fn a_good_file_becomes_a_guideline() {
    let guideline = good();
    assert_eq!(
        (guideline.id.as_str(), guideline.version.to_string().as_str()),
        ("resilience/http-timeouts", "1.2.0")
    );
    assert_eq!(guideline.level, Level::Warning, "the default");
    assert_eq!(guideline.sha256.len(), 64);
    let headings: Vec<_> =
        guideline.sections.iter().map(|s| (s.heading.as_str(), s.markdown.is_empty())).collect();
    assert_eq!(headings, [("Why", false), ("How to keep it", false), ("When to step over", false)]);
    let kinds: Vec<_> = guideline.checks.iter().map(|check| check.kind.as_str()).collect();
    assert_eq!(kinds, ["code", "text", "files", "data"]);
    assert_eq!(guideline.examples.len(), 5);
    assert_eq!(guideline.examples[3].files.len(), 2);
    let CheckKind::Code(code) = &guideline.checks[0].kind else { panic!("a code check") };
    assert_eq!(
        guideline.checks[0].message.as_deref(),
        Some("`requests.$METHOD` has no timeout"),
        "from the rule"
    );
    assert_eq!(code.ignores, ["tests/**", "**/Old.py"]);
    let rule = code.rule.as_ref().expect("a rule");
    let keys: Vec<_> = rule.keys().map(String::as_str).collect();
    assert_eq!(keys, ["language", "rule", "fix", "message", "severity", "ignores"], "as written");
    assert_eq!(rule["ignores"][1]["caseInsensitive"], true);
    let CheckKind::Data(data) = &guideline.checks[3].kind else { panic!("a data check") };
    assert!(matches!(&data.assert, Some(DataSchema::Object(schema)) if schema["type"] == "integer"));
    assert_eq!(data.assert_file, None);
    assert_eq!(collect_advice(&guideline), []);
}

#[test]
fn line_endings_and_byte_order_marks_change_nothing() {
    let plain = good();
    for text in [GOOD.replace('\n', "\r\n"), format!("\u{feff}{GOOD}")] {
        let other = read(&text).unwrap_or_else(|problems| panic!("{}", show(&text, &problems)));
        assert_eq!(other.checks, plain.checks);
        let content =
            |g: &Guideline| g.examples.iter().map(|e| e.files[0].content.clone()).collect::<Vec<_>>();
        assert_eq!(content(&other), content(&plain));
        let at = other.examples[0].files[0].at;
        assert!(other.text[at..].starts_with("requests.get"));
        let span = locate_in_front_matter(&text, &[PointerStep::Key("title".to_owned())]);
        assert_eq!(&text[span.start..span.end], plain.title);
    }
}

#[test]
fn positions_are_counted_without_the_byte_order_mark() {
    for text in ["\u{feff}schema: 1\n", "schema: 1\n"] {
        let problems = read(text).expect_err("no front matter");
        assert!(show(&problems[0].text, &problems).starts_with("1:1 [schema: 1] "), "{problems:?}");
        assert!(!problems[0].text.contains('\u{feff}'));
    }
    let text = format!("\u{feff}{}", GOOD.replace("stage: practice", "stage: practise"));
    let problems = read(&text).expect_err("a mistake");
    assert!(show(&problems[0].text, &problems).starts_with("7:8 [practise] "), "{problems:?}");
    let guideline = read(&format!("\u{feff}{GOOD}")).expect("good");
    assert_ne!(guideline.sha256, good().sha256, "the bytes of the file");
    let late = problem_in_check(
        &guideline,
        3,
        &[PointerStep::Key("data".to_owned()), PointerStep::Key("select".to_owned())],
        "m",
        None,
    );
    assert_eq!(&late.text[late.span.start..late.span.end], "$.timeout");
}

#[test]
fn a_file_with_eight_mistakes_has_eight_problems() {
    let text = GOOD
        .replace("guideline: res", "guideline: RES")
        .replace("version: 1.2.0", "version: 1.2")
        .replace("stage: practice", "stage: practise")
        .replace("languages: [python]", "languages: [pyton]")
        .replace("pattern: \"requests", "patern: \"requests")
        .replace("find: 'timeout", "find: '(timeout")
        .replace("assert-file: schema.json", "assert-file: gone.json")
        .replace("```python bad lines=1", "```python bad lines=9");
    let problems = read(&text).expect_err("eight mistakes");
    assert_eq!(problems.len(), 8, "{}", show(&text, &problems));
    assert!(problems.is_sorted_by_key(|problem| problem.span));
}

#[test]
fn a_newer_format_is_recognized() {
    let problems = read(&GOOD.replace("schema: 1", "schema: 7\nfuture: [1]")).expect_err("newer");
    assert!(needs_newer(&problems));
    assert!(problems[0].message.contains("`resilience/http-timeouts` (schema 7)"), "{problems:?}");
    assert!(!needs_newer(&read("").expect_err("empty")));
}

#[test]
fn a_pack_without_prose_can_be_used_and_gets_advice() {
    let head = r#"schema: 1
guideline: "bench/x"
version: "1.0.0"
title: "x"
summary: "x"
stage: "sketch"
owner: "bench"
level: "note"
topics: ["bench"]
checks: [{"id": "python", "code": {"language": "python", "rule": {"any": [{"pattern": "f($A)"}]}}, "message": "x"}]
"#;
    let text =
        format!("---\n{head}---\n## Why\nx\n## How to keep\n```python godo\n```\n## When to step over\n");
    let guideline = read(&text).unwrap_or_else(|problems| panic!("{}", show(&text, &problems)));
    let notes = show(&text, &collect_advice(&guideline));
    for words in [
        "1:1 [---] the guideline lists no consequences",
        "11:17 [\"python\"] the check `python` has no bad example",
        "11:17 [\"python\"] the check `python` has no good example",
        "15:1 [## How to keep] the heading `## How to keep it` is missing -> did you mean `## How to keep it`?",
        "16:11 [godo] unknown word `godo`: this fence is not an example -> did you mean `good`?",
        "18:1 [## When to step over] the section `## When to step over` is empty",
    ] {
        assert!(notes.contains(words), "{words}\n{notes}");
    }
    assert_eq!(notes.lines().count(), 6, "{notes}");
}

#[test]
fn problems_of_the_engine_find_their_place() {
    let guideline = good();
    let at = |check: usize, keys: &[&str]| {
        let steps: Vec<PointerStep> = keys.iter().map(|key| PointerStep::Key((*key).to_owned())).collect();
        let problem = problem_in_check(&guideline, check, &steps, "m", None);
        GOOD[problem.span.start..problem.span.end].to_owned()
    };
    assert_eq!(at(0, &["code", "rule", "pattern"]), "\"requests.$METHOD($$$ARGS)\"");
    assert_eq!(at(3, &["data", "select"]), "$.timeout");
    assert_eq!(at(3, &["data", "nowhere", "deep"]), "data", "the nearest parent's key");
    assert_eq!(locate_in_front_matter("no front matter", &[]), crate::text::Span::at(0));
}

#[test]
fn hostile_files_are_refused_without_work() {
    let head = "---\nschema: 1\n";
    let bomb: Vec<String> =
        (1..12).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "))).collect();
    let bomb = bomb.concat();
    for (what, text) in [
        ("an alias bomb", format!("{head}a0: &a0 x\n{bomb}---\n")),
        ("deep brackets", format!("{head}a: {}\n---\n", "[".repeat(60_000))),
        ("deep braces", format!("{head}a: {}1{}\n---\n", "{a: ".repeat(9_000), "}".repeat(9_000))),
        ("a large file", format!("{head}---\n{}", "x\n".repeat(1 << 20))),
        ("large front matter", format!("{head}a: {}\n---\n", "x".repeat(70 << 10))),
        ("a long line without end", "-".repeat(1 << 20)),
        ("many documents", "---\n...\n".repeat(5_000)),
        ("deep quotes", format!("{head}---\n{}", ">".repeat(100_000))),
        ("deep lists", format!("{head}---\n{}", "- ".repeat(50_000))),
        ("many brackets in prose", format!("{head}---\n{}", "[".repeat(100_000))),
    ] {
        let problems = read(&text).expect_err(what);
        assert!((1..=20).contains(&problems.len()), "{what}: {}", problems.len());
        let text_kept = problems[0].text.len();
        assert!(problems[0].span.end <= text_kept.max(1), "{what}");
    }
}

/// Returns whether the types accept the front matter, and whether the schema accepts it.
fn both(json: &serde_json::Value) -> (bool, bool) {
    use std::sync::LazyLock;
    static SCHEMA: LazyLock<jsonschema::Validator> =
        LazyLock::new(|| jsonschema::validator_for(&guideline_schema()).expect("our own schema"));
    (
        RawGuideline::deserialize(json).is_ok() && !parse::may_have_list_for_mapping(json),
        SCHEMA.is_valid(json),
    )
}

fn good_json() -> serde_json::Value {
    let parts = front_matter::split_front_matter(GOOD).expect("front matter");
    front_matter::load_front_matter(GOOD, &parts).expect("YAML").to_json()
}

/// Collects the JSON pointers of all values below `value`.
fn places(value: &serde_json::Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        serde_json::Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), all);
            }
        }
        serde_json::Value::Object(members) => {
            for (key, member) in members {
                places(member, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        _ => {}
    }
}

#[test]
fn types_and_schema_agree_about_every_place() {
    use serde_json::json;
    let good = good_json();
    assert_eq!(both(&good), (true, true));
    let mut all = Vec::new();
    places(&good, "", &mut all);
    let others = [
        json!(null),
        json!(true),
        json!(7),
        json!(-7),
        json!(1.5),
        json!(""),
        json!("end"),
        json!("Python"),
        json!("PYTHON"),
        json!([]),
        json!(["x"]),
        json!([{}]),
        json!([["x"]]),
        json!({}),
        json!({"x": 1}),
        json!({"template": "x"}),
        json!({"any": []}),
        json!({"replace": {"source": "$A", "replace": "x", "by": "y"}}),
        json!({"position": 2}),
    ];
    for place in &all {
        for other in &others {
            let mut changed = good.clone();
            *changed.pointer_mut(place).expect("a place") = other.clone();
            let (types, schema) = both(&changed);
            // The types must never accept a value that the schema refuses. The schema must refuse every value
            // that cannot be decoded.
            assert!(!types || schema, "{place} = {other}: the types accept it, the schema does not");
            let outright = RawGuideline::deserialize(&changed).is_err();
            assert!(!outright || !schema, "{place} = {other}: the schema accepts it, the types do not");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_answered(text in "(---\n)?(\\PC|\n){0,200}(\n---\n)?(\\PC|\n|```files bad\n|-- a --\n){0,60}") {
        let _ = read(&text);
        let _ = super::parse_config("stanchion.toml", &text);
    }

    #[test]
    fn damaged_files_are_answered_in_place(cut in 0..GOOD.len(), len in 0..40_usize, put in "[\\[\\]{}:,'\"`#&*|>a-z0-9 \n-]{0,12}") {
        let mut text = GOOD.to_owned();
        text.replace_range(cut..(cut + len).min(GOOD.len()), &put);
        match read(&text) {
            Ok(guideline) => drop(collect_advice(&guideline)),
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                for problem in problems {
                    prop_assert!(text.get(problem.span.start..problem.span.end).is_some(), "{problem:?}");
                    prop_assert!(!problem.message.is_empty() && !problem.message.ends_with('.'), "{}", problem.message);
                }
            }
        }
    }

    #[test]
    fn refused_shapes_are_explained(place in 0..60_usize, other in 0..4_usize) {
        let good = good_json();
        let mut all = Vec::new();
        places(&good, "", &mut all);
        let place = &all[1 + place % (all.len() - 1)];
        let mut changed = good.clone();
        *changed.pointer_mut(place).expect("a place") =
            [serde_json::json!({"zzz": 1}), serde_json::json!(1.5), serde_json::json!([[]]), serde_json::json!(null)][other].clone();
        // JSON is YAML, so the changed front matter can be written back.
        let text = format!("---\n{changed}\n---\n");
        if RawGuideline::deserialize(&changed).is_err() {
            let problems = read(&text).expect_err("refused");
            prop_assert!(!problems.iter().any(|p| p.message.contains("cannot be read: ")), "{}", show(&text, &problems));
        }
    }
}

#[test]
fn texts_in_lists_have_a_maximum_length() {
    let topics = (0..21).map(|number| format!("t{number}")).collect::<Vec<_>>().join(", ");
    for (old, new, expected) in [
        ("version: 1.2.0", format!("version: 1.2.0-{}", "a".repeat(59)), "`version` has 65 characters"),
        ("[resilience, python]", format!("[resilience, {}]", "a".repeat(65)), "a topic has 65 characters"),
        ("[resilience, python]", format!("[{topics}]"), "21 topics; at most 20"),
        ("[resilience, python]", "[\"a\\0b\"]".to_owned(), "a topic contains a control character (U+0000)"),
        ("[resilience, python]", "['']".to_owned(), "a topic is empty"),
        ("Every outbound HTTP call sets a timeout", "\"a\\0b\"".to_owned(), "control character (U+0000)"),
    ] {
        let text = GOOD.replacen(old, &new, 1);
        let problems = read(&text).expect_err(expected);
        let found = show(&text, &problems);
        assert_eq!(problems.len(), 1, "{found}");
        assert!(problems[0].message.contains(expected), "{expected}: {found}");
    }
}

/// Changes of the good file: the replaced text and its replacement.
const CASES: &[(&str, &str)] = &[
    ("schema: 1\n", ""),
    ("schema: 1\n", "schema: 2\nnews: true\n"),
    ("schema: 1\n", "schema: 0\n"),
    ("schema: 1\n", "schema: 1.0\n"),
    ("guideline: res", "guideline: Res"),
    ("version: 1.2.0", "version: 1.2"),
    ("version: 1.2.0", "version: \"1.2\""),
    ("title: Every", "titel: Every"),
    ("title: Every outbound HTTP call sets a timeout", "title:"),
    ("title: Every outbound HTTP call sets a timeout", "title: ''"),
    ("stage: practice", "stage: practise"),
    ("owner: platform", "colour: blue\nowner: platform"),
    ("topics: [resilience, python]", "topics: resilience"),
    ("languages: [python]", "languages: [pyhton, klingon, 3]"),
    ("languages: [python]", "langauges: [python]"),
    ("languages: [python]", "languages: [Python, PYTHON, ſql]"),
    ("languages: [python]", "languages: [], files: [], exists: [], any: [], all: [{ files: [] }]"),
    ("not: { files: [\"**/vendor/**\"] }", "not: { any: [] }"),
    ("id: hung-workers, text:", "id: hung-workers, txt:"),
    ("text: A hung dependency exhausts", "text: A hung dependency, then another, exhausts"),
    ("by: platform-reliability, ", ""),
    ("id: no-infinite", "id: requests"),
    ("id: no-infinite", "id: No_Infinite"),
    ("pattern: \"requests", "patern: \"requests"),
    ("kind: keyword", "knid: keyword"),
    ("stopBy: end", "stopBy: never"),
    ("stopBy: end", "stopBy: { knd: a }"),
    ("stopBy: end", "stopBy: [end]"),
    ("pattern: \"requests.$METHOD($$$ARGS)\"", "pattern: { contxt: a, strictness: smrt }"),
    ("pattern: \"requests.$METHOD($$$ARGS)\"", "nthChild: { position: [], reverse: yes }"),
    ("pattern: \"requests.$METHOD($$$ARGS)\"", "pattern: 5"),
    ("kind: keyword_argument", "kind:"),
    ("      rule:\n", "      utils: { any: [kind, x] }\n      rule:\n"),
    ("      rule:\n", "      files: []\n      rule:\n"),
    ("`requests.$METHOD` has", "`requests.$METHD($$$REST)` has"),
    ("      rule:\n", "      query: (call) @finding\n      rule:\n"),
    ("severity: warning", "severity: wraning"),
    ("caseInsensitive", "case-insensitive"),
    ("    message: an endless", "    files: { forbid: [x] }\n    message: an endless"),
    ("text: { find", "txet: { find"),
    ("find: 'timeout", "expect: 'timeout"),
    ("find: 'timeout", "find: 'time(out"),
    ("find: 'timeout\\s*=\\s*None'", "find: x, expect: y"),
    ("find: 'timeout\\s*=\\s*None', ", ""),
    ("ignore-case: true", "ignore-case: yes"),
    ("ignore-case: true", "files: []"),
    ("find: 'timeout\\s*=\\s*None'", "find: ''"),
    ("find: 'timeout\\s*=\\s*None'", "find: '^'"),
    (
        "find: 'timeout\\s*=\\s*None', ignore-case: true }\n    fix: { title: Set five seconds, replace: timeout=5 }",
        "expect: '' }",
    ),
    ("message: an endless timeout", "message: \"\""),
    ("message: an endless timeout", "message: a $9 and ${nope} at $$5 or $"),
    ("replace: timeout=5", "replace: \"$1s and $0s\""),
    ("- id: runbook", "- id: runbook\n    message: $PAHT lacks $VALUE for $$HOME"),
    ("- id: config", "- id: config\n    message: \"$KEY: $VALEU in $HOME\""),
    ("replace: timeout=5", "create: timeout=5"),
    ("replace: timeout=5", "x: 5"),
    ("{ title: Set five seconds, replace: timeout=5 }", "5"),
    ("any: [RUNBOOK.md]", ""),
    ("any: [RUNBOOK.md]", "any: RUNBOOK.md"),
    ("require: { any: [RUNBOOK.md] }", "each: 5, size: { paths: [a], max: 500 }"),
    ("require: { any: [RUNBOOK.md] }", "size: { paths: [a], max: 500 }"),
    ("require: { any: [RUNBOOK.md] }", "size: { paths: [a], max: 500 KiB, min: 1.5 }"),
    ("require: { any: [RUNBOOK.md] }", "require: { any: [a] }, forbid: [b]"),
    ("require: { any: [RUNBOOK.md] }", "names: { paths: [a], style: kebap }"),
    ("require: { any: [RUNBOOK.md] }", "names: { paths: [a] }"),
    ("assert-file: schema.json", "assert-file: nowhere.json"),
    ("assert-file: schema.json", "assert-file: ../up.json"),
    ("assert-file: schema.json", "assert-file: list.json"),
    ("assert-file: schema.json", "assert-file: broken.json"),
    ("assert-file: schema.json", "assert: 5"),
    ("files: [\"**/http.yaml\"], ", ""),
    (", assert-file: schema.json", ""),
    ("    files: { require: { any: [RUNBOOK.md] } }\n", ""),
    ("```python bad lines=1 check=requests", "```python bad lines=1 chekc=request"),
    ("checks:\n  - id: requests", "checks: []\nchecks2:\n  - id: requests"),
    ("checks:\n  - id: requests", "checks:\n  - requests\n  - id: requests"),
    ("---\nLead", "Lead"),
    ("title: Every", "title: [Every"),
    ("title: Every", "title: &a Every"),
];
