//! The interface to the assessed tree. It is a repository on disk, a state in git, or the files of an example
//! in `stanchion test`.

use super::cache::Stamp;
use super::size::format_size;
use crate::model::{Note, Reason, RepoPath};

/// Kind of an entry. Symbolic links are never followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A FIFO, a socket or a device: never opened.
    Special,
}

/// One path of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathEntry {
    /// Path relative to the root of the tree.
    pub path: RepoPath,
    /// Kind of the entry.
    pub kind: EntryKind,
}

/// Metadata of a file, available without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Size in bytes.
    pub size: u64,
    /// Whether the owner, the group or others may execute it; `None` where the system has no such mode
    /// (Windows).
    pub executable: Option<bool>,
}

/// Why an entry could not be read or listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Kind of the reason.
    pub reason: Reason,
    /// Details for the report.
    pub detail: String,
}

/// The entries of a tree.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Entries sorted by the bytes of the path, including directories, without the root.
    pub entries: Vec<PathEntry>,
    /// Number of entries left out (see [`crate::model::PathCounts::ignored`]).
    pub ignored: usize,
    /// Paths that could not be listed or used, such as an unreadable directory or a too large ignore file.
    pub problems: Vec<(RepoPath, ReadError)>,
    /// Notes about the listing, for the report.
    pub notes: Vec<Note>,
}

/// Maximum number of bytes that [`Tree::read`] leaves in the buffer for a file over the limit.
pub const HEAD_BYTES: usize = 8 << 10;

/// A tree that can be listed and read. It is shared between threads and immutable.
pub trait Tree: Sync {
    /// Lists every entry. The result depends only on the tree.
    ///
    /// # Errors
    /// Only if the root cannot be listed. Errors below it are in [`Listing::problems`].
    fn list(&self) -> Result<Listing, ReadError>;

    /// As [`Tree::list`], for callers that only need `paths`. Lists each path that exists with its kind, and
    /// for a directory that is not empty one file in it. Other entries and their problems may be left out.
    ///
    /// # Errors
    /// Those of [`Tree::list`].
    fn list_paths(&self, paths: &[RepoPath]) -> Result<Listing, ReadError> {
        let _ = paths;
        self.list()
    }

    /// Reads the content of a regular file of at most `limit` bytes into `buffer`, which is cleared first.
    ///
    /// # Errors
    /// The file is too big, unreadable, special, or was changed during the read. If it is too big, `buffer`
    /// contains its first bytes, at most [`HEAD_BYTES`], so that the caller can detect a binary file. They may
    /// be missing if the system cannot read them. After any other error `buffer` is empty.
    fn read(&self, path: &RepoPath, limit: u64, buffer: &mut Vec<u8>) -> Result<(), ReadError>;

    /// As [`Tree::read`], and returns the stamp of the bytes that were read, which was equal before and after
    /// the read. Returns `None` if the tree has no stamps or the stamp is uncertain. The caller checks
    /// whether the stamp is old enough to be reliable ([`Stamp::is_settled`]).
    ///
    /// # Errors
    /// As [`Tree::read`], with the same content of `buffer`.
    fn read_stamped(
        &self,
        path: &RepoPath,
        limit: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Stamp>, ReadError> {
        self.read(path, limit, buffer).map(|()| None)
    }

    /// Returns the stamps of regular files, one for each path in the same order, without opening a file or
    /// following a link. `None` if the file does not exist, is not a regular file, or the tree has no stamps.
    /// Fastest for sorted paths.
    fn stamps(&self, paths: &[&RepoPath]) -> Vec<Option<Stamp>> {
        vec![None; paths.len()]
    }

    /// Returns size and mode of a file, without opening it or following a link.
    ///
    /// # Errors
    /// If the metadata cannot be read.
    fn metadata(&self, path: &RepoPath) -> Result<Metadata, ReadError>;
}

/// Returns the error for a file of `size` bytes that exceeds `limit`.
pub(crate) fn too_big(size: u64, limit: u64) -> ReadError {
    ReadError {
        reason: Reason::TooBig,
        detail: format!("{} exceeds the limit of {}", format_size(size), format_size(limit)),
    }
}
