//! Parsing one file within a budget.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;

use ast_grep_core::tree_sitter::{LanguageExt, TSRange};
use tree_sitter::{ParseOptions, Parser, Tree};

use super::grammar::Grammar;
use crate::engine::budget::Budget;
use crate::model::{Language, Reason};

/// tree-sitter-yaml keeps rows in 16 bits: a longer file parses as one error (GUARANTEES M6).
const YAML_MAX_LINES: usize = 32_000;
/// tree-sitter-yaml aborts at about 256 nested blocks (GUARANTEES M4); refused well before that.
const YAML_MAX_NESTING: usize = 120;

thread_local! {
    /// One parser a language and thread: making one costs more than parsing a small file.
    static PARSERS: RefCell<HashMap<Grammar, Parser>> = RefCell::new(HashMap::new());
}

/// Why a file was not parsed or searched to the end.
pub type Refusal = (Reason, String);

/// Parses `text` as `grammar`, or only its `ranges` when there are some.
///
/// # Errors
/// When the budget ran out or the grammar is known not to survive the text.
pub fn parse(grammar: Grammar, text: &str, ranges: &[TSRange], budget: &Budget) -> Result<Tree, Refusal> {
    if grammar.0 == Language::Yaml {
        guard_yaml(text)?;
    }
    PARSERS.with_borrow_mut(|parsers| {
        let parser = parsers.entry(grammar).or_insert_with(|| {
            let mut parser = Parser::new();
            // The table test in `grammar` proves that every grammar is accepted.
            let _ = parser.set_language(&grammar.get_ts_language());
            parser
        });
        parser.reset();
        if parser.set_included_ranges(ranges).is_err() {
            return Err((Reason::ParseError, "embedded code overlaps".to_owned()));
        }
        let bytes = text.as_bytes();
        let mut stop = |_: &tree_sitter::ParseState| {
            if budget.is_spent() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = ParseOptions::new().progress_callback(&mut stop);
        parser
            .parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options))
            .ok_or_else(|| (Reason::Budget, format!("parsing took longer than {}", budget.words())))
    })
}

/// Refuses what is known to abort or blind tree-sitter-yaml. The parser runs in this process, and
/// its out-of-bounds write cannot be caught.
fn guard_yaml(text: &str) -> Result<(), Refusal> {
    if memchr::memchr_iter(b'\n', text.as_bytes()).count() > YAML_MAX_LINES {
        let detail = format!("more than {YAML_MAX_LINES} lines: the YAML grammar would not see them all");
        return Err((Reason::TooBig, detail));
    }
    // An upper bound of the nesting that any line can open: its indentation plus its indicators.
    let mut flow = 0usize;
    for line in text.lines() {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        let indicators = line.bytes().filter(|b| matches!(b, b'-' | b'?' | b':')).count();
        let opened = line.bytes().filter(|b| matches!(b, b'[' | b'{')).count();
        let closed = line.bytes().filter(|b| matches!(b, b']' | b'}')).count();
        flow += opened;
        let compact = leading_indicators(line).min(indicators);
        if compact > YAML_MAX_NESTING || flow > YAML_MAX_NESTING * 8 || indent > YAML_MAX_NESTING * 8 {
            let detail = "nested more deeply than the YAML grammar survives".to_owned();
            return Err((Reason::TooDeep, detail));
        }
        flow = flow.saturating_sub(closed);
    }
    nesting_by_indentation(text)
}

/// How many `- ` and `? ` stand before a line's first other character.
fn leading_indicators(line: &str) -> usize {
    line.bytes()
        .take_while(|b| matches!(b, b' ' | b'\t' | b'-' | b'?'))
        .filter(|b| matches!(b, b'-' | b'?'))
        .count()
}

/// Counts how many different indentations are open at once: each is a block for the grammar.
fn nesting_by_indentation(text: &str) -> Result<(), Refusal> {
    let mut open: Vec<usize> = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim_start_matches(' ');
        if trimmed.is_empty() {
            continue;
        }
        let indent = line.len() - trimmed.len();
        while open.last().is_some_and(|&last| last >= indent) {
            open.pop();
        }
        open.push(indent);
        if open.len() + leading_indicators(line) > YAML_MAX_NESTING {
            return Err((Reason::TooDeep, "nested more deeply than the YAML grammar survives".to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn try_parse(language: Language, text: &str) -> Result<(), Refusal> {
        parse(Grammar(language), text, &[], &Budget::unlimited()).map(|_| ())
    }

    #[test]
    fn yaml_that_kills_its_grammar_is_refused() {
        let stairs: String = (0..400).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        for text in ["- ".repeat(300), "? ".repeat(5000), stairs, "x\n".repeat(33_000), "[".repeat(2000)] {
            assert!(try_parse(Language::Yaml, &text).is_err(), "{text:.40}");
        }
        assert_eq!(try_parse(Language::Yaml, "a:\n  - b: [1, 2]\n    c: {d: e}\n"), Ok(()));
        assert_eq!(try_parse(Language::Yaml, &"- ".repeat(100)), Ok(()));
    }

    #[test]
    fn a_spent_budget_stops_the_parser() {
        let budget = Budget::starting_now(std::time::Duration::ZERO);
        let text = "f(1);\n".repeat(20_000);
        assert_eq!(
            parse(Grammar(Language::JavaScript), &text, &[], &budget).map(|_| ()).map_err(|r| r.0),
            Err(Reason::Budget)
        );
    }
}
