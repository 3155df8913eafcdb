//! Compiles a `code` check: an ast-grep rule or a tree-sitter query.

use std::sync::OnceLock;

use ast_grep_config::{GlobalRules, RuleConfig, SerializableRuleConfig};
use ast_grep_core::matcher::Matcher;
use ast_grep_core::replacer::TemplateFix;
use serde_json::{Map, Value};

use super::grammar::Grammar;
use super::pattern_guard;
use super::query::CompiledQuery;
use super::requirement::{ImpliedRequirements, derive_requirements};
use super::rule_problems;
use crate::engine::SpecProblem;
use crate::engine::prefilter::{AnchorPositions, Prefilter, PrefilterState, Requirement};
use crate::model::CodeCheck;

/// A `code` check, ready to run.
pub struct CompiledCode {
    pub(super) grammar: Grammar,
    pub(super) body: CheckBody,
    requirement: Requirement,
    /// Finds the positions where the text of a matching node can be.
    pub(super) anchor: AnchorPositions,
    filter: OnceLock<Prefilter>,
    /// Requirement by literals alone.
    literal_requirement: OnceLock<Requirement>,
}

/// Matcher of a check.
pub(super) enum CheckBody {
    Rule(Box<RuleConfig<Grammar>>),
    Query(CompiledQuery),
}

impl CompiledCode {
    /// Compiles a check; `message` is the check's own, which takes precedence over one in a pasted rule.
    ///
    /// # Errors
    /// All problems of the check, each with its position.
    pub fn new(check: &CodeCheck, message: Option<&str>) -> Result<Self, Vec<SpecProblem>> {
        let grammar = Grammar(check.language);
        if let Some(query) = &check.query {
            let query = CompiledQuery::new(grammar, query, message).map_err(|problem| vec![problem])?;
            let anchor = AnchorPositions::new(&Requirement::Anything);
            return Ok(Self {
                grammar,
                body: CheckBody::Query(query),
                requirement: Requirement::Anything,
                anchor,
                filter: OnceLock::new(),
                literal_requirement: OnceLock::new(),
            });
        }
        let Some(rule) = &check.rule else {
            return Err(vec![SpecProblem::new(
                &["code"],
                "a `code` check needs `rule` (ast-grep) or `query` (tree-sitter)",
            )]);
        };
        let unsafe_patterns = pattern_guard::find_unsafe_patterns(grammar, rule);
        if !unsafe_patterns.is_empty() {
            return Err(unsafe_patterns);
        }
        let config = compile_rule(grammar, rule, message)
            .map_err(|fallback| rule_problems::explain_problems(grammar, rule, fallback))?;
        let ImpliedRequirements { node, file } = derive_requirements(grammar, rule);
        let anchor = AnchorPositions::new(&node);
        Ok(Self {
            grammar,
            body: CheckBody::Rule(Box::new(config)),
            requirement: file,
            anchor,
            filter: OnceLock::new(),
            literal_requirement: OnceLock::new(),
        })
    }

    /// Whether the requirement holds in `text`.
    pub(super) fn may_match(&self, text: &[u8]) -> bool {
        let filter = self.filter.get_or_init(|| Prefilter::new([&self.requirement]));
        filter.may_match(text, &mut PrefilterState::default(), &mut Vec::new())
    }

    /// Whether the literals of the requirement occur in `text`, which does not parse.
    pub(super) fn literals_occur_in(&self, text: &[u8]) -> bool {
        self.literal_requirement.get_or_init(|| self.requirement.literals()).holds_in(text)
    }

    /// Describes what a file must contain to be parsed for this check.
    ///
    /// # Errors
    /// The reason why every file must be parsed.
    pub fn describe_prefilter(&self) -> Result<String, &'static str> {
        self.requirement.describe().ok_or(match self.body {
            CheckBody::Query(_) => "no requirement is derived from queries",
            CheckBody::Rule(_) => "the rule names no text that every match contains",
        })
    }

    /// Returns what a file must contain to be worth parsing.
    #[must_use]
    pub fn requirement(&self) -> &Requirement {
        &self.requirement
    }
}

/// Keys of a rule that do not affect matching and may have any value.
const IGNORED_KEYS: [&str; 6] = ["note", "severity", "url", "metadata", "files", "ignores"];

fn compile_rule(
    grammar: Grammar,
    rule: &Map<String, Value>,
    message: Option<&str>,
) -> Result<RuleConfig<Grammar>, SpecProblem> {
    let mut rule = rule.clone();
    for key in IGNORED_KEYS {
        rule.remove(key);
    }
    rule.insert("language".to_owned(), Value::String(grammar.0.name().to_owned()));
    if let Some(message) = message {
        rule.insert("message".to_owned(), Value::String(message.to_owned()));
    }
    let config: SerializableRuleConfig<Grammar> = serde_json::from_value(Value::Object(rule))
        .map_err(|error| SpecProblem::new(&["code"], format!("invalid ast-grep rule: {error}")))?;
    if let Err(error) = TemplateFix::try_new(&config.message, &grammar) {
        return Err(SpecProblem::new(&["message"], format!("invalid message template: {error}")));
    }
    let config = RuleConfig::try_from(config, &GlobalRules::default())
        .map_err(|error| rule_problems::describe_config_error(&error))?;
    debug_assert!(config.matcher.potential_kinds().is_some(), "ast-grep refuses rules without kinds");
    Ok(config)
}
