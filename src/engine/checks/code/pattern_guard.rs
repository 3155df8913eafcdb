//! Patterns are parsed by the same grammars as files, so they pass the same guards first.

use serde_json::{Map, Value};

use super::grammar::Grammar;
use super::guard::guard;
use crate::data::Step;
use crate::engine::SpecProblem;

/// Longest pattern, in bytes.
const MAX_BYTES: usize = 8 * 1024;
/// Deepest nesting of brackets in a pattern: building and matching it recurses.
const MAX_BRACKETS: usize = 64;

/// Every pattern of a rule that must not reach its grammar.
pub fn check(grammar: Grammar, rule: &Map<String, Value>) -> Vec<SpecProblem> {
    let mut problems = Vec::new();
    let mut at = vec![Step::Key("code".to_owned())];
    members(grammar, rule, &mut at, &mut problems);
    problems
}

fn members(
    grammar: Grammar,
    object: &Map<String, Value>,
    at: &mut Vec<Step>,
    problems: &mut Vec<SpecProblem>,
) {
    for (key, value) in object {
        at.push(Step::Key(key.clone()));
        match (key.as_str(), value) {
            ("pattern" | "context", Value::String(text)) => {
                if let Err(message) = judge(grammar, text) {
                    problems.push(SpecProblem { at: at.clone(), message, help: None });
                }
            }
            (_, value) => below(grammar, value, at, problems),
        }
        at.pop();
    }
}

fn below(grammar: Grammar, value: &Value, at: &mut Vec<Step>, problems: &mut Vec<SpecProblem>) {
    match value {
        Value::Object(object) => members(grammar, object, at, problems),
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                at.push(Step::Index(index));
                below(grammar, value, at, problems);
                at.pop();
            }
        }
        _ => {}
    }
}

fn judge(grammar: Grammar, pattern: &str) -> Result<(), String> {
    if pattern.len() > MAX_BYTES {
        return Err(format!("this pattern is longer than {MAX_BYTES} bytes"));
    }
    let (mut depth, mut deepest) = (0usize, 0);
    for byte in pattern.bytes() {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if deepest > MAX_BRACKETS {
        return Err(format!("this pattern is nested deeper than {MAX_BRACKETS} brackets"));
    }
    guard(grammar.0, pattern).map_err(|(_, words)| format!("this pattern is {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Language;

    #[test]
    fn patterns_that_kill_are_told_at_their_place() {
        let rule = serde_json::json!({ "rule": { "any": [
            { "pattern": "a: b" },
            { "pattern": "- ".repeat(300) },
            { "pattern": { "context": "[".repeat(100), "selector": "x" } },
        ] } });
        let problems = check(Grammar(Language::Yaml), rule.as_object().expect("an object"));
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[0].at[3], Step::Index(1));
        assert_eq!(problems[1].at.last(), Some(&Step::Key("context".to_owned())));
    }
}
