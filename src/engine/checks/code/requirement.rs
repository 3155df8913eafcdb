//! Derives from an ast-grep rule what a file, and the matched node itself, must contain so that the rule can
//! match.
//!
//! Requirements are derived from the rule as written. The related nodes of `inside`, `has`, `precedes` and
//! `follows` are in the same file, so their requirements count, too; nodes found by `has` are inside of the
//! matched node.
//!
//! Requirements hold for every text that parses without errors. In a text with errors, the parser may insert
//! tokens that do not exist. There, and in code embedded in another language, a match counts only if the
//! requirement really holds ([`super::scan`] checks that), so that results never depend on the prefilter.

use ast_grep_core::Pattern;
use serde_json::{Map, Value};

use super::facts::GrammarFacts;
use super::grammar::Grammar;
use super::pattern_tokens;
use super::special_cases;
use crate::engine::prefilter::{Requirement, over_approximate_pattern, requirement_of_pattern};

/// Requirements that a match implies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImpliedRequirements {
    /// Requirement on the text of the matched node.
    pub node: Requirement,
    /// Requirement on the text of the file. It is at least as strict as the one on the node.
    pub file: Requirement,
}

impl ImpliedRequirements {
    fn nothing() -> Self {
        Self { node: Requirement::Anything, file: Requirement::Anything }
    }

    fn on_node(requirement: Requirement) -> Self {
        Self { node: requirement.clone(), file: requirement }
    }

    fn all(parts: Vec<Self>) -> Self {
        let (node, file): (Vec<_>, Vec<_>) = parts.into_iter().map(|part| (part.node, part.file)).unzip();
        Self { node: Requirement::all(node), file: Requirement::all(file) }
    }

    fn any(parts: Vec<Self>) -> Self {
        let (node, file): (Vec<_>, Vec<_>) = parts.into_iter().map(|part| (part.node, part.file)).unzip();
        Self { node: Requirement::any(node), file: Requirement::any(file) }
    }
}

/// Derives the requirements of a whole rule file (`rule`, `utils`).
#[must_use]
pub fn derive_requirements(grammar: Grammar, file: &Map<String, Value>) -> ImpliedRequirements {
    let utils = file.get("utils").and_then(Value::as_object);
    let mut analyzer =
        RuleAnalyzer { grammar, facts: GrammarFacts::of(grammar.0), utils, open_utils: Vec::new() };
    file.get("rule").map_or_else(ImpliedRequirements::nothing, |rule| analyzer.rule(rule))
}

struct RuleAnalyzer<'r> {
    grammar: Grammar,
    facts: Option<GrammarFacts>,
    utils: Option<&'r Map<String, Value>>,
    /// Utils that are currently being analyzed, to stop at cycles.
    open_utils: Vec<&'r str>,
}

impl<'r> RuleAnalyzer<'r> {
    fn rule(&mut self, rule: &'r Value) -> ImpliedRequirements {
        let Value::Object(rule) = rule else { return ImpliedRequirements::nothing() };
        self.object(rule)
    }

    /// Combines all keys of a rule or relation; `stopBy` and `field` only restrict where ast-grep searches.
    fn object(&mut self, rule: &'r Map<String, Value>) -> ImpliedRequirements {
        let mut parts: Vec<ImpliedRequirements> =
            rule.iter().map(|(key, value)| self.part(rule, key, value)).collect();
        if let Some(kind) = kind_of(rule) {
            parts.extend(self.child_with_neighbors(kind, rule));
            parts.extend(self.excluded_child(kind, rule));
        }
        parts.extend(self.text_node(rule));
        ImpliedRequirements::all(parts)
    }

    fn part(&mut self, rule: &'r Map<String, Value>, key: &str, value: &'r Value) -> ImpliedRequirements {
        match (key, value) {
            ("pattern", value) => ImpliedRequirements::on_node(self.pattern(value)),
            ("kind", Value::String(kind)) => ImpliedRequirements::on_node(self.kind(kind)),
            ("regex", Value::String(regex)) => ImpliedRequirements::on_node(self.regex(kind_of(rule), regex)),
            ("has", Value::Object(other)) => self.object(other),
            ("inside" | "precedes" | "follows", Value::Object(other)) => {
                ImpliedRequirements { node: Requirement::Anything, file: self.object(other).file }
            }
            ("all", Value::Array(rules)) => {
                ImpliedRequirements::all(rules.iter().map(|rule| self.rule(rule)).collect())
            }
            ("any", Value::Array(rules)) if !rules.is_empty() => {
                ImpliedRequirements::any(rules.iter().map(|rule| self.rule(rule)).collect())
            }
            ("matches", Value::String(name)) => self.referenced_util(name),
            // `nthChild`, `range`, `not`, utility calls with arguments: no safe requirement.
            _ => ImpliedRequirements::nothing(),
        }
    }

