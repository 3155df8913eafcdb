//! Tree-sitter queries as a `code` check, for experts.

use ast_grep_core::tree_sitter::LanguageExt;
use streaming_iterator::StreamingIterator;
use tree_sitter::{Node, Query, QueryCursor, QueryCursorOptions};

use super::grammar::Grammar;
use super::guard::ParseRefusal;
use crate::engine::SpecProblem;
use crate::engine::budget::TimeBudget;
use crate::model::Reason;
use crate::text::Span;

/// Maximum length of a query, in bytes. `Query::new` recurses for each bracket.
const MAX_BYTES: usize = 64 * 1024;
/// Maximum nesting of brackets in a query.
const MAX_DEPTH: usize = 64;
/// Maximum number of concurrent partial matches of one cursor.
const MATCH_LIMIT: u32 = 65_536;

/// A compiled query.
pub struct CompiledQuery {
    query: Query,
    /// Index of the capture that determines the position of the finding: `@finding`, or the first one.
    place: u32,
    message: Option<String>,
}

/// One match of a query.
pub struct QueryMatch {
    /// Span of the finding.
    pub span: Span,
    /// Message with expanded captures; `None` without a template.
    pub message: Option<String>,
}

impl CompiledQuery {
    /// Compiles a query.
    ///
    /// # Errors
    /// If it is too large, invalid for this language, has no capture, or uses unsupported predicates.
    pub fn new(grammar: Grammar, text: &str, message: Option<&str>) -> Result<Self, SpecProblem> {
        let problem = |why: String| SpecProblem::new(&["code", "query"], why);
        if text.len() > MAX_BYTES {
            return Err(problem(format!("the query is longer than {MAX_BYTES} bytes")));
        }
        if bracket_depth(text) > MAX_DEPTH {
            return Err(problem(format!("the query is nested deeper than {MAX_DEPTH} brackets")));
        }
        let query = Query::new(&grammar.get_ts_language(), text)
            .map_err(|error| problem(describe_query_error(grammar, &error)))?;
        for pattern in 0..query.pattern_count() {
            if let Some(predicate) = query.general_predicates(pattern).first() {
                let why = format!("the predicate `#{}` is not supported", predicate.operator);
                return Err(problem(why).with_help(
                    "use #eq?, #not-eq?, #any-eq?, #match?, #not-match?, #any-match?, #any-of? or #not-any-of?",
                ));
            }
            if !query.property_predicates(pattern).is_empty() {
                return Err(problem(
                    "`#is?` and `#is-not?` depend on scopes, which are not supported".to_owned(),
                ));
            }
        }
        let Some(place) =
            query.capture_index_for_name("finding").or((!query.capture_names().is_empty()).then_some(0))
        else {
            let why = "the query captures nothing, so findings would have no position".to_owned();
            return Err(
                problem(why).with_help("write `@finding` after the node that findings should point at")
            );
        };
        Ok(Self { query, place, message: message.map(str::to_owned) })
    }

    /// Returns all matches below `root`, in order.
    ///
    /// # Errors
    /// If the time budget or the match limit is exceeded, so that the matches would be incomplete.
    pub fn find_matches(
        &self,
        root: Node<'_>,
        text: &str,
        budget: &TimeBudget,
    ) -> Result<Vec<QueryMatch>, ParseRefusal> {
        let mut cursor = QueryCursor::new();
        cursor.set_match_limit(MATCH_LIMIT);
        let mut stopped = false;
        let mut out = Vec::new();
        {
            let mut stop = |_: &tree_sitter::QueryCursorState| {
                if budget.is_spent() {
                    stopped = true;
                    std::ops::ControlFlow::Break(())
                } else {
                    std::ops::ControlFlow::Continue(())
                }
            };
            let options = QueryCursorOptions::new().progress_callback(&mut stop);
            let mut matches = cursor.matches_with_options(&self.query, root, text.as_bytes(), options);
            while let Some(found) = matches.next() {
                let Some(node) = found.nodes_for_capture_index(self.place).next() else { continue };
                let message = self.message.as_ref().map(|template| {
                    self.fill_template(template, |index| {
                        found.nodes_for_capture_index(index).next().map(|node| &text[node.byte_range()])
                    })
                });
                out.push(QueryMatch { span: node.byte_range().into(), message });
            }
        }
        if stopped {
            return Err((Reason::Budget, format!("the query took longer than {}", budget.describe())));
        }
        if cursor.did_exceed_match_limit() {
            return Err((
                Reason::Budget,
                format!("the query had more than {MATCH_LIMIT} concurrent partial matches"),
            ));
        }
        out.sort_by_key(|found| (found.span.start, found.span.end));
        out.dedup_by(|a, b| a.span == b.span && a.message == b.message);
        Ok(out)
    }

