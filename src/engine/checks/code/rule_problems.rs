//! Explains the problems of an ast-grep rule, with positions and suggestions.
//!
//! ast-grep stops at the first problem and reports neither its position nor the rule, so each part of the
//! rule is compiled again separately.

use ast_grep_config::RuleConfigError;
use ast_grep_core::Pattern;
use ast_grep_core::language::Language as _;
use ast_grep_core::tree_sitter::LanguageExt;
use serde_json::{Map, Value};

use super::grammar::Grammar;
use crate::data::PointerStep;
use crate::engine::SpecProblem;

/// Returns all problems whose position can be determined; otherwise `fallback`.
pub fn explain_problems(
    grammar: Grammar,
    rule: &Map<String, Value>,
    fallback: SpecProblem,
) -> Vec<SpecProblem> {
    let mut search =
        ProblemSearch { grammar, at: vec![PointerStep::Key("code".to_owned())], problems: Vec::new() };
    for key in ["rule", "constraints", "utils"] {
        let Some(value) = rule.get(key) else { continue };
        search.at.push(PointerStep::Key(key.to_owned()));
        match (key, value) {
            ("rule", value) => search.check_rule(value),
            (_, Value::Object(named)) => {
                for (name, value) in named {
                    search.at.push(PointerStep::Key(name.clone()));
                    search.check_rule(value);
                    search.at.pop();
                }
            }
            _ => {}
        }
        search.at.pop();
    }
    search.check_references(rule);
    if search.problems.is_empty() { vec![fallback] } else { search.problems }
}

/// Converts an error of ast-grep, with its chain of causes, to a problem of the check.
pub fn describe_config_error(error: &RuleConfigError) -> SpecProblem {
    let key = match error {
        RuleConfigError::Fixer(_) => "fix",
        RuleConfigError::Rewriter(_) | RuleConfigError::UndefinedRewriter(_) => "rewriters",
        RuleConfigError::LabelVariable(_) => "labels",
        _ => "rule",
    };
    if matches!(error, RuleConfigError::MissingPotentialKinds) {
        return SpecProblem::new(
            &["code", "rule"],
            "this rule does not determine the kinds of nodes that it can match",
        )
        .with_help("add `kind: …`, or a `pattern` that parses on its own in this language");
    }
    let mut text = trim(&error.to_string());
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let next = trim(&error.to_string());
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    SpecProblem::new(&["code", key], text)
}

fn trim(text: &str) -> String {
    text.trim().trim_end_matches('.').to_owned()
}

struct ProblemSearch {
    grammar: Grammar,
    at: Vec<PointerStep>,
    problems: Vec<SpecProblem>,
}

impl ProblemSearch {
    fn report(&mut self, key: &str, message: String, help: Option<String>) {
        let mut at = self.at.clone();
        at.push(PointerStep::Key(key.to_owned()));
        self.problems.push(SpecProblem { at, message, help });
    }

    fn check_rule(&mut self, value: &Value) {
        let Value::Object(rule) = value else { return };
        for (key, value) in rule {
            match (key.as_str(), value) {
                ("pattern", value) => self.check_pattern(value),
                ("kind", Value::String(kind)) => self.check_kind("kind", kind),
                ("regex", Value::String(regex)) => self.check_regex(regex),
                ("field", Value::String(field)) => self.check_field(field),
                ("all" | "any", Value::Array(rules)) => {
                    self.at.push(PointerStep::Key(key.clone()));
                    for (index, rule) in rules.iter().enumerate() {
                        self.at.push(PointerStep::Index(index));
                        self.check_rule(rule);
                        self.at.pop();
                    }
                    self.at.pop();
                }
                (
                    "not" | "inside" | "has" | "precedes" | "follows" | "stopBy" | "ofRule" | "nthChild",
                    value,
                ) => {
                    self.at.push(PointerStep::Key(key.clone()));
                    self.check_rule(value);
                    self.at.pop();
                }
                _ => {}
            }
        }
    }

    fn check_pattern(&mut self, value: &Value) {
        let language = self.grammar.0.name();
        let built = match value {
            Value::String(text) => Pattern::try_new(text, self.grammar),
            Value::Object(parts) => {
                let Some(context) = parts.get("context").and_then(Value::as_str) else { return };
                match parts.get("selector").and_then(Value::as_str) {
                    Some(selector) => Pattern::contextual(context, selector, self.grammar),
                    None => Pattern::try_new(context, self.grammar),
                }
            }
            _ => return,
        };
        let help = format!(
            "a pattern must be one complete piece of {language}; write `{{ context: …, selector: … }}` if it parses only inside of other code"
        );
        match built {
            Err(error) => {
                self.report(
                    "pattern",
                    format!("invalid {language} pattern: {}", trim(&error.to_string())),
                    Some(help),
                );
            }
            Ok(pattern) if pattern.has_error() => {
                self.report("pattern", format!("this pattern does not parse as {language}"), Some(help));
            }
            Ok(_) => {}
        }
    }

