//! The `files` check kind: conditions on paths. File contents are never read; sizes and modes are read only
//! for `size` and `executable`.

mod compile;
mod context;
mod duplicates;
mod names;
mod pair;
mod presence;
mod properties;
mod style;
#[cfg(test)]
mod tests;

pub use compile::compile;

use crate::engine::file_result::{CannotTell, RawFinding};
use crate::engine::glob::Globs;
use crate::engine::tree::{EntryKind, PathEntry, Tree};
use crate::model::{FixSpec, RepoPath};
use context::{ConditionContext, FilesSink, SortedEntries};

/// A `files` check, ready to run.
#[derive(Debug)]
pub struct CompiledFiles {
    /// Directories in which the condition is checked; `None` for the root only.
    each: Option<EachDirectory>,
    condition: CompiledCondition,
    /// Excluded paths.
    except: Globs,
}

/// Directories in each of which the condition is checked.
#[derive(Debug)]
struct EachDirectory {
    globs: Globs,
    /// Source text of the globs, for messages.
    text: String,
    /// Whether `.` is among them, which is the root itself.
    root: bool,
}

#[derive(Debug)]
enum CompiledCondition {
    Require(presence::RequireCondition),
    Forbid(Globs),
    Names(names::NamesCondition),
    Pair(pair::PairCondition),
    Size(properties::SizeCondition),
    Executable(properties::ExecutableCondition),
    Duplicates(Globs),
}

impl CompiledFiles {
    /// Checks the condition on a tree.
    ///
    /// `number` is the check's number in the plan, and `entries` is the sorted list of `tree`. Findings
    /// outside of `scope` are dropped. `message` and `fix` are those of the check. Findings are added to
    /// `out`, ordered by path for most conditions (callers should sort), each with its path: an existing
    /// path, the path of a missing file, or `.` for the root. Metadata that the system does not provide is
    /// reported in `cannot_tell`. `mark_inspected` is called with the index of each entry that the condition
    /// applies to, possibly more than once.
    ///
    /// A message may contain `$PATH`, `$NAME`, `$MISSING`, `$SUGGESTED`, `$SIZE` and `$LIMIT`; placeholders
    /// that the condition does not provide are empty.
    #[expect(
        clippy::too_many_arguments,
        reason = "the plan hands over what it has; `ConditionContext` and `FilesSink` bundle it"
    )]
    pub fn assess(
        &self,
        number: u32,
        entries: &[PathEntry],
        tree: &dyn Tree,
        scope: &RepoPath,
        message: Option<&str>,
        fix: Option<&FixSpec>,
        out: &mut Vec<(RepoPath, RawFinding)>,
        cannot_tell: &mut Vec<(RepoPath, CannotTell)>,
        mark_inspected: &mut dyn FnMut(usize),
    ) {
        let entries = SortedEntries(entries);
        let context = ConditionContext { number, entries, tree, scope, message, fix, except: &self.except };
        let mut sink = FilesSink { out, cannot_tell, mark_inspected };
        match &self.condition {
            CompiledCondition::Require(_) | CompiledCondition::Forbid(_) => {
                self.check_directories(&context, &mut sink);
            }
            CompiledCondition::Names(names) => names.check(&context, &mut sink),
            CompiledCondition::Pair(pair) => pair.check(&context, &mut sink),
            CompiledCondition::Size(size) => size.check(&context, &mut sink),
            CompiledCondition::Executable(executable) => executable.check(&context, &mut sink),
            CompiledCondition::Duplicates(globs) => duplicates::check(globs, &context, &mut sink),
        }
    }

    /// Whether the condition applies to the repository as a whole, so that it is checked even if it inspects
    /// no path.
    #[must_use]
    pub fn applies_to_whole_repository(&self) -> bool {
        matches!(self.condition, CompiledCondition::Require(_) | CompiledCondition::Forbid(_))
            && self.each.as_ref().is_none_or(|each| each.root)
    }

    /// Whether the result for a path depends only on that path, and not on other paths of the tree.
    #[must_use]
    pub fn judges_each_path_alone(&self) -> bool {
        match self.condition {
            CompiledCondition::Names(_) | CompiledCondition::Size(_) | CompiledCondition::Executable(_) => {
                true
            }
            CompiledCondition::Forbid(_) => self.each.is_none(),
            CompiledCondition::Require(_) | CompiledCondition::Pair(_) | CompiledCondition::Duplicates(_) => {
                false
            }
        }
    }

    /// Whether the result depends only on the list of paths, so that editing a file cannot change it.
    #[must_use]
    pub fn depends_only_on_paths(&self) -> bool {
        !matches!(self.condition, CompiledCondition::Size(_) | CompiledCondition::Executable(_))
    }

    fn check_directories(&self, context: &ConditionContext<'_>, sink: &mut FilesSink<'_>) {
        let in_directory = |directory: &[u8], each: Option<&str>, sink: &mut FilesSink<'_>| match &self
            .condition
        {
            CompiledCondition::Require(require) => require.check_directory(directory, each, context, sink),
            CompiledCondition::Forbid(globs) => presence::check_forbidden(globs, directory, context, sink),
            _ => {}
        };
        let Some(each) = &self.each else { return in_directory(b"", None, sink) };
        if each.root {
            in_directory(b"", Some(&each.text), sink);
        }
        for (index, entry) in context.entries.0.iter().enumerate() {
            let path = entry.path.bytes();
            if entry.kind == EntryKind::Directory
                && each.globs.is_match(path)
                && !self.except.is_match(path)
                && context.entries.is_directory(index)
            {
                // Also without a finding below it: the condition was checked here, so the check applies.
                (sink.mark_inspected)(index);
                in_directory(path, Some(&each.text), sink);
            }
        }
    }
}
