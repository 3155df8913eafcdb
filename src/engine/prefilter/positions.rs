//! Finds where the anchor of a rule can begin in a text, so that the tree walk can skip everything else.

use std::sync::OnceLock;

use memchr::memmem;
use regex_syntax::hir::literal::Extractor;

use super::expression_finder::ExpressionFinder;
use super::{Expression, Requirement};

/// Maximum number of positions to store for one text.
const MAX_POSITIONS: usize = 50_000;
/// Maximum number of literal prefixes that replace the search for an expression.
const MAX_PREFIXES: usize = 6;
/// Minimum length of such a prefix, in bytes.
const MIN_PREFIX_BYTES: usize = 3;
/// With at most this number of positions, more parts of a requirement are not searched for.
const FEW_POSITIONS: usize = 8;
/// Maximum total length of overlapping matches, as a multiple of the text's length; then the search gives up.
const MAX_COVER: usize = 8;

/// A [`Requirement`] whose positions in a text can be found.
pub struct AnchorPositions(PositionNode);

enum PositionNode {
    Anything,
    Literal(Box<memmem::Finder<'static>>),
    Regex { expression: Box<Expression>, compiled: OnceLock<Option<ExpressionFinder>> },
    All(Vec<PositionNode>),
    Any(Vec<PositionNode>),
}

impl AnchorPositions {
    /// Prepares `requirement`; expressions are compiled on first use.
    #[must_use]
    pub fn new(requirement: &Requirement) -> Self {
        Self(PositionNode::new(requirement))
    }

    /// Whether the requirement is [`Requirement::Anything`].
    #[must_use]
    pub fn is_anything(&self) -> bool {
        matches!(self.0, PositionNode::Anything)
    }

    /// Returns ascending offsets such that every part of `text` in which the requirement holds contains one
    /// of them. `None` if every part may satisfy it, or if there are too many offsets.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Option<Vec<usize>> {
        self.0.find(text)
    }
}

impl PositionNode {
    fn new(requirement: &Requirement) -> Self {
        match requirement {
            Requirement::Anything => Self::Anything,
            Requirement::Literal(literal) => {
                Self::Literal(Box::new(memmem::Finder::new(literal).into_owned()))
            }
            Requirement::Regex(expression) => match required_prefixes(expression) {
                // Searching for the prefixes is cheaper; additional matches only cost time.
                Some(literals) => {
                    Self::new(&Requirement::any(literals.into_iter().map(Requirement::literal)))
                }
                None => Self::Regex { expression: expression.clone(), compiled: OnceLock::new() },
            },
            // Positions in code are a subset of the positions in the whole text.
            Requirement::InCode(_, inner) => Self::new(inner),
            Requirement::All(parts) => {
                let mut parts: Vec<Self> = parts.iter().map(Self::new).collect();
                // Cheapest first.
                parts.sort_by_key(|part| match part {
                    Self::Anything | Self::Literal(_) => 0,
                    Self::Any(_) => 1,
                    Self::Regex { .. } => 2,
                    Self::All(_) => 3,
                });
                Self::All(parts)
            }
            Requirement::Any(parts) => Self::Any(parts.iter().map(Self::new).collect()),
        }
    }

    fn find(&self, text: &[u8]) -> Option<Vec<usize>> {
        match self {
            Self::Anything => None,
            Self::Literal(finder) => {
                let length = finder.needle().len();
                match_starts(text, |at| {
                    finder.find(&text[at..]).map(|found| (at + found, at + found + length))
                })
            }
            Self::Regex { expression, compiled } => {
                let finder = compiled.get_or_init(|| ExpressionFinder::new(expression)).as_ref()?;
                match_starts(text, |at| finder.find_at(text, at))
            }
            // All parts must hold, so the positions of any one part suffice: take the rarest.
            Self::All(parts) => {
                let mut best: Option<Vec<usize>> = None;
                for part in parts {
                    let found = part.find(text);
                    if found.as_ref().is_some_and(|it| best.as_ref().is_none_or(|best| it.len() < best.len()))
                    {
                        best = found;
                    }
                    if best.as_ref().is_some_and(|best| best.len() <= FEW_POSITIONS) {
                        break;
                    }
                }
                best
            }
            Self::Any(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    all.extend(part.find(text)?);
                }
                all.sort_unstable();
                all.dedup();
                (all.len() <= MAX_POSITIONS).then_some(all)
            }
        }
    }
}

/// Returns literals such that every match of an expression begins with one of them; `None` if they are too
/// many or too short.
fn required_prefixes(expression: &Expression) -> Option<Vec<Vec<u8>>> {
    if expression.unless.is_some() {
        return None;
    }
    let hir = super::over_approximation::parse_bytes(&expression.find)?;
    let literals = Extractor::new().limit_total(MAX_PREFIXES).extract(&hir);
    let literals = literals.literals()?;
    let enough = !literals.is_empty() && literals.iter().all(|it| it.len() >= MIN_PREFIX_BYTES);
    enough.then(|| literals.iter().map(|literal| literal.as_bytes().to_vec()).collect())
}

/// Returns the start offset of every match, including overlapping ones; `None` if there are too many.
fn match_starts(text: &[u8], next: impl Fn(usize) -> Option<(usize, usize)>) -> Option<Vec<usize>> {
    let (mut out, mut at, mut cover) = (Vec::new(), 0, 0);
    while let Some((start, end)) = (at <= text.len()).then(|| next(at)).flatten() {
        out.push(start);
        cover += end - start;
        if out.len() > MAX_POSITIONS || cover > MAX_COVER * text.len() {
            return None;
        }
        at = start + 1;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_part_that_satisfies_the_requirement_contains_a_position(
            a in "[ab]{2,3}", b in "[ab][ab]+[ab]", c in "[ab]{2}", text in "[ab]{0,16}", from in 0usize..16, to in 0usize..17,
        ) {
            let requirement = Requirement::any([
                Requirement::all([Requirement::literal(a), Requirement::regex(b)]),
                Requirement::literal(c),
            ]);
            let (from, to) = (from.min(text.len()), to.min(text.len()));
            if from < to && requirement.holds_in(&text.as_bytes()[from..to])
                && let Some(places) = AnchorPositions::new(&requirement).find(text.as_bytes())
            {
                prop_assert!(places.iter().any(|place| (from..to).contains(place)));
                prop_assert!(places.is_sorted());
            }
        }
    }
}
