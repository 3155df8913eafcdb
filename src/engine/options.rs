//! How to run: bounds, scopes, threads, and who is told how far it has come.
//!
//! Values only; what is done with them stands in `run` and `assess`.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::RepoPath;

/// Sizes and times that bound the work on one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest file that is read, in bytes.
    pub file_bytes: u64,
    /// Largest text that is parsed as code, in bytes.
    pub code_bytes: u64,
    /// How long the checks may work on one file.
    pub file_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 16 << 20, code_bytes: 4 << 20, file_time: Duration::from_secs(2) }
    }
}

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only paths at or below one of these; empty is the whole tree.
    pub scopes: Vec<RepoPath>,
    /// Number of threads; 0 is one a core.
    pub threads: usize,
    /// Whether the prefilter may skip files. Off only to prove that it changes nothing.
    pub prefilter: bool,
    /// Whether whatever `applies.exists` asks for is taken as given (single-file examples).
    pub assume_exists: bool,
    /// Bounds.
    pub limits: Limits,
    /// The program whose `__worker` command assesses files in processes of their own; `None`: everything
    /// happens in this process, and what kills a parser kills it.
    pub worker: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scopes: vec![],
            threads: 0,
            prefilter: true,
            assume_exists: false,
            limits: Limits::default(),
            worker: None,
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
