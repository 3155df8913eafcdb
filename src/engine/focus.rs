//! Looking only at what changed: which paths are looked into, and which findings belong to the change.
//!
//! A guideline that is judged whole is assessed as if there were no focus. Of the others, a finding in a
//! file is told when it touches a changed line; one about names when it was not there before the change
//! (a file taken away can leave another without its pair); one about size or mode when the file changed.
//! Where the change comes from does not enter here.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::applies::Condition;
use super::checks::files::CompiledFiles;
use super::found::{CannotTell, Found};
use super::glob::Globs;
use super::tree::{Entry, EntryKind, Tree};
use crate::model::{Applies, CheckKind, FixSpec, Guideline, GuidelineId, RepoPath};
use crate::text::Position;

/// What happened to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// It is there before and after.
    Modified,
    /// It is not there any more.
    Removed,
}

/// A path that changed: a file, a link or something special, never a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Relative path.
    pub path: RepoPath,
    /// What happened to it.
    pub kind: ChangeKind,
}

/// The changed lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Every line: it is new, or too large to compare.
    All,
    /// First and last line of each change, counted from 1. Where lines were only taken away, the last is
    /// one less than the first: the place between the two.
    Some(Vec<(u32, u32)>),
}

impl Lines {
    /// These changes.
    pub fn some(changes: impl IntoIterator<Item = (u32, u32)>) -> Self {
        Self::Some(changes.into_iter().collect())
    }

    /// Whether a finding from `start` to `end` (one past its last character) is about the change. One
    /// without any width points at what is missing; it is, if anything in the file changed.
    #[must_use]
    pub fn touch(&self, start: Position, end: Position) -> bool {
        let Self::Some(changes) = self else { return true };
        if start.byte == end.byte {
            return !changes.is_empty();
        }
        // An end at the first column lies behind the line end of the line before.
        let last_line = if end.column <= 1 && end.line > start.line { end.line - 1 } else { end.line };
        changes.iter().any(|&(first, last)| start.line <= last && last_line >= first)
    }
}

impl Lines {
    /// Whether a finding of a check of `kind` on unchanged lines may have come about because lines were
    /// taken away: of syntax, when they were next to it (`defer` after a lock); of data, anywhere, as what
    /// a document lacks is told where it begins. A match in a text is what it is without its neighbours.
    #[must_use]
    pub fn may_bring_about(&self, kind: &CheckKind, start: Position, end: Position) -> bool {
        let Self::Some(changes) = self else { return true };
        let mut deletions = changes.iter().filter(|&&(first, last)| last < first);
        match kind {
            CheckKind::Data(_) => deletions.next().is_some(),
            CheckKind::Code(_) => deletions.any(|&(after, before)| start.line <= after && end.line >= before),
            CheckKind::Files(_) | CheckKind::Text(_) | CheckKind::Tool(_) => false,
        }
    }
}

/// Knows the changed lines of files. Asked only about files with findings.
pub trait ChangedLines: Send + Sync {
    /// The changed lines of a file that was added or modified.
    fn lines(&self, path: &RepoPath) -> Lines;

    /// What a file that was modified or removed held before, if it was at most `limit` bytes and can be read. Of
    /// one that was added because it moved, what it held where it was.
    fn before(&self, path: &RepoPath, limit: u64) -> Option<Vec<u8>> {
        let _ = (path, limit);
        None
    }
}

/// What changed, and what is judged whole all the same. It serves one run: what it works out from the
/// run's entries is kept.
#[derive(Clone)]
pub struct Focus {
    changes: Vec<Change>,
    lines: Arc<dyn ChangedLines>,
    whole: BTreeSet<GuidelineId>,
    /// Number of the run's entries, and which of them are new.
    added: OnceLock<(usize, Vec<usize>)>,
    /// Number of the run's entries, and those before the change.
    before: OnceLock<(usize, Vec<Entry>)>,
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
    /// A focus on `changes`. Guidelines whose id is in `whole` (those that are promised) are judged as
    /// if there were none.
    #[must_use]
    pub fn new(mut changes: Vec<Change>, lines: Arc<dyn ChangedLines>, whole: BTreeSet<GuidelineId>) -> Self {
        changes.sort();
        Self { changes, lines, whole, added: OnceLock::new(), before: OnceLock::new() }
    }

    /// Number of paths that changed.
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
    pub fn looks_into(&self, path: &RepoPath) -> bool {
        self.kind_of(path).is_some_and(|kind| kind != ChangeKind::Removed)
    }

    /// Whether `path` counts among the paths of the run.
    #[must_use]
    pub fn counts(&self, path: &RepoPath) -> bool {
        self.judges_some_whole() || self.looks_into(path)
    }

    /// What happened to paths, in order of path.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// What a file held before the change; see [`ChangedLines::before`].
    #[must_use]
    pub fn before_change(&self, path: &RepoPath, limit: u64) -> Option<Vec<u8>> {
        self.lines.before(path, limit)
    }

