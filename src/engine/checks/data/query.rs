//! JSONPath (RFC 9535): parsing, and the limits that keep queries linear.

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::data::PointerStep;
use crate::engine::SpecProblem;

/// Maximum length of a query, in bytes.
const MAX_QUERY_BYTES: usize = 1_000;
/// Maximum nesting of `[`: the parser takes exponential time in it.
const MAX_BRACKETS: usize = 6;
/// Maximum nesting of `(`.
const MAX_PARENTHESES: usize = 16;
/// Maximum number of `..`: each one multiplies the number of selected values by the depth of the document.
const MAX_DESCENTS: usize = 2;
/// Maximum size of the compiled pattern of `match()` and `search()`, in bytes; they compile it again for each
/// value.
const MAX_REGEX_BYTES: usize = 256 * 1024;

/// Maximum number of steps in the paths of all values that a query with `..` could select, estimated before
/// it runs.
pub(super) const MAX_STEPS: usize = 10_000_000;

/// Parses the query of `select`.
pub(super) fn parse_query(path: &str) -> Result<JsonPath, SpecProblem> {
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
        problem(format!("this is not a JSONPath (RFC 9535): syntax error after `{read}`{why}")).with_help(
            "write names with other characters than letters, digits and `_` in brackets, as in `$['my-name']`; \
             filters compare with `==`, as in `$[?@.name == 'x']`",
        )
    })
}

/// Converts the path of a located result.
pub(super) fn pointer_of(path: &serde_json_path::NormalizedPath<'_>) -> Vec<PointerStep> {
    path.iter()
        .map(|element| match element {
            serde_json_path::PathElement::Name(name) => PointerStep::Key((*name).to_owned()),
            serde_json_path::PathElement::Index(index) => PointerStep::Index(*index),
        })
        .collect()
}

fn check_bounds(path: &str) -> Result<(), String> {
    if path.len() > MAX_QUERY_BYTES {
        return Err(format!("this JSONPath is longer than {MAX_QUERY_BYTES} bytes"));
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
        if brackets > MAX_BRACKETS || parentheses > MAX_PARENTHESES {
            return Err("this JSONPath is nested too deeply".to_owned());
        }
        if descents > MAX_DESCENTS {
            return Err(format!("this JSONPath has more than {MAX_DESCENTS} `..`"));
        }
    }
    Ok(())
}

/// Checks a query from `$` inside of a filter; `code[index]` is its `$`. It runs for each value, so it must
/// take constant time in every document: it must select a single value and compare it with a part of the
/// filtered value.
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
        // `length` takes constant time; other functions read the whole value each time.
        [b'(', b'h', b't', b'g', b'n', b'e', b'l', rest @ ..] if !rest.first().is_some_and(named) => {}
        [b'(', name, ..] if named(name) => {
            return Err("a filter can pass a part of the whole document (`$…`) to `length` only".to_owned());
        }
        [b',', ..] => {
            return Err("a filter can pass a part of the whole document (`$…`) to `length` only".to_owned());
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
                   after `$`, only names and numbers are allowed (`$.a['b'][0]`)";
    Err(message.to_owned())
}

/// Returns the number of `..` in the query.
pub(super) fn count_descents(path: &str) -> u32 {
    let code: Vec<(usize, u8)> = outside_quotes(path).collect();
    let pairs = code.windows(2).filter(|two| two[0].1 == b'.' && two[1] == (two[0].0 + 1, b'.'));
    u32::try_from(pairs.count()).unwrap_or(u32::MAX)
}

/// Whether a query with this number of `..` could exceed [`MAX_STEPS`] in `document`. For each further `..`,
/// a value can be selected once below each of its parents, and each time its whole path is stored.
pub(super) fn may_select_too_much(descents: u32, document: &Value) -> bool {
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

/// Checks the pattern of each `match()` and `search()`. It must be a literal in the query, since a pattern
/// from a document could be anything, and a valid regular expression, since an invalid one would silently
/// match nothing.
fn check_patterns(path: &str) -> Result<(), (String, &'static str)> {
    const REGEX: &str =
        "look-around and back-references are not supported; a schema's `pattern` can test values, too";
    const TEXT: &str = "write it as in `match(@.name, 'v[0-9]+')`";
    const ESCAPE: &str = "to match a dot write `[.]`; a `\\` of the pattern is written `\\\\` in a JSONPath, and YAML \
                          keeps it unchanged only outside of double quotes";
    let code: Vec<(usize, u8)> = outside_quotes(path).collect();
    for (index, &(at, byte)) in code.iter().enumerate() {
        // Slicing is safe at `(`: it is a character boundary.
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
        // Without a second argument, the parser reports an error.
        let Some(&(comma, _)) = comma else { continue };
        let pattern = match parse_quoted(path[comma + 1..].trim_start()) {
            Ok(pattern) => pattern,
            Err(QuoteError::Escape(c)) => {
                let message =
                    format!("`\\{}` in the pattern is not a valid escape in a JSONPath", c.escape_debug());
                return Err((message, ESCAPE));
            }
            Err(QuoteError::Other) => {
                let message = "the pattern of `match()` and `search()` must be a string in quotes";
                return Err((message.to_owned(), TEXT));
            }
        };
        if let Err(error) = regex::RegexBuilder::new(&pattern).size_limit(MAX_REGEX_BYTES).build() {
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
enum QuoteError {
    /// Invalid escape: `\` followed by this character.
    Escape(char),
    /// Not a string, or unclosed.
    Other,
}

/// Parses the quoted string at the start of `rest`.
fn parse_quoted(rest: &str) -> Result<String, QuoteError> {
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or(QuoteError::Other)?;
    let mut json = String::from("\"");
    let mut characters = rest[1..].chars();
    loop {
        match characters.next().ok_or(QuoteError::Other)? {
            c if c == quote => break,
            '\\' => match characters.next().ok_or(QuoteError::Other)? {
                '\'' => json.push('\''),
                escaped if "\"\\/bfnrtu".contains(escaped) => json.extend(['\\', escaped]),
                other => return Err(QuoteError::Escape(other)),
            },
            '"' => json.push_str("\\\""),
            c => json.push(c),
        }
    }
    json.push('"');
    serde_json::from_str(&json).map_err(|_| QuoteError::Other)
}

/// Returns the bytes of the query outside of quotes, with their offsets.
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
            assert!(parse_query(path).is_ok(), "{path}: {:?}", parse_query(path).err());
        }
    }

    #[test]
    fn problems_are_reported_with_help() {
        let deep = format!("$[?{}@.a{}]", "@[?".repeat(10), "]".repeat(10));
        let round = format!("$[?{}@.a{}]", "(".repeat(500), ")".repeat(480));
        for (path, expected) in [
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
            (r"$[?search(@.a, 'github\.event')]", r"`\.` in the pattern is not a valid escape"),
            (r#"$[?search(@.a, "a\sb")]"#, r"`\s` in the pattern is not a valid escape"),
            ("$[?search(@.a, 'open)]", "in quotes"),
            (&deep, "too deeply"),
            (&round, "too deeply"),
            (&"$.a".repeat(400), "longer than"),
        ] {
            let problem = parse_query(path).expect_err(path);
            assert!(problem.message.contains(expected), "{path}: {problem:?}");
            assert_eq!(problem.at, SpecProblem::new(&["data", "select"], "").at);
        }
    }
}
