//! Parsers for the files that people write: guideline files, `stanchion.toml`, waivers and others.
//!
//! A parser takes text and returns validated values of `model`, or all problems of the file at once.
//! Each problem points at its place in the text. This module compiles no glob and runs no check (the
//! engine does), and it reads no file: callers pass the text.

mod advice;
mod baseline;
mod code_check;
mod config;
mod diagnose;
mod examples;
mod front_matter;
mod lock;
mod parse;
mod pattern;
mod placeholders;
mod prose;
mod raw;
mod scaffold;
mod schema;
mod settings;
mod source;
mod standard;
mod starter;
mod suggest;
mod text_limits;
mod toml_file;
mod validate;
mod waivers;

#[cfg(test)]
mod tests;

pub use advice::collect_advice;
pub use baseline::{parse_baseline, parse_baseline_for, render_baseline};
pub use config::{
    Config, EditProblem, Follow, FollowEntry, PromiseEntry, Registry, RegistryPlace, Setting, add_promise,
    parse_config, registry_place, remove_promise, render_first_config,
};
pub use lock::{Lock, LockEntry, parse_lock, parse_merged_lock};
pub use parse::{
    MAX_FRONT_MATTER_BYTES, MAX_GUIDELINE_BYTES, locate_in_front_matter, parse_guideline,
    parse_guideline_with_settings, problem_in_check, sha256_hex,
};
pub use scaffold::{CHECK_KINDS, render_scaffold};
pub use schema::{
    FORMAT_VERSION, config_schema, guideline_schema, lock_schema, needs_newer, standard_schema,
};
pub use settings::{SettingProblem, setting_problem};
pub use standard::parse_standard;
pub use starter::starter_guidelines;
pub use waivers::{
    CommentSyntax, MAX_REASON_CHARS, WaiverFile, add_waiver, comment_syntax, parse_inline, parse_waivers,
    reason_problem, render_inline_waiver, render_waiver_comment, renew_inline_waiver, renew_waiver,
    waivers_schema, withdraw_inline_waiver, withdraw_waiver,
};
