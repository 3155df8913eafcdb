//! Builds expressions over bytes that match at least everything that a given expression matches.
//!
//! A rule's `regex` matches the Unicode text of one node; the prefilter matches the bytes of a whole file.
//! Therefore look-arounds are dropped (`^` is the start of a node, not of a line), and a non-ASCII character
//! becomes any run of up to four non-ASCII bytes.

use std::fmt::Write;

use regex_syntax::hir::{Class, Hir, HirKind};

/// Maximum size of a compiled expression, in bytes.
const SIZE_LIMIT: usize = 1 << 20;
/// Maximum length of a derived expression, in bytes.
const MAX_PATTERN_BYTES: usize = 4096;
/// Maximum repetition count that is kept exactly.
const MAX_COUNT: u32 = 4;

/// Optional prefix of an expression (after `(?-u)`) that requires that no letter, digit, `_` or `$` precedes
/// the wanted text. The preceding byte is part of the regex match, but not of the reported match.
pub const DOLLAR_BORDER: &str = r"(?:\A|[^0-9A-Za-z_\x24])";

/// Parses an expression over bytes.
pub(super) fn parse_bytes(text: &str) -> Option<Hir> {
    regex_syntax::ParserBuilder::new().utf8(false).build().parse(text).ok()
}

/// Compiles an expression over bytes; `None` if it is invalid or too large.
#[must_use]
pub fn compile_bytes_regex(text: &str) -> Option<regex::bytes::Regex> {
    regex::bytes::RegexBuilder::new(text).size_limit(SIZE_LIMIT).dfa_size_limit(SIZE_LIMIT).build().ok()
}

/// Returns the over-approximation of `pattern` (syntax of `regex`), for use inside of an expression over
/// bytes with `(?-u)`. `None` if it is invalid or becomes too long.
#[must_use]
pub fn over_approximate_pattern(pattern: &str) -> Option<String> {
    let mut out = String::new();
    write_over_approximation(&regex_syntax::parse(pattern).ok()?, &mut out);
    (out.len() <= MAX_PATTERN_BYTES).then_some(out)
}

/// Writes an expression that matches exactly `bytes`.
pub(super) fn escape(bytes: &[u8], out: &mut String) {
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

fn write_over_approximation(hir: &Hir, out: &mut String) {
    if out.len() > MAX_PATTERN_BYTES {
        return;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => escape(&literal.0, out),
        HirKind::Class(class) => write_class(class, out),
        HirKind::Capture(capture) => {
            out.push_str("(?:");
            write_over_approximation(&capture.sub, out);
            out.push(')');
        }
        HirKind::Concat(items) => items.iter().for_each(|item| write_over_approximation(item, out)),
        HirKind::Alternation(branches) => {
            for (index, branch) in branches.iter().enumerate() {
                out.push_str(if index == 0 { "(?:" } else { "|" });
                write_over_approximation(branch, out);
            }
            out.push(')');
        }
        HirKind::Repetition(repetition) => {
            out.push_str("(?:");
            write_over_approximation(&repetition.sub, out);
            out.push(')');
            let min = repetition.min.min(MAX_COUNT);
            match repetition.max {
                Some(max) if max <= MAX_COUNT => {
                    let _ = write!(out, "{{{min},{max}}}");
                }
                _ => {
                    let _ = write!(out, "{{{min},}}");
                }
            }
        }
    }
}

fn write_class(class: &Class, out: &mut String) {
    let mut ranges: Vec<(u8, u8)> = Vec::new();
    let mut beyond = false;
    match class {
        Class::Unicode(class) => {
            for range in class.iter() {
                beyond |= !range.end().is_ascii();
                if let Ok(start) = u8::try_from(range.start())
                    && start.is_ascii()
                {
                    ranges.push((start, u8::try_from(range.end()).unwrap_or(0x7f).min(0x7f)));
                }
            }
        }
        Class::Bytes(class) => ranges.extend(class.iter().map(|range| (range.start(), range.end()))),
    }
    let mut parts = Vec::new();
    if !ranges.is_empty() {
        let mut text = "[".to_owned();
        for (start, end) in ranges {
            let _ = write!(text, "\\x{start:02x}-\\x{end:02x}");
        }
        text.push(']');
        parts.push(text);
    }
    if beyond {
        parts.push("[\\x80-\\xff]{1,4}".to_owned());
    }
    if parts.is_empty() {
        // An empty class never matches; writing nothing is a valid over-approximation.
        return;
    }
    let _ = write!(out, "(?:{})", parts.join("|"));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn look_arounds_go_and_characters_become_bytes() {
        for (pattern, text) in [
            (r"^TODO\b", "TODO"),
            ("^(a|bc)$", "(?:(?:a|bc))"),
            ("a{2,9}", "(?:a){2,}"),
            ("[a-cé]", r"(?:[\x61-\x63]|[\x80-\xff]{1,4})"),
            ("%[vs]\"$", r"\x25(?:[\x73-\x73\x76-\x76])\x22"),
        ] {
            assert_eq!(over_approximate_pattern(pattern).as_deref(), Some(text), "{pattern}");
        }
        assert_eq!(over_approximate_pattern("["), None);
    }

    proptest! {
        #[test]
        fn the_over_approximation_matches_a_text_that_contains_a_match(
            pattern in r"(\^|\\b)?([aké]|\[a-c\]|\\w|\\s|\(a\|k\)|.){1,4}([*+?]|\{2,6\})?[$]?",
            before in "[ab é]{0,3}", text in "[abkK\u{212a}é \n]{0,9}", after in "[ab é]{0,3}",
        ) {
            let Ok(regex) = regex::Regex::new(&pattern) else { return Ok(()) };
            let over = compile_bytes_regex(&format!("(?-u){}", over_approximate_pattern(&pattern).expect("short"))).expect("compiles");
            if regex.is_match(&text) {
                let whole = [before.as_str(), &text, &after].concat();
                prop_assert!(over.is_match(whole.as_bytes()));
            }
        }
    }
}
