//! Renders Markdown for a terminal: wrapped paragraphs, lists, indented code. All text is escaped.

use std::fmt::Write as _;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::report::escape::{escape, escape_lines};
use crate::report::{Paint, Role, wrap};

/// Renders Markdown as terminal text.
pub(super) fn render(markdown: &str, width: usize, paint: Paint) -> String {
    let mut page = Page { width, paint, ..Page::default() };
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES;
    for (event, range) in Parser::new_ext(markdown, options).into_offset_iter() {
        match event {
            Event::Start(Tag::Table(_)) => page.write_table_source(markdown.get(range).unwrap_or_default()),
            Event::End(TagEnd::Table) => page.in_table = false,
            _ if page.in_table => {}
            event => page.handle_event(event),
        }
    }
    page.flush();
    page.out
}

struct Page {
    out: String,
    width: usize,
    paint: Paint,
    /// Text of the current block.
    text: String,
    /// Open lists: the next number, or `None` for bullets.
    lists: Vec<Option<u64>>,
    /// Marker of a list item that has not been written yet.
    mark: Option<String>,
    quotes: usize,
    code: Option<String>,
    /// Lines of the current HTML block.
    html: Option<String>,
    /// Whether the parser is inside a table, which is shown as source.
    in_table: bool,
    link: Option<String>,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            out: String::new(),
            width: 80,
            paint: Paint { color: false, unicode: false },
            text: String::new(),
            lists: Vec::new(),
            mark: None,
            quotes: 0,
            code: None,
            html: None,
            in_table: false,
            link: None,
        }
    }
}

