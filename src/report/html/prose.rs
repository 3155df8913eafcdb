//! Converts a guideline's Markdown to safe HTML: raw HTML becomes text, images become their alternative text,
//! and only web and mail links remain.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::report::encode::xml;
use crate::report::escape::escape_lines;

/// Renders `markdown`. All headings become `h4`, below those of the page.
#[must_use]
pub fn html(markdown: &str) -> String {
    html_with(markdown, &|_, _| None)
}

/// Like [`html`], but `code` may render the content of code blocks as safe HTML.
///
/// `code` receives the first word of the info string and the text, without control characters. If it returns
/// `None`, the text is shown without highlighting.
#[must_use]
pub fn html_with(markdown: &str, code: &dyn Fn(&str, &str) -> Option<String>) -> String {
    let safe = escape_lines(markdown);
    let mut links = Vec::new();
    let labelled = Parser::new_ext(&safe, Options::ENABLE_TABLES).flat_map(|event| match &event {
        Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => [example_label(info), Some(event)],
        _ => [Some(event), None],
    });
    let events = labelled.flatten().filter_map(|event| match event {
        Event::Html(text) if LABELS.contains(&&*text) => Some(Event::Html(text)),
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Heading { id, classes, attrs, .. }) => {
            Some(Event::Start(Tag::Heading { level: HeadingLevel::H4, id, classes, attrs }))
        }
        Event::End(TagEnd::Heading(_)) => Some(Event::End(TagEnd::Heading(HeadingLevel::H4))),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let web = is_web(&dest_url);
            links.push(web);
            web.then_some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        Event::End(TagEnd::Link) => links.pop().unwrap_or(false).then_some(Event::End(TagEnd::Link)),
        // The alternative text describes the image.
        Event::Start(Tag::Image { .. }) => Some(Event::Text(CowStr::Borrowed("["))),
        Event::End(TagEnd::Image) => Some(Event::Text(CowStr::Borrowed("]"))),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        other => Some(other),
    });
    let mut out = String::with_capacity(safe.len() * 5 / 4);
    pulldown_cmark::html::push_html(&mut out, CodeBlockEvents { events, code });
    // Prevents workflow commands if the page is printed to the log of a build server.
    xml::neutralize_lines(&out.replace("##", "#&#35;"))
}

/// Parser events in which the content of fenced code blocks is replaced by HTML.
struct CodeBlockEvents<'c, I> {
    events: I,
    code: &'c dyn Fn(&str, &str) -> Option<String>,
}

impl<'e, I: Iterator<Item = Event<'e>>> Iterator for CodeBlockEvents<'_, I> {
    type Item = Event<'e>;

    fn next(&mut self) -> Option<Event<'e>> {
        let event = self.events.next()?;
        let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) = &event else { return Some(event) };
        let language: String = info.split_whitespace().next().unwrap_or_default().to_owned();
        let mut text = String::new();
        for event in self.events.by_ref() {
            match event {
                Event::Text(part) => text.push_str(&part),
                // A code block contains only text events.
                _ => break,
            }
        }
        let inside = (self.code)(&language, &text).unwrap_or_else(|| xml::entities(&text));
        Some(Event::Html(CowStr::from(format!("<pre><code>{inside}</code></pre>\n"))))
    }
}

/// Labels above good and bad examples.
const LABELS: [&str; 2] = ["<p class=\"meta\">Good:</p>\n", "<p class=\"meta\">Bad:</p>\n"];

/// Returns the label of a code block whose info string marks it as a good or bad example.
fn example_label(info: &str) -> Option<Event<'static>> {
    let mut words = info.split_whitespace();
    let nth = words.find_map(|word| ["good", "bad"].iter().position(|kind| *kind == word))?;
    Some(Event::Html(CowStr::Borrowed(LABELS[nth])))
}

fn is_web(url: &str) -> bool {
    let lower = url.trim().to_ascii_lowercase();
    ["https://", "http://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_active() {
        let text = "A <script>alert(1)</script> [link](javascript:alert) [web](https://example.org) ![pic](x.png)\n\n\
                    <div onclick=x>\n\n# Head\n\n```js\n</code><b>\n```\n";
        let out = html(text);
        for active in ["<script", "<div", "javascript:", "<img", "<b>", "<h1"] {
            assert!(!out.contains(active), "{active} in {out}");
        }
        assert!(
            out.contains("<a href=\"https://example.org\">web</a>") && out.contains("<h4>Head</h4>"),
            "{out}"
        );
    }
}
