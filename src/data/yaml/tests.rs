//! Tests of YAML loading: spans, scalars, aliases, merges, limits.

use super::*;
use serde_json::json;

fn read(text: &str) -> Result<Vec<Node>, LoadError> {
    load(text, &DocumentLimits::DOCUMENT)
}

fn json(text: &str) -> serde_json::Value {
    let documents = read(text).expect("YAML");
    assert_eq!(documents.len(), 1, "{text}");
    documents[0].to_json()
}

#[test]
fn values_become_json() {
    let cases = [
        ("", json!(null)),
        ("# only a comment\n", json!(null)),
        ("---\n", json!(null)),
        ("on: [push, \"12\", '1', 12, no, ~]\n", json!({"on": ["push", "12", "1", 12, "no", null]})),
        ("8080: x\ntrue: y\n", json!({"8080": "x", "true": "y"})),
        ("a: !!str 5\nb: !Ref x\nc: !Sub [1]\nd: ! 7\n", json!({"a": "5", "b": "x", "c": [1], "d": "7"})),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", json!({"a": "x\ny\n", "b": "x y"})),
        ("a: &x [1, 2]\nb: *x\n", json!({"a": [1, 2], "b": [1, 2]})),
        ("k: &n name\n*n : 1\n", json!({"k": "name", "name": 1})),
        (
            "base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\njob:\n  x: 9\n  <<: [*b, *m]\n",
            json!({"base": {"x":1,"y":2}, "more": {"y":3,"z":4}, "job": {"x": 9, "y": 2, "z": 4}}),
        ),
        ("{\"a\":1,\"b\":[{\"c\":null}]}", json!({"a": 1, "b": [{"c": null}]})),
    ];
    for (text, want) in cases {
        assert_eq!(json(text), want, "{text}");
    }
}

#[test]
fn empty_documents_are_omitted() {
    let all = |text| read(text).expect("YAML").iter().map(Node::to_json).collect::<Vec<_>>();
    assert_eq!(all("a: 1\n---\nb: 2\n---\n# end\n"), [json!({"a": 1}), json!({"b": 2})]);
    assert_eq!(all("---\n---\n"), [json!(null)]);
    assert_eq!(all("---\nnull\n---\n1\n"), [json!(null), json!(1)]);
}

#[test]
fn errors_have_positions() {
    let cases = [
        ("é: 1\né: 2\n", "é: 2", "duplicate key"),
        ("a: {b: 1, b: 2}\n", "b: 2", "duplicate key"),
        ("? [a, b]\n: 1\n", "[a", "keys must be text"),
        ("a: &x [*x]\n", "*x]", "inside the value"),
        ("a: *x\n", "*x", "unknown anchor"),
        ("a: 1\n<<: 2\n", "<<", "must be a mapping"),
        ("a:\n\t- b\n", "\t", "tab"),
        ("image: {{ .Values.image }}\n", "{", "template"),
        ("a:\n{{- range .x }}\n  b: 1\n{{- end }}\n", "{{", "template"),
    ];
    for (text, at, expected) in cases {
        match read(text) {
            Err(LoadError::Syntax { message, span }) => {
                assert!(message.contains(expected), "{text:?}: {message}");
                let want = text.find(at).expect("place");
                assert!(span.start.abs_diff(want) <= 3, "{text:?}: {message} at {span:?}, not {want}");
            }
            other => panic!("{text:?} gave {other:?}"),
        }
    }
    let message = |text| format!("{:?}", read(text));
    assert!(!message("run: ${{ x }}\na: [\n").contains("template"), "GitHub expressions are not templates");
}

#[test]
fn alias_bombs_are_refused_before_expansion() {
    let level = |n: usize| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "));
    let bomb = "a0: &a0 [lol]\n".to_owned() + &(1..=10).map(level).collect::<Vec<_>>().concat();
    assert_eq!(read(&bomb), Err(LoadError::TooManyNodes));
    let wide = format!("s: &s \"{}\"\nall: [{}]\n", "x".repeat(100_000), "*s,".repeat(10_000));
    assert_eq!(read(&wide), Err(LoadError::TooManyNodes), "long texts count too");
    let keys = format!("s: &s \"{}\"\nall:\n{}", "x".repeat(100_000), "- {*s : 1}\n".repeat(10_000));
    assert!(matches!(read(&keys), Err(LoadError::Syntax { .. })), "long keys are refused");
    for deep in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000), "? ".repeat(100_000)] {
        assert!(
            matches!(read(&deep), Err(LoadError::TooDeep { .. } | LoadError::Syntax { .. })),
            "{}",
            &deep[..8]
        );
    }
}

#[test]
fn repeated_merging_of_a_long_list_takes_linear_time() {
    // Quadratic time would be minutes here; the list is checked only once for all merge keys.
    let text = format!(
        "m: &m {{}}\nl: &l [{}*m]\nall:\n{}  - <<: [1]\n",
        "*m,".repeat(40_000),
        "  - <<: *l\n".repeat(40_000)
    );
    assert!(matches!(read(&text), Err(LoadError::Syntax { .. })), "the last list contains no mapping");
}

#[test]
fn front_matter_refuses_aliases_and_positions_count_from_the_start_of_the_file() {
    let text = "---\ntitle: Größe\nlevel: note\n";
    let node = &load(text, &DocumentLimits::FRONT_MATTER).expect("front matter")[0];
    let (key, value) = node.locate(&[crate::data::PointerStep::Key("level".into())]).expect("level");
    assert_eq!(key.map(|span| span.start), text.find("level"));
    assert_eq!(&text[value.span.start..value.span.end], "note");
    for text in ["---\na: &x 1\n", "---\na: &x [1]\nb: *x\n"] {
        assert!(matches!(load(text, &DocumentLimits::FRONT_MATTER), Err(LoadError::Syntax { .. })), "{text}");
    }
}
