//! `.env` files: `NAME=value` lines in the syntax of `docker`, `dotenv` and shells.

use super::limits::{DocumentLimits, NodeBudget, syntax_error};
use super::table::Table;
use super::{LoadError, Member, Node, NodeKind};
use crate::text::Span;

/// Parses `NAME=value` lines. A name without `=` has the value `null`; every other value is text. Of several
/// lines with the same name, the last one counts. Variables are not expanded.
pub(super) fn load(text: &str, limits: &DocumentLimits) -> Result<Node, LoadError> {
    let mut budget = NodeBudget::new(limits);
    budget.spend_node()?;
    let mut table = Table::default();
    let mut at = 0;
    while at < text.len() {
        let end = line_end(text, at);
        let line = &text[at..end];
        let start = at + (line.len() - line.trim_start().len());
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            at = end + 1;
            continue;
        }
        budget.spend_node()?;
        let (member, next) = read_member(text, start, end)?;
        table.put(member);
        at = next;
    }
    Ok(table.into_node(Span::new(0, text.len())))
}

/// Parses the member at `start` on the line that ends at `end`; returns it and the start of the next line.
fn read_member(text: &str, start: usize, end: usize) -> Result<(Member, usize), LoadError> {
    let mut name_start = start;
    if let Some(rest) = text[start..end].strip_prefix("export")
        && rest.starts_with([' ', '\t'])
    {
        name_start = end - rest.trim_start().len();
    }
    let line = &text[name_start..end];
    let equals = line.find('=');
    let name = line[..equals.unwrap_or(line.len())].trim_end();
    let key_span = Span::new(name_start, name_start + name.len());
    if name.is_empty() || name.chars().any(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '#')) {
        let whole = Span::new(start, start + text[start..end].trim_end().len());
        return Err(syntax_error("this line is not `NAME=value`", whole));
    }
    let (value, next) = match equals {
        None => (Node { span: Span::at(key_span.end), kind: NodeKind::Null }, end + 1),
        Some(equals) => read_value(text, name_start + equals + 1, end)?,
    };
    Ok((Member { key: name.to_owned(), key_span, value }, next))
}

/// Parses the value after `=` at `from`; returns it and the start of the next line. Quoted values may contain
/// line endings.
fn read_value(text: &str, from: usize, end: usize) -> Result<(Node, usize), LoadError> {
    let start = from + (text[from..end].len() - text[from..end].trim_start().len());
    if let Some(quote @ ('"' | '\'')) = text[start..end].chars().next() {
        let Some((value, after)) = unquote(text, start, quote) else {
            return Err(syntax_error(format!("this value has no closing `{quote}`"), Span::new(start, end)));
        };
        let line_end = line_end(text, after);
        let rest = text[after..line_end].trim_start();
        if rest.is_empty() || rest.starts_with('#') {
            return Ok((Node { span: Span::new(start, after), kind: NodeKind::String(value) }, line_end + 1));
        }
    }
    let raw = &text[start..end];
    let comment =
        raw.char_indices().find(|&(at, c)| c == '#' && (at == 0 || raw[..at].ends_with([' ', '\t'])));
    let value = raw[..comment.map_or(raw.len(), |(at, _)| at)].trim_end();
    let span = Span::new(start, start + value.len());
    Ok((Node { span, kind: NodeKind::String(value.to_owned()) }, end + 1))
}

/// Returns the text between the quote at `start` and the closing quote, and the offset after the closing
/// quote.
fn unquote(text: &str, start: usize, quote: char) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut characters = text[start + 1..].char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => return Some((out, start + 1 + at + 1)),
            '\\' if quote == '"' => match characters.next()?.1 {
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                't' => out.push('\t'),
                escaped @ ('"' | '\\' | '$' | '`') => out.push(escaped),
                other => out.extend(['\\', other]),
            },
            _ => out.push(character),
        }
    }
    None
}

fn line_end(text: &str, from: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[from..]).map_or(text.len(), |at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_text() {
        let text = "# c\nA=1\r\nexport B = 'x # y' # c\nC=\"a\\n\\\"b\"\nD=a#b #c\nE=\nF\nA=2\nG=\"two\nlines\"\nH=\"a\"b\n";
        let want = serde_json::json!({
            "A": "2", "B": "x # y", "C": "a\n\"b", "D": "a#b", "E": "", "F": null, "G": "two\nlines", "H": "\"a\"b",
        });
        assert_eq!(load(text, &DocumentLimits::DOCUMENT).expect("env").to_json(), want);
    }

    #[test]
    fn invalid_lines_are_reported_with_their_position() {
        for (text, at) in [("A=1\nnot a line\n", 4), ("=x", 0), ("A='x\n", 2), ("A=\"\\", 2)] {
            match load(text, &DocumentLimits::DOCUMENT) {
                Err(LoadError::Syntax { span, .. }) => assert_eq!(span.start, at, "{text:?}"),
                other => panic!("{text:?} gave {other:?}"),
            }
        }
    }
}
