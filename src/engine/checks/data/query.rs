//! JSONPath (RFC 9535): parsing, and the bounds that keep a query linear.

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::data::Step;
use crate::engine::SpecProblem;

/// Longest query, in bytes.
const LENGTH: usize = 1_000;
/// Deepest nesting of `[`: the parser takes exponential time in it.
const BRACKETS: usize = 6;
/// Deepest nesting of `(`.
const PARENTHESES: usize = 16;
/// Most `..`: each one multiplies the selected values by the depth of the document.
const DESCENTS: usize = 2;
/// Largest compiled pattern of `match()` and `search()`, which compile it anew for each value.
const REGEX_BYTES: usize = 256 * 1024;

/// Most steps in the ways to all values that a query with `..` could find, before it is asked.
pub(super) const MAX_STEPS: usize = 10_000_000;

/// Parses the query of `select`.
pub(super) fn parse(path: &str) -> Result<JsonPath, SpecProblem> {
    let problem = |message: String| SpecProblem::new(&["data", "select"], message);
    check_bounds(path).map_err(problem)?;
    check_patterns(path).map_err(|(message, help)| problem(message).with_help(help))?;
    if !path.starts_with('$') {
        let help = format!("write `$.{}`", path.trim_start_matches('.'));
        return Err(problem("a JSONPath starts with `$`".to_owned()).with_help(help));
    }
    JsonPath::parse(path).map_err(|error| {
        let read = path.get(..error.position()).unwrap_or(path);
        let why = match error.message() {
            "parser error" => String::new(),
            why => format!(" ({why})"),
        };
        problem(format!("this is not a JSONPath (RFC 9535): it cannot be read after `{read}`{why}")).with_help(
            "names with other characters than letters, digits and `_` go in brackets, as in `$['my-name']`; \
             filters compare with `==`, as in `$[?@.name == 'x']`",
        )
    })
}

/// The way that a located result names.
pub(super) fn pointer(path: &serde_json_path::NormalizedPath<'_>) -> Vec<Step> {
    path.iter()
        .map(|element| match element {
            serde_json_path::PathElement::Name(name) => Step::Key((*name).to_owned()),
            serde_json_path::PathElement::Index(index) => Step::Index(*index),
        })
        .collect()
}

fn check_bounds(path: &str) -> Result<(), String> {
    if path.len() > LENGTH {
        return Err(format!("this JSONPath is longer than {LENGTH} bytes"));
    }
    let (mut brackets, mut parentheses, mut descents) = (0_usize, 0_usize, 0);
    let code: Vec<(usize, u8)> = outside_quotes(path).collect();
    for (index, &(at, byte)) in code.iter().enumerate() {
        match byte {
            b'[' => brackets += 1,
            b']' => brackets = brackets.saturating_sub(1),
            b'(' => parentheses += 1,
            b')' => parentheses = parentheses.saturating_sub(1),
            b'$' if at > 0 => check_from_root(&code, index)?,
            b'.' if code.get(index + 1) == Some(&(at + 1, b'.')) => descents += 1,
            _ => {}
        }
        if brackets > BRACKETS || parentheses > PARENTHESES {
            return Err("this JSONPath is nested too deeply".to_owned());
        }
        if descents > DESCENTS {
            return Err(format!("this JSONPath has more than {DESCENTS} `..`"));
        }
    }
    Ok(())
}

