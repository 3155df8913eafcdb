//! Restricts a run to a change: which paths are assessed, and which findings belong to the change.
//!
//! A guideline that is judged whole is assessed as if there were no focus. For the others, a finding in a
//! file is reported if it touches a changed line. A finding about names is reported if it did not exist
//! before the change (removing a file can leave another without its pair). A finding about size or mode is
//! reported if the file changed. This module does not depend on where the change comes from.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::applies::Condition;
use super::checks::files::CompiledFiles;
use super::file_result::{CannotTell, RawFinding};
use super::glob::Globs;
use super::tree::{EntryKind, PathEntry, Tree};
use crate::model::{Applies, CheckKind, FixSpec, Guideline, GuidelineId, RepoPath};
use crate::text::Position;

/// How a path changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It did not exist before.
    Added,
    /// It exists before and after the change.
    Modified,
    /// It no longer exists.
    Removed,
}

/// A changed path: a file, a symbolic link or a special file, never a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Path relative to the root of the tree.
    pub path: RepoPath,
    /// How it changed.
    pub kind: ChangeKind,
}

/// The changed lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineChanges {
    /// Every line: the file is new, or too large to compare.
    All,
    /// First and last line of each change, counted from 1. For a deletion, the last line is one less than the
    /// first: the deleted lines were between the two.
    Some(Vec<(u32, u32)>),
}

impl LineChanges {
    /// Collects line ranges; see [`LineChanges::Some`].
    pub fn some(changes: impl IntoIterator<Item = (u32, u32)>) -> Self {
        Self::Some(changes.into_iter().collect())
    }

    /// Whether a finding from `start` to `end` (one past its last character) touches a changed line. An empty
    /// range reports something missing; it belongs to any change of the file.
    #[must_use]
    pub fn touches(&self, start: Position, end: Position) -> bool {
        let Self::Some(changes) = self else { return true };
        if start.byte == end.byte {
            return !changes.is_empty();
        }
        // If the end is in the first column, the finding ends with the previous line.
        let last_line = if end.column <= 1 && end.line > start.line { end.line - 1 } else { end.line };
        changes.iter().any(|&(first, last)| start.line <= last && last_line >= first)
    }
}

impl LineChanges {
    /// Whether a deletion may have caused a finding of a check of `kind` on unchanged lines.
    ///
    /// Code: if the deleted lines were adjacent (`defer` after a lock). Data: anywhere in the file, because a
    /// missing value is reported at the start of the document. Text matches do not depend on neighbouring
    /// lines.
    #[must_use]
    pub fn may_follow_deletion(&self, kind: &CheckKind, start: Position, end: Position) -> bool {
        let Self::Some(changes) = self else { return true };
        let mut deletions = changes.iter().filter(|&&(first, last)| last < first);
        match kind {
            CheckKind::Data(_) => deletions.next().is_some(),
            CheckKind::Code(_) => deletions.any(|&(after, before)| start.line <= after && end.line >= before),
            CheckKind::Files(_) | CheckKind::Text(_) | CheckKind::Tool(_) => false,
        }
    }
}

/// Provides the changed lines of files and their previous content.
pub trait ChangedLines: Send + Sync {
    /// Returns the changed lines of a file that was added or modified. Called only for files with findings.
    fn lines(&self, path: &RepoPath) -> LineChanges;

    /// Returns the previous content of a modified or removed file, if it was at most `limit` bytes and can be
    /// read. For a file that was moved, returns the content at its old path.
    fn before(&self, path: &RepoPath, limit: u64) -> Option<Vec<u8>> {
        let _ = (path, limit);
        None
    }
}

/// A change to which a run is restricted, and the guidelines that are judged whole nevertheless. It serves
/// one run: results derived from the run's entries are cached.
#[derive(Clone)]
pub struct Focus {
    changes: Vec<Change>,
    lines: Arc<dyn ChangedLines>,
    whole: BTreeSet<GuidelineId>,
    /// Number of the run's entries when computed, and the indexes of the new ones.
    added: OnceLock<(usize, Vec<usize>)>,
    /// Number of the run's entries when computed, and the entries before the change.
    before: OnceLock<(usize, Vec<PathEntry>)>,
}

