//! Traverses the tree: directories are listed in parallel, with one descriptor each, sorted separately and
//! then merged.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::git_index::TrackedFiles;
use super::ignore_rules::{
    IgnoreFileBudget, IgnoreRules, LoadedIgnoreFile, is_ignored, load_ignore_file, over_budget_error,
};
use super::order::{ListedDirectory, merge_in_order};
use super::system::Root;
use crate::engine::tree::{EntryKind, Listing, PathEntry, ReadError};
use crate::model::{Note, RepoPath};

/// Maximum number of names in one note.
const NAMES_IN_NOTE: usize = 5;

/// Lists the tree. See [`crate::engine::tree::Tree::list`].
pub(super) fn list(root: &Root, tracked: &OnceLock<TrackedFiles>) -> Result<Listing, ReadError> {
    let mut walk = Walk::new(root, tracked, false);
    rayon::scope(|scope| walk.spawn(scope, &Directory::root()));
    if walk.over_budget.load(Ordering::Relaxed) {
        // Which ignore files fit into the limit must not depend on the order of threads, so walk again in
        // order of path. Reaching this branch does not depend on it either: up to the limit, every ignore
        // file is used.
        walk = Walk::new(root, tracked, true);
        let mut open = vec![Directory::root()];
        while let Some(directory) = open.pop() {
            let mut below = walk.visit(&directory);
            below.sort_by(|a, b| b.path.cmp(&a.path));
            open.append(&mut below);
        }
    }
    walk.finish()
}

/// A directory to visit.
struct Directory {
    /// Number in this walk; the root has 0.
    number: usize,
    /// Path relative to the root; empty for the root.
    path: Vec<u8>,
    rules: Option<Arc<IgnoreRules>>,
    /// Whether the directory is ignored but contains tracked files: then only those are listed.
    tracked_only: bool,
}

impl Directory {
    fn root() -> Self {
        Self { number: 0, path: Vec::new(), rules: None, tracked_only: false }
    }
}

/// Whether `name` is that of git's folder, or of the file that replaces it. On systems with case-insensitive
/// file names, git accepts any case.
fn is_git_folder(name: &[u8]) -> bool {
    is_git_folder_name(cfg!(any(windows, target_os = "macos")), name)
}

fn is_git_folder_name(any_case: bool, name: &[u8]) -> bool {
    name == b".git" || any_case && name.eq_ignore_ascii_case(b".git")
}

#[derive(Default)]
struct Gathered {
    /// Directories by number; `None` for a nested repository.
    listed: Vec<Option<ListedDirectory>>,
    ignored: usize,
    problems: Vec<(RepoPath, ReadError)>,
    nested: Vec<RepoPath>,
    /// Skipped lines of ignore files, with the reasons.
    left_out: Vec<(RepoPath, (usize, &'static str))>,
    root_error: Option<ReadError>,
}

struct Walk<'a> {
    root: &'a Root,
    tracked: &'a OnceLock<TrackedFiles>,
    in_order: bool,
    budget: IgnoreFileBudget,
    over_budget: AtomicBool,
    /// Number of the next directory.
    next: AtomicUsize,
    gathered: Mutex<Gathered>,
}

impl<'a> Walk<'a> {
    fn new(root: &'a Root, tracked: &'a OnceLock<TrackedFiles>, in_order: bool) -> Self {
        Self {
            root,
            tracked,
            in_order,
            budget: IgnoreFileBudget::default(),
            over_budget: AtomicBool::new(false),
            next: AtomicUsize::new(1),
            gathered: Mutex::default(),
        }
    }

    fn spawn<'s>(&'s self, scope: &rayon::Scope<'s>, directory: &Directory) {
        if self.over_budget.load(Ordering::Relaxed) {
            return;
        }
        for below in self.visit(directory) {
            scope.spawn(move |scope| self.spawn(scope, &below));
        }
    }

    /// Lists one directory, stores its entries and returns the subdirectories to visit.
    fn visit(&self, directory: &Directory) -> Vec<Directory> {
        let mut prefix = directory.path.clone();
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        let base = prefix.len();
        let is_root = base == 0;
        let mut entries: Vec<PathEntry> = Vec::new();
        let mut git = false;
        let mut ignore_file = None;
        let listed = self.root.read_dir(&directory.path, |name, kind| {
            git |= is_git_folder(name);
            if name == b".gitignore" {
                ignore_file = Some(kind);
            }
            let mut path = Vec::with_capacity(base + name.len());
            path.extend_from_slice(&prefix);
            path.extend_from_slice(name);
            entries.push(PathEntry { path: RepoPath::new(path), kind });
        });
        // Tracked files below belong to this repository, so then a `.git` does not make it a nested
        // repository.
        if git && !is_root && !self.tracked().contains_below(&directory.path) {
            let mut gathered = self.lock();
            gathered.ignored += 1;
            gathered.nested.push(RepoPath::new(directory.path.clone()));
            return Vec::new();
        }
        let mut rules = directory.rules.clone();
        if let Some(kind) =
            ignore_file.filter(|&kind| kind != EntryKind::Directory && !directory.tracked_only)
        {
            self.use_ignore_file(&prefix, kind, &mut rules);
        }
        let mut tracked_only = Vec::new();
        let all = entries.len();
        entries.retain(|entry| {
            let keep = self.keeps(directory, rules.as_ref(), entry);
            if keep == Keep::TrackedOnly && entry.kind == EntryKind::Directory {
                tracked_only.push(entry.path.clone());
            }
            keep != Keep::No
        });
        let left_out = all - entries.len();
        entries.sort_unstable_by(|a, b| a.path.bytes()[base..].cmp(&b.path.bytes()[base..]));
        tracked_only.sort_unstable();
        let directories = entries.iter().filter(|entry| entry.kind == EntryKind::Directory);
        let below: Vec<Directory> = directories
            .map(|entry| Directory {
                number: self.next.fetch_add(1, Ordering::Relaxed),
                path: entry.path.bytes().to_vec(),
                rules: rules.clone(),
                tracked_only: tracked_only.binary_search(&entry.path).is_ok(),
            })
            .collect();
        let numbers = below.iter().map(|directory| directory.number).collect();
        let mut gathered = self.lock();
        gathered.ignored += left_out;
        gathered.put(directory.number, ListedDirectory { entries, below: numbers });
        if let Err(error) = listed {
            if is_root {
                gathered.root_error = Some(error);
            } else {
                gathered.problems.push((RepoPath::new(directory.path.clone()), error));
            }
        }
        below
    }

