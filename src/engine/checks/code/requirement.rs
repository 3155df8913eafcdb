//! What a file must hold so that an ast-grep rule can match in it.
//!
//! Read off the rule as written. The related nodes of `inside`, `has`, `precedes` and `follows` lie in
//! the same file, so their requirements count too. Only texts that the matcher compares exactly are
//! required: named leaves of patterns (ast-grep-core 0.51 `match_terminal` compares the kind alone for
//! unnamed ones) and what `regex` must find.

use ast_grep_core::matcher::PatternNode;
use ast_grep_core::{MatchStrictness, Pattern};
use serde_json::{Map, Value};

use super::grammar::Grammar;
use crate::engine::prefilter::{Requirement, requirement_of_pattern};

/// The requirement of a whole rule file (`rule`, `utils`).
#[must_use]
pub fn requirement_of_rule(grammar: Grammar, file: &Map<String, Value>) -> Requirement {
    let utils = file.get("utils").and_then(Value::as_object);
    let mut reader = Reader { grammar, utils, inside: Vec::new() };
    file.get("rule").map_or(Requirement::Anything, |rule| reader.rule(rule))
}

struct Reader<'r> {
    grammar: Grammar,
    utils: Option<&'r Map<String, Value>>,
    /// The utils that are being read, to stop at cycles.
    inside: Vec<&'r str>,
}

impl<'r> Reader<'r> {
    fn rule(&mut self, rule: &'r Value) -> Requirement {
        let Value::Object(rule) = rule else { return Requirement::Anything };
        let parts: Vec<Requirement> = rule.iter().map(|(key, value)| self.part(key, value)).collect();
        Requirement::all(parts)
    }

    fn part(&mut self, key: &str, value: &'r Value) -> Requirement {
        match (key, value) {
            ("pattern", value) => self.pattern(value),
            ("regex", Value::String(regex)) => requirement_of_pattern(regex),
            ("inside" | "has" | "precedes" | "follows", value) => self.relation(value),
            ("all", Value::Array(rules)) => {
                let parts: Vec<_> = rules.iter().map(|rule| self.rule(rule)).collect();
                Requirement::all(parts)
            }
            ("any", Value::Array(rules)) if !rules.is_empty() => {
                let parts: Vec<_> = rules.iter().map(|rule| self.rule(rule)).collect();
                Requirement::any(parts)
            }
            ("matches", Value::String(name)) => self.util(name),
            // `kind`, `nthChild`, `range`, `not`, utility calls with arguments: nothing is safe to say.
            _ => Requirement::Anything,
        }
    }

    /// A related node's rule; `stopBy` and `field` only say where it is looked for.
    fn relation(&mut self, value: &'r Value) -> Requirement {
        let Value::Object(rule) = value else { return Requirement::Anything };
        let keys = rule.iter().filter(|(key, _)| !matches!(key.as_str(), "stopBy" | "field"));
        let parts: Vec<Requirement> = keys.map(|(key, value)| self.part(key, value)).collect();
        Requirement::all(parts)
    }

    fn util(&mut self, name: &'r str) -> Requirement {
        let Some(rule) = self.utils.and_then(|utils| utils.get(name)) else { return Requirement::Anything };
        if self.inside.contains(&name) {
            return Requirement::Anything;
        }
        self.inside.push(name);
        let requirement = self.rule(rule);
        self.inside.pop();
        requirement
    }

    fn pattern(&self, value: &Value) -> Requirement {
        let (built, signature) = match value {
            Value::String(text) => (Pattern::try_new(text, self.grammar), false),
            Value::Object(parts) => {
                let text = |key| parts.get(key).and_then(Value::as_str);
                let Some(context) = text("context") else { return Requirement::Anything };
                let built = match text("selector") {
                    Some(selector) => Pattern::contextual(context, selector, self.grammar),
                    None => Pattern::try_new(context, self.grammar),
                };
                (built, text("strictness") == Some("signature"))
            }
            _ => return Requirement::Anything,
        };
        match built {
            // `signature` compares kinds only.
            Ok(pattern) if !signature && !matches!(pattern.strictness, MatchStrictness::Signature) => {
                let mut parts = Vec::new();
                leaves(&pattern.node, &mut parts);
                Requirement::all(parts)
            }
            _ => Requirement::Anything,
        }
    }
}

fn leaves(node: &PatternNode, out: &mut Vec<Requirement>) {
    match node {
        PatternNode::MetaVar { .. } => {}
        PatternNode::Terminal { text, is_named, .. } => {
            if *is_named {
                out.push(Requirement::literal(text.as_bytes().to_vec()));
            }
        }
        PatternNode::Internal { children, .. } => children.iter().for_each(|child| leaves(child, out)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Language;

    fn of(language: Language, rule: &Value) -> Requirement {
        requirement_of_rule(Grammar(language), rule.as_object().expect("an object"))
    }

    fn lit(text: &str) -> Requirement {
        Requirement::literal(text.as_bytes().to_vec())
    }

    #[test]
    fn patterns_require_their_names() {
        use serde_json::json;
        let python = |rule: Value| of(Language::Python, &json!({ "rule": rule }));
        assert_eq!(python(json!({"pattern": "requests.$M($$$A)"})), lit("requests"));
        assert_eq!(
            python(json!({"any": [{"pattern": "eval($$$A)"}, {"pattern": "exec($$$A)"}]})),
            Requirement::any([lit("eval"), lit("exec")])
        );
        assert_eq!(
            python(json!({"kind": "comment", "regex": "TODO", "not": {"regex": "TODO\\("}})),
            lit("TODO")
        );
        assert_eq!(
            python(
                json!({"pattern": "f($A)", "inside": {"stopBy": "end", "kind": "call", "regex": "^wrap"}})
            ),
            lit("wrap")
        );
        assert_eq!(
            python(json!({"pattern": {"context": "foo(bar)", "strictness": "signature"}})),
            Requirement::Anything
        );
    }

    #[test]
    fn utils_are_read_through_and_cycles_end() {
        use serde_json::json;
        let rule = json!({"rule": {"matches": "a"}, "utils": {"a": {"any": [{"matches": "b"}]}, "b": {"all": [{"regex": "needle"}, {"has": {"matches": "a"}}]}}});
        assert_eq!(of(Language::Go, &rule), lit("needle"));
    }
}
