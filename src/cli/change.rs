//! `--staged` and `--since`: what changed, and how that is said.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Failure;
use super::root::{self, Place};
use crate::engine::Focus;
use crate::engine::tree::{Entry, Tree};
use crate::git::{GitError, Repository};
use crate::model::{Compared, ComparedWith, RepoPath};

/// A change that is looked at instead of everything.
pub(super) struct Change {
    /// The files with the change in them.
    pub(super) tree: Arc<dyn Tree + Send + Sync>,
    /// What changed.
    pub(super) focus: Focus,
    /// What it is compared with.
    pub(super) compared: Compared,
}

impl Change {
    /// Whether it is what is staged.
    pub(super) fn is_staged(&self) -> bool {
        matches!(self.compared.with, ComparedWith::Staged)
    }
}

/// The change that was asked for; `None` when everything is to be assessed.
///
/// # Errors
/// Says what git's data do not allow, and what to do.
pub(super) fn find(
    staged: bool,
    since: Option<&str>,
    base: &Path,
    place: &Place,
) -> Result<Option<Change>, Failure> {
    if !staged && since.is_none() {
        return Ok(None);
    }
    let announced = if staged { announced_index().map(|path| base.join(path)) } else { None };
    let repository = Repository::open(&place.root, announced.as_deref())?;
    let (tree, changes, lines, with) = match since {
        None => {
            let staged = repository.staged()?;
            (staged.tree, staged.changes, staged.lines, ComparedWith::Staged)
        }
        Some(revision) => {
            let since = repository.since(revision, Arc::new(root::open(&place.root)?))?;
            let with = ComparedWith::Since { revision: revision.to_owned(), base: since.base };
            (since.tree, since.changes, since.lines, with)
        }
    };
    let in_scope =
        |path: &RepoPath| place.scopes.is_empty() || place.scopes.iter().any(|scope| path.is_within(scope));
    for missing in &place.missing {
        let is_changed = changes.iter().any(|change| change.path.is_within(missing));
        // The work tree does not have it; what is staged may.
        let is_staged =
            || tree.list_some(std::slice::from_ref(missing)).is_ok_and(|it| holds(&it.entries, missing));
        if !(is_changed || staged && is_staged()) {
            return Err(Failure::new(format!(
                "cannot assess {}: no such file or folder, neither on disk nor in what is compared",
                missing.lossless()
            ))
            .with_help("give a folder or a file that exists, or none for `.`"));
        }
    }
    let compared = Compared { with, changes: changes.iter().filter(|change| in_scope(&change.path)).count() };
    // Who promises what is not known here: `Focus::judging_whole` says it.
    Ok(Some(Change { tree, focus: Focus::new(changes, lines, BTreeSet::new()), compared }))
}

fn holds(entries: &[Entry], path: &RepoPath) -> bool {
    entries.iter().any(|entry| entry.path.is_within(path))
}

/// The index that git announces to a hook: `git commit -a` and `git commit PATH` prepare one of their own.
/// It is used only where it lies directly in the repository's own git directory.
#[expect(clippy::disallowed_methods, reason = "the one place that asks for git's announcement")]
fn announced_index() -> Option<PathBuf> {
    std::env::var_os("GIT_INDEX_FILE").map(PathBuf::from)
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        let failure = Self::new(error.what);
        match error.help {
            Some(help) => failure.with_help(help),
            None => failure,
        }
    }
}
