//! INI files: sections of `key = value` lines, in the dialects of Git, EditorConfig and Python.

use std::collections::HashMap;

use super::limits::{DocumentLimits, NodeBudget, syntax_error};
use super::table::Table;
use super::{LoadError, Member, Node, NodeKind};
use crate::text::Span;

/// Parses sections into objects with text values; keys before the first section are members of the root.
///
/// Lines that start with `;` or `#` are comments. A line that is indented deeper than the preceding key
/// continues the value of that key. A key without `=` or `:` has the value `null`. A repeated section is
/// continued; of several equal keys, the last one counts.
pub(super) fn load(text: &str, limits: &DocumentLimits) -> Result<Node, LoadError> {
    let mut reader = IniReader {
        budget: NodeBudget::new(limits),
        sections: Vec::new(),
        numbers: HashMap::new(),
        top: Table::default(),
        last: None,
    };
    reader.budget.spend_node()?;
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
        if reader.continue_value(trimmed, indent, span, current) {
            continue;
        }
        reader.last = None;
        if let Some(rest) = trimmed.strip_prefix('[') {
            let Some(close) = find_section_end(rest) else {
                return Err(syntax_error("this section header has no closing `]`", span));
            };
            current = Some(reader.open_section(
                &rest[..close],
                Span::new(span.start + 1, span.start + 1 + close),
                span,
            )?);
        } else {
            reader.read_key(trimmed, indent, span, current)?;
        }
    }
    Ok(reader.into_node(text.len()))
}

struct IniReader {
    budget: NodeBudget,
    top: Table,
    /// For each section: index of its member in `top`, span of its header, and content.
    sections: Vec<(usize, Span, Table)>,
    /// Index in `top` → index in `sections`.
    numbers: HashMap<usize, usize>,
    /// Indent and table index of the key that a deeper indented line continues.
    last: Option<(usize, usize)>,
}

impl IniReader {
    fn current_table(&mut self, current: Option<usize>) -> &mut Table {
        match current {
            Some(section) => &mut self.sections[section].2,
            None => &mut self.top,
        }
    }

    /// Appends the line to the value of the preceding key, if it is indented deeper than that key.
    fn continue_value(&mut self, line: &str, indent: usize, span: Span, current: Option<usize>) -> bool {
        let Some((_, place)) = self.last.filter(|(of_key, _)| indent > *of_key) else { return false };
        let Some(member) = self.current_table(current).member(place) else { return false };
        let NodeKind::String(value) = &mut member.value.kind else { return false };
        if value.is_empty() {
            member.value.span.start = span.start;
        }
        value.push('\n');
        value.push_str(line);
        member.value.span.end = span.end;
        true
    }

    fn open_section(&mut self, name: &str, key_span: Span, span: Span) -> Result<usize, LoadError> {
        if let Some(place) = self.top.position(name)
            && let Some(&known) = self.numbers.get(&place)
        {
            return Ok(known);
        }
        self.budget.spend_node()?;
        let value = Node { span, kind: NodeKind::Null };
        let place = self.top.put(Member { key: name.to_owned(), key_span, value });
        self.numbers.insert(place, self.sections.len());
        self.sections.push((place, span, Table::default()));
        Ok(self.sections.len() - 1)
    }

    fn read_key(
        &mut self,
        line: &str,
        indent: usize,
        span: Span,
        current: Option<usize>,
    ) -> Result<(), LoadError> {
        self.budget.spend_node()?;
        let separator = find_separator(line);
        let key = line[..separator.unwrap_or(line.len())].trim_end();
        let key_span = Span::new(span.start, span.start + key.len());
        if key.is_empty() {
            return Err(syntax_error("this line has no key before its value", span));
        }
        let value = match separator {
            None => Node { span: Span::at(key_span.end), kind: NodeKind::Null },
            Some(separator) => {
                let value = line[separator + 1..].trim_start();
                let start = span.end - value.len();
                Node { span: Span::new(start, span.end), kind: NodeKind::String(value.to_owned()) }
            }
        };
        let place = self.current_table(current).put(Member { key: key.to_owned(), key_span, value });
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

/// Offset at which the key ends: the first `=` or `:`. In a line with `=`, a `:` only counts before a blank
/// or at the end of the line, as keys can contain it (`@scope:registry = …` in `.npmrc`).
fn find_separator(line: &str) -> Option<usize> {
    let has_equals = line.contains('=');
    line.match_indices(['=', ':']).map(|(at, _)| at).find(|&at| {
        let after = &line[at + 1..];
        !has_equals || line[at..].starts_with('=') || after.is_empty() || after.starts_with([' ', '\t'])
    })
}

/// Offset at which the name of a section ends: the first `]` that only a comment follows, or else the first
/// one. Names may contain `]`, for example `[*.[ch]]` of EditorConfig.
fn find_section_end(rest: &str) -> Option<usize> {
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
        assert_eq!(load(text, &DocumentLimits::DOCUMENT).expect("INI").to_json(), want);
    }

    #[test]
    fn keys_and_sections_end_as_in_other_parsers() {
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
            assert_eq!(load(text, &DocumentLimits::DOCUMENT).expect("INI").to_json(), want, "{text}");
        }
    }

    #[test]
    fn invalid_lines_are_reported_with_their_position() {
        for (text, at) in [("a=1\n[b\n", 4), ("  = x", 2)] {
            match load(text, &DocumentLimits::DOCUMENT) {
                Err(LoadError::Syntax { span, .. }) => assert_eq!(span.start, at, "{text:?}"),
                other => panic!("{text:?} gave {other:?}"),
            }
        }
    }
}
