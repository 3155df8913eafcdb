//! Requirements against rules that are known to match: read off a text's own tree, so that each must hold there.

use std::collections::HashSet;

use ast_grep_core::matcher::MatcherExt;
use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_core::{AstGrep, Pattern};
use serde_json::{Value, json};
use tree_sitter::{Node, TreeCursor};

use super::facts::Facts;
use super::grammar::Grammar;
use super::parse::parse;
use super::requirement::{Implied, implied_by};
use super::samples::{ODD, SAMPLES};
use super::sequence::requirement_of;
use crate::engine::budget::Budget;
use crate::engine::prefilter::{Positions, mask};
use crate::model::{Language, language_of};

/// Longest text of a node that rules are made of.
const LONGEST: usize = 100;

struct Sample<'t> {
    language: Language,
    text: &'t str,
    wrong: &'t mut Vec<String>,
    asked: usize,
    /// Rules that were asked of a text of the same kind already.
    known: HashSet<String>,
}

impl Sample<'_> {
    /// A rule that matches `node` must imply nothing that is not so.
    fn rule(&mut self, rule: &Value, node: Node<'_>) {
        let own = &self.text[node.byte_range()];
        if !self.known.insert(format!("{rule}{own}")) {
            return;
        }
        let file = json!({ "rule": rule });
        let Implied { node: of_node, file: of_file } =
            implied_by(Grammar(self.language), file.as_object().expect("an object"));
        self.asked += 1;
        if !of_file.holds_in(self.text.as_bytes()) {
            self.lost(&format!("in the file: {rule} {of_file:?}"), own);
        }
        if !of_node.holds_in(own.as_bytes()) {
            self.lost(&format!("in the node: {rule} {of_node:?}"), own);
        }
        if let Some(places) = Positions::new(&of_node).find(self.text.as_bytes())
            && !places.iter().any(|place| node.byte_range().contains(place))
        {
            self.lost(&format!("by its place: {rule}"), own);
        }
    }

    fn lost(&mut self, how: &str, own: &str) {
        self.wrong.push(format!("{}: lost {how} {own:?}", self.language.name()));
    }

    /// Rules about the node at the cursor, and about everything below it.
    fn node(&mut self, cursor: &mut TreeCursor<'_>) {
        let node = cursor.node();
        if node.is_named() && node.byte_range().len() <= LONGEST && !node.byte_range().is_empty() {
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

    /// Rules about parts of a node's text.
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

    /// Rules about a node and one of its children, or about children that it lacks.
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

/// Rules that `child`, which reads `own`, matches.
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

/// Patterns made of a node's text, with a part of it put aside.
fn patterns(language: Language, text: &str, wrong: &mut Vec<String>) -> usize {
    let grammar = Grammar(language);
    let Ok(tree) = parse(grammar, text, &[], &Budget::unlimited()) else { return 0 };
    let doc = AstGrep::doc(StrDoc { src: text.to_owned(), lang: grammar, tree });
    let mut matched = 0;
    for node in doc.root().dfs() {
        let (own, range) = (node.text().into_owned(), node.range());
        if !node.is_named() || own.len() > LONGEST || own.is_empty() {
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
            let requirement = requirement_of(grammar, &pattern);
            if !requirement.holds_in(text.as_bytes()) || !requirement.holds_in(own.as_bytes()) {
                wrong.push(format!("{}: lost {source:?} in {own:?}: {requirement:?}", language.name()));
            }
        }
    }
    matched
}

/// Where comments and strings are masked, every leaf that is neither must be left as it is.
fn masks_code(language: Language, text: &str, root: Node<'_>, wrong: &mut Vec<String>) {
    let Some(lexis) = Facts::of(language).and_then(|facts| facts.lexis) else { return };
    let mut masked = Vec::new();
    mask(lexis, text.as_bytes(), &mut masked);
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

/// Asks everything of one text; returns how many rules and patterns were asked about.
fn ask(language: Language, text: &str, wrong: &mut Vec<String>) -> (usize, usize) {
    let Ok(tree) = parse(Grammar(language), text, &[], &Budget::unlimited()) else { return (0, 0) };
    if tree.root_node().has_error() {
        return (0, 0);
    }
    masks_code(language, text, tree.root_node(), wrong);
    let mut asked = Sample { language, text, wrong, asked: 0, known: HashSet::new() };
    asked.node(&mut tree.walk());
    let rules = asked.asked;
    (rules, patterns(language, text, wrong))
}

#[test]
fn what_matches_is_never_filtered_out() {
    let mut wrong = Vec::new();
    for &(language, text) in SAMPLES.iter().chain(ODD) {
        let (rules, patterns) = ask(language, text, &mut wrong);
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
#[expect(clippy::disallowed_methods, reason = "a test that reads what it is pointed at")]
fn what_matches_is_never_filtered_out_on_a_corpus() {
    let root = std::env::var("STANCHION_CORPORA").expect("STANCHION_CORPORA names a directory");
    let (mut wrong, mut files, mut asked) = (Vec::new(), 0usize, 0usize);
    for entry in ignore::WalkBuilder::new(root).build().filter_map(Result::ok) {
        let path = entry.path().to_string_lossy().into_owned();
        let Some(language) = language_of(path.as_bytes()) else { continue };
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        if text.len() > 4_000 {
            continue;
        }
        let (rules, patterns) = ask(language, &text, &mut wrong);
        files += usize::from(rules > 0);
        asked += rules + patterns;
        wrong.truncate(500);
    }
    assert!(files > 0, "nothing there parses without errors");
    assert!(wrong.is_empty(), "of {asked} in {files} files\n{}", wrong[..wrong.len().min(30)].join("\n"));
}
