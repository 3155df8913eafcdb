//! The file that is being read, and the problems found in it so far.

use std::sync::Arc;

use crate::data::{Node, Pointer, Step};
use crate::model::Problem;
use crate::text::Span;

/// A file as the user knows it, and its text.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The name to show.
    pub(super) file: Arc<str>,
    /// The whole text.
    pub(super) text: Arc<str>,
}

impl Source {
    /// The file `file` with this text.
    pub(super) fn new(file: &str, text: &str) -> Self {
        Self { file: Arc::from(file), text: Arc::from(text) }
    }

    /// A problem at `span`. `label` is a few words to show beside the place.
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
            span: self.sound(span),
            message: message.into(),
            label: label.into(),
            help,
        }
    }
}

impl Source {
    /// `span` inside the text and on borders of characters, whatever computed it.
    fn sound(&self, span: Span) -> Span {
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

/// A data document inside a file, with what is needed to point at its parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Document<'a> {
    /// The file.
    pub(super) source: &'a Source,
    /// The document's root.
    pub(super) root: &'a Node,
    /// What to point at when the root as a whole is meant.
    pub(super) home: Span,
}

impl Document<'_> {
    /// The span of the value at `pointer`, or of the nearest parent that exists.
    pub(super) fn value(&self, pointer: &Pointer) -> Span {
        for len in (0..=pointer.len()).rev() {
            if len == 0 {
                break;
            }
            if let Some((key, node)) = self.root.locate(&pointer[..len]) {
                let complete = len == pointer.len();
                // An empty value (`key:`) has no character to point at; its key has.
                return match key {
                    Some(key) if node.span.is_empty() || !complete => key,
                    _ => node.span,
                };
            }
        }
        self.home
    }

    /// The span of the key that leads to `pointer`; without a key, of the value; of the nearest
    /// parent if neither is there.
    pub(super) fn key(&self, pointer: &Pointer) -> Span {
        match self.root.locate(pointer) {
            Some((Some(key), _)) => key,
            Some((None, node)) if !pointer.is_empty() => self.first_line(node.span),
            Some(_) => self.home,
            None => self.value(pointer),
        }
    }

    /// The part of `span` on its first line: a block of many lines is named by its head.
    fn first_line(&self, span: Span) -> Span {
        let text = self.source.text.get(span.start..span.end).unwrap_or("");
        let len = text.find('\n').map_or(text.len(), |end| text[..end].trim_end().len());
        Span::new(span.start, span.start + len)
    }
}

/// A pointer of keys.
pub(super) fn keys(keys: &[&str]) -> Vec<Step> {
    keys.iter().map(|key| Step::Key((*key).to_owned())).collect()
}

/// `pointer` and further steps below it.
pub(super) fn below(pointer: &Pointer, more: &[Step]) -> Vec<Step> {
    let mut all = pointer.to_vec();
    all.extend_from_slice(more);
    all
}