impl Page {
    fn handle_event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start_tag(tag),
            Event::End(tag) => self.end_tag(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.text.push_str(&escape(&text)),
            },
            Event::Code(code) => {
                let code = format!("`{}`", escape(&code));
                self.text.push_str(&self.paint.text(Role::Code, &code));
            }
            Event::Html(html) | Event::InlineHtml(html) => match &mut self.html {
                Some(lines) => lines.push_str(&html),
                None => self.text.push_str(&escape(&html)),
            },
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak => self.text.push('\n'),
            Event::Rule => {
                self.separate_block();
                self.write_bare_marker();
                self.out.push_str(&self.paint.stroke().repeat(3));
                self.out.push('\n');
            }
            _ => {}
        }
    }

    fn start_tag(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::Heading { .. } => {
                self.flush();
                self.separate_block();
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                self.separate_block();
                if let CodeBlockKind::Fenced(info) = kind {
                    self.write_example_label(&info);
                }
                self.write_bare_marker();
                self.code = Some(String::new());
            }
            Tag::List(first) => {
                self.flush();
                self.write_bare_marker();
                if self.lists.is_empty() {
                    self.separate_block();
                }
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush();
                let depth = self.lists.len().min(8);
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number = number.saturating_add(1);
                        format!("{}.", number.saturating_sub(1))
                    }
                    _ => "-".to_owned(),
                };
                self.mark = Some(format!("{}{mark} ", "  ".repeat(depth)));
            }
            Tag::BlockQuote(_) => {
                self.flush();
                self.separate_block();
                self.quotes += 1;
            }
            Tag::HtmlBlock => {
                self.flush();
                self.separate_block();
                self.html = Some(String::new());
            }
            Tag::Link { dest_url, .. } => self.link = Some(escape(&dest_url).into_owned()),
            _ => {}
        }
    }

    fn end_tag(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.flush(),
            TagEnd::Item => {
                self.flush();
                self.write_bare_marker();
            }
            TagEnd::HtmlBlock => {
                let html = self.html.take().unwrap_or_default();
                self.write_unchanged(&html);
            }
            TagEnd::Heading(level) => {
                let role = if level <= HeadingLevel::H3 { Role::Strong } else { Role::Faint };
                self.text = self.paint.text(role, &self.text);
                self.flush();
            }
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or_default();
                let indent = format!("{}    ", self.indent());
                for line in escape_lines(&code).lines() {
                    self.out.push_str(format!("{indent}{}", self.paint.text(Role::Code, line)).trim_end());
                    self.out.push('\n');
                }
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.quotes = self.quotes.saturating_sub(1);
            }
            TagEnd::Link => {
                if let Some(target) = self.link.take().filter(|target| !self.text.ends_with(target.as_str()))
                {
                    let _ = write!(self.text, " <{target}>");
                }
            }
            _ => {}
        }
    }

    /// Writes the label of an example: good or bad, and the path of its file, from the info string of its
    /// fence.
    fn write_example_label(&mut self, info: &str) {
        let words: Vec<&str> = info.split_whitespace().collect();
        let kind = words.iter().find_map(|word| match *word {
            "good" => Some((Role::Kept, "good:")),
            "bad" => Some((Role::Warning, "bad:")),
            _ => None,
        });
        if let Some((role, label)) = kind {
            let path = words.iter().find_map(|word| word.strip_prefix("path="));
            let path = path.map(|path| format!(" {}", escape(path))).unwrap_or_default();
            let before = self.mark.take().unwrap_or_else(|| format!("{}  ", self.indent()));
            let line = format!("{before}{}{path}\n", self.paint.text(role, label));
            self.out.push_str(&line);
        }
    }

    /// Writes the source of a table, whose author has already aligned the columns.
    fn write_table_source(&mut self, table: &str) {
        self.flush();
        self.separate_block();
        self.in_table = true;
        self.write_unchanged(table);
    }

    /// Writes lines unchanged, with the current indentation.
    fn write_unchanged(&mut self, text: &str) {
        self.write_bare_marker();
        let indent = self.indent();
        for line in escape_lines(text.trim_end()).lines() {
            self.out.push_str(format!("{indent}{line}").trim_end());
            self.out.push('\n');
        }
    }

    /// Writes the marker of a list item that does not begin with text.
    fn write_bare_marker(&mut self) {
        if let Some(mark) = self.mark.take() {
            self.out.push_str(mark.trim_end());
            self.out.push('\n');
        }
    }

    fn indent(&self) -> String {
        "  ".repeat(self.lists.len().min(8) * 2)
    }

    fn separate_block(&mut self) {
        if !self.out.is_empty() && self.mark.is_none() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// Writes the text of the current block.
    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        if text.trim().is_empty() {
            return;
        }
        let quote = "> ".repeat(self.quotes.min(8));
        let rest = match &self.mark {
            Some(mark) => " ".repeat(mark.len()),
            None => self.indent(),
        };
        let first = self.mark.take().unwrap_or_else(|| rest.clone());
        let wrapped = wrap(self.width, &format!("{first}{quote}"), &format!("{rest}{quote}"), text.trim());
        self.out.push_str(&wrapped);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::escape::is_unsafe;

    const PLAIN: Paint = Paint { color: false, unicode: true };

    #[test]
    fn prose_lists_and_code_are_rendered() {
        let markdown = "A paragraph that is long enough\nto wrap with `code` in it.\n\n- one\n- two\n  - deep\n\n\
                        1. first\n2. second\n\n```python good path=a/b.py\nx = 1\n\ty = 2\n```\n\n\
                        See [the page](https://example.com).\n";
        let expected = "\
A paragraph that is long
enough to wrap with `code` in
it.

  - one
  - two
    - deep

  1. first
  2. second

  good: a/b.py
    x = 1
        y = 2

See the page
<https://example.com>.
";
        assert_eq!(render(markdown, 30, PLAIN), expected);
    }

    #[test]
    fn other_blocks_keep_their_lines_and_markers() {
        for (markdown, expected) in [
            ("1. ```sh\n   make\n   ```\n2. b\n", "  1.\n        make\n  2. b\n"),
            ("- ```sh good path=x\n  make\n  ```\n", "  - good: x\n        make\n"),
            ("- - deep\n", "  -\n    - deep\n"),
            ("-\n\nafter\n", "  -\n\nafter\n"),
            (
                "<details>\n<summary>x</summary>\n</details>\n",
                "<details>\n<summary>x</summary>\n</details>\n",
            ),
            ("a <b>bold</b> word\n", "a <b>bold</b> word\n"),
            (
                "a\n\n| x | y |\n|---|---|\n| 1 | `2` |\n\nb\n",
                "a\n\n| x | y |\n|---|---|\n| 1 | `2` |\n\nb\n",
            ),
        ] {
            assert_eq!(render(markdown, 60, PLAIN), expected, "{markdown}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_markdown_is_safe_to_show(
            text in "([a-z \\x1b\u{202e}\u{200b}`*_#>|<&\\[\\]()0-9.-]|\n|\t|\r|```|    |- |1\\. ){0,60}",
            width in 0usize..100,
        ) {
            let shown = render(&text, width, PLAIN);
            prop_assert!(!shown.chars().any(|c| c != '\n' && is_unsafe(c)), "{shown:?}");
        }
    }
}
