//! JSONPath (RFC 9535): parsing, and the bounds that keep a query linear.

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
    let (mut brackets, mut parentheses, mut descents, mut from_root) = (0_usize, 0_usize, 0, false);
    let code: Vec<(usize, u8)> = outside_quotes(path).collect();
    for (index, &(at, byte)) in code.iter().enumerate() {
        match byte {
            b'[' => brackets += 1,
            b']' => {
                brackets = brackets.saturating_sub(1);
                from_root &= brackets > 0;
            }
            b'(' => parentheses += 1,
            b')' => parentheses = parentheses.saturating_sub(1),
            b'$' if at > 0 => from_root = true,
            b'.' if code.get(index + 1) == Some(&(at + 1, b'.')) => {
                if from_root {
                    return Err(
                        "a filter cannot search the whole document (`$…..`) for each value".to_owned()
                    );
                }
                descents += 1;
            }
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
        let before = &path[..at];
        if byte != b'(' || !(before.ends_with("match") || before.ends_with("search")) {
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
