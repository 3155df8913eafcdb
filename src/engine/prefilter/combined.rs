//! One look through the bytes of a file's text for all checks of a class of files.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::code_mask::mask;
use super::finder::Finder;
use super::literals::Literals;
use super::{Expression, Lexis, Requirement};

/// The requirements of several checks, searched for in one pass.
pub struct Prefilter {
    literals: Literals,
    regexes: Vec<LazyRegex>,
    checks: Vec<Node>,
}

/// A [`Requirement`] whose literals and expressions are numbered. In `All` and `Any`, what costs
/// nothing to ask comes first.
enum Node {
    Anything,
    Literal(usize),
    Regex(usize),
    /// The second is asked of the code alone, where the first holds in the whole text.
    InCode {
        whole: Box<Node>,
        lexis: Lexis,
        code: Box<OnceLock<Prefilter>>,
        inner: Box<Requirement>,
    },
    All(Vec<Node>),
    Any(Vec<Node>),
}

/// An expression that is compiled when a file first holds the literals that it needs.
struct LazyRegex {
    expression: Expression,
    needs: Node,
    /// `None` inside: it does not compile within bounds and says nothing.
    compiled: OnceLock<Option<Finder>>,
}

/// Which literals and expressions occurred in a file. Reused between files.
#[derive(Default)]
pub struct Seen {
    literals: Vec<bool>,
    regexes: Vec<Option<bool>>,
    /// The text without comments and strings, once that was asked for.
    code: Option<(Lexis, Vec<u8>)>,
    /// Room for it.
    room: Vec<u8>,
}

/// What is being numbered.
#[derive(Default)]
struct Numbers {
    literals: Vec<Vec<u8>>,
    known_literals: HashMap<Vec<u8>, usize>,
    regexes: Vec<LazyRegex>,
    known_regexes: HashMap<Expression, usize>,
}

impl Prefilter {
    /// Combines `requirements`; [`Prefilter::may_match`] counts them in this order.
    #[must_use]
    pub fn new<'r>(requirements: impl IntoIterator<Item = &'r Requirement>) -> Self {
        let mut numbers = Numbers::default();
        let checks: Vec<Node> =
            requirements.into_iter().map(|requirement| numbers.number(requirement)).collect();
        let Numbers { literals, regexes, .. } = numbers;
        let Some(literals) = Literals::new(literals) else {
            // Far too many of them: then nothing is skipped.
            let checks = checks.iter().map(|_| Node::Anything).collect();
            return Self { literals: Literals::none(), regexes: Vec::new(), checks };
        };
        Self { literals, regexes, checks }
    }

    /// Looks once through `bytes` and sets `active[i]` to whether the `i`-th check may match.
    /// Returns whether any may.
    pub fn may_match(&self, bytes: &[u8], seen: &mut Seen, active: &mut Vec<bool>) -> bool {
        self.literals.mark(bytes, &mut seen.literals);
        if let Some((_, room)) = seen.code.take() {
            seen.room = room;
        }
        seen.regexes.clear();
        seen.regexes.resize(self.regexes.len(), None);
        active.clear();
        active.extend(self.checks.iter().map(|check| self.holds(check, bytes, seen)));
        active.contains(&true)
    }

    fn holds(&self, node: &Node, bytes: &[u8], seen: &mut Seen) -> bool {
        match node {
            Node::Anything => true,
            Node::Literal(number) => seen.literals[*number],
            Node::InCode { whole, lexis, code, inner } => {
                if !self.holds(whole, bytes, seen) {
                    return false;
                }
                let filter = code.get_or_init(|| Prefilter::new([&**inner]));
                if seen.code.as_ref().is_none_or(|(known, _)| known != lexis) {
                    let mut room = std::mem::take(&mut seen.room);
                    mask(*lexis, bytes, &mut room);
                    seen.code = Some((*lexis, room));
                }
                seen.code
                    .as_ref()
                    .is_none_or(|(_, text)| filter.may_match(text, &mut Seen::default(), &mut Vec::new()))
            }
            Node::All(parts) => parts.iter().all(|part| self.holds(part, bytes, seen)),
            Node::Any(parts) => parts.iter().any(|part| self.holds(part, bytes, seen)),
            Node::Regex(number) => {
                if let Some(known) = seen.regexes[*number] {
                    return known;
                }
                let lazy = &self.regexes[*number];
                let found = self.holds(&lazy.needs, bytes, seen)
                    && lazy
                        .compiled
                        .get_or_init(|| Finder::new(&lazy.expression))
                        .as_ref()
                        .is_none_or(|regex| regex.is_match(bytes));
                seen.regexes[*number] = Some(found);
                found
            }
        }
    }
}

impl Node {
    /// How dear it is to ask: literals are already searched for.
    fn cost(&self) -> usize {
        match self {
            Self::Anything | Self::Literal(_) => 0,
            Self::Regex(_) => 1,
            Self::InCode { whole, .. } => 3 + whole.cost(),
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::cost).sum(),
        }
    }
}

impl Numbers {
    fn number(&mut self, requirement: &Requirement) -> Node {
        match requirement {
            Requirement::Anything => Node::Anything,
            Requirement::Literal(literal) => {
                let (literals, next) = (&mut self.literals, self.known_literals.len());
                Node::Literal(*self.known_literals.entry(literal.clone()).or_insert_with(|| {
                    literals.push(literal.clone());
                    next
                }))
            }
            Requirement::Regex(expression) => self.regex(expression),
            Requirement::InCode(lexis, inner) => Node::InCode {
                whole: Box::new(self.number(inner)),
                lexis: *lexis,
                code: Box::default(),
                inner: inner.clone(),
            },
            Requirement::All(parts) => Node::All(self.sorted(parts)),
            Requirement::Any(parts) => Node::Any(self.sorted(parts)),
        }
    }

    fn regex(&mut self, expression: &Expression) -> Node {
        if let Some(&known) = self.known_regexes.get(expression) {
            return Node::Regex(known);
        }
        let needs = self.number(expression.literals.hardest());
        let expression = expression.clone();
        self.known_regexes.insert(expression.clone(), self.regexes.len());
        self.regexes.push(LazyRegex { expression, needs, compiled: OnceLock::new() });
        Node::Regex(self.regexes.len() - 1)
    }

    fn sorted(&mut self, parts: &[Requirement]) -> Vec<Node> {
        let mut nodes: Vec<Node> = parts.iter().map(|part| self.number(part)).collect();
        nodes.sort_by_key(Node::cost);
        nodes
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
            3 => "[ab]{1,2}[ab][*+]?[bc]".prop_map(Requirement::regex),
            2 => Just(Requirement::regex(r"(?-u:\b)ab(?-u:\b)")),
            2 => "[ab]{2,4}".prop_map(|text| Requirement::literal(text.into_bytes()).in_code(Some(Lexis::Go))),
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
            text in "[abc \"]{0,20}",
        ) {
            let prefilter = Prefilter::new(&requirements);
            let mut active = Vec::new();
            prefilter.may_match(text.as_bytes(), &mut Seen::default(), &mut active);
            let expected: Vec<bool> = requirements.iter().map(|r| r.holds_in(text.as_bytes())).collect();
            prop_assert_eq!(active, expected);
        }
    }
}
