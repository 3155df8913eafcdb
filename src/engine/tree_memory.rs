//! A tree in memory, for the files of an example in `stanchion test`.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{EntryKind, HEAD_BYTES, Listing, Metadata, PathEntry, ReadError, Tree, too_big};
use crate::model::{Reason, RepoPath};

/// Files in memory. The directories are the parents of the files.
#[derive(Clone, Debug, Default)]
pub struct MemoryTree {
    files: BTreeMap<RepoPath, Vec<u8>>,
    executables: BTreeSet<RepoPath>,
}

impl MemoryTree {
    /// Creates a tree of `files`: relative path and content. A later file replaces an earlier one with the
    /// same path. No file is executable.
    #[must_use]
    pub fn new(files: impl IntoIterator<Item = (RepoPath, Vec<u8>)>) -> Self {
        Self { files: files.into_iter().collect(), executables: BTreeSet::new() }
    }

    /// The same tree, with the files at `paths` executable.
    #[must_use]
    pub fn with_executables(mut self, paths: impl IntoIterator<Item = RepoPath>) -> Self {
        self.executables.extend(paths);
        self
    }

    fn content(&self, path: &RepoPath) -> Result<&[u8], ReadError> {
        self.files
            .get(path)
            .map(Vec::as_slice)
            .ok_or_else(|| ReadError { reason: Reason::Unreadable, detail: "file not found".to_owned() })
    }
}

impl Tree for MemoryTree {
    fn list(&self) -> Result<Listing, ReadError> {
        let mut directories = BTreeSet::new();
        for path in self.files.keys() {
            let mut parent = path.parent();
            while !parent.is_empty() && directories.insert(parent) {
                parent = memchr::memrchr(b'/', parent).map_or(&[], |at| &parent[..at]);
            }
        }
        let mut entries: Vec<PathEntry> = directories
            .into_iter()
            .map(|path| PathEntry { path: RepoPath::new(path), kind: EntryKind::Directory })
            .chain(self.files.keys().map(|path| PathEntry { path: path.clone(), kind: EntryKind::File }))
            .collect();
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        // A path cannot be both a file and a directory on disk; the directory is kept.
        entries.dedup_by(|later, earlier| later.path == earlier.path);
        Ok(Listing { entries, ..Listing::default() })
    }

    fn read(&self, path: &RepoPath, limit: u64, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        buffer.clear();
        let content = self.content(path)?;
        let size = content.len() as u64;
        if size > limit {
            buffer.extend_from_slice(&content[..content.len().min(HEAD_BYTES)]);
            return Err(too_big(size, limit));
        }
        buffer.extend_from_slice(content);
        Ok(())
    }

    fn metadata(&self, path: &RepoPath) -> Result<Metadata, ReadError> {
        let size = self.content(path)?.len() as u64;
        Ok(Metadata { size, executable: Some(self.executables.contains(path)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_directories_and_files_can_be_read() {
        let tree = MemoryTree::new([
            (RepoPath::from("a/b/c.txt"), b"hello".to_vec()),
            (RepoPath::from("a.txt"), Vec::new()),
        ])
        .with_executables([RepoPath::from("a/b/c.txt")]);
        let entries = tree.list().expect("a list").entries;
        let paths: Vec<_> = entries.iter().map(|e| (e.path.as_str().expect("text"), e.kind)).collect();
        assert_eq!(
            paths,
            [
                ("a", EntryKind::Directory),
                ("a.txt", EntryKind::File),
                ("a/b", EntryKind::Directory),
                ("a/b/c.txt", EntryKind::File)
            ]
        );
        let mut buffer = b"old".to_vec();
        let path = RepoPath::from("a/b/c.txt");
        assert_eq!(tree.read(&path, 5, &mut buffer), Ok(()));
        assert_eq!(buffer, b"hello");
        let error = tree.read(&path, 4, &mut buffer).expect_err("over the limit");
        assert_eq!((error.reason, buffer.len()), (Reason::TooBig, 5), "the head stays");
        assert!(tree.read(&RepoPath::from("gone"), 5, &mut buffer).is_err() && buffer.is_empty());
        assert_eq!(tree.metadata(&path), Ok(Metadata { size: 5, executable: Some(true) }));
        assert!(tree.read(&RepoPath::from("a"), 5, &mut buffer).is_err());
    }
}
