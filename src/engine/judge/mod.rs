//! Judges findings by waivers, the baseline and promises.
//!
//! Pure functions: they take values (the run's clock as a date) and return an outcome. This module does not
//! read, parse or write files. Guideline and file contents cannot change the list of promises.

mod baseline;
mod cover;
mod effect;
mod inline;
mod quoted;
mod verdicts;

#[cfg(test)]
mod tests;

pub use baseline::{BaselineMatch, RefreshedPart, baseline_entry_for, match_baseline, refresh_baseline_part};
pub use cover::glob_problem;
pub use effect::{LAPSING_DAYS, is_in_effect};
pub use inline::{Comment, MAX_COMMENTS, find_inline_comments};
pub use verdicts::{Coverage, JudgeInput, judge};