    fn use_ignore_file(&self, prefix: &[u8], kind: EntryKind, rules: &mut Option<Arc<IgnoreRules>>) {
        let path = RepoPath::new([prefix, b".gitignore"].concat());
        match load_ignore_file(self.root, path.bytes(), kind, prefix.len(), rules.clone(), &self.budget) {
            LoadedIgnoreFile::Rules(own, left_out) => {
                *rules = Some(own);
                if !left_out.is_empty() {
                    self.lock().left_out.extend(left_out.into_iter().map(|line| (path.clone(), line)));
                }
            }
            LoadedIgnoreFile::Problem(error) => self.lock().problems.push((path, error)),
            LoadedIgnoreFile::OverBudget if self.in_order => {
                self.lock().problems.push((path, over_budget_error()));
            }
            LoadedIgnoreFile::OverBudget => self.over_budget.store(true, Ordering::Relaxed),
        }
    }

    fn keeps(&self, directory: &Directory, rules: Option<&Arc<IgnoreRules>>, entry: &PathEntry) -> Keep {
        let path = entry.path.bytes();
        let is_directory = entry.kind == EntryKind::Directory;
        match entry.path.name() {
            name if is_git_folder(name) => return Keep::No,
            b".hg" | b".svn" | b".jj" if is_directory => return Keep::No,
            _ => {}
        }
        if !directory.tracked_only && !is_ignored(rules, path, entry.kind) {
            return Keep::Yes;
        }
        let tracked = self.tracked();
        let found = if is_directory { tracked.contains_below(path) } else { tracked.contains(path) };
        if found { Keep::TrackedOnly } else { Keep::No }
    }

    fn tracked(&self) -> &TrackedFiles {
        self.tracked.get_or_init(|| TrackedFiles::read(self.root))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(self) -> Result<Listing, ReadError> {
        let mut gathered = self.gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = gathered.root_error {
            return Err(error);
        }
        let entries = merge_in_order(std::mem::take(&mut gathered.listed));
        gathered.problems.sort_by(|a, b| a.0.cmp(&b.0));
        gathered.nested.sort();
        gathered.left_out.sort();
        let mut notes = Vec::new();
        notes.extend(nested_note(&gathered.nested));
        notes.extend(left_out_note(&gathered.left_out));
        notes.extend(self.tracked.get().and_then(|tracked| tracked.note.clone()));
        Ok(Listing { entries, ignored: gathered.ignored, problems: gathered.problems, notes })
    }
}

impl Gathered {
    fn put(&mut self, number: usize, listed: ListedDirectory) {
        if self.listed.len() <= number {
            self.listed.resize_with(number + 1, || None);
        }
        self.listed[number] = Some(listed);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Yes,
    /// The entry is ignored, but git tracks it or a file below it.
    TrackedOnly,
    No,
}

fn nested_note(nested: &[RepoPath]) -> Option<Note> {
    if nested.is_empty() {
        return None;
    }
    let names: Vec<String> =
        nested.iter().take(NAMES_IN_NOTE).map(|path| format!("`{}`", path.lossless())).collect();
    let more = match nested.len().saturating_sub(NAMES_IN_NOTE) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let what = if nested.len() == 1 { "a nested repository is" } else { "nested repositories are" };
    let message = format!("{what} not assessed: {}{more}; check each one separately", names.join(", "));
    Some(Note { code: "nested-repositories".to_owned(), message })
}

fn left_out_note(left_out: &[(RepoPath, (usize, &'static str))]) -> Option<Note> {
    let (path, (line, why)) = left_out.first()?;
    let more = match left_out.len() - 1 {
        0 => String::new(),
        1 => " (and 1 more line)".to_owned(),
        more => format!(" (and {more} more lines)"),
    };
    let message = format!("line {line} of `{}` {why} and was skipped{more}", path.lossless());
    Some(Note { code: "ignore-line-not-used".to_owned(), message })
}

#[cfg(test)]
mod tests {
    use super::is_git_folder_name;

    #[test]
    fn the_name_of_the_git_folder_is_case_insensitive_on_some_systems() {
        for (name, exactly, in_any_case) in [
            (".git", true, true),
            (".GIT", false, true),
            (".Git", false, true),
            (".gitx", false, false),
            ("git", false, false),
        ] {
            let name = name.as_bytes();
            assert_eq!(
                (is_git_folder_name(false, name), is_git_folder_name(true, name)),
                (exactly, in_any_case)
            );
        }
    }
}
