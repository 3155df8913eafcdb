//! Converts the tokens of a pattern to expressions over bytes.
//!
//! Based on the matching of ast-grep-core 0.51 (`match_tree`): with the strictness `smart` and `cst`, every
//! leaf of the pattern must match in order. Named leaves compare kind and text, unnamed leaves only the kind.
//! Between two leaves, the matcher skips comments and unnamed children of the same parent. After the last
//! leaf of a parent, anything may follow. After `$$$`, unnamed leaves are not required.

use ast_grep_core::matcher::PatternNode;
use ast_grep_core::meta_var::MetaVariable;
use ast_grep_core::tree_sitter::LanguageExt;
use ast_grep_core::{MatchStrictness, Pattern};

use super::facts::GrammarFacts;
use super::grammar::Grammar;
use super::special_cases;
use crate::engine::prefilter::Requirement;

/// Maximum number of tokens in one expression; further tokens begin a new one.
const MAX_TOKENS: usize = 12;
/// Maximum length of a leaf that is required, in bytes.
const MAX_LEAF_BYTES: usize = 200;

/// Returns what the text of a node must contain so that `pattern` can match it.
#[must_use]
pub fn requirement_of_code_pattern(grammar: Grammar, pattern: &Pattern) -> Requirement {
    // The strictness `signature` compares only kinds.
    if matches!(pattern.strictness, MatchStrictness::Signature) {
        return Requirement::Anything;
    }
    let facts = GrammarFacts::of(grammar.0);
    let exact = matches!(pattern.strictness, MatchStrictness::Smart | MatchStrictness::Cst);
    let Some(facts) = facts.filter(|_| exact) else {
        let mut parts = Vec::new();
        named_leaves(&pattern.node, &mut parts);
        return Requirement::all(parts);
    };
    let mut analyzer = PatternAnalyzer {
        grammar,
        facts,
        pieces: Vec::new(),
        open: TokenSequence::default(),
        in_text: false,
    };
    analyzer.add_node(&pattern.node, None);
    analyzer.end_sequence();
    let best = analyzer.pieces.iter().map(|piece| piece.words).max().unwrap_or(0).min(1);
    Requirement::all(analyzer.pieces.into_iter().filter(|piece| piece.words >= best).map(|piece| {
        let lexical_syntax = facts.lexical_syntax.filter(|_| !piece.has_text);
        Requirement::regex(format!("(?-u){}", facts.with_left_border(&piece.text))).in_code(lexical_syntax)
    }))
}

