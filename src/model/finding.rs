//! Findings and the fixes they carry.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Level, RepoPath};
use crate::text::{Excerpt, Position, Span};

/// Tells a finding from every other over time; written as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fingerprint(pub u128);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A shorter one, which equal findings may share; written as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Trace(pub u64);

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What tells a finding from others over time. Each is made from the content of the place with white space folded; no
/// line number is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Traces {
    /// Guideline, check, path, content, and which of several equal ones it is: stable across line moves and
    /// unrelated edits.
    pub fingerprint: Fingerprint,
    /// Guideline, check and content, wherever that is: survives a move to another file.
    pub content: Trace,
    /// Guideline, check and the first line of a content of several lines: survives edits further inside.
    /// `None` where the content is one line.
    pub head: Option<Trace>,
}

/// Whether a finding counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It does.
    #[default]
    Open,
    /// A waiver covers it: its index in [`super::Outcome::waivers`].
    Waived(usize),
    /// It was there when the promise was made "from here": it is told, but does not break the promise.
    Known,
}

/// A place where a repository does not keep a guideline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Index of the guideline in [`super::Outcome::guidelines`].
    pub guideline: usize,
    /// Id of the check inside the guideline.
    pub check: String,
    /// How loudly it is presented; never decides the outcome.
    pub level: Level,
    /// What, in one line.
    pub message: String,
    /// Where: the file, or the place where a file should be.
    pub path: RepoPath,
    /// First character of the place.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
    /// The source around it; `None` when the finding is about a path.
    pub excerpt: Option<Excerpt>,
    /// Identity over time.
    pub traces: Traces,
    /// Whether it counts; open until `engine::waive` has judged it.
    pub standing: Standing,
    /// A waiver that covered it and has lapsed: its index in [`super::Outcome::waivers`].
    pub lapsed: Option<usize>,
    /// What would mend it, if the guideline can say.
    pub fix: Option<Fix>,
}

impl Finding {
    /// The line in which it ends: an end at the first column lies behind the line end before.
    #[must_use]
    pub fn last_line(&self) -> u32 {
        let (start, end) = (self.start, self.end);
        if end.column <= 1 && end.line > start.line { end.line - 1 } else { end.line }
    }
}

/// A change that would mend a finding. Never applied by default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What the change does, in a few words.
    pub title: Option<String>,
    /// The edits; they do not overlap.
    pub edits: Vec<Edit>,
}

/// One edit of a [`Fix`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edit {
    /// Replace bytes of the finding's file. The span counts bytes of the decoded text, which are the
    /// file's own bytes for UTF-8 without a byte order mark; others carry no fix.
    Replace {
        /// The bytes to replace.
        span: Span,
        /// What to put there.
        with: String,
    },
    /// Create a file that is not there.
    Create {
        /// The new file.
        path: RepoPath,
        /// Its content.
        content: String,
    },
}
