//! Texts of several lines in code, followed byte by byte.

use std::collections::VecDeque;

use super::writing::{Also, Within, Writing};

/// Longest word that is remembered, in bytes.
const LONGEST_WORD: usize = 8;
/// Words of a script behind which an expression between slashes begins.
const BEFORE_EXPRESSION: [&[u8]; 8] = [b"return", b"typeof", b"case", b"in", b"of", b"do", b"else", b"void"];
/// Most texts that begin in one line.
const MOST_WAITING: usize = 8;

/// Follows code.
#[derive(Clone)]
pub(in crate::engine::waive) struct Texts {
    writing: &'static Writing,
    state: State,
    /// For each text of a script that was left for code within it: how many braces are open there.
    within: Vec<usize>,
    /// The word that ends here.
    word: Vec<u8>,
    /// Whether the text that is open ends anywhere; not looked for yet where it is not known.
    ends: Option<bool>,
    /// The last byte that was no blank, and the last one at all.
    before: (u8, u8),
    /// Words that end texts which begin in the next line.
    waits: VecDeque<Vec<u8>>,
}

#[derive(Clone)]
enum State {
    Code,
    /// In a comment up to the end of the line.
    Line,
    /// In so many longer comments.
    Block(u32),
    /// In a text of one line.
    Short(u8),
    /// In the text of this number.
    Long(usize),
    /// In a raw text of Rust with so many marks.
    Raw(usize),
    /// In a text that this word ends; what stands in its line so far.
    Here(Vec<u8>, Vec<u8>),
}

impl Texts {
    pub(super) fn new(writing: &'static Writing) -> Self {
        Self {
            writing,
            state: State::Code,
            within: vec![],
            word: vec![],
            ends: None,
            before: (b'\n', b'\n'),
            waits: VecDeque::new(),
        }
    }

