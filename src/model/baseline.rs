//! Baselines: the findings that existed when a promise was made "from here".

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Date, FindingHashes, GuidelineId, RepoPath};

/// Content of `.stanchion/baseline.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// Recorded findings by guideline.
    pub guidelines: BTreeMap<GuidelineId, BaselinePart>,
}

/// Recorded findings of one guideline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselinePart {
    /// Day on which the findings were recorded.
    pub since: Date,
    /// Recorded findings, sorted and without duplicates.
    pub entries: Vec<BaselineEntry>,
}

/// One recorded finding. Several hashes identify it, so that it is recognized even if it was moved or edited
/// since then.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BaselineEntry {
    /// Path of the file.
    pub path: RepoPath,
    /// Id of the check that found it.
    pub check: Arc<str>,
    /// Hashes that identify the finding.
    pub hashes: FindingHashes,
}
