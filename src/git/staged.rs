//! Staged changes: the index as a file tree, and its differences from the last commit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::compare::{find_differences, is_present};
use super::index::{Index, IndexEntry};
use super::objects::{ObjectFault, Objects};
use super::structure::mode;
use super::versions::{BaseVersion, FileVersions};
use super::{GitError, Repository};
use crate::engine::tree::{EntryKind, HEAD_BYTES, Listing, Metadata, PathEntry, ReadError, Tree, too_big};
use crate::engine::{Change, ChangeKind, ChangedLines};
use crate::model::{Reason, RepoPath};

/// The staged files and their changes.
pub struct StagedChanges {
    /// Files of the index with the content that would be committed.
    pub tree: Arc<dyn Tree + Send + Sync>,
    /// Changes from the last commit to the index. Before the first commit, every file is added.
    pub changes: Vec<Change>,
    /// Provider of the changed lines.
    pub lines: Arc<dyn ChangedLines>,
}

impl Repository {
    /// Reads the staged changes. The work tree is not read.
    ///
    /// # Errors
    /// If git's data cannot be used. The message states the reason, the help what to do.
    pub fn staged_changes(&self) -> Result<StagedChanges, GitError> {
        let index = Arc::new(self.index()?);
        let head = self.head()?.map(|head| self.tree_of(&head)).transpose()?;
        let found = find_differences(&self.objects, head, &index)?;
        let mut changes = Vec::new();
        let mut before = BTreeMap::new();
        // A file that was only moved has no new lines.
        let gone: BTreeSet<_> =
            found.iter().filter(|it| !it.in_index).filter_map(|it| it.base.map(|base| base.id)).collect();
        for difference in found {
            let Some(path) = difference.path.strip_prefix(self.prefix.as_slice()) else { continue };
            let entry = index.find(&difference.path);
            let kind = |mode| mode::kind(mode) == mode::COMMIT;
            // Nested repositories are not assessed.
            let nested = match (difference.in_index, entry, difference.base) {
                (true, Some(entry), _) => kind(entry.mode()),
                (_, _, Some(base)) => kind(base.mode),
                _ => false,
            };
            if nested || !is_safe_path(path) {
                continue;
            }
            let path = RepoPath::new(path);
            let id = difference.base.map(|base| base.id);
            let moved = entry.and_then(IndexEntry::id).filter(|id| gone.contains(id));
            if let Some(id) = id.or(moved) {
                before.insert(path.clone(), BaseVersion { id, indexed: None });
            }
            let kind = match (difference.base, difference.in_index) {
                (None, _) => ChangeKind::Added,
                (Some(_), true) => ChangeKind::Modified,
                (Some(_), false) => ChangeKind::Removed,
            };
            changes.push(Change { path, kind });
        }
        let objects = Arc::clone(&self.objects);
        let tree: Arc<dyn Tree + Send + Sync> =
            Arc::new(IndexTree { objects: Arc::clone(&objects), index, prefix: self.prefix.clone() });
        let lines = Arc::new(FileVersions { objects, before, now: Arc::clone(&tree) });
        Ok(StagedChanges { tree, changes, lines })
    }
}

/// The index as a file tree.
struct IndexTree {
    objects: Arc<Objects>,
    index: Arc<Index>,
    prefix: Vec<u8>,
}

/// Whether git itself would create this path. A hostile index may contain other paths.
fn is_safe_path(path: &[u8]) -> bool {
    !path.contains(&0)
        && path
            .split(|&byte| byte == b'/')
            .all(|part| !matches!(part, b"" | b"." | b"..") && !part.eq_ignore_ascii_case(b".git"))
}

