//! Which repository is meant, and which part of it.

use std::io;
use std::path::{Path, PathBuf};

use super::Failure;
use crate::engine::tree::{Entry, ReadError, Tree as _};
use crate::engine::walk::DiskTree;
use crate::model::RepoPath;

/// What makes a folder a root.
const MARKS: [&str; 2] = ["stanchion.toml", ".git"];

/// A repository and the parts of it that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The root, absolute, without links.
    pub(super) root: PathBuf,
    /// Parts of it; empty means all.
    pub(super) scopes: Vec<RepoPath>,
    /// Those of them that are not on disk; a change may know them all the same.
    pub(super) missing: Vec<RepoPath>,
}

/// The directory the program was started in.
///
/// # Errors
/// When it is gone or may not be read.
#[expect(clippy::disallowed_methods, reason = "the one place that asks for the directory")]
pub(super) fn current_directory() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|error| {
        Failure::new(format!("cannot tell the current directory: {}", super::failure::system_words(&error)))
            .with_help("change to a folder that exists")
    })
}

/// Finds the root: the nearest folder, from the first path upwards, that holds `stanchion.toml` or
/// `.git`; where there is none, the path itself. No path means `.`.
///
/// # Errors
/// A path that does not exist, or paths of different repositories.
pub(super) fn locate(base: &Path, paths: &[PathBuf]) -> Result<Place, Failure> {
    locate_with(base, paths, false)
}

/// As [`locate`]; a path that is not on disk is taken as it is written, and is among the missing ones.
///
/// # Errors
/// Paths of different repositories, or one that leads nowhere.
pub(super) fn locate_in_change(base: &Path, paths: &[PathBuf]) -> Result<Place, Failure> {
    locate_with(base, paths, true)
}

fn locate_with(base: &Path, paths: &[PathBuf], may_be_missing: bool) -> Result<Place, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut place: Option<(Place, &Path)> = None;
    let mut everything = false;
    for path in paths {
        let found = canonical(base, path);
        let is_missing = may_be_missing && found.is_err();
        let full = match found {
            Err(failure) if may_be_missing => as_written(base, path).ok_or(failure)?,
            found => found?,
        };
        let (place, first) = match &mut place {
            Some(place) => place,
            None => place.insert((Place { root: root_of(&full), ..Place::default() }, path)),
        };
        let marked = marked_ancestor(&full);
        let same = full.starts_with(&place.root) && marked.is_none_or(|root| root == place.root);
        if !same {
            return Err(Failure::new(format!(
                "{} and {} are in different repositories",
                first.display(),
                path.display()
            ))
            .with_help("check them one at a time"));
        }
        let scope = relative(&place.root, &full);
        everything |= scope.bytes().is_empty();
        if is_missing {
            place.missing.push(scope.clone());
        }
        place.scopes.push(scope);
    }
    let (mut place, _) = place.ok_or_else(|| Failure::new("no path was given"))?;
    if everything {
        place.scopes.clear();
    }
    place.scopes.sort();
    place.scopes.dedup();
    Ok(place)
}

/// Where a path would be if it were there: the nearest folder above it that is, and the rest as it is
/// written. `None` when the rest leads upwards.
fn as_written(base: &Path, path: &Path) -> Option<PathBuf> {
    let full = base.join(path);
    let (above, found) = full.ancestors().skip(1).find_map(|it| Some((it, it.canonicalize().ok()?)))?;
    let rest = full.strip_prefix(above).ok()?;
    let plain = rest.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    (plain && found.is_dir()).then(|| found.join(rest))
}

fn canonical(base: &Path, path: &Path) -> Result<PathBuf, Failure> {
    base.join(path).canonicalize().map_err(|error| {
        let failure = Failure::io("assess", path, &error);
        match error.kind() {
            io::ErrorKind::NotFound => {
                failure.with_help("give a folder or a file that exists, or none for `.`")
            }
            _ => failure,
        }
    })
}

fn root_of(full: &Path) -> PathBuf {
    let folder = if full.is_dir() { full } else { full.parent().unwrap_or(full) };
    marked_ancestor(full).unwrap_or(folder).to_path_buf()
}

fn marked_ancestor(full: &Path) -> Option<&Path> {
    full.ancestors().find(|folder| MARKS.iter().any(|mark| folder.join(mark).symlink_metadata().is_ok()))
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

/// The repository's files as they are on disk.
///
/// # Errors
/// When the root cannot be opened.
pub(super) fn open(root: &Path) -> Result<DiskTree, Failure> {
    DiskTree::open(root).map_err(|error| cannot_read(root, &error))
}

/// Every path of the repository.
///
/// # Errors
/// When the root cannot be listed.
pub(super) fn entries(root: &Path) -> Result<Vec<Entry>, Failure> {
    let listing = open(root)?.list().map_err(|error| cannot_read(root, &error))?;
    Ok(listing.entries)
}

/// The repository as a whole cannot be read.
pub(super) fn cannot_read(root: &Path, error: &ReadError) -> Failure {
    Failure::new(format!("cannot read {}: {}: {}", root.display(), error.reason.words(), error.detail))
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
        let place = locate(base, &paths).map_err(|failure| failure.to_string())?;
        let root = relative(base, &place.root).lossless().into_owned();
        Ok((root, place.scopes.iter().map(|scope| scope.lossless().into_owned()).collect()))
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
    fn what_is_not_on_disk_may_be_in_a_change() {
        let (_folder, base) = tree();
        let place = |path: &str| locate_in_change(&base, &[PathBuf::from(path)]);
        let found = place("a/gone/deep.rs").expect("a place");
        assert_eq!((found.root.as_path(), found.scopes.len()), (base.join("a").as_path(), 1));
        assert_eq!(found.missing, [RepoPath::from("gone/deep.rs")]);
        assert!(place("a/src").expect("a place").missing.is_empty());
        assert!(place("a/gone/../src").is_err() && place("a/src/one.rs/x").is_err());
    }

    #[test]
    fn what_cannot_be_one_place_is_said() {
        let (_folder, base) = tree();
        assert_eq!(at(&base, &["a", "b"]).expect_err("refused"), "a and b are in different repositories");
        assert!(at(&base, &["none"]).expect_err("refused").starts_with("cannot assess none: no such file"));
    }
}
