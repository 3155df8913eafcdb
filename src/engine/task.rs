//! What is asked of those who look into files, and what they say about checks: plain values that cross
//! the boundary between processes.

use serde::{Deserialize, Serialize};

use super::found::SpecProblem;
use super::limits::Limits;
use super::prefilter::Requirement;
use crate::model::{Check, Language, RepoPath};

/// What a session works on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Bounds of the work on one file.
    pub limits: Limits,
    /// The checks of contents, with their numbers in the plan.
    pub checks: Vec<(u32, Check)>,
    /// Files that are asked the same checks.
    pub classes: Vec<ClassSpec>,
    /// Whether places where nothing can match may be left out. Off only to prove that it changes nothing.
    pub filter: bool,
    /// Whether what each check costs is measured.
    pub timings: bool,
}

/// Files in one language that the same checks look into.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClassSpec {
    /// Numbers of the checks, in order.
    pub numbers: Vec<u32>,
    /// The language of the files, if it is known.
    pub language: Option<Language>,
}

/// One file to assess; its content comes beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Number of the file in the list of entries.
    pub file: u32,
    /// Index of its class.
    pub class: u32,
    /// Numbers of the checks that may find something in it.
    pub active: Vec<u32>,
    /// Its path.
    pub path: RepoPath,
    /// Files before it that used up their time or were slow to parse.
    pub earlier: u32,
    /// Most memory of the process that looks into it, in bytes; 0: what it had before.
    pub memory: u64,
}

/// What is known about a check once it is compiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// What a file must hold so that the check can find anything in it.
    pub requirement: Requirement,
    /// What is wrong with it; then it is not used.
    pub problems: Vec<SpecProblem>,
    /// Nobody who compiled it says so: another run may know better.
    #[serde(skip)]
    pub unsure: bool,
}
