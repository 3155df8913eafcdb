//! Changes since a revision: the work tree (staged and unstaged, tracked and untracked) compared with the
//! merge base of the revision and `HEAD`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::compare::{Difference, PathState, find_differences, is_present};
use super::index::{Index, IndexEntry, StatData};
use super::merge_base::{MergeBase, merge_base};
use super::oid::ObjectId;
use super::revision::{clip_revision, resolve_revision};
use super::structure::mode;
use super::versions::{BaseVersion, FileVersions, MAX_COMPARED, is_stored_without_crlf, same_content};
use super::{GitError, Repository};
use crate::engine::cache::Stamp;
use crate::engine::tree::{EntryKind, Listing, Metadata, PathEntry, ReadError, Tree};
use crate::engine::{Change, ChangeKind, ChangedLines};
use crate::model::{RepoPath, path_below_root};

/// Changes since a revision.
pub struct ChangesSince {
    /// The work tree.
    pub tree: Arc<dyn Tree + Send + Sync>,
    /// Changes from the merge base to the work tree.
    pub changes: Vec<Change>,
    /// Provider of the changed lines.
    pub lines: Arc<dyn ChangedLines>,
    /// Commit ID of the merge base in hexadecimal digits.
    pub base: String,
}

impl Repository {
    /// Compares `disk`, the file tree at the assessed root, with the merge base of `revision` and `HEAD`.
    ///
    /// # Errors
    /// If the revision or git's data cannot be used. The message states the reason, the help what to do.
    pub fn changes_since(
        &self,
        revision: &str,
        disk: Arc<dyn Tree + Send + Sync>,
    ) -> Result<ChangesSince, GitError> {
        let wanted = resolve_revision(revision, &self.refs, &self.objects, &self.shallow()?)?;
        let revision = clip_revision(revision);
        let revision = revision.as_str();
        let Some(head) = self.head()? else {
            return Err(GitError::new(format!(
                "cannot compare with `{revision}`: this branch has no commits yet"
            ))
            .with_help("assess the first commit with `stanchion check --staged`"));
        };
        let base = self.find_merge_base(revision, wanted, head)?;
        let index = self.index()?;
        let found = find_differences(&self.objects, Some(self.tree_of(&base)?), &index)?;
        let listing = disk.list().map_err(|error| GitError::new(error.detail))?;
        let work = WorkTreeComparison { repository: self, index: &index, found: &found, disk: disk.as_ref() };
        let (changes, before) = work.find_changes(&listing);
        let tree: Arc<dyn Tree + Send + Sync> =
            Arc::new(ListedWorkTree { disk, listing: Mutex::new(Some(listing)) });
        let lines =
            Arc::new(FileVersions { objects: Arc::clone(&self.objects), before, now: Arc::clone(&tree) });
        Ok(ChangesSince { tree, changes, lines, base: base.to_string() })
    }

    fn find_merge_base(
        &self,
        revision: &str,
        wanted: ObjectId,
        head: ObjectId,
    ) -> Result<ObjectId, GitError> {
        match merge_base(&self.objects, head, wanted, &self.shallow()?) {
            Ok(MergeBase::Commit(base)) => Ok(base),
            Ok(MergeBase::None { cut: true }) => Err(GitError::new(format!(
                "cannot compare with `{revision}`: this clone is shallow, and its history ends before the \
                 merge base"
            ))
            .with_help("fetch the missing history with `git fetch --unshallow` or `git fetch --deepen=100`")),
            Ok(MergeBase::None { cut: false }) => Err(GitError::new(format!(
                "cannot compare with `{revision}`: it shares no history with HEAD"
            ))
            .with_help("use a revision that does; list them with `git log --oneline --all --graph`")),
            Err((id, fault)) => Err(GitError::new(format!(
                "cannot compare with `{revision}`: cannot read the commit {id}: {}",
                fault.describe()
            ))
            .with_help("fetch missing commits with `git fetch`, or run `git fsck` to find the damage")),
        }
    }
}

/// Inputs of the comparison.
struct WorkTreeComparison<'w> {
    repository: &'w Repository,
    index: &'w Index,
    found: &'w [Difference],
    disk: &'w (dyn Tree + Send + Sync),
}

