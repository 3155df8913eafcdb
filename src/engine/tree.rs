//! What is assessed: a tree of entries that can be read. On disk it is a repository; in `stanchion
//! test` it is the files of an example.

use super::cache::Stamp;
use super::size::size_words;
use crate::model::{Note, Reason, RepoPath};

/// What an entry is. Links are never followed.
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
pub struct Entry {
    /// Relative path.
    pub path: RepoPath,
    /// What it is.
    pub kind: EntryKind,
}

/// What a look at an entry's metadata tells, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Size in bytes.
    pub size: u64,
    /// Whether anybody may execute it; `None` where the system does not say (Windows).
    pub executable: Option<bool>,
}

/// Why an entry could not be read or listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The kind of reason.
    pub reason: Reason,
    /// More words.
    pub detail: String,
}

/// Everything a walk found.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Entries sorted by path bytes; directories are included, the root is not.
    pub entries: Vec<Entry>,
    /// Number of entries left out (see [`crate::model::PathCounts::ignored`]).
    pub ignored: usize,
    /// Paths that could not be listed or used (an unreadable directory, an ignore file over its limit).
    pub problems: Vec<(RepoPath, ReadError)>,
    /// Things worth saying once.
    pub notes: Vec<Note>,
}

/// Most bytes of a file over its limit that [`Tree::read`] leaves in the buffer.
pub const HEAD_BYTES: usize = 8 << 10;

/// A tree that can be listed and read. Shared between threads, never mutated.
pub trait Tree: Sync {
    /// Every entry. The set is a function of the tree alone.
    ///
    /// # Errors
    /// Only when the root itself cannot be listed; anything below it is in [`Listing::problems`].
    fn list(&self) -> Result<Listing, ReadError>;

    /// As [`Tree::list`], for those who ask only about `paths`: whether each is there, what it is, and of a
    /// directory whether anything is in it (then one file of it is listed, too). Any other entry may be
    /// left out, and so may what is wrong with others.
    ///
    /// # Errors
    /// Those of [`Tree::list`].
    fn list_some(&self, paths: &[RepoPath]) -> Result<Listing, ReadError> {
        let _ = paths;
        self.list()
    }

    /// The content of a regular file of at most `limit` bytes, into `buffer` (which is cleared first
    /// and may be reused).
    ///
    /// # Errors
    /// Too big, unreadable, special, changed while it was read. When it is too big, `buffer` holds the
    /// first bytes of the file, at most [`HEAD_BYTES`], so that a caller can tell what it is (they may
    /// be missing if the system does not give them); after any other error it is empty.
    fn read(&self, path: &RepoPath, limit: u64, buffer: &mut Vec<u8>) -> Result<(), ReadError>;

    /// The same, and the stamp of exactly the bytes that were read: it was the same before and after.
    /// `None` when the tree has no stamps or the system is not sure. Whether the stamp is old enough to be
    /// relied on later is the caller's question ([`Stamp::is_settled`]).
    ///
    /// # Errors
    /// Those of [`Tree::read`], which also says what `buffer` holds then.
    fn read_stamped(
        &self,
        path: &RepoPath,
        limit: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Stamp>, ReadError> {
        self.read(path, limit, buffer).map(|()| None)
    }

    /// The stamps of regular files, one for each path in the same order, without opening a file or
    /// following a link; `None` where there is none (no such file, no regular file, a tree without
    /// stamps). Cheapest for sorted paths.
    fn stamps(&self, paths: &[&RepoPath]) -> Vec<Option<Stamp>> {
        vec![None; paths.len()]
    }

    /// Size and mode of a file, without opening it or following a link.
    ///
    /// # Errors
    /// When the system does not tell.
    fn metadata(&self, path: &RepoPath) -> Result<Metadata, ReadError>;
}

/// The reason for a file of `size` bytes where at most `limit` are read.
pub(crate) fn too_big(size: u64, limit: u64) -> ReadError {
    ReadError {
        reason: Reason::TooBig,
        detail: format!("{} is over the limit of {}", size_words(size), size_words(limit)),
    }
}
