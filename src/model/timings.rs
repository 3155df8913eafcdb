//! What a run cost, for `check --timings`.

use std::time::Duration;

use super::GuidelineId;

/// What a run cost. Processor time, but for [`Timings::steps`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Of each check that looked into contents.
    pub checks: Vec<CheckTiming>,
    /// Parsing code and data, and how often.
    pub parse: (Duration, u64),
    /// Looking into files in all: decoding, parsing, all checks.
    pub files: Duration,
    /// Reading files and deciding which need a closer look, and their number.
    pub reading: (Duration, u64),
    /// The steps of the run one after the other, in real time.
    pub steps: Vec<(&'static str, Duration)>,
}

/// What one check cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckTiming {
    /// Its guideline.
    pub guideline: GuidelineId,
    /// Its own id.
    pub check: String,
    /// Compiling it.
    pub compile: Duration,
    /// Looking for it, without parsing.
    pub look: Duration,
    /// Files that the prefilter left for it.
    pub files: u64,
    /// Why it cannot be prefiltered.
    pub unfiltered: Option<String>,
}
