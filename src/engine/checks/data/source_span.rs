//! Where a finding about a value stands in the source.

use crate::data::{Kind, Node, Pointer};
use crate::text::Span;

/// The place of the value at `pointer`: the value itself if it fits on a line, else the key that leads
/// to it, else its first line. A missing pointer (which cannot be) is the document's first line.
pub(super) fn of_value(root: &Node, pointer: &Pointer, text: &str) -> Span {
    let Some((key, node)) = root.locate(pointer) else { return first_line(root.span, text) };
    let span = node.span;
    // On one line, and on the line of its key. (The header of a TOML table holds its key.)
    let from = key.map_or(span.start, |key| key.end.min(span.start));
    let on_one_line = !text[from..span.end].contains('\n');
    match (&node.kind, key) {
        (_, Some(key)) if span.is_empty() => key,
        (Kind::Array(_) | Kind::Object(_), Some(key)) if !on_one_line => key,
        _ => first_line(span, text),
    }
}

/// The place of something that should not be at `pointer`, or that lacks a part: its key if it has one.
pub(super) fn of_key(root: &Node, pointer: &Pointer, text: &str) -> Span {
    match root.locate(pointer) {
        Some((Some(key), _)) => key,
        _ => of_value(root, pointer, text),
    }
}

/// The first line of `span`; of a document, the first line that holds something.
fn first_line(span: Span, text: &str) -> Span {
    let covered = &text[span.start..span.end];
    let start = span.start + (covered.len() - covered.trim_start().len());
    let line = text[start..span.end].lines().next().unwrap_or_default().trim_end();
    Span::new(start, start + line.len())
}

/// The first line of the file.
pub(super) fn file_start(text: &str) -> Span {
    Span::new(0, text.lines().next().unwrap_or_default().len())
}
