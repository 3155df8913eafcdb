//! Problems in files that people write.

use std::sync::Arc;

use crate::text::Span;

/// A problem in a file that people write (a guideline, `stanchion.toml`), with its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path of the file, as the user wrote it.
    pub file: Arc<str>,
    /// Text of the file, or the available part of it, for the excerpt. Not escaped.
    pub text: Arc<str>,
    /// 1-based line number at which `text` begins.
    pub first_line: u32,
    /// Position in `text`; empty at 0 if the problem concerns the whole file.
    pub span: Span,
    /// Description, one sentence without a final full stop.
    pub message: String,
    /// A few words that are shown beside the position.
    pub label: String,
    /// Next step for the user, if it is not obvious from the message.
    pub help: Option<String>,
}
