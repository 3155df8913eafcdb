//! Guidelines that are not used, because another one has the same id or conflicts with them.

use std::sync::Arc;

use crate::model::{Guideline, Origin, Problem};
use crate::text::Span;

/// A guideline with the same id as one that is followed earlier.
#[derive(Debug)]
pub(in super::super) struct DuplicateId {
    /// Guideline that is used.
    pub(super) first: Arc<Guideline>,
    /// Guideline that is not used.
    pub(in super::super) other: Arc<Guideline>,
}

impl DuplicateId {
    pub(super) fn message(&self) -> String {
        let Self { first, other } = self;
        format!(
            "{} is followed twice: {} {} is used, {} {} is not",
            first.id,
            first.version,
            first.origin.location(),
            other.version,
            other.origin.location()
        )
    }

    /// The duplicate id as a problem in the file of the unused guideline. `None` if one of them is a starter
    /// guideline, which a file may replace.
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
            message: format!("{first} has the same id and is used instead"),
            label: "duplicate id".to_owned(),
            help: Some("change one of the ids, or remove a file".to_owned()),
        })
    }
}

/// A guideline that conflicts with one that is followed earlier.
#[derive(Debug)]
pub(in super::super) struct GuidelineConflict {
    /// Guideline that is used.
    pub(super) first: Arc<Guideline>,
    /// Guideline that is not used.
    pub(in super::super) other: Arc<Guideline>,
}

impl GuidelineConflict {
    pub(super) fn message(&self) -> String {
        let Self { first, other } = self;
        format!(
            "{} and {} conflict (conflicts-with): {} is followed earlier and is used, {} is not; the order of `follow` \
             in stanchion.toml decides",
            first.id, other.id, first.id, other.id
        )
    }
}
