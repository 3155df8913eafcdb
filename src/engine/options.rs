//! Options of a run, such as scopes and threads, and the progress interface.
//!
//! This module only defines values; `run` and `assess` use them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::cached_results::CacheHandle;
use super::checks::tool::ToolRun;
use super::focus::Focus;
use super::limits::Limits;
use crate::model::{GuidelineId, RepoPath};

/// Options of a run.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Options {
    /// Assess only paths at or below one of these; empty means the whole tree.
    pub scopes: Vec<RepoPath>,
    /// Number of threads; 0 means one per core.
    pub threads: usize,
    /// Whether the prefilter may skip files. Disabled only to test that it does not change results.
    pub prefilter: bool,
    /// Whether every path that `applies.exists` requires is assumed to exist (single-file examples).
    pub assume_exists: bool,
    /// Whether folders with their own `stanchion.toml` are left out and listed in
    /// [`Assessment::nested_projects`](super::Assessment::nested_projects).
    pub skip_nested_projects: bool,
    /// Promised guidelines, for which a higher limit on listed findings applies because each finding counts.
    pub promised: BTreeSet<GuidelineId>,
    /// Restricts the run to a change; `None` assesses everything.
    pub focus: Option<Focus>,
    /// Limits on the work for each file.
    pub limits: Limits,
    /// The program whose `__worker` command assesses files in child processes. `None` assesses them in this
    /// process, where a crash of a parser ends the whole run.
    pub worker: Option<PathBuf>,
    /// Cache with the results of earlier runs, to which this run adds its own.
    pub cache: Option<CacheHandle>,
    /// Whether the cost of each check is measured.
    pub timings: bool,
    /// Results of other tools for checks of kind `tool`; file paths are relative to the tree.
    pub tools: Vec<ToolRun>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scopes: vec![],
            skip_nested_projects: false,
            promised: BTreeSet::new(),
            threads: 0,
            prefilter: true,
            assume_exists: false,
            focus: None,
            limits: Limits::default(),
            worker: None,
            cache: None,
            timings: false,
            tools: vec![],
        }
    }
}

/// Receives the progress of a run.
pub trait Progress: Sync {
    /// Called once with the number of files that will be assessed.
    fn start(&self, files: usize);
    /// Called after each file.
    fn step(&self);
}

/// Ignores progress.
pub struct NoProgress;

impl Progress for NoProgress {
    fn start(&self, _: usize) {}
    fn step(&self) {}
}
