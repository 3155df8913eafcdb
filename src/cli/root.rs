//! Finds the repository root and the selected paths below it.

use std::io;
use std::path::{Path, PathBuf};

use super::Failure;
use crate::engine::tree::{PathEntry, ReadError, Tree as _};
use crate::engine::walk::DiskTree;
use crate::model::RepoPath;

/// File names that mark a folder as a repository root.
const ROOT_MARKERS: [&str; 2] = ["stanchion.toml", ".git"];

/// A repository and the selected paths below its root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    /// Root: absolute, without symbolic links.
    pub(super) root: PathBuf,
    /// Selected paths; empty selects everything.
    pub(super) scopes: Vec<RepoPath>,
    /// Selected paths that are not on disk; a change may still contain them.
    pub(super) missing: Vec<RepoPath>,
}

/// Returns the current directory.
///
/// # Errors
/// The directory was removed or is not readable.
#[expect(clippy::disallowed_methods, reason = "the only place that reads the current directory")]
pub(super) fn current_directory() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|error| {
        Failure::new(format!("cannot tell the current directory: {}", super::failure::system_words(&error)))
            .with_help("change to a folder that exists")
    })
}

/// Finds the root: the nearest folder from the first path upwards that contains `stanchion.toml` or `.git`,
/// or the path itself if there is none. Without paths, `.` is used.
///
/// # Errors
/// A path that does not exist, or paths of different repositories.
pub(super) fn locate(base: &Path, paths: &[PathBuf]) -> Result<Selection, Failure> {
    locate_with(base, paths, false)
}

/// Like [`locate`], but accepts paths that are not on disk and returns them in `missing`.
///
/// # Errors
/// Paths of different repositories, or a missing path that contains `..` or is below a file.
pub(super) fn locate_in_change(base: &Path, paths: &[PathBuf]) -> Result<Selection, Failure> {
    locate_with(base, paths, true)
}

fn locate_with(base: &Path, paths: &[PathBuf], may_be_missing: bool) -> Result<Selection, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut selection: Option<(Selection, &Path)> = None;
    let mut everything = false;
    for path in paths {
        let found = canonicalize_path(base, path);
        let is_missing = may_be_missing && found.is_err();
        let full = match found {
            Err(failure) if may_be_missing => path_as_written(base, path).ok_or(failure)?,
            found => found?,
        };
        let (selection, first) = match &mut selection {
            Some(selection) => selection,
            None => selection.insert((Selection { root: root_of(&full), ..Selection::default() }, path)),
        };
        let marked = find_marked_ancestor(&full);
        let same = full.starts_with(&selection.root) && marked.is_none_or(|root| root == selection.root);
        if !same {
            return Err(Failure::new(format!(
                "{} and {} are in different repositories",
                first.display(),
                path.display()
            ))
            .with_help("check one repository at a time"));
        }
        let scope = relative(&selection.root, &full);
        everything |= scope.bytes().is_empty();
        if is_missing {
            selection.missing.push(scope.clone());
        }
        selection.scopes.push(scope);
    }
    let (mut selection, _) = selection.ok_or_else(|| Failure::new("no path was given"))?;
    if everything {
        selection.scopes.clear();
    }
    selection.scopes.sort();
    selection.scopes.dedup();
    Ok(selection)
}

/// The path of a missing file: the nearest existing parent folder, resolved, plus the remaining components.
/// `None` if they lead upwards.
fn path_as_written(base: &Path, path: &Path) -> Option<PathBuf> {
    let full = base.join(path);
    let (above, found) = full.ancestors().skip(1).find_map(|it| Some((it, it.canonicalize().ok()?)))?;
    let rest = full.strip_prefix(above).ok()?;
    let plain = rest.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    (plain && found.is_dir()).then(|| found.join(rest))
}

fn canonicalize_path(base: &Path, path: &Path) -> Result<PathBuf, Failure> {
    base.join(path).canonicalize().map_err(|error| {
        let failure = Failure::io("assess", path, &error);
        match error.kind() {
            io::ErrorKind::NotFound => {
                failure.with_help("give an existing folder or file, or no path for `.`")
            }
            _ => failure,
        }
    })
}

