//! Masks comments and the contents of string literals, so that words of code are not found there. It filters
//! bytes and does not parse.
//!
//! Only for languages whose comments and strings can be recognised without a parser. Unclear parts are left
//! unchanged: then more text counts as code, never less.

use serde::{Deserialize, Serialize};

/// Syntax of comments and string literals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LexicalSyntax {
    /// Go: `//`, `/* */`, `"…"`, `` `…` ``, `'x'`.
    Go,
    /// Rust: `//`, `/* /* */ */`, `"…"`, `r#"…"#`, `'x'` as opposed to lifetimes.
    Rust,
}

/// Writes `text` to `out`, with comments replaced by spaces and string literals by quotes, at the same
/// length. If the text seems to end within a string or comment, it was misinterpreted and is copied unchanged.
pub fn mask_comments_and_strings(syntax: LexicalSyntax, text: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(text);
    let mut at = 0;
    // `#!` is a shebang, unless `[` follows: then it is a Rust attribute.
    let shebang = text.strip_prefix(b"#!").filter(|rest| !rest.trim_ascii_start().starts_with(b"["));
    if shebang.is_some() {
        at = line_end(text, 0);
        out[..at].fill(b' ');
    }
    // Offsets of the next quote or slash and of the next backtick; each is searched for only once.
    let next_of = |at: usize, find: &dyn Fn(&[u8]) -> Option<usize>| {
        find(&text[at..]).map_or(usize::MAX, |found| at + found)
    };
    let (mut quote, mut backtick) = (None, (syntax == LexicalSyntax::Rust).then_some(usize::MAX));
    loop {
        if quote.is_none_or(|known| known < at) {
            quote = Some(next_of(at, &|text| memchr::memchr3(b'"', b'\'', b'/', text)));
        }
        if backtick.is_none_or(|known| known < at) {
            backtick = Some(next_of(at, &|text| memchr::memchr(b'`', text)));
        }
        let found = quote.into_iter().chain(backtick).min().unwrap_or(usize::MAX);
        if found == usize::MAX {
            return;
        }
        let Some(next) = mask_token(syntax, text, found, out) else {
            out.clear();
            out.extend_from_slice(text);
            return;
        };
        at = next;
    }
}

/// Masks the comment or literal at `at`, which is one of ``"'/` ``, and returns its end; `None` if it is
/// unclosed.
fn mask_token(syntax: LexicalSyntax, text: &[u8], at: usize, out: &mut [u8]) -> Option<usize> {
    let (fill, end) = match (text[at], text.get(at + 1)) {
        (b'/', Some(b'/')) => (b' ', line_end(text, at)),
        (b'/', Some(b'*')) => (b' ', block_end(text, at, syntax == LexicalSyntax::Rust)?),
        (b'/', _) => return Some(at + 1),
        (b'"', _) if syntax == LexicalSyntax::Rust => (b'"', rust_string_end(text, at)?),
        (b'"', _) => {
            let end = escaped_end(text, at + 1, b'"')?;
            (b'"', memchr::memchr(b'\n', &text[at..end]).is_none().then_some(end)?)
        }
        (b'`', _) => (b'`', memchr::memchr(b'`', &text[at + 1..])? + at + 2),
        (quote, _) => match character_end(text, at) {
            Some(end) => (quote, end),
            // A lifetime, or another token that begins with an apostrophe.
            None if syntax == LexicalSyntax::Rust => return Some(at + 1),
            None => return None,
        },
    };
    out[at..end].fill(fill);
    Some(end)
}

fn line_end(text: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |found| at + found)
}

