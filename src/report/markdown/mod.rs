//! Reports in GitHub Flavored Markdown: the comment of a pull request, and the summary of a step.
//!
//! Both are made of the same blocks. Nothing in them depends on the time or the machine, so that the same outcome
//! gives the same text, and a comment can be replaced by its successor.

mod blocks;
mod comment;
mod step_summary;

pub use comment::write as write_markdown;
pub use step_summary::{LARGEST as STEP_SUMMARY_LARGEST, write as write_step_summary};
