//! Guarantees of data checks: exact positions, drafts, refused references, bounded work.

use serde_json::{Value, json};

use super::*;
use crate::engine::source_text::SourceText;
use crate::engine::{RawFinding, SpecProblem};
use crate::model::DataCheck;
use crate::text::decode;

fn check(spec: Value) -> DataCheck {
    let mut spec = spec;
    spec["files"] = json!(["**"]);
    serde_json::from_value(spec).expect("a check")
}

fn compiled(spec: Value) -> CompiledData {
    compile(&check(spec), None).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn problem(spec: &Value) -> (Vec<String>, String) {
    let Err(problems) = compile(&check(spec.clone()), None) else { panic!("{spec} compiled") };
    let SpecProblem { at, message, .. } = problems.into_iter().next().expect("a problem");
    let at = at.iter().map(|step| match step {
        data::PointerStep::Key(key) => key.clone(),
        data::PointerStep::Index(index) => index.to_string(),
    });
    (at.collect(), message)
}

fn assess(check: &CompiledData, name: &str, text: &str) -> (Vec<RawFinding>, Result<(), (Reason, String)>) {
    let decoded = decode(text.as_bytes()).expect("text");
    let source = SourceText::new(&decoded);
    let documents =
        load_documents(check.format(name.as_bytes()).expect("format"), source.text()).expect("document");
    let mut found = Vec::new();
    let rest = check.assess(7, &documents, &source, &mut found);
    (found, rest)
}

/// Returns each finding as `text at its position | message`.
fn found(spec: Value, name: &str, text: &str) -> Vec<String> {
    let (found, rest) = assess(&compiled(spec), name, text);
    assert_eq!(rest, Ok(()));
    let show = |found: &RawFinding| {
        assert_eq!(found.check, 7);
        let at = |byte: u64| usize::try_from(byte).expect("offset");
        format!("{} | {}", &text[at(found.start.byte)..at(found.end.byte)], found.message)
    };
    found.iter().map(show).collect()
}

#[test]
fn findings_are_at_the_exact_value_in_every_format() {
    let low = json!({"select": "$..port", "assert": {"type": "integer", "minimum": 1024}});
    let expected = |at: &str, path: &str| format!("{at} | `{path}` should be at least 1024");
    let cases: &[(&str, &str, Vec<String>)] = &[
        (
            "a.json",
            "{\"é\": {\"port\": 80}, \"b\": [{\"port\": 8080}, {\"port\" : 81}]}",
            vec![expected("80", "é.port"), expected("81", "b[1].port")],
        ),
        ("tsconfig.json", "{ // ü\n \"port\": 80, }", vec![expected("80", "port")]),
        (
            "a.yaml",
            "é: ü\nport: 80 # c\n---\nx:\n  - port: 0x10\n",
            vec![expected("80", "port"), expected("0x10", "x[0].port")],
        ),
        (
            "a.yaml",
            "base: &b {port: 80}\njob:\n  <<: *b\n  n: 1\nuse: *b\n",
            vec![expected("80", "base.port"), expected("80", "job.port"), expected("80", "use.port")],
        ),
        ("a.yaml", "p: &p 80\nport: *p\n", vec![expected("*p", "port")]),
        (
            "a.toml",
            "# é\n[srv]\nport = 80\n[[x]]\nport = 0x10\n",
            vec![expected("80", "srv.port"), expected("0x10", "x[0].port")],
        ),
        (".env", "# é\nexport port=80\n", vec!["80 | `port` should be a whole number".into()]),
        ("a.ini", "; é\n[s]\n port : x\n", vec!["x | `s.port` should be a whole number".into()]),
        ("a.yaml", "port:\n  a: 1\n", vec!["port | `port` should be a whole number".into()]),
        ("a.yaml", "port:\n", vec!["port | `port` should be a whole number".into()]),
        ("a.yaml", "port: [1]\n", vec!["[1] | `port` should be a whole number".into()]),
        ("a.yaml", "other: 1\n", vec![]),
    ];
    for (name, text, want) in cases {
        assert_eq!(found(low.clone(), name, text), *want, "{name} {text}");
    }
}

#[test]
fn each_error_is_at_the_most_useful_position() {
    let schema = |assert: Value| json!({ "assert": assert });
    let cases = [
        (json!({"required": ["b"]}), "\n# c\na: 1\n", vec!["a: 1 | this document should have `b`"]),
        (
            json!({"properties": {"a": {"required": ["x", "y"]}}}),
            "k: 1\na:\n  z: 1\n",
            vec!["a | `a` should have `x`", "a | `a` should have `y`"],
        ),
        (
            json!({"properties": {"l": {"items": {"required": ["x"]}}}}),
            "l:\n  - z: 1\n    y: 2\n",
            vec!["z: 1 | `l[0]` should have `x`"],
        ),
        (
            json!({"properties": {"a": {}}, "additionalProperties": false}),
            "a: 1\nb: 2\nc-d: 3\n",
            vec!["b | `b` is an unexpected key", "c-d | `c-d` is an unexpected key"],
        ),
        (
            json!({"properties": {"a": {}}, "unevaluatedProperties": false}),
            "a: 1\nb:\n  c: 2\n",
            vec!["b | `b` is an unexpected key"],
        ),
        (
            json!({"propertyNames": {"pattern": "^x"}}),
            "x: 1\nb: 2\n",
            vec!["b | the key `b` should match `^x`"],
        ),
        (json!({"properties": {"f": false}}), "f: 1\n", vec!["f | `f` should not be there"]),
        (
            json!({"properties": {"e": {"enum": ["a", "b", 3]}}}),
            "e: c\n",
            vec!["c | `e` should be one of `a`, `b` or `3`"],
        ),
        (json!({"properties": {"e": {"const": "a"}}}), "e: c\n", vec!["c | `e` should be `a`"]),
        (
            json!({"properties": {"t": {"type": ["string", "null"]}}}),
            "t: 1\n",
            vec!["1 | `t` should be null or text"],
        ),
        (
            json!({"properties": {"u": {"uniqueItems": true}}}),
            "u: [1, 1]\n",
            vec!["[1, 1] | `u` should not contain duplicate items"],
        ),
        (
            json!({"properties": {"u": {"maxItems": 1}}}),
            "u: [1, 1]\n",
            vec!["[1, 1] | `u` should have at most 1 item"],
        ),
        (
            json!({"properties": {"o": {"anyOf": [{"type": "null"}, {"type": "boolean"}]}}}),
            "o: 1\n",
            vec!["1 | `o` matches none of the allowed forms (`anyOf`)"],
        ),
        (json!({"type": "object"}), "- 1\n- 2\n", vec!["- 1 | this document should be a mapping"]),
        (json!({"type": "object"}), "", vec![" | this document should be a mapping"]),
        (json!({"dependentRequired": {"a": ["b"]}}), "a: 1\n", vec!["a: 1 | this document should have `b`"]),
        (
            json!({"properties": {"i": {"prefixItems": [{}], "items": false}}}),
            "i: [1, two]\n",
            vec!["two | `i[1]` should not be there"],
        ),
        (
            json!({"allOf": [{"required": ["b"]}, {"required": ["b"]}]}),
            "a: 1\n",
            vec!["a: 1 | this document should have `b`"],
        ),
    ];
    for (assert, text, want) in cases {
        assert_eq!(found(schema(assert.clone()), "a.yaml", text), want, "{assert}");
    }
}

#[test]
fn forbidden_and_required_values() {
    let none = json!({"select": "$..image[?@ == 'latest']", "assert": false});
    assert_eq!(found(none, "a.yaml", "image: [latest, v1]\n"), ["latest | `image[0]` should not be there"]);
    let required = json!({"select": "$.engines.node", "require": true});
    assert_eq!(found(required.clone(), "package.json", "{\"engines\": {\"node\": null}}"), [""; 0]);
    assert_eq!(
        found(required.clone(), "package.json", "{\n\"name\": \"x\"}"),
        ["{ | `$.engines.node` selects no value, but every such file should have one"]
    );
    let both = json!({"select": "$.v", "require": true, "assert": {"type": "string"}});
    assert_eq!(found(both.clone(), "a.yaml", "v: 1\n"), ["1 | `v` should be text"]);
    assert_eq!(found(both, "a.yaml", "a: 1\n---\nv: x\n"), [""; 0], "one document of several is enough");
    assert_eq!(found(required, "a.yaml", "").len(), 1);
}

#[test]
fn messages_are_filled_in() {
    let spec = json!({"select": "$.jobs.*.steps[*].uses", "assert": {"pattern": "@v"}});
    let template = "$KEY is $VALUE at $PATH: $ERROR ($OTHER $ $KEYS $$KEY $$)";
    let check = compile(&check(spec), Some(template)).unwrap_or_else(|problems| panic!("{problems:?}"));
    let (found, _) = assess(&check, "ci.yml", "jobs:\n  build:\n    steps:\n      - uses: a/b\n");
    let path = "jobs.build.steps[0].uses";
    assert_eq!(
        found[0].message,
        format!("uses is a/b at {path}: `{path}` should match `@v` ($OTHER $ $KEYS $KEY $)")
    );
    assert_eq!(found[0].content, r#"jobs.build.steps[].uses "a/b""#, "an item above changes nothing");
    assert_eq!((found[0].start.line, found[0].start.column), (4, 15));
}

#[test]
fn an_earlier_item_does_not_change_the_fingerprint() {
    let spec = json!({"assert": {"items": {
        "required": ["x"], "properties": {"p": {"type": "null"}, "q": false, "x": {}}, "additionalProperties": false,
    }}});
    let contents = |text: &str| -> Vec<String> {
        let (found, _) = assess(&compiled(spec.clone()), "a.yaml", text);
        found.into_iter().map(|found| found.content).collect()
    };
    let below = "- {p: 1, q: 2, x: 3, y: 3}\n- {p: 4}\n";
    assert_eq!(contents(below), contents(&format!("- {{p: 1, x: 1}}\n{below}"))[1..]);
    assert!(contents(below).len() > 3);
}

#[test]
fn findings_are_short_and_limited() {
    let huge =
        format!("{{\"a\": {{\"k\": \"{}\"}}, \"b\": \"x\\ny{}\"}}", "v".repeat(200_000), "é".repeat(100_000));
    let spec = json!({"assert": {"properties": {"a": {"type": "null"}, "b": {"const": "x".repeat(5_000)}}}});
    let (found, _) = assess(&compiled(spec), "a.json", &huge);
    assert_eq!(found.len(), 2);
    for one in found {
        assert!(one.message.chars().count() <= 161 && !one.message.contains('\n'), "{}", one.message);
        assert!(one.content.len() < 400);
    }
    let many = format!("[{}1]", "1,".repeat(5_000));
    let (found, rest) = assess(&compiled(json!({"select": "$[*]", "assert": false})), "a.json", &many);
    assert_eq!(found.len(), 1_000);
    assert!(matches!(rest, Err((Reason::Budget, _))));
}

#[test]
fn a_query_with_descents_is_refused_if_its_paths_are_too_long() {
    let deep = |depth: usize, wide: usize| {
        format!("{}[{}0]{}", "[".repeat(depth), "0,".repeat(wide), "]".repeat(depth))
    };
    let cases = [
        ("$..x", deep(110, 100_000), true),
        ("$..x", deep(2, 100_000), false),
        ("$..x..y", deep(110, 1_000), true),
        ("$..x..y", deep(20, 1_000), false),
        ("$.x[*]", deep(110, 100_000), false),
    ];
    for (select, text, refused) in cases {
        let (found, rest) = assess(&compiled(json!({"select": select, "assert": false})), "a.json", &text);
        let reason = rest.err().map(|(reason, _)| reason);
        assert_eq!((found.len(), reason), (0, refused.then_some(Reason::TooManyNodes)), "{select}");
    }
}

#[test]
fn a_schema_that_would_take_exponential_time_is_not_run() {
    let node = json!({"$ref": "#"});
    let ways = json!([{"properties": {"c": node}, "required": ["x"]}, {"properties": {"c": node}}]);
    let check = compiled(json!({"assert": {"anyOf": ways}}));
    let nested = |depth: usize| format!("{}1{}", "{\"c\":".repeat(depth), "}".repeat(depth));
    assert_eq!(assess(&check, "a.json", &nested(10)), (vec![], Ok(())));
    let (_, rest) = assess(&check, "a.json", &nested(100));
    assert!(matches!(rest, Err((Reason::TooDeep, _))), "{rest:?}");
}

#[test]
fn drafts_differ() {
    let document = "l: [1, x]\n";
    let tuple = |draft: &str, keyword: &str| json!({"assert": {"$schema": draft, "properties": {"l": {keyword: [{}, {"type": "integer"}]}}}});
    let cases = [
        ("https://json-schema.org/draft/2020-12/schema", "prefixItems", 1),
        ("https://json-schema.org/draft/2019-09/schema", "items", 1),
        ("https://json-schema.org/draft/2019-09/schema", "prefixItems", 0),
        ("http://json-schema.org/draft-07/schema#", "items", 1),
        ("http://json-schema.org/draft-07/schema", "prefixItems", 0),
    ];
    for (draft, keyword, want) in cases {
        assert_eq!(found(tuple(draft, keyword), "a.yaml", document).len(), want, "{draft} {keyword}");
    }
    let formats = json!({"assert": {"properties": {"l": {"items": {"format": "email"}}}}});
    assert_eq!(found(formats, "a.yaml", document), [""; 0], "formats are not asserted");
    let (at, _) = problem(&tuple("http://json-schema.org/draft-04/schema#", "items"));
    assert_eq!(at, ["data", "assert", "$schema"]);
}

#[test]
fn references_stay_inside_the_schema() {
    let inside = [
        json!({"$ref": "#/$defs/p", "$defs": {"p": {"required": ["x"]}}}),
        json!({"$ref": "#p", "$defs": {"p": {"$anchor": "p", "required": ["x"]}}}),
        json!({"$ref": "urn:p", "$defs": {"p": {"$id": "urn:p", "required": ["x"]}}}),
        json!({"properties": {"a": {"$ref": "#"}}, "required": ["x"]}),
    ];
    for assert in inside {
        assert_eq!(found(json!({"assert": assert.clone()}), "a.yaml", "a: 1\n").len(), 1, "{assert}");
    }
    let outside = [
        ("http://example.com/s.json", "fetched"),
        ("https://example.com/s.json#/a", "fetched"),
        ("file:///etc/passwd", "fetched"),
        ("other.json", "fetched"),
        ("../other.json#/a", "fetched"),
        ("#/$defs/nowhere", "nothing at"),
        ("#nowhere", "no anchor"),
    ];
    for (target, expected) in outside {
        let (at, message) =
            problem(&json!({"assert": {"items": {"allOf": [{"type": "null"}, {"$ref": target}]}}}));
        assert!(message.contains(expected), "{target}: {message}");
        assert_eq!(at, ["data", "assert", "items", "allOf", "1", "$ref"], "{target}");
    }
    let endless = json!({"assert": {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}});
    assert_eq!(found(endless, "a.yaml", "a: 1\n"), [""; 0]);
}

#[test]
fn invalid_checks_report_position_and_reason() {
    let cases = [
        (json!({"select": "$.a"}), vec!["data"], "needs `assert`, `assert-file` or `require: true`"),
        (json!({"assert": true}), vec!["data", "assert"], "accepts every value"),
        (json!({"select": "a.b", "assert": false}), vec!["data", "select"], "starts with `$`"),
        (
            json!({"assert": {"properties": {"a": {"type": "strin"}}}}),
            vec!["data", "assert", "properties", "a", "type"],
            "not a JSON Schema",
        ),
        (json!({"assert": {"minimum": "a"}}), vec!["data", "assert", "minimum"], "should be a number"),
        (
            json!({"assert": {"items": {"pattern": "(?=x)"}}}),
            vec!["data", "assert", "items", "pattern"],
            "regular expression",
        ),
        (
            json!({"assert": {"pattern": "(a{1000}){1000}"}}),
            vec!["data", "assert", "pattern"],
            "regular expression",
        ),
        (
            json!({"assert": {"patternProperties": {"(?!x)": {}}}}),
            vec!["data", "assert", "patternProperties", "(?!x)"],
            "regular expression",
        ),
    ];
    for (spec, want, expected) in cases {
        let (at, message) = problem(&spec);
        assert_eq!(at, want, "{spec}");
        assert!(message.contains(expected), "{spec}: {message}");
    }
    let two = compile(&check(json!({"select": "a", "assert": {"minimum": "a"}})), None);
    assert_eq!(two.err().map(|problems| problems.len()), Some(2), "all problems at once");
}

#[test]
fn patterns_take_linear_time() {
    let spec = json!({"assert": {"properties": {"a": {"pattern": "^(a+)+$"}}}});
    let text = format!("a: {}b\n", "a".repeat(100_000));
    assert_eq!(found(spec, "a.yaml", &text).len(), 1);
}

#[test]
fn load_errors_have_a_reason_and_a_position() {
    let cases = [
        (
            DocumentFormat::Json,
            "{\n \"a\": }".to_owned(),
            Reason::ParseError,
            "line 2, column 7: cannot be read as JSON",
        ),
        (
            DocumentFormat::Yaml,
            "é: 1\né: 2\n".to_owned(),
            Reason::ParseError,
            "line 2, column 1: cannot be read as YAML",
        ),
        (DocumentFormat::Json, "[".repeat(100_000), Reason::TooDeep, "more than 128 levels"),
        (DocumentFormat::Env, "A=1\n".repeat(1_000_001), Reason::TooManyNodes, "more than 1000000 values"),
    ];
    for (format, text, reason, expected) in cases {
        let (got, detail) = load_documents(format, &text).expect_err("cannot be read");
        assert!(got == reason && detail.contains(expected), "{got:?} {detail}");
    }
}
