//! End-to-end tests of the program on small trees, in a clean environment.

#![expect(clippy::disallowed_methods, reason = "these tests start the program and read what it wrote")]

mod bad_input;
mod command;
mod output;
