//! INI files: sections of `key = value` lines, as Git, EditorConfig and Python read them.

use std::collections::HashMap;

use super::limits::{Budget, Limits, syntax};
use super::table::Table;
use super::{Kind, LoadError, Member, Node};
use crate::text::Span;

/// Reads sections into objects of text; keys before the first section stand at the top. Lines that
/// start with `;` or `#` are comments. A line that is indented deeper than the key before it goes on
/// with that key's value. A key without `=` or `:` has the value `null`. A section that comes again
/// goes on, and the last of several equal keys counts.
pub(super) fn load(text: &str, limits: &Limits) -> Result<Node, LoadError> {
    let mut reader = Reader {
        budget: Budget::new(limits),
        sections: Vec::new(),
        numbers: HashMap::new(),
        top: Table::default(),
        last: None,
    };
    reader.budget.spend()?;
    let mut current = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let indent = line.len() - line.trim_start().len();
        let span = Span::new(at + indent, at + indent + trimmed.len());
        at += line.len();
        if trimmed.is_empty() || trimmed.starts_with([';', '#']) {
            continue;
        }
        if reader.go_on(trimmed, indent, span, current) {
            continue;
        }
        reader.last = None;
        if let Some(rest) = trimmed.strip_prefix('[') {
            let Some(close) = section_end(rest) else {
                return Err(syntax("this section has no closing `]`", span));
            };
            current = Some(reader.section(
                &rest[..close],
                Span::new(span.start + 1, span.start + 1 + close),
                span,
            )?);
        } else {
            reader.key(trimmed, indent, span, current)?;
        }
    }
    Ok(reader.into_node(text.len()))
}

struct Reader {
    budget: Budget,
    top: Table,
    /// Place in `top` of each section's member, where it starts, and what it holds.
    sections: Vec<(usize, Span, Table)>,
    /// Place in `top` → number of the section.
    numbers: HashMap<usize, usize>,
    /// The key that a deeper line goes on with: its indent and its place in its table.
    last: Option<(usize, usize)>,
}

impl Reader {
    fn table(&mut self, current: Option<usize>) -> &mut Table {
        match current {
            Some(section) => &mut self.sections[section].2,
            None => &mut self.top,
        }
    }

    /// Adds the line to the value of the key before it, if it is indented deeper than that key.
    fn go_on(&mut self, line: &str, indent: usize, span: Span, current: Option<usize>) -> bool {
        let Some((_, place)) = self.last.filter(|(of_key, _)| indent > *of_key) else { return false };
        let Some(member) = self.table(current).member(place) else { return false };
        let Kind::String(value) = &mut member.value.kind else { return false };
        if value.is_empty() {
            member.value.span.start = span.start;
        }
        value.push('\n');
        value.push_str(line);
        member.value.span.end = span.end;
        true
    }

    fn section(&mut self, name: &str, key_span: Span, span: Span) -> Result<usize, LoadError> {
        if let Some(place) = self.top.place(name)
            && let Some(&known) = self.numbers.get(&place)
        {
            return Ok(known);
        }
        self.budget.spend()?;
        let value = Node { span, kind: Kind::Null };
        let place = self.top.put(Member { key: name.to_owned(), key_span, value });
        self.numbers.insert(place, self.sections.len());
        self.sections.push((place, span, Table::default()));
        Ok(self.sections.len() - 1)
    }

    fn key(
        &mut self,
        line: &str,
        indent: usize,
        span: Span,
        current: Option<usize>,
    ) -> Result<(), LoadError> {
        self.budget.spend()?;
        let separator = separator(line);
        let key = line[..separator.unwrap_or(line.len())].trim_end();
        let key_span = Span::new(span.start, span.start + key.len());
        if key.is_empty() {
            return Err(syntax("this line has no key before its value", span));
        }
        let value = match separator {
            None => Node { span: Span::at(key_span.end), kind: Kind::Null },
            Some(separator) => {
                let value = line[separator + 1..].trim_start();
                let start = span.end - value.len();
                Node { span: Span::new(start, span.end), kind: Kind::String(value.to_owned()) }
            }
        };
        let place = self.table(current).put(Member { key: key.to_owned(), key_span, value });
        self.last = Some((indent, place));
        Ok(())
    }

