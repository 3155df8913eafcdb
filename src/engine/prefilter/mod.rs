//! The prefilter: conditions that a file must satisfy before a check can match it.
//!
//! It must only skip files that cannot match, so everything here over-approximates. If no safe condition is
//! known, the result is [`Requirement::Anything`].

mod code_mask;
mod combined;
mod describe;
mod expression_finder;
mod from_regex;
mod literals;
mod over_approximation;
mod positions;

use serde::{Deserialize, Serialize};

use expression_finder::ExpressionFinder;

pub use code_mask::{LexicalSyntax, mask_comments_and_strings};
pub use combined::{Prefilter, PrefilterState};
pub use from_regex::{requirement_of_pattern, requirement_of_regex};
pub use over_approximation::{DOLLAR_BORDER, compile_bytes_regex, over_approximate_pattern};
pub use positions::AnchorPositions;

/// Shortest literal worth searching for, in bytes.
const MIN_LITERAL: usize = 2;

/// A condition that every match implies, on the text of a file as UTF-8 bytes. For a UTF-8 file, these are the
/// bytes of the file itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Requirement {
    /// No condition: every file may match.
    Anything,
    /// The text contains these bytes.
    Literal(Vec<u8>),
    /// The text contains a match of this expression.
    Regex(Box<Expression>),
    /// The inner condition holds in the text without its comments and the contents of its string literals.
    InCode(LexicalSyntax, Box<Requirement>),
    /// All of these hold. Never empty.
    All(Vec<Requirement>),
    /// At least one of these holds. Never empty.
    Any(Vec<Requirement>),
}

/// A regular expression over bytes (syntax of `regex::bytes`) to search for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Expression {
    /// Expression to search for.
    find: String,
    /// Matches at whose start this expression matches do not count.
    unless: Option<String>,
    /// Requirement by the literals of `find` alone. Stored so that users need not parse `find` again.
    literals: Requirement,
}

impl Requirement {
    /// Requires these bytes; [`Requirement::Anything`] if they are too short to be worth a search.
    #[must_use]
    pub fn literal(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        if bytes.len() < MIN_LITERAL { Self::Anything } else { Self::Literal(bytes) }
    }

    /// Requires a match of the expression `text` over bytes. Returns [`Requirement::Anything`] if the
    /// expression is invalid, or if it can match fewer than two bytes.
    #[must_use]
    pub fn regex(text: impl Into<String>) -> Self {
        let text = text.into();
        let Some(hir) = over_approximation::parse_bytes(&text) else { return Self::Anything };
        if hir.properties().minimum_len().is_none_or(|length| length < MIN_LITERAL) {
            return Self::Anything;
        }
        if let regex_syntax::hir::HirKind::Literal(literal) = hir.kind() {
            return Self::Literal(literal.0.to_vec());
        }
        let literals = requirement_of_regex(&hir);
        Self::Regex(Box::new(Expression { find: text, unless: None, literals }))
    }

    /// Requires a match of `find` at whose start `unless` does not match. Both are expressions over bytes.
    #[must_use]
    pub fn regex_unless(find: impl Into<String>, unless: impl Into<String>) -> Self {
        let find = find.into();
        let literals =
            over_approximation::parse_bytes(&find).map_or(Self::Anything, |hir| requirement_of_regex(&hir));
        Self::Regex(Box::new(Expression { find, unless: Some(unless.into()), literals }))
    }

    /// Restricts `self` to code outside of comments and string literals, if `syntax` specifies their syntax.
    #[must_use]
    pub fn in_code(self, syntax: Option<LexicalSyntax>) -> Self {
        match (syntax, self) {
            (_, Self::Anything) => Self::Anything,
            (Some(syntax), requirement) => Self::InCode(syntax, Box::new(requirement)),
            (None, requirement) => requirement,
        }
    }

    /// Returns the weaker requirement by literals alone, which is cheap to search for.
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

    /// Returns the most selective of several required parts: the one with the longest literals.
    fn most_selective(&self) -> &Self {
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

    /// Requires all of `parts`.
    #[must_use]
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept: Vec<Self> = Vec::new();
        for part in parts {
            match part {
                Self::Anything => {}
                Self::All(inner) => inner.into_iter().for_each(|part| push_unique(&mut kept, part)),
                part => push_unique(&mut kept, part),
            }
        }
        combine_or(kept, Self::Anything, Self::All)
    }

    /// Requires at least one of `parts`. Without parts nothing could match; the result is then
    /// [`Requirement::Anything`], which is the safe choice.
    #[must_use]
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept: Vec<Self> = Vec::new();
        for part in parts {
            match part {
                Self::Anything => return Self::Anything,
                Self::Any(inner) => inner.into_iter().for_each(|part| push_unique(&mut kept, part)),
                part => push_unique(&mut kept, part),
            }
        }
        combine_or(kept, Self::Anything, Self::Any)
    }

    /// Whether the condition holds in `bytes`, by a plain search. For short texts; files use [`Prefilter`].
    #[must_use]
    pub fn holds_in(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Anything => true,
            Self::Literal(literal) => memchr::memmem::find(bytes, literal).is_some(),
            Self::Regex(expression) => {
                ExpressionFinder::new(expression).is_none_or(|finder| finder.find_at(bytes, 0).is_some())
            }
            Self::InCode(syntax, inner) => {
                let mut masked = Vec::new();
                mask_comments_and_strings(*syntax, bytes, &mut masked);
                inner.holds_in(&masked)
            }
            Self::All(parts) => parts.iter().all(|part| part.holds_in(bytes)),
            Self::Any(parts) => parts.iter().any(|part| part.holds_in(bytes)),
        }
    }
}

fn push_unique(parts: &mut Vec<Requirement>, part: Requirement) {
    if !parts.contains(&part) {
        parts.push(part);
    }
}

fn combine_or(
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
