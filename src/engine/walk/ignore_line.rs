//! One line of an ignore file, from git's words (`wildmatch`) to those of the `ignore` crate. The two
//! differ in what brackets, braces, blanks at the end and slashes mean; only what is the same in both
//! is left to the crate. No file is read here.

/// What git takes of a line: nothing behind a NUL, and no blanks at the end unless they are escaped.
/// Tabs stay.
pub(super) fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.split(|&byte| byte == 0).next().unwrap_or_default();
    let (mut end, mut at) = (0, 0);
    while at < line.len() {
        match line[at] {
            b' ' => at += 1,
            b'\\' => {
                at += 2;
                end = at.min(line.len());
            }
            _ => {
                at += 1;
                end = at;
            }
        }
    }
    &line[..end]
}

/// The line for the crate; `None` when git matches nothing with it. Takes linear time.
pub(super) fn rewritten(line: &str) -> Option<String> {
    let (not, rest) = line.strip_prefix('!').map_or(("", line), |rest| ("!", rest));
    let (rest, directory) = rest.strip_suffix('/').map_or((rest, ""), |rest| (rest, "/"));
    // With a slash the whole path is meant, otherwise the name. Said to the crate in so many words, as
    // the slash may stand in brackets, from which it goes.
    let anchored = rest.contains('/');
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let glob = Reader { chars: rest.chars().collect(), at: 0, close: 0, anchored }.glob()?;
    // No path has an empty part.
    if glob.is_empty() || glob.starts_with('/') || glob.ends_with('/') || glob.contains("//") {
        return None;
    }
    let place = if anchored { "/" } else { "**/" };
    let mut out = format!("{not}{place}{glob}");
    // The crate trims every blank at the end, unless it is hidden in a choice of one.
    if let Some(last) = out.chars().next_back().filter(|last| last.is_whitespace()) {
        out.truncate(out.len() - last.len_utf8());
        out.extend(['{', last, '}']);
    }
    Some(out + directory)
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    /// Where the last `]` was found that was searched for.
    close: usize,
    anchored: bool,
}

impl Reader {
    fn next(&mut self) -> Option<char> {
        let next = self.chars.get(self.at).copied();
        self.at += 1;
        next
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn glob(mut self) -> Option<String> {
        let mut out = String::with_capacity(self.chars.len() + 8);
        while let Some(c) = self.next() {
            match c {
                '*' => self.stars(&mut out),
                '?' => out.push('?'),
                '[' => self.class()?.write(&mut out)?,
                // A lone backslash at the end matches nothing.
                '\\' => literal(self.next()?, &mut out),
                other => literal(other, &mut out),
            }
        }
        Some(out)
    }

    /// Several stars mean any directories only as a whole part of the path, else they are one.
    fn stars(&mut self, out: &mut String) {
        let first = self.at - 1;
        while self.peek() == Some('*') {
            self.at += 1;
        }
        let whole = (first == 0 || self.chars[first - 1] == '/') && matches!(self.peek(), None | Some('/'));
        out.push_str(if self.at - first > 1 && self.anchored && whole { "**" } else { "*" });
    }

    /// The set behind a `[`; `None` when it has no end or names an unknown class.
    fn class(&mut self) -> Option<Class> {
        let mut class = Class { negated: false, ascii: [false; 128], others: Vec::new() };
        if matches!(self.peek(), Some('!' | '^')) {
            class.negated = true;
            self.at += 1;
        }
        // What a range could start with.
        let mut before = None;
        let mut first = true;
        loop {
            match self.next()? {
                ']' if !first => return Some(class),
                '\\' => {
                    let escaped = self.next()?;
                    class.put(escaped);
                    before = Some(escaped);
                }
                '-' if before.is_some() && self.peek().is_some_and(|c| c != ']') => {
                    let mut last = self.next()?;
                    if last == '\\' {
                        last = self.next()?;
                    }
                    class.put_range(before.take().unwrap_or(last), last);
                }
                '[' if self.peek() == Some(':') => {
                    let close = self.next_close(self.at + 1)?;
                    if close == self.at + 1 || self.chars[close - 1] != ':' {
                        class.put('[');
                        before = Some('[');
                    } else {
                        let name: String = self.chars[self.at + 1..close - 1].iter().collect();
                        let holds = named(&name)?;
                        (0..128).filter(holds).for_each(|byte| class.put(char::from(byte)));
                        self.at = close + 1;
                        before = None;
                    }
                }
                other => {
                    class.put(other);
                    before = Some(other);
                }
            }
            first = false;
        }
    }

    /// The first `]` at `from` or behind it. Found ones are remembered, so that a line is only read once.
    fn next_close(&mut self, from: usize) -> Option<usize> {
        if self.close < from {
            self.close = from + self.chars.get(from..)?.iter().position(|&c| c == ']')?;
        }
        Some(self.close)
    }
}

fn literal(c: char, out: &mut String) {
    if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!' | '#') {
        out.push('\\');
    }
    out.push(c);
}

