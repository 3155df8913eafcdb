//! Reads changes from a git repository: its index, objects and references, without running git.
//!
//! Invariants:
//! - No process is started, and no hook, filter, monitor or setting of the repository can start one.
//! - Nothing is written, locked or fetched, and the environment is not read.
//! - Sizes stated in files are not trusted.
//!
//! The module contains only the parts needed for `check --staged` and `check --since`. It must not depend on
//! guidelines, checks or output.

mod cache_tree;
mod compare;
mod config;
mod delta;
mod file;
mod index;
mod inflate;
mod lines;
mod merge_base;
mod objects;
mod oid;
mod pack;
mod refs;
mod reftable;
mod repository;
mod revision;
mod since;
mod split;
mod staged;
mod structure;
mod versions;

pub use repository::Repository;
pub use since::ChangesSince;
pub use staged::StagedChanges;

/// Error about git data that cannot be used. Neither field is escaped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GitError {
    /// Problem, location and reason: a sentence without a final full stop.
    pub message: String,
    /// Suggested next step.
    pub help: Option<String>,
}

impl GitError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}
