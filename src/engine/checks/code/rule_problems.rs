//! Saying what is wrong with an ast-grep rule, where, and what was probably meant.
//!
//! ast-grep stops at the first problem and names neither place nor rule, so each part of the rule is
//! tried again on its own.

use ast_grep_config::RuleConfigError;
use ast_grep_core::Pattern;
use ast_grep_core::language::Language as _;
use ast_grep_core::tree_sitter::LanguageExt;
use serde_json::{Map, Value};

use super::grammar::Grammar;
use crate::data::Step;
use crate::engine::SpecProblem;

/// Every problem that can be placed; `fallback` when none can.
pub fn explain(grammar: Grammar, rule: &Map<String, Value>, fallback: SpecProblem) -> Vec<SpecProblem> {
    let mut search = Search { grammar, at: vec![Step::Key("code".to_owned())], problems: Vec::new() };
    for key in ["rule", "constraints", "utils"] {
        let Some(value) = rule.get(key) else { continue };
        search.at.push(Step::Key(key.to_owned()));
        match (key, value) {
            ("rule", value) => search.rule(value),
            (_, Value::Object(named)) => {
                for (name, value) in named {
                    search.at.push(Step::Key(name.clone()));
                    search.rule(value);
                    search.at.pop();
                }
            }
            _ => {}
        }
        search.at.pop();
    }
    search.unknown_references(rule);
    if search.problems.is_empty() { vec![fallback] } else { search.problems }
}

/// ast-grep's own words, joined over the chain of causes, as a problem of the whole check.
pub fn words(error: &RuleConfigError) -> SpecProblem {
    let key = match error {
        RuleConfigError::Fixer(_) => "fix",
        RuleConfigError::Rewriter(_) | RuleConfigError::UndefinedRewriter(_) => "rewriters",
        RuleConfigError::LabelVariable(_) => "labels",
        _ => "rule",
    };
    if matches!(error, RuleConfigError::MissingPotentialKinds) {
        return SpecProblem::new(&["code", "rule"], "this rule does not say which kinds of node it looks at")
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

struct Search {
    grammar: Grammar,
    at: Vec<Step>,
    problems: Vec<SpecProblem>,
}

impl Search {
    fn report(&mut self, key: &str, message: String, help: Option<String>) {
        let mut at = self.at.clone();
        at.push(Step::Key(key.to_owned()));
        self.problems.push(SpecProblem { at, message, help });
    }

    fn rule(&mut self, value: &Value) {
        let Value::Object(rule) = value else { return };
        for (key, value) in rule {
            match (key.as_str(), value) {
                ("pattern", value) => self.pattern(value),
                ("kind", Value::String(kind)) => self.kind("kind", kind),
                ("regex", Value::String(regex)) => self.regex(regex),
                ("field", Value::String(field)) => self.field(field),
                ("all" | "any", Value::Array(rules)) => {
                    self.at.push(Step::Key(key.clone()));
                    for (index, rule) in rules.iter().enumerate() {
                        self.at.push(Step::Index(index));
                        self.rule(rule);
                        self.at.pop();
                    }
                    self.at.pop();
                }
                (
                    "not" | "inside" | "has" | "precedes" | "follows" | "stopBy" | "ofRule" | "nthChild",
                    value,
                ) => {
                    self.at.push(Step::Key(key.clone()));
                    self.rule(value);
                    self.at.pop();
                }
                _ => {}
            }
        }
    }

    fn pattern(&mut self, value: &Value) {
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
            "a pattern is one complete piece of {language}; write `{{ context: …, selector: … }}` when it only parses inside something else"
        );
        match built {
            Err(error) => {
                self.report(
                    "pattern",
                    format!("this pattern is not {language}: {}", trim(&error.to_string())),
                    Some(help),
                );
            }
            Ok(pattern) if pattern.has_error() => {
                self.report("pattern", format!("this pattern does not parse as {language}"), Some(help));
            }
            Ok(_) => {}
        }
    }

    fn kind(&mut self, key: &str, kind: &str) {
        // Selectors (`a > b`) are ast-grep's to judge.
        let plain = kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !plain || kind == "ERROR" || self.grammar.kind_to_id(kind) != 0 {
            return;
        }
        let help = near(kind, &self.kinds()).map(|near| format!("did you mean `{near}`?"));
        self.report(key, format!("{} has no node kind `{kind}`", self.grammar.0.name()), help);
    }

    fn kinds(&self) -> Vec<String> {
        let language = self.grammar.get_ts_language();
        (0..u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX))
            .filter(|&id| language.node_kind_is_named(id) && language.node_kind_is_visible(id))
            .filter_map(|id| language.node_kind_for_id(id).map(str::to_owned))
            .collect()
    }

    fn field(&mut self, field: &str) {
        if self.grammar.field_to_id(field).is_some() {
            return;
        }
        let language = self.grammar.get_ts_language();
        let fields: Vec<String> = (1..=u16::try_from(language.field_count()).unwrap_or(u16::MAX))
            .filter_map(|id| language.field_name_for_id(id).map(str::to_owned))
            .collect();
        let help = near(field, &fields).map(|near| format!("did you mean `{near}`?"));
        self.report("field", format!("{} has no field `{field}`", self.grammar.0.name()), help);
    }

    fn regex(&mut self, regex: &str) {
        if let Err(error) = regex::Regex::new(regex) {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or(&text).trim_start_matches("error: ").to_owned();
            self.report("regex", format!("this regular expression does not compile: {last}"), None);
        }
    }

    /// References to utils that do not exist, and utils that refer to themselves.
    fn unknown_references(&mut self, rule: &Map<String, Value>) {
        let empty = Map::new();
        let utils = rule.get("utils").and_then(Value::as_object).unwrap_or(&empty);
        let names: Vec<String> = utils.keys().cloned().collect();
        for (key, value) in
            rule.iter().filter(|(key, _)| matches!(key.as_str(), "rule" | "constraints" | "utils"))
        {
            let mut found = Vec::new();
            references(value, &mut vec![Step::Key("code".to_owned()), Step::Key(key.clone())], &mut found);
            for (at, name) in found {
                if !utils.contains_key(&name) {
                    let help = near(&name, &names).map(|near| format!("did you mean `{near}`?"));
                    let message = format!("no util is called `{name}`");
                    self.problems.push(SpecProblem { at, message, help });
                }
            }
        }
        for name in &names {
            if reaches(utils, name, name, &mut Vec::new()) {
                let at = ["code", "utils", name].map(|key| Step::Key(key.to_owned())).to_vec();
                let message = format!("the util `{name}` refers to itself, directly or through others");
                self.problems.push(SpecProblem { at, message, help: None });
            }
        }
    }
}

