//! What changed since a revision: the work tree (staged or not, tracked or new) against the commit where
//! its history parted from the revision's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::compare::{Difference, Side, differences, is_there};
use super::index::{Entry as IndexEntry, Index, Seen};
use super::merge_base::{Base, merge_base};
use super::oid::ObjectId;
use super::revision::{resolve, shown};
use super::structure::mode;
use super::versions::{Before, MAX_COMPARED, Versions, is_stored_without_crlf, same_content};
use super::{GitError, Repository};
use crate::engine::cache::Stamp;
use crate::engine::tree::{Entry, EntryKind, Listing, Metadata, ReadError, Tree};
use crate::engine::{Change, ChangeKind, ChangedLines};
use crate::model::{RepoPath, place_below};

/// What changed since a revision.
pub struct Since {
    /// The work tree as it is.
    pub tree: Arc<dyn Tree + Send + Sync>,
    /// How it differs from the merge base.
    pub changes: Vec<Change>,
    /// The changed lines.
    pub lines: Arc<dyn ChangedLines>,
    /// The merge base, in hexadecimal digits.
    pub base: String,
}

impl Repository {
    /// Compares `disk`, the tree at the root that this repository was opened with, with the merge base of
    /// `revision` and `HEAD`.
    ///
    /// # Errors
    /// Says what cannot be used, and what to do.
    pub fn since(&self, revision: &str, disk: Arc<dyn Tree + Send + Sync>) -> Result<Since, GitError> {
        let wanted = resolve(revision, &self.refs, &self.objects, &self.shallow()?)?;
        let revision = shown(revision);
        let revision = revision.as_str();
        let Some(head) = self.head()? else {
            return Err(GitError::new(format!(
                "cannot compare with `{revision}`: nothing is committed on this branch yet"
            ))
            .with_help("`stanchion check --staged` assesses the first commit"));
        };
        let base = self.base_of(revision, wanted, head)?;
        let index = self.index()?;
        let found = differences(&self.objects, Some(self.tree_of(&base)?), &index)?;
        let listing = disk.list().map_err(|error| GitError::new(error.detail))?;
        let work = Work { repository: self, index: &index, found: &found, disk: disk.as_ref() };
        let (changes, before) = work.changes(&listing);
        let tree: Arc<dyn Tree + Send + Sync> = Arc::new(Listed { disk, listing: Mutex::new(Some(listing)) });
        let lines = Arc::new(Versions { objects: Arc::clone(&self.objects), before, now: Arc::clone(&tree) });
        Ok(Since { tree, changes, lines, base: base.to_string() })
    }

    fn base_of(&self, revision: &str, wanted: ObjectId, head: ObjectId) -> Result<ObjectId, GitError> {
        match merge_base(&self.objects, head, wanted, &self.shallow()?) {
            Ok(Base::Commit(base)) => Ok(base),
            Ok(Base::None { cut: true }) => Err(GitError::new(format!(
                "cannot compare with `{revision}`: this clone is shallow, and its history ends before the \
                 commit where the two parted"
            ))
            .with_help("`git fetch --unshallow` (or `git fetch --deepen=100`) gets the missing history")),
            Ok(Base::None { cut: false }) => Err(GitError::new(format!(
                "cannot compare with `{revision}`: it shares no history with what is checked out"
            ))
            .with_help("name a revision that does; `git log --oneline --all --graph` shows them")),
            Err((id, fault)) => Err(GitError::new(format!(
                "cannot compare with `{revision}`: the commit {id} cannot be read: {}",
                fault.words()
            ))
            .with_help("`git fetch` gets missing commits; `git fsck` says what is damaged")),
        }
    }
}

/// What is compared.
struct Work<'w> {
    repository: &'w Repository,
    index: &'w Index,
    found: &'w [Difference],
    disk: &'w (dyn Tree + Send + Sync),
}

