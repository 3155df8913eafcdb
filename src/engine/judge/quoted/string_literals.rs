//! Multi-line string literals in code, scanned byte by byte.

use std::collections::VecDeque;

use super::syntax::{DelimiterEscape, LiteralSyntax, SpecialSyntax};

/// Maximum stored length of the current word, in bytes.
const MAX_WORD_BYTES: usize = 8;
/// JavaScript keywords after which a slash begins a regular expression.
const WORDS_BEFORE_REGEX: [&[u8]; 8] = [b"return", b"typeof", b"case", b"in", b"of", b"do", b"else", b"void"];
/// Maximum number of here-documents that begin in one line.
const MAX_PENDING: usize = 8;

/// Scanner for code.
#[derive(Clone)]
pub(in crate::engine::judge) struct StringLiterals {
    syntax: &'static LiteralSyntax,
    state: ScanState,
    /// For each template literal around the current `${…}` code: the number of open braces in that code.
    template_braces: Vec<usize>,
    /// The word that ends at the current position.
    word: Vec<u8>,
    /// Whether the open literal is closed later in the file; `None` if not yet determined.
    is_closed: Option<bool>,
    /// The last byte that was not white space, and the last byte.
    previous: (u8, u8),
    /// End words of the here-documents that begin in the next line.
    pending_here: VecDeque<Vec<u8>>,
}

#[derive(Clone)]
enum ScanState {
    Code,
    /// In a comment that ends with the line.
    LineComment,
    /// In block comments, nested to this depth.
    BlockComment(u32),
    /// In a single-line literal with this delimiter.
    SingleLine(u8),
    /// In a multi-line literal; index into [`LiteralSyntax::multi_line`].
    MultiLine(usize),
    /// In a raw string of Rust with this number of `#`.
    RustRaw(usize),
    /// In a here-document: its end word, and the current line so far.
    HereDocument(Vec<u8>, Vec<u8>),
}

impl StringLiterals {
    pub(super) fn new(syntax: &'static LiteralSyntax) -> Self {
        Self {
            syntax,
            state: ScanState::Code,
            template_braces: vec![],
            word: vec![],
            is_closed: None,
            previous: (b'\n', b'\n'),
            pending_here: VecDeque::new(),
        }
    }

