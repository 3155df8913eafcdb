//! Wraps paragraphs to the width of the terminal.

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// Minimum width of wrapped text, in columns.
const MIN_WIDTH: usize = 20;

/// Keeps two words on one line; [`wrap`] replaces it with a space.
pub const NON_BREAKING_SPACE: char = '\u{a0}';

/// Wraps `text` (already escaped) to `width` columns. The first line is indented with `first`, the others
/// with `rest`; the result ends with `\n`.
///
/// Words, and words joined by [`NON_BREAKING_SPACE`], are never broken, so that paths and commands can be
/// copied. A colour is reset at the end of a line and set again on the next one, because pagers show single
/// lines.
#[must_use]
pub fn wrap(width: usize, first: &str, rest: &str, text: &str) -> String {
    let options = Options::new(width.max(MIN_WIDTH))
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    let mut out = String::new();
    let mut open = String::new();
    for line in textwrap::wrap(text, options) {
        let line = line.trim_end().replace(NON_BREAKING_SPACE, " ");
        out.push_str(&open);
        out.push_str(&line);
        track_colors(&line, &mut open);
        if !open.is_empty() {
            out.push_str(RESET);
        }
        out.push('\n');
    }
    out
}

/// Escape sequence that resets all colours, as anstyle writes it.
const RESET: &str = "\x1b[0m";

/// Updates `open`, the escape sequences active before `line`, to those active after it.
fn track_colors(line: &str, open: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find("\x1b[") {
        let Some(end) = rest[at..].find('m') else { return };
        let code = &rest[at..=at + end];
        if code == RESET {
            open.clear();
        } else {
            open.push_str(code);
        }
        rest = &rest[at + end + 1..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_end_with_their_line() {
        let text = "a \x1b[1mbold text that wraps\x1b[0m here";
        let expected = "- a \x1b[1mbold text that\x1b[0m\n\x1b[1m  wraps\x1b[0m here\n";
        assert_eq!(wrap(20, "- ", "  ", text), expected);
    }

    #[test]
    fn joined_words_stay_together() {
        assert_eq!(
            wrap(24, "", "  ", "then run: a\u{a0}command\u{a0}x now"),
            "then run: a command x\n  now\n"
        );
    }

    #[test]
    fn long_words_stay_whole() {
        let text = "see services/payments/internal/client.py for more";
        assert_eq!(wrap(24, "- ", "  ", text), "- see\n  services/payments/internal/client.py\n  for more\n");
    }
}
