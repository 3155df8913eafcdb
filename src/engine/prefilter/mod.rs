//! The prefilter: what a file must hold so that a check can match it at all.
//!
//! It may only ever skip what cannot match. Everything here over-approximates; where nothing safe can
//! be said, the answer is [`Requirement::Anything`].

mod automaton;
mod from_regex;

pub use automaton::{Prefilter, Seen};
pub use from_regex::{requirement_of_pattern, requirement_of_regex};

use serde::{Deserialize, Serialize};

/// Shortest literal worth searching for, in bytes.
const MIN_LITERAL: usize = 2;

/// A condition over the bytes of a file's text (for UTF-8, the file's own) that every match implies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Requirement {
    /// Nothing can be said: every file may match.
    Anything,
    /// These bytes occur.
    Literal(Vec<u8>),
    /// All of these hold. Never empty.
    All(Vec<Requirement>),
    /// At least one of these holds. Never empty.
    Any(Vec<Requirement>),
}

impl Requirement {
    /// These bytes occur; nothing if they are too short to be worth a search.
    #[must_use]
    pub fn literal(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        if bytes.len() < MIN_LITERAL { Self::Anything } else { Self::Literal(bytes) }
    }

    /// All of `parts` hold.
    #[must_use]
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept: Vec<Self> = Vec::new();
        for part in parts {
            match part {
                Self::Anything => {}
                Self::All(inner) => inner.into_iter().for_each(|part| push_new(&mut kept, part)),
                part => push_new(&mut kept, part),
            }
        }
        one_or(kept, Self::Anything, Self::All)
    }

    /// At least one of `parts` holds. Without parts nothing can match, which is not claimed here.
    #[must_use]
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept: Vec<Self> = Vec::new();
        for part in parts {
            match part {
                Self::Anything => return Self::Anything,
                Self::Any(inner) => inner.into_iter().for_each(|part| push_new(&mut kept, part)),
                part => push_new(&mut kept, part),
            }
        }
        one_or(kept, Self::Anything, Self::Any)
    }

    /// Whether the condition holds in `bytes`, by plain search. For short texts; files go through
    /// [`Prefilter`].
    #[must_use]
    pub fn holds_in(&self, bytes: &[u8]) -> bool {
        self.holds(&|literal| memchr::memmem::find(bytes, literal).is_some())
    }

    fn holds(&self, occurs: &impl Fn(&[u8]) -> bool) -> bool {
        match self {
            Self::Anything => true,
            Self::Literal(literal) => occurs(literal),
            Self::All(parts) => parts.iter().all(|part| part.holds(occurs)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(occurs)),
        }
    }
}

fn push_new(parts: &mut Vec<Requirement>, part: Requirement) {
    if !parts.contains(&part) {
        parts.push(part);
    }
}

fn one_or(
    mut parts: Vec<Requirement>,
    none: Requirement,
    many: fn(Vec<Requirement>) -> Requirement,
) -> Requirement {
    match parts.len() {
        0 => none,
        1 => parts.pop().unwrap_or(none),
        _ => many(parts),
    }
}
