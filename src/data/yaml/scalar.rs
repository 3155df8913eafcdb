//! Plain scalars in the core schema of YAML 1.2: `on`, `no` and `yes` are text.

use super::super::{NodeKind, number};

/// Value of the plain scalar `text`.
pub(super) fn resolve_scalar(text: &str) -> NodeKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeKind::Null,
        "true" | "True" | "TRUE" => NodeKind::Bool(true),
        "false" | "False" | "FALSE" => NodeKind::Bool(false),
        _ => parse_number(text).map_or_else(|| NodeKind::String(text.to_owned()), NodeKind::Number),
    }
}

/// Parses a number. Infinities and `nan` are not numbers here: they stay text.
fn parse_number(text: &str) -> Option<serde_json::Number> {
    if let Some(digits) = text.strip_prefix("0x") {
        return number::parse_integer(digits, 16).filter(|_| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return number::parse_integer(digits, 8).filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    is_decimal(unsigned).then(|| number::parse_decimal(text.strip_prefix('+').unwrap_or(text))).flatten()
}

/// Whether `text` is `[0-9]+`, `[0-9]+.[0-9]*` or `.[0-9]+`, with an optional exponent.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    mantissa_fits
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn the_core_schema_and_nothing_more() {
        let cases: &[(&str, Value)] = &[
            ("", Value::Null),
            ("~", Value::Null),
            ("null", Value::Null),
            ("nULL", json!("nULL")),
            ("True", json!(true)),
            ("on", json!("on")),
            ("no", json!("no")),
            ("Yes", json!("Yes")),
            ("12", json!(12)),
            ("+12", json!(12)),
            ("-12", json!(-12)),
            ("+-1", json!("+-1")),
            ("--1", json!("--1")),
            ("012", json!(12)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("0x", json!("0x")),
            ("0x+1", json!("0x+1")),
            ("0b1", json!("0b1")),
            ("1_000", json!("1_000")),
            ("1.5", json!(1.5)),
            ("1.", json!(1.0)),
            (".5", json!(0.5)),
            (".", json!(".")),
            ("-", json!("-")),
            ("1e3", json!(1000.0)),
            ("1e", json!("1e")),
            ("e3", json!("e3")),
            ("1e999", json!("1e999")),
            (".inf", json!(".inf")),
            (".nan", json!(".nan")),
            ("inf", json!("inf")),
            ("1.2.3", json!("1.2.3")),
            ("12:30", json!("12:30")),
            ("18446744073709551615", json!(u64::MAX)),
            ("18446744073709551616", json!(18_446_744_073_709_551_616.0)),
        ];
        for (text, want) in cases {
            let node = crate::data::Node { span: crate::text::Span::at(0), kind: resolve_scalar(text) };
            assert_eq!(node.to_json(), *want, "{text}");
        }
    }
}
