//! JSON and JSON with comments.

use std::collections::HashSet;

use jsonc_parser::ast::{ObjectPropName, Value};
use jsonc_parser::common::Range;
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::limits::{DocumentLimits, NodeBudget, syntax_error};
use super::{LoadError, Member, Node, NodeKind, number};
use crate::text::{LineIndex, Span};

/// Extensions of JSON that are allowed.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum JsonDialect {
    /// Nothing.
    Strict,
    /// Comments, trailing commas, an empty file.
    Comments,
}

pub(super) fn load(text: &str, dialect: JsonDialect, limits: &DocumentLimits) -> Result<Node, LoadError> {
    let comments = dialect == JsonDialect::Comments;
    let options = ParseOptions {
        allow_comments: comments,
        allow_trailing_commas: comments,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    // The parser is recursive, with a depth limit of 512 (an object counts twice). This is above all our
    // limits.
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options).map_err(|error| {
        let span = clamp_range(error.range(), text);
        match error.kind() {
            ParseErrorKind::NestingDepthExceeded => LoadError::TooDeep { span },
            kind => syntax_error(lowercase_first(&kind.to_string()), span),
        }
    })?;
    if dialect == JsonDialect::Strict {
        check_strict_json(text)?;
    }
    match parsed.value {
        Some(value) => convert_value(value, text, 0, &mut NodeBudget::new(limits)),
        None if comments => Ok(Node { span: Span::at(0), kind: NodeKind::Null }),
        None => Err(syntax_error("the file is empty, which is not valid JSON", Span::at(0))),
    }
}

/// `jsonc-parser` accepts some invalid JSON even in strict mode (control characters in strings, leading zeros
/// in numbers); `serde_json` does not.
fn check_strict_json(text: &str) -> Result<(), LoadError> {
    let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) else { return Ok(()) };
    let line = LineIndex::new(text).line_span(text, error.line().saturating_sub(1));
    let mut at = (line.start + error.column().saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    Err(syntax_error(message, Span::at(at)))
}

fn convert_value(
    value: Value<'_>,
    text: &str,
    depth: usize,
    budget: &mut NodeBudget,
) -> Result<Node, LoadError> {
    budget.spend_node()?;
    let (range, kind) = match value {
        Value::NullKeyword(node) => (node.range, NodeKind::Null),
        Value::BooleanLit(node) => (node.range, NodeKind::Bool(node.value)),
        Value::StringLit(node) => (node.range, NodeKind::String(node.value.into_owned())),
        Value::NumberLit(node) => match number::parse_decimal(node.value) {
            Some(value) => (node.range, NodeKind::Number(value)),
            None => return Err(syntax_error("this number is too large", clamp_range(node.range, text))),
        },
        Value::Array(array) => {
            budget.check_depth(depth + 1, Span::at(array.range.start))?;
            let items = array.elements.into_iter();
            let items =
                items.map(|item| convert_value(item, text, depth + 1, budget)).collect::<Result<_, _>>()?;
            (array.range, NodeKind::Array(items))
        }
        Value::Object(object) => {
            budget.check_depth(depth + 1, Span::at(object.range.start))?;
            let mut members = Vec::with_capacity(object.properties.len());
            let mut seen = HashSet::with_capacity(object.properties.len());
            for property in object.properties {
                let key_range = match &property.name {
                    ObjectPropName::String(key) => key.range,
                    ObjectPropName::Word(key) => key.range,
                };
                let key = property.name.into_string();
                let key_span = clamp_range(key_range, text);
                if !seen.insert(key.clone()) {
                    return Err(syntax_error(
                        format!("duplicate key `{}`", super::table::shorten_key(&key)),
                        key_span,
                    ));
                }
                members.push(Member {
                    key,
                    key_span,
                    value: convert_value(property.value, text, depth + 1, budget)?,
                });
            }
            (object.range, NodeKind::Object(members))
        }
    };
    Ok(Node { span: clamp_range(range, text), kind })
}

/// Converts a range of the parser, which counts bytes, to a span inside the text.
fn clamp_range(range: Range, text: &str) -> Span {
    super::table::clamp_span(Span::new(range.start, range.end), text)
}

fn lowercase_first(message: &str) -> String {
    let mut characters = message.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict(text: &str) -> Result<Node, LoadError> {
        load(text, JsonDialect::Strict, &DocumentLimits::DOCUMENT)
    }

    #[test]
    fn strict_json_accepts_no_extensions() {
        let cases = [
            ("", 0),
            ("{\"a\": 1,}", 7),
            ("{\"a\": 1 // no\n}", 8),
            ("{a: 1}", 1),
            ("['a']", 1),
            ("[1 2]", 2),
            ("[01]", 2),
            ("[+1]", 1),
            ("[.5]", 1),
            ("[0x1]", 2),
            ("[\"a\nb\"]", 3),
            ("[1] [2]", 4),
            ("[", 0),
            ("{\"é\": 1, \"é\": 2}", 10),
            ("[NaN]", 1),
            ("[1e999]", 1),
        ];
        for (text, at) in cases {
            match strict(text) {
                Err(LoadError::Syntax { span, message }) => {
                    assert!(span.start.abs_diff(at) <= 1, "{text:?}: {message} at {span:?}");
                }
                other => panic!("{text:?} gave {other:?}"),
            }
        }
    }

    #[test]
    fn comments_and_trailing_commas_are_accepted_in_jsonc() {
        let text = "// hi\n{ \"a\": [1, /* two */ 2,], }\n";
        let node = load(text, JsonDialect::Comments, &DocumentLimits::DOCUMENT).expect("JSONC");
        assert_eq!(node.to_json(), serde_json::json!({ "a": [1, 2] }));
        let empty = load("// nothing\n", JsonDialect::Comments, &DocumentLimits::DOCUMENT).expect("JSONC");
        assert_eq!(empty.kind, NodeKind::Null);
        assert!(load("{ \"a\": 1 \"b\": 2 }", JsonDialect::Comments, &DocumentLimits::DOCUMENT).is_err());
    }

    #[test]
    fn numbers_stay_exact() {
        let node = strict("[9007199254740993, 18446744073709551615, -9223372036854775808, 0.1, 1e3, -0]");
        let text = node.expect("JSON").to_json().to_string();
        assert_eq!(text, "[9007199254740993,18446744073709551615,-9223372036854775808,0.1,1000.0,-0.0]");
    }

    #[test]
    fn deep_nesting_is_refused_early() {
        for open in ["[", "{\"a\":"] {
            for count in [129, 100_000] {
                let got = strict(&format!(
                    "{}1{}",
                    open.repeat(count),
                    if open == "[" { "]" } else { "}" }.repeat(count)
                ));
                assert!(matches!(got, Err(LoadError::TooDeep { .. })), "{open} {count}");
            }
            let fits = format!("{}1{}", open.repeat(128), if open == "[" { "]" } else { "}" }.repeat(128));
            assert!(strict(&fits).is_ok(), "{open}");
        }
    }
}
