//! The real program over small trees, in an environment of its own.

#![expect(clippy::disallowed_methods, reason = "these tests start the program and read what it wrote")]

mod bad_input;
mod command;
mod output;
