//! End-to-end tests of policy files (promises, waivers, baseline, lock, copies) with the real program and
//! git.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests start git and the program and read what they wrote"
)]
#![cfg(unix)]

mod changes;
mod edits;
mod exits;
mod fix;
mod nested_projects;
mod promises;
mod prompts;
#[cfg(feature = "online")]
mod registries;
mod story;
mod update;
mod waivers;
mod world;
