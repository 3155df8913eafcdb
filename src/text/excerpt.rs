//! Excerpts: the lines of source that a report shows for a finding.

use serde::{Deserialize, Serialize};

use super::{LineIndex, Span};

/// Maximum length of a line in an excerpt, in bytes. Longer lines are cut to the part around the finding.
const MAX_LINE_BYTES: usize = 240;
/// Maximum number of lines in an excerpt.
const MAX_LINES: usize = 6;

/// A few lines of source around a finding, cut to a bounded size. Not escaped: each output format escapes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// 1-based line number of the first line.
    pub first_line: u32,
    /// The lines, joined by `\n`, without a final line ending.
    pub text: String,
    /// Span of the finding in [`Excerpt::text`].
    pub span: Span,
    /// Whether a part of the finding's span was cut off.
    pub cut: bool,
}

impl Excerpt {
    /// Creates an excerpt of the lines of `text` that `span` covers, cut to a few lines of bounded length.
    #[must_use]
    pub fn new(text: &str, lines: &LineIndex, span: Span) -> Self {
        let first = lines.line_of(span.start);
        let last_byte = if span.is_empty() { span.end } else { span.end - 1 };
        let last = lines.line_of(last_byte).max(first);
        let shown = last.min(first + MAX_LINES - 1);
        let mut out = String::new();
        let (mut start, mut end) = (None, 0);
        let mut cut = shown < last;
        for line in first..=shown {
            let whole = lines.line_span(text, line);
            let focus = span.start.clamp(whole.start, whole.end);
            let kept = clip_line(text, whole, focus);
            cut |= kept != whole && span.end > kept.end;
            if line > first {
                out.push('\n');
            }
            let base = out.len();
            out.push_str(&text[kept.start..kept.end]);
            let within = |offset: usize| base + offset.clamp(kept.start, kept.end) - kept.start;
            start.get_or_insert_with(|| within(span.start));
            end = within(span.end);
        }
        let span = Span::new(start.unwrap_or(0), end);
        Self { first_line: u32::try_from(first + 1).unwrap_or(u32::MAX), text: out, span, cut }
    }
}

/// Part of a long line that an excerpt contains: some bytes before `focus`, and more after it.
fn clip_line(text: &str, line: Span, focus: usize) -> Span {
    if line.len() <= MAX_LINE_BYTES {
        return line;
    }
    let mut start = focus.saturating_sub(MAX_LINE_BYTES / 4).max(line.start);
    let mut end = (start + MAX_LINE_BYTES).min(line.end);
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Span::new(start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, span: std::ops::Range<usize>) -> Excerpt {
        Excerpt::new(text, &LineIndex::new(text), span.into())
    }

    #[test]
    fn an_excerpt_contains_the_lines_of_the_span() {
        let got = excerpt("one\ntwo three\nfour\n", 8..13);
        assert_eq!((got.first_line, got.text.as_str()), (2, "two three"));
        assert_eq!(&got.text[got.span.start..got.span.end], "three");
    }

    #[test]
    fn long_lines_and_spans_are_cut_at_character_boundaries() {
        let long = format!("{}needle{}", "é".repeat(400), "ü".repeat(90_000));
        let got = excerpt(&long, 800..806);
        assert_eq!(&got.text[got.span.start..got.span.end], "needle");
        assert!(got.text.len() <= MAX_LINE_BYTES + 1 && !got.cut);
        let tall = "x\n".repeat(100);
        let got = excerpt(&tall, 0..200);
        assert!(got.cut && got.text.lines().count() == MAX_LINES);
    }
}
