//! Reports in GitHub Flavored Markdown: the pull request comment and the step summary.
//!
//! Both consist of the same blocks. Their text does not depend on the time or the machine, so equal outcomes
//! give equal texts, and a comment can be replaced by the comment of the next run.

mod blocks;
mod comment;
mod step_summary;

pub use comment::write as write_markdown;
pub use step_summary::{MAX_BYTES as STEP_SUMMARY_MAX_BYTES, write as write_step_summary};
