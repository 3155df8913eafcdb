//! How to run: scopes, threads, and who is told how far it has come.
//!
//! Values only; what is done with them stands in `run` and `assess`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::checks::tool::ToolRun;
use super::focus::Focus;
use super::limits::Limits;
use super::recall::Memory;
use crate::model::{GuidelineId, RepoPath};

/// How to run.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Options {
    /// Only paths at or below one of these; empty is the whole tree.
    pub scopes: Vec<RepoPath>,
    /// Number of threads; 0 is one a core.
    pub threads: usize,
    /// Whether the prefilter may skip files. Off only to prove that it changes nothing.
    pub prefilter: bool,
    /// Whether whatever `applies.exists` asks for is taken as given (single-file examples).
    pub assume_exists: bool,
    /// Whether folders with a `stanchion.toml` of their own are left alone, and named in the assessment.
    pub parties: bool,
    /// Guidelines of which every finding is wanted, because each counts.
    pub promised: BTreeSet<GuidelineId>,
    /// Only what changed; `None` is everything.
    pub focus: Option<Focus>,
    /// Bounds.
    pub limits: Limits,
    /// The program whose `__worker` command assesses files in processes of their own; `None`: everything
    /// happens in this process, and what kills a parser kills it.
    pub worker: Option<PathBuf>,
    /// What earlier runs found, and where to put what this one finds.
    pub memory: Option<Memory>,
    /// Whether what each check costs is measured.
    pub timings: bool,
    /// What other tools found, for checks that ask for it; the files relative to the tree.
    pub tools: Vec<ToolRun>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scopes: vec![],
            parties: false,
            promised: BTreeSet::new(),
            threads: 0,
            prefilter: true,
            assume_exists: false,
            focus: None,
            limits: Limits::default(),
            worker: None,
            memory: None,
            timings: false,
            tools: vec![],
        }
    }
}

/// Is told how far a run has come.
pub trait Progress: Sync {
    /// So many files will be looked into.
    fn start(&self, files: usize);
    /// One more is done.
    fn step(&self);
}

/// Tells nobody.
pub struct NoProgress;

impl Progress for NoProgress {
    fn start(&self, _: usize) {}
    fn step(&self) {}
}
