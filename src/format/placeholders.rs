//! Finds unknown placeholders (`$NAME`) in messages and replacements.
//!
//! Each kind of check has its own placeholders. The engine fills them in; this module only reports unknown
//! ones.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::pattern::PatternFacts;
use super::suggest::{did_you_mean, nearest, quoted_list};

/// Placeholders that the engine fills in for a `data` check.
const DATA: [&str; 4] = ["KEY", "VALUE", "ERROR", "PATH"];
/// Placeholders that the engine fills in for a `files` check.
const FILES: [&str; 6] = ["PATH", "NAME", "MISSING", "SUGGESTED", "SIZE", "LIMIT"];
/// Placeholders that the engine fills in for a `tool` check.
const TOOL: [&str; 2] = ["MESSAGE", "RULE"];
/// Keys of an ast-grep rule in which meta-variables get their values.
const BINDING: [&str; 5] = ["rule", "constraints", "utils", "transform", "rewriters"];

/// A placeholder that is never filled in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnknownPlaceholder {
    /// As written, with the dollar sign.
    pub(super) word: String,
    /// Message.
    pub(super) message: String,
    /// Help.
    pub(super) help: String,
}

/// Finds captures that the pattern lacks, in the message or replacement of a `text` check with `find`.
pub(super) fn unknown_in_find(template: &str, facts: &PatternFacts) -> Vec<UnknownPlaceholder> {
    let mut all = Vec::new();
    for (word, name) in find_captures(template) {
        if facts.has(name) {
            continue;
        }
        let known = facts.placeholders();
        let digits = name.len() - name.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let help = if !word.starts_with("${") && digits > 0 && facts.has(&name[..digits]) {
            format!(
                "a name extends to the end of the word; write `${{{}}}{}`",
                &name[..digits],
                &name[digits..]
            )
        } else {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let near = nearest(name, known.iter().map(|word| &word[1..]));
            let near = near.map_or(String::new(), |near| format!("did you mean `${near}`? "));
            format!("{near}{}; write `$$` for a dollar sign", known_words(&known))
        };
        all.push(unknown(word, format!("the pattern has no capture `{name}`"), help));
    }
    all
}

/// Finds captures in the message of a `text` check with `expect`, which has no match to fill them in.
/// A name that is not a capture of the pattern is taken literally.
pub(super) fn unknown_in_expect(template: &str, facts: &PatternFacts) -> Vec<UnknownPlaceholder> {
    let known = find_captures(template).into_iter().filter(|(_, name)| facts.has(name));
    let help = "`expect` reports files without a match, so nothing is captured; remove the placeholder";
    known.map(|(word, _)| unknown(word, format!("`{word}` is never filled in"), help.to_owned())).collect()
}

/// Finds unknown placeholders in the message of a `data` check.
pub(super) fn unknown_in_data(template: &str) -> Vec<UnknownPlaceholder> {
    unknown_capitals(template, &DATA, "data")
}

/// Finds unknown placeholders in the message of a `tool` check.
pub(super) fn unknown_in_tool(template: &str) -> Vec<UnknownPlaceholder> {
    unknown_capitals(template, &TOOL, "tool")
}

/// Finds unknown placeholders in the message of a `files` check.
pub(super) fn unknown_in_files(template: &str) -> Vec<UnknownPlaceholder> {
    unknown_capitals(template, &FILES, "files")
}