fn references(value: &Value, at: &mut Vec<Step>, out: &mut Vec<(Vec<Step>, String)>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                at.push(Step::Key(key.clone()));
                if let ("matches", Value::String(name)) = (key.as_str(), value) {
                    out.push((at.clone(), name.clone()));
                }
                references(value, at, out);
                at.pop();
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                at.push(Step::Index(index));
                references(value, at, out);
                at.pop();
            }
        }
        _ => {}
    }
}

/// Whether `goal` is reached from the util `from` without passing a relational rule's border twice.
fn reaches(utils: &Map<String, Value>, from: &str, goal: &str, seen: &mut Vec<String>) -> bool {
    if seen.iter().any(|name| name == from) {
        return false;
    }
    seen.push(from.to_owned());
    let mut names = Vec::new();
    if let Some(rule) = utils.get(from) {
        direct_references(rule, &mut names);
    }
    names.iter().any(|name| name == goal || reaches(utils, name, goal, seen))
}

/// The utils that are tried on the same node: relational rules look elsewhere and may recurse.
fn direct_references(rule: &Value, out: &mut Vec<String>) {
    let Value::Object(rule) = rule else { return };
    for (key, value) in rule {
        match (key.as_str(), value) {
            ("matches", Value::String(name)) => out.push(name.clone()),
            ("not", value) => direct_references(value, out),
            ("all" | "any", Value::Array(rules)) => {
                rules.iter().for_each(|rule| direct_references(rule, out));
            }
            _ => {}
        }
    }
}

fn near<'n>(word: &str, names: &'n [String]) -> Option<&'n str> {
    names
        .iter()
        .map(|name| (strsim::jaro_winkler(word, name), name))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| name.as_str())
}