/// The characters of `[:name:]`, as git knows them.
fn named(name: &str) -> Option<fn(&u8) -> bool> {
    Some(match name {
        "alnum" => u8::is_ascii_alphanumeric,
        "alpha" => u8::is_ascii_alphabetic,
        "blank" => |byte| matches!(byte, b' ' | b'\t'),
        "cntrl" => u8::is_ascii_control,
        "digit" => u8::is_ascii_digit,
        "graph" => u8::is_ascii_graphic,
        "lower" => u8::is_ascii_lowercase,
        "print" => |byte| matches!(byte, b' '..=b'~'),
        "punct" => u8::is_ascii_punctuation,
        "space" => |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'),
        "upper" => u8::is_ascii_uppercase,
        "xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

/// A set of characters. Git compares bytes; the crate does so, too, with the bytes of `others`.
struct Class {
    negated: bool,
    ascii: [bool; 128],
    others: Vec<char>,
}

impl Class {
    fn put(&mut self, c: char) {
        match self.ascii.get_mut(c as usize) {
            Some(there) => *there = true,
            None => self.others.push(c),
        }
    }

    /// Of a range beyond ASCII only the ends are kept: git's range of bytes there means no characters.
    fn put_range(&mut self, first: char, last: char) {
        for byte in (0..128_u8).filter(|&byte| first <= char::from(byte) && char::from(byte) <= last) {
            self.put(char::from(byte));
        }
        self.others.extend([first, last].iter().filter(|c| !c.is_ascii()));
    }

    /// Writes the set so that the crate reads it without a special case; `None` when it is empty.
    fn write(mut self, out: &mut String) -> Option<()> {
        // No set matches a slash.
        self.ascii[usize::from(b'/')] = self.negated;
        out.push_str(if self.negated { "[!" } else { "[" });
        let start = out.len();
        let [close, dash, not, caret] =
            [b']', b'-', b'!', b'^'].map(|byte| std::mem::take(&mut self.ascii[usize::from(byte)]));
        if close {
            out.push(']');
        }
        let mut byte = 0_u8;
        while byte < 128 {
            let end = (byte..128).find(|&at| !self.ascii[usize::from(at)]).unwrap_or(128);
            if end - byte > 2 {
                out.extend([char::from(byte), '-', char::from(end - 1)]);
            } else {
                out.extend((byte..end).map(char::from));
            }
            byte = end + 1;
        }
        out.extend(&self.others);
        if out.len() == start && !self.negated && (not || caret) {
            // `!` and `^` must not come first; a NUL is in no path.
            out.push('\0');
        }
        out.extend(
            [(not, '!'), (caret, '^'), (dash, '-')].iter().filter(|(there, _)| *there).map(|(_, c)| *c),
        );
        let empty = out.len() == start;
        out.push(']');
        (!empty).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_meaning() {
        let cases = [
            ("*.{a,b}", Some(r"**/*.\{a,b\}")),
            (r"\{a}", Some(r"**/\{a\}")),
            (r"\!a", Some(r"**/\!a")),
            ("!/a/", Some("!/a/")),
            ("[{]x{", Some(r"**/[{]x\{")),
            ("[]{]{", Some(r"**/[]{]\{")),
            ("[{", None),
            (r"a\", None),
            ("é{", Some(r"**/é\{")),
            ("*\t", Some("**/*{\t}")),
            ("a\u{a0}", Some("**/a{\u{a0}}")),
            ("a\t/", Some("**/a{\t}/")),
            ("foo[^x]bar*", Some("**/foo[!/x]bar*")),
            ("[!!^-]", Some("**/[!/!^-]")),
            ("[x[:digit:]-]", Some("**/[0-9x-]")),
            (r"[\]a]", Some("**/[]a]")),
            ("[^[:nothing:]]", None),
            ("[[:digit]", Some("**/[:[dgit]")),
            ("[+-9]", Some("**/[+,.0-9-]")),
            ("[z-a]", Some("**/[z]")),
            (r"[\^]", Some("**/[\0^]")),
            ("a[/]b", None),
            ("a[/x]b", Some("/a[x]b")),
            ("**", Some("**/*")),
            ("a/**/b**c/***", Some("/a/**/b*c/**")),
            ("**//", None),
            ("a//b", None),
            ("//a", None),
            ("/", None),
            ("!", None),
        ];
        for (line, expected) in cases {
            assert_eq!(rewritten(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn only_blanks_at_the_end_go() {
        let cases = [
            ("a  ", "a"),
            ("a \t", "a \t"),
            ("a\t ", "a\t"),
            (r"a\  ", r"a\ "),
            (r"a\\ ", r"a\\"),
            ("   ", ""),
            ("a b", "a b"),
            ("a\0b", "a"),
            (r"a\", r"a\"),
        ];
        for (line, expected) in cases {
            assert_eq!(trimmed(line.as_bytes()), expected.as_bytes(), "{line:?}");
        }
    }
}
