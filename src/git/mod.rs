//! What changed, according to git: the index, objects and references of a repository, read by ourselves.
//!
//! Promises: no process is started, no hook, filter, monitor or setting of the repository can make one
//! start; nothing is written, locked or fetched; the environment is not looked at; sizes that files claim
//! are not believed. Only what is needed for `check --staged` and `check --since` lives here: no
//! guideline, no check and no output may enter.

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
pub use since::Since;
pub use staged::Staged;

/// Why git's data cannot be used. Neither part is escaped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct GitError {
    /// What, where and why: a sentence without a final full stop.
    pub what: String,
    /// What to do next.
    pub help: Option<String>,
}

impl GitError {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), help: None }
    }

    fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}
