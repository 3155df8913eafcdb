//! What the assessment of one file yields: plain values that can cross a process boundary.

use serde::{Deserialize, Serialize};

use super::waive::Comment;
use crate::data::Step;
use crate::model::{Edit, Fix, Reason};
use crate::text::{Excerpt, Position};

/// Longest message, content, title, path or excerpt of a finding that is believed, in bytes; the engine's
/// own limits are far below.
pub(super) const LONGEST_TEXT: usize = 16 << 10;
/// Longest text that a fix puts in, in bytes.
pub(super) const LONGEST_FIX: usize = 64 << 10;
/// No place lies behind this byte.
const LAST_BYTE: u64 = 1 << 40;

/// A match of a check in a file, before it is given a guideline, a path and a fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Number of the check in the plan.
    pub check: u32,
    /// What the finding says.
    pub message: String,
    /// First character of the place.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
    /// The source around the place.
    pub excerpt: Option<Excerpt>,
    /// What the place holds, for the fingerprint: the matched text (or the key, the missing path…).
    pub content: String,
    /// What would mend it.
    pub fix: Option<Fix>,
}

impl Found {
    /// Whether the engine could have made it and a reader can rely on it: it may come from a process that was
    /// broken by what it parsed, or from a file.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let short = |text: &str| text.len() <= LONGEST_TEXT;
        let position = |it: &Position| it.line > 0 && it.column > 0 && it.byte <= LAST_BYTE;
        position(&self.start)
            && position(&self.end)
            && (self.start.line, self.start.byte) <= (self.end.line, self.end.byte)
            && short(&self.message)
            && short(&self.content)
            && self.excerpt.as_ref().is_none_or(|it| {
                it.first_line > 0 && short(&it.text) && it.text.get(it.span.start..it.span.end).is_some()
            })
            && self.fix.as_ref().is_none_or(|fix| {
                fix.title.as_deref().is_none_or(short) && fix.edits.iter().all(edit_is_sound)
            })
    }

    /// About how many bytes it takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        let excerpt = self.excerpt.as_ref().map_or(0, |excerpt| excerpt.text.len());
        let edit = |edit: &Edit| match edit {
            Edit::Replace { with, .. } => with.len(),
            Edit::Create { path, content } => path.bytes().len() + content.len(),
        };
        let fix = self.fix.as_ref().map_or(0, |fix| fix.edits.iter().map(edit).sum());
        128 + self.message.len() + self.content.len() + excerpt + fix
    }
}

fn edit_is_sound(edit: &Edit) -> bool {
    match edit {
        Edit::Replace { span, with } => {
            span.start <= span.end && span.end as u64 <= LAST_BYTE && with.len() <= LONGEST_FIX
        }
        Edit::Create { path, content } => {
            let path = path.bytes();
            let inside = |part: &[u8]| !matches!(part, b"" | b"." | b"..") && !part.contains(&0);
            path.len() <= LONGEST_TEXT
                && path.split(|&byte| byte == b'/').all(inside)
                && content.len() <= LONGEST_FIX
        }
    }
}

/// A check that could not look into a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CannotTell {
    /// Number of the check in the plan; `None`: every check that asks for the file's content.
    pub check: Option<u32>,
    /// The kind of reason.
    pub reason: Reason,
    /// More words.
    pub detail: String,
}

/// Everything the assessment of one file yields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileResult {
    /// Number of the file in the sorted list of entries.
    pub file: u32,
    /// Findings in order of place.
    pub found: Vec<Found>,
    /// What could not be told.
    pub cannot_tell: Vec<CannotTell>,
    /// The comments in it that begin an inline waiver. A worker says nothing about them.
    pub comments: Vec<Comment>,
}

impl FileResult {
    /// Whether it says nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty() && self.cannot_tell.is_empty() && self.comments.is_empty()
    }

    /// That nothing was found, and what could not be told.
    #[must_use]
    pub fn unknown(file: u32, cannot_tell: Vec<CannotTell>) -> Self {
        Self { file, cannot_tell, ..Self::default() }
    }
}

/// Something wrong in a check as written, found when it is compiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecProblem {
    /// The way to the place from the check's own mapping, for example `text`, `find`.
    pub at: Vec<Step>,
    /// What is wrong, one sentence without a final full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl SpecProblem {
    /// A problem at the keys `at` below the check.
    #[must_use]
    pub fn new(at: &[&str], message: impl Into<String>) -> Self {
        Self {
            at: at.iter().map(|key| Step::Key((*key).to_owned())).collect(),
            message: message.into(),
            help: None,
        }
    }

    /// The same problem with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
