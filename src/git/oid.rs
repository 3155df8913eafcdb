//! Object IDs: SHA-1 (20 bytes) or SHA-256 (32 bytes).

use std::fmt;

/// Hash algorithm of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HashKind {
    Sha1,
    Sha256,
}

impl HashKind {
    /// Returns the length of a hash in bytes.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// ID of an object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ObjectId {
    bytes: [u8; 32],
    len: u8,
}

impl ObjectId {
    /// Creates an ID from raw bytes; `None` unless there are 20 or 32.
    pub(super) fn new(raw: &[u8]) -> Option<Self> {
        let len = match raw.len() {
            20 => 20,
            32 => 32,
            _ => return None,
        };
        let mut bytes = [0; 32];
        bytes[..raw.len()].copy_from_slice(raw);
        Some(Self { bytes, len })
    }

    /// Parses hexadecimal digits; `None` if their number does not match `hash`.
    pub(super) fn from_hex(hex: &[u8], hash: HashKind) -> Option<Self> {
        if hex.len() != hash.len() * 2 {
            return None;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let mut raw = [0_u8; 32];
        for (at, pair) in hex.chunks_exact(2).enumerate() {
            raw[at] = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Self::new(&raw[..hash.len()])
    }

    /// Returns the raw bytes.
    pub(super) fn raw(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Whether all bytes are zero, which means "no object".
    pub(super) fn is_null(&self) -> bool {
        self.raw().iter().all(|&byte| byte == 0)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_there_and_back() {
        let hex = "00112233445566778899aabbccddeeff00112233";
        let id = ObjectId::from_hex(hex.as_bytes(), HashKind::Sha1).expect("an id");
        assert_eq!(id.to_string(), hex);
        assert!(ObjectId::from_hex(hex.as_bytes(), HashKind::Sha256).is_none());
        assert!(ObjectId::from_hex(b"zz112233445566778899aabbccddeeff00112233", HashKind::Sha1).is_none());
        assert!(!id.is_null());
    }
}
