//! Tests that apply to all formats.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const ALL: [DocumentFormat; 6] = [
    DocumentFormat::Json,
    DocumentFormat::Jsonc,
    DocumentFormat::Yaml,
    DocumentFormat::Toml,
    DocumentFormat::Env,
    DocumentFormat::Ini,
];

/// Collects the source text of every key and scalar, in order.
fn places(text: &str, node: &Node, out: &mut Vec<String>) {
    let at = |span: crate::text::Span| text[span.start..span.end].to_owned();
    match &node.kind {
        NodeKind::Array(items) => items.iter().for_each(|item| places(text, item, out)),
        NodeKind::Object(members) => {
            for member in members {
                out.push(format!("{}:", at(member.key_span)));
                places(text, &member.value, out);
            }
        }
        _ => out.push(at(node.span)),
    }
}

#[test]
fn spans_of_keys_and_values_are_exact() {
    let cases: &[(DocumentFormat, &str, &[&str])] = &[
        (
            DocumentFormat::Json,
            "{ \"gr\u{f6}\u{df}e\": [1, \"\u{1f600}\", true], \"b\" : null }",
            &["\"größe\":", "1", "\"😀\"", "true", "\"b\":", "null"],
        ),
        (
            DocumentFormat::Jsonc,
            "// é\n{ \"a\": -1.5e3, /* ü */ \"b\": {}, }",
            &["\"a\":", "-1.5e3", "\"b\":"],
        ),
        (
            DocumentFormat::Yaml,
            "# é\ngröße: über  # c\n'b' : \"x\\u00e9\"\nlist:\n  - 1\n  - two words  \n  -\nnone:\nlast: ~\n",
            &[
                "größe:",
                "über",
                "'b':",
                "\"x\\u00e9\"",
                "list:",
                "1",
                "two words",
                "",
                "none:",
                "",
                "last:",
                "~",
            ],
        ),
        (
            DocumentFormat::Yaml,
            "a: &x é\nb: *x\nc: &m\n  k: 1\nd:\n  <<: *m\n  l: {q: [2]}\n",
            &["a:", "é", "b:", "*x", "c:", "k:", "1", "d:", "k:", "1", "l:", "q:", "2"],
        ),
        (
            DocumentFormat::Yaml,
            "a: |\n  é\n  b\n\nc: >-\n  d\n  e\nf: g\n  h\n",
            &["a:", "é\n  b", "c:", "d\n  e", "f:", "g\n  h"],
        ),
        (
            DocumentFormat::Toml,
            "# é\n\"gr ö\" = 'ü' # c\nx.y = 0x1F\n[t.\"u\"]\nd = 2020-01-01\n[[p]]\nn = [1, 2]\n[[p]]\nn = []\n",
            &[
                "\"gr ö\":",
                "'ü'",
                "x:",
                "y:",
                "0x1F",
                "t:",
                "\"u\":",
                "d:",
                "2020-01-01",
                "p:",
                "n:",
                "1",
                "2",
                "n:",
            ],
        ),
        (DocumentFormat::Env, "# é\nexport A = 'ü' # c\nB=x y #c\n", &["A:", "'ü'", "B:", "x y"]),
        (DocumentFormat::Ini, "; é\nr = ü \n[s é]\n  a: b\n", &["r:", "ü", "s é:", "a:", "b"]),
    ];
    for (format, text, want) in cases {
        let mut got = Vec::new();
        for node in load(*format, text, &DocumentLimits::DOCUMENT).expect(text) {
            places(text, &node, &mut got);
        }
        assert_eq!(got, *want, "{format:?} {text}");
    }
}

#[test]
fn collections_span_their_elements() {
    let cases = [
        (DocumentFormat::Json, "{\"a\": [1, 2] }", "a", "[1, 2]"),
        (DocumentFormat::Yaml, "x: 1\na:\n  b: 1\n  c: é\n\nd: 2\n", "a", "b: 1\n  c: é"),
        (DocumentFormat::Yaml, "a:\n- 1\n- 2 # c\nd: 2\n", "a", "- 1\n- 2"),
        (DocumentFormat::Yaml, "a: { b: 1 }\n", "a", "{ b: 1 }"),
        (DocumentFormat::Yaml, "m: &m {x: 1}\na:\n  <<: *m\n  c: 1\n", "a", "<<: *m\n  c: 1"),
        (DocumentFormat::Toml, "x = 1\n[a]\nb = 1\n", "a", "[a]"),
        (DocumentFormat::Ini, "[a]\nb = 1\n", "a", "[a]"),
    ];
    for (format, text, key, want) in cases {
        let node = &load(format, text, &DocumentLimits::DOCUMENT).expect(text)[0];
        let (_, value) = node.locate(&[PointerStep::Key(key.into())]).expect(key);
        assert_eq!(&text[value.span.start..value.span.end], want, "{format:?} {text}");
    }
}

