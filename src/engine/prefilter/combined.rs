//! Tests the requirements of all checks of a file class in one pass over the bytes of a file.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::code_mask::mask_comments_and_strings;
use super::expression_finder::ExpressionFinder;
use super::literals::LiteralSet;
use super::{Expression, LexicalSyntax, Requirement};

/// The requirements of several checks, searched for in one pass.
pub struct Prefilter {
    literals: LiteralSet,
    regexes: Vec<LazyExpression>,
    checks: Vec<RequirementNode>,
}

/// A [`Requirement`] whose literals and expressions are replaced by indices. In `All` and `Any`, cheaper
/// parts come first.
enum RequirementNode {
    Anything,
    Literal(usize),
    Regex(usize),
    /// A condition on code without comments and strings, which is tested only if `whole` holds in the full
    /// text.
    InCode {
        whole: Box<RequirementNode>,
        syntax: LexicalSyntax,
        code: Box<OnceLock<Prefilter>>,
        inner: Box<Requirement>,
    },
    All(Vec<RequirementNode>),
    Any(Vec<RequirementNode>),
}

/// An expression that is compiled when a file first contains the literals that it needs.
struct LazyExpression {
    expression: Expression,
    needs: RequirementNode,
    /// `None` inside if it does not compile within the limits; then every file may match.
    compiled: OnceLock<Option<ExpressionFinder>>,
}

/// Literals and expressions found in the current file. Reused between files to save allocations.
#[derive(Default)]
pub struct PrefilterState {
    literals: Vec<bool>,
    regexes: Vec<Option<bool>>,
    /// The text without comments and strings, once it was needed.
    code: Option<(LexicalSyntax, Vec<u8>)>,
    /// Spare buffer for `code`.
    mask_buffer: Vec<u8>,
}

/// Literals and expressions that were assigned an index so far.
#[derive(Default)]
struct NodeNumbering {
    literals: Vec<Vec<u8>>,
    known_literals: HashMap<Vec<u8>, usize>,
    regexes: Vec<LazyExpression>,
    known_regexes: HashMap<Expression, usize>,
}

impl Prefilter {
    /// Combines `requirements`. Their order defines the indices in [`Prefilter::may_match`].
    #[must_use]
    pub fn new<'r>(requirements: impl IntoIterator<Item = &'r Requirement>) -> Self {
        let mut numbers = NodeNumbering::default();
        let checks: Vec<RequirementNode> =
            requirements.into_iter().map(|requirement| numbers.number_requirement(requirement)).collect();
        let NodeNumbering { literals, regexes, .. } = numbers;
        let Some(literals) = LiteralSet::new(literals) else {
            // Too many literals: no file is skipped.
            let checks = checks.iter().map(|_| RequirementNode::Anything).collect();
            return Self { literals: LiteralSet::empty(), regexes: Vec::new(), checks };
        };
        Self { literals, regexes, checks }
    }

    /// Scans `bytes` once and sets `active[i]` to whether the `i`-th check may match. Returns whether any may
    /// match.
    pub fn may_match(&self, bytes: &[u8], state: &mut PrefilterState, active: &mut Vec<bool>) -> bool {
        self.literals.mark_occurring(bytes, &mut state.literals);
        if let Some((_, mask_buffer)) = state.code.take() {
            state.mask_buffer = mask_buffer;
        }
        state.regexes.clear();
        state.regexes.resize(self.regexes.len(), None);
        active.clear();
        active.extend(self.checks.iter().map(|check| self.holds(check, bytes, state)));
        active.contains(&true)
    }

    fn holds(&self, node: &RequirementNode, bytes: &[u8], state: &mut PrefilterState) -> bool {
        match node {
            RequirementNode::Anything => true,
            RequirementNode::Literal(number) => state.literals[*number],
            RequirementNode::InCode { whole, syntax, code, inner } => {
                if !self.holds(whole, bytes, state) {
                    return false;
                }
                let filter = code.get_or_init(|| Prefilter::new([&**inner]));
                if state.code.as_ref().is_none_or(|(known, _)| known != syntax) {
                    let mut mask_buffer = std::mem::take(&mut state.mask_buffer);
                    mask_comments_and_strings(*syntax, bytes, &mut mask_buffer);
                    state.code = Some((*syntax, mask_buffer));
                }
                state.code.as_ref().is_none_or(|(_, text)| {
                    filter.may_match(text, &mut PrefilterState::default(), &mut Vec::new())
                })
            }
            RequirementNode::All(parts) => parts.iter().all(|part| self.holds(part, bytes, state)),
            RequirementNode::Any(parts) => parts.iter().any(|part| self.holds(part, bytes, state)),
            RequirementNode::Regex(number) => {
                if let Some(known) = state.regexes[*number] {
                    return known;
                }
                let lazy = &self.regexes[*number];
                let found = self.holds(&lazy.needs, bytes, state)
                    && lazy
                        .compiled
                        .get_or_init(|| ExpressionFinder::new(&lazy.expression))
                        .as_ref()
                        .is_none_or(|regex| regex.is_match(bytes));
                state.regexes[*number] = Some(found);
                found
            }
        }
    }
}