    /// See [`super::Quotes::is_quote`].
    pub(super) fn is_quote(&mut self, text: &str, rest: &str) -> bool {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            at += self.step(&bytes[at..]).max(1);
        }
        if !self.is_text() {
            return false;
        }
        // What never ends is no text: it was not understood, and must not take the effect from all that follows.
        if self.ends.is_none() {
            self.ends = Some(self.clone().leaves(rest.as_bytes()));
        }
        self.ends == Some(true)
    }

    fn is_text(&self) -> bool {
        matches!(self.state, State::Long(_) | State::Raw(_) | State::Here(..))
    }

    /// Whether what is open ends in `rest`.
    fn leaves(mut self, rest: &[u8]) -> bool {
        let mut at = 0;
        while at < rest.len() && self.is_text() {
            at += self.step(&rest[at..]).max(1);
        }
        // The last line may have no end.
        let is_end = |word: &[u8], line: &[u8]| line.trim_ascii() == word;
        !self.is_text() || matches!(&self.state, State::Here(word, line) if is_end(word, line))
    }

    /// Takes the first bytes of `rest`, which is not empty. Returns how many.
    fn step(&mut self, rest: &[u8]) -> usize {
        let byte = rest[0];
        if byte == b'\n' && !matches!(self.state, State::Here(..)) {
            return self.end_line();
        }
        match &mut self.state {
            State::Code => self.code(rest),
            State::Line => 1,
            State::Block(depth) => {
                let (open, close) = self.writing.block.unwrap_or(("\0", "\0"));
                if rest.starts_with(close.as_bytes()) {
                    *depth -= 1;
                    if *depth == 0 {
                        self.state = State::Code;
                    }
                    close.len()
                } else if self.writing.nested && rest.starts_with(open.as_bytes()) {
                    *depth += 1;
                    open.len()
                } else {
                    1
                }
            }
            State::Short(quote) => {
                let is_end = byte == *quote;
                if is_end {
                    self.state = State::Code;
                }
                // A line that goes on behind a backslash goes on as a text.
                if byte == b'\\' { 2 } else { 1 }
            }
            State::Long(number) => {
                let (_, close, within) = self.writing.long[*number];
                if within == Within::Escaped && byte == b'\\' {
                    return 2;
                }
                if self.writing.also == Also::Script && rest.starts_with(b"${") {
                    self.within.push(0);
                    self.state = State::Code;
                    return 2;
                }
                if rest.starts_with(close.as_bytes()) {
                    if within == Within::Doubled && rest[close.len()..].starts_with(close.as_bytes()) {
                        return 2 * close.len();
                    }
                    self.leave();
                    return close.len();
                }
                1
            }
            State::Raw(marks) => {
                let marks = *marks;
                if byte == b'"' && rest[1..].iter().take_while(|byte| **byte == b'#').count() >= marks {
                    self.leave();
                    return 1 + marks;
                }
                1
            }
            State::Here(word, line) => {
                if byte == b'\n' {
                    let is_end =
                        line.trim_ascii().strip_suffix(b";").unwrap_or(line.trim_ascii()) == word.as_slice();
                    line.clear();
                    if is_end {
                        self.leave();
                        if let Some(word) = self.waits.pop_front() {
                            self.state = State::Here(word, vec![]);
                        }
                    }
                } else {
                    line.push(byte);
                }
                1
            }
        }
    }

    fn leave(&mut self) {
        self.state = State::Code;
        self.ends = None;
        self.before = (b'"', b'"');
    }

    fn end_line(&mut self) -> usize {
        let is_code = matches!(self.state, State::Code | State::Line | State::Short(_));
        if let Some(word) = self.waits.pop_front().filter(|_| is_code) {
            self.state = State::Here(word, vec![]);
        } else if matches!(self.state, State::Line | State::Short(_)) {
            self.state = State::Code;
        }
        self.before = (if matches!(self.state, State::Code) { self.before.0 } else { b'\n' }, b'\n');
        1
    }

    /// In code.
    fn code(&mut self, rest: &[u8]) -> usize {
        let byte = rest[0];
        let (solid, last) = self.before;
        self.before = (if byte.is_ascii_whitespace() { solid } else { byte }, byte);
        let writing = self.writing;
        // As far as it takes to know the words behind which an expression begins.
        if !byte.is_ascii_alphanumeric() && byte != b'_' {
            if !byte.is_ascii_whitespace() && byte != b'/' {
                self.word.clear();
            }
        } else {
            if !last.is_ascii_alphanumeric() && last != b'_' {
                self.word.clear();
            }
            if self.word.len() < LONGEST_WORD {
                self.word.push(byte);
            }
        }
        if let Some(open) = self.within.last_mut() {
            match byte {
                b'{' => *open += 1,
                b'}' if *open > 0 => *open -= 1,
                b'}' => {
                    self.within.pop();
                    self.state = State::Long(0);
                    return 1;
                }
                _ => {}
            }
        }
        let starts = |text: &str| rest.starts_with(text.as_bytes());
        if writing.also == Also::Escapes && byte == b'\\' {
            return 2;
        }
        if let Some(open) = writing.line.iter().find(|open| starts(open)) {
            if !writing.apart || last.is_ascii_whitespace() || matches!(last, b';' | b'(' | b'|' | b'&') {
                self.state = State::Line;
                return open.len();
            }
        } else if let Some((open, _)) = writing.block.filter(|(open, _)| starts(open)) {
            self.state = State::Block(1);
            return open.len();
        }
        if writing.also == Also::Rust
            && let Some(length) = self.rust(rest, last)
        {
            return length;
        }
        if let Some(number) = writing.long.iter().position(|(open, ..)| starts(open)) {
            self.state = State::Long(number);
            return writing.long[number].0.len();
        }
        if writing.short.contains(&byte) {
            self.state = State::Short(byte);
            return 1;
        }
        if let Some(open) = writing.here.filter(|open| starts(open)) {
            return self.here(&rest[open.len()..], open.len());
        }
        if writing.also == Also::Script
            && byte == b'/'
            && (is_before_expression(solid) || BEFORE_EXPRESSION.contains(&self.word.as_slice()))
        {
            return expression(rest);
        }
        1
    }

    /// Raw texts and characters; a lifetime is none.
    fn rust(&mut self, rest: &[u8], last: u8) -> Option<usize> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if rest[0] == b'r' && (!is_word(last) || matches!(last, b'b' | b'c')) {
            let marks = rest[1..].iter().take_while(|byte| **byte == b'#').count();
            if rest.get(1 + marks) == Some(&b'"') {
                self.state = State::Raw(marks);
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

    /// A text that ends with a word of its own, which stands behind what opens it.
    fn here(&mut self, rest: &[u8], opened: usize) -> usize {
        let mut at = 0;
        let is = |at: usize, bytes: &[u8]| rest.get(at).is_some_and(|byte| bytes.contains(byte));
        // Of a shell a blank may stand between.
        let is_shell = self.writing.apart;
        while is(at, if is_shell { b"- " } else { b"-~" }) && at < 2 {
            at += 1;
        }
        let is_marked = at > 0;
        // `<<<` of a shell is no such text.
        let quote = rest.get(at).copied().filter(|byte| matches!(byte, b'"' | b'\''));
        at += usize::from(quote.is_some()) + usize::from(is(at, b"\\"));
        let word: Vec<u8> = rest[at.min(rest.len())..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
            .copied()
            .collect();
        // It may be a shift as well; then no line of the file is this word alone, and it is none.
        let is_plain =
            |byte: &u8| is_shell || is_marked || quote.is_some() || byte.is_ascii_uppercase() || opened > 2;
        let is_word = word.first().is_some_and(|byte| !byte.is_ascii_digit() && is_plain(byte));
        if is_word && self.waits.len() < MOST_WAITING {
            at += word.len() + usize::from(quote.is_some());
            self.waits.push_back(word);
            return opened + at;
        }
        // All of `<<<`, so that it is not looked at again.
        opened + rest.iter().take_while(|byte| **byte == b'<').count()
    }
}

/// Whether a slash behind this byte begins an expression rather than divides.
fn is_before_expression(byte: u8) -> bool {
    b"(,=:[!&|?{};+-*%~^<>\n".contains(&byte)
}

/// How long the expression between slashes is that `rest` begins with; 1 where it ends in no line.
fn expression(rest: &[u8]) -> usize {
    /// Longest one that is looked for, in bytes: a line of slashes must not take the square of its length.
    const LONGEST: usize = 1_000;
    let rest = &rest[..rest.len().min(LONGEST)];
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