impl fmt::Debug for Focus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Focus")
            .field("changes", &self.changes)
            .field("whole", &self.whole)
            .finish_non_exhaustive()
    }
}

impl Focus {
    /// A focus on `changes`. Guidelines whose id is in `whole` (the promised ones) are judged on the whole
    /// repository.
    #[must_use]
    pub fn new(mut changes: Vec<Change>, lines: Arc<dyn ChangedLines>, whole: BTreeSet<GuidelineId>) -> Self {
        changes.sort();
        Self { changes, lines, whole, added: OnceLock::new(), before: OnceLock::new() }
    }

    /// Number of changed paths.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether the guideline `id` is judged whole.
    #[must_use]
    pub fn judges_whole(&self, id: &GuidelineId) -> bool {
        self.whole.contains(id)
    }

    /// Whether any guideline is judged whole.
    #[must_use]
    pub fn judges_some_whole(&self) -> bool {
        !self.whole.is_empty()
    }

    /// Whether `path` was added or modified.
    #[must_use]
    pub fn is_changed(&self, path: &RepoPath) -> bool {
        self.kind_of(path).is_some_and(|kind| kind != ChangeKind::Removed)
    }

    /// Whether `path` is one of the paths that the run counts.
    #[must_use]
    pub fn includes(&self, path: &RepoPath) -> bool {
        self.judges_some_whole() || self.is_changed(path)
    }

    /// Returns the changes in order of path.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Returns the content of a file before the change; see [`ChangedLines::before`].
    #[must_use]
    pub fn before_change(&self, path: &RepoPath, limit: u64) -> Option<Vec<u8>> {
        self.lines.before(path, limit)
    }

    /// The same change, with these guidelines judged whole.
    #[must_use]
    pub fn judging_whole(&self, whole: BTreeSet<GuidelineId>) -> Self {
        Self::new(self.changes.clone(), Arc::clone(&self.lines), whole)
    }

    /// The same change without paths inside `nested` projects, which are assessed separately.
    #[must_use]
    pub fn without_nested(&self, nested: &[RepoPath]) -> Self {
        let own = |change: &&Change| !nested.iter().any(|project| change.path.is_within(project));
        let changes = self.changes.iter().filter(own).cloned().collect();
        Self::new(changes, Arc::clone(&self.lines), self.whole.clone())
    }

    /// Returns the changed lines of `path`.
    #[must_use]
    pub fn lines(&self, path: &RepoPath) -> LineChanges {
        self.lines.lines(path)
    }

    fn kind_of(&self, path: &RepoPath) -> Option<ChangeKind> {
        let at = self.changes.binary_search_by(|change| change.path.cmp(path)).ok()?;
        Some(self.changes[at].kind)
    }

    /// Runs a check of names, of a guideline that is not judged whole, on the change only. As
    /// [`CompiledFiles::assess`], but `mark_inspected` is called only for changed entries.
    #[expect(clippy::too_many_arguments, reason = "the same parameters as the check")]
    pub fn assess_names(
        &self,
        check: &CompiledFiles,
        number: u32,
        entries: &[PathEntry],
        tree: &dyn Tree,
        message: Option<&str>,
        fix: Option<&FixSpec>,
        out: &mut Vec<(RepoPath, RawFinding)>,
        cannot_tell: &mut Vec<(RepoPath, CannotTell)>,
        mark_inspected: &mut dyn FnMut(usize),
    ) {
        let only_names = check.depends_only_on_paths();
        if only_names && self.changes.iter().all(|change| change.kind == ChangeKind::Modified) {
            return;
        }
        let root = RepoPath::from("");
        if check.judges_each_path_alone() {
            let own = self.own_entries(entries, !only_names);
            let some: Vec<PathEntry> = own.iter().map(|&at| entries[at].clone()).collect();
            check.assess(number, &some, tree, &root, message, fix, out, cannot_tell, &mut |at| {
                mark_inspected(own[at]);
            });
            return;
        }
        let mut found = Vec::new();
        let mut unknown = Vec::new();
        check.assess(number, entries, tree, &root, message, fix, &mut found, &mut unknown, &mut |at| {
            if self.is_changed(&entries[at].path) {
                mark_inspected(at);
            }
        });
        unknown.retain(|(path, _)| self.is_changed(path));
        cannot_tell.append(&mut unknown);
        if !found.is_empty() {
            let before = self.entries_before(entries);
            if before.is_empty() {
                // Every entry is new, so every finding is new.
                out.append(&mut found);
                return;
            }
            let (mut old, mut ignored) = (Vec::new(), Vec::new());
            check.assess(number, &before, tree, &root, message, fix, &mut old, &mut ignored, &mut |_| {});
            let old: HashSet<(&[u8], &str)> =
                old.iter().map(|(path, found)| (path.bytes(), found.content.as_str())).collect();
            found.retain(|(path, found)| !old.contains(&(path.bytes(), found.content.as_str())));
        }
        out.append(&mut found);
    }

