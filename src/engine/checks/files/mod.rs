//! The `files` check kind: questions about paths. Contents are never read; sizes and modes are looked
//! up only for `size` and `executable`.

mod ask;
mod compile;
mod duplicates;
mod names;
mod pair;
mod presence;
mod properties;
mod style;
#[cfg(test)]
mod tests;

pub use compile::compile;

use crate::engine::found::{CannotTell, Found};
use crate::engine::glob::Globs;
use crate::engine::tree::{Entry, EntryKind, Tree};
use crate::model::{FixSpec, RepoPath};
use ask::{Ask, Entries, Sink};

/// A `files` check, ready to be asked.
#[derive(Debug)]
pub struct CompiledFiles {
    /// Where the question is asked; `None`: once, at the root.
    each: Option<EachDirectory>,
    question: Question,
    /// Paths left out.
    except: Globs,
}

/// Directories in each of which a question is asked.
#[derive(Debug)]
struct EachDirectory {
    globs: Globs,
    /// The globs as written, for messages.
    text: String,
    /// `.` is among them: the root itself.
    root: bool,
}

#[derive(Debug)]
enum Question {
    Require(presence::Require),
    Forbid(Globs),
    Names(names::Names),
    Pair(pair::Pair),
    Size(properties::Size),
    Executable(properties::Executable),
    Duplicates(Globs),
}

impl CompiledFiles {
    /// Asks the question of a tree.
    ///
    /// `number` is the check's number in the plan; `entries` the sorted list of `tree`; findings that
    /// are not within `scope` are left out; `message` and `fix` are the check's own. Findings go to
    /// `out` in order of path for most questions (sort to be sure), each with the path it is about: a
    /// present path, the place where a missing one should be, or `.` for the root. What the system
    /// does not tell goes to `cannot_tell`. `looked` is called with the index of each entry that the
    /// question is about, perhaps more than once.
    ///
    /// A message may hold `$PATH`, `$NAME`, `$MISSING`, `$SUGGESTED`, `$SIZE` and `$LIMIT`; those that
    /// the question does not know are empty.
    #[expect(
        clippy::too_many_arguments,
        reason = "the plan hands over what it has; `Ask` and `Sink` bundle it"
    )]
    pub fn assess(
        &self,
        number: u32,
        entries: &[Entry],
        tree: &dyn Tree,
        scope: &RepoPath,
        message: Option<&str>,
        fix: Option<&FixSpec>,
        out: &mut Vec<(RepoPath, Found)>,
        cannot_tell: &mut Vec<(RepoPath, CannotTell)>,
        looked: &mut dyn FnMut(usize),
    ) {
        let entries = Entries(entries);
        let ask = Ask { number, entries, tree, scope, message, fix, except: &self.except };
        let mut sink = Sink { out, cannot_tell, looked };
        match &self.question {
            Question::Require(_) | Question::Forbid(_) => self.ask_in_directories(&ask, &mut sink),
            Question::Names(names) => names.ask(&ask, &mut sink),
            Question::Pair(pair) => pair.ask(&ask, &mut sink),
            Question::Size(size) => size.ask(&ask, &mut sink),
            Question::Executable(executable) => executable.ask(&ask, &mut sink),
            Question::Duplicates(globs) => duplicates::ask(globs, &ask, &mut sink),
        }
    }

    /// Whether the question is put to the repository as a whole, so that it is asked even where no
    /// path is looked at.
    #[must_use]
    pub fn asks_of_the_whole(&self) -> bool {
        matches!(self.question, Question::Require(_) | Question::Forbid(_))
            && self.each.as_ref().is_none_or(|each| each.root)
    }

    /// Whether the answer for a path does not depend on what else is there.
    #[must_use]
    pub fn asks_each_path_alone(&self) -> bool {
        matches!(self.question, Question::Names(_) | Question::Size(_) | Question::Executable(_))
    }

    fn ask_in_directories(&self, ask: &Ask<'_>, sink: &mut Sink<'_>) {
        let in_directory = |directory: &[u8], each: Option<&str>, sink: &mut Sink<'_>| match &self.question {
            Question::Require(require) => require.ask(directory, each, ask, sink),
            Question::Forbid(globs) => presence::forbid(globs, directory, ask, sink),
            _ => {}
        };
        let Some(each) = &self.each else { return in_directory(b"", None, sink) };
        if each.root {
            in_directory(b"", Some(&each.text), sink);
        }
        for (index, entry) in ask.entries.0.iter().enumerate() {
            let path = entry.path.bytes();
            if entry.kind == EntryKind::Directory
                && each.globs.is_match(path)
                && !self.except.is_match(path)
                && ask.entries.is_directory(index)
            {
                // Also where nothing below it is found: it was asked, so the check applies.
                (sink.looked)(index);
                in_directory(path, Some(&each.text), sink);
            }
        }
    }
}
