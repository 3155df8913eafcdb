//! Paths inside a repository.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

#[path = "path_windows.rs"]
#[cfg_attr(all(unix, not(test)), expect(dead_code, reason = "some functions are used only on Windows"))]
mod windows;

/// Path relative to the repository root, separated by `/`, as raw bytes: names need not be UTF-8.
///
/// Ordered by bytes, so that a sorted list is the same on every machine. It deliberately has no `Display`:
/// each output format must choose an escaping. [`RepoPath::lossless`] is for formats that need text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RepoPath(Vec<u8>);

impl RepoPath {
    /// Creates a path from bytes. The caller guarantees that they are relative and separated by `/`.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Raw bytes of the path.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Path as text; `None` if it is not UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Path as text. In a path that is not UTF-8, each invalid byte is written as `\xNN`, and each backslash
    /// is doubled so that the result is unambiguous.
    #[must_use]
    pub fn lossless(&self) -> Cow<'_, str> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(escape_invalid(&self.0)),
        }
    }

    /// Last component.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        let start = memchr::memrchr(b'/', &self.0).map_or(0, |at| at + 1);
        &self.0[start..]
    }

    /// Parent directory; empty for a path at the root.
    #[must_use]
    pub fn parent(&self) -> &[u8] {
        memchr::memrchr(b'/', &self.0).map_or(&[], |at| &self.0[..at])
    }

    /// Whether the path is `scope` or is below it; an empty scope is the whole repository.
    #[must_use]
    pub fn is_within(&self, scope: &Self) -> bool {
        scope.0.is_empty()
            || self.0.strip_prefix(scope.0.as_slice()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
    }

    /// Path on disk, below `root`. `None` if the path would be outside `root`, or if this system does not
    /// support the name. Symbolic links are not resolved; the caller checks them.
    #[must_use]
    pub fn below(&self, root: &Path) -> Option<PathBuf> {
        path_below_root(root, &self.0)
    }

    /// Whether a new file with this name could be something else on some system: a device, or a file with
    /// another name (`GIT~1` is `.git`). The result is the same on every system, since a Windows folder can
    /// be mounted on any of them.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        let is_ambiguous = |part: &[u8]| {
            std::str::from_utf8(part).map_or(true, |part| {
                !windows::is_single_name(part)
                    || windows::is_device_or_trimmed(part)
                    || windows::is_short_name(part)
            })
        };
        self.0.split(|&byte| byte == b'/').any(is_ambiguous)
    }
}

/// Same as [`RepoPath::below`], for a path given as bytes.
#[must_use]
pub fn path_below_root(root: &Path, path: &[u8]) -> Option<PathBuf> {
    if path.is_empty() {
        return Some(root.to_owned());
    }
    let mut parts = path.split(|&byte| byte == b'/');
    if !parts.all(|part| !matches!(part, b"" | b"." | b"..") && is_valid_name(part)) {
        return None;
    }
    to_system_path(path).map(|path| root.join(path))
}

/// Path `named` in a file of the repository, resolved from the folder `base`. `None` if it is on another
/// machine, which would receive the user's credentials. The path may be outside the repository.
#[must_use]
pub fn join_unless_remote(base: &Path, named: &Path) -> Option<PathBuf> {
    if is_on_other_machine(base, named) { None } else { Some(base.join(named)) }
}

#[cfg(unix)]
fn is_on_other_machine(_: &Path, _: &Path) -> bool {
    false
}

#[cfg(not(unix))]
fn is_on_other_machine(base: &Path, named: &Path) -> bool {
    windows::is_on_other_machine(&base.to_string_lossy(), &named.to_string_lossy())
}

#[cfg(unix)]
fn is_valid_name(part: &[u8]) -> bool {
    !part.contains(&0)
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "on other systems, some byte strings are not a valid name")]
fn to_system_path(path: &[u8]) -> Option<&Path> {
    use std::os::unix::ffi::OsStrExt as _;
    Some(Path::new(std::ffi::OsStr::from_bytes(path)))
}

#[cfg(not(unix))]
fn is_valid_name(part: &[u8]) -> bool {
    std::str::from_utf8(part).is_ok_and(windows::is_single_name)
}

#[cfg(not(unix))]
fn to_system_path(path: &[u8]) -> Option<&Path> {
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
    fn paths_outside_the_root_are_refused() {
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
    fn names_that_are_not_utf8_stay_distinct() {
        assert_eq!(RepoPath::new(b"a\\\xff".to_vec()).lossless(), "a\\\\\\xff");
        assert_eq!(RepoPath::new(b"a\\xff".to_vec()).lossless(), "a\\xff");
    }
}