#[test]
fn the_node_limit_applies_to_every_format() {
    let limits = DocumentLimits { max_nodes: 10, ..DocumentLimits::DOCUMENT };
    let cases = [
        (DocumentFormat::Json, format!("[{}1]", "1,".repeat(20))),
        (DocumentFormat::Jsonc, format!("[{}1]", "1,".repeat(20))),
        (DocumentFormat::Yaml, "- 1\n".repeat(20)),
        (DocumentFormat::Toml, format!("a = [{}]", "1,".repeat(20))),
        (DocumentFormat::Env, "A=1\n".repeat(20)),
        (DocumentFormat::Ini, "A=1\n".repeat(20)),
    ];
    for (format, text) in cases {
        assert_eq!(load(format, &text, &limits), Err(LoadError::TooManyNodes), "{format:?}");
    }
}

fn check_spans(text: &str, node: &Node) -> Result<(), TestCaseError> {
    prop_assert!(text.get(node.span.start..node.span.end).is_some(), "{:?} in {:?}", node.span, text);
    match &node.kind {
        NodeKind::Array(items) => items.iter().try_for_each(|item| check_spans(text, item)),
        NodeKind::Object(members) => members.iter().try_for_each(|member| {
            prop_assert!(text.get(member.key_span.start..member.key_span.end).is_some());
            check_spans(text, &member.value)
        }),
        _ => Ok(()),
    }
}

/// Text that is often almost a valid document.
fn nearly_data() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("a"),
        Just("é"),
        Just(": "),
        Just("\n"),
        Just("\n  "),
        Just("- "),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(", "),
        Just("\""),
        Just("'"),
        Just("="),
        Just("#"),
        Just("&x "),
        Just("*x"),
        Just("<<"),
        Just("1"),
        Just("---\n"),
        Just("|\n"),
        Just("{{"),
        Just("\\u00"),
        Just("\t"),
        Just("\r\n"),
        Just("."),
        Just("!t "),
        Just("? "),
        Just("\u{feff}"),
        Just("//"),
        Just("%YAML"),
        Just("null"),
    ];
    prop_oneof![proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat()), ".{0,60}"]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[a-z0-9.~]{0,5}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((".{0,8}", inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_a_loader_panic_or_point_outside(text in nearly_data()) {
        for format in ALL {
            match load(format, &text, &DocumentLimits::DOCUMENT) {
                Ok(nodes) => {
                    prop_assert!(!nodes.is_empty());
                    for node in &nodes {
                        check_spans(&text, node)?;
                    }
                }
                Err(LoadError::Syntax { span, message }) => {
                    prop_assert!(text.get(span.start..span.end).is_some(), "{:?} {:?}", text, span);
                    prop_assert!(!message.is_empty() && !message.contains('\n'));
                }
                Err(LoadError::TooDeep { span }) => prop_assert!(text.get(span.start..span.end).is_some()),
                Err(LoadError::TooManyNodes) => {}
            }
        }
    }

    #[test]
    fn json_values_round_trip(value in any_json()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).expect("JSON")] {
            for format in [DocumentFormat::Json, DocumentFormat::Jsonc] {
                let nodes = load(format, &text, &DocumentLimits::DOCUMENT).expect(&text);
                prop_assert_eq!(&nodes[0].to_json(), &value, "{:?} {}", format, text);
            }
        }
    }

    #[test]
    fn json_is_yaml(value in any_json()) {
        let text = value.to_string();
        // YAML allows fewer unescaped characters than JSON.
        prop_assume!(text.chars().all(|c| !c.is_control() && c != '\u{feff}' && c != '\u{fffe}' && c != '\u{ffff}'));
        let nodes = load(DocumentFormat::Yaml, &text, &DocumentLimits::DOCUMENT).expect(&text);
        prop_assert_eq!(&nodes[0].to_json(), &value, "{}", text);
    }
}
