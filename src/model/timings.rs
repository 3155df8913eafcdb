//! Time that a run used, for `check --timings`.

use std::time::Duration;

use super::GuidelineId;

/// Time that a run used. Processor time, except [`Timings::steps`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Time of each check that read file contents.
    pub checks: Vec<CheckTiming>,
    /// Time for parsing code and data, and number of parsed documents.
    pub parse: (Duration, u64),
    /// Total time for file contents: decoding, parsing, all checks.
    pub files: Duration,
    /// Time for reading and prefiltering files, and number of files.
    pub reading: (Duration, u64),
    /// Steps of the run in order, in wall-clock time.
    pub steps: Vec<(&'static str, Duration)>,
}

/// Time that one check used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckTiming {
    /// Guideline of the check.
    pub guideline: GuidelineId,
    /// Id of the check.
    pub check: String,
    /// Time for compiling the check.
    pub compile: Duration,
    /// Time for searching, without parsing.
    pub search: Duration,
    /// Number of files that passed the prefilter.
    pub files: u64,
    /// Reason why the check cannot be prefiltered; `None` if it can.
    pub unfiltered: Option<String>,
}
