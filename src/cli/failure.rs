//! Why stanchion could not do what was asked: what, where, and what to do next.

use std::io;
use std::path::Path;

use super::terminal::Terminal;
use crate::model::Problem;
use crate::report::escape::escape;
use crate::report::{Role, render_problems};

/// Ends a run with [`super::Exit::CouldNot`].
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// A sentence, and advice. Neither is escaped yet.
    #[error("{what}")]
    Said {
        /// What could not be done, and why.
        what: String,
        /// What to do next.
        help: Option<String>,
    },
    /// Problems in a file that a person wrote.
    #[error("{what}")]
    Problems {
        /// Which file, and that it cannot be used.
        what: String,
        /// All of its problems.
        problems: Vec<Problem>,
    },
}

impl Failure {
    /// A sentence without a final full stop.
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self::Said { what: for_people(what.into()), help: None }
    }

    /// The same with advice.
    pub(super) fn with_help(self, advice: impl Into<String>) -> Self {
        match self {
            Self::Said { what, .. } => Self::Said { what, help: Some(advice.into()) },
            other @ Self::Problems { .. } => other,
        }
    }

    /// The same about files that are found in `folder`, which ends with a slash.
    pub(super) fn of_folder(self, folder: &str) -> Self {
        match self {
            Self::Problems { what, problems } => {
                let moved = |problem: Problem| Problem {
                    file: format!("{folder}{}", problem.file).into(),
                    ..problem
                };
                Self::Problems {
                    what: format!("{folder}{what}"),
                    problems: problems.into_iter().map(moved).collect(),
                }
            }
            said @ Self::Said { .. } => said,
        }
    }

    /// `cannot VERB PATH: the system's words`
    pub(super) fn io(verb: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(format!("cannot {verb} {}: {}", path.display(), system_words(error)))
    }

    /// As shown on standard error.
    pub(super) fn render(&self, terminal: &Terminal) -> String {
        let paint = terminal.error_paint();
        let head = paint.text(Role::Strong, "stanchion:");
        match self {
            Self::Said { what, help } => {
                let help = help.as_deref().map_or_else(String::new, |help| {
                    format!("  {} {}\n", paint.text(Role::Note, "help:"), escape(help))
                });
                format!("{head} {}\n{help}", escape(what))
            }
            Self::Problems { what, problems } => {
                let shown = render_problems(problems, &terminal.error_style());
                format!("{head} {}\n\n{shown}", escape(what))
            }
        }
    }
}

/// A text with paths as people write them: on Windows a path in full begins with what only programs need.
pub(super) fn for_people(text: String) -> String {
    if cfg!(windows) { text.replace(r"\\?\UNC\", r"\\").replace(r"\\?\", "") } else { text }
}

/// What the system says, without the number that Rust adds, and the full stop that Windows does.
pub(super) fn system_words(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].trim_end_matches('.').to_lowercase(),
        None => text,
    }
}
