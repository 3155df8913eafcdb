//! Reads the stamps of many files. A directory is opened once for all files in it, not once for each.

use std::os::fd::OwnedFd;

use rayon::prelude::*;

use super::system::{Root, stamp_in};
use crate::engine::cache::Stamp;
use crate::model::RepoPath;

/// Number of paths that one thread takes at a time: large enough that two threads seldom open the same
/// directory.
const AT_A_TIME: usize = 512;
/// Number of directories that a thread keeps open. In sorted paths, a directory's files alternate with those
/// of its subdirectories, so it is needed again.
const OPEN: usize = 8;

/// See [`crate::engine::tree::Tree::stamps`].
pub(super) fn stamps(root: &Root, paths: &[&RepoPath]) -> Vec<Option<Stamp>> {
    let mut stamps = vec![None; paths.len()];
    let some = |(stamps, paths): (&mut [Option<Stamp>], &[&RepoPath])| {
        let mut directories = Directories { root, open: Vec::with_capacity(OPEN), oldest: 0 };
        for (stamp, path) in stamps.iter_mut().zip(paths) {
            *stamp = directories.stamp(path);
        }
    };
    if paths.len() <= AT_A_TIME {
        // A few paths are done before other threads have woken up.
        some((&mut stamps, paths));
    } else {
        stamps.par_chunks_mut(AT_A_TIME).zip(paths.par_chunks(AT_A_TIME)).for_each(some);
    }
    stamps
}

/// The most recently opened directories.
struct Directories<'a> {
    root: &'a Root,
    /// Path and descriptor of each; `None` if it could not be opened.
    open: Vec<(&'a [u8], Option<OwnedFd>)>,
    /// Index of the directory that is replaced next.
    oldest: usize,
}

impl<'a> Directories<'a> {
    fn stamp(&mut self, path: &'a RepoPath) -> Option<Stamp> {
        let name = path.name();
        if matches!(name, b"" | b"." | b"..") {
            return None;
        }
        stamp_in(self.get(path.parent())?, name)
    }

    fn get(&mut self, path: &'a [u8]) -> Option<&OwnedFd> {
        let known = self.open.iter().position(|(open, _)| *open == path);
        let at = known.unwrap_or_else(|| {
            let directory = (path, self.root.directory(path));
            if self.open.len() < OPEN {
                self.open.push(directory);
                return self.open.len() - 1;
            }
            let at = self.oldest;
            self.oldest = (at + 1) % OPEN;
            self.open[at] = directory;
            at
        });
        self.open[at].1.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;
    use crate::engine::tree::Tree as _;
    use crate::engine::walk::DiskTree;

    fn repository(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for path in files {
            let place = folder.path().join(path);
            fs::create_dir_all(place.parent().expect("a parent")).expect("made");
            fs::write(place, path).expect("written");
        }
        folder
    }

    /// Returns the stamps of `paths`, after testing that they are equal with and without `openat2`.
    fn stamps_of(folder: &Path, paths: &[RepoPath]) -> Vec<Option<Stamp>> {
        let paths: Vec<&RepoPath> = paths.iter().collect();
        let found = DiskTree::open(folder).expect("a tree").stamps(&paths);
        let stepwise = Root::open(folder).expect("a root").without_kernel_help();
        assert_eq!(found, stamps(&stepwise, &paths));
        found
    }

    #[test]
    fn stamps_equal_those_of_the_files_as_read() {
        // Eleven directories, so that some are closed and opened again; more paths than one thread takes.
        let names: Vec<String> = (0..1100).map(|n| format!("d{}/{}/f{n}", n % 11, n % 2)).collect();
        let folder = repository(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let paths: Vec<RepoPath> = names.iter().map(|name| RepoPath::from(name.as_str())).collect();
        let tree = DiskTree::open(folder.path()).expect("a tree");
        let mut buffer = Vec::new();
        for (path, stamp) in paths.iter().zip(stamps_of(folder.path(), &paths)) {
            assert!(stamp.is_some(), "{path:?}");
            assert_eq!(tree.read_stamped(path, 99, &mut buffer), Ok(stamp), "{path:?}");
        }
    }

    #[test]
    fn paths_that_are_not_files_of_the_repository_have_no_stamp() {
        let folder = repository(&["a/file", "top"]);
        let outside = repository(&["file"]);
        symlink(outside.path(), folder.path().join("linked")).expect("a link");
        symlink("top", folder.path().join("link")).expect("a link");
        symlink("a", folder.path().join("inner")).expect("a link");
        let paths = ["a", "a/file", "gone", "gone/file", "inner/file", "link", "linked/file", "a/../top", ""]
            .map(RepoPath::from);
        let known: Vec<bool> = stamps_of(folder.path(), &paths).iter().map(Option::is_some).collect();
        assert_eq!(known, [false, true, false, false, false, false, false, false, false]);
    }

    #[test]
    fn a_changed_file_has_a_different_stamp() {
        let folder = repository(&["one", "two"]);
        let paths = [RepoPath::from("one"), RepoPath::from("two")];
        let before = stamps_of(folder.path(), &paths);
        fs::write(folder.path().join("one"), "longer").expect("written");
        fs::write(folder.path().join("new"), "two").expect("written");
        fs::rename(folder.path().join("new"), folder.path().join("two")).expect("renamed");
        let after = stamps_of(folder.path(), &paths);
        assert!(before[0] != after[0] && before[1] != after[1], "{before:?} {after:?}");
    }
}
