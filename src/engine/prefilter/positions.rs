//! Where in a text the anchor of a rule begins, so that a walk can pass by everything else.

use std::sync::OnceLock;

use memchr::memmem;
use regex_syntax::hir::literal::Extractor;

use super::finder::Finder;
use super::{Expression, Requirement};

/// Most places that are worth keeping for one text.
const MAX_PLACES: usize = 50_000;
/// Most texts that are searched for instead of an expression that begins with one of them, and the shortest.
const MOST_BEGINNINGS: usize = 6;
const SHORTEST_BEGINNING: usize = 3;
/// So few places are not worth a search for fewer.
const FEW: usize = 8;
/// Bytes that overlapping matches may cover, as a multiple of the text, before the search gives up.
const MAX_COVER: usize = 8;

/// A [`Requirement`] that can say where it holds.
pub struct Positions(Node);

enum Node {
    Anything,
    Literal(Box<memmem::Finder<'static>>),
    Regex { expression: Box<Expression>, compiled: OnceLock<Option<Finder>> },
    All(Vec<Node>),
    Any(Vec<Node>),
}

impl Positions {
    /// Prepares `requirement`; expressions are compiled at the first search.
    #[must_use]
    pub fn new(requirement: &Requirement) -> Self {
        Self(Node::new(requirement))
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_anything(&self) -> bool {
        matches!(self.0, Node::Anything)
    }

    /// First bytes, in order, such that every part of `text` in which the requirement holds contains
    /// one of them. `None`: every part may hold it, or there are too many.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Option<Vec<usize>> {
        self.0.find(text)
    }
}

impl Node {
    fn new(requirement: &Requirement) -> Self {
        match requirement {
            Requirement::Anything => Self::Anything,
            Requirement::Literal(literal) => {
                Self::Literal(Box::new(memmem::Finder::new(literal).into_owned()))
            }
            Requirement::Regex(expression) => match beginnings(expression) {
                // Searching for these is cheaper, and what they find besides is only looked at in vain.
                Some(literals) => {
                    Self::new(&Requirement::any(literals.into_iter().map(Requirement::literal)))
                }
                None => Self::Regex { expression: expression.clone(), compiled: OnceLock::new() },
            },
            // Its places are among those of the whole text.
            Requirement::InCode(_, inner) => Self::new(inner),
            Requirement::All(parts) => {
                let mut parts: Vec<Self> = parts.iter().map(Self::new).collect();
                // What costs least first.
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
                starts(text, |at| finder.find(&text[at..]).map(|found| (at + found, at + found + length)))
            }
            Self::Regex { expression, compiled } => {
                let finder = compiled.get_or_init(|| Finder::new(expression)).as_ref()?;
                starts(text, |at| finder.find_at(text, at))
            }
            // Each part holds wherever the whole does: the rarest one says most.
            Self::All(parts) => {
                let mut best: Option<Vec<usize>> = None;
                for part in parts {
                    let found = part.find(text);
                    if found.as_ref().is_some_and(|it| best.as_ref().is_none_or(|best| it.len() < best.len()))
                    {
                        best = found;
                    }
                    if best.as_ref().is_some_and(|best| best.len() <= FEW) {
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
                (all.len() <= MAX_PLACES).then_some(all)
            }
        }
    }
}

/// The texts one of which every match of an expression begins with, when they are few and say enough.
fn beginnings(expression: &Expression) -> Option<Vec<Vec<u8>>> {
    if expression.unless.is_some() {
        return None;
    }
    let hir = super::over_regex::parse_bytes(&expression.find)?;
    let literals = Extractor::new().limit_total(MOST_BEGINNINGS).extract(&hir);
    let literals = literals.literals()?;
    let enough = !literals.is_empty() && literals.iter().all(|it| it.len() >= SHORTEST_BEGINNING);
    enough.then(|| literals.iter().map(|literal| literal.as_bytes().to_vec()).collect())
}

/// Every byte at which a match begins, overlapping ones too.
fn starts(text: &[u8], next: impl Fn(usize) -> Option<(usize, usize)>) -> Option<Vec<usize>> {
    let (mut out, mut at, mut cover) = (Vec::new(), 0, 0);
    while let Some((start, end)) = (at <= text.len()).then(|| next(at)).flatten() {
        out.push(start);
        cover += end - start;
        if out.len() > MAX_PLACES || cover > MAX_COVER * text.len() {
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
        fn a_part_that_holds_it_contains_a_place(
            a in "[ab]{2,3}", b in "[ab][ab]+[ab]", c in "[ab]{2}", text in "[ab]{0,16}", from in 0usize..16, to in 0usize..17,
        ) {
            let requirement = Requirement::any([
                Requirement::all([Requirement::literal(a), Requirement::regex(b)]),
                Requirement::literal(c),
            ]);
            let (from, to) = (from.min(text.len()), to.min(text.len()));
            if from < to && requirement.holds_in(&text.as_bytes()[from..to])
                && let Some(places) = Positions::new(&requirement).find(text.as_bytes())
            {
                prop_assert!(places.iter().any(|place| (from..to).contains(place)));
                prop_assert!(places.is_sorted());
            }
        }
    }
}
