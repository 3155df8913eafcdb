//! A baseline: what was found when a promise was made "from here".

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Date, GuidelineId, RepoPath, Traces};

/// What stands in `.stanchion/baseline.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// By guideline.
    pub guidelines: BTreeMap<GuidelineId, BaselinePart>,
}

/// What was found of one guideline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselinePart {
    /// The day on which it was found.
    pub since: Date,
    /// What was found, in order and without doubles.
    pub entries: Vec<BaselineEntry>,
}

/// One finding of then, told again in several ways: by what it is, and by what it looks like if it moves or is
/// edited.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BaselineEntry {
    /// Where it was.
    pub path: RepoPath,
    /// Id of the check.
    pub check: Arc<str>,
    /// Its traces.
    pub traces: Traces,
}
