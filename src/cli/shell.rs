//! Paths in commands that a reader may copy into a shell.

use std::path::Path;

/// A path as a shell takes it for one word, and a program for no option. Not escaped for a terminal.
pub(super) fn quote(path: &Path) -> String {
    crate::report::quote(&path.to_string_lossy())
}

/// `git add` for files of the party in `root`, as it works in the folder `base`. Not escaped for a terminal.
pub(super) fn git_add<'f>(base: &Path, root: &Path, files: impl IntoIterator<Item = &'f str>) -> String {
    git(base, root, "add", files)
}

/// The same for any command of git that takes paths.
pub(super) fn git<'f>(
    base: &Path,
    root: &Path,
    command: &str,
    files: impl IntoIterator<Item = &'f str>,
) -> String {
    let way = way(base, root);
    let files: Vec<String> =
        files.into_iter().map(|file| crate::report::quote(&format!("{way}{file}"))).collect();
    format!("git {command} {}", files.join(" "))
}

/// What stands before a path of `root` so that it is found from `base`: nothing, `../`, or `folder/`.
fn way(base: &Path, root: &Path) -> String {
    let base = base.canonicalize().unwrap_or_else(|_| base.to_path_buf());
    if let Ok(below) = base.strip_prefix(root) {
        return "../".repeat(below.components().count());
    }
    match root.strip_prefix(&base) {
        Ok(below) => format!("{}/", below.to_string_lossy()),
        Err(_) => format!("{}/", root.to_string_lossy()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_from_where_one_is() {
        let add = |base: &str, root: &str| git_add(Path::new(base), Path::new(root), ["a b", "c"]);
        assert_eq!(add("/none/r", "/none/r"), "git add 'a b' c");
        assert_eq!(add("/none/r/x/y", "/none/r"), "git add '../../a b' ../../c");
        assert_eq!(add("/none", "/none/r"), "git add 'r/a b' r/c");
        assert_eq!(add("/other", "/none/r"), "git add '/none/r/a b' /none/r/c");
    }
}