impl Work<'_> {
    fn changes(&self, listing: &Listing) -> (Vec<Change>, BTreeMap<RepoPath, Before>) {
        let gone = self.removed(listing);
        let gone_ids: BTreeSet<ObjectId> = gone.iter().map(|(_, side)| side.id).collect();
        let here: Vec<(Change, Option<ObjectId>)> = listing
            .entries
            .par_iter()
            .filter(|entry| entry.kind != EntryKind::Directory)
            .filter_map(|entry| self.change(entry, &gone_ids))
            .collect();
        let mut changes = Vec::new();
        let mut before = BTreeMap::new();
        for (path, side) in gone {
            before.insert(path.clone(), Before { id: side.id, indexed: None });
            changes.push(Change { path, kind: ChangeKind::Removed });
        }
        for (change, id) in here {
            if let Some(id) = id {
                let indexed = self.index.find(&self.full(&change.path)).and_then(IndexEntry::id);
                before.insert(change.path.clone(), Before { id, indexed });
            }
            changes.push(change);
        }
        (changes, before)
    }

    fn full(&self, path: &RepoPath) -> Vec<u8> {
        [self.repository.prefix.as_slice(), path.bytes()].concat()
    }

    /// What the base and the index have at a path.
    fn sides(&self, full: &[u8]) -> (Option<Side>, Option<IndexEntry<'_>>) {
        let entry = self.index.find(full).filter(|&entry| is_there(entry));
        let base = match self.found.binary_search_by(|it| it.path.as_slice().cmp(full)) {
            Ok(at) => self.found[at].base,
            Err(_) => entry.and_then(|entry| Some(Side { mode: entry.mode(), id: entry.id()? })),
        };
        (base, entry)
    }

    /// How a path that is there changed, and its object before; `None` when it is the same.
    fn change(&self, entry: &Entry, gone: &BTreeSet<ObjectId>) -> Option<(Change, Option<ObjectId>)> {
        let full = self.full(&entry.path);
        let (base, indexed) = self.sides(&full);
        let change = |kind| Change { path: entry.path.clone(), kind };
        let clean = |entry: IndexEntry<'_>| entry.stage() == 0 && self.is_as_seen(&full, entry);
        let Some(base) = base else {
            // A file that only moved has no new line.
            let moved = indexed.and_then(IndexEntry::id).filter(|id| gone.contains(id));
            let moved = moved.filter(|&id| {
                let side = indexed.map(|it| Side { mode: it.mode(), id });
                indexed.is_some_and(clean) || side.is_some_and(|side| self.is_same(&entry.path, side))
            });
            return Some((change(ChangeKind::Added), moved));
        };
        match (entry.kind, mode::kind(base.mode)) {
            (EntryKind::Link, mode::LINK) => {
                let same = indexed.is_some_and(|it| it.id() == Some(base.id) && it.stage() == 0);
                return (!same).then(|| (change(ChangeKind::Modified), None));
            }
            (EntryKind::File, kind) if !matches!(kind, mode::LINK | mode::COMMIT) => {}
            // It was something else.
            _ => return Some((change(ChangeKind::Modified), None)),
        }
        let same = match indexed {
            Some(it) if clean(it) => it.id() == Some(base.id) && same_bit(it.mode(), base.mode),
            _ => {
                // What is stored with other line ends is another content, whatever is on disk.
                let id = indexed.and_then(IndexEntry::id);
                let stored = |id| id == base.id || is_stored_without_crlf(&self.repository.objects, &id);
                id.is_none_or(stored) && self.is_same(&entry.path, base) || self.is_base(&entry.path, base)
            }
        };
        (!same).then(|| (change(ChangeKind::Modified), Some(base.id)))
    }

    /// Whether git has seen the file as it is on disk now. One as young as the index may have changed
    /// without a trace.
    fn is_as_seen(&self, full: &[u8], entry: IndexEntry<'_>) -> bool {
        let Some(now) = on_disk(&self.repository.top, full) else { return false };
        let seen = entry.seen();
        let Some(written) = self.index.written else { return false };
        let written = written.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let old = (u64::from(seen.mtime.0), seen.mtime.1) < (written.as_secs(), written.subsec_nanos());
        // Zero: git could not tell, or wants to look again.
        let inode = seen.inode == 0 || seen.inode == now.inode;
        old && inode && (seen.mtime, seen.ctime, seen.size) == (now.mtime, now.ctime, now.size)
    }

    /// Whether content and mode on disk are those of `base`, but for line ends and pointers of git LFS.
    fn is_same(&self, path: &RepoPath, base: Side) -> bool {
        self.compare(path, base, same_content)
    }

    /// Whether content and mode on disk are those of `base`.
    fn is_base(&self, path: &RepoPath, base: Side) -> bool {
        self.compare(path, base, |stored, disk| stored == disk)
    }

    fn compare(&self, path: &RepoPath, base: Side, same: impl Fn(&[u8], &[u8]) -> bool) -> bool {
        let Ok((_, stored)) = self.repository.objects.read(&base.id, MAX_COMPARED) else { return false };
        let mut now = Vec::new();
        if self.disk.read(path, MAX_COMPARED, &mut now).is_err() || !same(&stored, &now) {
            return false;
        }
        // Where nobody knows who may execute a file, nothing changed about it.
        let is_same = |executable| executable == mode::executable(base.mode);
        self.disk.metadata(path).is_ok_and(|it| it.executable.is_none_or(is_same))
    }

    /// What the base has and the work tree has not, as far as it lies below the root.
    fn removed(&self, listing: &Listing) -> Vec<(RepoPath, Side)> {
        let mut gone = Vec::new();
        let mut look = |full: &[u8], side: Side| {
            let Some(path) = full.strip_prefix(self.repository.prefix.as_slice()) else { return };
            let listed = listing.entries.binary_search_by(|entry| entry.path.bytes().cmp(path));
            let is_there = listed.is_ok_and(|at| listing.entries[at].kind != EntryKind::Directory);
            // What is left out of the list on purpose is still on disk.
            if !is_there && mode::kind(side.mode) != mode::COMMIT && is_absent(&self.repository.top, full) {
                gone.push((RepoPath::new(path), side));
            }
        };
        for difference in self.found.iter().filter(|it| !it.now) {
            if let Some(side) = difference.base {
                look(&difference.path, side);
            }
        }
        for entry in self.index.iter().filter(|&entry| is_there(entry) && !entry.skip_worktree()) {
            if let (Some(side), Some(_)) = self.sides(entry.path()) {
                look(entry.path(), side);
            }
        }
        gone.sort_by(|a, b| a.0.cmp(&b.0));
        gone.dedup_by(|a, b| a.0 == b.0);
        gone
    }
}