/// Returns an expression over bytes (for use with `(?-u)`) that matches exactly `text`.
#[must_use]
pub fn escape_bytes(text: &str) -> String {
    let mut out = String::new();
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

/// A sequence of tokens with known gaps between them.
#[derive(Default)]
struct TokenSequence {
    text: String,
    tokens: usize,
    words: usize,
    /// Whether a token may be part of a comment or string.
    has_text: bool,
    /// Expression for the gap to the next token, if there is a previous one.
    gap: String,
}

struct PatternAnalyzer {
    grammar: Grammar,
    facts: GrammarFacts,
    pieces: Vec<TokenSequence>,
    open: TokenSequence,
    /// Whether the current node is in a comment or string.
    in_text: bool,
}

impl PatternAnalyzer {
    /// Ends the current sequence: anything may follow.
    fn end_sequence(&mut self) {
        let piece = std::mem::take(&mut self.open);
        if piece.tokens > 0 {
            self.pieces.push(piece);
        }
    }

    fn add_gap(&mut self, skipped: Option<&[&str]>) {
        match skipped.and_then(|skipped| self.facts.gap_expression(skipped)) {
            Some(gap) if self.open.tokens > 0 && self.open.gap != gap => self.open.gap.push_str(&gap),
            Some(_) => {}
            None => self.end_sequence(),
        }
    }

    fn add_token(&mut self, expression: &str, is_word: bool) {
        if self.open.tokens >= MAX_TOKENS {
            self.end_sequence();
        }
        let gap = std::mem::take(&mut self.open.gap);
        if self.open.tokens > 0 {
            self.open.text.push_str(&gap);
        }
        self.open.text.push_str(expression);
        self.open.tokens += 1;
        self.open.words += usize::from(is_word);
        self.open.has_text |= self.in_text;
    }

    fn add_node(&mut self, node: &PatternNode, parent: Option<&str>) {
        match node {
            PatternNode::MetaVar { .. } => self.end_sequence(),
            PatternNode::Terminal { text, is_named: false, .. } => {
                if self.facts.has_fixed_spelling(text) {
                    let is_word = text.len() > 1 && text.bytes().all(|b| b.is_ascii_alphabetic());
                    self.add_token(&self.facts.token_expression(text), is_word);
                    self.open.has_text |= !GrammarFacts::is_code_token(text);
                } else {
                    self.end_sequence();
                }
            }
            PatternNode::Terminal { text, kind_id, .. } => {
                if text.len() > MAX_LEAF_BYTES || text.is_empty() {
                    return self.end_sequence();
                }
                let kind = self.kind(*kind_id);
                let expression = self.facts.leaf_expression(&kind, text, parent == Some("token_tree"));
                self.add_token(&expression, text.len() > 1);
                self.open.has_text |= !GrammarFacts::is_word_kind(&kind);
            }
            PatternNode::Internal { kind_id, children } => self.add_children(*kind_id, children),
        }
    }

    fn add_children(&mut self, kind_id: u16, children: &[PatternNode]) {
        let kind = self.kind(kind_id);
        let skipped = self.facts.kind(&kind).and_then(|facts| facts.tokens);
        let outer = self.in_text;
        self.in_text |= !GrammarFacts::is_code_kind(&kind);
        self.add_child_sequence(&kind, skipped.as_deref(), children);
        self.in_text = outer;
    }

    /// Adds the children of a node of `kind`, between which the tokens in `skipped` may occur.
    fn add_child_sequence(&mut self, kind: &str, skipped: Option<&[&str]>, children: &[PatternNode]) {
        let mut after_ellipsis = false;
        for (index, child) in children.iter().enumerate() {
            if matches!(
                child,
                PatternNode::MetaVar { meta_var: MetaVariable::Multiple | MetaVariable::MultiCapture(_) }
            ) {
                self.end_sequence();
                after_ellipsis = true;
                continue;
            }
            if after_ellipsis && child.is_trivial() {
                continue;
            }
            after_ellipsis = false;
            self.add_gap(skipped);
            // The last child of a member access is always a word, and the node ends with it.
            if is_last_word(children, index)
                && let (Some(word), Some(gap)) = (
                    special_cases::member_name_expression(self.grammar.0, kind),
                    self.facts.gap_expression(&[]),
                )
            {
                if matches!(child, PatternNode::MetaVar { .. }) {
                    self.add_token(word, false);
                } else {
                    self.add_node(child, Some(kind));
                }
                self.open.gap = gap;
                return;
            }
            self.add_node(child, Some(kind));
        }
        self.end_sequence();
    }

    fn kind(&self, kind_id: u16) -> String {
        self.grammar.get_ts_language().node_kind_for_id(kind_id).unwrap_or_default().to_owned()
    }
}

/// Whether the child at `index` is the last one and follows a dot.
fn is_last_word(children: &[PatternNode], index: usize) -> bool {
    let is_dot = |node: &PatternNode| matches!(node, PatternNode::Terminal { text, is_named: false, .. } if text == ".");
    index + 1 == children.len() && index.checked_sub(1).is_some_and(|before| is_dot(&children[before]))
}

/// Collects the texts of named leaves, which the other kinds of strictness also compare.
fn named_leaves(node: &PatternNode, out: &mut Vec<Requirement>) {
    match node {
        PatternNode::MetaVar { .. } => {}
        PatternNode::Terminal { text, is_named, .. } => {
            if *is_named {
                out.push(Requirement::literal(text.as_bytes().to_vec()));
            }
        }
        PatternNode::Internal { children, .. } => {
            children.iter().for_each(|child| named_leaves(child, out));
        }
    }
}
