//! Results of assessing one file: plain values that can cross a process boundary.

use serde::{Deserialize, Serialize};

use super::judge::Comment;
use crate::data::PointerStep;
use crate::model::{Edit, Fix, Reason};
use crate::text::{Excerpt, Position};

/// Longest message, content, title, path or excerpt that is accepted in an untrusted finding, in bytes. The
/// limits of the engine itself are far lower.
pub(super) const LONGEST_TEXT: usize = 16 << 10;
/// Longest replacement or file content of a fix that is accepted, in bytes.
pub(super) const LONGEST_FIX: usize = 64 << 10;
/// Largest byte offset that is accepted (1 TiB).
const LAST_BYTE: u64 = 1 << 40;

/// A match of a check in a file, before it gets a guideline, a path and a fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawFinding {
    /// Number of the check in the plan.
    pub check: u32,
    /// Message of the finding.
    pub message: String,
    /// First character of the location.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
    /// Source lines around the location.
    pub excerpt: Option<Excerpt>,
    /// Content at the location, for the fingerprint: the matched text, the key, the missing path…
    pub content: String,
    /// Proposed fix.
    pub fix: Option<Fix>,
}

impl RawFinding {
    /// Whether the engine could have produced this finding, so that callers can rely on its values. It may
    /// come from a worker that was corrupted by its input, or from a cache file.
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

    /// Approximate size in memory, in bytes.
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

/// A check that could not assess a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CannotTell {
    /// Number of the check in the plan; `None` for every check of contents that selects the file.
    pub check: Option<u32>,
    /// The kind of reason.
    pub reason: Reason,
    /// Details for the report.
    pub detail: String,
}

/// The complete result of assessing one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileResult {
    /// Number of the file in the sorted list of entries.
    pub file: u32,
    /// Findings in order of location.
    pub found: Vec<RawFinding>,
    /// Checks that cannot tell, with the reason.
    pub cannot_tell: Vec<CannotTell>,
    /// Comments in the file that start an inline waiver. Workers leave this empty.
    pub comments: Vec<Comment>,
}

impl FileResult {
    /// Whether there is nothing to report.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty() && self.cannot_tell.is_empty() && self.comments.is_empty()
    }

    /// A result without findings, with checks that cannot tell.
    #[must_use]
    pub fn unknown(file: u32, cannot_tell: Vec<CannotTell>) -> Self {
        Self { file, cannot_tell, ..Self::default() }
    }
}

/// A problem in the definition of a check, found when the check is compiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecProblem {
    /// Path of keys to the location, starting at the check's own mapping, for example `text`, `find`.
    pub at: Vec<PointerStep>,
    /// Description of the problem: one sentence without a final full stop.
    pub message: String,
    /// Advice for the author.
    pub help: Option<String>,
}

impl SpecProblem {
    /// A problem at the keys `at` below the check.
    #[must_use]
    pub fn new(at: &[&str], message: impl Into<String>) -> Self {
        Self {
            at: at.iter().map(|key| PointerStep::Key((*key).to_owned())).collect(),
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
