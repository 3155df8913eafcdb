//! Walks the repository. This is the only module that reads repository files.
//!
//! Guarantees: nothing outside the root is read, except the git index of a linked worktree, for names.
//! Symbolic links are never followed. FIFOs, sockets and devices are never opened. The list of files depends
//! only on the repository, not on the user, the machine or the number of threads. This module must not depend
//! on checks, guidelines or output.

#[cfg(fuzzing)]
pub mod fuzzing;
mod git_index;
mod ignore_line;
mod ignore_rules;
mod order;
#[cfg(unix)]
mod stamps;
#[cfg(not(unix))]
#[path = "system_other.rs"]
mod system;
#[cfg(unix)]
#[path = "system_unix.rs"]
mod system;
#[cfg(all(test, unix))]
mod tests;
mod traverse;

use std::path::Path;
use std::sync::OnceLock;

use super::cache::Stamp;
use super::tree::{Listing, Metadata, ReadError, Tree};
use crate::model::RepoPath;
use git_index::TrackedFiles;
use system::Root;

/// A repository on disk.
///
/// The list leaves out untracked paths that `.gitignore` files inside the tree ignore, folders of version
/// control (`.git`, `.hg`, `.svn`, `.jj`) and nested repositories (directories with a `.git` below which git
/// tracks nothing). Ignore files of the user, of the machine and of parent directories, and
/// `.git/info/exclude`, are not used.
#[derive(Debug)]
pub struct DiskTree {
    root: Root,
    /// Read when the first ignored path or nested repository is found.
    tracked: OnceLock<TrackedFiles>,
}

impl DiskTree {
    /// Opens the tree below `root`, which may itself be a symbolic link.
    ///
    /// # Errors
    /// If `root` is not a directory or cannot be opened.
    pub fn open(root: &Path) -> Result<Self, ReadError> {
        Ok(Self { root: Root::open(root)?, tracked: OnceLock::new() })
    }
}

impl Tree for DiskTree {
    /// Runs on the current rayon pool.
    fn list(&self) -> Result<Listing, ReadError> {
        traverse::list(&self.root, &self.tracked)
    }

    fn read(&self, path: &RepoPath, limit: u64, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        self.root.read(path.bytes(), limit, buffer)
    }

    fn read_stamped(
        &self,
        path: &RepoPath,
        limit: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Stamp>, ReadError> {
        self.root.read_stamped(path.bytes(), limit, buffer)
    }

    /// Runs on the current rayon pool.
    #[cfg(unix)]
    fn stamps(&self, paths: &[&RepoPath]) -> Vec<Option<Stamp>> {
        stamps::stamps(&self.root, paths)
    }

    fn metadata(&self, path: &RepoPath) -> Result<Metadata, ReadError> {
        self.root.metadata(path.bytes())
    }
}
