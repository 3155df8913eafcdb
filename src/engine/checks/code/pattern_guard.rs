//! Guards for patterns, which are parsed by the same grammars as files.

use serde_json::{Map, Value};

use super::grammar::Grammar;
use super::guard::check_parse_safety;
use crate::data::PointerStep;
use crate::engine::SpecProblem;

/// Maximum length of a pattern, in bytes.
const MAX_BYTES: usize = 8 * 1024;
/// Maximum nesting of brackets in a pattern: building and matching it is recursive.
const MAX_BRACKETS: usize = 64;

/// Finds the patterns of a rule that must not be parsed by its grammar.
pub fn find_unsafe_patterns(grammar: Grammar, rule: &Map<String, Value>) -> Vec<SpecProblem> {
    let mut problems = Vec::new();
    let mut at = vec![PointerStep::Key("code".to_owned())];
    check_members(grammar, rule, &mut at, &mut problems);
    problems
}

fn check_members(
    grammar: Grammar,
    object: &Map<String, Value>,
    at: &mut Vec<PointerStep>,
    problems: &mut Vec<SpecProblem>,
) {
    for (key, value) in object {
        at.push(PointerStep::Key(key.clone()));
        match (key.as_str(), value) {
            ("pattern" | "context", Value::String(text)) => {
                if let Err(message) = check_pattern(grammar, text) {
                    problems.push(SpecProblem { at: at.clone(), message, help: None });
                }
            }
            (_, value) => check_value(grammar, value, at, problems),
        }
        at.pop();
    }
}

fn check_value(grammar: Grammar, value: &Value, at: &mut Vec<PointerStep>, problems: &mut Vec<SpecProblem>) {
    match value {
        Value::Object(object) => check_members(grammar, object, at, problems),
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                at.push(PointerStep::Index(index));
                check_value(grammar, value, at, problems);
                at.pop();
            }
        }
        _ => {}
    }
}

fn check_pattern(grammar: Grammar, pattern: &str) -> Result<(), String> {
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
    check_parse_safety(grammar.0, pattern).map_err(|(_, words)| format!("this pattern is {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Language;

    #[test]
    fn unsafe_patterns_are_reported_at_their_position() {
        let rule = serde_json::json!({ "rule": { "any": [
            { "pattern": "a: b" },
            { "pattern": "- ".repeat(300) },
            { "pattern": { "context": "[".repeat(100), "selector": "x" } },
        ] } });
        let problems = find_unsafe_patterns(Grammar(Language::Yaml), rule.as_object().expect("an object"));
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[0].at[3], PointerStep::Index(1));
        assert_eq!(problems[1].at.last(), Some(&PointerStep::Key("context".to_owned())));
    }
}
