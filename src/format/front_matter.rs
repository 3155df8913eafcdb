//! Front matter: its position in a guideline file, and its tree with positions.

use crate::data::{self, DocumentFormat, DocumentLimits, LoadError, Node, NodeKind};
use crate::text::Span;

/// Positions of the parts of a guideline file, as byte offsets in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileParts {
    /// Opening `---`, after a byte order mark if there is one.
    pub(super) opening: Span,
    /// End of the front matter (exclusive): start of the closing `---`.
    pub(super) end: usize,
    /// Start of the prose.
    pub(super) body: usize,
}

/// A problem of a file as a whole: place, message, label, help.
pub(super) type FileProblem = (Span, String, &'static str, Option<String>);

/// Finds the front matter between the `---` on the first line and the next `---`.
pub(super) fn split_front_matter(text: &str) -> Result<FileParts, FileProblem> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut lines = text[start..].split_inclusive('\n');
    let first = lines.next().unwrap_or("");
    if !is_delimiter(first) {
        let message = if text[start..].trim().is_empty() {
            "the file is empty"
        } else {
            "a guideline file starts with `---` on its first line"
        };
        let help = "put the front matter at the top, between two lines that contain only `---`; \
                    `stanchion new ID` writes a complete file to start from";
        let span = Span::new(start, start + first.trim_end().len());
        return Err((span, message.to_owned(), "expected `---`", Some(help.to_owned())));
    }
    let opening = Span::new(start, start + 3);
    let mut at = start + first.len();
    for line in lines {
        if is_delimiter(line) {
            return Ok(FileParts { opening, end: at, body: at + line.len() });
        }
        at += line.len();
    }
    let help = "end the front matter with a line that contains only `---`".to_owned();
    Err((opening, "the front matter is not closed".to_owned(), "opened here", Some(help)))
}

fn is_delimiter(line: &str) -> bool {
    line.trim_end() == "---"
}

/// Parses the front matter as one YAML mapping; spans are byte offsets in the file.
pub(super) fn load_front_matter(text: &str, parts: &FileParts) -> Result<Node, FileProblem> {
    let offset = parts.opening.start;
    let yaml = &text[offset..parts.end];
    let mut documents = data::load(DocumentFormat::Yaml, yaml, &DocumentLimits::FRONT_MATTER)
        .map_err(|error| explain_load_error(error, offset))?;
    let mut root = match (documents.pop(), documents.is_empty()) {
        (Some(root), true) => root,
        (None, _) => Node { span: Span::at(yaml.len()), kind: NodeKind::Null },
        (Some(_), false) => {
            let message = "the front matter contains more than one YAML document".to_owned();
            return Err((parts.opening, message, "this front matter", None));
        }
    };
    if offset > 0 {
        shift_spans(&mut root, offset);
    }
    match root.kind {
        NodeKind::Object(_) => Ok(root),
        NodeKind::Null => {
            let help = "`stanchion new ID` writes a complete file to start from".to_owned();
            Err((parts.opening, "the front matter is empty".to_owned(), "empty", Some(help)))
        }
        _ => {
            let message = "the front matter is not a mapping of `key: value` lines".to_owned();
            Err((root.span, message, "expected `key: value`", None))
        }
    }
}

fn explain_load_error(error: LoadError, offset: usize) -> FileProblem {
    match error {
        LoadError::Syntax { message, span } => {
            let help = yaml_help(&message).map(str::to_owned);
            (shift_span(span, offset), format!("invalid YAML in the front matter: {message}"), "here", help)
        }
        LoadError::TooDeep { span } => (
            shift_span(span, offset),
            "the front matter is nested too deeply".to_owned(),
            "too deep here",
            Some("use fewer levels of nesting".to_owned()),
        ),
        LoadError::TooManyNodes => (
            Span::at(offset),
            "the front matter has too many values".to_owned(),
            "",
            Some("shorten it".to_owned()),
        ),
    }
}

/// Returns help for an error message of the YAML parser.
fn yaml_help(message: &str) -> Option<&'static str> {
    let quotes = "put a text in quotes if it begins with one of ` @ * & ! % | > { [ or contains `: ` or ` #`";
    let columns = "start the keys of a mapping in the same column, and each item of a list with `- `";
    let table = [
        ("tab", "YAML is indented with spaces; replace tabs with spaces"),
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
        ("unclosed quote", "close the text with the quote that it begins with"),
        ("illegal placement", quotes),
        ("flow", "end an inline list with `]` and an inline mapping with `}`, and put `,` between the items"),
    ];
    table.iter().find(|(words, _)| message.contains(words)).map(|(_, help)| *help)
}

fn shift_span(span: Span, offset: usize) -> Span {
    Span::new(span.start + offset, span.end + offset)
}

fn shift_spans(node: &mut Node, offset: usize) {
    node.span = shift_span(node.span, offset);
    match &mut node.kind {
        NodeKind::Array(items) => items.iter_mut().for_each(|item| shift_spans(item, offset)),
        NodeKind::Object(members) => {
            for member in members {
                member.key_span = shift_span(member.key_span, offset);
                shift_spans(&mut member.value, offset);
            }
        }
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_in_yaml_come_with_help() {
        for (yaml, help) in [
            ("a: `x` y", "put a text in quotes"),
            ("a: b: c", "put a text in quotes"),
            ("a: [**/*.py]", "put the text in quotes"),
            (r#"a: "\d""#, "single quotes"),
            ("a:\n\t- b", "spaces"),
            ("a:\n  - b: 1\n   c: 2", "same column"),
            ("a: 1\n b: 2", ""),
            ("a: 'x\nb: 2", "close the text"),
            ("a: [x\nb: 2\n", ""),
        ] {
            let text = format!("---\n{yaml}\n---\n");
            let parts = split_front_matter(&text).expect("parts");
            let (_, message, _, found) = load_front_matter(&text, &parts).expect_err(yaml);
            assert!(found.as_ref().is_some_and(|found| found.contains(help)), "{yaml}: {message}: {found:?}");
        }
    }

    #[test]
    fn parts_are_found_and_problems_are_reported() {
        let parts = split_front_matter("---\na: 1\n---\nbody").expect("parts");
        assert_eq!((parts.end, parts.body), (9, 13));
        let parts =
            split_front_matter("\u{feff}---\r\na: 1\r\n---\r\nbody").expect("a mark and CRLF are fine");
        assert_eq!((parts.opening, parts.end, parts.body), (Span::new(3, 6), 14, 19));
        let parts = split_front_matter("---\n---").expect("an empty front matter is found");
        assert_eq!((parts.end, parts.body), (4, 7));
        for (text, message) in [
            ("", "the file is empty"),
            ("\n---\na: 1\n---\n", "a guideline file starts with `---` on its first line"),
            ("---\na: 1\n", "the front matter is not closed"),
        ] {
            assert_eq!(split_front_matter(text).expect_err(text).1, message);
        }
    }
}
