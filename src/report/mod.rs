//! From an [`crate::model::Outcome`] to bytes: one small file per output format.
//!
//! Everything here is pure: no file, no terminal, no environment, no clock. Whatever comes from outside
//! (paths, messages, excerpts) goes through [`escape`] before it enters a text for people.

mod checkstyle;
mod differences;
pub mod encode;
pub mod escape;
mod figures;
mod github;
mod gitlab;
#[cfg(test)]
mod hostile;
mod html;
pub mod human;
pub mod json;
pub mod jsonl;
mod junit;
mod markdown;
mod paint;
mod rdjson;
mod run;
mod said;
#[cfg(test)]
mod sample;
mod sarif;
mod shell;
mod wire;
mod wrap;

pub use checkstyle::write as write_checkstyle;
pub use differences::{differences, numbered};
pub use encode::xml::entities as xml_entities;
pub use github::write as write_github;
pub use gitlab::write as write_gitlab;
pub use html::{prose_html, prose_html_with, write as write_html};
pub use human::{
    Commands, HumanStyle, Only, render as render_human, render_about_waivers, render_notes, render_party,
    render_problems, render_timings,
};
pub use json::{report_schema, write as write_json};
pub use jsonl::write as write_jsonl;
pub use junit::write as write_junit;
pub use markdown::{STEP_SUMMARY_LARGEST, write_markdown, write_step_summary};
pub use paint::{Paint, Role};
pub use rdjson::{write as write_rdjson, write_lines as write_rdjsonl};
pub use run::{Item, Party as RunParty, Run, Tally, Weight};
pub use said::waivers_json;
pub use sarif::{SarifStyle, line_hashes, write as write_sarif};
pub use shell::quote;
pub use wrap::{HOLD, wrap};