impl IndexTree {
    fn find_entry(&self, path: &RepoPath) -> Result<IndexEntry<'_>, ReadError> {
        let full = [self.prefix.as_slice(), path.bytes()].concat();
        let entry = self.index.find(&full).ok_or_else(|| unreadable("it is not in git's index"))?;
        if entry.stage() != 0 {
            let detail = "merge conflict: resolve it and stage the file".to_owned();
            return Err(ReadError { reason: Reason::Unmerged, detail });
        }
        Ok(entry)
    }

    /// Returns the kind of entry at `path`.
    fn kind_at(&self, path: &RepoPath) -> Option<EntryKind> {
        if self.first_below(path.bytes()).is_some() {
            return Some(EntryKind::Directory);
        }
        let full = [self.prefix.as_slice(), path.bytes()].concat();
        let here = self.index.iter_from(self.index.start_of(&full)).take_while(|entry| entry.path() == full);
        let entry = here.filter(|&entry| is_present(entry)).find(|_| is_safe_path(path.bytes()))?;
        Some(kind_of(entry.mode()))
    }

    /// Returns the first file or symbolic link in the directory `path`.
    fn first_below(&self, path: &[u8]) -> Option<(&[u8], EntryKind)> {
        let inside = [self.prefix.as_slice(), path, b"/"].concat();
        let below = self.index.iter_from(self.index.start_of(&inside));
        below
            .take_while(|entry| entry.path().starts_with(&inside))
            .filter(|&entry| is_present(entry))
            .map(|entry| (&entry.path()[self.prefix.len()..], kind_of(entry.mode())))
            .find(|(path, _)| is_safe_path(path))
    }
}

/// Returns the kind of an entry with this mode. The mode must not be that of a submodule.
fn kind_of(mode: u32) -> EntryKind {
    if mode::kind(mode) == mode::LINK { EntryKind::Link } else { EntryKind::File }
}

impl Tree for IndexTree {
    fn list(&self) -> Result<Listing, ReadError> {
        let mut files: Vec<PathEntry> = Vec::with_capacity(self.index.len());
        let mut directories: Vec<PathEntry> = Vec::new();
        let mut listing = Listing::default();
        let start = self.index.start_of(&self.prefix);
        let (mut last_parent, mut parent_is_plain): (&[u8], bool) = (b"", true);
        for entry in self.index.iter_from(start) {
            let Some(path) = entry.path().strip_prefix(self.prefix.as_slice()) else { break };
            if !is_present(entry) || files.last().is_some_and(|last| last.path.bytes() == path) {
                continue;
            }
            let kind = match mode::kind(entry.mode()) {
                mode::COMMIT => {
                    listing.ignored += 1;
                    continue;
                }
                _ => kind_of(entry.mode()),
            };
            let parent = memchr::memrchr(b'/', path).map(|at| &path[..at]);
            let name = &path[parent.map_or(0, |parent| parent.len() + 1)..];
            let parent = parent.unwrap_or_default();
            let is_new = parent != last_parent;
            if is_new {
                parent_is_plain = parent.is_empty() && name.len() == path.len() || is_safe_path(parent);
            }
            if !parent_is_plain || !is_safe_path(name) {
                // The directories of this path are not part of the tree, so the next path must not reuse
                // them.
                last_parent = b"";
                parent_is_plain = true;
                let detail = "git does not accept this path".to_owned();
                listing
                    .problems
                    .push((RepoPath::new(path), ReadError { reason: Reason::Unreadable, detail }));
                continue;
            }
            if is_new {
                push_new_directories(parent, last_parent, &mut directories);
                last_parent = parent;
            }
            files.push(PathEntry { path: RepoPath::new(path), kind });
        }
        // Both lists are nearly sorted; `directory` sorts before `directory.ext`, but the files in it sort
        // after.
        directories.sort_by(|a, b| a.path.cmp(&b.path));
        directories.dedup_by(|a, b| a.path == b.path);
        listing.entries = merge_sorted(files, directories);
        Ok(listing)
    }

    fn list_paths(&self, paths: &[RepoPath]) -> Result<Listing, ReadError> {
        // Submodules are counted as ignored, which requires a complete listing.
        if self.index.has_submodules {
            return self.list();
        }
        let some =
            paths.iter().filter_map(|path| Some(PathEntry { path: path.clone(), kind: self.kind_at(path)? }));
        let mut entries: Vec<PathEntry> = some.collect();
        let within = paths.iter().filter_map(|path| self.first_below(path.bytes()));
        entries.extend(within.map(|(path, kind)| PathEntry { path: RepoPath::new(path), kind }));
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        entries.dedup_by(|a, b| a.path == b.path);
        Ok(Listing { entries, ..Listing::default() })
    }

