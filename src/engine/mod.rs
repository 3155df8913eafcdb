//! The engine: plan → walk → read → prefilter → checks → findings.
//!
//! It returns values; it never prints, exits, asks for the date or reads the environment.

pub mod applies;
mod assess;
mod budget;
pub mod cache;
pub mod checks;
mod choose;
mod class;
mod compiled;
mod fingerprint;
mod fix;
mod focus;
mod found;
pub mod glob;
mod limits;
mod meter;
mod options;
mod outcome;
mod parties;
mod places;
mod plan;
pub mod prefilter;
mod problems;
mod reading;
mod recall;
mod run;
mod select;
mod session;
pub mod size;
mod stream;
mod task;
mod tools;
pub mod tree;
mod tree_memory;
pub mod waive;
pub mod walk;
pub mod worker;

pub use checks::tool::{ToolResult, ToolRun, read_sarif};
pub use fix::{FileFixes, apply_fixes, creations, plan_fixes, replacements};
pub use focus::{Change, ChangeKind, ChangedLines, Focus, Lines};
pub use found::{CannotTell, FileResult, Found, SpecProblem};
pub use limits::Limits;
pub use options::{NoProgress, Options, Progress};
pub use plan::PlanProblem;
pub use problems::problems_of_guideline;
pub use recall::Memory;
pub use run::{Assessment, assess};
pub use select::{Look, Reach, looks_into, reach, who_looks_at};
pub use tree_memory::MemoryTree;

/// Most findings of one `text` or `code` check in one file (`data` has its own, lower bound); the rest is
/// counted as "cannot tell" (budget).
pub(crate) const MAX_FINDINGS: usize = 10_000;

/// Most bytes of findings that are listed for one file, roughly.
pub(crate) const MAX_RESULT_BYTES: usize = 24 << 20;
