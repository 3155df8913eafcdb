//! Renders an [`crate::model::Outcome`] as bytes, with one small file per output format.
//!
//! All functions are pure: no file system, terminal, environment or clock. Untrusted text (paths, messages,
//! excerpts) passes through [`escape`] before it is shown to people.

mod checkstyle;
mod differences;
pub mod encode;
pub mod escape;
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
mod numbers;
mod paint;
mod policy_wire;
mod rdjson;
mod run;
#[cfg(test)]
mod sample;
mod sarif;
mod shell;
mod wire;
mod wrap;

pub use checkstyle::write as write_checkstyle;
pub use differences::{describe_differences, number_sections};
pub use encode::xml::entities as xml_entities;
pub use github::write as write_github;
pub use gitlab::write as write_gitlab;
pub use html::{prose_html, prose_html_with, write as write_html};
pub use human::{
    Commands, HumanStyle, ReportScope, render as render_human, render_notes, render_problems,
    render_project_heading, render_timings, render_waiver_remarks,
};
pub use json::{report_schema, write as write_json};
pub use jsonl::write as write_jsonl;
pub use junit::write as write_junit;
pub use markdown::{STEP_SUMMARY_MAX_BYTES, write_markdown, write_step_summary};
pub use paint::{Paint, Role};
pub use policy_wire::waivers_json;
pub use rdjson::{write as write_rdjson, write_lines as write_rdjsonl};
pub use run::{ReportFinding, Run, RunProject, RunTally, Weight};
pub use sarif::{SarifStyle, line_hashes, write as write_sarif};
pub use shell::quote_for_shell;
pub use wrap::{NON_BREAKING_SPACE, wrap};
