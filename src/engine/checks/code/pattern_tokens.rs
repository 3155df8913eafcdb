//! The tokens of a pattern as expressions over bytes.
//!
//! What ast-grep-core 0.51 compares (`match_tree`): with the strictness `smart` and `cst`, every leaf of
//! the pattern must be met in order. A named leaf compares kind and text, an unnamed one its kind alone.
//! Between two of them may stand what the matcher skips (comments, and unnamed children of the same
//! parent); behind the last one of a parent, anything; behind `$$$`, unnamed leaves are not asked for.

use ast_grep_core::matcher::PatternNode;
use ast_grep_core::meta_var::MetaVariable;
use ast_grep_core::tree_sitter::LanguageExt;
use ast_grep_core::{MatchStrictness, Pattern};

use super::facts::Facts;
use super::grammar::Grammar;
use super::shapes;
use crate::engine::prefilter::Requirement;

/// Most tokens in one expression; what follows begins a new one.
const MAX_TOKENS: usize = 12;
/// Most bytes of a leaf that are asked for.
const MAX_LEAF: usize = 200;

/// What the text of a node must hold for `pattern` to match it.
#[must_use]
pub fn requirement_of(grammar: Grammar, pattern: &Pattern) -> Requirement {
    // `signature` compares kinds only.
    if matches!(pattern.strictness, MatchStrictness::Signature) {
        return Requirement::Anything;
    }
    let facts = Facts::of(grammar.0);
    let exact = matches!(pattern.strictness, MatchStrictness::Smart | MatchStrictness::Cst);
    let Some(facts) = facts.filter(|_| exact) else {
        let mut parts = Vec::new();
        named_leaves(&pattern.node, &mut parts);
        return Requirement::all(parts);
    };
    let mut reader = Reader { grammar, facts, pieces: Vec::new(), open: Piece::default(), in_text: false };
    reader.node(&pattern.node, None);
    reader.split();
    let best = reader.pieces.iter().map(|piece| piece.words).max().unwrap_or(0).min(1);
    Requirement::all(reader.pieces.into_iter().filter(|piece| piece.words >= best).map(|piece| {
        let lexis = facts.lexis.filter(|_| !piece.has_text);
        Requirement::regex(format!("(?-u){}", facts.bordered(&piece.text))).in_code(lexis)
    }))
}

/// `text` as an expression over bytes (with `(?-u)`), letter by letter.
#[must_use]
pub fn escaped(text: &str) -> String {
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

/// Tokens of which each follows the one before, with a known gap.
#[derive(Default)]
struct Piece {
    text: String,
    tokens: usize,
    words: usize,
    /// Whether some token may be part of a comment or a string.
    has_text: bool,
    /// The gap to the next token, when one has come before.
    gap: String,
}

struct Reader {
    grammar: Grammar,
    facts: Facts,
    pieces: Vec<Piece>,
    open: Piece,
    /// Whether what is read stands in a comment or a string.
    in_text: bool,
}

impl Reader {
    /// Ends the piece: anything may follow.
    fn split(&mut self) {
        let piece = std::mem::take(&mut self.open);
        if piece.tokens > 0 {
            self.pieces.push(piece);
        }
    }

    fn gap(&mut self, skipped: Option<&[&str]>) {
        match skipped.and_then(|skipped| self.facts.gap(skipped)) {
            Some(gap) if self.open.tokens > 0 && self.open.gap != gap => self.open.gap.push_str(&gap),
            Some(_) => {}
            None => self.split(),
        }
    }

    fn token(&mut self, expression: &str, is_word: bool) {
        if self.open.tokens >= MAX_TOKENS {
            self.split();
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

    fn node(&mut self, node: &PatternNode, parent: Option<&str>) {
        match node {
            PatternNode::MetaVar { .. } => self.split(),
            PatternNode::Terminal { text, is_named: false, .. } => {
                if self.facts.is_spelled(text) {
                    let is_word = text.len() > 1 && text.bytes().all(|b| b.is_ascii_alphabetic());
                    self.token(&self.facts.token(text), is_word);
                    self.open.has_text |= !Facts::is_code(text);
                } else {
                    self.split();
                }
            }
            PatternNode::Terminal { text, kind_id, .. } => {
                if text.len() > MAX_LEAF || text.is_empty() {
                    return self.split();
                }
                let kind = self.kind(*kind_id);
                let expression = self.facts.leaf(&kind, text, parent == Some("token_tree"));
                self.token(&expression, text.len() > 1);
                self.open.has_text |= !Facts::is_word(&kind);
            }
            PatternNode::Internal { kind_id, children } => self.children(*kind_id, children),
        }
    }

    fn children(&mut self, kind_id: u16, children: &[PatternNode]) {
        let kind = self.kind(kind_id);
        let skipped = self.facts.kind(&kind).and_then(|facts| facts.tokens);
        let outer = self.in_text;
        self.in_text |= !Facts::is_of_code(&kind);
        self.row(&kind, skipped.as_deref(), children);
        self.in_text = outer;
    }

    /// The children of a node of `kind`, between which the tokens in `skipped` may stand.
    fn row(&mut self, kind: &str, skipped: Option<&[&str]>, children: &[PatternNode]) {
        let mut behind_ellipsis = false;
        for (index, child) in children.iter().enumerate() {
            if matches!(
                child,
                PatternNode::MetaVar { meta_var: MetaVariable::Multiple | MetaVariable::MultiCapture(_) }
            ) {
                self.split();
                behind_ellipsis = true;
                continue;
            }
            if behind_ellipsis && child.is_trivial() {
                continue;
            }
            behind_ellipsis = false;
            self.gap(skipped);
            // The last word of a member access is known to be one, whatever it is, and ends the node.
            if is_last_word(children, index)
                && let (Some(word), Some(gap)) =
                    (shapes::last_word(self.grammar.0, kind), self.facts.gap(&[]))
            {
                if matches!(child, PatternNode::MetaVar { .. }) {
                    self.token(word, false);
                } else {
                    self.node(child, Some(kind));
                }
                self.open.gap = gap;
                return;
            }
            self.node(child, Some(kind));
        }
        self.split();
    }

    fn kind(&self, kind_id: u16) -> String {
        self.grammar.get_ts_language().node_kind_for_id(kind_id).unwrap_or_default().to_owned()
    }
}

/// Whether the child at `index` is the last one and stands behind a dot.
fn is_last_word(children: &[PatternNode], index: usize) -> bool {
    let is_dot = |node: &PatternNode| matches!(node, PatternNode::Terminal { text, is_named: false, .. } if text == ".");
    index + 1 == children.len() && index.checked_sub(1).is_some_and(|before| is_dot(&children[before]))
}

/// The texts of named leaves, which the other kinds of strictness compare too.
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
