//! The engine: plan → walk → read → prefilter → checks → findings.
//!
//! It returns values; it never prints, exits, asks for the date or reads the environment.

pub mod checks;
mod found;
pub mod glob;
pub mod tree;

pub use found::{CannotTell, FileResult, Found, SpecProblem};