/// A query from `$` inside a filter runs for each value, so it must take the same time in every document:
/// name one value, which is compared with one of the value's own. `code[index]` is its `$`.
fn check_from_root(code: &[(usize, u8)], index: usize) -> Result<(), String> {
    let blank = |at: &usize| code.get(*at).is_some_and(|(_, byte)| byte.is_ascii_whitespace());
    let byte = |at: usize| code.get(at).map(|&(_, byte)| byte);
    let not_blank = |from: usize| (from..code.len()).find(|at| !blank(at)).unwrap_or(code.len());
    let before: Vec<u8> = code[..index]
        .iter()
        .map(|&(_, byte)| byte)
        .rev()
        .filter(|byte| !byte.is_ascii_whitespace())
        .take(8)
        .collect();
    let named = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match before.as_slice() {
        // The length of one value is there for the asking; other functions read the value each time.
        [b'(', b'h', b't', b'g', b'n', b'e', b'l', rest @ ..] if !rest.first().is_some_and(named) => {}
        [b'(', name, ..] if named(name) => {
            return Err("a filter can give a part of the whole document (`$…`) to `length` only".to_owned());
        }
        [b',', ..] => {
            return Err("a filter can give a part of the whole document (`$…`) to `length` only".to_owned());
        }
        _ => {}
    }
    let mut at = index + 1;
    loop {
        let start = not_blank(at);
        match byte(start) {
            Some(b'.') if !matches!(byte(not_blank(start + 1)), Some(b'.' | b'*')) => {
                at = not_blank(start + 1);
                while byte(at).is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80) {
                    at += 1;
                }
            }
            Some(b'[') => {
                at = start + 1;
                while byte(at).is_some_and(|b| b.is_ascii_digit() || b == b'-' || b.is_ascii_whitespace()) {
                    at += 1;
                }
                if byte(at) != Some(b']') {
                    break;
                }
                at += 1;
            }
            Some(b'.') => break,
            other => {
                let compares = matches!(other, Some(b'=' | b'!' | b'<' | b'>'));
                let mut right = start;
                while compares && matches!(byte(right), Some(b'=' | b'!' | b'<' | b'>')) {
                    right += 1;
                }
                if compares && byte(not_blank(right)) == Some(b'$') {
                    return Err("a filter cannot compare two parts of the whole document (`$…`)".to_owned());
                }
                return Ok(());
            }
        }
    }
    let message = "a filter cannot search the whole document for each value: \
                   behind its `$`, only names and numbers can stand (`$.a['b'][0]`)";
    Err(message.to_owned())
}

/// How many `..` the query has.
pub(super) fn descents(path: &str) -> u32 {
    let code: Vec<(usize, u8)> = outside_quotes(path).collect();
    let pairs = code.windows(2).filter(|two| two[0].1 == b'.' && two[1] == (two[0].0 + 1, b'.'));
    u32::try_from(pairs.count()).unwrap_or(u32::MAX)
}

/// Whether a query with so many `..` could bring more than [`MAX_STEPS`] steps of ways in `document`:
/// each value can be found once below each of its parents for every further `..`, and each time its
/// whole way is kept.
pub(super) fn finds_too_much(descents: u32, document: &Value) -> bool {
    if descents == 0 {
        return false;
    }
    let mut sum = 0_usize;
    let mut open = vec![(document, 1_usize)];
    while let Some((value, depth)) = open.pop() {
        sum = sum.saturating_add(depth.saturating_pow(descents));
        if sum > MAX_STEPS {
            return true;
        }
        match value {
            Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(members) => open.extend(members.values().map(|value| (value, depth + 1))),
            _ => {}
        }
    }
    false
}