impl RequirementNode {
    /// Relative cost of testing; literals are free, because they were searched for before.
    fn cost(&self) -> usize {
        match self {
            Self::Anything | Self::Literal(_) => 0,
            Self::Regex(_) => 1,
            Self::InCode { whole, .. } => 3 + whole.cost(),
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::cost).sum(),
        }
    }
}

impl NodeNumbering {
    fn number_requirement(&mut self, requirement: &Requirement) -> RequirementNode {
        match requirement {
            Requirement::Anything => RequirementNode::Anything,
            Requirement::Literal(literal) => {
                let (literals, next) = (&mut self.literals, self.known_literals.len());
                RequirementNode::Literal(*self.known_literals.entry(literal.clone()).or_insert_with(|| {
                    literals.push(literal.clone());
                    next
                }))
            }
            Requirement::Regex(expression) => self.number_expression(expression),
            Requirement::InCode(syntax, inner) => RequirementNode::InCode {
                whole: Box::new(self.number_requirement(inner)),
                syntax: *syntax,
                code: Box::default(),
                inner: inner.clone(),
            },
            Requirement::All(parts) => RequirementNode::All(self.number_sorted(parts)),
            Requirement::Any(parts) => RequirementNode::Any(self.number_sorted(parts)),
        }
    }

    fn number_expression(&mut self, expression: &Expression) -> RequirementNode {
        if let Some(&known) = self.known_regexes.get(expression) {
            return RequirementNode::Regex(known);
        }
        let needs = self.number_requirement(expression.literals.most_selective());
        let expression = expression.clone();
        self.known_regexes.insert(expression.clone(), self.regexes.len());
        self.regexes.push(LazyExpression { expression, needs, compiled: OnceLock::new() });
        RequirementNode::Regex(self.regexes.len() - 1)
    }

    fn number_sorted(&mut self, parts: &[Requirement]) -> Vec<RequirementNode> {
        let mut nodes: Vec<RequirementNode> =
            parts.iter().map(|part| self.number_requirement(part)).collect();
        nodes.sort_by_key(RequirementNode::cost);
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
            2 => "[ab]{2,4}".prop_map(|text| Requirement::literal(text.into_bytes()).in_code(Some(LexicalSyntax::Go))),
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
        fn the_prefilter_agrees_with_a_plain_search(
            requirements in proptest::collection::vec(any_requirement(), 1..5),
            text in "[abc \"]{0,20}",
        ) {
            let prefilter = Prefilter::new(&requirements);
            let mut active = Vec::new();
            prefilter.may_match(text.as_bytes(), &mut PrefilterState::default(), &mut active);
            let expected: Vec<bool> = requirements.iter().map(|r| r.holds_in(text.as_bytes())).collect();
            prop_assert_eq!(active, expected);
        }
    }
}