impl WorkTreeComparison<'_> {
    fn find_changes(&self, listing: &Listing) -> (Vec<Change>, BTreeMap<RepoPath, BaseVersion>) {
        let gone = self.find_removed(listing);
        let gone_ids: BTreeSet<ObjectId> = gone.iter().map(|(_, side)| side.id).collect();
        let here: Vec<(Change, Option<ObjectId>)> = listing
            .entries
            .par_iter()
            .filter(|entry| entry.kind != EntryKind::Directory)
            .filter_map(|entry| self.find_change(entry, &gone_ids))
            .collect();
        let mut changes = Vec::new();
        let mut before = BTreeMap::new();
        for (path, side) in gone {
            before.insert(path.clone(), BaseVersion { id: side.id, indexed: None });
            changes.push(Change { path, kind: ChangeKind::Removed });
        }
        for (change, id) in here {
            if let Some(id) = id {
                let indexed = self.index.find(&self.full_path(&change.path)).and_then(IndexEntry::id);
                before.insert(change.path.clone(), BaseVersion { id, indexed });
            }
            changes.push(change);
        }
        (changes, before)
    }

    fn full_path(&self, path: &RepoPath) -> Vec<u8> {
        [self.repository.prefix.as_slice(), path.bytes()].concat()
    }

    /// Returns the state of a path in the merge base, and its entry in the index.
    fn base_and_index(&self, full: &[u8]) -> (Option<PathState>, Option<IndexEntry<'_>>) {
        let entry = self.index.find(full).filter(|&entry| is_present(entry));
        let base = match self.found.binary_search_by(|it| it.path.as_slice().cmp(full)) {
            Ok(at) => self.found[at].base,
            Err(_) => entry.and_then(|entry| Some(PathState { mode: entry.mode(), id: entry.id()? })),
        };
        (base, entry)
    }

    /// Returns the change of an existing path, and its object in the merge base; `None` if it is unchanged.
    fn find_change(
        &self,
        entry: &PathEntry,
        gone: &BTreeSet<ObjectId>,
    ) -> Option<(Change, Option<ObjectId>)> {
        let full = self.full_path(&entry.path);
        let (base, indexed) = self.base_and_index(&full);
        let change = |kind| Change { path: entry.path.clone(), kind };
        let clean = |entry: IndexEntry<'_>| entry.stage() == 0 && self.matches_stat_data(&full, entry);
        let Some(base) = base else {
            // A file that was only moved has no new lines.
            let moved = indexed.and_then(IndexEntry::id).filter(|id| gone.contains(id));
            let moved = moved.filter(|&id| {
                let side = indexed.map(|it| PathState { mode: it.mode(), id });
                indexed.is_some_and(clean)
                    || side.is_some_and(|side| self.has_same_content(&entry.path, side))
            });
            return Some((change(ChangeKind::Added), moved));
        };
        match (entry.kind, mode::kind(base.mode)) {
            (EntryKind::Link, mode::LINK) => {
                let same = indexed.is_some_and(|it| it.id() == Some(base.id) && it.stage() == 0);
                return (!same).then(|| (change(ChangeKind::Modified), None));
            }
            (EntryKind::File, kind) if !matches!(kind, mode::LINK | mode::COMMIT) => {}
            // The type of the entry has changed.
            _ => return Some((change(ChangeKind::Modified), None)),
        }
        let same = match indexed {
            Some(it) if clean(it) => it.id() == Some(base.id) && same_executable_bit(it.mode(), base.mode),
            _ => {
                // Stored content with other line endings is different content, although git may convert the
                // line endings on disk.
                let id = indexed.and_then(IndexEntry::id);
                let stored = |id| id == base.id || is_stored_without_crlf(&self.repository.objects, &id);
                id.is_none_or(stored) && self.has_same_content(&entry.path, base)
                    || self.is_identical(&entry.path, base)
            }
        };
        (!same).then(|| (change(ChangeKind::Modified), Some(base.id)))
    }

    /// Whether the stat data in the index match the file on disk.
    ///
    /// A file whose modification time is not before that of the index never matches: a further change within
    /// the resolution of the clock leaves the stat data equal.
    fn matches_stat_data(&self, full: &[u8], entry: IndexEntry<'_>) -> bool {
        let Some(now) = read_stat_data(&self.repository.top, full) else { return false };
        let seen = entry.stat_data();
        let Some(written) = self.index.written else { return false };
        let written = written.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let old = (u64::from(seen.mtime.0), seen.mtime.1) < (written.as_secs(), written.subsec_nanos());
        // An inode of 0 means that git does not know it, or wants to check again.
        let inode = seen.inode == 0 || seen.inode == now.inode;
        old && inode && (seen.mtime, seen.ctime, seen.size) == (now.mtime, now.ctime, now.size)
    }

    /// Whether content and mode on disk equal those of `base`, ignoring line endings and Git LFS pointers.
    fn has_same_content(&self, path: &RepoPath, base: PathState) -> bool {
        self.compare(path, base, same_content)
    }

    /// Whether content and mode on disk equal those of `base` exactly.
    fn is_identical(&self, path: &RepoPath, base: PathState) -> bool {
        self.compare(path, base, |stored, disk| stored == disk)
    }

    fn compare(&self, path: &RepoPath, base: PathState, same: impl Fn(&[u8], &[u8]) -> bool) -> bool {
        let Ok((_, stored)) = self.repository.objects.read(&base.id, MAX_COMPARED) else { return false };
        let mut now = Vec::new();
        if self.disk.read(path, MAX_COMPARED, &mut now).is_err() || !same(&stored, &now) {
            return false;
        }
        // If the system has no executable bit, the bit counts as unchanged.
        let is_same = |executable| executable == mode::executable(base.mode);
        self.disk.metadata(path).is_ok_and(|it| it.executable.is_none_or(is_same))
    }

    /// Returns the paths below the assessed root that the merge base contains and the work tree does not.
    fn find_removed(&self, listing: &Listing) -> Vec<(RepoPath, PathState)> {
        let mut gone = Vec::new();
        let mut add_if_removed = |full: &[u8], side: PathState| {
            let Some(path) = full.strip_prefix(self.repository.prefix.as_slice()) else { return };
            let listed = listing.entries.binary_search_by(|entry| entry.path.bytes().cmp(path));
            let is_listed = listed.is_ok_and(|at| listing.entries[at].kind != EntryKind::Directory);
            // Ignored files are not listed, but still exist on disk.
            if !is_listed && mode::kind(side.mode) != mode::COMMIT && is_absent(&self.repository.top, full) {
                gone.push((RepoPath::new(path), side));
            }
        };
        for difference in self.found.iter().filter(|it| !it.in_index) {
            if let Some(side) = difference.base {
                add_if_removed(&difference.path, side);
            }
        }
        for entry in self.index.iter().filter(|&entry| is_present(entry) && !entry.skip_worktree()) {
            if let (Some(side), Some(_)) = self.base_and_index(entry.path()) {
                add_if_removed(entry.path(), side);
            }
        }
        gone.sort_by(|a, b| a.0.cmp(&b.0));
        gone.dedup_by(|a, b| a.0 == b.0);
        gone
    }
}

