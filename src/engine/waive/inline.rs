//! Inline waivers: the comments in which they are written (stub).

use serde::{Deserialize, Serialize};

/// A comment that begins an inline waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Its line, from 1.
    pub line: u32,
    /// Column of its first character, from 1.
    pub column: u32,
    /// The line that a waiver of a line covers.
    pub covers: u32,
    /// From `waive` on, to the end of the line.
    pub text: String,
    /// The whole line.
    pub source: String,
}

/// The comments of `text` that begin an inline waiver.
#[must_use]
pub fn inline_comments(text: &str) -> Vec<Comment> {
    let _ = text;
    Vec::new()
}
