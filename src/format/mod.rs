//! The files that people write: guideline files and `stanchion.toml`.
//!
//! Text goes in, validated values of `model` come out, or every problem of the file at once, each
//! pointing at the text. This room compiles no glob and runs no check (the engine does), and reads
//! no file: callers hand in the text.

mod advice;
mod code;
mod config;
mod diagnose;
mod examples;
mod front;
mod messages;
mod parse;
mod pattern;
mod prose;
mod raw;
mod scaffold;
mod schema;
mod semantics;
mod source;
mod starter;
mod suggest;

#[cfg(test)]
mod tests;

pub use advice::advice;
pub use config::{Config, Follow, Followed, init_config, parse_config};
pub use parse::{FILE_BYTES, FRONT_MATTER_BYTES, locate, parse, problem};
pub use scaffold::{KINDS, scaffold};
pub use schema::{SCHEMA, config_schema, guideline_schema, needs_newer};
pub use starter::starter;
