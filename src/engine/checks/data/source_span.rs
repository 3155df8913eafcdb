//! Determines the source span of a finding about a value.

use crate::data::{Node, NodeKind, Pointer};
use crate::text::Span;

/// Returns the span of the value at `pointer`: the value itself if it is on one line, otherwise its key,
/// otherwise its first line. For a pointer without a value, which should not happen, returns the document's
/// first line.
pub(super) fn span_of_value(root: &Node, pointer: &Pointer, text: &str) -> Span {
    let Some((key, node)) = root.locate(pointer) else { return first_line(root.span, text) };
    let span = node.span;
    // Whether the value is on one line, together with its key. (The header of a TOML table contains its key.)
    let from = key.map_or(span.start, |key| key.end.min(span.start));
    let on_one_line = !text[from..span.end].contains('\n');
    match (&node.kind, key) {
        (_, Some(key)) if span.is_empty() => key,
        (NodeKind::Array(_) | NodeKind::Object(_), Some(key)) if !on_one_line => key,
        _ => first_line(span, text),
    }
}

/// Returns the span for a value at `pointer` that is unexpected or incomplete: its key if it has one.
pub(super) fn span_of_key(root: &Node, pointer: &Pointer, text: &str) -> Span {
    match root.locate(pointer) {
        Some((Some(key), _)) => key,
        _ => span_of_value(root, pointer, text),
    }
}

/// Returns the first line of `span` that is not blank.
fn first_line(span: Span, text: &str) -> Span {
    let covered = &text[span.start..span.end];
    let start = span.start + (covered.len() - covered.trim_start().len());
    let line = text[start..span.end].lines().next().unwrap_or_default().trim_end();
    Span::new(start, start + line.len())
}

/// Returns the first line of the file.
pub(super) fn first_line_of_file(text: &str) -> Span {
    Span::new(0, text.lines().next().unwrap_or_default().len())
}
