//! `--staged` and `--since`: finds the change that is assessed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Failure;
use super::root::{self, Selection};
use crate::engine::Focus;
use crate::engine::tree::{PathEntry, Tree};
use crate::git::{GitError, Repository};
use crate::model::{ComparedWith, Comparison, RepoPath};

/// A change that is assessed instead of the whole repository.
pub(super) struct ComparedChange {
    /// Files after the change.
    pub(super) tree: Arc<dyn Tree + Send + Sync>,
    /// Changed files and lines.
    pub(super) focus: Focus,
    /// Description of the comparison, for reports.
    pub(super) compared: Comparison,
}

impl ComparedChange {
    /// Whether the change is the staged one.
    pub(super) fn is_staged(&self) -> bool {
        matches!(self.compared.with, ComparedWith::Staged)
    }
}

/// Finds the requested change; `None` if everything is to be assessed.
///
/// # Errors
/// A revision or index that cannot be used, or a path that neither exists nor changed.
pub(super) fn find_change(
    staged: bool,
    since: Option<&str>,
    base: &Path,
    selection: &Selection,
) -> Result<Option<ComparedChange>, Failure> {
    if !staged && since.is_none() {
        return Ok(None);
    }
    let announced = if staged { announced_index().map(|path| base.join(path)) } else { None };
    let repository = Repository::open(&selection.root, announced.as_deref())?;
    let (tree, changes, lines, with) = match since {
        None => {
            let staged = repository.staged_changes()?;
            (staged.tree, staged.changes, staged.lines, ComparedWith::Staged)
        }
        Some(revision) => {
            let since = repository.changes_since(revision, Arc::new(root::open(&selection.root)?))?;
            let with = ComparedWith::Since { revision: revision.to_owned(), base: since.base };
            (since.tree, since.changes, since.lines, with)
        }
    };
    let in_scope = |path: &RepoPath| {
        selection.scopes.is_empty() || selection.scopes.iter().any(|scope| path.is_within(scope))
    };
    for missing in &selection.missing {
        let is_changed = changes.iter().any(|change| change.path.is_within(missing));
        // The path is missing in the work tree, but may be staged.
        let is_staged = || {
            tree.list_paths(std::slice::from_ref(missing)).is_ok_and(|it| contains_path(&it.entries, missing))
        };
        if !(is_changed || staged && is_staged()) {
            return Err(Failure::new(format!(
                "cannot assess {}: no such file or folder, neither on disk nor in the change",
                missing.lossless()
            ))
            .with_help("give an existing folder or file, or no path for `.`"));
        }
    }
    let compared =
        Comparison { with, changes: changes.iter().filter(|change| in_scope(&change.path)).count() };
    // Promises are not known here; `Focus::judging_whole` adds them.
    Ok(Some(ComparedChange { tree, focus: Focus::new(changes, lines, BTreeSet::new()), compared }))
}

fn contains_path(entries: &[PathEntry], path: &RepoPath) -> bool {
    entries.iter().any(|entry| entry.path.is_within(path))
}

/// Path of the index that git passes to a hook: `git commit -a` and `git commit PATH` create a temporary
/// index. It is only used if it is directly inside the repository's git directory.
#[expect(clippy::disallowed_methods, reason = "the only place that reads the index path from git")]
fn announced_index() -> Option<PathBuf> {
    std::env::var_os("GIT_INDEX_FILE").map(PathBuf::from)
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        let failure = Self::new(error.message);
        match error.help {
            Some(help) => failure.with_help(help),
            None => failure,
        }
    }
}
