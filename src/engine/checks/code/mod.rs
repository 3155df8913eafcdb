//! The `code` check kind: ast-grep rules and tree-sitter queries, on one parse of each file.

mod facts;
#[cfg(test)]
mod facts_tests;
mod grammar;
mod guard;
mod parse;
mod pasted_globs;
mod pattern_guard;
mod pattern_tokens;
mod query;
mod requirement;
#[cfg(test)]
mod requirement_cases;
#[cfg(test)]
mod requirement_tests;
mod rule;
mod rule_problems;
#[cfg(test)]
mod samples;
mod scan;
mod special_cases;

pub use grammar::Grammar;
pub use pasted_globs::PastedGlobs;
pub use rule::CompiledCode;
pub use scan::{CodeScan, ScanOutput, scan_file};
