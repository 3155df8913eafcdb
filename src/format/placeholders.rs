//! What stands after `$` in messages and replacements: names that nothing fills in are told.
//!
//! Each kind of check fills in its own words; the engine does that. Here only unknown words are found.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::pattern::Facts;
use super::suggest::{did_you_mean, list, nearest};

/// Words that the engine fills in for a `data` check.
const DATA: [&str; 4] = ["KEY", "VALUE", "ERROR", "PATH"];
/// Words that the engine fills in for a `files` check.
const FILES: [&str; 6] = ["PATH", "NAME", "MISSING", "SUGGESTED", "SIZE", "LIMIT"];
/// Words that the engine fills in for a `tool` check.
const TOOL: [&str; 2] = ["MESSAGE", "RULE"];
/// Parts of an ast-grep rule in which meta-variables get their values.
const BINDING: [&str; 5] = ["rule", "constraints", "utils", "transform", "rewriters"];

/// A word that nothing fills in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown {
    /// As written, with the dollar.
    pub(super) word: String,
    /// What is wrong with it.
    pub(super) message: String,
    /// What to do.
    pub(super) help: String,
}

/// Captures in the `message` or the replacement of a `text` check with `find` that its pattern lacks.
pub(super) fn of_find(template: &str, facts: &Facts) -> Vec<Unknown> {
    let mut all = Vec::new();
    for (word, name) in captures(template) {
        if facts.has(name) {
            continue;
        }
        let known = facts.words();
        let digits = name.len() - name.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let help = if !word.starts_with("${") && digits > 0 && facts.has(&name[..digits]) {
            format!(
                "the name goes on to the end of the word; write `${{{}}}{}`",
                &name[..digits],
                &name[digits..]
            )
        } else {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let near = nearest(name, known.iter().map(|word| &word[1..]));
            let near = near.map_or(String::new(), |near| format!("did you mean `${near}`? "));
            format!("{near}{}; `$$` is a dollar sign", known_words(&known))
        };
        all.push(unknown(word, format!("the pattern has no capture `{name}`"), help));
    }
    all
}

/// Captures in the message of a `text` check with `expect`: there is no match that could fill them in.
/// What is no capture of the pattern is meant as it stands.
pub(super) fn of_expect(template: &str, facts: &Facts) -> Vec<Unknown> {
    let known = captures(template).into_iter().filter(|(_, name)| facts.has(name));
    let help = "`expect` reports files without a match, so nothing is captured; say it in words";
    known.map(|(word, _)| unknown(word, format!("nothing fills in `{word}`"), help.to_owned())).collect()
}

/// Words in the message of a `data` check that are filled in nowhere.
pub(super) fn of_data(template: &str) -> Vec<Unknown> {
    capitals(template, &DATA, "data")
}

/// Words in the message of a `tool` check that are filled in nowhere.
pub(super) fn of_tool(template: &str) -> Vec<Unknown> {
    capitals(template, &TOOL, "tool")
}

/// Words in the message of a `files` check that are filled in nowhere.
pub(super) fn of_files(template: &str) -> Vec<Unknown> {
    capitals(template, &FILES, "files")
}

/// Meta-variables in a message that occur nowhere in an ast-grep rule: they would be shown as nothing.
pub(super) fn of_rule(template: &str, rule: &Map<String, Value>) -> Vec<Unknown> {
    let used = metavariables(template);
    if used.is_empty() {
        return Vec::new();
    }
    let mut known = BTreeSet::new();
    for value in BINDING.iter().filter_map(|key| rule.get(*key)) {
        bound(value, &mut known);
    }
    let stranger = |(_, name): &(&str, &str)| !known.contains(*name);
    let tell = |(word, name): (&str, &str)| {
        let names = || known.iter().map(String::as_str);
        let help = did_you_mean(name, names()).unwrap_or_else(|| {
            let known: Vec<String> = names().map(|name| format!("${name}")).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            match known.as_slice() {
                [] => "give the part a name in the pattern, as in `f($ARG)`".to_owned(),
                known => known_words(known),
            }
        });
        unknown(word, format!("the rule has no meta-variable `{name}`"), help)
    };
    used.into_iter().filter(stranger).map(tell).collect()
}

/// "known are `$A` and `$B`".
fn known_words(words: &[&str]) -> String {
    let verb = if words.len() == 1 { "is" } else { "are" };
    format!("known {verb} {}", list(words).replace(" or ", " and "))
}

fn unknown(word: &str, message: String, help: String) -> Unknown {
    Unknown { word: word.to_owned(), message, help }
}

/// The references in a template of the `regex` crate: as written, and the name.
fn captures(template: &str) -> Vec<(&str, &str)> {
    let mut all = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        rest = &rest[at..];
        let after = &rest[1..];
        let (len, name) = if after.starts_with('$') {
            (2, None)
        } else if let Some(braced) = after.strip_prefix('{') {
            braced.find('}').map_or((1, None), |end| (end + 3, Some(&braced[..end])))
        } else {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            (end + 1, Some(&after[..end]).filter(|name| !name.is_empty()))
        };
        all.extend(name.map(|name| (&rest[..len], name)));
        rest = &rest[len..];
    }
    all
}

