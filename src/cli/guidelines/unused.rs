//! Guidelines that are not used because another one is: with the same id, or in conflict with it.

use std::sync::Arc;

use crate::model::{Guideline, Origin, Problem};
use crate::text::Span;

/// A guideline whose id another one has, which was followed first and is used.
#[derive(Debug)]
pub(in super::super) struct Double {
    /// The one that is used.
    pub(super) first: Arc<Guideline>,
    /// The other one.
    pub(in super::super) other: Arc<Guideline>,
}

impl Double {
    pub(super) fn message(&self) -> String {
        let Self { first, other } = self;
        format!(
            "{} is followed twice: {} {} is used, {} {} is not",
            first.id,
            first.version,
            first.origin.words(),
            other.version,
            other.origin.words()
        )
    }

    /// The same as a problem in the other's file. A file may take the place of a starter guideline, or be
    /// behind one: that is none.
    pub(in super::super) fn problem(&self) -> Option<Problem> {
        let (Origin::File(first), Origin::File(other)) = (&self.first.origin, &self.other.origin) else {
            return None;
        };
        let text = &self.other.text;
        let id = self.other.id.as_str();
        let at = text.find("guideline:").and_then(|key| text[key..].find(id).map(|at| key + at));
        Some(Problem {
            first_line: 1,
            file: Arc::from(other.as_str()),
            text: Arc::clone(text),
            span: at.map_or(Span::at(0), |at| Span::new(at, at + id.len())),
            message: format!("{first} has this id too, and is used instead of this file"),
            label: "the same id".to_owned(),
            help: Some("give one of them another id, or remove it".to_owned()),
        })
    }
}

/// A guideline that asks for the opposite of another one, which is followed earlier.
#[derive(Debug)]
pub(in super::super) struct Conflict {
    /// The one that is used.
    pub(super) first: Arc<Guideline>,
    /// The one that is not.
    pub(in super::super) other: Arc<Guideline>,
}

impl Conflict {
    pub(super) fn message(&self) -> String {
        let Self { first, other } = self;
        format!(
            "{} and {} contradict each other (conflicts-with): {} is followed earlier and used, {} is not; the \
             order of `follow` in stanchion.toml decides",
            first.id, other.id, first.id, other.id
        )
    }
}
