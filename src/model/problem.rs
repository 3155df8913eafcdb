//! A problem in a file that a person wrote.

use std::sync::Arc;

use crate::text::Span;

/// Something wrong in a file that a person wrote (a guideline, `stanchion.toml`), pointing at the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as the user knows it.
    pub file: Arc<str>,
    /// Its whole text, for the excerpt; or the part of it that is known. Not escaped.
    pub text: Arc<str>,
    /// The line of the file in which `text` begins, from 1.
    pub first_line: u32,
    /// Where; empty at 0 when the file as a whole is meant.
    pub span: Span,
    /// What is wrong, one sentence without a final full stop.
    pub message: String,
    /// A few words beside the place.
    pub label: String,
    /// What to do next, if there is something better to say than "mend it".
    pub help: Option<String>,
}
