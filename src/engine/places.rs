//! Making findings of spans: one decoded file, its lines on demand, and where things are in it.

use std::cell::OnceCell;

use crate::engine::found::Found;
use crate::model::Fix;
use crate::text::{Decoded, Encoding, Excerpt, LineIndex, Span};

/// Longest content that is kept as it is for the fingerprint; longer content is kept as its digest.
const CONTENT_BYTES: usize = 160;

/// A decoded file, and its line index once somebody asks.
pub struct Places<'a> {
    decoded: &'a Decoded<'a>,
    lines: OnceCell<LineIndex>,
}

impl<'a> Places<'a> {
    /// Places in `decoded`.
    #[must_use]
    pub fn new(decoded: &'a Decoded<'a>) -> Self {
        Self { decoded, lines: OnceCell::new() }
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.decoded.text
    }

    /// The file as decoded.
    #[must_use]
    pub fn decoded(&self) -> &Decoded<'a> {
        self.decoded
    }

    /// The line index, made at the first call.
    #[must_use]
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.decoded.text))
    }

    /// 1-based line and column of a byte of the text.
    #[must_use]
    pub fn line_column(&self, offset: usize) -> (u32, u32) {
        self.lines().line_column(self.text(), offset)
    }

    /// A finding at `span`. Files that are not plain UTF-8 carry no fix: its bytes would not fit.
    #[must_use]
    pub fn found(&self, check: u32, message: String, span: Span, content: &str, fix: Option<Fix>) -> Found {
        let lines = self.lines();
        Found {
            check,
            message,
            start: self.decoded.position(lines, span.start),
            end: self.decoded.position(lines, span.end),
            excerpt: Some(Excerpt::new(self.text(), lines, span)),
            content: shorten(content),
            fix: fix.filter(|_| self.decoded.encoding == Encoding::Utf8),
        }
    }
}

/// Content for the fingerprint: white space folded, long content as a digest.
fn shorten(content: &str) -> String {
    let folded = super::fingerprint::fold(content);
    if folded.len() <= CONTENT_BYTES { folded } else { super::fingerprint::digest(&[folded.as_bytes()]) }
}
