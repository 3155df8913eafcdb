//! Reads a glob into tokens, with every refusal in words. Recursion is bounded by a linear look at the
//! nesting first, because globset recurses as deep as the text says (GUARANTEES M9).

/// Longest glob in bytes.
const MAX_LEN: usize = 1_024;
/// Deepest nesting of braces.
const MAX_NESTING: usize = 16;

/// A parsed glob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parsed(pub(super) Vec<Token>);

/// A part of a glob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// This character; may be `/`.
    Literal(char),
    /// `?`
    One,
    /// `*`
    Star,
    /// The whole glob is `**`.
    Everything,
    /// `**/` at the start of a path.
    TreeStart,
    /// `/**/`
    TreeMiddle,
    /// `/**` at the end.
    TreeEnd,
    /// `[…]`
    Class(Class),
    /// `{…,…}`
    Choice(Vec<Vec<Token>>),
}

/// Characters in brackets, all ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Class {
    /// Starts with `!` or `^`.
    pub(super) negated: bool,
    /// First and last character of each range.
    pub(super) ranges: Vec<(u8, u8)>,
}

impl Class {
    /// Every character of it once, in order.
    pub(super) fn members(&self) -> Vec<u8> {
        (0..128).filter(|byte| self.ranges.iter().any(|range| (range.0..=range.1).contains(byte))).collect()
    }
}

/// Reads `pattern`; the message of a refusal has no final full stop.
pub(super) fn parse(pattern: &str) -> Result<Parsed, String> {
    check_whole(pattern)?;
    let chars: Vec<char> = pattern.chars().collect();
    let mut parser = Parser { pattern, chars: &chars, at: 0 };
    let tokens = parser.branch(0, true)?;
    Ok(Parsed(tokens))
}

fn check_whole(pattern: &str) -> Result<(), String> {
    if pattern.len() > MAX_LEN {
        let start: String = pattern.chars().take(40).collect();
        return Err(format!("the glob `{start}…` is longer than 1,024 bytes: split it into several"));
    }
    if pattern.is_empty() {
        return Err("a glob is empty: write `**` for every path".to_owned());
    }
    if pattern.contains('\0') {
        return Err("a glob holds a NUL character, which no path can".to_owned());
    }
    if let Some(rest) = pattern.strip_prefix('!') {
        return Err(format!(
            "`{pattern}` starts with `!`: list what to leave out under `except` (a name that starts with it: `\\!{rest}`)"
        ));
    }
    for start in ["./", "/"] {
        if let Some(rest) = pattern.strip_prefix(start) {
            let rest = rest.trim_start_matches('/');
            return Err(format!(
                "`{pattern}` starts with `{start}`: globs are relative to the repository's root already, write `{rest}`"
            ));
        }
    }
    if let Some(directory) = pattern.strip_suffix('/') {
        return Err(format!("`{pattern}` ends with `/`: for everything below it, write `{directory}/**`"));
    }
    for component in pattern.split('/') {
        match component {
            ".." => return Err(format!("`{pattern}` holds `..`: a glob cannot leave the repository")),
            "." => return Err(format!("`{pattern}` holds `.` as a component: leave it out")),
            "" => return Err(format!("`{pattern}` holds an empty component (`//`): write one `/`")),
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
                "`{pattern}` nests its brackets deeper than 16 levels: split it into several"
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
    /// Reads up to the end, or to the `,` or `}` that ends a branch of a choice. `at_component` says
    /// whether the branch starts a component; `**` needs that.
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
                        self.say("closes a brace that was never opened: write `\\}` for the character")
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
            return Err(self.say("opens a brace that is never closed: write `\\{` for the character"));
        }
        Ok(tokens)
    }

    /// `**`, which stands alone between slashes. The first star is behind `at`.
    fn tree(&mut self, tokens: &mut Vec<Token>, starts_component: bool, depth: usize) -> Result<(), String> {
        self.at += 1;
        let next = self.chars.get(self.at).copied();
        let ends = next.is_none() || (depth > 0 && matches!(next, Some(',' | '}')));
        let alone =
            starts_component && (next == Some('/') || ends) && !(depth > 0 && ends && tokens.is_empty());
        if !alone {
            return Err(self.say("holds `**` beside other characters: it stands alone between slashes, as in `**/*.md` or `docs/**`"));
        }
        if next == Some('/') {
            self.at += 1;
        }
        // A second `**` beside the first adds nothing, and globset would misread `**/**`.
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

    fn class(&mut self) -> Result<Class, String> {
        let negated = matches!(self.chars.get(self.at), Some('!' | '^'));
        self.at += usize::from(negated);
        let mut ranges: Vec<(u8, u8)> = Vec::new();
        let mut open_range = false;
        let mut first = true;
        loop {
            let Some(&next) = self.chars.get(self.at) else {
                return Err(self.say("opens a bracket that is never closed: write `\\[` for the character"));
            };
            self.at += 1;
            let Some(byte) = u8::try_from(next).ok().filter(u8::is_ascii) else {
                return Err(self
                    .say("holds a character in brackets that is not ASCII: write a choice, as in `{é,è}`"));
            };
            match (byte, ranges.last_mut()) {
                (b']', _) if !first => break,
                (b'-', Some(_)) if !open_range => open_range = true,
                (_, Some(last)) if open_range => {
                    last.1 = byte;
                    open_range = false;
                    if last.1 < last.0 {
                        return Err(self.say("holds a range in brackets that runs backwards: write the smaller character first"));
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
                .say("holds `/` in brackets (a range may contain it): brackets stay inside one component"));
        }
        Ok(Class { negated, ranges })
    }

    fn escaped(&mut self) -> Result<char, String> {
        let Some(&next) = self.chars.get(self.at) else {
            return Err(self.say("has `\\` as its last character: write `\\\\` for the character"));
        };
        self.at += 1;
        if next.is_alphanumeric() || next == '/' || next == '.' {
            return Err(self.say("holds `\\` before an ordinary character: paths are written with `/`"));
        }
        Ok(next)
    }

    fn say(&self, what: &str) -> String {
        format!("`{}` {what}", self.pattern)
    }
}

impl Parsed {
    /// The same glob in globset's words, without what globset reads differently.
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

/// Written anew, character by character, so that a negated class never matches `/` (globset's own
/// would) and that `]`, `-`, `!` and `^` stand where they are plain characters.
fn write_class(class: &Class, out: &mut String) {
    let mut members = class.members();
    if class.negated {
        members.push(b'/');
    } else if members.iter().all(|byte| matches!(byte, b'!' | b'^')) {
        // Nothing to put before them: a choice says the same.
        let choices: Vec<String> = members.iter().map(|&byte| format!("\\{}", char::from(byte))).collect();
        out.push('{');
        out.push_str(&choices.join(","));
        out.push('}');
        return;
    }
    // `]` is plain when it is first, `-` when it is last, `!` and `^` when they are not first.
    members.sort_by_key(|byte| match byte {
        b']' => 0,
        b'!' | b'^' => 2,
        b'-' => 3,
        _ => 1,
    });
    if !class.negated && members.len() > 1 && matches!(members[0], b'!' | b'^') {
        // Only `-` is left, which is plain in the first place too.
        members.rotate_right(1);
    }
    out.push('[');
    if class.negated {
        out.push('!');
    }
    out.extend(members.iter().map(|&byte| char::from(byte)));
    out.push(']');
}
