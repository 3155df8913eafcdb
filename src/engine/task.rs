//! Tasks for sessions and the facts that sessions report about checks: plain values that cross the process
//! boundary.

use serde::{Deserialize, Serialize};

use super::file_result::SpecProblem;
use super::limits::Limits;
use super::prefilter::Requirement;
use crate::model::{Check, Language, RepoPath};

/// The work of a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Limits on the work for one file.
    pub limits: Limits,
    /// The checks of contents, with their numbers in the plan.
    pub checks: Vec<(u32, Check)>,
    /// Classes of files that the same checks select.
    pub classes: Vec<ClassSpec>,
    /// Whether nodes that cannot match may be skipped. Disabled only to test that it does not change results.
    pub filter: bool,
    /// Whether the cost of each check is measured.
    pub timings: bool,
}

/// A class of files: those in one language that the same checks select.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClassSpec {
    /// Numbers of the checks, in order.
    pub numbers: Vec<u32>,
    /// The language of the files, if known.
    pub language: Option<Language>,
}

/// One file to assess. Its content is passed separately.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileJob {
    /// Number of the file in the list of entries.
    pub file: u32,
    /// Index of its class.
    pub class: u32,
    /// Numbers of the checks that passed the prefilter.
    pub active: Vec<u32>,
    /// Its path.
    pub path: RepoPath,
    /// Number of earlier files that used up their time or were slow to parse.
    pub earlier: u32,
    /// Memory limit of the worker that assesses it, in bytes; 0 keeps the current limit.
    pub memory: u64,
}

/// Facts about a compiled check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckFacts {
    /// Condition that the content of a file must meet for the check to find anything.
    pub requirement: Requirement,
    /// Problems of the check; if there are any, it is not used.
    pub problems: Vec<SpecProblem>,
    /// Whether the check could not be compiled for a reason that may be temporary, such as a crashed worker.
    #[serde(skip)]
    pub unsure: bool,
}