/// Words of capitals after `$` that begin with none of the `known` ones.
fn capitals(template: &str, known: &[&str], kind: &str) -> Vec<Unknown> {
    let mut all = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$$") {
            rest = after;
            continue;
        }
        let after = &rest[1..];
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        let word = &after[..end];
        // In `files`, `_` belongs to the word; in `data` it ends it.
        let is_part = |c: char| c.is_ascii_uppercase() || (c == '_' && kind == "files");
        let filled = &word[..word.find(|c: char| !is_part(c)).unwrap_or(word.len())];
        let capital = word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        if capital && !known.contains(&filled) {
            let words: Vec<String> = known.iter().map(|known| format!("${known}")).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let near = nearest(word, known.iter().copied());
            let near = near.map_or(String::new(), |near| format!("did you mean `${near}`? "));
            let help = format!("{near}{}; `$${word}` is shown as `${word}`", known_words(&words));
            all.push(unknown(
                &rest[..=end],
                format!("nothing fills in `${word}` in the message of a `{kind}` check"),
                help,
            ));
        }
        rest = &after[end..];
    }
    all
}

/// ast-grep's meta-variables in a text: as written, and the name.
fn metavariables(text: &str) -> Vec<(&str, &str)> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at..];
        let dollars = rest.bytes().take(3).take_while(|&b| b == b'$').count();
        let after = &rest[dollars..];
        let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let end = after.find(|c: char| !is_part(c)).unwrap_or(after.len());
        let name = &after[..end];
        if name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_') {
            all.push((&rest[..dollars + end], name));
        }
        rest = &after[end..];
    }
    all
}

/// Every name in the texts below `value`, and every key: `transform` and `constraints` name by key.
fn bound(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => names.extend(metavariables(text).into_iter().map(|(_, name)| name.to_owned())),
        Value::Array(items) => items.iter().for_each(|item| bound(item, names)),
        Value::Object(members) => {
            for (key, member) in members {
                if key.starts_with(|c: char| c.is_ascii_uppercase()) {
                    names.insert(key.clone());
                }
                bound(member, names);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::pattern;

    fn words(all: &[Unknown]) -> Vec<&str> {
        all.iter().map(|one| one.word.as_str()).collect()
    }

    #[test]
    fn captures_that_the_pattern_lacks_are_told() {
        let facts = pattern::check("(?P<key>a)(b)?", false).expect("a pattern");
        for (template, unknown) in [
            ("$0 $1 ${2} $key ${key}", &[][..]),
            ("$$9 costs $ 5 $", &[]),
            ("$9, ${nope} and $1a", &["$9", "${nope}", "$1a"]),
            ("${open", &[]),
            ("$$$3", &["$3"]),
        ] {
            assert_eq!(words(&of_find(template, &facts)), unknown, "{template}");
        }
        let told = of_find("$1a ${kye} $9", &facts);
        let help: Vec<&str> = told.iter().map(|one| one.help.as_str()).collect();
        assert!(help[0].contains("`${1}a`"), "{help:?}");
        assert!(help[1].starts_with("did you mean `$key`?"), "{help:?}");
        assert!(help[2].contains("`$0`, `$1`, `$2` and `$key`"), "{help:?}");
        assert_eq!(words(&of_expect("$1 $HOME ${key}", &facts)), ["$1", "${key}"]);
    }

    #[test]
    fn words_that_no_kind_fills_in_are_told() {
        assert_eq!(words(&of_data("$KEY $VALUE $ERROR $PATH.x $PATHs $5 $a $$HOME")), [""; 0]);
        assert_eq!(words(&of_data("$VALEU $NAME")), ["$VALEU", "$NAME"]);
        assert!(of_data("$VALEU")[0].help.starts_with("did you mean `$VALUE`?"));
        assert_eq!(words(&of_files("$PATH $NAME $MISSING $SUGGESTED $SIZE $LIMIT $")), [""; 0]);
        assert_eq!(words(&of_files("$VALUE $PATH_X")), ["$VALUE", "$PATH_X"]);
        assert_eq!(words(&of_data("$PATH_X")), [""; 0]);
    }

    #[test]
    fn metavariables_that_the_rule_lacks_are_told() {
        let rule = serde_json::json!({
            "rule": {"pattern": "f($A, $$$REST)", "not": {"has": {"regex": "x$"}}},
            "transform": {"SHORT": "substring($A)"},
        });
        let rule = rule.as_object().expect("a mapping");
        assert_eq!(words(&of_rule("$A $$$REST $SHORT $5 $ $a", rule)), [""; 0]);
        assert_eq!(words(&of_rule("$B and $$$RST", rule)), ["$B", "$$$RST"]);
        assert!(of_rule("$$$RST", rule)[0].help.contains("`REST`"));
    }
}
