//! Converts the regions of SARIF results to positions in a file.

use serde::{Deserialize, Serialize};

use crate::text::{LineIndex, Span};

/// A region as in SARIF: lines and columns from 1; the end column is one past the last character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// First line; `None` for the whole file.
    pub line: Option<u32>,
    /// First column.
    pub column: Option<u32>,
    /// Last line, if it differs from the first.
    pub end_line: Option<u32>,
    /// One past the last column.
    pub end_column: Option<u32>,
    /// Whether columns count UTF-16 code units (the default of SARIF) rather than Unicode scalar values.
    pub utf16: bool,
}

/// Returns the span of a region in `text`. A region beyond the text, because the file has changed, is
/// clamped. Without a line, returns the beginning of the file.
pub(super) fn find_span(region: &Region, text: &str, lines: &LineIndex) -> Span {
    let Some(line) = region.line else { return Span::at(0) };
    let start = byte_offset(region, text, lines, line, region.column, false);
    let end_line = region.end_line.unwrap_or(line).max(line);
    let end = byte_offset(region, text, lines, end_line, region.end_column, true).max(start);
    Span::new(start, end)
}

/// Returns the byte offset of a line and column; without a column, of the start or end of the line.
fn byte_offset(
    region: &Region,
    text: &str,
    lines: &LineIndex,
    line: u32,
    column: Option<u32>,
    is_end: bool,
) -> usize {
    let last = lines.line_of(text.len());
    let nth = usize::try_from(line.max(1) - 1).unwrap_or(usize::MAX).min(last);
    let span = lines.line_span(text, nth);
    let Some(column) = column else { return if is_end { span.end } else { span.start } };
    let mut left = column.max(1) - 1;
    for (at, character) in text[span.start..span.end].char_indices() {
        if left == 0 {
            return span.start + at;
        }
        let width = if region.utf16 { character.len_utf16() } else { 1 };
        left = left.saturating_sub(u32::try_from(width).unwrap_or(1));
    }
    span.end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, region: Region) -> String {
        let span = find_span(&region, text, &LineIndex::new(text));
        text[span.start..span.end].to_owned()
    }

    #[test]
    fn columns_use_the_unit_of_the_tool() {
        let text = "a\n😀é = eval(x)\nb\n";
        let region = |column, end_column, utf16| Region {
            line: Some(2),
            column: Some(column),
            end_column: Some(end_column),
            utf16,
            ..Region::default()
        };
        assert_eq!(at(text, region(6, 13, false)), "eval(x)");
        assert_eq!(at(text, region(7, 14, true)), "eval(x)");
        assert_eq!(at(text, Region { line: Some(2), ..Region::default() }), "😀é = eval(x)");
        assert_eq!(
            at(text, Region { line: Some(1), end_line: Some(3), ..Region::default() }),
            "a\n😀é = eval(x)\nb"
        );
    }

    #[test]
    fn regions_beyond_the_text_are_clamped() {
        for region in [
            Region { line: Some(99), column: Some(99), ..Region::default() },
            Region { line: Some(1), column: Some(99), end_column: Some(3), ..Region::default() },
            Region { line: Some(0), column: Some(0), ..Region::default() },
            Region { line: Some(2), end_line: Some(1), ..Region::default() },
        ] {
            for text in ["", "x", "x\ny\n", "é"] {
                let lines = LineIndex::new(text);
                let span = find_span(&region, text, &lines);
                assert!(span.end <= text.len() && span.start <= span.end, "{region:?} {text:?}");
            }
        }
    }
}
