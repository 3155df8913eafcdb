//! Compares the tables with the behaviour of the grammars, on samples and on any given corpus.

use tree_sitter::{Node, TreeCursor};

use super::facts::{GrammarFacts, KindFacts};
use super::grammar::Grammar;
use super::parse::parse;
use super::samples::{ODD, SAMPLES};
use crate::engine::budget::TimeBudget;
use crate::model::{Language, language_of};

/// Checks every node below `cursor`'s and collects the facts that do not hold.
fn compare(
    facts: GrammarFacts,
    cursor: &mut TreeCursor<'_>,
    text: &str,
    wrong: &mut Vec<String>,
    nodes: &mut usize,
) {
    let node = cursor.node();
    *nodes += 1;
    let own = &text[node.byte_range()];
    if !node.is_named() {
        if node.child_count() == 0 && facts.has_fixed_spelling(node.kind()) && own != node.kind() {
            wrong.push(format!("the token {:?} reads {own:?}", node.kind()));
        }
    } else if let Some(of) = facts.kind(node.kind()) {
        for clause in &of.must {
            if !clause.iter().any(|token| own.contains(token)) {
                wrong.push(format!("{} contains none of {clause:?}: {own:?}", node.kind()));
            }
        }
        if !of.starts.is_empty() && !of.starts.iter().any(|start| own.starts_with(start)) {
            wrong.push(format!("{} begins with none of {:?}: {own:?}", node.kind(), of.starts));
        }
        opens(&of, node, text, wrong);
        children(&of, node, text, wrong);
    }
    if cursor.goto_first_child() {
        loop {
            compare(facts, cursor, text, wrong, nodes);
            if !cursor.goto_next_sibling() {
                break;
            }
        }
        cursor.goto_parent();
    }
}

fn opens(of: &KindFacts, node: Node<'_>, text: &str, wrong: &mut Vec<String>) {
    let (mut cursor, mut tokens) = (node.walk(), Vec::new());
    // The first two tokens: leaves, or the text at their beginning.
    let mut is_first = true;
    while tokens.len() < 2 && (!is_first || cursor.goto_first_child()) {
        is_first = false;
        if !cursor.node().is_extra() {
            tokens.push(&text[cursor.node().start_byte()..node.end_byte()]);
        }
        if !cursor.goto_next_sibling() {
            break;
        }
    }
    let holds = |(first, second): &(&str, &str)| matches!(tokens[..], [a, b] if a.starts_with(first) && b.starts_with(second));
    if !of.opens.is_empty() && !of.opens.iter().any(holds) {
        wrong.push(format!(
            "{} opens with none of {:?}: {:?}",
            node.kind(),
            of.opens,
            &text[node.byte_range()]
        ));
    }
}

fn children(of: &KindFacts, node: Node<'_>, text: &str, wrong: &mut Vec<String>) {
    let mut cursor = node.walk();
    let mut previous: Option<Node<'_>> = None;
    // The expected next tokens, and the child that they follow.
    let mut wanted: Vec<(String, Vec<&'static str>)> = Vec::new();
    if !cursor.goto_first_child() {
        return;
    }
    loop {
        let child = cursor.node();
        if !child.is_extra() {
            if !child.is_named() && of.tokens.as_ref().is_some_and(|tokens| !tokens.contains(&child.kind())) {
                wrong.push(format!("{} has the unknown token {:?}", node.kind(), child.kind()));
            }
            for (key, tokens) in wanted.drain(..) {
                if !tokens.contains(&&text[child.byte_range()]) {
                    wrong.push(format!("{} has {child} after {key}, not {tokens:?}", node.kind()));
                }
            }
            let field = cursor.field_name().map(|field| format!(".{field}"));
            let kind = child.is_named().then(|| child.kind().to_owned());
            for key in kind.into_iter().chain(field) {
                if let Some(tokens) = of.after(&key) {
                    wanted.push((key.clone(), tokens.to_vec()));
                }
                let Some(tokens) = of.before(&key) else { continue };
                if !previous.is_some_and(|p| tokens.contains(&&text[p.byte_range()])) {
                    let before = previous.map(|p| p.to_string());
                    wrong.push(format!("{} has {before:?} before {key}, not {tokens:?}", node.kind()));
                }
            }
            previous = Some(child);
        }
        if !cursor.goto_next_sibling() {
            break;
        }
    }
    for (key, tokens) in wanted {
        wrong.push(format!("{} has nothing after {key}, not {tokens:?}", node.kind()));
    }
}

fn check(language: Language, text: &str, wrong: &mut Vec<String>) -> usize {
    let Some(facts) = GrammarFacts::of(language) else { return 0 };
    let Ok(tree) = parse(Grammar(language), text, &[], &TimeBudget::unlimited()) else { return 0 };
    let mut nodes = 0;
    if !tree.root_node().has_error() {
        compare(facts, &mut tree.walk(), text, wrong, &mut nodes);
    }
    nodes
}

#[test]
fn the_tables_agree_with_the_grammars() {
    let mut all_wrong = Vec::new();
    for &(language, text) in SAMPLES.iter().chain(ODD) {
        let mut wrong = Vec::new();
        if check(language, text, &mut wrong) < 20 {
            wrong.push("the sample does not parse".to_owned());
        }
        all_wrong.extend(wrong.into_iter().map(|line| format!("{}: {line}", language.name())));
    }
    assert!(all_wrong.is_empty(), "{}", all_wrong.join("\n"));
}

/// `STANCHION_CORPORA=DIR cargo test --lib the_tables_hold_on_a_corpus -- --ignored`
#[test]
#[ignore = "reads a corpus"]
#[expect(clippy::disallowed_methods, reason = "a test that reads what it is pointed at")]
fn the_tables_hold_on_a_corpus() {
    let root = std::env::var("STANCHION_CORPORA").expect("STANCHION_CORPORA names a directory");
    let (mut wrong, mut files, mut nodes) = (Vec::new(), 0usize, 0usize);
    for entry in ignore::WalkBuilder::new(root).build().filter_map(Result::ok) {
        let path = entry.path().to_string_lossy().into_owned();
        let Some(language) = language_of(path.as_bytes()) else { continue };
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        if text.len() > 300_000 {
            continue;
        }
        let seen = check(language, &text, &mut wrong);
        files += usize::from(seen > 0);
        nodes += seen;
        wrong.truncate(2_000);
    }
    wrong.iter_mut().for_each(|line| line.truncate(160));
    wrong.sort();
    wrong.dedup();
    assert!(files > 0 && nodes > 0, "nothing there parses without errors");
    assert!(wrong.is_empty(), "{}", wrong[..wrong.len().min(40)].join("\n"));
}