    /// See [`super::QuoteTracker::is_quote`].
    pub(super) fn is_quote(&mut self, text: &str, rest: &str) -> bool {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            at += self.step(&bytes[at..]).max(1);
        }
        if !self.is_in_literal() {
            return false;
        }
        // An unclosed literal means that the scanner misinterpreted the code. It must not disable all waivers
        // that follow.
        if self.is_closed.is_none() {
            self.is_closed = Some(self.clone().closes_in(rest.as_bytes()));
        }
        self.is_closed == Some(true)
    }

    fn is_in_literal(&self) -> bool {
        matches!(self.state, ScanState::MultiLine(_) | ScanState::RustRaw(_) | ScanState::HereDocument(..))
    }

    /// Whether the open literal is closed in `rest`.
    fn closes_in(mut self, rest: &[u8]) -> bool {
        let mut at = 0;
        while at < rest.len() && self.is_in_literal() {
            at += self.step(&rest[at..]).max(1);
        }
        // The last line may lack a line ending.
        let is_end = |word: &[u8], line: &[u8]| line.trim_ascii() == word;
        !self.is_in_literal()
            || matches!(&self.state, ScanState::HereDocument(word, line) if is_end(word, line))
    }

    /// Consumes the first bytes of `rest`, which must not be empty. Returns their number.
    fn step(&mut self, rest: &[u8]) -> usize {
        let byte = rest[0];
        if byte == b'\n' && !matches!(self.state, ScanState::HereDocument(..)) {
            return self.end_line();
        }
        match &mut self.state {
            ScanState::Code => self.step_code(rest),
            ScanState::LineComment => 1,
            ScanState::BlockComment(depth) => {
                let (open, close) = self.syntax.block_comment.unwrap_or(("\0", "\0"));
                if rest.starts_with(close.as_bytes()) {
                    *depth -= 1;
                    if *depth == 0 {
                        self.state = ScanState::Code;
                    }
                    close.len()
                } else if self.syntax.nested_blocks && rest.starts_with(open.as_bytes()) {
                    *depth += 1;
                    open.len()
                } else {
                    1
                }
            }
            ScanState::SingleLine(quote) => {
                let is_end = byte == *quote;
                if is_end {
                    self.state = ScanState::Code;
                }
                // A backslash at the end of the line continues the literal.
                if byte == b'\\' { 2 } else { 1 }
            }
            ScanState::MultiLine(number) => {
                let (_, close, within) = self.syntax.multi_line[*number];
                if within == DelimiterEscape::Backslash && byte == b'\\' {
                    return 2;
                }
                if self.syntax.special == SpecialSyntax::Script && rest.starts_with(b"${") {
                    self.template_braces.push(0);
                    self.state = ScanState::Code;
                    return 2;
                }
                if rest.starts_with(close.as_bytes()) {
                    if within == DelimiterEscape::Doubled && rest[close.len()..].starts_with(close.as_bytes())
                    {
                        return 2 * close.len();
                    }
                    self.leave_literal();
                    return close.len();
                }
                1
            }
            ScanState::RustRaw(marks) => {
                let marks = *marks;
                if byte == b'"' && rest[1..].iter().take_while(|byte| **byte == b'#').count() >= marks {
                    self.leave_literal();
                    return 1 + marks;
                }
                1
            }
            ScanState::HereDocument(word, line) => {
                if byte == b'\n' {
                    let is_end =
                        line.trim_ascii().strip_suffix(b";").unwrap_or(line.trim_ascii()) == word.as_slice();
                    line.clear();
                    if is_end {
                        self.leave_literal();
                        if let Some(word) = self.pending_here.pop_front() {
                            self.state = ScanState::HereDocument(word, vec![]);
                        }
                    }
                } else {
                    line.push(byte);
                }
                1
            }
        }
    }

    fn leave_literal(&mut self) {
        self.state = ScanState::Code;
        self.is_closed = None;
        self.previous = (b'"', b'"');
    }

    fn end_line(&mut self) -> usize {
        let is_code =
            matches!(self.state, ScanState::Code | ScanState::LineComment | ScanState::SingleLine(_));
        if let Some(word) = self.pending_here.pop_front().filter(|_| is_code) {
            self.state = ScanState::HereDocument(word, vec![]);
        } else if matches!(self.state, ScanState::LineComment | ScanState::SingleLine(_)) {
            self.state = ScanState::Code;
        }
        self.previous = (if matches!(self.state, ScanState::Code) { self.previous.0 } else { b'\n' }, b'\n');
        1
    }

    /// Consumes the first bytes of `rest` outside of literals and comments. Returns their number.
    fn step_code(&mut self, rest: &[u8]) -> usize {
        let byte = rest[0];
        let (solid, last) = self.previous;
        self.previous = (if byte.is_ascii_whitespace() { solid } else { byte }, byte);
        let syntax = self.syntax;
        // Tracks the current word, for `WORDS_BEFORE_REGEX`.
        if !byte.is_ascii_alphanumeric() && byte != b'_' {
            if !byte.is_ascii_whitespace() && byte != b'/' {
                self.word.clear();
            }
        } else {
            if !last.is_ascii_alphanumeric() && last != b'_' {
                self.word.clear();
            }
            if self.word.len() < MAX_WORD_BYTES {
                self.word.push(byte);
            }
        }
        if let Some(open) = self.template_braces.last_mut() {
            match byte {
                b'{' => *open += 1,
                b'}' if *open > 0 => *open -= 1,
                b'}' => {
                    self.template_braces.pop();
                    self.state = ScanState::MultiLine(0);
                    return 1;
                }
                _ => {}
            }
        }
        let starts = |text: &str| rest.starts_with(text.as_bytes());
        if syntax.special == SpecialSyntax::Escapes && byte == b'\\' {
            return 2;
        }
        if let Some(open) = syntax.line_comment.iter().find(|open| starts(open)) {
            if !syntax.comment_after_space
                || last.is_ascii_whitespace()
                || matches!(last, b';' | b'(' | b'|' | b'&')
            {
                self.state = ScanState::LineComment;
                return open.len();
            }
        } else if let Some((open, _)) = syntax.block_comment.filter(|(open, _)| starts(open)) {
            self.state = ScanState::BlockComment(1);
            return open.len();
        }
        if syntax.special == SpecialSyntax::Rust
            && let Some(length) = self.rust_literal(rest, last)
        {
            return length;
        }
        if let Some(number) = syntax.multi_line.iter().position(|(open, ..)| starts(open)) {
            self.state = ScanState::MultiLine(number);
            return syntax.multi_line[number].0.len();
        }
        if syntax.single_line.contains(&byte) {
            self.state = ScanState::SingleLine(byte);
            return 1;
        }
        if let Some(open) = syntax.here_document.filter(|open| starts(open)) {
            return self.here_document(&rest[open.len()..], open.len());
        }
        if syntax.special == SpecialSyntax::Script
            && byte == b'/'
            && (can_precede_regex(solid) || WORDS_BEFORE_REGEX.contains(&self.word.as_slice()))
        {
            return regex_length(rest);
        }
        1
    }

    /// Consumes the start of a raw string, or a character literal (but not a lifetime), of Rust. Returns its
    /// length.
    fn rust_literal(&mut self, rest: &[u8], last: u8) -> Option<usize> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if rest[0] == b'r' && (!is_word(last) || matches!(last, b'b' | b'c')) {
            let marks = rest[1..].iter().take_while(|byte| **byte == b'#').count();
            if rest.get(1 + marks) == Some(&b'"') {
                self.state = ScanState::RustRaw(marks);
                return Some(2 + marks);
            }
        }
        if rest[0] != b'\'' {
            return None;
        }
        let inner = std::str::from_utf8(rest.get(1..6.min(rest.len()))?).map_or_else(
            |error| rest.get(1..=error.valid_up_to()).and_then(|bytes| std::str::from_utf8(bytes).ok()),
            Some,
        )?;
        let mut chars = inner.chars();
        match chars.next()? {
            // `'\''`, `'\u{1f600}'`
            '\\' => Some(rest.iter().skip(3).position(|byte| *byte == b'\'').map_or(2, |end| end + 4)),
            c if chars.next() == Some('\'') => Some(2 + c.len_utf8()),
            _ => None,
        }
    }

    /// Consumes the start of a here-document. `rest` begins after its opener, which is `opened` bytes long.
    fn here_document(&mut self, rest: &[u8], opened: usize) -> usize {
        let mut at = 0;
        let is = |at: usize, bytes: &[u8]| rest.get(at).is_some_and(|byte| bytes.contains(byte));
        // In a shell, a space may precede the end word.
        let is_shell = self.syntax.comment_after_space;
        while is(at, if is_shell { b"- " } else { b"-~" }) && at < 2 {
            at += 1;
        }
        let is_marked = at > 0;
        // `<<<` (a here-string of shells) does not match.
        let quote = rest.get(at).copied().filter(|byte| matches!(byte, b'"' | b'\''));
        at += usize::from(quote.is_some()) + usize::from(is(at, b"\\"));
        let word: Vec<u8> = rest[at.min(rest.len())..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
            .copied()
            .collect();
        // It may also be a shift operator. Then no line consists of this word alone, so the literal counts as
        // unclosed and is ignored.
        let is_plain =
            |byte: &u8| is_shell || is_marked || quote.is_some() || byte.is_ascii_uppercase() || opened > 2;
        let is_word = word.first().is_some_and(|byte| !byte.is_ascii_digit() && is_plain(byte));
        if is_word && self.pending_here.len() < MAX_PENDING {
            at += word.len() + usize::from(quote.is_some());
            self.pending_here.push_back(word);
            return opened + at;
        }
        // Skips all of `<<<`, so that its rest is not interpreted as `<<`.
        opened + rest.iter().take_while(|byte| **byte == b'<').count()
    }
}

/// Whether a slash after this byte begins a regular expression rather than being a division operator.
fn can_precede_regex(byte: u8) -> bool {
    b"(,=:[!&|?{};+-*%~^<>\n".contains(&byte)
}

/// Returns the length of the regular expression at the start of `rest`; 1 if the line does not close it.
fn regex_length(rest: &[u8]) -> usize {
    /// Maximum length in bytes, so that a line of slashes does not take quadratic time.
    const MAX_BYTES: usize = 1_000;
    let rest = &rest[..rest.len().min(MAX_BYTES)];
    let (mut at, mut class) = (1, false);
    while let Some(byte) = rest.get(at).filter(|byte| **byte != b'\n') {
        match byte {
            b'\\' => at += 1,
            b'[' => class = true,
            b']' => class = false,
            b'/' if !class => return at + 1,
            _ => {}
        }
        at += 1;
    }
    1
}
