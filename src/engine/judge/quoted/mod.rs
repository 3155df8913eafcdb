//! Detects waivers that are only quoted: in code blocks of Markdown, and in multi-line string literals of
//! code.
//!
//! Only files that contain something like a waiver are scanned, so the scan may be thorough. It is not a full
//! grammar: in an unknown language nothing counts as quoted. Measured on 2026-11-26 with 124,000 files of
//! real projects in these languages: at the end of the file the scanner was outside of any literal, except in
//! two bundles of one program and three files that do not parse.

mod markdown;
mod string_literals;
mod syntax;
#[cfg(test)]
mod tests;

use markdown::Markdown;
use string_literals::StringLiterals;

/// Scans a file incrementally from its beginning.
pub(super) enum QuoteTracker {
    /// Unknown language: nothing counts as quoted.
    Unknown,
    Markdown(Markdown),
    StringLiterals(StringLiterals),
}

impl QuoteTracker {
    /// Creates the scanner for the file at `path` with this extension in lower case.
    pub(super) fn of(path: &[u8], extension: &[u8]) -> Self {
        match extension {
            b"md" | b"markdown" | b"mdx" => Self::Markdown(Markdown::default()),
            _ => syntax::syntax_of(path, extension)
                .map_or(Self::Unknown, |syntax| Self::StringLiterals(StringLiterals::new(syntax))),
        }
    }

    /// Whether the position after `text` is in a quotation. `text` is everything since the previous call,
    /// `rest` everything after the position, and `line` is the line that contains the position.
    pub(super) fn is_quote(&mut self, text: &str, line: &str, rest: &str) -> bool {
        match self {
            Self::Unknown => false,
            Self::Markdown(markdown) => markdown.is_quote(text, line),
            Self::StringLiterals(literals) => literals.is_quote(text, rest),
        }
    }
}
