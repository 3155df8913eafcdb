//! A path inside a repository.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A path relative to the repository's root, `/`-separated, as raw bytes: names need not be UTF-8.
///
/// Ordered by bytes, so a sorted list is the same on every machine. It has no `Display` on purpose:
/// whoever shows it must choose an escaping. [`RepoPath::lossless`] is for places that need text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RepoPath(Vec<u8>);

impl RepoPath {
    /// The path with these bytes. They must be relative and `/`-separated; the caller has made sure.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The raw bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as text, if it is UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The path as text; bytes that are not UTF-8 are written as `\xNN` and a backslash before
    /// such an escape is doubled only where it would be ambiguous (the path is not UTF-8).
    #[must_use]
    pub fn lossless(&self) -> Cow<'_, str> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(escape_invalid(&self.0)),
        }
    }

    /// The last component.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        let start = memchr::memrchr(b'/', &self.0).map_or(0, |at| at + 1);
        &self.0[start..]
    }

    /// The directory that holds it; empty at the top.
    #[must_use]
    pub fn parent(&self) -> &[u8] {
        memchr::memrchr(b'/', &self.0).map_or(&[], |at| &self.0[..at])
    }

    /// Whether it is `scope` itself or lies below it; an empty scope is the whole repository.
    #[must_use]
    pub fn is_within(&self, scope: &Self) -> bool {
        scope.0.is_empty()
            || self.0.strip_prefix(scope.0.as_slice()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
    }
}

fn escape_invalid(bytes: &[u8]) -> String {
    use fmt::Write as _;
    let mut out = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        out.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.lossless())
    }
}

impl From<&str> for RepoPath {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_scopes() {
        let path = RepoPath::from("a/b/c.txt");
        assert_eq!((path.name(), path.parent()), (&b"c.txt"[..], &b"a/b"[..]));
        assert!(path.is_within(&RepoPath::from("a/b")) && path.is_within(&RepoPath::from("")));
        assert!(!path.is_within(&RepoPath::from("a/bb")) && !path.is_within(&RepoPath::from("a/b/c.tx")));
    }

    #[test]
    fn names_that_are_not_utf8_stay_tellable_apart() {
        assert_eq!(RepoPath::new(b"a\\\xff".to_vec()).lossless(), "a\\\\\\xff");
        assert_eq!(RepoPath::new(b"a\\xff".to_vec()).lossless(), "a\\xff");
    }
}
