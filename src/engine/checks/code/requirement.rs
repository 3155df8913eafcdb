//! What a file must hold so that an ast-grep rule can match in it, and what the matched node itself must.
//!
//! Read off the rule as written. The related nodes of `inside`, `has`, `precedes` and `follows` lie in
//! the same file, so their requirements count too; what `has` finds lies inside the node.
//!
//! What is said holds for every text that parses without errors: the parser may invent tokens to mend
//! what it cannot read. In a text with errors, and in code embedded in another language, a match counts
//! only if the requirement really holds ([`super::scan`] asks), so that the prefilter never decides.

use ast_grep_core::Pattern;
use serde_json::{Map, Value};

use super::facts::Facts;
use super::grammar::Grammar;
use super::sequence;
use super::shapes;
use crate::engine::prefilter::{Requirement, over_pattern, requirement_of_pattern};

/// What a match implies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Implied {
    /// About the text of the matched node.
    pub node: Requirement,
    /// About the text of the file; implies what is said of the node.
    pub file: Requirement,
}

impl Implied {
    fn nothing() -> Self {
        Self { node: Requirement::Anything, file: Requirement::Anything }
    }

    fn here(requirement: Requirement) -> Self {
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

/// What a match of a whole rule file (`rule`, `utils`) implies.
#[must_use]
pub fn implied_by(grammar: Grammar, file: &Map<String, Value>) -> Implied {
    let utils = file.get("utils").and_then(Value::as_object);
    let mut reader = Reader { grammar, facts: Facts::of(grammar.0), utils, inside: Vec::new() };
    file.get("rule").map_or_else(Implied::nothing, |rule| reader.rule(rule))
}

struct Reader<'r> {
    grammar: Grammar,
    facts: Option<Facts>,
    utils: Option<&'r Map<String, Value>>,
    /// The utils that are being read, to stop at cycles.
    inside: Vec<&'r str>,
}

impl<'r> Reader<'r> {
    fn rule(&mut self, rule: &'r Value) -> Implied {
        let Value::Object(rule) = rule else { return Implied::nothing() };
        self.object(rule)
    }

    /// All keys of a rule or a relation; `stopBy` and `field` only say where something is looked for.
    fn object(&mut self, rule: &'r Map<String, Value>) -> Implied {
        let mut parts: Vec<Implied> = rule.iter().map(|(key, value)| self.part(rule, key, value)).collect();
        if let Some(kind) = kind_of(rule) {
            parts.extend(self.near_child(kind, rule));
            parts.extend(self.without_child(kind, rule));
        }
        Implied::all(parts)
    }

    fn part(&mut self, rule: &'r Map<String, Value>, key: &str, value: &'r Value) -> Implied {
        match (key, value) {
            ("pattern", value) => Implied::here(self.pattern(value)),
            ("kind", Value::String(kind)) => Implied::here(self.kind(kind)),
            ("regex", Value::String(regex)) => Implied::here(self.regex(kind_of(rule), regex)),
            ("has", Value::Object(other)) => self.object(other),
            ("inside" | "precedes" | "follows", Value::Object(other)) => {
                Implied { node: Requirement::Anything, file: self.object(other).file }
            }
            ("all", Value::Array(rules)) => Implied::all(rules.iter().map(|rule| self.rule(rule)).collect()),
            ("any", Value::Array(rules)) if !rules.is_empty() => {
                Implied::any(rules.iter().map(|rule| self.rule(rule)).collect())
            }
            ("matches", Value::String(name)) => self.util(name),
            // `nthChild`, `range`, `not`, utility calls with arguments: nothing is safe to say.
            _ => Implied::nothing(),
        }
    }

    fn util(&mut self, name: &'r str) -> Implied {
        let Some(rule) = self.utils.and_then(|utils| utils.get(name)) else { return Implied::nothing() };
        if self.inside.contains(&name) {
            return Implied::nothing();
        }
        self.inside.push(name);
        let implied = self.rule(rule);
        self.inside.pop();
        implied
    }

    fn kind(&self, kind: &str) -> Requirement {
        let Some((facts, of)) = self.facts.and_then(|facts| Some((facts, facts.kind(kind)?))) else {
            return Requirement::Anything;
        };
        Requirement::all(of.must.iter().map(|clause| {
            Requirement::any(
                clause.iter().map(|token| Requirement::regex(format!("(?-u){}", facts.token(token)))),
            )
        }))
    }

