//! The real program over small trees, in an environment of its own.

mod command;
mod output;
