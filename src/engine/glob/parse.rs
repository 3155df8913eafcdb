//! Parses a glob into tokens and explains every error. The nesting depth is checked first in linear time,
//! which bounds the recursion, because globset recurses without a limit.

/// Longest glob in bytes.
const MAX_LEN: usize = 1_024;
/// Deepest nesting of braces.
const MAX_NESTING: usize = 16;

/// A parsed glob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParsedGlob(pub(super) Vec<Token>);

/// A part of a glob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A literal character, possibly `/`.
    Literal(char),
    /// `?`
    One,
    /// `*`
    Star,
    /// `**` as the whole glob.
    Everything,
    /// `**/` at the start of a path.
    TreeStart,
    /// `/**/`
    TreeMiddle,
    /// `/**` at the end.
    TreeEnd,
    /// `[…]`
    Class(CharacterClass),
    /// `{…,…}`
    Choice(Vec<Vec<Token>>),
}

/// Characters in brackets. All of them are ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CharacterClass {
    /// Whether it starts with `!` or `^`.
    pub(super) negated: bool,
    /// First and last character of each range.
    pub(super) ranges: Vec<(u8, u8)>,
}

impl CharacterClass {
    /// Returns every character in the ranges once, in order.
    pub(super) fn members(&self) -> Vec<u8> {
        (0..128).filter(|byte| self.ranges.iter().any(|range| (range.0..=range.1).contains(byte))).collect()
    }
}

/// Parses `pattern`. The error message has no final full stop.
pub(super) fn parse(pattern: &str) -> Result<ParsedGlob, String> {
    check_pattern(pattern)?;
    let chars: Vec<char> = pattern.chars().collect();
    let mut parser = Parser { pattern, chars: &chars, at: 0 };
    let tokens = parser.branch(0, true)?;
    Ok(ParsedGlob(tokens))
}

fn check_pattern(pattern: &str) -> Result<(), String> {
    if pattern.len() > MAX_LEN {
        let start: String = pattern.chars().take(40).collect();
        return Err(format!("the glob `{start}…` is longer than 1,024 bytes: split it into several globs"));
    }
    if pattern.is_empty() {
        return Err("a glob is empty: write `**` to match every path".to_owned());
    }
    if pattern.contains('\0') {
        return Err("a glob contains a NUL character, which cannot occur in a path".to_owned());
    }
    if let Some(rest) = pattern.strip_prefix('!') {
        return Err(format!(
            "`{pattern}` starts with `!`: list the paths to exclude under `except` (for a name that starts with `!`, write `\\!{rest}`)"
        ));
    }
    for start in ["./", "/"] {
        if let Some(rest) = pattern.strip_prefix(start) {
            let rest = rest.trim_start_matches('/');
            return Err(format!(
                "`{pattern}` starts with `{start}`: globs are relative to the root of the repository; write `{rest}`"
            ));
        }
    }
    if let Some(directory) = pattern.strip_suffix('/') {
        return Err(format!(
            "`{pattern}` ends with `/`: to match everything below the directory, write `{directory}/**`"
        ));
    }
    for component in pattern.split('/') {
        match component {
            ".." => {
                return Err(format!(
                    "`{pattern}` contains `..`: a glob cannot match paths outside the repository"
                ));
            }
            "." => return Err(format!("`{pattern}` contains `.` as a component: remove it")),
            "" => return Err(format!("`{pattern}` contains an empty component (`//`): write one `/`")),
            _ => {}
        }
    }
    let mut depth = 0_usize;
    for byte in pattern.bytes() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(format!(
                "`{pattern}` nests brackets deeper than 16 levels: split it into several globs"
            ));
        }
    }
    Ok(())
}

struct Parser<'a> {
    pattern: &'a str,
    chars: &'a [char],
    at: usize,
}

