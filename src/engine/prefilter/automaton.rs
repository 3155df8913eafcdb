//! One automaton over the bytes of a file's text for all checks of a class of files.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};

use super::Requirement;

/// The requirements of several checks, searched for in one pass.
pub struct Prefilter {
    automaton: Option<AhoCorasick>,
    literals: usize,
    checks: Vec<Node>,
}

/// A [`Requirement`] whose literals are numbered.
enum Node {
    Anything,
    Literal(usize),
    All(Vec<Node>),
    Any(Vec<Node>),
}

/// Which literals occurred in a file. Reused between files.
#[derive(Default)]
pub struct Seen {
    literals: Vec<bool>,
}

impl Prefilter {
    /// Combines `requirements`; [`Prefilter::may_match`] counts them in this order.
    #[must_use]
    pub fn new<'r>(requirements: impl IntoIterator<Item = &'r Requirement>) -> Self {
        let mut literals: Vec<&[u8]> = Vec::new();
        let mut numbers: HashMap<&[u8], usize> = HashMap::new();
        let checks: Vec<Node> = requirements
            .into_iter()
            .map(|requirement| number(requirement, &mut literals, &mut numbers))
            .collect();
        // A build can only fail when there are far too many literals; then nothing is skipped.
        let automaton = if literals.is_empty() {
            None
        } else {
            AhoCorasick::builder().match_kind(MatchKind::Standard).build(&literals).ok()
        };
        let checks =
            if automaton.is_none() { checks.iter().map(|_| Node::Anything).collect() } else { checks };
        Self { automaton, literals: literals.len(), checks }
    }

    /// Looks once through `bytes` and sets `active[i]` to whether the `i`-th check may match.
    /// Returns whether any may.
    pub fn may_match(&self, bytes: &[u8], seen: &mut Seen, active: &mut Vec<bool>) -> bool {
        seen.literals.clear();
        seen.literals.resize(self.literals, false);
        if let Some(automaton) = &self.automaton {
            let mut missing = self.literals;
            for found in automaton.find_overlapping_iter(bytes) {
                let seen = &mut seen.literals[found.pattern().as_usize()];
                if !*seen {
                    *seen = true;
                    missing -= 1;
                    if missing == 0 {
                        break;
                    }
                }
            }
        }
        active.clear();
        active.extend(self.checks.iter().map(|check| check.holds(&seen.literals)));
        active.contains(&true)
    }
}

impl Node {
    fn holds(&self, seen: &[bool]) -> bool {
        match self {
            Self::Anything => true,
            Self::Literal(number) => seen[*number],
            Self::All(parts) => parts.iter().all(|part| part.holds(seen)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(seen)),
        }
    }
}

fn number<'r>(
    requirement: &'r Requirement,
    literals: &mut Vec<&'r [u8]>,
    numbers: &mut HashMap<&'r [u8], usize>,
) -> Node {
    match requirement {
        Requirement::Anything => Node::Anything,
        Requirement::Literal(literal) => Node::Literal(*numbers.entry(literal).or_insert_with(|| {
            literals.push(literal);
            literals.len() - 1
        })),
        Requirement::All(parts) => {
            Node::All(parts.iter().map(|part| number(part, literals, numbers)).collect())
        }
        Requirement::Any(parts) => {
            Node::Any(parts.iter().map(|part| number(part, literals, numbers)).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_requirement() -> impl Strategy<Value = Requirement> {
        let leaf = prop_oneof![
            1 => Just(Requirement::Anything),
            6 => "[ab]{1,4}".prop_map(|text| Requirement::literal(text.into_bytes())),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 1..4).prop_map(Requirement::all),
                proptest::collection::vec(inner, 1..4).prop_map(Requirement::any),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_automaton_says_what_plain_search_says(
            requirements in proptest::collection::vec(any_requirement(), 1..5),
            text in "[abc]{0,20}",
        ) {
            let prefilter = Prefilter::new(&requirements);
            let mut active = Vec::new();
            prefilter.may_match(text.as_bytes(), &mut Seen::default(), &mut active);
            let expected: Vec<bool> = requirements.iter().map(|r| r.holds_in(text.as_bytes())).collect();
            prop_assert_eq!(active, expected);
        }
    }
}