    fn read(&self, path: &RepoPath, limit: u64, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        buffer.clear();
        let entry = self.find_entry(path)?;
        let id = entry.id().ok_or_else(|| unreadable("its entry in git's index is malformed"))?;
        match self.objects.read(&id, limit) {
            Ok((_, content)) => {
                *buffer = content;
                Ok(())
            }
            Err(ObjectFault::TooBig { size, mut head }) => {
                head.truncate(HEAD_BYTES);
                *buffer = head;
                Err(too_big(size, limit))
            }
            Err(fault) => Err(unreadable(&fault.describe())),
        }
    }

    fn metadata(&self, path: &RepoPath) -> Result<Metadata, ReadError> {
        let entry = self.find_entry(path)?;
        let id = entry.id().ok_or_else(|| unreadable("its entry in git's index is malformed"))?;
        let (_, size) = self.objects.size(&id).map_err(|fault| unreadable(&fault.describe()))?;
        Ok(Metadata { size, executable: Some(mode::executable(entry.mode())) })
    }
}

fn unreadable(detail: &str) -> ReadError {
    ReadError { reason: Reason::Unreadable, detail: detail.to_owned() }
}

/// Appends the ancestor directories of `parent` that are not ancestors of `last`, the previous parent.
fn push_new_directories(parent: &[u8], last: &[u8], out: &mut Vec<PathEntry>) {
    let mut rest = parent;
    while !rest.is_empty() {
        let known = last.strip_prefix(rest).is_some_and(|after| after.is_empty() || after[0] == b'/');
        if known {
            return;
        }
        out.push(PathEntry { path: RepoPath::new(rest), kind: EntryKind::Directory });
        rest = memchr::memrchr(b'/', rest).map_or(&b""[..], |at| &rest[..at]);
    }
}

/// Merges two sorted lists. A path in both, which only a hostile index contains, is a directory.
fn merge_sorted(files: Vec<PathEntry>, directories: Vec<PathEntry>) -> Vec<PathEntry> {
    let mut all = Vec::with_capacity(files.len() + directories.len());
    let mut directories = directories.into_iter().peekable();
    for file in files {
        while let Some(directory) = directories.next_if(|directory| directory.path < file.path) {
            all.push(directory);
        }
        if directories.peek().is_none_or(|directory| directory.path != file.path) {
            all.push(file);
        }
    }
    all.extend(directories);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(entries: &[PathEntry]) -> Vec<&str> {
        entries.iter().filter_map(|entry| entry.path.as_str()).collect()
    }

    #[test]
    fn directories_are_found_and_put_in_order() {
        let mut directories = Vec::new();
        push_new_directories(b"a/b/c", b"", &mut directories);
        push_new_directories(b"a/b/d", b"a/b/c", &mut directories);
        push_new_directories(b"a/bb", b"a/b/d", &mut directories);
        directories.sort_by(|a, b| a.path.cmp(&b.path));
        assert_eq!(paths(&directories), ["a", "a/b", "a/b/c", "a/b/d", "a/bb"]);
        let file = |path: &str| PathEntry { path: RepoPath::from(path), kind: EntryKind::File };
        let all = merge_sorted(vec![file("a.txt"), file("a/b"), file("z")], directories);
        assert_eq!(paths(&all), ["a", "a.txt", "a/b", "a/b/c", "a/b/d", "a/bb", "z"]);
    }

    #[test]
    fn hostile_paths_are_detected() {
        for (path, plain) in [
            ("a/b", true),
            ("../a", false),
            ("a/./b", false),
            ("/a", false),
            ("a/.GIT/x", false),
            (".github/a", true),
        ] {
            assert_eq!(is_safe_path(path.as_bytes()), plain, "{path}");
        }
    }
}
