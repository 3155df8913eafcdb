//! Parsing one file within a budget.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;

use ast_grep_core::tree_sitter::{LanguageExt, TSRange};
use tree_sitter::{ParseOptions, Parser, Tree};

use super::grammar::Grammar;
use super::guard::{Refusal, guard};
use crate::engine::budget::Budget;
use crate::model::Reason;

thread_local! {
    /// One parser a language and thread: making one costs more than parsing a small file.
    static PARSERS: RefCell<HashMap<Grammar, Parser>> = RefCell::new(HashMap::new());
}

/// Calls of the parser between two looks at the clock.
const CALLS_PER_LOOK: u32 = 32;

/// Parses `text` as `grammar`, or only its `ranges` when there are some.
///
/// # Errors
/// When the budget ran out or the grammar is known not to survive the text.
pub fn parse(grammar: Grammar, text: &str, ranges: &[TSRange], budget: &Budget) -> Result<Tree, Refusal> {
    guard(grammar.0, text)?;
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
        let mut calls = 0u32;
        let mut stop = |_: &tree_sitter::ParseState| {
            // The parser asks every hundred steps; the clock of a thread is a system call.
            calls = calls.wrapping_add(1);
            if calls.is_multiple_of(CALLS_PER_LOOK) && budget.is_spent() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let options = ParseOptions::new().progress_callback(&mut stop);
        parser
            .parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options))
            .ok_or_else(|| (Reason::Budget, format!("parsing took longer than {}", budget.words())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Language;

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