    /// Returns the indexes of the entries that were added or modified, in order.
    #[must_use]
    pub fn changed_indexes(&self, entries: &[PathEntry]) -> Vec<usize> {
        let find = |change: &Change| entries.binary_search_by(|entry| entry.path.cmp(&change.path)).ok();
        let here = self.changes.iter().filter(|change| change.kind != ChangeKind::Removed);
        let mut places: Vec<usize> = here.filter_map(find).collect();
        places.dedup();
        places
    }

    /// Returns the entries that were added or modified.
    #[must_use]
    pub fn changed_entries(&self, entries: &[PathEntry]) -> Vec<PathEntry> {
        self.changed_indexes(entries).into_iter().map(|at| entries[at].clone()).collect()
    }

    /// Settles the condition of a guideline that is not judged whole, and returns whether it applies to the
    /// change. The repository is searched only if the result depends on it: most guidelines do not concern a
    /// given change, and those must be cheap.
    pub fn settle(
        &self,
        condition: &mut Condition,
        guideline: &Guideline,
        entries: &[PathEntry],
        changed: &[PathEntry],
    ) -> bool {
        let needs_name_checks = self.needs_name_checks(guideline);
        // First assume for every `exists` the result that lets the condition hold; this needs no search.
        condition.settle(&[], true);
        if !needs_name_checks && (changed.is_empty() || !condition.holds_somewhere(changed)) {
            return false;
        }
        condition.settle(entries, false);
        condition.holds_somewhere(if needs_name_checks { entries } else { changed })
    }

    /// Whether a check of names of the guideline has to run for this change.
    fn needs_name_checks(&self, guideline: &Guideline) -> bool {
        let edits_only = self.changes.iter().all(|change| change.kind == ChangeKind::Modified);
        guideline.checks.iter().any(|check| match &check.kind {
            CheckKind::Files(files) => !edits_only || files.size.is_some() || files.executable.is_some(),
            _ => false,
        })
    }

    /// Returns the paths that `guidelines` need for this change, in order. `None` if they may need any path:
    /// if a guideline is judged whole, a check of names has to run, or `exists` contains a pattern.
    #[must_use]
    pub fn needed_paths(&self, guidelines: &[Arc<Guideline>]) -> Option<Vec<RepoPath>> {
        if self.judges_some_whole() {
            return None;
        }
        let here = self.changes.iter().filter(|change| change.kind != ChangeKind::Removed);
        let mut paths: Vec<RepoPath> = here.map(|change| change.path.clone()).collect();
        for guideline in guidelines {
            if self.needs_name_checks(guideline) || !add_required_paths(&guideline.applies, &mut paths) {
                return None;
            }
        }
        paths.sort();
        paths.dedup();
        Some(paths)
    }

    /// Returns the indexes of added entries, including directories that contain only added entries. With
    /// `modified`, modified entries as well.
    fn own_entries(&self, entries: &[PathEntry], modified: bool) -> Vec<usize> {
        let (known, added) = self.added.get_or_init(|| (entries.len(), self.find_added(entries)));
        let mut own = if *known == entries.len() { added.clone() } else { self.find_added(entries) };
        if modified {
            let changed = self.changes.iter().filter(|change| change.kind == ChangeKind::Modified);
            own.extend(changed.filter_map(|change| find(entries, change.path.bytes())));
            own.sort_unstable();
            own.dedup();
        }
        own
    }

