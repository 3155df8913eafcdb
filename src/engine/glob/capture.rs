//! A glob that captures the text matched by its wildcards, for templates such as `services/{1}/RUNBOOK.md`.

use std::fmt::Write as _;

use regex::bytes::{Regex, RegexBuilder};

use super::parse::{Token, parse};

/// Memory limit of one translated glob, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// A glob whose wildcards capture: each `*`, `**`, run of `?`, `{…}` and `[…]`, numbered from 1 in order of
/// appearance. Wildcards inside braces are part of the capture of the braces. The capture of a `**` has no
/// slash at its ends and may be empty.
#[derive(Clone, Debug)]
pub struct CapturingGlob {
    regex: Regex,
}

impl CapturingGlob {
    /// Compiles one glob; the syntax is that of [`super::Globs`].
    ///
    /// # Errors
    /// Returns a sentence without a final full stop: why the glob is invalid and what to write instead.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let tokens = parse(pattern)?.0;
        let mut text = String::from("^");
        write_tokens(&tokens, true, &mut text);
        text.push('$');
        let regex = RegexBuilder::new(&text)
            .unicode(false)
            .dot_matches_new_line(true)
            .size_limit(SIZE_LIMIT)
            .build()
            .map_err(|_| format!("`{pattern}` is too complex: split it into several globs"))?;
        Ok(Self { regex })
    }

    /// Number of captures.
    #[must_use]
    pub fn capture_count(&self) -> usize {
        self.regex.captures_len() - 1
    }

    /// Returns the captures in order, if the glob matches the whole of `path`.
    #[must_use]
    pub fn captures<'p>(&self, path: &'p [u8]) -> Option<Vec<&'p [u8]>> {
        let found = self.regex.captures(path)?;
        Some(found.iter().skip(1).map(|group| group.map_or(&b""[..], |text| text.as_bytes())).collect())
    }
}

/// Writes `tokens` as a regular expression over bytes. Wildcards inside a choice do not capture.
fn write_tokens(tokens: &[Token], capture: bool, out: &mut String) {
    let open = if capture { "(" } else { "(?:" };
    let mut rest = tokens;
    while let [token, after @ ..] = rest {
        rest = after;
        match token {
            Token::Literal(char) => write_literal(*char, out),
            Token::One => {
                let more = rest.iter().take_while(|token| **token == Token::One).count();
                rest = &rest[more..];
                let _ = write!(out, "{open}[^/]{{{}}})", more + 1);
            }
            Token::Star => {
                let _ = write!(out, "{open}[^/]*)");
            }
            Token::Everything => {
                let _ = write!(out, "{open}.*)");
            }
            Token::TreeStart => {
                let _ = write!(out, "(?:{open}.*)/)?");
            }
            Token::TreeMiddle => {
                let _ = write!(out, "/(?:{open}.*)/)?");
            }
            Token::TreeEnd => {
                let _ = write!(out, "/{open}.*)");
            }
            Token::Class(class) => {
                let _ = write!(out, "{open}[{}", if class.negated { "^/" } else { "" });
                for byte in class.members() {
                    let _ = write!(out, "\\x{byte:02x}");
                }
                out.push_str("])");
            }
            Token::Choice(branches) => {
                out.push_str(open);
                for (index, branch) in branches.iter().enumerate() {
                    if index > 0 {
                        out.push('|');
                    }
                    write_tokens(branch, false, out);
                }
                out.push(')');
            }
        }
    }
}

fn write_literal(char: char, out: &mut String) {
    let mut buffer = [0; 4];
    for byte in char.encode_utf8(&mut buffer).bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_capture() {
        let cases: &[(&str, &str, &[&str])] = &[
            ("services/*/Dockerfile", "services/pay/Dockerfile", &["pay"]),
            ("src/**/*.ts", "src/a/b/c.ts", &["a/b", "c"]),
            ("src/**/*.ts", "src/c.ts", &["", "c"]),
            ("**/*.proto", "x/y.proto", &["x", "y"]),
            ("a??b?", "axyb1", &["xy", "1"]),
            ("{api,web-{a,b}}/[0-9]", "web-b/7", &["web-b", "7"]),
            ("docs/**", "docs/x/y", &["x/y"]),
            ("plain.txt", "plain.txt", &[]),
        ];
        for (pattern, path, expected) in cases {
            let glob = CapturingGlob::new(pattern).expect("valid glob");
            let expected: Vec<&[u8]> = expected.iter().map(|text| text.as_bytes()).collect();
            assert_eq!(glob.captures(path.as_bytes()), Some(expected.clone()), "{pattern} on {path}");
            assert_eq!(glob.capture_count(), expected.len());
        }
    }
}
