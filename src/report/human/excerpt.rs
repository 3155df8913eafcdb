//! Excerpts of source with the location marked, drawn by miette and truncated to the width of the terminal.

use std::fmt::{self, Write as _};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};
use unicode_width::UnicodeWidthChar as _;

use super::HumanStyle;
use crate::report::escape::{escape, escape_excerpt};
use crate::text::{Excerpt, Span};

/// Minimum number of columns of source, even in a narrower terminal.
const MIN_COLUMNS: usize = 16;

/// Draws the excerpt as lines that end with `\n`, with `label` at the marked location.
pub(super) fn draw_excerpt(excerpt: &Excerpt, label: Option<&str>, style: &HumanStyle) -> String {
    let (text, span) = escape_excerpt(excerpt);
    let first_line = excerpt.first_line as usize;
    let lines = text.split('\n').count();
    // ` 14 │ ` before the text, and additionally ` ╭─▶ ` if the location spans several lines.
    let margin = (first_line + lines).to_string().len() + 4 + if lines > 1 { 5 } else { 0 };
    let columns = style.width.saturating_sub(margin).max(MIN_COLUMNS);
    let (text, span) = fit_columns(&text, span, columns, style.paint().ellipsis());
    let shown = ExcerptDiagnostic {
        label: LabeledSpan::new(label.map(|label| escape(label).into_owned()), span.start, span.len()),
        source: NumberedText { text, first_line },
    };
    let mut out = String::new();
    if handler(style).render_report(&mut out, &shown).is_err() {
        return draw_plain(&shown.source);
    }
    // The first line of miette is for the message, which this report prints itself.
    out.split_once('\n').map_or_else(|| draw_plain(&shown.source), |(_, drawn)| drawn.to_owned())
}

fn handler(style: &HumanStyle) -> GraphicalReportHandler {
    let characters = if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    let styles = if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_width(style.width.max(MIN_COLUMNS))
        .with_context_lines(8) // The text contains exactly the lines to show; 0 would cut them at the location.
        .without_primary_span_start()
        .with_urls(false)
        .without_syntax_highlighting()
}

fn draw_plain(source: &NumberedText) -> String {
    let mut out = String::new();
    for (index, line) in source.text.split('\n').enumerate() {
        let _ = writeln!(out, " {} | {line}", source.first_line + index);
    }
    out
}

/// Truncates each line of `text` to `columns` so that the location remains visible.
fn fit_columns(text: &str, span: Span, columns: usize, ellipsis: &str) -> (String, Span) {
    let mut out = String::with_capacity(text.len());
    let (mut start, mut end) = (None, 0);
    let mut offset = 0;
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let clamp = |at: usize| at.clamp(offset, offset + line.len()) - offset;
        let mark = Span::new(clamp(span.start), clamp(span.end));
        let starts_here = (offset..=offset + line.len()).contains(&span.start);
        let focus = if starts_here { mark } else { Span::at(0) };
        let kept = visible_part(line, focus, columns, ellipsis.chars().count());
        if kept.start > 0 {
            out.push_str(ellipsis);
        }
        let base = out.len();
        out.push_str(&line[kept.start..kept.end]);
        let mapped = |at: usize| base + at.clamp(kept.start, kept.end) - kept.start;
        if starts_here {
            start.get_or_insert(mapped(mark.start));
        }
        if span.end >= offset {
            end = mapped(mark.end);
        }
        if kept.end < line.len() {
            out.push_str(ellipsis);
        }
        offset += line.len() + 1;
    }
    let start = start.unwrap_or(0);
    (out, Span::new(start, end))
}

/// Returns the visible part of `line`: the whole line if it fits, otherwise a part around the start of
/// `focus`.
fn visible_part(line: &str, focus: Span, columns: usize, ellipsis: usize) -> Span {
    let width = |text: &str| text.chars().map(|c| c.width().unwrap_or(0)).sum::<usize>();
    if width(line) <= columns {
        return Span::new(0, line.len());
    }
    let room = columns.saturating_sub(2 * ellipsis).max(1);
    let mut start = 0;
    if width(&line[..focus.end]) > room {
        // Some text before the location, then the location; as much as keeps its end visible, too.
        let lead = room.saturating_sub(width(&line[focus.start..focus.end])).clamp(room / 5, room / 2);
        start = focus.start;
        let mut seen = 0;
        for (at, character) in line[..focus.start].char_indices().rev() {
            seen += character.width().unwrap_or(0);
            if seen > lead {
                break;
            }
            start = at;
        }
    }
    let mut seen = 0;
    let end = line[start..].char_indices().find_map(|(at, character)| {
        seen += character.width().unwrap_or(0);
        (seen > room).then_some(start + at)
    });
    Span::new(start, end.unwrap_or(line.len()))
}

/// Source text whose first line has the number `first_line`.
#[derive(Debug)]
struct NumberedText {
    text: String,
    first_line: usize,
}

impl SourceCode for NumberedText {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.text.read_span(span, before, after)?;
        let line = inner.line() + self.first_line.saturating_sub(1);
        Ok(Box::new(MietteSpanContents::new(
            inner.data(),
            *inner.span(),
            line,
            inner.column(),
            inner.line_count(),
        )))
    }
}

/// Diagnostic for miette with one marked location and no message.
#[derive(Debug)]
struct ExcerptDiagnostic {
    source: NumberedText,
    label: LabeledSpan,
}

impl fmt::Display for ExcerptDiagnostic {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for ExcerptDiagnostic {}

impl Diagnostic for ExcerptDiagnostic {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.label.clone())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::escape::is_unsafe;
    use crate::text::LineIndex;

    fn style(width: usize) -> HumanStyle {
        HumanStyle { width, ..HumanStyle::default() }
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let line = format!("{}needle{}", "a".repeat(100), "b".repeat(100));
        let (text, span) = fit_columns(&line, Span::new(100, 106), 30, "…");
        assert_eq!(&text[span.start..span.end], "needle");
        assert!(text.starts_with('…') && text.ends_with('…') && text.chars().count() <= 30, "{text}");
        let (text, span) = fit_columns("short", Span::new(0, 5), 30, "…");
        assert_eq!((text.as_str(), span), ("short", Span::new(0, 5)));
    }

    #[test]
    fn line_numbers_are_those_of_the_file() {
        let text = "one\ntwo\nthree four\n";
        let drawn = draw_excerpt(
            &Excerpt::new(text, &LineIndex::new(text), Span::new(14, 18)),
            Some("here"),
            &style(80),
        );
        assert!(drawn.contains(" 3 │ three four"), "{drawn}");
        assert!(drawn.contains("╰── here"), "{drawn}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_text_can_be_drawn_at_any_width(
            text in "[a-zé漢\\t\\n\\r\\x1b\u{301}\u{200b} ]{0,80}",
            a in 0usize..300, b in 0usize..300, width in 0usize..60,
        ) {
            let floor = |mut at: usize| {
                at = at.min(text.len());
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                at
            };
            let span = Span::new(floor(a.min(b)), floor(a.max(b)));
            let excerpt = Excerpt::new(&text, &LineIndex::new(&text), span);
            let drawn = draw_excerpt(&excerpt, Some("a\x1bb"), &style(width));
            prop_assert!(!drawn.is_empty());
            prop_assert!(!drawn.chars().any(|c| c != '\n' && is_unsafe(c)), "{drawn:?}");
        }
    }
}