    fn regex(&self, kind: Option<&str>, regex: &str) -> Requirement {
        let Some(text) = over_pattern(regex) else { return requirement_of_pattern(regex) };
        let ends = self.ends(kind, regex);
        Requirement::all([
            requirement_of_pattern(regex),
            Requirement::regex(format!("(?-u){text}{}", if ends { r"\b" } else { "" })),
        ])
    }

    /// Whether a match of `regex` in a node of `kind` ends where a word of the language ends.
    fn ends(&self, kind: Option<&str>, regex: &str) -> bool {
        let is_word = kind.is_some_and(|kind| self.facts.is_some_and(|facts| facts.leaf_ends(kind)));
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

    /// `kind` and a direct child in `has`: the token before the child and how the child begins.
    fn near_child(&self, kind: &str, rule: &Map<String, Value>) -> Option<Implied> {
        let facts = self.facts?;
        let child = rule.get("has")?.as_object()?;
        if child.get("stopBy").is_some_and(|stop| stop.as_str() != Some("neighbor")) {
            return None;
        }
        let of = facts.kind(kind)?;
        let mut before: Vec<&'static str> = Vec::new();
        if let Some(field) = child.get("field") {
            before.extend(of.before(&format!(".{}", field.as_str()?))?);
        } else {
            for kind in kinds_of(child)? {
                before.extend(of.before(kind)?);
            }
        }
        let begins = self.begins(child)?;
        let tokens: Vec<String> = before.iter().map(|token| facts.token(token)).collect();
        let piece = format!("(?:{}){}{begins}", tokens.join("|"), facts.gap(&[])?);
        let node = Requirement::regex(format!("(?-u){piece}"));
        let file = shapes::reach(self.grammar.0, kind, &piece, &begins)
            .map_or_else(|| node.clone(), |reach| Requirement::regex(format!("(?-u){reach}")));
        Some(Implied { node, file })
    }

    /// How the text of a node that a rule matches begins, as an expression over bytes.
    fn begins(&self, rule: &Map<String, Value>) -> Option<String> {
        if let Some(regex) = rule.get("regex").and_then(Value::as_str) {
            let hir = regex_syntax::parse(regex).ok()?;
            if hir.properties().look_set_prefix().contains(regex_syntax::hir::Look::Start) {
                let end = if self.ends(kind_of(rule), regex) { r"\b" } else { "" };
                return over_pattern(regex).map(|text| format!("{text}{end}"));
            }
        }
        if let Some(kind) = kind_of(rule) {
            let facts = self.facts?;
            let starts: Vec<String> =
                facts.kind(kind)?.starts.iter().map(|start| sequence::escaped(start)).collect();
            return (!starts.is_empty()).then(|| format!("(?:{})", starts.join("|")));
        }
        let branches = rule.get("any")?.as_array()?;
        let texts: Option<Vec<String>> =
            branches.iter().map(|branch| self.begins(branch.as_object()?)).collect();
        texts.filter(|texts| !texts.is_empty()).map(|texts| format!("(?:{})", texts.join("|")))
    }

    /// `kind` and `not` with `has`: places whose text shows such a child cannot match.
    fn without_child(&self, kind: &str, rule: &Map<String, Value>) -> Option<Implied> {
        let not = rule.get("not")?.as_object()?;
        let child = not.get("has")?.as_object()?;
        let direct = child.get("stopBy").is_none_or(|stop| stop.as_str() == Some("neighbor"));
        // Nothing else may narrow down what is ruled out.
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
        let shown = shapes::shows_child(self.grammar.0, kind, &without)?;
        let unless = |(find, unless): (String, String)| Requirement::Unless { find, unless };
        Some(Implied { node: unless(shown.node), file: unless(shown.file) })
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
        sequence::requirement_of(self.grammar, &pattern)
    }
}

/// The kind that a rule asks for, if it names one.
fn kind_of(rule: &Map<String, Value>) -> Option<&str> {
    rule.get("kind").and_then(Value::as_str)
}

/// The kinds one of which a rule asks for.
fn kinds_of(rule: &Map<String, Value>) -> Option<Vec<&str>> {
    if let Some(kind) = kind_of(rule) {
        return Some(vec![kind]);
    }
    let branches = rule.get("any")?.as_array()?;
    branches.iter().map(|branch| kind_of(branch.as_object()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Language;

    fn of(language: Language, rule: &Value) -> Requirement {
        implied_by(Grammar(language), rule.as_object().expect("an object")).file
    }

    fn lit(text: &str) -> Requirement {
        Requirement::literal(text.as_bytes().to_vec())
    }

    /// Texts that must pass and texts that should not.
    #[test]
    fn what_can_match_passes_and_little_else() {
        use Language as L;
        use serde_json::json;
        for (language, rule, passes, stays) in [
            (
                L::Python,
                json!({"pattern": "requests.$M($$$A)"}),
                vec!["requests . get()", "requests \\\n.get()", "requests # c (\n.get()"],
                vec!["import requests", "xrequests.get"],
            ),
            (
                L::Python,
                json!({"any": [{"pattern": "eval($$$A)"}, {"pattern": "exec($$$A)"}]}),
                vec!["eval(", "exec ("],
                vec!["evaluate(", "retrieval("],
            ),
            (
                L::Python,
                json!({"kind": "comment", "regex": "TODO", "not": {"regex": "TODO\\("}}),
                vec!["# TODO"],
                vec!["todo"],
            ),
            (
                L::Python,
                json!({"pattern": "f($A)", "inside": {"stopBy": "end", "kind": "call", "regex": "^wrap"}}),
                vec!["wrap(f(1))"],
                vec!["f(1)"],
            ),
            (
                L::Python,
                json!({"pattern": {"context": "foo(bar)", "strictness": "signature"}}),
                vec!["x(y)"],
                vec![],
            ),
            (
                L::Python,
                json!({"kind": "except_clause", "not": {"has": {"any": [{"kind": "identifier"}, {"kind": "as_pattern"}, {"kind": "tuple"}, {"kind": "attribute"}]}}}),
                vec![
                    "\nexcept:",
                    "\n except (A):",
                    "\n\n\texcept a[0]:",
                    "\nexcept True:",
                    "\nexcept A or B:",
                ],
                vec!["\nexcept ValueError:", "\nexcept a.b as c:", "\nexcept (A, b.C,):", "# all except\n"],
            ),
            (
                L::Python,
                json!({"kind": "default_parameter", "has": {"field": "value", "any": [{"kind": "list"}, {"kind": "set"}]}}),
                vec![
                    "def f(a=[])",
                    "def f(b=(1), c: x='d', # e\n f = {1}):",
                    "def f(a='\\'', b=[])",
                    "lambda x=[]: x",
                ],
                vec!["def f(a):\n  g(b=[])", "lambda x: f(x=[])"],
            ),
            (
                L::TypeScript,
                json!({"kind": "as_expression", "has": {"kind": "predefined_type", "regex": "^any$"}}),
                vec!["x as any", "(x)as/**/any"],
                vec!["as string; any"],
            ),
            (
                L::Rust,
                json!({"pattern": "Rc::new($A)"}),
                vec!["Rc::new(1)", "Rc /* x */ ::new(1)"],
                vec!["Arc::new(1)", "Rc::newer(1)"],
            ),
            (L::Rust, json!({"kind": "unsafe_block"}), vec!["unsafe {}"], vec!["unsafely {}"]),
        ] {
            let requirement = of(language, &json!({ "rule": rule }));
            for text in passes {
                assert!(requirement.holds_in(text.as_bytes()), "{rule} loses {text:?}: {requirement:?}");
            }
            for text in stays {
                assert!(!requirement.holds_in(text.as_bytes()), "{rule} passes {text:?}: {requirement:?}");
            }
        }
    }

    #[test]
    fn utils_are_read_through_and_cycles_end() {
        use serde_json::json;
        let rule = json!({"rule": {"matches": "a"}, "utils": {"a": {"any": [{"matches": "b"}]}, "b": {"all": [{"regex": "needle"}, {"has": {"matches": "a"}}]}}});
        assert_eq!(of(Language::Go, &rule), lit("needle"));
    }
}
