//! Decodes bytes to text and maps positions in the text back to the file.
//!
//! The encoding is never guessed: it is UTF-8, or the one that a byte order mark announces. Anything else
//! gives "cannot tell".

use std::borrow::Cow;

use super::{LineIndex, Position};

/// Encoding of a text file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 without a byte order mark.
    Utf8,
    /// UTF-8 with a byte order mark of three bytes.
    Utf8Bom,
    /// UTF-16, little endian, with a byte order mark.
    Utf16Le,
    /// UTF-16, big endian, with a byte order mark.
    Utf16Be,
}

/// Reason why bytes could not be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecodable {
    /// Binary file: it contains a NUL byte, or is a PDF. Holds the offset of the NUL byte, 0 for a PDF.
    Binary(usize),
    /// Not valid UTF-8 (Latin-1, Shift-JIS, a truncated character…), or invalid UTF-16. Holds the offset of
    /// the first invalid byte.
    Encoding(usize),
}

/// Decoded text of a file, which can map its offsets back to bytes of the file.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// The text, without a byte order mark.
    pub text: Cow<'a, str>,
    /// Encoding of the file.
    pub encoding: Encoding,
}

impl Decoded<'_> {
    /// Position in the file of the byte `offset` of [`Decoded::text`].
    #[must_use]
    pub fn position(&self, lines: &LineIndex, offset: usize) -> Position {
        let (line, column) = lines.line_column(&self.text, offset);
        let offset = offset.min(self.text.len());
        let byte = match self.encoding {
            Encoding::Utf8 => offset,
            Encoding::Utf8Bom => offset + 3,
            Encoding::Utf16Le | Encoding::Utf16Be => {
                2 + 2 * self.text[..floor_char_boundary(&self.text, offset)].encode_utf16().count()
            }
        };
        Position { line, column, byte: byte as u64 }
    }
}

fn floor_char_boundary(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Decodes `bytes` as text.
///
/// # Errors
/// [`Undecodable`] if the file is binary, or in an encoding that no byte order mark announces.
pub fn decode(bytes: &[u8]) -> Result<Decoded<'_>, Undecodable> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => decode_utf16(rest, Encoding::Utf16Le, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => decode_utf16(rest, Encoding::Utf16Be, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => decode_utf8(rest, Encoding::Utf8Bom, 3),
        // A PDF is binary data, but need not contain a NUL byte.
        [b'%', b'P', b'D', b'F', b'-', ..] => Err(Undecodable::Binary(0)),
        _ => decode_utf8(bytes, Encoding::Utf8, 0),
    }
}

fn decode_utf8(bytes: &[u8], encoding: Encoding, skipped: usize) -> Result<Decoded<'_>, Undecodable> {
    if let Some(at) = memchr::memchr(0, bytes) {
        return Err(Undecodable::Binary(at + skipped));
    }
    let text =
        std::str::from_utf8(bytes).map_err(|error| Undecodable::Encoding(error.valid_up_to() + skipped))?;
    Ok(Decoded { text: Cow::Borrowed(text), encoding })
}

fn decode_utf16(
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
    fn undecodable_bytes_are_reported_with_their_offset() {
        assert_eq!(decode(b"ab\0").expect_err("refused"), Undecodable::Binary(2));
        assert_eq!(decode(b"caf\xe9").expect_err("refused"), Undecodable::Encoding(3));
        assert_eq!(decode(b"\xff\xfea").expect_err("refused"), Undecodable::Encoding(2));
        assert_eq!(decode(b"\xff\xfe\x00\xd8").expect_err("refused"), Undecodable::Encoding(2));
    }
}
