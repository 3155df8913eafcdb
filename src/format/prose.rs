//! The Markdown below the front matter: its `##` sections and fences, with their positions.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::text::Span;

/// Sections and fences in the prose of a guideline. Offsets are byte offsets in the file.
#[derive(Debug, Default)]
pub(super) struct Prose {
    /// `##` sections in file order.
    pub(super) sections: Vec<Heading>,
    /// Fenced code blocks in file order.
    pub(super) fences: Vec<Fence>,
}

/// A `##` heading and its section.
#[derive(Debug)]
pub(super) struct Heading {
    /// Text of the heading.
    pub(super) title: String,
    /// Line of the heading.
    pub(super) span: Span,
    /// Section below it, up to the next heading of the same or a higher level.
    pub(super) below: Span,
}

/// A fenced code block.
#[derive(Debug)]
pub(super) struct Fence {
    /// Whole block.
    pub(super) span: Span,
    /// Words of its info string.
    pub(super) info: Vec<InfoWord>,
    /// Content, without the indentation of a surrounding list.
    pub(super) content: String,
    /// Start offsets of each run of content: in the content, and in the file.
    runs: Vec<(usize, usize)>,
}

/// A word of an info string.
#[derive(Debug)]
pub(super) struct InfoWord {
    /// Text of the word.
    pub(super) text: String,
    /// Position in the file.
    pub(super) span: Span,
}

impl Fence {
    /// Converts a byte offset in the content into a byte offset in the file.
    pub(super) fn file_offset(&self, offset: usize) -> usize {
        match self.runs.partition_point(|run| run.0 <= offset) {
            0 => self.span.start,
            after => {
                let (inner, outer) = self.runs[after - 1];
                (outer + offset - inner).min(self.span.end)
            }
        }
    }

    /// Whether the fence is not closed, so that it extends to the end of `text`.
    pub(super) fn is_open(&self, text: &str) -> bool {
        let block = text.get(self.span.start..self.span.end).unwrap_or("").trim_end();
        let mark = block.len() - block.trim_start_matches(['`', '~']).len();
        let last = block.lines().skip(1).last().map_or("", |line| line.trim().trim_start_matches(['>', ' ']));
        let closes = last.len() >= mark && last.chars().all(|c| block.starts_with(c));
        !closes && self.span.end >= text.trim_end().len()
    }

    /// Span of the fence's first line, without indentation.
    pub(super) fn head(&self) -> Span {
        let end = self.info.last().map_or(self.span.start + 3, |word| word.span.end);
        Span::new(self.span.start, end.min(self.span.end))
    }
}

/// Reads the Markdown of `text`, starting at byte `body`.
pub(super) fn read_prose(text: &str, body: usize) -> Prose {
    let mut prose = Prose::default();
    let mut depth = 0_usize;
    let mut heading: Option<(String, Span)> = None;
    let mut fence: Option<Fence> = None;
    for (event, range) in Parser::new_ext(&text[body..], Options::empty()).into_offset_iter() {
        let span = Span::new(range.start + body, range.end + body);
        match event {
            Event::Start(Tag::BlockQuote(_) | Tag::List(_) | Tag::Item) => depth += 1,
            Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item) => {
                depth = depth.saturating_sub(1);
            }
            Event::Start(Tag::Heading { level, .. }) if depth == 0 && level <= HeadingLevel::H2 => {
                end_section(&mut prose, span.start);
                if level == HeadingLevel::H2 {
                    heading = Some((String::new(), span));
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some((title, span)) = heading.take() {
                    let below = Span::new(span.end, text.len());
                    prose.sections.push(Heading {
                        title: title.trim().to_owned(),
                        span: trim_span(text, span),
                        below,
                    });
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => {
                let info = info_words(text, span);
                fence = Some(Fence { span, info, content: String::new(), runs: Vec::new() });
            }
            Event::End(TagEnd::CodeBlock) => prose.fences.extend(fence.take()),
            Event::Text(part) => match (&mut fence, &mut heading) {
                (Some(fence), _) => {
                    fence.runs.push((fence.content.len(), span.start));
                    fence.content.push_str(&part);
                }
                (None, Some((title, _))) => title.push_str(&part),
                (None, None) => {}
            },
            Event::Code(part) => {
                if let Some((title, _)) = &mut heading {
                    title.push_str(&part);
                }
            }
            _ => {}
        }
    }
    prose
}

/// Ends the last section at byte `at`.
fn end_section(prose: &mut Prose, at: usize) {
    if let Some(last) = prose.sections.last_mut() {
        last.below.end = last.below.end.min(at).max(last.below.start);
    }
}

fn trim_span(text: &str, span: Span) -> Span {
    let written = text.get(span.start..span.end).unwrap_or("");
    Span::new(span.start, span.start + written.trim_end().len())
}

/// Returns the words after the fence characters on the fence's first line.
fn info_words(text: &str, fence: Span) -> Vec<InfoWord> {
    let line = text[fence.start..fence.end].lines().next().unwrap_or("");
    let info = line.trim_start_matches(['`', '~']);
    let base = fence.start + line.len() - info.len();
    let mut words = Vec::new();
    let mut at = 0;
    for part in info.split(char::is_whitespace) {
        if !part.is_empty() {
            let start = base + at;
            words.push(InfoWord { text: part.to_owned(), span: Span::new(start, start + part.len()) });
        }
        at += part.len();
        at += info[at..].chars().next().map_or(0, char::len_utf8);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_and_fences_have_positions() {
        let text = "---\n---\nlead\n## Why `x`\nbecause\n### more\nyes\n\n- item\n\n  ```python  good path=a.py\n  def f():\n      pass\n  ```\n# Top\n> ## quoted\n\n## Then\n";
        let prose = read_prose(text, 8);
        let heads: Vec<_> = prose.sections.iter().map(|s| s.title.as_str()).collect();
        assert_eq!(heads, ["Why x", "Then"]);
        let below = prose.sections[0].below;
        assert!(text[below.start..below.end].starts_with("because\n### more"));
        assert!(!text[below.start..below.end].contains("# Top"));
        let fence = &prose.fences[0];
        assert_eq!(fence.content, "def f():\n    pass\n");
        assert_eq!(&text[fence.file_offset(9)..fence.file_offset(9) + 8], "    pass");
        let words: Vec<_> = fence.info.iter().map(|w| &text[w.span.start..w.span.end]).collect();
        assert_eq!(words, ["python", "good", "path=a.py"]);
    }

    #[test]
    fn an_unclosed_fence_is_recognized() {
        for (text, open) in [
            ("```py\nx\n```\n", false),
            ("```py\nx\n````", false),
            ("> ```py\n> x\n> ```\n", false),
            ("````py\nx\n```\n## Then\n", true),
            ("```py\nx\n## Then\ny\n", true),
            ("```py", true),
            ("```py\nx\n```\ntext", false),
        ] {
            assert_eq!(read_prose(text, 0).fences[0].is_open(text), open, "{text}");
        }
    }

    #[test]
    fn windows_line_endings_change_nothing() {
        let prose = read_prose("## A\r\nx\r\n```py good\r\na\r\nb\r\n```\r\n", 0);
        assert_eq!(prose.fences[0].content, "a\nb\n");
        assert_eq!(prose.fences[0].info[1].text, "good");
    }
}
