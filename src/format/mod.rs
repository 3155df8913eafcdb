//! The files that people write: guideline files and `stanchion.toml`.
//!
//! Text goes in, validated values of `model` come out, or every problem of the file at once, each
//! pointing at the text. This room compiles no glob and runs no check (the engine does), and reads
//! no file: callers hand in the text.

mod advice;
mod baseline;
mod code;
mod config;
mod diagnose;
mod examples;
mod front;
mod line;
mod lock;
mod messages;
mod parse;
mod pattern;
mod prose;
mod raw;
mod scaffold;
mod schema;
mod semantics;
mod settings;
mod source;
mod standard;
mod starter;
mod suggest;
mod toml_file;
mod waivers;

#[cfg(test)]
mod tests;

pub use advice::advice;
pub use baseline::{parse_baseline, parse_baseline_for, render_baseline};
pub use config::{
    Config, EditProblem, Follow, Followed, Promised, Registry, RegistryPlace, Setting, init_config,
    parse_config, registry_place, with_promise, without_promise,
};
pub use lock::{Lock, Locked, parse_lock, parse_merged_lock};
pub use parse::{FILE_BYTES, FRONT_MATTER_BYTES, digest, locate, parse, parse_with, problem};
pub use scaffold::{KINDS, scaffold};
pub use schema::{SCHEMA, config_schema, guideline_schema, lock_schema, needs_newer, standard_schema};
pub use settings::{SettingSlip, setting_problem};
pub use standard::parse_standard;
pub use starter::starter;
pub use waivers::{
    CommentSyntax, LONGEST_REASON, WaiverFile, comment_syntax, inline_line, inline_text, parse_inline,
    parse_waivers, reason_problem, renewed, renewed_inline, waivers_schema, with_waiver, withdrawn,
    withdrawn_inline,
};
