//! A path inside a repository.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

#[path = "path_windows.rs"]
#[cfg_attr(
    all(unix, not(test)),
    expect(dead_code, reason = "some of it matters only where Windows opens files")
)]
mod windows;

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

    /// Where it is on disk, below `root`; `None` when a file of this name could only be elsewhere, or this system has
    /// no such name. Links are for the caller to look at.
    #[must_use]
    pub fn below(&self, root: &Path) -> Option<PathBuf> {
        place_below(root, &self.0)
    }

    /// Whether a new file of this name would be, or be taken for, something else on some system: a device, or a file
    /// that has the name besides its own (`GIT~1` is `.git`). On every system, since a folder of Windows can be
    /// mounted on any of them.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        let is_ambiguous = |part: &[u8]| {
            std::str::from_utf8(part).map_or(true, |part| {
                !windows::is_plain(part) || windows::is_taken_otherwise(part) || windows::is_short(part)
            })
        };
        self.0.split(|&byte| byte == b'/').any(is_ambiguous)
    }
}

/// [`RepoPath::below`] for the bytes of a path.
#[must_use]
pub fn place_below(root: &Path, path: &[u8]) -> Option<PathBuf> {
    if path.is_empty() {
        return Some(root.to_owned());
    }
    let mut parts = path.split(|&byte| byte == b'/');
    if !parts.all(|part| !matches!(part, b"" | b"." | b"..") && is_one_name(part)) {
        return None;
    }
    on_system(path).map(|path| root.join(path))
}

/// The path that a file of the repository names, as it is found from the folder `base`; `None` when it leads to another
/// machine, which would be told who asks. It may lie anywhere else.
#[must_use]
pub fn named_from(base: &Path, named: &Path) -> Option<PathBuf> {
    if leads_away(base, named) { None } else { Some(base.join(named)) }
}

#[cfg(unix)]
fn leads_away(_: &Path, _: &Path) -> bool {
    false
}

#[cfg(not(unix))]
fn leads_away(base: &Path, named: &Path) -> bool {
    windows::leads_away(&base.to_string_lossy(), &named.to_string_lossy())
}

#[cfg(unix)]
fn is_one_name(part: &[u8]) -> bool {
    !part.contains(&0)
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere not all bytes are a name")]
fn on_system(path: &[u8]) -> Option<&Path> {
    use std::os::unix::ffi::OsStrExt as _;
    Some(Path::new(std::ffi::OsStr::from_bytes(path)))
}

#[cfg(not(unix))]
fn is_one_name(part: &[u8]) -> bool {
    std::str::from_utf8(part).is_ok_and(windows::is_plain)
}

#[cfg(not(unix))]
fn on_system(path: &[u8]) -> Option<&Path> {
    std::str::from_utf8(path).ok().map(Path::new)
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
    fn a_new_file_is_itself_on_every_system() {
        for name in ["a/b.c", ".github/x", "a b", "x~", "~x", "a~b"] {
            assert!(!RepoPath::from(name).is_ambiguous(), "{name}");
        }
        for name in ["GIT~1/hooks/x", "a/STANCH~1.TOM", ".git./x", "a /b", "con.md", "x/a:b", "a\\b", "a?"] {
            assert!(RepoPath::from(name).is_ambiguous(), "{name}");
        }
    }

    #[test]
    fn nothing_outside_is_below() {
        let root = Path::new("root");
        let place = |path: &str| RepoPath::from(path).below(root);
        assert_eq!(place("a/b.c"), Some(root.join("a").join("b.c")));
        assert_eq!(place(""), Some(root.to_owned()));
        for elsewhere in
            ["..", "../x", "a/../../x", "/etc/passwd", "//server/share", "a//b", ".", "a/.", "a\0"]
        {
            assert_eq!(place(elsewhere), None, "{elsewhere}");
        }
        for elsewhere in ["..\\x", "C:x", "C:/x", "\\\\server\\share", "a:b"] {
            assert_eq!(place(elsewhere).is_none(), cfg!(windows), "{elsewhere}");
        }
    }

    #[test]
    fn names_that_are_not_utf8_stay_tellable_apart() {
        assert_eq!(RepoPath::new(b"a\\\xff".to_vec()).lossless(), "a\\\\\\xff");
        assert_eq!(RepoPath::new(b"a\\xff".to_vec()).lossless(), "a\\xff");
    }
}
