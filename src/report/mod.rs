//! From an [`crate::model::Outcome`] to bytes: one small file per output format.
//!
//! Everything here is pure: no file, no terminal, no environment, no clock. Whatever comes from outside
//! (paths, messages, excerpts) goes through [`escape`] before it enters a text for people.

pub mod escape;
pub mod human;
pub mod json;
pub mod jsonl;
mod paint;
mod said;
#[cfg(test)]
mod sample;
mod shell;
mod wire;
mod wrap;

pub use human::{
    Commands, HumanStyle, render as render_human, render_about_waivers, render_notes, render_party,
    render_problems, render_timings,
};
pub use json::{report_schema, write as write_json};
pub use jsonl::write as write_jsonl;
pub use paint::{Paint, Role};
pub use said::waivers_json;
pub use shell::quote;
pub use wrap::{HOLD, wrap};
