//! Judging: what waivers, the baseline and promises make of what was found.
//!
//! Pure: values go in (with the one clock of the run as a day), and an outcome comes out. Nothing is read,
//! parsed or written here, and nothing that a guideline or a file says can change which promises there are.

mod baseline;
mod cover;
mod effect;
mod inline;
mod judge;
mod quoted;

#[cfg(test)]
mod tests;

pub use baseline::{Match, Refreshed, entry_of, match_baseline, refresh};
pub use cover::glob_problem;
pub use effect::{LAPSING_DAYS, is_in_effect};
pub use inline::{Comment, MOST_COMMENTS, inline_comments};
pub use judge::{Ground, Sight, judge};
