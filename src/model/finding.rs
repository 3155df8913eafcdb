//! Findings and the fixes they carry.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Level, RepoPath};
use crate::text::{Excerpt, Position, Span};

/// Unique and stable identifier of a finding; formatted as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fingerprint(pub u128);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Shorter hash, which equal findings can share; formatted as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ContentHash(pub u64);

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Hashes that identify a finding over time. They are computed from the content at its position, with white
/// space collapsed, and without line numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FindingHashes {
    /// Hash of guideline, check, path, content, and the ordinal number among equal findings. Stable across
    /// line moves and unrelated edits.
    pub fingerprint: Fingerprint,
    /// Hash of guideline, check and content: survives a move to another file.
    pub content: ContentHash,
    /// Hash of guideline, check and the first line of the content: survives edits of later lines. `None` if
    /// the content is one line.
    pub head: Option<ContentHash>,
}

/// Whether a finding counts against its guideline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FindingStatus {
    /// It counts.
    #[default]
    Open,
    /// Covered by the waiver with this index in [`super::Outcome::waivers`].
    Waived(usize),
    /// In the baseline: it existed when the promise was made "from here". It is reported, but does not break
    /// the promise.
    Known,
}

/// A place where a repository does not keep a guideline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Index of the guideline in [`super::Outcome::guidelines`].
    pub guideline: usize,
    /// Id of the check inside the guideline.
    pub check: String,
    /// How prominently it is shown; it never affects the outcome.
    pub level: Level,
    /// Description, in one line.
    pub message: String,
    /// Path of the file, or of a missing file.
    pub path: RepoPath,
    /// Position of the first character.
    pub start: Position,
    /// Position after the last character.
    pub end: Position,
    /// Source lines around the finding; `None` if the finding is about a path.
    pub excerpt: Option<Excerpt>,
    /// Hashes that identify it over time.
    pub hashes: FindingHashes,
    /// Whether it counts; open until `engine::judge` has applied waivers and baseline.
    pub status: FindingStatus,
    /// Index in [`super::Outcome::waivers`] of a lapsed waiver that covered it.
    pub lapsed: Option<usize>,
    /// Change that would resolve it, if the guideline offers one.
    pub fix: Option<Fix>,
}

impl Finding {
    /// Last line of the finding. An end at the first column of a line belongs to the line before.
    #[must_use]
    pub fn last_line(&self) -> u32 {
        let (start, end) = (self.start, self.end);
        if end.column <= 1 && end.line > start.line { end.line - 1 } else { end.line }
    }
}

/// A change that would resolve a finding. Never applied by default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// Description of the change, in a few words.
    pub title: Option<String>,
    /// Edits, which do not overlap.
    pub edits: Vec<Edit>,
}

/// One edit of a [`Fix`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edit {
    /// Replaces bytes of the finding's file. The span counts bytes of the decoded text, which equal the
    /// file's bytes for UTF-8 without a byte order mark; findings in files of other encodings have no fix.
    Replace {
        /// Bytes to replace.
        span: Span,
        /// Replacement.
        with: String,
    },
    /// Creates a missing file.
    Create {
        /// Path of the new file.
        path: RepoPath,
        /// Content of the new file.
        content: String,
    },
}
