//! Front matter: where it stands in a guideline file, and its located tree.

use crate::data::{self, Format, Kind, Limits, LoadError, Node};
use crate::text::Span;

/// Where the parts of a guideline file stand. Offsets count bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// The opening `---`, after a byte order mark.
    pub(super) opening: Span,
    /// One past the front matter: where the closing `---` starts.
    pub(super) end: usize,
    /// Where the prose starts.
    pub(super) body: usize,
}

/// Something wrong with a file as a whole: place, message, label, help.
pub(super) type Trouble = (Span, String, &'static str, Option<String>);

/// Finds the front matter between the `---` on the first line and the next `---`.
pub(super) fn split(text: &str) -> Result<Parts, Trouble> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut lines = text[start..].split_inclusive('\n');
    let first = lines.next().unwrap_or("");
    if !is_fence(first) {
        let message = if text[start..].trim().is_empty() {
            "the file is empty"
        } else {
            "a guideline file starts with `---` on its first line"
        };
        let help = "put the front matter between two lines that hold only `---`, at the very top; \
                    `stanchion new ID` writes a complete file to start from";
        let span = Span::new(start, start + first.trim_end().len());
        return Err((span, message.to_owned(), "expected `---`", Some(help.to_owned())));
    }
    let opening = Span::new(start, start + 3);
    let mut at = start + first.len();
    for line in lines {
        if is_fence(line) {
            return Ok(Parts { opening, end: at, body: at + line.len() });
        }
        at += line.len();
    }
    let help = "end the front matter with a line that holds only `---`".to_owned();
    Err((opening, "the front matter has no end".to_owned(), "opened here", Some(help)))
}

fn is_fence(line: &str) -> bool {
    line.trim_end() == "---"
}

/// Reads the front matter as one YAML mapping; spans count bytes of the file.
pub(super) fn load(text: &str, parts: &Parts) -> Result<Node, Trouble> {
    let offset = parts.opening.start;
    let yaml = &text[offset..parts.end];
    let mut documents =
        data::load(Format::Yaml, yaml, &Limits::FRONT_MATTER).map_err(|error| explain(error, offset))?;
    let mut root = match (documents.pop(), documents.is_empty()) {
        (Some(root), true) => root,
        (None, _) => Node { span: Span::at(yaml.len()), kind: Kind::Null },
        (Some(_), false) => {
            let message = "the front matter holds more than one YAML document".to_owned();
            return Err((parts.opening, message, "this front matter", None));
        }
    };
    if offset > 0 {
        shift(&mut root, offset);
    }
    match root.kind {
        Kind::Object(_) => Ok(root),
        Kind::Null => {
            let help = "`stanchion new ID` writes a complete file to start from".to_owned();
            Err((parts.opening, "the front matter is empty".to_owned(), "nothing follows", Some(help)))
        }
        _ => {
            let message = "the front matter is not a mapping of `key: value` lines".to_owned();
            Err((root.span, message, "expected `key: value`", None))
        }
    }
}

fn explain(error: LoadError, offset: usize) -> Trouble {
    match error {
        LoadError::Syntax { message, span } => {
            let help = yaml_help(&message).map(str::to_owned);
            (moved(span, offset), format!("the front matter is not usable YAML: {message}"), "here", help)
        }
        LoadError::TooDeep { span } => (
            moved(span, offset),
            "the front matter is nested too deeply".to_owned(),
            "too deep here",
            Some("write it flatter".to_owned()),
        ),
        LoadError::TooManyNodes => (
            Span::at(offset),
            "the front matter has too many parts".to_owned(),
            "",
            Some("aliases count as often as they are used; write it shorter".to_owned()),
        ),
    }
}

/// What usually helps, by the words of the YAML reader.
fn yaml_help(message: &str) -> Option<&'static str> {
    let quotes = "put a text in quotes when it begins with one of ` @ * & ! % | > { [ or holds `: ` or ` #`";
    let columns = "keys that belong together start in the same column; `- ` begins each item of a list";
    let table = [
        ("tab", "YAML is indented with spaces; write spaces instead of tabs"),
        ("unknown escape", r"in double quotes `\` starts an escape; write patterns in single quotes: '\d+'"),
        ("unknown anchor", "`*` starts an alias here; put the text in quotes: '**/*.py'"),
        ("unexpected character", quotes),
        ("cannot start any token", quotes),
        ("mapping values are not allowed", quotes),
        ("block collection", columns),
        ("block mapping", columns),
        ("block end", columns),
        ("indent", columns),
        ("simple key", columns),
        ("unclosed quote", "a text in quotes ends with the quote that it begins with"),
        ("illegal placement", quotes),
        (
            "flow",
            "an inline list ends with `]`, an inline mapping with `}`, and `,` stands between the items",
        ),
    ];
    table.iter().find(|(words, _)| message.contains(words)).map(|(_, help)| *help)
}

fn moved(span: Span, offset: usize) -> Span {
    Span::new(span.start + offset, span.end + offset)
}

fn shift(node: &mut Node, offset: usize) {
    node.span = moved(node.span, offset);
    match &mut node.kind {
        Kind::Array(items) => items.iter_mut().for_each(|item| shift(item, offset)),
        Kind::Object(members) => {
            for member in members {
                member.key_span = moved(member.key_span, offset);
                shift(&mut member.value, offset);
            }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_in_yaml_come_with_help() {
        for (yaml, help) in [
            ("a: `x` y", "put a text in quotes"),
            ("a: b: c", "put a text in quotes"),
            ("a: [**/*.py]", "put the text in quotes"),
            (r#"a: "\d""#, "single quotes"),
            ("a:\n\t- b", "spaces"),
            ("a:\n  - b: 1\n   c: 2", "same column"),
            ("a: 1\n b: 2", ""),
            ("a: 'x\nb: 2", "ends with the quote"),
            ("a: [x\nb: 2\n", ""),
        ] {
            let text = format!("---\n{yaml}\n---\n");
            let parts = split(&text).expect("parts");
            let (_, message, _, said) = load(&text, &parts).expect_err(yaml);
            assert!(said.as_ref().is_some_and(|said| said.contains(help)), "{yaml}: {message}: {said:?}");
        }
    }

    #[test]
    fn parts_are_found_and_troubles_are_named() {
        let parts = split("---\na: 1\n---\nbody").expect("parts");
        assert_eq!((parts.end, parts.body), (9, 13));
        let parts = split("\u{feff}---\r\na: 1\r\n---\r\nbody").expect("a mark and CRLF are fine");
        assert_eq!((parts.opening, parts.end, parts.body), (Span::new(3, 6), 14, 19));
        let parts = split("---\n---").expect("an empty front matter is found");
        assert_eq!((parts.end, parts.body), (4, 7));
        for (text, message) in [
            ("", "the file is empty"),
            ("\n---\na: 1\n---\n", "a guideline file starts with `---` on its first line"),
            ("---\na: 1\n", "the front matter has no end"),
        ] {
            assert_eq!(split(text).expect_err(text).1, message);
        }
    }
}