fn same_executable_bit(a: u32, b: u32) -> bool {
    mode::executable(a) == mode::executable(b)
}

/// Whether there is no file or symbolic link at `full`. Links in the folders above are not followed.
fn is_absent(top: &Path, full: &[u8]) -> bool {
    let mut slashes = memchr::memchr_iter(b'/', full);
    let is_folder = |at: usize| {
        let above = path_below_root(top, &full[..at]).map(|path| path.symlink_metadata());
        // If the folder cannot be read, the path itself decides.
        above.is_none_or(|it| it.is_err() || it.is_ok_and(|metadata| metadata.is_dir()))
    };
    if !slashes.all(is_folder) {
        return true;
    }
    let found = path_below_root(top, full).map(|path| path.symlink_metadata());
    match found {
        Some(Ok(metadata)) => metadata.is_dir(),
        Some(Err(error)) => {
            matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
        }
        None => false,
    }
}

/// Reads the stat data of a file in the form of the index.
#[cfg(unix)]
fn read_stat_data(top: &Path, full: &[u8]) -> Option<StatData> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = path_below_root(top, full)?.symlink_metadata().ok()?;
    // The index stores the low 32 bits of each value.
    let low = |number: i64| u32::try_from(number & 0xffff_ffff).unwrap_or(0);
    let low_unsigned = |number: u64| u32::try_from(number & 0xffff_ffff).unwrap_or(0);
    Some(StatData {
        ctime: (low(metadata.ctime()), low(metadata.ctime_nsec())),
        mtime: (low(metadata.mtime()), low(metadata.mtime_nsec())),
        inode: low_unsigned(metadata.ino()),
        size: low_unsigned(metadata.size()),
    })
}

/// Other systems have no comparable stat data, so contents are compared.
#[cfg(not(unix))]
fn read_stat_data(_top: &Path, _full: &[u8]) -> Option<StatData> {
    None
}

/// The work tree with a cached listing.
struct ListedWorkTree {
    disk: Arc<dyn Tree + Send + Sync>,
    listing: Mutex<Option<Listing>>,
}

impl Tree for ListedWorkTree {
    fn list(&self) -> Result<Listing, ReadError> {
        let listed = self.listing.lock().unwrap_or_else(PoisonError::into_inner).take();
        listed.map_or_else(|| self.disk.list(), Ok)
    }

    fn read(&self, path: &RepoPath, limit: u64, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        self.disk.read(path, limit, buffer)
    }

    fn read_stamped(
        &self,
        path: &RepoPath,
        limit: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Stamp>, ReadError> {
        self.disk.read_stamped(path, limit, buffer)
    }

    fn stamps(&self, paths: &[&RepoPath]) -> Vec<Option<Stamp>> {
        self.disk.stamps(paths)
    }

    fn metadata(&self, path: &RepoPath) -> Result<Metadata, ReadError> {
        self.disk.metadata(path)
    }
}
