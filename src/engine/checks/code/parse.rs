//! Parses one file within a time budget.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;

use ast_grep_core::tree_sitter::{LanguageExt, TSRange};
use tree_sitter::{ParseOptions, Parser, Tree};

use super::grammar::Grammar;
use super::guard::{ParseRefusal, check_parse_safety};
use crate::engine::budget::TimeBudget;
use crate::model::Reason;

thread_local! {
    /// One parser per language and thread: creating one takes longer than parsing a small file.
    static PARSERS: RefCell<HashMap<Grammar, Parser>> = RefCell::new(HashMap::new());
}

/// Number of progress callbacks between two checks of the time budget.
const CALLS_PER_CLOCK_CHECK: u32 = 32;

/// Parses `text` with `grammar`; only its `ranges`, unless they are empty.
///
/// # Errors
/// If the time budget is exceeded, or if the text is known to crash the grammar.
pub fn parse(
    grammar: Grammar,
    text: &str,
    ranges: &[TSRange],
    budget: &TimeBudget,
) -> Result<Tree, ParseRefusal> {
    check_parse_safety(grammar.0, text)?;
    PARSERS.with_borrow_mut(|parsers| {
        let parser = parsers.entry(grammar).or_insert_with(|| {
            let mut parser = Parser::new();
            // A test in `grammar` ensures that every grammar is accepted.
            let _ = parser.set_language(&grammar.get_ts_language());
            parser
        });
        parser.reset();
        if parser.set_included_ranges(ranges).is_err() {
            return Err((Reason::ParseError, "blocks of embedded code overlap".to_owned()));
        }
        let bytes = text.as_bytes();
        let mut calls = 0u32;
        let mut stop = |_: &tree_sitter::ParseState| {
            // The callback runs every hundred steps of the parser; reading the thread's clock is a system
            // call.
            calls = calls.wrapping_add(1);
            if calls.is_multiple_of(CALLS_PER_CLOCK_CHECK) && budget.is_spent() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let options = ParseOptions::new().progress_callback(&mut stop);
        parser
            .parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options))
            .ok_or_else(|| (Reason::Budget, format!("parsing took longer than {}", budget.describe())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Language;

    #[test]
    fn a_spent_budget_stops_the_parser() {
        let budget = TimeBudget::starting_now(std::time::Duration::ZERO);
        let text = "f(1);\n".repeat(20_000);
        assert_eq!(
            parse(Grammar(Language::JavaScript), &text, &[], &budget).map(|_| ()).map_err(|r| r.0),
            Err(Reason::Budget)
        );
    }
}
