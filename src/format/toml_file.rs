//! Parses a TOML file into a tree with positions; shared by all TOML files that people or tools write.

use super::source::SourceFile;
use crate::data::{self, DocumentFormat, DocumentLimits, LoadError, Node, NodeKind};
use crate::model::Problem;
use crate::text::Span;

/// Parses a TOML file of at most `largest` bytes. `conflict` is the help for an unresolved merge conflict.
///
/// The text of the returned source has no byte order mark, and positions are counted without it.
pub(super) fn parse_toml(
    file: &str,
    text: &str,
    (limits, largest): (&DocumentLimits, usize),
    conflict: &str,
) -> Result<(SourceFile, Node), Vec<Problem>> {
    if text.len() > largest {
        let message = format!("the file is larger than {} KiB", largest >> 10);
        return Err(vec![SourceFile::new(file, "").problem(Span::at(0), message, "", None)]);
    }
    // A byte order mark is invisible: lines, columns and excerpts are counted without it.
    let source = SourceFile::new(file, text.strip_prefix('\u{feff}').unwrap_or(text));
    match load(&source, limits, conflict) {
        Ok(root) => Ok((source, root)),
        Err(problem) => Err(vec![problem]),
    }
}

#[expect(clippy::result_large_err, reason = "returned at most once per file")]
fn load(source: &SourceFile, limits: &DocumentLimits, conflict: &str) -> Result<Node, Problem> {
    let loaded = data::load(DocumentFormat::Toml, &source.text, limits);
    let (span, message) = match loaded {
        Ok(mut documents) => {
            let root = documents.pop();
            return Ok(root.unwrap_or(Node { span: Span::at(0), kind: NodeKind::Object(Vec::new()) }));
        }
        Err(LoadError::Syntax { message, span }) => (span, format!("invalid TOML: {message}")),
        Err(LoadError::TooDeep { span }) => (span, "the file is nested too deeply".to_owned()),
        Err(LoadError::TooManyNodes) => (Span::at(0), "the file has too many values".to_owned()),
    };
    Err(merge_conflict(source, conflict).unwrap_or_else(|| source.problem(span, message, "here", None)))
}

/// Returns a problem if the file contains an unresolved merge conflict. For files too large to be parsed.
pub(super) fn find_merge_conflict(file: &str, text: &str, conflict: &str) -> Option<Problem> {
    merge_conflict(&SourceFile::new(file, text.strip_prefix('\u{feff}').unwrap_or(text)), conflict)
}

fn merge_conflict(source: &SourceFile, conflict: &str) -> Option<Problem> {
    let marker = conflict_marker(&source.text)?;
    let message = "unresolved merge conflict: the file contains both sides".to_owned();
    Some(source.problem(marker, message, "conflict marker", Some(conflict.to_owned())))
}

/// Finds the first conflict marker that git has written at the beginning of a line.
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
