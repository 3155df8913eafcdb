//! `check --staged` and `check --since` on repositories made by the real git.

#![allow(clippy::print_stdout, reason = "a skipped part or a count is reported")]
#![expect(
    clippy::disallowed_methods,
    reason = "these tests start git and the program and read what they wrote"
)]
#![cfg(unix)]

mod hooks;
mod hostile;
mod layouts;
mod revisions;
mod whole;
mod world;
