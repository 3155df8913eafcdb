//! Code blocks in Markdown.

/// Scanner for code blocks; fences follow <https://spec.commonmark.org/0.31.2/#fenced-code-blocks>.
#[derive(Default)]
pub(in crate::engine::judge) struct Markdown {
    /// Character and length of the open fence.
    fence: Option<(char, usize)>,
    /// Whether the previous text ended within a line, whose rest must be skipped.
    within: bool,
}

impl Markdown {
    /// See [`super::QuoteTracker::is_quote`].
    pub(super) fn is_quote(&mut self, text: &str, line: &str) -> bool {
        let mut lines = text.split_inclusive('\n');
        if self.within {
            lines.next();
        }
        self.within = !text.is_empty() && !text.ends_with('\n') || self.within && text.is_empty();
        lines
            .filter(|line| line.ends_with('\n'))
            .for_each(|line| self.read_line(line.trim_end_matches(['\n', '\r'])));
        // Four spaces or a tab begin an indented code block.
        self.fence.is_some() || line.starts_with("    ") || line.starts_with('\t')
    }

    /// Opens or closes a fence if `line` is one.
    fn read_line(&mut self, line: &str) {
        let inner = line.trim_start_matches(' ');
        if line.len() - inner.len() > 3 {
            return;
        }
        let Some(mark) = inner.chars().next().filter(|c| matches!(c, '`' | '~')) else { return };
        let length = inner.chars().take_while(|c| *c == mark).count();
        let rest = inner[length..].trim();
        match self.fence {
            None if length >= 3 && !(mark == '`' && rest.contains('`')) => self.fence = Some((mark, length)),
            Some((open, least)) if mark == open && length >= least && rest.is_empty() => self.fence = None,
            _ => {}
        }
    }
}
