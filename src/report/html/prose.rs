//! A guideline's Markdown as HTML in which nothing is active: no HTML of its own, no pictures, links to the web only.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::report::encode::xml;
use crate::report::escape::escape_lines;

/// Renders `markdown`. Headings begin below those of the page.
#[must_use]
pub fn html(markdown: &str) -> String {
    html_with(markdown, &|_, _| None)
}

/// The same; `code` gives the inside of a block of code as safe HTML, from the first word of its info string and its text,
/// which has nothing in it that a terminal obeys. Where it gives none, the text is shown as it is.
#[must_use]
pub fn html_with(markdown: &str, code: &dyn Fn(&str, &str) -> Option<String>) -> String {
    let safe = escape_lines(markdown);
    let mut links = Vec::new();
    let labelled = Parser::new_ext(&safe, Options::ENABLE_TABLES).flat_map(|event| match &event {
        Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => [label(info), Some(event)],
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
        // What a picture shows is said by its text.
        Event::Start(Tag::Image { .. }) => Some(Event::Text(CowStr::Borrowed("["))),
        Event::End(TagEnd::Image) => Some(Event::Text(CowStr::Borrowed("]"))),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        other => Some(other),
    });
    let mut out = String::with_capacity(safe.len() * 5 / 4);
    pulldown_cmark::html::push_html(&mut out, Blocks { events, code });
    // No order to a build server, should the page be printed to a log.
    xml::unordered_lines(&out.replace("##", "#&#35;"))
}

/// Events in which the text of each block of code may be HTML.
struct Blocks<'c, I> {
    events: I,
    code: &'c dyn Fn(&str, &str) -> Option<String>,
}

impl<'e, I: Iterator<Item = Event<'e>>> Iterator for Blocks<'_, I> {
    type Item = Event<'e>;

    fn next(&mut self) -> Option<Event<'e>> {
        let event = self.events.next()?;
        let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) = &event else { return Some(event) };
        let language: String = info.split_whitespace().next().unwrap_or_default().to_owned();
        let mut text = String::new();
        for event in self.events.by_ref() {
            match event {
                Event::Text(part) => text.push_str(&part),
                // Nothing else stands in code.
                _ => break,
            }
        }
        let inside = (self.code)(&language, &text).unwrap_or_else(|| xml::entities(&text));
        Some(Event::Html(CowStr::from(format!("<pre><code>{inside}</code></pre>\n"))))
    }
}

/// What stands in front of an example.
const LABELS: [&str; 2] = ["<p class=\"meta\">Keeps it:</p>\n", "<p class=\"meta\">Does not keep it:</p>\n"];

/// The label of a fence that is an example: its info string says so.
fn label(info: &str) -> Option<Event<'static>> {
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