fn block_end(text: &[u8], at: usize, nested: bool) -> Option<usize> {
    let (mut depth, mut at) = (1usize, at + 2);
    loop {
        at += memchr::memchr2(b'*', b'/', text.get(at..)?)?;
        match (text[at], text.get(at + 1)?) {
            (b'*', b'/') => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            (b'/', b'*') if nested => {
                depth += 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
}

/// Returns the offset after the next `quote` that is not escaped with a backslash.
fn escaped_end(text: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    loop {
        at += memchr::memchr2(quote, b'\\', text.get(at..)?)?;
        if text[at] == quote {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Returns the offset after the Rust string literal whose opening quote is at `at`; a prefix (`br#`) precedes
/// it.
fn rust_string_end(text: &[u8], at: usize) -> Option<usize> {
    let hashes = text[..at].iter().rev().take_while(|byte| **byte == b'#').count();
    let before = &text[..at - hashes];
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    let word = &before[before.len() - before.iter().rev().take_while(|byte| is_word(byte)).count()..];
    // `1r"` may be a number followed by a string.
    if word.first().is_some_and(u8::is_ascii_digit) && word.ends_with(b"r") {
        return None;
    }
    // The name of a lifetime or of a macro variable is not the prefix of a string.
    let is_name = matches!(before[..before.len() - word.len()].last(), Some(b'\'' | b'$'));
    if is_name || !matches!(word, b"r" | b"br" | b"cr") {
        return escaped_end(text, at + 1, b'"');
    }
    let mut at = at + 1;
    loop {
        at += memchr::memchr(b'"', text.get(at..)?)? + 1;
        if text[at..].iter().take_while(|byte| **byte == b'#').take(hashes).count() == hashes {
            return Some(at + hashes);
        }
    }
}

/// Exclusive upper bound of the length of an escaped character literal, in bytes, including its quotes.
const MAX_CHARACTER_BYTES: usize = 64;

/// Returns the offset after the character literal that begins at `at`; `None` if there is no character
/// literal.
fn character_end(text: &[u8], at: usize) -> Option<usize> {
    match *text.get(at + 1)? {
        // A character literal cannot contain a line ending.
        b'\\' => {
            let near = &text[..text.len().min(at + MAX_CHARACTER_BYTES)];
            escaped_end(near, at + 1, b'\'').filter(|end| memchr::memchr(b'\n', &text[at..*end]).is_none())
        }
        b'\'' => None,
        byte => {
            let length = match byte {
                0..=0xbf => 1,
                0xc0..=0xdf => 2,
                0xe0..=0xef => 3,
                _ => 4,
            };
            (text.get(at + 1 + length) == Some(&b'\'')).then_some(at + length + 2)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(syntax: LexicalSyntax, text: &str) -> String {
        let mut out = Vec::new();
        mask_comments_and_strings(syntax, text.as_bytes(), &mut out);
        assert_eq!(out.len(), text.len());
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn comments_and_strings_go() {
        for (text, wanted) in [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"f("b // c", d)"#, r#"f("""""""", d)"#),
            (r#"f("\"b", d)"#, r#"f(""""", d)"#),
            (r##"f(r#"b " c"#, d)"##, r#"f(r#"""""""", d)"#),
            (r#"f(r"\", d)"#, r#"f(r""", d)"#),
            (r#"for"\" b" c"#, r#"for"""""" c"#),
            (r#"break 'r"\"" c"#, r#"break 'r"""" c"#),
            (r#"$r"\"" c"#, r#"$r"""" c"#),
            ("<'a, 'b>('\"', '\\'', 'é') b", "<'a, 'b>(''', '''', '''') b"),
            ("'a: loop { break 'a; }", "'a: loop { break 'a; }"),
            ("#!/bin/x \"\nf", "          \nf"),
            ("#![a] // b", "#![a]     "),
            ("#! [a] fn f() {} // b", "#! [a] fn f() {}     "),
        ] {
            assert_eq!(masked(LexicalSyntax::Rust, text), wanted, "{text}");
        }
        assert_eq!(masked(LexicalSyntax::Go, "a := `\"` + \"`\" // '"), "a := ``` + \"\"\"     ");
    }

    #[test]
    fn a_text_with_an_unclosed_literal_is_copied_unchanged() {
        for text in ["a // b\n\"c", "/* /* */ \"b\"", "\"a\" r#\"b\"", "\"a\" 1r\"b\""] {
            assert_eq!(masked(LexicalSyntax::Rust, text), text);
        }
        for text in ["\"a\" `b", "\"a\" 'b", "\"a\n"] {
            assert_eq!(masked(LexicalSyntax::Go, text), text);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_masked_without_a_panic(text in "[rb#\"'/*\\\\a\n é]{0,24}", go: bool) {
            masked(if go { LexicalSyntax::Go } else { LexicalSyntax::Rust }, &text);
        }
    }
}
