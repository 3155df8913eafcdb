//! Encodes and decodes the result of one file. Decoded data is untrusted: a result that the engine cannot
//! have produced (a span outside its excerpt, a path outside the repository) is rejected.

use crate::engine::file_result::{CannotTell, FileResult, LONGEST_FIX, LONGEST_TEXT, RawFinding};
use crate::engine::judge::Comment;
use crate::model::{Edit, Fix, Reason, RepoPath};
use crate::text::{Excerpt, Position, Span};

/// Largest result that is stored, in bytes.
const LARGEST: usize = 8 << 20;
/// Reasons that may be stored, because they depend only on the file's bytes and the checks. Reasons that may
/// differ in another run (time, memory, the system) are not listed. The encoding is the index in this list,
/// so changing the list requires a new version of the file format.
const SURE: [Reason; 8] = [
    Reason::TooBig,
    Reason::Binary,
    Reason::Encoding,
    Reason::ParseError,
    Reason::Format,
    Reason::TooDeep,
    Reason::TooManyNodes,
    Reason::Guideline,
];

/// Encodes `result` without its file number. An empty result has no bytes. Returns `None` if it must not be
/// stored.
pub(super) fn encode(result: &FileResult) -> Option<Vec<u8>> {
    if result.is_empty() {
        return Some(Vec::new());
    }
    let mut out = Vec::with_capacity(256);
    number(&mut out, result.found.len() as u64);
    for found in &result.found {
        if !found.is_sound() {
            return None;
        }
        write_found(&mut out, found);
        if out.len() > LARGEST {
            return None;
        }
    }
    number(&mut out, result.cannot_tell.len() as u64);
    for it in &result.cannot_tell {
        let reason = SURE.iter().position(|sure| *sure == it.reason)?;
        if it.detail.len() > LONGEST_TEXT {
            return None;
        }
        number(&mut out, it.check.map_or(0, |check| u64::from(check) + 1));
        number(&mut out, reason as u64);
        text(&mut out, it.detail.as_bytes());
    }
    number(&mut out, result.comments.len() as u64);
    for comment in &result.comments {
        for value in [comment.line, comment.covers, comment.at] {
            number(&mut out, value.into());
        }
        text(&mut out, comment.text.as_bytes());
        text(&mut out, comment.source.as_bytes());
    }
    (out.len() <= LARGEST).then_some(out)
}

/// Decodes a result, with file number 0; `None` if `bytes` are invalid.
pub(super) fn decode(bytes: &[u8]) -> Option<FileResult> {
    let mut result = FileResult::default();
    if bytes.is_empty() {
        return Some(result);
    }
    let mut reader = ResultReader { rest: bytes };
    // No memory is reserved for a count: each round consumes bytes, which bounds the number of rounds.
    for _ in 0..reader.number()? {
        let found = reader.found()?;
        if !found.is_sound() {
            return None;
        }
        result.found.push(found);
    }
    for _ in 0..reader.number()? {
        let check = match reader.number()? {
            0 => None,
            more => Some(u32::try_from(more - 1).ok()?),
        };
        let reason = *SURE.get(usize::try_from(reader.number()?).ok()?)?;
        let detail = reader.text(LONGEST_TEXT)?;
        result.cannot_tell.push(CannotTell { check, reason, detail });
    }
    for _ in 0..reader.number()? {
        let mut value = || u32::try_from(reader.number()?).ok();
        let (line, covers, at) = (value()?, value()?, value()?);
        let (text, source) = (reader.text(LONGEST_TEXT)?, reader.text(LONGEST_TEXT)?);
        result.comments.push(Comment { line, covers, text, source, at });
    }
    reader.rest.is_empty().then_some(result)
}

fn write_found(out: &mut Vec<u8>, found: &RawFinding) {
    number(out, found.check.into());
    text(out, found.message.as_bytes());
    for position in [found.start, found.end] {
        number(out, position.line.into());
        number(out, position.column.into());
        number(out, position.byte);
    }
    number(out, found.excerpt.is_some().into());
    if let Some(excerpt) = &found.excerpt {
        number(out, excerpt.first_line.into());
        text(out, excerpt.text.as_bytes());
        number(out, excerpt.span.start as u64);
        number(out, excerpt.span.end as u64);
        number(out, excerpt.cut.into());
    }
    text(out, found.content.as_bytes());
    number(out, found.fix.is_some().into());
    if let Some(fix) = &found.fix {
        number(out, fix.title.is_some().into());
        if let Some(title) = &fix.title {
            text(out, title.as_bytes());
        }
        number(out, fix.edits.len() as u64);
        fix.edits.iter().for_each(|edit| write_edit(out, edit));
    }
}

fn write_edit(out: &mut Vec<u8>, edit: &Edit) {
    match edit {
        Edit::Replace { span, with } => {
            number(out, 0);
            number(out, span.start as u64);
            number(out, span.end as u64);
            text(out, with.as_bytes());
        }
        Edit::Create { path, content } => {
            number(out, 1);
            text(out, path.bytes());
            text(out, content.as_bytes());
        }
    }
}

/// Writes a number with seven bits per byte, the lowest first (LEB128).
fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads values written by [`number`] and [`text`]; each method returns `None` for invalid data.
struct ResultReader<'a> {
    rest: &'a [u8],
}

impl ResultReader<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7F);
            if (bits << shift) >> shift != bits {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    fn offset(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn flag(&mut self) -> Option<bool> {
        match self.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn bytes(&mut self, longest: usize) -> Option<&[u8]> {
        let length = self.offset().filter(|&length| length <= longest)?;
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    fn text(&mut self, longest: usize) -> Option<String> {
        Some(std::str::from_utf8(self.bytes(longest)?).ok()?.to_owned())
    }

    fn position(&mut self) -> Option<Position> {
        Some(Position { line: self.small()?, column: self.small()?, byte: self.number()? })
    }

    fn span(&mut self) -> Option<Span> {
        Some(Span { start: self.offset()?, end: self.offset()? })
    }

    fn excerpt(&mut self) -> Option<Excerpt> {
        Some(Excerpt {
            first_line: self.small()?,
            text: self.text(LONGEST_TEXT)?,
            span: self.span()?,
            cut: self.flag()?,
        })
    }

    fn found(&mut self) -> Option<RawFinding> {
        Some(RawFinding {
            check: self.small()?,
            message: self.text(LONGEST_TEXT)?,
            start: self.position()?,
            end: self.position()?,
            excerpt: if self.flag()? { Some(self.excerpt()?) } else { None },
            content: self.text(LONGEST_TEXT)?,
            fix: if self.flag()? { Some(self.fix()?) } else { None },
        })
    }

    fn fix(&mut self) -> Option<Fix> {
        let title = if self.flag()? { Some(self.text(LONGEST_TEXT)?) } else { None };
        let mut edits = Vec::new();
        for _ in 0..self.number()? {
            edits.push(self.edit()?);
        }
        Some(Fix { title, edits })
    }

    fn edit(&mut self) -> Option<Edit> {
        match self.number()? {
            0 => Some(Edit::Replace { span: self.span()?, with: self.text(LONGEST_FIX)? }),
            1 => Some(Edit::Create {
                path: RepoPath::new(self.bytes(LONGEST_TEXT)?),
                content: self.text(LONGEST_FIX)?,
            }),
            _ => None,
        }
    }
}