    fn referenced_util(&mut self, name: &'r str) -> ImpliedRequirements {
        let Some(rule) = self.utils.and_then(|utils| utils.get(name)) else {
            return ImpliedRequirements::nothing();
        };
        if self.open_utils.contains(&name) {
            return ImpliedRequirements::nothing();
        }
        self.open_utils.push(name);
        let implied = self.rule(rule);
        self.open_utils.pop();
        implied
    }

    fn kind(&self, kind: &str) -> Requirement {
        let Some((facts, of)) = self.facts.and_then(|facts| Some((facts, facts.kind(kind)?))) else {
            return Requirement::Anything;
        };
        let must = of.must.iter().map(|clause| {
            Requirement::any(
                clause
                    .iter()
                    .map(|token| Requirement::regex(format!("(?-u){}", facts.token_expression(token)))),
            )
        });
        let opens = facts.gap_expression(&[]).filter(|_| !of.opens.is_empty()).map(|gap| {
            Requirement::any(of.opens.iter().map(|(first, second)| {
                Requirement::regex(format!(
                    "(?-u){}{gap}{}",
                    facts.token_expression(first),
                    facts.token_expression(second)
                ))
            }))
        });
        let tokens = of.must.iter().flatten().chain(of.opens.iter().flat_map(|(a, b)| [a, b]));
        let is_code = GrammarFacts::is_code_kind(kind)
            && tokens.into_iter().all(|token| GrammarFacts::is_code_token(token));
        let lexical_syntax = facts.lexical_syntax.filter(|_| is_code);
        Requirement::all(must.chain(opens)).in_code(lexical_syntax)
    }

    fn regex(&self, kind: Option<&str>, regex: &str) -> Requirement {
        let Some(text) = over_approximate_pattern(regex) else { return requirement_of_pattern(regex) };
        let ends_at_word_boundary = self.ends_at_word_boundary(kind, regex);
        Requirement::all([
            requirement_of_pattern(regex),
            Requirement::regex(format!("(?-u){text}{}", if ends_at_word_boundary { r"\b" } else { "" })),
        ])
    }

