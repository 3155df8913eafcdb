//! Where a text quotes what would be a comment elsewhere: blocks of code in Markdown, texts of several lines in Python.

/// Follows a file from its beginning on, piece by piece.
pub(super) enum Quotes {
    /// Nothing is known of the language: nothing is taken for a quote.
    Unknown,
    Markdown(Markdown),
    Python(Python),
}

impl Quotes {
    /// For a file with this extension, in lower case.
    pub(super) fn of(extension: &[u8]) -> Self {
        match extension {
            b"md" | b"markdown" | b"mdx" => Self::Markdown(Markdown::default()),
            b"py" | b"pyi" => Self::Python(Python::Code),
            _ => Self::Unknown,
        }
    }

    /// Whether the line behind `text` is a quote; `text` is everything from where the last question ended on, and whole
    /// lines. `line` is the line that is asked about.
    pub(super) fn is_quote(&mut self, text: &str, line: &str) -> bool {
        match self {
            Self::Unknown => false,
            Self::Markdown(markdown) => {
                text.lines().for_each(|line| markdown.take(line));
                // Four blanks, or a tab, begin code.
                markdown.fence.is_some() || line.starts_with("    ") || line.starts_with('\t')
            }
            Self::Python(python) => {
                python.take(text);
                matches!(python, Python::Long(_))
            }
        }
    }
}

/// Fences: <https://spec.commonmark.org/0.31.2/#fenced-code-blocks>.
#[derive(Default)]
pub(super) struct Markdown {
    /// What the open fence is made of, and how long it is.
    fence: Option<(char, usize)>,
}

impl Markdown {
    fn take(&mut self, line: &str) {
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

/// Texts: <https://docs.python.org/3/reference/lexical_analysis.html#strings>.
pub(super) enum Python {
    Code,
    /// In a text between three of these quotes.
    Long(u8),
}

impl Python {
    fn take(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            match self {
                Self::Long(quote) => match bytes[at] {
                    b'\\' => at += 2,
                    byte if byte == *quote && bytes[at..].starts_with(&[*quote; 3]) => {
                        *self = Self::Code;
                        at += 3;
                    }
                    _ => at += 1,
                },
                Self::Code => match bytes[at] {
                    b'#' => at += memchr::memchr(b'\n', &bytes[at..]).unwrap_or(bytes.len() - at),
                    quote @ (b'"' | b'\'') if bytes[at..].starts_with(&[quote; 3]) => {
                        *self = Self::Long(quote);
                        at += 3;
                    }
                    quote @ (b'"' | b'\'') => at = short_end(bytes, at + 1, quote),
                    _ => at += 1,
                },
            }
        }
    }
}

/// Behind the end of a text in one line that began before `at`.
fn short_end(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'\n' => return at,
            _ if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    at
}
