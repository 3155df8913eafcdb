//! Quotes paths in commands that users may copy to a shell.

use std::path::Path;

/// Quotes a path as one shell word that is not parsed as an option. Not escaped for a terminal.
pub(super) fn quote(path: &Path) -> String {
    crate::report::quote_for_shell(&path.to_string_lossy())
}

/// The `git add` command for files of the project in `root`, relative to the folder `base`. Not escaped for a
/// terminal.
pub(super) fn git_add<'f>(base: &Path, root: &Path, files: impl IntoIterator<Item = &'f str>) -> String {
    git_command(base, root, "add", files)
}

/// The same for another git command that takes paths.
pub(super) fn git_command<'f>(
    base: &Path,
    root: &Path,
    command: &str,
    files: impl IntoIterator<Item = &'f str>,
) -> String {
    let prefix = relative_prefix(base, root);
    let files: Vec<String> =
        files.into_iter().map(|file| crate::report::quote_for_shell(&format!("{prefix}{file}"))).collect();
    format!("git {command} {}", files.join(" "))
}

/// Prefix for paths of `root` as seen from `base`: empty, `../`, or `folder/`.
fn relative_prefix(base: &Path, root: &Path) -> String {
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
    fn paths_are_relative_to_the_current_folder() {
        let add = |base: &str, root: &str| git_add(Path::new(base), Path::new(root), ["a b", "c"]);
        assert_eq!(add("/none/r", "/none/r"), "git add 'a b' c");
        assert_eq!(add("/none/r/x/y", "/none/r"), "git add '../../a b' ../../c");
        assert_eq!(add("/none", "/none/r"), "git add 'r/a b' r/c");
        assert_eq!(add("/other", "/none/r"), "git add '/none/r/a b' /none/r/c");
    }
}