impl Parser<'_> {
    /// Parses up to the end, or to the `,` or `}` that ends a branch of a choice. `at_component` is whether
    /// the branch starts a component, which `**` requires.
    fn branch(&mut self, depth: usize, at_component: bool) -> Result<Vec<Token>, String> {
        let mut tokens: Vec<Token> = Vec::new();
        while let Some(&next) = self.chars.get(self.at) {
            let starts_component = match tokens.last() {
                None => at_component,
                Some(last) => matches!(last, Token::Literal('/') | Token::TreeStart | Token::TreeMiddle),
            };
            self.at += 1;
            match next {
                ',' | '}' if depth > 0 => {
                    self.at -= 1;
                    return Ok(tokens);
                }
                '}' => {
                    return Err(
                        self.error("closes a brace that was never opened: write `\\}` for a literal brace")
                    );
                }
                '*' if self.chars.get(self.at) == Some(&'*') => {
                    self.tree(&mut tokens, starts_component, depth)?;
                }
                '*' => tokens.push(Token::Star),
                '?' => tokens.push(Token::One),
                '[' => tokens.push(Token::Class(self.class()?)),
                '{' => tokens.push(self.choice(depth, starts_component)?),
                '\\' => tokens.push(Token::Literal(self.escaped()?)),
                other => tokens.push(Token::Literal(other)),
            }
        }
        if depth > 0 {
            return Err(self.error("opens a brace that is never closed: write `\\{` for a literal brace"));
        }
        Ok(tokens)
    }

    /// Parses `**`, which must be alone between slashes. The first star is already consumed.
    fn tree(&mut self, tokens: &mut Vec<Token>, starts_component: bool, depth: usize) -> Result<(), String> {
        self.at += 1;
        let next = self.chars.get(self.at).copied();
        let ends = next.is_none() || (depth > 0 && matches!(next, Some(',' | '}')));
        let alone =
            starts_component && (next == Some('/') || ends) && !(depth > 0 && ends && tokens.is_empty());
        if !alone {
            return Err(self.error("contains `**` next to other characters: `**` must be alone between slashes, as in `**/*.md` or `docs/**`"));
        }
        if next == Some('/') {
            self.at += 1;
        }
        // A second adjacent `**` is redundant, and globset would misread `**/**`.
        let before = tokens.pop();
        tokens.push(match (before, ends) {
            (None | Some(Token::TreeStart), true) if depth == 0 => Token::Everything,
            (None | Some(Token::TreeStart), _) => Token::TreeStart,
            (Some(_), true) => Token::TreeEnd,
            (Some(_), false) => Token::TreeMiddle,
        });
        Ok(())
    }

    fn choice(&mut self, depth: usize, at_component: bool) -> Result<Token, String> {
        let mut branches = Vec::new();
        loop {
            branches.push(self.branch(depth + 1, at_component)?);
            let end = self.chars.get(self.at).copied();
            self.at += 1;
            if end != Some(',') {
                return Ok(Token::Choice(branches));
            }
        }
    }

    fn class(&mut self) -> Result<CharacterClass, String> {
        let negated = matches!(self.chars.get(self.at), Some('!' | '^'));
        self.at += usize::from(negated);
        let mut ranges: Vec<(u8, u8)> = Vec::new();
        let mut open_range = false;
        let mut first = true;
        loop {
            let Some(&next) = self.chars.get(self.at) else {
                return Err(
                    self.error("opens a bracket that is never closed: write `\\[` for a literal bracket")
                );
            };
            self.at += 1;
            let Some(byte) = u8::try_from(next).ok().filter(u8::is_ascii) else {
                return Err(
                    self.error("contains a non-ASCII character in brackets: write a choice, as in `{é,è}`")
                );
            };
            match (byte, ranges.last_mut()) {
                (b']', _) if !first => break,
                (b'-', Some(_)) if !open_range => open_range = true,
                (_, Some(last)) if open_range => {
                    last.1 = byte;
                    open_range = false;
                    if last.1 < last.0 {
                        return Err(self.error(
                            "contains a reversed range in brackets: write the smaller character first",
                        ));
                    }
                }
                _ => ranges.push((byte, byte)),
            }
            first = false;
        }
        if open_range {
            ranges.push((b'-', b'-'));
        }
        if ranges.iter().any(|range| range.0 <= b'/' && b'/' <= range.1) {
            return Err(self
                .error("contains `/` in brackets, perhaps in a range: brackets match within one component"));
        }
        Ok(CharacterClass { negated, ranges })
    }

    fn escaped(&mut self) -> Result<char, String> {
        let Some(&next) = self.chars.get(self.at) else {
            return Err(self.error("has `\\` as its last character: write `\\\\` for a literal backslash"));
        };
        self.at += 1;
        if next.is_alphanumeric() || next == '/' || next == '.' {
            return Err(self.error("contains `\\` before an ordinary character: write paths with `/`"));
        }
        Ok(next)
    }

    fn error(&self, what: &str) -> String {
        format!("`{}` {what}", self.pattern)
    }
}

impl ParsedGlob {
    /// Returns the same glob in globset's syntax, avoiding constructs that globset interprets differently.
    pub(super) fn to_glob(&self) -> String {
        let mut out = String::new();
        write_glob(&self.0, &mut out);
        out
    }
}

fn write_glob(tokens: &[Token], out: &mut String) {
    for token in tokens {
        match token {
            Token::Literal(char) => {
                if matches!(char, '*' | '?' | '[' | ']' | '{' | '}' | ',' | '\\' | '!') {
                    out.push('\\');
                }
                out.push(*char);
            }
            Token::One => out.push('?'),
            Token::Star => out.push('*'),
            Token::Everything => out.push_str("**"),
            Token::TreeStart => out.push_str("**/"),
            Token::TreeMiddle => out.push_str("/**/"),
            Token::TreeEnd => out.push_str("/**"),
            Token::Class(class) => write_class(class, out),
            Token::Choice(branches) => {
                out.push('{');
                for (index, branch) in branches.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_glob(branch, out);
                }
                out.push('}');
            }
        }
    }
}

/// Writes the class character by character, so that a negated class never matches `/` (it does in globset)
/// and that `]`, `-`, `!` and `^` are in positions where they are literal.
fn write_class(class: &CharacterClass, out: &mut String) {
    let mut members = class.members();
    if class.negated {
        members.push(b'/');
    } else if members.iter().all(|byte| matches!(byte, b'!' | b'^')) {
        // They must not come first and there is no other member, so write an equivalent choice.
        let choices: Vec<String> = members.iter().map(|&byte| format!("\\{}", char::from(byte))).collect();
        out.push('{');
        out.push_str(&choices.join(","));
        out.push('}');
        return;
    }
    // `]` is literal in the first position, `-` in the last, `!` and `^` in any but the first.
    members.sort_by_key(|byte| match byte {
        b']' => 0,
        b'!' | b'^' => 2,
        b'-' => 3,
        _ => 1,
    });
    if !class.negated && members.len() > 1 && matches!(members[0], b'!' | b'^') {
        // The only other member is `-`, which is literal in the first position as well.
        members.rotate_right(1);
    }
    out.push('[');
    if class.negated {
        out.push('!');
    }
    out.extend(members.iter().map(|&byte| char::from(byte)));
    out.push(']');
}
