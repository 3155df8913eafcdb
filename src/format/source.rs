//! A file with its text, and documents inside it: used to point problems at their place.

use std::sync::Arc;

use crate::data::{Node, Pointer, PointerStep};
use crate::model::Problem;
use crate::text::Span;

/// A file: its name for messages, and its text.
#[derive(Clone, Debug)]
pub(super) struct SourceFile {
    /// Name shown to the user.
    pub(super) file: Arc<str>,
    /// Whole text.
    pub(super) text: Arc<str>,
}

impl SourceFile {
    /// Creates the file `file` with this text.
    pub(super) fn new(file: &str, text: &str) -> Self {
        Self { file: Arc::from(file), text: Arc::from(text) }
    }

    /// Creates a problem at `span`. `label` is a short text shown beside the place.
    pub(super) fn problem(
        &self,
        span: Span,
        message: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) -> Problem {
        Problem {
            first_line: 1,
            file: Arc::clone(&self.file),
            text: Arc::clone(&self.text),
            span: self.clamp(span),
            message: message.into(),
            label: label.into(),
            help,
        }
    }
}

impl SourceFile {
    /// Returns `span`, clamped to the text and moved to character boundaries.
    fn clamp(&self, span: Span) -> Span {
        let floor = |mut at: usize| {
            at = at.min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        Span::new(floor(span.start), floor(span.end))
    }
}

/// A data document inside a file, with the data needed to point at its parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct LocatedDocument<'a> {
    /// File that contains the document.
    pub(super) source: &'a SourceFile,
    /// Root of the document.
    pub(super) root: &'a Node,
    /// Span used when the problem concerns the document as a whole.
    pub(super) home: Span,
}

impl LocatedDocument<'_> {
    /// Returns the span of the value at `pointer`, or of its nearest existing parent.
    pub(super) fn value_span(&self, pointer: &Pointer) -> Span {
        for len in (0..=pointer.len()).rev() {
            if len == 0 {
                break;
            }
            if let Some((key, node)) = self.root.locate(&pointer[..len]) {
                let complete = len == pointer.len();
                // An empty value (`key:`) has no text to point at, so its key is used.
                return match key {
                    Some(key) if node.span.is_empty() || !complete => key,
                    _ => node.span,
                };
            }
        }
        self.home
    }

    /// Returns the span of the key that leads to `pointer`, or of the value if it has no key. If neither
    /// exists, returns the span of the nearest parent.
    pub(super) fn key_span(&self, pointer: &Pointer) -> Span {
        match self.root.locate(pointer) {
            Some((Some(key), _)) => key,
            Some((None, node)) if !pointer.is_empty() => self.first_line(node.span),
            Some(_) => self.home,
            None => self.value_span(pointer),
        }
    }

    /// Returns the part of `span` on its first line, which is enough to identify a block.
    fn first_line(&self, span: Span) -> Span {
        let text = self.source.text.get(span.start..span.end).unwrap_or("");
        let len = text.find('\n').map_or(text.len(), |end| text[..end].trim_end().len());
        Span::new(span.start, span.start + len)
    }
}

/// Builds a pointer from keys.
pub(super) fn pointer_to(keys: &[&str]) -> Vec<PointerStep> {
    keys.iter().map(|key| PointerStep::Key((*key).to_owned())).collect()
}

/// Appends further steps to `pointer`.
pub(super) fn extend_pointer(pointer: &Pointer, more: &[PointerStep]) -> Vec<PointerStep> {
    let mut all = pointer.to_vec();
    all.extend_from_slice(more);
    all
}
