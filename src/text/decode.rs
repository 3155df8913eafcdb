//! From bytes to text: which encoding, and where each character lay in the file.
//!
//! No guessing: UTF-8, or what a byte order mark announces. Anything else is "cannot tell".

use std::borrow::Cow;

use super::{LineIndex, Position};

/// How the bytes of a file were read as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 without a byte order mark.
    Utf8,
    /// UTF-8 after a three-byte mark.
    Utf8Bom,
    /// UTF-16, little endian, after its mark.
    Utf16Le,
    /// UTF-16, big endian, after its mark.
    Utf16Be,
}

/// Why bytes are not text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecodable {
    /// Not text at all: a NUL byte, or a PDF. Holds the offset where it shows.
    Binary(usize),
    /// Not valid UTF-8 (Latin-1, Shift-JIS, a cut character…) or broken UTF-16. Holds the first bad offset.
    Encoding(usize),
}

/// A file's text, and how to get back to its bytes.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// The text, without a byte order mark.
    pub text: Cow<'a, str>,
    /// How it was read.
    pub encoding: Encoding,
}

impl Decoded<'_> {
    /// The position in the file of the byte `offset` of [`Decoded::text`].
    #[must_use]
    pub fn position(&self, lines: &LineIndex, offset: usize) -> Position {
        let (line, column) = lines.line_column(&self.text, offset);
        let offset = offset.min(self.text.len());
        let byte = match self.encoding {
            Encoding::Utf8 => offset,
            Encoding::Utf8Bom => offset + 3,
            Encoding::Utf16Le | Encoding::Utf16Be => {
                2 + 2 * self.text[..floor(&self.text, offset)].encode_utf16().count()
            }
        };
        Position { line, column, byte: byte as u64 }
    }
}

fn floor(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Reads `bytes` as text.
///
/// # Errors
/// [`Undecodable`] says whether the bytes are binary or in an encoding that is not announced.
pub fn decode(bytes: &[u8]) -> Result<Decoded<'_>, Undecodable> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, Encoding::Utf16Le, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, Encoding::Utf16Be, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest, Encoding::Utf8Bom, 3),
        // A PDF is binary data that need not hold a NUL.
        [b'%', b'P', b'D', b'F', b'-', ..] => Err(Undecodable::Binary(0)),
        _ => utf8(bytes, Encoding::Utf8, 0),
    }
}

fn utf8(bytes: &[u8], encoding: Encoding, skipped: usize) -> Result<Decoded<'_>, Undecodable> {
    if let Some(at) = memchr::memchr(0, bytes) {
        return Err(Undecodable::Binary(at + skipped));
    }
    let text =
        std::str::from_utf8(bytes).map_err(|error| Undecodable::Encoding(error.valid_up_to() + skipped))?;
    Ok(Decoded { text: Cow::Borrowed(text), encoding })
}

fn utf16(
    bytes: &[u8],
    encoding: Encoding,
    unit: fn([u8; 2]) -> u16,
) -> Result<Decoded<'static>, Undecodable> {
    if !bytes.len().is_multiple_of(2) {
        return Err(Undecodable::Encoding(bytes.len() + 1));
    }
    let units = bytes.as_chunks::<2>().0.iter().map(|&pair| unit(pair));
    let mut text = String::with_capacity(bytes.len() / 2);
    let mut at = 2;
    for decoded in char::decode_utf16(units) {
        let character = decoded.map_err(|_| Undecodable::Encoding(at))?;
        if character == '\0' {
            return Err(Undecodable::Binary(at));
        }
        text.push(character);
        at += 2 * character.len_utf16();
    }
    Ok(Decoded { text: Cow::Owned(text), encoding })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(bytes: &[u8], needle: &str) -> Position {
        let decoded = decode(bytes).expect("text");
        let lines = LineIndex::new(&decoded.text);
        decoded.position(&lines, decoded.text.find(needle).expect("needle"))
    }

    #[test]
    fn positions_point_into_the_file_as_stored() {
        let utf16: Vec<u8> = "\u{feff}a😀\nçx".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(at(&utf16, "x"), Position { line: 2, column: 2, byte: 12 });
        assert_eq!(at(b"\xEF\xBB\xBFab", "b"), Position { line: 1, column: 2, byte: 4 });
        assert_eq!(at("ça".as_bytes(), "a"), Position { line: 1, column: 2, byte: 2 });
    }

    #[test]
    fn what_is_not_text_says_where() {
        assert_eq!(decode(b"ab\0").expect_err("refused"), Undecodable::Binary(2));
        assert_eq!(decode(b"caf\xe9").expect_err("refused"), Undecodable::Encoding(3));
        assert_eq!(decode(b"\xff\xfea").expect_err("refused"), Undecodable::Encoding(2));
        assert_eq!(decode(b"\xff\xfe\x00\xd8").expect_err("refused"), Undecodable::Encoding(2));
    }
}
