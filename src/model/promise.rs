//! Promises: a repository's own statements, and the only thing that can fail a run.

use serde::{Deserialize, Serialize};

use super::{Date, GuidelineId};

/// A repository's promise to keep a guideline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// Day on which the promise was made.
    pub since: Date,
    /// Whether only new findings count; the baseline lists the earlier ones.
    pub from_here: bool,
}

/// Verdict of a run about a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromiseVerdict {
    /// All findings, if any, are waived or in the baseline.
    Kept,
    /// At least one finding is neither waived nor in the baseline.
    Broken,
    /// No finding breaks the promise, but not everything could be assessed. Or the guideline is not followed
    /// (any more), or cannot be used.
    CannotTell,
}

impl PromiseVerdict {
    /// Value in machine-readable formats.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken => "broken",
            Self::CannotTell => "cannot_tell",
        }
    }
}

/// A promise and the verdict of a run about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromiseOutcome {
    /// The promised guideline, which need not be followed.
    pub guideline: GuidelineId,
    /// The promise.
    pub promise: Promise,
    /// The verdict.
    pub verdict: PromiseVerdict,
    /// Number of findings that break it.
    pub breaking: usize,
    /// Number of findings that are in the baseline.
    pub known: usize,
    /// Reason for "cannot tell", for people; empty otherwise.
    pub why: String,
}

/// Effect of "cannot tell" for a promised guideline on the exit status, as the repository configures it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unassessed {
    /// It is reported, without effect on the exit status.
    #[default]
    Note,
    /// It breaks the promise.
    Break,
}