/// The pattern of each `match()` and `search()` must be written in the query (one from a document could
/// be anything) and be a regular expression (a broken one would silently match nothing).
fn check_patterns(path: &str) -> Result<(), (String, &'static str)> {
    const REGEX: &str =
        "look-around and back-references are not supported; a schema's `pattern` can look at values, too";
    const TEXT: &str = "write it as in `match(@.name, 'v[0-9]+')`";
    const ESCAPE: &str = "to match a dot write `[.]`; a `\\` of the pattern is written `\\\\` in a JSONPath, and YAML \
                          takes it as it stands only outside double quotes";
    let code: Vec<(usize, u8)> = outside_quotes(path).collect();
    for (index, &(at, byte)) in code.iter().enumerate() {
        // Only at a `(` is it sure that no character is cut.
        if byte != b'(' || !(path[..at].ends_with("match") || path[..at].ends_with("search")) {
            continue;
        }
        let mut depth = 0_usize;
        let comma = code[index..].iter().find(|(_, byte)| {
            match byte {
                b'(' | b'[' => depth += 1,
                b')' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            *byte == b',' && depth == 1
        });
        // Without a second argument the parser has something to say.
        let Some(&(comma, _)) = comma else { continue };
        let pattern = match quoted(path[comma + 1..].trim_start()) {
            Ok(pattern) => pattern,
            Err(NotText::Escape(c)) => {
                let message =
                    format!("`\\{}` in the pattern is no escape that a JSONPath knows", c.escape_debug());
                return Err((message, ESCAPE));
            }
            Err(NotText::Other) => {
                let message = "the pattern of `match()` and `search()` must be text in quotes";
                return Err((message.to_owned(), TEXT));
            }
        };
        if let Err(error) = regex::RegexBuilder::new(&pattern).size_limit(REGEX_BYTES).build() {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
            return Err((
                format!("the pattern `{pattern}` is not a usable regular expression: {why}"),
                REGEX,
            ));
        }
    }
    Ok(())
}

/// Why something is not a quoted string.
enum NotText {
    /// This character after a `\` means nothing.
    Escape(char),
    /// It is something else, or has no end.
    Other,
}

/// The text of the quoted string that `rest` starts with.
fn quoted(rest: &str) -> Result<String, NotText> {
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or(NotText::Other)?;
    let mut json = String::from("\"");
    let mut characters = rest[1..].chars();
    loop {
        match characters.next().ok_or(NotText::Other)? {
            c if c == quote => break,
            '\\' => match characters.next().ok_or(NotText::Other)? {
                '\'' => json.push('\''),
                escaped if "\"\\/bfnrtu".contains(escaped) => json.extend(['\\', escaped]),
                other => return Err(NotText::Escape(other)),
            },
            '"' => json.push_str("\\\""),
            c => json.push(c),
        }
    }
    json.push('"');
    serde_json::from_str(&json).map_err(|_| NotText::Other)
}

/// The bytes of the query that stand outside quotes, with their offsets.
fn outside_quotes(path: &str) -> impl Iterator<Item = (usize, u8)> + '_ {
    let (mut quote, mut escaped) = (None, false);
    path.bytes().enumerate().filter(move |&(_, byte)| match quote {
        Some(open) => {
            if escaped {
                escaped = false;
            } else if byte == b'\\' {
                escaped = true;
            } else if byte == open {
                quote = None;
            }
            false
        }
        None if matches!(byte, b'"' | b'\'') => {
            quote = Some(byte);
            false
        }
        None => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_that_can_be_used() {
        for path in [
            "$",
            "$.a.b[0]",
            "$..image",
            "$..a..b",
            "$['a..b..c..d']",
            "$.jobs.*.steps[?@.uses]",
            "$.a[?match(@.n, 'v[0-9]+')]",
            "$.a[?search(@['x,y'], \"a'b\")]",
            "$.a[?@.id == $.main]..x",
            "$.a[?@.id==$['x y'][ 0 ][-1].é_1 && @.b != $ ]..x",
            "$.a[?($.b.c || !$.d) && length(@.x) > $.most][*]",
            "$.a[?count(@.*) < 2][0:2]",
            r"$.a[?search(@.b, 'github\\.event')]",
        ] {
            assert!(parse(path).is_ok(), "{path}: {:?}", parse(path).err());
        }
    }

    #[test]
    fn problems_say_what_to_do() {
        let deep = format!("$[?{}@.a{}]", "@[?".repeat(10), "]".repeat(10));
        let round = format!("$[?{}@.a{}]", "(".repeat(500), ")".repeat(480));
        for (path, says) in [
            ("version", "starts with `$`"),
            ("", "starts with `$`"),
            ("$.a.", "after `$.a.`"),
            ("$.my-name", "after `$.my`"),
            ("$[?@.a = 1]", "after `$[?@.a "),
            ("$[?nofn(@.a)]", "not defined"),
            ("$..a..b..c", "more than 2"),
            ("$.a[?@.x == $..y]", "whole document"),
            ("$.a[?$.a[*].zzz]", "whole document"),
            ("$.a[?$.a [ * ].zzz]", "whole document"),
            ("$.a[?$.a.*]", "whole document"),
            ("$.a[?@.x == $['a'][1:3]]", "whole document"),
            ("$.a[?$.a[?@.b]]", "whole document"),
            ("$.a[?$['a', 'b']]", "whole document"),
            ("$.a[?@[?$.b[*]]]", "whole document"),
            ("$.a[?search($.s, 'x')]", "`length` only"),
            ("$.a[?$.b == $.c]", "compare two"),
            ("$.a[?$.b['x']\n!= $.c]", "compare two"),
            ("$[?match(@.a, '(')]", "not a usable regular expression"),
            ("$[?match(@.a, '(?=x)')]", "not a usable regular expression"),
            ("$[?search(@.a, '(a{1000}){1000}')]", "not a usable regular expression"),
            ("$[?match(@.a, @.b)]", "in quotes"),
            (r"$[?search(@.a, 'github\.event')]", r"`\.` in the pattern is no escape"),
            (r#"$[?search(@.a, "a\sb")]"#, r"`\s` in the pattern is no escape"),
            ("$[?search(@.a, 'open)]", "in quotes"),
            (&deep, "too deeply"),
            (&round, "too deeply"),
            (&"$.a".repeat(400), "longer than"),
        ] {
            let problem = parse(path).expect_err(path);
            assert!(problem.message.contains(says), "{path}: {problem:?}");
            assert_eq!(problem.at, SpecProblem::new(&["data", "select"], "").at);
        }
    }
}