fn root_of(full: &Path) -> PathBuf {
    let folder = if full.is_dir() { full } else { full.parent().unwrap_or(full) };
    find_marked_ancestor(full).unwrap_or(folder).to_path_buf()
}

fn find_marked_ancestor(full: &Path) -> Option<&Path> {
    full.ancestors()
        .find(|folder| ROOT_MARKERS.iter().any(|mark| folder.join(mark).symlink_metadata().is_ok()))
}

/// `full` relative to `root`, `/`-separated.
pub(super) fn relative(root: &Path, full: &Path) -> RepoPath {
    let mut bytes = Vec::new();
    for component in full.strip_prefix(root).unwrap_or(full).components() {
        if !bytes.is_empty() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(component.as_os_str().as_encoded_bytes());
    }
    RepoPath::new(bytes)
}

/// Opens the repository's files on disk.
///
/// # Errors
/// The root cannot be opened.
pub(super) fn open(root: &Path) -> Result<DiskTree, Failure> {
    DiskTree::open(root).map_err(|error| cannot_read(root, &error))
}

/// Lists every path of the repository.
///
/// # Errors
/// The root cannot be listed.
pub(super) fn list_entries(root: &Path) -> Result<Vec<PathEntry>, Failure> {
    let listing = open(root)?.list().map_err(|error| cannot_read(root, &error))?;
    Ok(listing.entries)
}

/// The failure for a repository that cannot be read.
pub(super) fn cannot_read(root: &Path, error: &ReadError) -> Failure {
    Failure::new(format!("cannot read {}: {}: {}", root.display(), error.reason.label(), error.detail))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn tree() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let base = folder.path().canonicalize().expect("its path");
        for path in ["a/.git", "a/src/deep", "b/.git", "plain/x"] {
            fs::create_dir_all(base.join(path)).expect("made");
        }
        fs::write(base.join("a/src/one.rs"), "").expect("written");
        (folder, base)
    }

    fn at(base: &Path, paths: &[&str]) -> Result<(String, Vec<String>), String> {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        let selection = locate(base, &paths).map_err(|failure| failure.to_string())?;
        let root = relative(base, &selection.root).lossless().into_owned();
        Ok((root, selection.scopes.iter().map(|scope| scope.lossless().into_owned()).collect()))
    }

    #[test]
    fn the_nearest_marked_folder_is_the_root() {
        let (_folder, base) = tree();
        for (paths, root, scopes) in [
            (&["a"][..], "a", &[][..]),
            (&["a/src"], "a", &["src"]),
            (&["a/src/one.rs", "a/src/deep"], "a", &["src/deep", "src/one.rs"]),
            (&["a/src", "a"], "a", &[]),
            (&["a/src/../src"], "a", &["src"]),
        ] {
            let scopes = scopes.iter().map(ToString::to_string).collect();
            assert_eq!(at(&base, paths), Ok((root.to_owned(), scopes)), "{paths:?}");
        }
    }

    #[test]
    fn missing_paths_may_be_in_a_change() {
        let (_folder, base) = tree();
        let place = |path: &str| locate_in_change(&base, &[PathBuf::from(path)]);
        let found = place("a/gone/deep.rs").expect("a place");
        assert_eq!((found.root.as_path(), found.scopes.len()), (base.join("a").as_path(), 1));
        assert_eq!(found.missing, [RepoPath::from("gone/deep.rs")]);
        assert!(place("a/src").expect("a place").missing.is_empty());
        assert!(place("a/gone/../src").is_err() && place("a/src/one.rs/x").is_err());
    }

    #[test]
    fn unusable_paths_are_reported() {
        let (_folder, base) = tree();
        assert_eq!(at(&base, &["a", "b"]).expect_err("refused"), "a and b are in different repositories");
        assert!(at(&base, &["none"]).expect_err("refused").starts_with("cannot assess none: no such file"));
    }
}