fn same_bit(a: u32, b: u32) -> bool {
    mode::executable(a) == mode::executable(b)
}

/// Whether there is no file or link at `full`, links above it not followed.
fn is_absent(top: &Path, full: &[u8]) -> bool {
    let mut slashes = memchr::memchr_iter(b'/', full);
    let is_folder = |at: usize| {
        let above = place_below(top, &full[..at]).map(|path| path.symlink_metadata());
        // Where that cannot be told, the path itself decides.
        above.is_none_or(|it| it.is_err() || it.is_ok_and(|metadata| metadata.is_dir()))
    };
    if !slashes.all(is_folder) {
        return true;
    }
    let found = place_below(top, full).map(|path| path.symlink_metadata());
    match found {
        Some(Ok(metadata)) => metadata.is_dir(),
        Some(Err(error)) => {
            matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
        }
        None => false,
    }
}

/// What the system says of a file, in the words of the index.
#[cfg(unix)]
fn on_disk(top: &Path, full: &[u8]) -> Option<Seen> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = place_below(top, full)?.symlink_metadata().ok()?;
    // The index holds the low 32 bits of each.
    let low = |number: i64| u32::try_from(number & 0xffff_ffff).unwrap_or(0);
    let low_unsigned = |number: u64| u32::try_from(number & 0xffff_ffff).unwrap_or(0);
    Some(Seen {
        ctime: (low(metadata.ctime()), low(metadata.ctime_nsec())),
        mtime: (low(metadata.mtime()), low(metadata.mtime_nsec())),
        inode: low_unsigned(metadata.ino()),
        size: low_unsigned(metadata.size()),
    })
}

/// Elsewhere contents are compared.
#[cfg(not(unix))]
fn on_disk(_top: &Path, _full: &[u8]) -> Option<Seen> {
    None
}

/// The work tree with the list of it that was made already.
struct Listed {
    disk: Arc<dyn Tree + Send + Sync>,
    listing: Mutex<Option<Listing>>,
}

impl Tree for Listed {
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
