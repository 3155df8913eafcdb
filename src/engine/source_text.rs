//! Making findings of spans: one decoded file, its lines on demand, and where things are in it.

use std::cell::{Cell, OnceCell};

use crate::engine::found::Found;
use crate::model::{Edit, Fix};
use crate::text::{Decoded, Encoding, Excerpt, LineIndex, Position, Span};

/// Longest content that is kept as it is for the fingerprint; longer content is kept as its digest.
const CONTENT_BYTES: usize = 160;
/// Longest message, in characters: captures may hold a whole file.
const MESSAGE_CHARS: usize = 400;
/// Longest text that a fix may put in, in bytes.
pub(super) const FIX_BYTES: usize = 64 * 1024;

/// A decoded file, and its line index once somebody asks.
pub struct Places<'a> {
    decoded: &'a Decoded<'a>,
    lines: OnceCell<LineIndex>,
    /// The last place asked for and its column, so that a file of one long line is counted once and
    /// not anew for each finding.
    last: Cell<(usize, Position)>,
}

impl<'a> Places<'a> {
    /// Places in `decoded`.
    #[must_use]
    pub fn new(decoded: &'a Decoded<'a>) -> Self {
        Self { decoded, lines: OnceCell::new(), last: Cell::new((usize::MAX, Position::START)) }
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
        let position = self.position(offset);
        (position.line, position.column)
    }

    /// The position in the file of a byte of the text. Cheap when asked in ascending order.
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

    /// The whole lines that `span` touches.
    #[must_use]
    pub fn lines_around(&self, span: Span) -> &str {
        let text = self.text();
        let lines = self.lines();
        let start = lines.line_span(text, lines.line_of(span.start)).start;
        let end = lines.line_span(text, lines.line_of(span.end)).end;
        &text[start..end.max(start)]
    }

    /// A finding at `span`. Files that are not plain UTF-8 carry no fix: its bytes would not fit.
    #[must_use]
    pub fn found(&self, check: u32, message: String, span: Span, content: &str, fix: Option<Fix>) -> Found {
        let lines = self.lines();
        Found {
            check,
            message: clip(one_line(message)),
            start: self.position(span.start),
            end: self.position(span.end),
            excerpt: Some(Excerpt::new(self.text(), lines, span)),
            content: shorten(content),
            fix: fix.filter(|fix| self.decoded.encoding == Encoding::Utf8 && is_reasonable(fix)),
        }
    }
}

/// A message is one line, whatever a capture or an expression holds: line ends become blanks.
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

/// Whether a fix is small enough to carry along.
fn is_reasonable(fix: &Fix) -> bool {
    fix.edits.iter().all(|edit| match edit {
        Edit::Replace { with, .. } => with.len() <= FIX_BYTES,
        Edit::Create { content, .. } => content.len() <= FIX_BYTES,
    })
}

/// Content for the fingerprint: white space folded, long content as a digest.
fn shorten(content: &str) -> String {
    let folded = super::fingerprint::fold(content);
    if folded.len() <= CONTENT_BYTES { folded } else { super::fingerprint::digest(&[folded.as_bytes()]) }
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
            let places = Places::new(&decoded);
            for offset in asked {
                let mut plain = offset.min(text.len());
                while !text.is_char_boundary(plain) {
                    plain -= 1;
                }
                prop_assert_eq!(places.position(offset), decoded.position(places.lines(), plain));
            }
        }
    }
}
