//! Tests requirements with rules that are known to match: rules are generated from a text's own tree, so
//! their requirements must hold there.

use std::collections::HashSet;

use ast_grep_core::matcher::MatcherExt;
use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_core::{AstGrep, Pattern};
use serde_json::{Value, json};
use tree_sitter::{Node, TreeCursor};

use super::facts::GrammarFacts;
use super::grammar::Grammar;
use super::parse::parse;
use super::pattern_tokens::requirement_of_code_pattern;
use super::requirement::{ImpliedRequirements, derive_requirements};
use super::samples::{ODD, SAMPLES};
use crate::engine::budget::TimeBudget;
use crate::engine::prefilter::{AnchorPositions, mask_comments_and_strings};
use crate::model::{Language, language_of};

/// Maximum length of a node from which rules are generated, in bytes.
const MAX_NODE_BYTES: usize = 100;

struct Sample<'t> {
    language: Language,
    text: &'t str,
    wrong: &'t mut Vec<String>,
    tested: usize,
    /// Rules that were already tested with an equal node text.
    known: HashSet<String>,
}

impl Sample<'_> {
    /// Tests that the requirements of a rule that matches `node` hold.
    fn rule(&mut self, rule: &Value, node: Node<'_>) {
        let own = &self.text[node.byte_range()];
        if !self.known.insert(format!("{rule}{own}")) {
            return;
        }
        let file = json!({ "rule": rule });
        let ImpliedRequirements { node: of_node, file: of_file } =
            derive_requirements(Grammar(self.language), file.as_object().expect("an object"));
        self.tested += 1;
        if !of_file.holds_in(self.text.as_bytes()) {
            self.report_lost(&format!("in the file: {rule} {of_file:?}"), own);
        }
        if !of_node.holds_in(own.as_bytes()) {
            self.report_lost(&format!("in the node: {rule} {of_node:?}"), own);
        }
        if let Some(places) = AnchorPositions::new(&of_node).find(self.text.as_bytes())
            && !places.iter().any(|place| node.byte_range().contains(place))
        {
            self.report_lost(&format!("by its place: {rule}"), own);
        }
    }

    fn report_lost(&mut self, how: &str, own: &str) {
        self.wrong.push(format!("{}: lost {how} {own:?}", self.language.name()));
    }

    /// Tests rules for the node at the cursor and all nodes below it.
    fn node(&mut self, cursor: &mut TreeCursor<'_>) {
        let node = cursor.node();
        if node.is_named() && node.byte_range().len() <= MAX_NODE_BYTES && !node.byte_range().is_empty() {
            self.rule(&json!({ "kind": node.kind() }), node);
            self.parts(node);
            self.children(node);
        }
        if cursor.goto_first_child() {
            loop {
                self.node(cursor);
                if !cursor.goto_next_sibling() {
                    break;
                }
            }
            cursor.goto_parent();
        }
    }

    /// Tests rules for parts of a node's text.
    fn parts(&mut self, node: Node<'_>) {
        let (own, kind) = (&self.text[node.byte_range()], node.kind());
        let ends: Vec<usize> = (0..=own.len()).filter(|at| own.is_char_boundary(*at)).collect();
        let step = ends.len().div_ceil(3).max(1);
        for from in ends.iter().step_by(step) {
            for length in [3, 7] {
                let to = ends.iter().copied().find(|at| *at >= from + length).unwrap_or(own.len());
                let part = &own[*from..to];
                let regex = regex::escape(part);
                self.rule(&json!({ "kind": kind, "regex": regex }), node);
                for behind in ["(", "a"] {
                    if !own.contains(&format!("{part}{behind}")) {
                        let not = json!({ "regex": format!("{regex}{}", regex::escape(behind)) });
                        self.rule(&json!({ "kind": kind, "regex": regex, "not": not }), node);
                        let either = json!([{ "kind": kind }, { "kind": kind }]);
                        self.rule(&json!({ "any": either, "regex": regex, "not": not }), node);
                    }
                }
            }
        }
        self.rule(&json!({ "kind": kind, "regex": format!("^{}$", regex::escape(own)) }), node);
    }

    /// Tests rules for a node with one of its children, or without children that it lacks.
    fn children(&mut self, node: Node<'_>) {
        let mut cursor = node.walk();
        let mut kinds = Vec::new();
        if !cursor.goto_first_child() {
            return;
        }
        loop {
            let child = cursor.node();
            if child.is_named() {
                kinds.push(child.kind());
                for rule in about_child(child, cursor.field_name(), &self.text[child.byte_range()]) {
                    self.rule(&json!({ "kind": node.kind(), "has": rule }), node);
                }
            }
            if !cursor.goto_next_sibling() {
                break;
            }
        }
        let lacking = ["identifier", "attribute", "tuple", "as_pattern", "call", "block"];
        let lacking: Vec<&str> = lacking.into_iter().filter(|kind| !kinds.contains(kind)).collect();
        let any: Vec<Value> = lacking.iter().map(|kind| json!({ "kind": kind })).collect();
        self.rule(&json!({ "kind": node.kind(), "not": { "has": { "any": any } } }), node);
        for kind in lacking {
            self.rule(&json!({ "kind": node.kind(), "not": { "has": { "kind": kind } } }), node);
        }
    }
}

