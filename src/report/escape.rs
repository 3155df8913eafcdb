//! Escapes characters that move, hide or reorder text in a terminal.
//!
//! A path, a message or a line of source is untrusted. Control characters could forge output; bidirectional
//! and zero-width characters could change how text reads. Each is replaced with text such as `\x1b` or
//! `\u{202e}`. Backslashes in the text are not doubled: this keeps regular expressions and Windows paths
//! readable, and nothing can be forged with a backslash.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::text::{Excerpt, Span};

/// Spaces that replace a tab where it is shown as white space.
const TAB: &str = "    ";

/// Escapes `text` as one line: every control, line end, tab, bidirectional, zero-width or other invisible
/// character is spelled out.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        push(&mut out, character);
    }
    Cow::Owned(out)
}

/// Escapes `text` like [`escape`], but keeps `\n`, removes a `\r` before it, and replaces a tab with four
/// spaces. For prose and source that keep their lines.
#[must_use]
pub fn escape_lines(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|character| character != '\n' && is_unsafe(character)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if character == '\r' && rest.peek() == Some(&'\n') {
            continue;
        }
        push_shown(&mut out, character);
    }
    Cow::Owned(out)
}

/// Escapes the text of an excerpt (tabs become four spaces), and returns it with its marked span in the new
/// text.
#[must_use]
pub fn escape_excerpt(excerpt: &Excerpt) -> (String, Span) {
    let mut out = String::with_capacity(excerpt.text.len() + 16);
    let (mut start, mut end) = (None, None);
    for (at, character) in excerpt.text.char_indices() {
        if at >= excerpt.span.start {
            start.get_or_insert(out.len());
        }
        if at >= excerpt.span.end {
            end.get_or_insert(out.len());
        }
        push_shown(&mut out, character);
    }
    let span = Span::new(start.unwrap_or(out.len()), end.unwrap_or(out.len()));
    (out, span)
}

fn push_shown(out: &mut String, character: char) {
    match character {
        '\n' => out.push('\n'),
        '\t' => out.push_str(TAB),
        other => push(out, other),
    }
}

fn push(out: &mut String, character: char) {
    if !is_unsafe(character) {
        out.push(character);
        return;
    }
    // Writing to a String cannot fail.
    let _ = match character {
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        '\0'..='\x7f' => write!(out, "\\x{:02x}", u32::from(character)),
        other => write!(out, "\\u{{{:x}}}", u32::from(other)),
    };
}

/// Whether a character must be escaped before it is shown in a terminal.
#[must_use]
pub fn is_unsafe(character: char) -> bool {
    matches!(character,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'     // C0, DEL, C1
        | '\u{ad}'                            // soft hyphen
        | '\u{61c}' | '\u{200e}' | '\u{200f}' // bidirectional marks
        | '\u{202a}'..='\u{202e}'             // bidirectional controls
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}' | '\u{feff}' // zero width
        | '\u{2060}'..='\u{206f}'             // invisible operators, bidirectional and deprecated controls
        | '\u{34f}' | '\u{17b4}' | '\u{17b5}' // joiner and vowels without a glyph
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers: letters without a glyph
        | '\u{fe00}'..='\u{fe0d}'             // variation selectors except those of emoji (U+FE0E, U+FE0F)
        | '\u{2028}' | '\u{2029}'             // line and paragraph separators
        | '\u{fff0}'..='\u{fffb}'             // unassigned and ignorable, interlinear annotation
        | '\u{1d173}'..='\u{1d17a}'           // musical format controls
        | '\u{1bca0}'..='\u{1bca3}'           // shorthand format controls
        | '\u{e0000}'..='\u{e0fff}'           // tags, more variation selectors
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_that_move_hide_or_reorder_text_are_spelled_out() {
        for (input, expected) in [
            ("plain ünïcode 漢字 😀 \\d+", "plain ünïcode 漢字 😀 \\d+"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\x1b[31mred\x07\x7f", "\\x1b[31mred\\x07\\x7f"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("\u{202e}gpj.exe\u{2066}\u{61c}", "\\u{202e}gpj.exe\\u{2066}\\u{61c}"),
            ("a\u{200b}b\u{feff}\u{2060}", "a\\u{200b}b\\u{feff}\\u{2060}"),
            ("\u{2028}\u{2029}\u{e0041}", "\\u{2028}\\u{2029}\\u{e0041}"),
        ] {
            assert_eq!(escape(input), expected);
        }
    }

    #[test]
    fn letters_without_a_glyph_are_spelled_out() {
        for character in [
            '\u{3164}',
            '\u{115f}',
            '\u{1160}',
            '\u{ffa0}',
            '\u{34f}',
            '\u{2065}',
            '\u{17b4}',
            '\u{17b5}',
            '\u{180e}',
            '\u{fe00}',
            '\u{fe0d}',
            '\u{e0000}',
            '\u{e0100}',
            '\u{e0fff}',
        ] {
            let expected = format!("a\\u{{{:x}}}b", u32::from(character));
            assert_eq!(escape(&format!("a{character}b")), expected);
        }
        for shown in ["❤\u{fe0f}", "❤\u{fe0e}", "한글", "é", "\u{fffd}"] {
            assert_eq!(escape(shown), shown);
        }
    }

    #[test]
    fn lines_stay_lines_where_they_may() {
        assert_eq!(escape_lines("a\r\n\tb\rc\x1b"), "a\n    b\\rc\\x1b");
    }

    #[test]
    fn the_mark_moves_with_the_text() {
        let excerpt =
            Excerpt { first_line: 1, text: "\tfoo(\x1b)".to_owned(), span: Span::new(1, 7), cut: false };
        let (text, span) = escape_excerpt(&excerpt);
        assert_eq!(text, "    foo(\\x1b)");
        assert_eq!(&text[span.start..span.end], "foo(\\x1b)");
    }

    fn hostile() -> impl Strategy<Value = String> {
        let spiky = prop::sample::select(vec![
            '\x1b', '\n', '\r', '\t', '\0', '\u{9b}', '\u{202e}', '\u{200b}', '\u{2028}', '\u{feff}', '\\',
            'é', '漢',
        ]);
        proptest::collection::vec(prop_oneof![any::<char>(), spiky], 0..60)
            .prop_map(|characters| characters.into_iter().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn nothing_unsafe_comes_out(text in hostile()) {
            prop_assert!(!escape(&text).chars().any(is_unsafe));
            prop_assert!(!escape_lines(&text).chars().any(|c| c != '\n' && is_unsafe(c)));
        }

        #[test]
        fn the_marked_text_stays_the_marked_text(text in hostile(), a in 0usize..240, b in 0usize..240) {
            let floor = |mut at: usize| {
                at = at.min(text.len());
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                at
            };
            let span = Span::new(floor(a.min(b)), floor(a.max(b)));
            let excerpt = Excerpt { first_line: 1, text: text.clone(), span, cut: false };
            let (shown, mark) = escape_excerpt(&excerpt);
            let mut expected = String::new();
            text[span.start..span.end].chars().for_each(|c| push_shown(&mut expected, c));
            prop_assert_eq!(&shown[mark.start..mark.end], expected);
            prop_assert!(!shown.chars().any(|c| c != '\n' && is_unsafe(c)));
        }
    }
}
