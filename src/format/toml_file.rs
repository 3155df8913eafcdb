//! A TOML file as a located tree: what is common to everything in TOML that people write or tools keep.

use super::source::Source;
use crate::data::{self, Format, Kind, Limits, LoadError, Node};
use crate::model::Problem;
use crate::text::Span;

/// Reads a TOML file; `conflict` is what to do where git has left both sides of a merge in it. The source's text
/// has no byte order mark, and places count without it.
pub(super) fn open(
    file: &str,
    text: &str,
    (limits, largest): (&Limits, usize),
    conflict: &str,
) -> Result<(Source, Node), Vec<Problem>> {
    if text.len() > largest {
        let message = format!("the file is larger than {} KiB", largest >> 10);
        return Err(vec![Source::new(file, "").problem(Span::at(0), message, "", None)]);
    }
    // Nobody sees a byte order mark: lines, columns and excerpts do without it.
    let source = Source::new(file, text.strip_prefix('\u{feff}').unwrap_or(text));
    match load(&source, limits, conflict) {
        Ok(root) => Ok((source, root)),
        Err(problem) => Err(vec![problem]),
    }
}

#[expect(clippy::result_large_err, reason = "a problem is told once, and then the file is done")]
fn load(source: &Source, limits: &Limits, conflict: &str) -> Result<Node, Problem> {
    let loaded = data::load(Format::Toml, &source.text, limits);
    let (span, message) = match loaded {
        Ok(mut documents) => {
            let root = documents.pop();
            return Ok(root.unwrap_or(Node { span: Span::at(0), kind: Kind::Object(Vec::new()) }));
        }
        Err(LoadError::Syntax { message, span }) => (span, format!("not TOML: {message}")),
        Err(LoadError::TooDeep { span }) => (span, "nested too deeply".to_owned()),
        Err(LoadError::TooManyNodes) => (Span::at(0), "too many parts".to_owned()),
    };
    Err(unresolved(source, conflict).unwrap_or_else(|| source.problem(span, message, "here", None)))
}

/// That git has left both sides of a merge in a file, if it has: for files that are too large to be opened.
pub(super) fn unresolved_merge(file: &str, text: &str, conflict: &str) -> Option<Problem> {
    unresolved(&Source::new(file, text.strip_prefix('\u{feff}').unwrap_or(text)), conflict)
}

fn unresolved(source: &Source, conflict: &str) -> Option<Problem> {
    let marker = conflict_marker(&source.text)?;
    let message = "a merge is not resolved here: both sides stand in the file".to_owned();
    Some(source.problem(marker, message, "git's mark", Some(conflict.to_owned())))
}

/// The first line in which git marks a conflict.
fn conflict_marker(text: &str) -> Option<Span> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if ["<<<<<<< ", "||||||| ", ">>>>>>> "].iter().any(|mark| line.starts_with(mark)) {
            return Some(Span::new(start, start + line.trim_end().len()));
        }
        start += line.len();
    }
    None
}
