//! The engine: plan → walk → read → prefilter → checks → findings.
//!
//! It returns values. It never prints, exits, or reads the current date or environment variables.

pub mod applies;
mod assess;
mod assign_classes;
mod budget;
pub mod cache;
mod cached_results;
pub mod checks;
mod class;
mod compiled;
mod file_result;
mod fingerprint;
mod fix;
mod focus;
pub mod glob;
pub mod judge;
mod limits;
mod meter;
mod nested_projects;
mod options;
mod outcome;
mod plan;
pub mod prefilter;
mod problems;
mod reading;
mod run;
mod select;
mod session;
pub mod size;
mod source_text;
mod stream;
mod task;
mod tools;
pub mod tree;
mod tree_memory;
pub mod walk;
pub mod worker;

pub use cached_results::CacheHandle;
pub use checks::tool::{ToolResult, ToolRun, read_sarif};
pub use file_result::{CannotTell, FileResult, RawFinding, SpecProblem};
pub use fix::{FileFixes, apply_fixes, creations, plan_fixes, replacements};
pub use focus::{Change, ChangeKind, ChangedLines, Focus, LineChanges};
pub use limits::Limits;
pub use options::{NoProgress, Options, Progress};
pub use plan::PlanProblem;
pub use problems::problems_of_guideline;
pub use run::{Assessment, assess};
pub use select::{CheckSelection, GuidelineScope, check_selections, guideline_scope, selects_path};
pub use tree_memory::MemoryTree;

/// Maximum number of findings of one `text` or `code` check in one file. `data` checks have their own, lower
/// limit. Beyond it the check is reported as "cannot tell" (budget).
pub(crate) const MAX_FINDINGS: usize = 10_000;

/// Approximate maximum size of the findings of one file, in bytes.
pub(crate) const MAX_RESULT_BYTES: usize = 24 << 20;