    /// Returns the indexes of added entries, including directories that contain only added entries. Visits
    /// each entry once.
    fn find_added(&self, entries: &[PathEntry]) -> Vec<usize> {
        let is_old = |entry: &&PathEntry| {
            entry.kind != EntryKind::Directory && self.kind_of(&entry.path) != Some(ChangeKind::Added)
        };
        let mut added: Vec<usize> = self
            .new_directories(entries.iter().filter(is_old))
            .iter()
            .filter_map(|it| find(entries, it))
            .collect();
        let new = self.changes.iter().filter(|change| change.kind == ChangeKind::Added);
        added.extend(new.filter_map(|change| find(entries, change.path.bytes())));
        added.sort_unstable();
        added.dedup();
        added
    }

    /// Returns the directories that contain an added path and none of `old`.
    fn new_directories<'e>(&'e self, old: impl Iterator<Item = &'e PathEntry>) -> HashSet<&'e [u8]> {
        let mut of_old = HashSet::new();
        for entry in old {
            // The parents of a known directory are already in the set.
            for parent in parents(&entry.path) {
                if !of_old.insert(parent) {
                    break;
                }
            }
        }
        let mut new = HashSet::new();
        for change in self.changes.iter().filter(|change| change.kind == ChangeKind::Added) {
            // The parents of an old directory are old as well.
            for parent in parents(&change.path) {
                if of_old.contains(parent) || !new.insert(parent) {
                    break;
                }
            }
        }
        new
    }

    /// Returns the entries as they were before the change.
    fn entries_before(&self, entries: &[PathEntry]) -> Cow<'_, [PathEntry]> {
        let (known, before) = self.before.get_or_init(|| (entries.len(), self.undo_change(entries)));
        if *known == entries.len() { before.into() } else { self.undo_change(entries).into() }
    }

    fn undo_change(&self, entries: &[PathEntry]) -> Vec<PathEntry> {
        let added = |entry: &PathEntry| self.kind_of(&entry.path) == Some(ChangeKind::Added);
        let mut before: Vec<PathEntry> = entries.iter().filter(|entry| !added(entry)).cloned().collect();
        let mut old: HashSet<&[u8]> = HashSet::new();
        for change in &self.changes {
            if change.kind == ChangeKind::Removed {
                before.push(PathEntry { path: change.path.clone(), kind: EntryKind::File });
                let _ = parents(&change.path).take_while(|parent| old.insert(*parent)).count();
            }
        }
        let directory = |path: &[u8]| PathEntry { path: RepoPath::new(path), kind: EntryKind::Directory };
        before.extend(old.into_iter().map(directory));
        before.sort_by(|a, b| a.path.cmp(&b.path));
        before.dedup_by(|a, b| a.path == b.path);
        // Remove directories that exist only because of added paths.
        let files = before.iter().filter(|entry| entry.kind != EntryKind::Directory);
        let new: HashSet<Vec<u8>> = self.new_directories(files).into_iter().map(<[u8]>::to_vec).collect();
        before.retain(|entry| !new.contains(entry.path.bytes()));
        before
    }
}

/// Adds the paths whose existence `applies` requires to `out`. Returns false if it also requires patterns.
fn add_required_paths(applies: &Applies, out: &mut Vec<RepoPath>) -> bool {
    // An invalid pattern is reported as a problem of the plan, and requires no path.
    if let Ok(globs) = Globs::new(&applies.exists) {
        let Some(paths) = globs.paths() else { return false };
        out.extend(paths.into_iter().map(RepoPath::new));
    }
    let mut parts = applies.any.iter().chain(&applies.all).chain(applies.not.as_deref());
    parts.all(|part| add_required_paths(part, out))
}

/// Returns the parent directories of `path`, the nearest first, without the root.
fn parents(path: &RepoPath) -> impl Iterator<Item = &[u8]> {
    let up = |path: &'_ [u8]| memchr::memrchr(b'/', path);
    let first = up(path.bytes()).map(|at| &path.bytes()[..at]);
    std::iter::successors(first, move |path| up(path).map(|at| &path[..at]))
}

/// Returns the index of the entry at `path`.
fn find(entries: &[PathEntry], path: &[u8]) -> Option<usize> {
    entries.binary_search_by(|entry| entry.path.bytes().cmp(path)).ok()
}

#[cfg(test)]
#[path = "focus_tests.rs"]
mod tests;
