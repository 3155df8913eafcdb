//! Failures of a command: what happened, where, and what to do.

use std::io;
use std::path::Path;

use super::terminal::Terminal;
use crate::model::Problem;
use crate::report::escape::escape;
use crate::report::{Role, render_problems};

/// Ends a run with [`super::Exit::Error`].
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// A message with optional advice. Neither is escaped yet.
    #[error("{message}")]
    Message {
        /// Message: what failed, and why.
        message: String,
        /// Advice: what to do.
        help: Option<String>,
    },
    /// Problems in a user-written file.
    #[error("{message}")]
    Problems {
        /// Message that names the file.
        message: String,
        /// All problems of the file.
        problems: Vec<Problem>,
    },
}

impl Failure {
    /// A failure with a message, which is a sentence without a final full stop.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self::Message { message: display_path(message.into()), help: None }
    }

    /// Adds advice.
    pub(super) fn with_help(self, advice: impl Into<String>) -> Self {
        match self {
            Self::Message { message, .. } => Self::Message { message, help: Some(advice.into()) },
            other @ Self::Problems { .. } => other,
        }
    }

    /// Prefixes the file paths with `folder`, which ends with a slash.
    pub(super) fn of_folder(self, folder: &str) -> Self {
        match self {
            Self::Problems { message, problems } => {
                let moved = |problem: Problem| Problem {
                    file: format!("{folder}{}", problem.file).into(),
                    ..problem
                };
                Self::Problems {
                    message: format!("{folder}{message}"),
                    problems: problems.into_iter().map(moved).collect(),
                }
            }
            message @ Self::Message { .. } => message,
        }
    }

    /// An I/O failure: `cannot VERB PATH: message of the system`.
    pub(super) fn io(verb: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(format!("cannot {verb} {}: {}", path.display(), system_words(error)))
    }

    /// Renders the failure for standard error.
    pub(super) fn render(&self, terminal: &Terminal) -> String {
        let paint = terminal.error_paint();
        let head = paint.text(Role::Strong, "stanchion:");
        match self {
            Self::Message { message, help } => {
                let help = help.as_deref().map_or_else(String::new, |help| {
                    format!("  {} {}\n", paint.text(Role::Note, "help:"), escape(help))
                });
                format!("{head} {}\n{help}", escape(message))
            }
            Self::Problems { message, problems } => {
                let shown = render_problems(problems, &terminal.error_style());
                format!("{head} {}\n\n{shown}", escape(message))
            }
        }
    }
}

/// Removes the `\\?\` prefix of verbatim Windows paths, which users do not write.
pub(super) fn display_path(text: String) -> String {
    if cfg!(windows) { text.replace(r"\\?\UNC\", r"\\").replace(r"\\?\", "") } else { text }
}

/// Message of an I/O error, without the error number that Rust adds and the full stop that Windows adds.
pub(super) fn system_words(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].trim_end_matches('.').to_lowercase(),
        None => text,
    }
}