    fn check_kind(&mut self, key: &str, kind: &str) {
        // Selectors (`a > b`) are checked by ast-grep.
        let plain = kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !plain || kind == "ERROR" || self.grammar.kind_to_id(kind) != 0 {
            return;
        }
        let help = similar_name(kind, &self.node_kinds()).map(|near| format!("did you mean `{near}`?"));
        self.report(key, format!("{} has no node kind `{kind}`", self.grammar.0.name()), help);
    }

    fn node_kinds(&self) -> Vec<String> {
        let language = self.grammar.get_ts_language();
        (0..u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX))
            .filter(|&id| language.node_kind_is_named(id) && language.node_kind_is_visible(id))
            .filter_map(|id| language.node_kind_for_id(id).map(str::to_owned))
            .collect()
    }

    fn check_field(&mut self, field: &str) {
        if self.grammar.field_to_id(field).is_some() {
            return;
        }
        let language = self.grammar.get_ts_language();
        let fields: Vec<String> = (1..=u16::try_from(language.field_count()).unwrap_or(u16::MAX))
            .filter_map(|id| language.field_name_for_id(id).map(str::to_owned))
            .collect();
        let help = similar_name(field, &fields).map(|near| format!("did you mean `{near}`?"));
        self.report("field", format!("{} has no field `{field}`", self.grammar.0.name()), help);
    }

    fn check_regex(&mut self, regex: &str) {
        if let Err(error) = regex::Regex::new(regex) {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or(&text).trim_start_matches("error: ").to_owned();
            self.report("regex", format!("invalid regular expression: {last}"), None);
        }
    }

    /// Reports references to utils that do not exist, and utils that refer to themselves.
    fn check_references(&mut self, rule: &Map<String, Value>) {
        let empty = Map::new();
        let utils = rule.get("utils").and_then(Value::as_object).unwrap_or(&empty);
        let names: Vec<String> = utils.keys().cloned().collect();
        for (key, value) in
            rule.iter().filter(|(key, _)| matches!(key.as_str(), "rule" | "constraints" | "utils"))
        {
            let mut found = Vec::new();
            collect_references(
                value,
                &mut vec![PointerStep::Key("code".to_owned()), PointerStep::Key(key.clone())],
                &mut found,
            );
            for (at, name) in found {
                if !utils.contains_key(&name) {
                    let help = similar_name(&name, &names).map(|near| format!("did you mean `{near}`?"));
                    let message = format!("there is no util `{name}`");
                    self.problems.push(SpecProblem { at, message, help });
                }
            }
        }
        for name in &names {
            if refers_to(utils, name, name, &mut Vec::new()) {
                let at = ["code", "utils", name].map(|key| PointerStep::Key(key.to_owned())).to_vec();
                let message = format!("the util `{name}` refers to itself, directly or through others");
                self.problems.push(SpecProblem { at, message, help: None });
            }
        }
    }
}

fn collect_references(value: &Value, at: &mut Vec<PointerStep>, out: &mut Vec<(Vec<PointerStep>, String)>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                at.push(PointerStep::Key(key.clone()));
                if let ("matches", Value::String(name)) = (key.as_str(), value) {
                    out.push((at.clone(), name.clone()));
                }
                collect_references(value, at, out);
                at.pop();
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                at.push(PointerStep::Index(index));
                collect_references(value, at, out);
                at.pop();
            }
        }
        _ => {}
    }
}

/// Whether the util `from` refers to `goal` on the same node, that is, not through a relational rule.
fn refers_to(utils: &Map<String, Value>, from: &str, goal: &str, seen: &mut Vec<String>) -> bool {
    if seen.iter().any(|name| name == from) {
        return false;
    }
    seen.push(from.to_owned());
    let mut names = Vec::new();
    if let Some(rule) = utils.get(from) {
        collect_direct_references(rule, &mut names);
    }
    names.iter().any(|name| name == goal || refers_to(utils, name, goal, seen))
}

/// Collects the utils that are applied to the same node. Relational rules apply to other nodes and may
/// recurse.
fn collect_direct_references(rule: &Value, out: &mut Vec<String>) {
    let Value::Object(rule) = rule else { return };
    for (key, value) in rule {
        match (key.as_str(), value) {
            ("matches", Value::String(name)) => out.push(name.clone()),
            ("not", value) => collect_direct_references(value, out),
            ("all" | "any", Value::Array(rules)) => {
                rules.iter().for_each(|rule| collect_direct_references(rule, out));
            }
            _ => {}
        }
    }
}

fn similar_name<'n>(word: &str, names: &'n [String]) -> Option<&'n str> {
    names
        .iter()
        .map(|name| (strsim::jaro_winkler(word, name), name))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| name.as_str())
}
