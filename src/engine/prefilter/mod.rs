//! The prefilter: what a file must hold so that a check can match it at all.
//!
//! It may only ever skip what cannot match. Everything here over-approximates; where nothing safe can
//! be said, the answer is [`Requirement::Anything`].

mod automaton;
mod code_mask;
mod finder;
mod from_regex;
mod literals;
mod over_regex;
mod positions;
mod words;

use serde::{Deserialize, Serialize};

use finder::Finder;

pub use automaton::{Prefilter, Seen};
pub use code_mask::{Lexis, mask};
pub use from_regex::{requirement_of_pattern, requirement_of_regex};
pub use over_regex::{DOLLAR_BORDER, bytes_regex, over_pattern};
pub use positions::Positions;

/// Shortest literal worth searching for, in bytes.
const MIN_LITERAL: usize = 2;

/// A condition over the bytes of a file's text (for UTF-8, the file's own) that every match implies.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Requirement {
    /// Nothing can be said: every file may match.
    Anything,
    /// These bytes occur.
    Literal(Vec<u8>),
    /// This expression finds something.
    Regex(Box<Expression>),
    /// This holds in the text without its comments and without what stands in its strings.
    InCode(Lexis, Box<Requirement>),
    /// All of these hold. Never empty.
    All(Vec<Requirement>),
    /// At least one of these holds. Never empty.
    Any(Vec<Requirement>),
}

/// An expression over bytes (syntax of `regex::bytes`) to search for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Expression {
    /// What is searched for.
    find: String,
    /// An expression that its places must not begin with.
    unless: Option<String>,
    /// What its literals alone require, so that whoever uses it need not read it again.
    literals: Requirement,
}

impl Requirement {
    /// These bytes occur; nothing if they are too short to be worth a search.
    #[must_use]
    pub fn literal(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        if bytes.len() < MIN_LITERAL { Self::Anything } else { Self::Literal(bytes) }
    }

    /// The expression `text` over bytes finds something; nothing if it is no expression, may match the
    /// empty text, or finds single bytes.
    #[must_use]
    pub fn regex(text: impl Into<String>) -> Self {
        let text = text.into();
        let Some(hir) = over_regex::parse_bytes(&text) else { return Self::Anything };
        if hir.properties().minimum_len().is_none_or(|length| length < MIN_LITERAL) {
            return Self::Anything;
        }
        if let regex_syntax::hir::HirKind::Literal(literal) = hir.kind() {
            return Self::Literal(literal.0.to_vec());
        }
        let literals = requirement_of_regex(&hir);
        Self::Regex(Box::new(Expression { find: text, unless: None, literals }))
    }

    /// The expression `find` over bytes finds something whose beginning the expression `unless` does not match.
    #[must_use]
    pub fn regex_unless(find: impl Into<String>, unless: impl Into<String>) -> Self {
        let find = find.into();
        let literals =
            over_regex::parse_bytes(&find).map_or(Self::Anything, |hir| requirement_of_regex(&hir));
        Self::Regex(Box::new(Expression { find, unless: Some(unless.into()), literals }))
    }

    /// `self` about the code alone, where `lexis` says what that is.
    #[must_use]
    pub fn in_code(self, lexis: Option<Lexis>) -> Self {
        match (lexis, self) {
            (_, Self::Anything) => Self::Anything,
            (Some(lexis), requirement) => Self::InCode(lexis, Box::new(requirement)),
            (None, requirement) => requirement,
        }
    }

    /// What the literals alone require: weaker, and cheap to look for.
    #[must_use]
    pub fn literals(&self) -> Self {
        match self {
            Self::Regex(expression) => expression.literals.clone(),
            Self::InCode(_, inner) => inner.literals(),
            Self::All(parts) => Self::all(parts.iter().map(Self::literals)),
            Self::Any(parts) => Self::any(parts.iter().map(Self::literals)),
            simple => simple.clone(),
        }
    }

    /// The part that says most, where several must hold: the one with the longest literals.
    fn hardest(&self) -> &Self {
        fn shortest(part: &Requirement) -> usize {
            match part {
                Requirement::Literal(literal) => literal.len(),
                Requirement::Any(parts) => parts.iter().map(shortest).min().unwrap_or(0),
                Requirement::All(parts) => parts.iter().map(shortest).max().unwrap_or(0),
                _ => 0,
            }
        }
        match self {
            Self::All(parts) => parts.iter().max_by_key(|part| shortest(part)).unwrap_or(self),
            simple => simple,
        }
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
        match self {
            Self::Anything => true,
            Self::Literal(literal) => memchr::memmem::find(bytes, literal).is_some(),
            Self::Regex(expression) => {
                Finder::new(expression).is_none_or(|finder| finder.find_at(bytes, 0).is_some())
            }
            Self::InCode(lexis, inner) => {
                let mut masked = Vec::new();
                mask(*lexis, bytes, &mut masked);
                inner.holds_in(&masked)
            }
            Self::All(parts) => parts.iter().all(|part| part.holds_in(bytes)),
            Self::Any(parts) => parts.iter().any(|part| part.holds_in(bytes)),
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
