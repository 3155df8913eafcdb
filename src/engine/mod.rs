//! The engine: plan → walk → read → prefilter → checks → findings.
//!
//! It returns values; it never prints, exits, asks for the date or reads the environment.

pub mod applies;
mod assess;
mod budget;
pub mod checks;
mod choose;
mod class;
mod fingerprint;
mod found;
pub mod glob;
mod options;
mod outcome;
mod places;
mod plan;
pub mod prefilter;
mod run;
mod select;
pub mod size;
pub mod tree;
mod tree_memory;
pub mod walk;

pub use found::{CannotTell, FileResult, Found, SpecProblem};
pub use options::{Limits, NoProgress, Options, Progress};
pub use plan::{PlanProblem, compile_everything};
pub use run::assess;
pub use select::{Look, Reach, reach, who_looks_at};
pub use tree_memory::MemoryTree;

/// Most findings of one `text` or `code` check in one file (`data` has its own, lower bound); the rest is
/// counted as "cannot tell" (budget).
pub(crate) const MAX_FINDINGS: usize = 10_000;
