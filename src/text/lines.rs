//! Line index: converts byte offsets to lines and columns.

use super::Span;

/// Start offset of each line of a text. Lines end with `\n`; a `\r` before it belongs to the line.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<usize>,
    len: usize,
}

impl LineIndex {
    /// Indexes `text` in one pass.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        Self { starts, len: text.len() }
    }

    /// 0-based number of the line that contains the byte `offset`; offsets past the end count as the end.
    #[must_use]
    pub fn line_of(&self, offset: usize) -> usize {
        let offset = offset.min(self.len);
        self.starts.partition_point(|&start| start <= offset) - 1
    }

    /// 1-based line and 1-based column (in Unicode scalar values) of the byte `offset` in `text`, which must
    /// be the indexed text. An offset inside a character counts as its start.
    #[must_use]
    pub fn line_column(&self, text: &str, offset: usize) -> (u32, u32) {
        let line = self.line_of(offset);
        let mut offset = offset.min(self.len);
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let column = text[self.starts[line]..offset].chars().count();
        (to_u32_saturating(line + 1), to_u32_saturating(column + 1))
    }

    /// Number of lines; an empty text has one line.
    #[must_use]
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// Byte span of 0-based `line`, without its line ending.
    #[must_use]
    pub fn line_span(&self, text: &str, line: usize) -> Span {
        let start = self.starts.get(line).copied().unwrap_or(self.len);
        let end = self.starts.get(line + 1).map_or(self.len, |next| next - 1);
        let end = if end > start && text.as_bytes()[end - 1] == b'\r' { end - 1 } else { end };
        Span::new(start, end)
    }
}

fn to_u32_saturating(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_become_lines_and_columns() {
        let text = "ab\r\nçd\n";
        let index = LineIndex::new(text);
        assert_eq!(index.line_column(text, 0), (1, 1));
        assert_eq!(index.line_column(text, 4), (2, 1));
        assert_eq!(index.line_column(text, 5), (2, 1), "inside a character counts as its start");
        assert_eq!(index.line_column(text, 6), (2, 2));
        assert_eq!(index.line_column(text, 99), (3, 1), "past the end counts as the end");
        assert_eq!(&text[0..index.line_span(text, 0).end], "ab");
        assert_eq!(index.count(), 3);
    }
}
