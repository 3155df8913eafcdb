//! Paragraphs that fit the terminal.

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// Fewest columns that text is wrapped to.
const LEAST: usize = 20;

/// `text` (escaped already) wrapped to `width` columns, the first line after `first`, the others after
/// `rest`; ends with `\n`. Words are never broken, so that paths and commands can be copied.
#[must_use]
pub fn wrap(width: usize, first: &str, rest: &str, text: &str) -> String {
    let options = Options::new(width.max(LEAST))
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    let mut out = String::new();
    for line in textwrap::wrap(text, options) {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_stay_whole() {
        let text = "see services/payments/internal/client.py for more";
        assert_eq!(wrap(24, "- ", "  ", text), "- see\n  services/payments/internal/client.py\n  for more\n");
    }
}
