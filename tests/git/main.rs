//! `check --staged` and `check --since` over repositories that the real git made.

#![allow(clippy::print_stdout, reason = "a test says what it left out or counted")]
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
