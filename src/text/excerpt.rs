//! Excerpts: the few lines of source that a finding shows.

use serde::{Deserialize, Serialize};

use super::{LineIndex, Span};

/// Longest line an excerpt keeps, in bytes; the rest is cut around the place it points at.
const LINE_BYTES: usize = 240;
/// Most lines of a long match that an excerpt keeps.
const LINES: usize = 6;

/// A few lines of source around a place, cut to a bounded size. Not escaped: every sink does that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// 1-based number of the first line shown.
    pub first_line: u32,
    /// The lines, joined by `\n`, without a last line end.
    pub text: String,
    /// The place inside [`Excerpt::text`].
    pub span: Span,
    /// Whether something was cut away inside the place.
    pub cut: bool,
}

impl Excerpt {
    /// The lines of `text` that `span` covers, cut to a few lines of bounded length.
    #[must_use]
    pub fn new(text: &str, lines: &LineIndex, span: Span) -> Self {
        let first = lines.line_of(span.start);
        let last_byte = if span.is_empty() { span.end } else { span.end - 1 };
        let last = lines.line_of(last_byte).max(first);
        let shown = last.min(first + LINES - 1);
        let mut out = String::new();
        let (mut start, mut end) = (None, 0);
        let mut cut = shown < last;
        for line in first..=shown {
            let whole = lines.line_span(text, line);
            let focus = span.start.clamp(whole.start, whole.end);
            let kept = clip(text, whole, focus);
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

/// The part of a long line that is kept: some bytes before `focus`, more after it.
fn clip(text: &str, line: Span, focus: usize) -> Span {
    if line.len() <= LINE_BYTES {
        return line;
    }
    let mut start = focus.saturating_sub(LINE_BYTES / 4).max(line.start);
    let mut end = (start + LINE_BYTES).min(line.end);
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
    fn keeps_the_lines_of_the_place() {
        let got = excerpt("one\ntwo three\nfour\n", 8..13);
        assert_eq!((got.first_line, got.text.as_str()), (2, "two three"));
        assert_eq!(&got.text[got.span.start..got.span.end], "three");
    }

    #[test]
    fn cuts_long_lines_and_long_places_on_character_borders() {
        let long = format!("{}needle{}", "é".repeat(400), "ü".repeat(90_000));
        let got = excerpt(&long, 800..806);
        assert_eq!(&got.text[got.span.start..got.span.end], "needle");
        assert!(got.text.len() <= LINE_BYTES + 1 && !got.cut);
        let tall = "x\n".repeat(100);
        let got = excerpt(&tall, 0..200);
        assert!(got.cut && got.text.lines().count() == LINES);
    }
}