/// Returns rules that match `child`, whose text is `own`.
fn about_child(child: Node<'_>, field: Option<&str>, own: &str) -> Vec<Value> {
    let whole = format!("^{}$", regex::escape(own));
    let word: String = own.chars().take_while(|c| c.is_alphanumeric()).collect();
    let kind = child.kind();
    let mut rules = vec![
        json!({ "kind": kind }),
        json!({ "kind": kind, "regex": whole }),
        json!({ "any": [{ "kind": kind }, { "kind": kind }], "regex": whole }),
        json!({ "kind": kind, "regex": format!("^{}", regex::escape(&word)) }),
        json!({ "kind": kind, "regex": format!("^(zzz|{})$", regex::escape(own)) }),
    ];
    if let Some(field) = field {
        rules.push(json!({ "field": field, "regex": whole }));
        rules.push(json!({ "field": field, "kind": kind, "regex": whole }));
        rules.push(json!({ "field": field, "any": [{ "kind": kind }] }));
    }
    rules
}

/// Tests patterns made of a node's text, with a part of it replaced by a metavariable.
fn patterns(language: Language, text: &str, wrong: &mut Vec<String>) -> usize {
    let grammar = Grammar(language);
    let Ok(tree) = parse(grammar, text, &[], &TimeBudget::unlimited()) else { return 0 };
    let doc = AstGrep::doc(StrDoc { src: text.to_owned(), lang: grammar, tree });
    let mut matched = 0;
    for node in doc.root().dfs() {
        let (own, range) = (node.text().into_owned(), node.range());
        if !node.is_named() || own.len() > MAX_NODE_BYTES || own.is_empty() {
            continue;
        }
        let mut sources = vec![own.clone()];
        for part in node.dfs().filter(ast_grep_core::Node::is_named).take(6) {
            let inner = part.range();
            let with = |variable: &str| {
                [&own[..inner.start - range.start], variable, &own[inner.end - range.start..]].concat()
            };
            sources.extend([with("$M"), with("$$$M")]);
        }
        for source in sources {
            let Ok(pattern) = Pattern::try_new(&source, grammar) else { continue };
            if pattern.match_node(node.clone()).is_none() {
                continue;
            }
            matched += 1;
            let requirement = requirement_of_code_pattern(grammar, &pattern);
            if !requirement.holds_in(text.as_bytes()) || !requirement.holds_in(own.as_bytes()) {
                wrong.push(format!("{}: lost {source:?} in {own:?}: {requirement:?}", language.name()));
            }
        }
    }
    matched
}

/// Tests that masking comments and strings leaves every other leaf unchanged.
fn masks_code(language: Language, text: &str, root: Node<'_>, wrong: &mut Vec<String>) {
    let Some(lexical_syntax) = GrammarFacts::of(language).and_then(|facts| facts.lexical_syntax) else {
        return;
    };
    let mut masked = Vec::new();
    mask_comments_and_strings(lexical_syntax, text.as_bytes(), &mut masked);
    let mut todo = vec![root];
    while let Some(node) = todo.pop() {
        let kind = node.kind();
        if ["comment", "string_literal", "char_literal", "rune_literal", "shebang"]
            .iter()
            .any(|it| kind.contains(it))
        {
            continue;
        }
        if node.child_count() == 0 && masked[node.byte_range()] != text.as_bytes()[node.byte_range()] {
            wrong.push(format!("{}: {kind} {:?} is masked", language.name(), &text[node.byte_range()]));
        }
        let mut cursor = node.walk();
        todo.extend(node.children(&mut cursor));
    }
}

/// Runs all tests for one text; returns the number of tested rules and patterns.
fn test_text(language: Language, text: &str, wrong: &mut Vec<String>) -> (usize, usize) {
    let Ok(tree) = parse(Grammar(language), text, &[], &TimeBudget::unlimited()) else { return (0, 0) };
    if tree.root_node().has_error() {
        return (0, 0);
    }
    masks_code(language, text, tree.root_node(), wrong);
    let mut sample = Sample { language, text, wrong, tested: 0, known: HashSet::new() };
    sample.node(&mut tree.walk());
    let rules = sample.tested;
    (rules, patterns(language, text, wrong))
}

#[test]
fn matches_are_never_filtered_out() {
    let mut wrong = Vec::new();
    for &(language, text) in SAMPLES.iter().chain(ODD) {
        let (rules, patterns) = test_text(language, text, &mut wrong);
        assert!(
            rules > 20 && patterns > 3,
            "{}: {rules} rules, {patterns} patterns: {text}",
            language.name()
        );
    }
    assert!(wrong.is_empty(), "{} of them\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
}

/// `STANCHION_CORPORA=DIR cargo test --lib filtered_out_on_a_corpus -- --ignored`
#[test]
#[ignore = "reads a corpus"]
#[expect(clippy::disallowed_methods, reason = "a test that reads a corpus given by the environment")]
fn matches_are_never_filtered_out_on_a_corpus() {
    let root = std::env::var("STANCHION_CORPORA").expect("STANCHION_CORPORA names a directory");
    let (mut wrong, mut files, mut tested) = (Vec::new(), 0usize, 0usize);
    for entry in ignore::WalkBuilder::new(root).build().filter_map(Result::ok) {
        let path = entry.path().to_string_lossy().into_owned();
        let Some(language) = language_of(path.as_bytes()) else { continue };
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        if text.len() > 4_000 {
            continue;
        }
        let (rules, patterns) = test_text(language, &text, &mut wrong);
        files += usize::from(rules > 0);
        tested += rules + patterns;
        wrong.truncate(500);
    }
    assert!(files > 0, "nothing there parses without errors");
    assert!(wrong.is_empty(), "of {tested} in {files} files\n{}", wrong[..wrong.len().min(30)].join("\n"));
}
