//! `.env` files: `NAME=value` lines as `docker`, `dotenv` and shells read them.

use super::limits::{Budget, Limits, syntax};
use super::table::Table;
use super::{Kind, LoadError, Member, Node};
use crate::text::Span;

/// Reads `NAME=value` lines. A name without `=` has the value `null`; every other value is text.
/// The last of several lines with one name counts. Nothing is expanded.
pub(super) fn load(text: &str, limits: &Limits) -> Result<Node, LoadError> {
    let mut budget = Budget::new(limits);
    budget.spend()?;
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
        budget.spend()?;
        let (member, next) = read_member(text, start, end)?;
        table.put(member);
        at = next;
    }
    Ok(table.into_node(Span::new(0, text.len())))
}

/// The member that starts at `start` on the line that ends at `end`, and where the next line starts.
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
        return Err(syntax("this line is not `NAME=value`", whole));
    }
    let (value, next) = match equals {
        None => (Node { span: Span::at(key_span.end), kind: Kind::Null }, end + 1),
        Some(equals) => read_value(text, name_start + equals + 1, end)?,
    };
    Ok((Member { key: name.to_owned(), key_span, value }, next))
}

/// The value after `=` at `from`, and where the next line starts. Quoted values may hold line ends.
fn read_value(text: &str, from: usize, end: usize) -> Result<(Node, usize), LoadError> {
    let start = from + (text[from..end].len() - text[from..end].trim_start().len());
    if let Some(quote @ ('"' | '\'')) = text[start..end].chars().next() {
        let Some((value, after)) = unquote(text, start, quote) else {
            return Err(syntax(format!("this value has no closing `{quote}`"), Span::new(start, end)));
        };
        let line_end = line_end(text, after);
        let rest = text[after..line_end].trim_start();
        if rest.is_empty() || rest.starts_with('#') {
            return Ok((Node { span: Span::new(start, after), kind: Kind::String(value) }, line_end + 1));
        }
    }
    let raw = &text[start..end];
    let comment =
        raw.char_indices().find(|&(at, c)| c == '#' && (at == 0 || raw[..at].ends_with([' ', '\t'])));
    let value = raw[..comment.map_or(raw.len(), |(at, _)| at)].trim_end();
    let span = Span::new(start, start + value.len());
    Ok((Node { span, kind: Kind::String(value.to_owned()) }, end + 1))
}

/// The text between the quote at `start` and its partner, and the offset after the partner.
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
        assert_eq!(load(text, &Limits::DOCUMENT).expect("env").to_json(), want);
    }

    #[test]
    fn what_is_not_a_line_says_where() {
        for (text, at) in [("A=1\nnot a line\n", 4), ("=x", 0), ("A='x\n", 2), ("A=\"\\", 2)] {
            match load(text, &Limits::DOCUMENT) {
                Err(LoadError::Syntax { span, .. }) => assert_eq!(span.start, at, "{text:?}"),
                other => panic!("{text:?} gave {other:?}"),
            }
        }
    }
}