/// Finds meta-variables in a message that do not occur in the ast-grep rule: they would be shown as empty
/// text.
pub(super) fn unknown_in_rule(template: &str, rule: &Map<String, Value>) -> Vec<UnknownPlaceholder> {
    let used = find_meta_variables(template);
    if used.is_empty() {
        return Vec::new();
    }
    let mut known = BTreeSet::new();
    for value in BINDING.iter().filter_map(|key| rule.get(*key)) {
        collect_bound_names(value, &mut known);
    }
    let is_unknown = |(_, name): &(&str, &str)| !known.contains(*name);
    let explain = |(word, name): (&str, &str)| {
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
    used.into_iter().filter(is_unknown).map(explain).collect()
}

/// Formats known placeholders as "known: `$A` and `$B`".
fn known_words(words: &[&str]) -> String {
    format!("known: {}", quoted_list(words).replace(" or ", " and "))
}

fn unknown(word: &str, message: String, help: String) -> UnknownPlaceholder {
    UnknownPlaceholder { word: word.to_owned(), message, help }
}

/// Returns the references in a template of the `regex` crate: as written, and the name.
fn find_captures(template: &str) -> Vec<(&str, &str)> {
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

/// Finds upper-case words after `$` that do not begin with a known placeholder.
fn unknown_capitals(template: &str, known: &[&str], kind: &str) -> Vec<UnknownPlaceholder> {
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
        // In a `files` check `_` is part of the name; in a `data` check it ends the name.
        let is_part = |c: char| c.is_ascii_uppercase() || (c == '_' && kind == "files");
        let filled = &word[..word.find(|c: char| !is_part(c)).unwrap_or(word.len())];
        let capital = word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        if capital && !known.contains(&filled) {
            let words: Vec<String> = known.iter().map(|known| format!("${known}")).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let near = nearest(word, known.iter().copied());
            let near = near.map_or(String::new(), |near| format!("did you mean `${near}`? "));
            let help = format!("{near}{}; write `$${word}` to show `${word}`", known_words(&words));
            all.push(unknown(
                &rest[..=end],
                format!("unknown placeholder `${word}` in the message of a `{kind}` check"),
                help,
            ));
        }
        rest = &after[end..];
    }
    all
}

/// Returns the ast-grep meta-variables in a text: as written, and the name.
fn find_meta_variables(text: &str) -> Vec<(&str, &str)> {
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

/// Collects meta-variables in all strings below `value`, and upper-case keys: `transform` and `constraints`
/// use them as names.
fn collect_bound_names(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            names.extend(find_meta_variables(text).into_iter().map(|(_, name)| name.to_owned()));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_bound_names(item, names)),
        Value::Object(members) => {
            for (key, member) in members {
                if key.starts_with(|c: char| c.is_ascii_uppercase()) {
                    names.insert(key.clone());
                }
                collect_bound_names(member, names);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::pattern;

    fn words(all: &[UnknownPlaceholder]) -> Vec<&str> {
        all.iter().map(|one| one.word.as_str()).collect()
    }

    #[test]
    fn unknown_captures_are_reported() {
        let facts = pattern::check_pattern("(?P<key>a)(b)?", false).expect("a pattern");
        for (template, unknown) in [
            ("$0 $1 ${2} $key ${key}", &[][..]),
            ("$$9 costs $ 5 $", &[]),
            ("$9, ${nope} and $1a", &["$9", "${nope}", "$1a"]),
            ("${open", &[]),
            ("$$$3", &["$3"]),
        ] {
            assert_eq!(words(&unknown_in_find(template, &facts)), unknown, "{template}");
        }
        let found = unknown_in_find("$1a ${kye} $9", &facts);
        let help: Vec<&str> = found.iter().map(|one| one.help.as_str()).collect();
        assert!(help[0].contains("`${1}a`"), "{help:?}");
        assert!(help[1].starts_with("did you mean `$key`?"), "{help:?}");
        assert!(help[2].contains("`$0`, `$1`, `$2` and `$key`"), "{help:?}");
        assert_eq!(words(&unknown_in_expect("$1 $HOME ${key}", &facts)), ["$1", "${key}"]);
    }

    #[test]
    fn unknown_placeholders_are_reported() {
        assert_eq!(words(&unknown_in_data("$KEY $VALUE $ERROR $PATH.x $PATHs $5 $a $$HOME")), [""; 0]);
        assert_eq!(words(&unknown_in_data("$VALEU $NAME")), ["$VALEU", "$NAME"]);
        assert!(unknown_in_data("$VALEU")[0].help.starts_with("did you mean `$VALUE`?"));
        assert_eq!(words(&unknown_in_files("$PATH $NAME $MISSING $SUGGESTED $SIZE $LIMIT $")), [""; 0]);
        assert_eq!(words(&unknown_in_files("$VALUE $PATH_X")), ["$VALUE", "$PATH_X"]);
        assert_eq!(words(&unknown_in_data("$PATH_X")), [""; 0]);
    }

    #[test]
    fn unknown_meta_variables_are_reported() {
        let rule = serde_json::json!({
            "rule": {"pattern": "f($A, $$$REST)", "not": {"has": {"regex": "x$"}}},
            "transform": {"SHORT": "substring($A)"},
        });
        let rule = rule.as_object().expect("a mapping");
        assert_eq!(words(&unknown_in_rule("$A $$$REST $SHORT $5 $ $a", rule)), [""; 0]);
        assert_eq!(words(&unknown_in_rule("$B and $$$RST", rule)), ["$B", "$$$RST"]);
        assert!(unknown_in_rule("$$$RST", rule)[0].help.contains("`REST`"));
    }
}
