//! A decoded file with a line index on demand, which turns spans into findings.

use std::cell::{Cell, OnceCell};

use crate::engine::file_result::RawFinding;
use crate::model::{Edit, Fix};
use crate::text::{Decoded, Encoding, Excerpt, LineIndex, Position, Span};

/// Longest content that is stored verbatim for the fingerprint, in bytes. Longer content is stored as its
/// digest.
const CONTENT_BYTES: usize = 160;
/// Longest message, in characters. Captures in a message could contain a whole file.
const MESSAGE_CHARS: usize = 400;
/// Longest replacement or file content of a fix, in bytes.
pub(super) const FIX_BYTES: usize = 64 * 1024;

/// A decoded file, with a line index that is built on first use.
pub struct SourceText<'a> {
    decoded: &'a Decoded<'a>,
    lines: OnceCell<LineIndex>,
    /// The last offset and its position, so that the columns of a long line are counted once and not again
    /// for each finding.
    last: Cell<(usize, Position)>,
}

impl<'a> SourceText<'a> {
    /// Wraps a decoded file.
    #[must_use]
    pub fn new(decoded: &'a Decoded<'a>) -> Self {
        Self { decoded, lines: OnceCell::new(), last: Cell::new((usize::MAX, Position::START)) }
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.decoded.text
    }

    /// The decoded file.
    #[must_use]
    pub fn decoded(&self) -> &Decoded<'a> {
        self.decoded
    }

    /// The line index, built at the first call.
    #[must_use]
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.decoded.text))
    }

    /// Returns the 1-based line and column of a byte offset in the text.
    #[must_use]
    pub fn line_column(&self, offset: usize) -> (u32, u32) {
        let position = self.position(offset);
        (position.line, position.column)
    }

    /// Returns the position in the file for a byte offset in the text. Cheap for ascending offsets.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let (last_offset, last) = self.last.get();
        let lines = self.lines();
        let text = self.text();
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let same_line = offset >= last_offset && lines.line_of(offset) + 1 == last.line as usize;
        let position = if same_line {
            let between = &text[last_offset..offset];
            let columns = u32::try_from(between.chars().count()).unwrap_or(u32::MAX);
            let bytes = match self.decoded.encoding {
                Encoding::Utf8 | Encoding::Utf8Bom => between.len(),
                Encoding::Utf16Le | Encoding::Utf16Be => 2 * between.encode_utf16().count(),
            };
            let column = last.column.saturating_add(columns);
            Position { line: last.line, column, byte: last.byte + bytes as u64 }
        } else {
            self.decoded.position(lines, offset)
        };
        self.last.set((offset, position));
        position
    }

    /// Returns the complete lines that `span` touches.
    #[must_use]
    pub fn lines_around(&self, span: Span) -> &str {
        let text = self.text();
        let lines = self.lines();
        let start = lines.line_span(text, lines.line_of(span.start)).start;
        let end = lines.line_span(text, lines.line_of(span.end)).end;
        &text[start..end.max(start)]
    }

    /// Creates a finding at `span`. The fix is dropped unless the file is UTF-8 without a byte
    /// order mark: otherwise the byte offsets of the text are not those of the file.
    #[must_use]
    pub fn found(
        &self,
        check: u32,
        message: String,
        span: Span,
        content: &str,
        fix: Option<Fix>,
    ) -> RawFinding {
        let lines = self.lines();
        RawFinding {
            check,
            message: clip(one_line(message)),
            start: self.position(span.start),
            end: self.position(span.end),
            excerpt: Some(Excerpt::new(self.text(), lines, span)),
            content: shorten(content),
            fix: fix.filter(|fix| self.decoded.encoding == Encoding::Utf8 && is_within_limit(fix)),
        }
    }
}

/// Joins the lines of a message with spaces. Captures and expressions may contain line endings.
fn one_line(message: String) -> String {
    if message.contains(['\n', '\r']) {
        message
            .split(['\n', '\r'])
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    } else {
        message
    }
}

fn clip(message: String) -> String {
    match message.char_indices().nth(MESSAGE_CHARS) {
        Some((at, _)) => format!("{}…", &message[..at]),
        None => message,
    }
}

/// Whether a fix is within the size limit.
fn is_within_limit(fix: &Fix) -> bool {
    fix.edits.iter().all(|edit| match edit {
        Edit::Replace { with, .. } => with.len() <= FIX_BYTES,
        Edit::Create { content, .. } => content.len() <= FIX_BYTES,
    })
}

/// Returns the content for the fingerprint: white space folded, long content replaced with its digest.
fn shorten(content: &str) -> String {
    let folded = super::fingerprint::fold_whitespace(content);
    if folded.len() <= CONTENT_BYTES { folded } else { super::fingerprint::hash_parts(&[folded.as_bytes()]) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::decode;

    #[test]
    fn a_message_is_one_line() {
        for (message, expected) in
            [("a b", "a b"), ("`^x\r\n$`", "`^x $`"), ("a\n\n  b\r", "a b"), ("\n", "")]
        {
            assert_eq!(one_line(message.to_owned()), expected, "{message:?}");
        }
    }

    proptest! {
        #[test]
        fn positions_do_not_depend_on_the_order_of_questions(
            text in "[aé😀\r\n]{0,40}",
            asked in proptest::collection::vec(0usize..120, 1..12),
            utf16 in any::<bool>(),
        ) {
            let bytes: Vec<u8> = if utf16 {
                [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
            } else {
                text.clone().into_bytes()
            };
            let decoded = decode(&bytes).expect("text");
            let source = SourceText::new(&decoded);
            for offset in asked {
                let mut plain = offset.min(text.len());
                while !text.is_char_boundary(plain) {
                    plain -= 1;
                }
                prop_assert_eq!(source.position(offset), decoded.position(source.lines(), plain));
            }
        }
    }
}
