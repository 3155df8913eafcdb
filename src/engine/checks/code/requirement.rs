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
        parts.extend(self.text_node(rule));
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
        let must = of.must.iter().map(|clause| {
            Requirement::any(
                clause.iter().map(|token| Requirement::regex(format!("(?-u){}", facts.token(token)))),
            )
        });
        let opens = facts.gap(&[]).filter(|_| !of.opens.is_empty()).map(|gap| {
            Requirement::any(of.opens.iter().map(|(first, second)| {
                Requirement::regex(format!("(?-u){}{gap}{}", facts.token(first), facts.token(second)))
            }))
        });
        let tokens = of.must.iter().flatten().chain(of.opens.iter().flat_map(|(a, b)| [a, b]));
        let is_code = Facts::is_of_code(kind) && tokens.into_iter().all(|token| Facts::is_code(token));
        let lexis = facts.lexis.filter(|_| is_code);
        Requirement::all(must.chain(opens)).in_code(lexis)
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

    /// `kind` and a direct child in `has`: how the child begins, with the token before it, or the one
    /// behind it where nothing else is in the child.
    fn near_child(&self, kind: &str, rule: &Map<String, Value>) -> Option<Implied> {
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
        let begins = self.begins(child)?;
        let near = |tokens: &dyn Fn(&str) -> Option<Vec<&'static str>>| -> Option<String> {
            let mut all = Vec::new();
            for key in &keys {
                all.extend(tokens(key)?.into_iter().map(|token| facts.token(token)));
            }
            Some(format!("(?:{})", all.join("|")))
        };
        let gap = facts.gap(&[])?;
        let before = near(&|key| of.before(key).map(<[_]>::to_vec));
        let behind = near(&|key| of.behind(key).map(<[_]>::to_vec)).filter(|_| is_whole(child));
        if before.is_none() && behind.is_none() {
            return None;
        }
        let before = before.map_or_else(String::new, |before| format!("{before}{gap}"));
        let behind = behind.map_or_else(String::new, |behind| format!("{gap}{behind}"));
        let piece = format!("{before}{begins}{behind}");
        // A word that is the whole child, beside a token of code, is code.
        let beside =
            |tokens: Option<&[&'static str]>| tokens.is_some_and(|it| it.iter().all(|it| Facts::is_code(it)));
        let of_code = Facts::is_of_code(kind) && keys.iter().all(|key| Facts::is_of_code(key));
        let is_code = of_code
            && is_some_word(child)
            && keys.iter().all(|it| beside(of.before(it)) || beside(of.behind(it)));
        let lexis = facts.lexis.filter(|_| is_code);
        let node = Requirement::regex(format!("(?-u){piece}")).in_code(lexis);
        let is_word = is_whole(child) && kind_of(child) == Some("identifier");
        let ends_with = is_word.then_some(gap.as_str());
        let child = shapes::Child { keys: &keys, piece: &piece, begins: &begins, gap: ends_with };
        let reach = shapes::reach(self.grammar.0, kind, &child);
        let reach = reach.map(|reach| Requirement::regex(format!("(?-u){reach}")));
        let file = Requirement::all([node.clone(), reach.unwrap_or(Requirement::Anything)]);
        Some(Implied { node, file })
    }

    /// A comment or a string that holds a text: what the node begins with stands before it. With a `not` of that text and
    /// another behind it, not every place of the text is followed by the other.
    fn text_node(&self, rule: &Map<String, Value>) -> Option<Implied> {
        let of = shapes::text_node(self.grammar.0, &kinds_of(rule)?)?;
        let wanted = rule.get("regex")?.as_str()?;
        // What is searched for must lie behind what the node begins with.
        let beginnings =
            regex_syntax::hir::literal::Extractor::new().extract(&regex_syntax::parse(wanted).ok()?);
        let literals = beginnings.literals().filter(|all| !all.is_empty())?;
        let lies_behind = literals.iter().all(|literal| match (literal.as_bytes(), of.is_string) {
            ([], _) => false,
            ([first, ..], false) => !b"#/*".contains(first),
            // Letters may stand before a quote, but no more than two.
            (text, true) => {
                literal.is_exact() && text.len() > 2 && !text.iter().any(|it| b"\"'`".contains(it))
            }
        });
        if !lies_behind {
            return None;
        }
        let begun = Requirement::regex(format!("(?-u){}{}", of.begins, over_pattern(wanted)?));
        let unwanted = rule.get("not").and_then(Value::as_object).filter(|not| not.len() == 1);
        let unwanted = unwanted.and_then(|not| not.get("regex")).and_then(Value::as_str);
        let mut node = Requirement::Anything;
        if let Some((find, unless)) = literal_of(wanted).zip(unwanted.and_then(literal_of))
            && unless.starts_with(&find)
            && !unless.bytes().any(may_end_text)
        {
            let text = |text: &str| format!("(?-u){}", sequence::escaped(text));
            node = Requirement::regex_unless(text(&find), text(&unless));
        }
        // Of the node itself all this is true: saying more would only cost time.
        Some(Implied { file: Requirement::all([begun, node.clone()]), node })
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
        let unless = |(find, unless): (String, String)| Requirement::regex_unless(find, unless);
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

/// Whether the text of a node that a rule matches is what its `regex` matches, from end to end.
fn is_whole(rule: &Map<String, Value>) -> bool {
    use regex_syntax::hir::Look;
    let hir = rule.get("regex").and_then(Value::as_str).and_then(|regex| regex_syntax::parse(regex).ok());
    hir.is_some_and(|hir| {
        let of = hir.properties();
        of.look_set_prefix().contains(Look::Start) && of.look_set_suffix().contains(Look::End)
    })
}

/// Whether the text of a node that a rule matches is one of some words.
fn is_some_word(rule: &Map<String, Value>) -> bool {
    let regex = rule.get("regex").and_then(Value::as_str).unwrap_or_default();
    is_whole(rule) && regex.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_^$()|".contains(&byte))
}

/// Whether a comment or a string may end with this byte, so that what stands behind it is not in it any more.
fn may_end_text(byte: u8) -> bool {
    !byte.is_ascii() || byte.is_ascii_control() || b"*/-<>?\"'`{".contains(&byte)
}

/// The one text that an expression matches, if there is just one.
fn literal_of(regex: &str) -> Option<String> {
    match regex_syntax::parse(regex).ok()?.kind() {
        regex_syntax::hir::HirKind::Literal(literal) => String::from_utf8(literal.0.to_vec()).ok(),
        _ => None,
    }
}

/// The kinds one of which a rule asks for.
fn kinds_of(rule: &Map<String, Value>) -> Option<Vec<&str>> {
    if let Some(kind) = kind_of(rule) {
        return Some(vec![kind]);
    }
    let branches = rule.get("any")?.as_array()?;
    branches.iter().map(|branch| kind_of(branch.as_object()?)).collect()
}
