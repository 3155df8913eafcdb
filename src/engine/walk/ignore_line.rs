//! Translates a line of an ignore file from git's syntax (`wildmatch`) to that of the `ignore` crate. They
//! differ in brackets, braces, trailing spaces and slashes; only constructs with the same meaning in both are
//! left to the crate. No file is read here.

/// Returns the part of a line that git uses: without a NUL and the bytes after it, and without unescaped
/// trailing spaces. Tabs are kept.
pub(super) fn trim_line(line: &[u8]) -> &[u8] {
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

/// Translates a line for the crate; `None` if it matches nothing in git. Takes linear time.
pub(super) fn rewrite_line(line: &str) -> Option<String> {
    let (not, rest) = line.strip_prefix('!').map_or(("", line), |rest| ("!", rest));
    let (rest, directory) = rest.strip_suffix('/').map_or((rest, ""), |rest| (rest, "/"));
    // With a slash, the pattern matches the whole path, otherwise the name. The translation makes this
    // explicit, because the slash may be in brackets, from which it is removed.
    let anchored = rest.contains('/');
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let glob = IgnoreLineParser { chars: rest.chars().collect(), at: 0, close: 0, anchored }.glob()?;
    // No path has an empty component.
    if glob.is_empty() || glob.starts_with('/') || glob.ends_with('/') || glob.contains("//") {
        return None;
    }
    let place = if anchored { "/" } else { "**/" };
    let mut out = format!("{not}{place}{glob}");
    // The crate trims all trailing white space, except inside a choice.
    if let Some(last) = out.chars().next_back().filter(|last| last.is_whitespace()) {
        out.truncate(out.len() - last.len_utf8());
        out.extend(['{', last, '}']);
    }
    Some(out + directory)
}

/// Parser of the pattern in a line.
struct IgnoreLineParser {
    chars: Vec<char>,
    at: usize,
    /// Position of the last `]` that was searched for.
    close: usize,
    anchored: bool,
}

impl IgnoreLineParser {
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
                // A backslash at the end matches nothing.
                '\\' => push_literal(self.next()?, &mut out),
                other => push_literal(other, &mut out),
            }
        }
        Some(out)
    }

    /// Several stars match directories only as a whole component; otherwise they equal one star.
    fn stars(&mut self, out: &mut String) {
        let first = self.at - 1;
        while self.peek() == Some('*') {
            self.at += 1;
        }
        let whole = (first == 0 || self.chars[first - 1] == '/') && matches!(self.peek(), None | Some('/'));
        out.push_str(if self.at - first > 1 && self.anchored && whole { "**" } else { "*" });
    }

    /// Parses the set after a `[`; `None` if it is not closed or names an unknown class.
    fn class(&mut self) -> Option<CharacterSet> {
        let mut class = CharacterSet { negated: false, ascii: [false; 128], others: Vec::new() };
        if matches!(self.peek(), Some('!' | '^')) {
            class.negated = true;
            self.at += 1;
        }
        // The character that could start a range.
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
                        let contains = character_class(&name)?;
                        (0..128).filter(contains).for_each(|byte| class.put(char::from(byte)));
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

    /// Returns the first `]` at or after `from`. The position is cached, so that a line is scanned only once.
    fn next_close(&mut self, from: usize) -> Option<usize> {
        if self.close < from {
            self.close = from + self.chars.get(from..)?.iter().position(|&c| c == ']')?;
        }
        Some(self.close)
    }
}

fn push_literal(c: char, out: &mut String) {
    if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!' | '#') {
        out.push('\\');
    }
    out.push(c);
}

/// Returns the characters of `[:name:]` as defined by git.
fn character_class(name: &str) -> Option<fn(&u8) -> bool> {
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

/// A set of characters. Both git and the crate compare bytes, including the bytes of `others`.
struct CharacterSet {
    negated: bool,
    ascii: [bool; 128],
    others: Vec<char>,
}

impl CharacterSet {
    fn put(&mut self, c: char) {
        match self.ascii.get_mut(c as usize) {
            Some(member) => *member = true,
            None => self.others.push(c),
        }
    }

    /// Adds a range. Beyond ASCII only its ends are added, because git's range of bytes does not correspond
    /// to characters there.
    fn put_range(&mut self, first: char, last: char) {
        for byte in (0..128_u8).filter(|&byte| first <= char::from(byte) && char::from(byte) <= last) {
            self.put(char::from(byte));
        }
        self.others.extend([first, last].iter().filter(|c| !c.is_ascii()));
    }

    /// Writes the set in a form without special cases for the crate; `None` if it is empty.
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
            // `!` and `^` must not come first. A NUL is harmless, because no path contains one.
            out.push('\0');
        }
        out.extend(
            [(not, '!'), (caret, '^'), (dash, '-')].iter().filter(|(member, _)| *member).map(|(_, c)| *c),
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
            assert_eq!(rewrite_line(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn only_trailing_spaces_are_trimmed() {
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
            assert_eq!(trim_line(line.as_bytes()), expected.as_bytes(), "{line:?}");
        }
    }
}
