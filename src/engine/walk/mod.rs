//! The walk and the only reading of repository files.
//!
//! Promises: nothing outside the root is read (but the git index of a linked worktree, for names);
//! links are never followed; FIFOs, sockets and devices are never opened; the list of files is a
//! function of the repository alone, not of the user, the machine or the number of threads.
//! No check, no guideline and no output may enter here.

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
use git_index::Tracked;
use system::Root;

/// A repository on disk.
///
/// Left out of the list: what `.gitignore` files inside the tree ignore (unless git tracks it), the
/// folders of version control (`.git`, `.hg`, `.svn`, `.jj`) and nested repositories (directories with a `.git`
/// below which git tracks nothing). Ignore files of
/// the user, of the machine, of parent directories and `.git/info/exclude` are not looked at.
#[derive(Debug)]
pub struct DiskTree {
    root: Root,
    /// Read when the first path is ignored or the first nested repository is found.
    tracked: OnceLock<Tracked>,
}

impl DiskTree {
    /// The tree below `root`, which may itself be a link.
    ///
    /// # Errors
    /// When `root` is not a directory that can be opened.
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