    /// The same change for those who promise these guidelines.
    #[must_use]
    pub fn judging_whole(&self, whole: BTreeSet<GuidelineId>) -> Self {
        Self::new(self.changes.clone(), Arc::clone(&self.lines), whole)
    }

    /// The same change without the parts that other parties answer for.
    #[must_use]
    pub fn without(&self, parties: &[RepoPath]) -> Self {
        let own = |change: &&Change| !parties.iter().any(|party| change.path.is_within(party));
        let changes = self.changes.iter().filter(own).cloned().collect();
        Self::new(changes, Arc::clone(&self.lines), self.whole.clone())
    }

    /// The changed lines of `path`.
    #[must_use]
    pub fn lines(&self, path: &RepoPath) -> Lines {
        self.lines.lines(path)
    }

    fn kind_of(&self, path: &RepoPath) -> Option<ChangeKind> {
        let at = self.changes.binary_search_by(|change| change.path.cmp(path)).ok()?;
        Some(self.changes[at].kind)
    }

    /// Asks a check of names, of a guideline that is not judged whole, about the change only. As
    /// [`CompiledFiles::assess`], `looked` being told only of changed entries.
    #[expect(clippy::too_many_arguments, reason = "the same that the check takes")]
    pub fn ask(
        &self,
        check: &CompiledFiles,
        number: u32,
        entries: &[Entry],
        tree: &dyn Tree,
        message: Option<&str>,
        fix: Option<&FixSpec>,
        out: &mut Vec<(RepoPath, Found)>,
        cannot_tell: &mut Vec<(RepoPath, CannotTell)>,
        looked: &mut dyn FnMut(usize),
    ) {
        let only_names = check.asks_only_names();
        if only_names && self.changes.iter().all(|change| change.kind == ChangeKind::Modified) {
            return;
        }
        let root = RepoPath::from("");
        if check.asks_each_path_alone() {
            let own = self.own_entries(entries, !only_names);
            let some: Vec<Entry> = own.iter().map(|&at| entries[at].clone()).collect();
            check.assess(number, &some, tree, &root, message, fix, out, cannot_tell, &mut |at| {
                looked(own[at]);
            });
            return;
        }
        let mut found = Vec::new();
        let mut unknown = Vec::new();
        check.assess(number, entries, tree, &root, message, fix, &mut found, &mut unknown, &mut |at| {
            if self.looks_into(&entries[at].path) {
                looked(at);
            }
        });
        unknown.retain(|(path, _)| self.looks_into(path));
        cannot_tell.append(&mut unknown);
        if !found.is_empty() {
            let before = self.before(entries);
            if before.is_empty() {
                // Everything is new, and so is what it lacks.
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

    /// The indexes of the entries that were added or modified, in order.
    #[must_use]
    pub fn places(&self, entries: &[Entry]) -> Vec<usize> {
        let find = |change: &Change| entries.binary_search_by(|entry| entry.path.cmp(&change.path)).ok();
        let here = self.changes.iter().filter(|change| change.kind != ChangeKind::Removed);
        let mut places: Vec<usize> = here.filter_map(find).collect();
        places.dedup();
        places
    }

    /// The entries that were added or modified.
    #[must_use]
    pub fn near(&self, entries: &[Entry]) -> Vec<Entry> {
        self.places(entries).into_iter().map(|at| entries[at].clone()).collect()
    }

    /// Settles the condition of a guideline that is not judged whole, and says whether it applies to the
    /// change. Facts about the repository are looked for only if something depends on them: most
    /// guidelines have nothing to do with a change, and that should cost nothing.
    pub fn settle(
        &self,
        condition: &mut Condition,
        guideline: &Guideline,
        entries: &[Entry],
        near: &[Entry],
    ) -> bool {
        let asks_names = self.asks_names(guideline);
        // With every fact taken as it is best.
        condition.settle(&[], true);
        if !asks_names && (near.is_empty() || !condition.holds_somewhere(near)) {
            return false;
        }
        condition.settle(entries, false);
        condition.holds_somewhere(if asks_names { entries } else { near })
    }

    /// Whether a check of names of the guideline has to be asked about the change.
    fn asks_names(&self, guideline: &Guideline) -> bool {
        let edits_only = self.changes.iter().all(|change| change.kind == ChangeKind::Modified);
        guideline.checks.iter().any(|check| match &check.kind {
            CheckKind::Files(files) => !edits_only || files.size.is_some() || files.executable.is_some(),
            _ => false,
        })
    }

    /// The paths about which `guidelines` ask in this change, in order; `None` when they may ask about any
    /// (a guideline is judged whole, names are compared, a pattern asks what exists).
    #[must_use]
    pub fn asks_only_about(&self, guidelines: &[Arc<Guideline>]) -> Option<Vec<RepoPath>> {
        if self.judges_some_whole() {
            return None;
        }
        let here = self.changes.iter().filter(|change| change.kind != ChangeKind::Removed);
        let mut paths: Vec<RepoPath> = here.map(|change| change.path.clone()).collect();
        for guideline in guidelines {
            if self.asks_names(guideline) || !must_exist(&guideline.applies, &mut paths) {
                return None;
            }
        }
        paths.sort();
        paths.dedup();
        Some(paths)
    }

    /// The indexes of entries that were added, directories that are new as a whole included, and those of
    /// modified ones if they are asked for.
    fn own_entries(&self, entries: &[Entry], modified: bool) -> Vec<usize> {
        let (known, added) = self.added.get_or_init(|| (entries.len(), self.added(entries)));
        let mut own = if *known == entries.len() { added.clone() } else { self.added(entries) };
        if modified {
            let changed = self.changes.iter().filter(|change| change.kind == ChangeKind::Modified);
            own.extend(changed.filter_map(|change| find(entries, change.path.bytes())));
            own.sort_unstable();
            own.dedup();
        }
        own
    }

    /// The indexes of entries that were added, with the directories in which everything was. The cost is
    /// that of one look at each entry.
    fn added(&self, entries: &[Entry]) -> Vec<usize> {
        let is_old = |entry: &&Entry| {
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

    /// The directories that hold something that was added and none of `old`.
    fn new_directories<'e>(&'e self, old: impl Iterator<Item = &'e Entry>) -> HashSet<&'e [u8]> {
        let mut of_old = HashSet::new();
        for entry in old {
            // Those above one that is known are known.
            for parent in parents(&entry.path) {
                if !of_old.insert(parent) {
                    break;
                }
            }
        }
        let mut new = HashSet::new();
        for change in self.changes.iter().filter(|change| change.kind == ChangeKind::Added) {
            // A directory above one that was there, was there.
            for parent in parents(&change.path) {
                if of_old.contains(parent) || !new.insert(parent) {
                    break;
                }
            }
        }
        new
    }

    /// The entries as they were before the change.
    fn before(&self, entries: &[Entry]) -> Cow<'_, [Entry]> {
        let (known, before) = self.before.get_or_init(|| (entries.len(), self.without_change(entries)));
        if *known == entries.len() { before.into() } else { self.without_change(entries).into() }
    }

    fn without_change(&self, entries: &[Entry]) -> Vec<Entry> {
        let added = |entry: &Entry| self.kind_of(&entry.path) == Some(ChangeKind::Added);
        let mut before: Vec<Entry> = entries.iter().filter(|entry| !added(entry)).cloned().collect();
        let mut old: HashSet<&[u8]> = HashSet::new();
        for change in &self.changes {
            if change.kind == ChangeKind::Removed {
                before.push(Entry { path: change.path.clone(), kind: EntryKind::File });
                let _ = parents(&change.path).take_while(|parent| old.insert(*parent)).count();
            }
        }
        let directory = |path: &[u8]| Entry { path: RepoPath::new(path), kind: EntryKind::Directory };
        before.extend(old.into_iter().map(directory));
        before.sort_by(|a, b| a.path.cmp(&b.path));
        before.dedup_by(|a, b| a.path == b.path);
        // Directories that came with what was added.
        let files = before.iter().filter(|entry| entry.kind != EntryKind::Directory);
        let new: HashSet<Vec<u8>> = self.new_directories(files).into_iter().map(<[u8]>::to_vec).collect();
        before.retain(|entry| !new.contains(entry.path.bytes()));
        before
    }
}

/// Adds the paths whose existence `applies` asks about. Returns whether these are all.
fn must_exist(applies: &Applies, out: &mut Vec<RepoPath>) -> bool {
    // A pattern that cannot be used is a problem of the plan, and asks nothing.
    if let Ok(globs) = Globs::new(&applies.exists) {
        let Some(paths) = globs.paths() else { return false };
        out.extend(paths.into_iter().map(RepoPath::new));
    }
    let mut parts = applies.any.iter().chain(&applies.all).chain(applies.not.as_deref());
    parts.all(|part| must_exist(part, out))
}

/// The directories above `path`, the nearest first, without the root.
fn parents(path: &RepoPath) -> impl Iterator<Item = &[u8]> {
    let up = |path: &'_ [u8]| memchr::memrchr(b'/', path);
    let first = up(path.bytes()).map(|at| &path.bytes()[..at]);
    std::iter::successors(first, move |path| up(path).map(|at| &path[..at]))
}

/// The index of the entry of this path.
fn find(entries: &[Entry], path: &[u8]) -> Option<usize> {
    entries.binary_search_by(|entry| entry.path.bytes().cmp(path)).ok()
}

#[cfg(test)]
#[path = "focus_tests.rs"]
mod tests;
