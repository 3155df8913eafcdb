//! A promise: what a repository says of itself, and the only thing that can fail a run.

use serde::{Deserialize, Serialize};

use super::{Date, GuidelineId};

/// A repository's promise to keep a guideline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// The day on which it was made.
    pub since: Date,
    /// Whether only what is new since then counts: what was there stands in the baseline.
    pub from_here: bool,
}

/// What a run says about a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromiseVerdict {
    /// Nothing was found but what is waived or stands in the baseline.
    Kept,
    /// Something was found that is neither waived nor in the baseline.
    Broken,
    /// Nothing speaks against it, but not everything could be assessed; or the guideline is not followed
    /// (any more), or cannot be used.
    CannotTell,
}

impl PromiseVerdict {
    /// The word in machine formats.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken => "broken",
            Self::CannotTell => "cannot_tell",
        }
    }
}

/// A promise and what a run says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromiseOutcome {
    /// The guideline, which need not be followed.
    pub guideline: GuidelineId,
    /// The promise.
    pub promise: Promise,
    /// What the run says.
    pub verdict: PromiseVerdict,
    /// Number of findings that break it.
    pub breaking: usize,
    /// Number of findings that stand in the baseline.
    pub known: usize,
    /// Why it cannot be told, in words; empty otherwise.
    pub why: String,
}

/// What "cannot tell" about a promised guideline means for the exit status: the repository's own setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unassessed {
    /// It is shown, and that is all.
    #[default]
    Note,
    /// It breaks the promise.
    Break,
}