    fn into_node(mut self, length: usize) -> Node {
        for (place, span, table) in self.sections {
            if let Some(member) = self.top.member(place) {
                member.value = table.into_node(span);
            }
        }
        self.top.into_node(Span::new(0, length))
    }
}

/// Where the key ends: the earliest `=` or `:`. In a line with `=`, a `:` only counts before a blank or
/// the line's end, as keys hold it (`@scope:registry = …` in `.npmrc`).
fn separator(line: &str) -> Option<usize> {
    let has_equals = line.contains('=');
    line.match_indices(['=', ':']).map(|(at, _)| at).find(|&at| {
        let after = &line[at + 1..];
        !has_equals || line[at..].starts_with('=') || after.is_empty() || after.starts_with([' ', '\t'])
    })
}

/// Where the name of a section ends: the first `]` with nothing behind it but a comment (names may hold
/// `]`, as `[*.[ch]]` of EditorConfig), or else the first one.
fn section_end(rest: &str) -> Option<usize> {
    let ends = |at: &usize| {
        let behind = rest[at + 1..].trim_start();
        behind.is_empty() || behind.starts_with([';', '#'])
    };
    let first = rest.find(']')?;
    Some(rest.match_indices(']').map(|(at, _)| at).find(ends).unwrap_or(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_become_objects() {
        let text = "root = true\n; c\n[*.py]\nindent = 4\r\n# c\nbare\n[remote \"origin\"]\n\turl = a:b\n\tfetch: x = y\n\
                    [*.py]\nindent = 2\n[options]\ninstall =\n  a\n\n  b ; c\nlast = z\n";
        let want = serde_json::json!({
            "root": "true", "*.py": {"indent": "2", "bare": null},
            "remote \"origin\"": {"url": "a:b", "fetch": "x = y"},
            "options": {"install": "\na\nb ; c", "last": "z"},
        });
        assert_eq!(load(text, &Limits::DOCUMENT).expect("INI").to_json(), want);
    }

    #[test]
    fn keys_and_sections_end_where_readers_end_them() {
        let cases = [
            ("@acme:registry=https://x.y/", serde_json::json!({"@acme:registry": "https://x.y/"})),
            ("//x.org/:_authToken=a:b", serde_json::json!({"//x.org/:_authToken": "a:b"})),
            ("a: b=c", serde_json::json!({"a": "b=c"})),
            ("a:\tb=c", serde_json::json!({"a": "b=c"})),
            ("a:b", serde_json::json!({"a": "b"})),
            ("a:b:", serde_json::json!({"a": "b:"})),
            ("a=b: c", serde_json::json!({"a": "b: c"})),
            ("a=:", serde_json::json!({"a": ":"})),
            ("a:=b", serde_json::json!({"a:": "b"})),
            ("[a] ; see [b]\nx=1", serde_json::json!({"a": {"x": "1"}})),
            ("[a] # [b]\nx=1", serde_json::json!({"a": {"x": "1"}})),
            ("[*.[ch]]\nx=1", serde_json::json!({"*.[ch]": {"x": "1"}})),
            ("[[ab].py] ; [c]\nx=1", serde_json::json!({"[ab].py": {"x": "1"}})),
            ("[a] b]c\nx=1", serde_json::json!({"a": {"x": "1"}})),
        ];
        for (text, want) in cases {
            assert_eq!(load(text, &Limits::DOCUMENT).expect("INI").to_json(), want, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_line_says_where() {
        for (text, at) in [("a=1\n[b\n", 4), ("  = x", 2)] {
            match load(text, &Limits::DOCUMENT) {
                Err(LoadError::Syntax { span, .. }) => assert_eq!(span.start, at, "{text:?}"),
                other => panic!("{text:?} gave {other:?}"),
            }
        }
    }
}