    /// Whether a match of `regex` in a node of `kind` ends at a word boundary of the language.
    fn ends_at_word_boundary(&self, kind: Option<&str>, regex: &str) -> bool {
        let is_word =
            kind.is_some_and(|kind| self.facts.is_some_and(|facts| facts.leaf_ends_at_word_boundary(kind)));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'(' | b')' | b'|');
        is_word
            && regex.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')).is_some_and(|middle| {
                middle.bytes().all(plain)
                    && !middle.contains("||")
                    && !middle.contains("()")
                    && !middle.contains("(|")
                    && !middle.contains("|)")
                    && !middle.starts_with('|')
                    && !middle.ends_with('|')
                    && (!middle.contains('|')
                        || (middle.starts_with('(') && middle.find(')') == Some(middle.len() - 1)))
            })
    }

    /// For `kind` and a direct child in `has`: requires the beginning of the child together with the token
    /// before it, and with the token after it if the expression matches the whole child.
    fn child_with_neighbors(&self, kind: &str, rule: &Map<String, Value>) -> Option<ImpliedRequirements> {
        let facts = self.facts?;
        let child = rule.get("has")?.as_object()?;
        if child.get("stopBy").is_some_and(|stop| stop.as_str() != Some("neighbor")) {
            return None;
        }
        let of = facts.kind(kind)?;
        let keys: Vec<String> = match child.get("field") {
            Some(field) => vec![format!(".{}", field.as_str()?)],
            None => kinds_of(child)?.into_iter().map(str::to_owned).collect(),
        };
        let start_expression = self.start_expression(child)?;
        let near = |tokens: &dyn Fn(&str) -> Option<Vec<&'static str>>| -> Option<String> {
            let mut all = Vec::new();
            for key in &keys {
                all.extend(tokens(key)?.into_iter().map(|token| facts.token_expression(token)));
            }
            Some(format!("(?:{})", all.join("|")))
        };
        let gap = facts.gap_expression(&[])?;
        let before = near(&|key| of.before(key).map(<[_]>::to_vec));
        let after = near(&|key| of.after(key).map(<[_]>::to_vec)).filter(|_| matches_whole_text(child));
        if before.is_none() && after.is_none() {
            return None;
        }
        let before = before.map_or_else(String::new, |before| format!("{before}{gap}"));
        let after = after.map_or_else(String::new, |after| format!("{gap}{after}"));
        let piece = format!("{before}{start_expression}{after}");
        // A word that is the whole child, next to a token of code, is code and not part of a comment or
        // string.
        let beside = |tokens: Option<&[&'static str]>| {
            tokens.is_some_and(|it| it.iter().all(|it| GrammarFacts::is_code_token(it)))
        };
        let of_code =
            GrammarFacts::is_code_kind(kind) && keys.iter().all(|key| GrammarFacts::is_code_kind(key));
        let is_code = of_code
            && matches_plain_words(child)
            && keys.iter().all(|it| beside(of.before(it)) || beside(of.after(it)));
        let lexical_syntax = facts.lexical_syntax.filter(|_| is_code);
        let node = Requirement::regex(format!("(?-u){piece}")).in_code(lexical_syntax);
        let is_word = matches_whole_text(child) && kind_of(child) == Some("identifier");
        let ends_with = is_word.then_some(gap.as_str());
        let child = special_cases::RequiredChild {
            keys: &keys,
            piece: &piece,
            begins: &start_expression,
            gap: ends_with,
        };
        let reach = special_cases::expression_up_to_child(self.grammar.0, kind, &child);
        let reach = reach.map(|reach| Requirement::regex(format!("(?-u){reach}")));
        let file = Requirement::all([node.clone(), reach.unwrap_or(Requirement::Anything)]);
        Some(ImpliedRequirements { node, file })
    }

    /// For a comment or string that contains a text: the node's opening precedes the text. If the rule also
    /// excludes that text when followed by another one, at least one occurrence is not followed by it.
    fn text_node(&self, rule: &Map<String, Value>) -> Option<ImpliedRequirements> {
        let of = special_cases::text_node_syntax(self.grammar.0, &kinds_of(rule)?)?;
        let wanted = rule.get("regex")?.as_str()?;
        // The searched text must come after the node's opening.
        let beginnings =
            regex_syntax::hir::literal::Extractor::new().extract(&regex_syntax::parse(wanted).ok()?);
        let literals = beginnings.literals().filter(|all| !all.is_empty())?;
        let comes_after_opening = literals.iter().all(|literal| match (literal.as_bytes(), of.is_string) {
            ([], _) => false,
            ([first, ..], false) => !b"#/*".contains(first),
            // A string prefix of at most two letters may precede the quote.
            (text, true) => {
                literal.is_exact() && text.len() > 2 && !text.iter().any(|it| b"\"'`".contains(it))
            }
        });
        if !comes_after_opening {
            return None;
        }
        let begun = Requirement::regex(format!("(?-u){}{}", of.begins, over_approximate_pattern(wanted)?));
        let unwanted = rule.get("not").and_then(Value::as_object).filter(|not| not.len() == 1);
        let unwanted = unwanted.and_then(|not| not.get("regex")).and_then(Value::as_str);
        let mut node = Requirement::Anything;
        if let Some((find, unless)) = literal_of(wanted).zip(unwanted.and_then(literal_of))
            && unless.starts_with(&find)
            && !unless.bytes().any(may_end_text)
        {
            let text = |text: &str| format!("(?-u){}", pattern_tokens::escape_bytes(text));
            node = Requirement::regex_unless(text(&find), text(&unless));
        }
        // The node itself always satisfies `begun`; requiring it there would only cost time.
        Some(ImpliedRequirements { file: Requirement::all([begun, node.clone()]), node })
    }

    /// Returns an expression over bytes for the beginning of a node that a rule matches.
    fn start_expression(&self, rule: &Map<String, Value>) -> Option<String> {
        if let Some(regex) = rule.get("regex").and_then(Value::as_str) {
            let hir = regex_syntax::parse(regex).ok()?;
            if hir.properties().look_set_prefix().contains(regex_syntax::hir::Look::Start) {
                let end = if self.ends_at_word_boundary(kind_of(rule), regex) { r"\b" } else { "" };
                return over_approximate_pattern(regex).map(|text| format!("{text}{end}"));
            }
        }
        if let Some(kind) = kind_of(rule) {
            let facts = self.facts?;
            let starts: Vec<String> =
                facts.kind(kind)?.starts.iter().map(|start| pattern_tokens::escape_bytes(start)).collect();
            return (!starts.is_empty()).then(|| format!("(?:{})", starts.join("|")));
        }
        let branches = rule.get("any")?.as_array()?;
        let texts: Option<Vec<String>> =
            branches.iter().map(|branch| self.start_expression(branch.as_object()?)).collect();
        texts.filter(|texts| !texts.is_empty()).map(|texts| format!("(?:{})", texts.join("|")))
    }

    /// For `kind` and `not` with `has`: excludes occurrences whose text shows that they have such a child.
    fn excluded_child(&self, kind: &str, rule: &Map<String, Value>) -> Option<ImpliedRequirements> {
        let not = rule.get("not")?.as_object()?;
        let child = not.get("has")?.as_object()?;
        let direct = child.get("stopBy").is_none_or(|stop| stop.as_str() == Some("neighbor"));
        // The excluded child must not have any further condition.
        let plain = |rule: &Map<String, Value>, key: &str| rule.keys().all(|k| k == key || k == "stopBy");
        if not.len() != 1 || !direct {
            return None;
        }
        let without = if plain(child, "kind") {
            vec![kind_of(child)?]
        } else if plain(child, "any") {
            let kinds = child.get("any")?.as_array()?.iter().filter_map(Value::as_object);
            kinds.filter(|branch| branch.len() == 1).filter_map(kind_of).collect()
        } else {
            return None;
        };
        let shown = special_cases::expressions_showing_child(self.grammar.0, kind, &without)?;
        let unless = |(find, unless): (String, String)| Requirement::regex_unless(find, unless);
        Some(ImpliedRequirements { node: unless(shown.node), file: unless(shown.file) })
    }

    fn pattern(&self, value: &Value) -> Requirement {
        let (built, signature) = match value {
            Value::String(text) => (Pattern::try_new(text, self.grammar), None),
            Value::Object(parts) => {
                let text = |key| parts.get(key).and_then(Value::as_str);
                let Some(context) = text("context") else { return Requirement::Anything };
                let built = match text("selector") {
                    Some(selector) => Pattern::contextual(context, selector, self.grammar),
                    None => Pattern::try_new(context, self.grammar),
                };
                (built, text("strictness"))
            }
            _ => return Requirement::Anything,
        };
        let Ok(mut pattern) = built else { return Requirement::Anything };
        if let Some(strictness) = signature {
            let Ok(strictness) = strictness.parse() else { return Requirement::Anything };
            pattern.strictness = strictness;
        }
        pattern_tokens::requirement_of_code_pattern(self.grammar, &pattern)
    }
}

