//! Applies fixes to the files of an example, in memory.
//!
//! `stanchion fix` changes files on disk and has its own code, because it needs safeguards that an example
//! does not.

use crate::model::{Edit, Finding};
use crate::text::Span;

/// Applies every fix of `findings` that does not overlap an earlier one. Returns the files, and whether a fix
/// was skipped.
#[must_use]
pub fn apply_fixes(
    mut files: Vec<(String, Vec<u8>)>,
    findings: &[&Finding],
) -> (Vec<(String, Vec<u8>)>, bool) {
    let mut edits: Vec<(String, Span, &str)> = Vec::new();
    for finding in findings {
        for edit in finding.fix.iter().flat_map(|fix| &fix.edits) {
            match edit {
                Edit::Create { path, content } => {
                    let path = path.lossless().into_owned();
                    if !files.iter().any(|(known, _)| *known == path) {
                        files.push((path, content.clone().into_bytes()));
                    }
                }
                Edit::Replace { span, with } => {
                    edits.push((finding.path.lossless().into_owned(), *span, with));
                }
            }
        }
    }
    // Edits are applied from the end, so that earlier spans stay valid; of overlapping edits the first one
    // wins.
    edits.sort_by(|a, b| (&a.0, a.1.start, a.1.end).cmp(&(&b.0, b.1.start, b.1.end)));
    let all = edits.len();
    let mut kept: Vec<(String, Span, &str)> = Vec::new();
    for edit in edits {
        if kept.last().is_none_or(|last| last.0 != edit.0 || last.1.end <= edit.1.start) {
            kept.push(edit);
        }
    }
    let left_out = kept.len() < all;
    for (path, span, with) in kept.into_iter().rev() {
        if let Some((_, bytes)) = files.iter_mut().find(|(known, _)| *known == path)
            && span.end <= bytes.len()
        {
            bytes.splice(span.start..span.end, with.bytes());
        }
    }
    (files, left_out)
}
