//! Compiling the `code` check: an ast-grep rule or a tree-sitter query.

use std::sync::OnceLock;

use ast_grep_config::{GlobalRules, RuleConfig, SerializableRuleConfig};
use ast_grep_core::matcher::Matcher;
use ast_grep_core::replacer::TemplateFix;
use serde_json::{Map, Value};

use super::grammar::Grammar;
use super::pattern_guard;
use super::query::CompiledQuery;
use super::requirement::{Implied, implied_by};
use super::rule_problems;
use crate::engine::SpecProblem;
use crate::engine::prefilter::{Positions, Prefilter, Requirement, Seen};
use crate::model::CodeCheck;

/// A `code` check, ready to run.
pub struct CompiledCode {
    pub(super) grammar: Grammar,
    pub(super) body: Body,
    requirement: Requirement,
    /// What the matched node's own text must hold, and where it does.
    pub(super) anchor: Positions,
    filter: OnceLock<Prefilter>,
    /// What the literals of the requirement alone ask for.
    traces: OnceLock<Requirement>,
}

/// What is matched.
pub(super) enum Body {
    Rule(Box<RuleConfig<Grammar>>),
    Query(CompiledQuery),
}

impl CompiledCode {
    /// Compiles a check; `message` is the check's own, which wins over one pasted with the rule.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place.
    pub fn new(check: &CodeCheck, message: Option<&str>) -> Result<Self, Vec<SpecProblem>> {
        let grammar = Grammar(check.language);
        if let Some(query) = &check.query {
            let query = CompiledQuery::new(grammar, query, message).map_err(|problem| vec![problem])?;
            let anchor = Positions::new(&Requirement::Anything);
            return Ok(Self {
                grammar,
                body: Body::Query(query),
                requirement: Requirement::Anything,
                anchor,
                filter: OnceLock::new(),
                traces: OnceLock::new(),
            });
        }
        let Some(rule) = &check.rule else {
            return Err(vec![SpecProblem::new(&["code"], "a code check needs a `rule` or a `query`")]);
        };
        let unsafe_patterns = pattern_guard::check(grammar, rule);
        if !unsafe_patterns.is_empty() {
            return Err(unsafe_patterns);
        }
        let config = compile(grammar, rule, message)
            .map_err(|fallback| rule_problems::explain(grammar, rule, fallback))?;
        let Implied { node, file } = implied_by(grammar, rule);
        let anchor = Positions::new(&node);
        Ok(Self {
            grammar,
            body: Body::Rule(Box::new(config)),
            requirement: file,
            anchor,
            filter: OnceLock::new(),
            traces: OnceLock::new(),
        })
    }

    /// Whether the requirement holds in `text`.
    pub(super) fn may_match(&self, text: &[u8]) -> bool {
        let filter = self.filter.get_or_init(|| Prefilter::new([&self.requirement]));
        filter.may_match(text, &mut Seen::default(), &mut Vec::new())
    }

    /// Whether the literals of the requirement occur in `text`, which did not parse.
    pub(super) fn leaves_traces_in(&self, text: &[u8]) -> bool {
        self.traces.get_or_init(|| self.requirement.literals()).holds_in(text)
    }

    /// What a file must hold to be parsed for this check, in words.
    ///
    /// # Errors
    /// Why no file can be spared.
    pub fn prefilter_words(&self) -> Result<String, &'static str> {
        self.requirement.describe().ok_or(match self.body {
            Body::Query(_) => "what a query needs is not read off it",
            Body::Rule(_) => "nothing in the rule names a text that every match holds",
        })
    }

    /// What a file must hold to be worth parsing.
    #[must_use]
    pub fn requirement(&self) -> &Requirement {
        &self.requirement
    }
}

/// The keys of a rule that have no meaning for matching and may hold anything.
const PROSE: [&str; 6] = ["note", "severity", "url", "metadata", "files", "ignores"];

fn compile(
    grammar: Grammar,
    rule: &Map<String, Value>,
    message: Option<&str>,
) -> Result<RuleConfig<Grammar>, SpecProblem> {
    let mut rule = rule.clone();
    for key in PROSE {
        rule.remove(key);
    }
    rule.insert("language".to_owned(), Value::String(grammar.0.name().to_owned()));
    if let Some(message) = message {
        rule.insert("message".to_owned(), Value::String(message.to_owned()));
    }
    let config: SerializableRuleConfig<Grammar> = serde_json::from_value(Value::Object(rule))
        .map_err(|error| SpecProblem::new(&["code"], format!("this is not an ast-grep rule: {error}")))?;
    if let Err(error) = TemplateFix::try_new(&config.message, &grammar) {
        return Err(SpecProblem::new(&["message"], format!("the message is not a template: {error}")));
    }
    let config = RuleConfig::try_from(config, &GlobalRules::default())
        .map_err(|error| rule_problems::words(&error))?;
    debug_assert!(config.matcher.potential_kinds().is_some(), "ast-grep refuses rules without kinds");
    Ok(config)
}