/// Returns the `kind` of a rule, if it has one.
fn kind_of(rule: &Map<String, Value>) -> Option<&str> {
    rule.get("kind").and_then(Value::as_str)
}

/// Whether the `regex` of a rule matches the whole text of a node.
fn matches_whole_text(rule: &Map<String, Value>) -> bool {
    use regex_syntax::hir::Look;
    let hir = rule.get("regex").and_then(Value::as_str).and_then(|regex| regex_syntax::parse(regex).ok());
    hir.is_some_and(|hir| {
        let of = hir.properties();
        of.look_set_prefix().contains(Look::Start) && of.look_set_suffix().contains(Look::End)
    })
}

/// Whether the `regex` of a rule matches only whole texts that are plain words.
fn matches_plain_words(rule: &Map<String, Value>) -> bool {
    let regex = rule.get("regex").and_then(Value::as_str).unwrap_or_default();
    matches_whole_text(rule)
        && regex.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_^$()|".contains(&byte))
}

/// Whether a comment or string may end with this byte, so that the following text may be outside of it.
fn may_end_text(byte: u8) -> bool {
    !byte.is_ascii() || byte.is_ascii_control() || b"*/-<>?\"'`{".contains(&byte)
}

/// Returns the only text that an expression matches, if there is exactly one.
fn literal_of(regex: &str) -> Option<String> {
    match regex_syntax::parse(regex).ok()?.kind() {
        regex_syntax::hir::HirKind::Literal(literal) => String::from_utf8(literal.0.to_vec()).ok(),
        _ => None,
    }
}

/// Returns the alternative kinds of a rule (`kind`, or `any` of kinds).
fn kinds_of(rule: &Map<String, Value>) -> Option<Vec<&str>> {
    if let Some(kind) = kind_of(rule) {
        return Some(vec![kind]);
    }
    let branches = rule.get("any")?.as_array()?;
    branches.iter().map(|branch| kind_of(branch.as_object()?)).collect()
}