    /// Replaces `$name` in `template` by the text of the capture.
    fn fill_template<'t>(&self, template: &str, text_of: impl Fn(u32) -> Option<&'t str>) -> String {
        let mut out = String::new();
        let mut rest = template;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '-'))
                .unwrap_or(rest.len());
            // The longest matching capture name, so that `$name.` works at the end of a sentence.
            let name = (1..=end)
                .rev()
                .filter(|&n| rest.is_char_boundary(n))
                .map(|n| &rest[..n])
                .find_map(|name| Some((name.len(), self.query.capture_index_for_name(name)?)));
            match name {
                Some((length, index)) => {
                    out.push_str(text_of(index).unwrap_or_default());
                    rest = &rest[length..];
                }
                None => out.push('$'),
            }
        }
        out.push_str(rest);
        out
    }
}

/// Returns the maximum nesting of brackets outside of strings and comments, without recursion.
fn bracket_depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut comment, mut escaped) = (0usize, 0, false, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\n' => comment = false,
            _ if comment => {}
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b';' => comment = true,
            b'(' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b')' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn describe_query_error(grammar: Grammar, error: &tree_sitter::QueryError) -> String {
    use tree_sitter::QueryErrorKind as Kind;
    let language = grammar.0.name();
    let place = format!("line {}, column {} of the query", error.row + 1, error.column + 1);
    let named = error.message.trim_matches('"');
    match error.kind {
        Kind::NodeType => format!("{language} has no node kind `{named}` ({place})"),
        Kind::Field => format!("{language} has no field `{named}` ({place})"),
        Kind::Capture => format!("no capture `@{named}` is defined ({place})"),
        Kind::Structure => format!("this structure cannot occur in {language} ({place})"),
        Kind::Predicate => format!("{} ({place})", error.message),
        Kind::Syntax | Kind::Language => format!("the query does not parse ({place})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::checks::code::parse::parse;
    use crate::model::Language;

    fn run(query: &str, message: Option<&str>, text: &str) -> Result<Vec<(String, Option<String>)>, String> {
        let grammar = Grammar(Language::Python);
        let compiled = CompiledQuery::new(grammar, query, message).map_err(|problem| problem.message)?;
        let tree = parse(grammar, text, &[], &TimeBudget::unlimited()).expect("parsed");
        let found = compiled.find_matches(tree.root_node(), text, &TimeBudget::unlimited()).expect("matched");
        Ok(found.into_iter().map(|m| (text[m.span.start..m.span.end].to_owned(), m.message)).collect())
    }

    #[test]
    fn predicates_and_messages_work() {
        let query = r#"(call function: (identifier) @name (#match? @name "^(eval|exec)$")) @finding"#;
        let found =
            run(query, Some("`$name` runs text. $5"), "eval(x)\nprint(y)\nexec(z)\n").expect("a query");
        assert_eq!(found[0], ("eval(x)".to_owned(), Some("`eval` runs text. $5".to_owned())));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn invalid_queries_are_explained() {
        for (query, expected) in [
            ("(cal) @finding", "no node kind `cal`"),
            ("(call colour: (_)) @finding", "no field `colour`"),
            ("(call", "does not parse"),
            ("(call)", "captures nothing"),
            ("((call) @finding (#has-parent? @finding if))", "#has-parent?"),
            ("((call) @finding (#is-not? local))", "#is-not?"),
            (&"(".repeat(100_000), "longer than"),
            (&"(".repeat(20_000), "nested deeper"),
        ] {
            let error = run(query, None, "").expect_err("refused");
            assert!(error.contains(expected), "{error}");
        }
    }
}
