//! Paths in commands that a reader may copy into a shell.

use std::path::Path;

/// A path as a shell takes it for one word, and a program for no option. Not escaped for a terminal.
pub(super) fn quote(path: &Path) -> String {
    crate::report::quote(&path.to_string_lossy())
}
