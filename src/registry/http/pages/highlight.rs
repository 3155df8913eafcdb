//! Syntax highlighting of code in examples.
//!
//! The code is untrusted. The scanner reads each byte once and recognizes only comments, strings, numbers and
//! keywords. (Highlighters based on regular expressions do not terminate on some texts: syntect 5.3 with
//! fancy-regex, 2026-11-25.) No result of a check depends on it.

mod language;

use crate::report::xml_entities;
use language::{LanguageSyntax, NameSyntax};

/// Longest string within one line, in bytes. Limits the repeated search for the end of an unclosed string.
const MAX_LINE_STRING: usize = 400;

/// Class of a piece of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SyntaxClass {
    Plain,
    Comment,
    StringLiteral,
    Number,
    Keyword,
    Name,
}

impl SyntaxClass {
    fn class(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Comment => Some("hl-c"),
            Self::StringLiteral => Some("hl-s"),
            Self::Number => Some("hl-n"),
            Self::Keyword => Some("hl-k"),
            Self::Name => Some("hl-t"),
        }
    }
}

/// Highlights `code` as safe HTML for the inside of `<code>`. `language` is the first word of the info
/// string. Returns `None` if the language is unknown.
pub(super) fn html(language: &str, code: &str) -> Option<String> {
    let syntax = language::syntax_of(language)?;
    let mut out = String::with_capacity(code.len() * 2);
    let (mut from, mut at, mut now) = (0, 0, SyntaxClass::Plain);
    while at < code.len() {
        let (part, length) = classify(syntax, code, at);
        if part != now {
            push_span(&mut out, &code[from..at], now);
            (from, now) = (at, part);
        }
        at += length;
    }
    push_span(&mut out, &code[from..], now);
    Some(out)
}

fn push_span(out: &mut String, text: &str, part: SyntaxClass) {
    match part.class() {
        _ if text.is_empty() => {}
        None => out.push_str(&xml_entities(text)),
        Some(class) => out.push_str(&format!("<span class=\"{class}\">{}</span>", xml_entities(text))),
    }
}

/// Class and length of the piece that begins at `at`. The length is at least one character.
fn classify(syntax: &LanguageSyntax, code: &str, at: usize) -> (SyntaxClass, usize) {
    let rest = &code[at..];
    let line = || rest.find('\n').unwrap_or(rest.len());
    let before = code[..at].chars().next_back();
    let is_apart = before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '$' | '-'));
    if syntax.line_comments.iter().any(|open| rest.starts_with(open))
        && (!syntax.comment_needs_gap || is_apart && before != Some('{'))
    {
        return (SyntaxClass::Comment, line());
    }
    if let Some((open, close)) = syntax.block_comment.filter(|(open, _)| rest.starts_with(open)) {
        let end = rest[open.len()..].find(close).map(|end| open.len() + end + close.len());
        return (SyntaxClass::Comment, end.unwrap_or(rest.len()));
    }
    if let Some(quote) = syntax.multiline_quotes.iter().find(|quote| rest.starts_with(**quote)) {
        return (SyntaxClass::StringLiteral, string_length(rest, quote).unwrap_or(rest.len()));
    }
    if let Some(quote) = rest.chars().next().filter(|c| syntax.line_quotes.contains(*c)) {
        let near = rest.floor_char_boundary(MAX_LINE_STRING);
        let inner = &rest[..rest[..near].find('\n').unwrap_or(near)];
        // A quote that is not closed in its line starts no string.
        return match string_length(inner, quote.encode_utf8(&mut [0; 4])) {
            Some(length) => {
                let is_key = syntax.name_rule == NameSyntax::Keys
                    && rest[length..].trim_start_matches(' ').starts_with(':');
                (if is_key { SyntaxClass::Name } else { SyntaxClass::StringLiteral }, length)
            }
            None => (SyntaxClass::Plain, quote.len_utf8()),
        };
    }
    let first = rest.chars().next().unwrap_or(' ');
    let is_word_char = |c: char| {
        c.is_alphanumeric() || matches!(c, '_' | '$') || c == '-' && syntax.name_rule == NameSyntax::Keys
    };
    if !is_apart || !is_word_char(first) {
        return (SyntaxClass::Plain, first.len_utf8());
    }
    let word = rest.find(|c| !is_word_char(c)).unwrap_or(rest.len());
    let name = &rest[..word];
    let behind = rest[word..].trim_start_matches(' ');
    let is_key = syntax.name_rule == NameSyntax::Keys
        && (behind.starts_with(':') || behind.starts_with('=') && !behind.starts_with("=="));
    let kind = if first.is_ascii_digit() {
        SyntaxClass::Number
    } else if is_key || syntax.name_rule == NameSyntax::Tags && before == Some('<') {
        SyntaxClass::Name
    } else if syntax.is_keyword(name) {
        SyntaxClass::Keyword
    } else {
        SyntaxClass::Plain
    };
    (kind, word)
}

/// Length of the string at the start of `rest`, including quotes; `None` if it is not closed.
fn string_length(rest: &str, quote: &str) -> Option<usize> {
    let mut at = quote.len();
    loop {
        let next = rest[at..].find(['\\', quote.chars().next()?])?;
        at += next;
        if rest[at..].starts_with(quote) {
            return Some(at + quote.len());
        }
        let mut chars = rest[at..].chars();
        let is_escape = chars.next()? == '\\';
        at += if is_escape { 1 + chars.next()?.len_utf8() } else { quote.chars().next()?.len_utf8() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Removes the markup.
    fn plain(html: &str) -> String {
        let mut out = String::new();
        let mut rest = html;
        while let Some((before, mark)) = rest.split_once('<') {
            out.push_str(before);
            rest = mark.split_once('>').expect("closed").1;
        }
        out.push_str(rest);
        let out = out.replace("&#35;", "#").replace("&lt;", "<").replace("&gt;", ">");
        out.replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
    }

    #[test]
    fn highlighting_marks_code_and_keeps_all_text() {
        for (language, code, marked) in [
            ("python", "def f(x):  # why\n    return \"<b>&\" + 1\n", "<span class=\"hl-c\"># why</span>"),
            (
                "python",
                "x = '''a\n# b'''  # c\n",
                "<span class=\"hl-s\">&#39;&#39;&#39;a\n# b&#39;&#39;&#39;</span>",
            ),
            ("py", "return 0x1f\n", "<span class=\"hl-k\">return</span> <span class=\"hl-n\">0x1f</span>"),
            (
                "rust",
                "fn main<'a>() { let a = \"x\"; }\n",
                "<span class=\"hl-k\">let</span> a = <span class=\"hl-s\">&quot;x&quot;</span>",
            ),
            (
                "yaml",
                "on: push # it's\njobs: { a: \"b\" }\n",
                "<span class=\"hl-t\">jobs</span>: { <span class=\"hl-t\">a</span>: <span class=\"hl-s\">",
            ),
            (
                "toml",
                "[a]\nmy-key = \"b\" # c\n",
                "<span class=\"hl-t\">my-key</span> = <span class=\"hl-s\">",
            ),
            ("dockerfile", "FROM a:1\nRUN b # c\n", "<span class=\"hl-k\">FROM</span>"),
            ("typescript", "const a = `x\ny`;\n", "<span class=\"hl-s\">`x\ny`</span>"),
            ("go", "func a() { /* x\n*/ }\n", "<span class=\"hl-c\">/* x\n*/</span>"),
            (
                "json",
                "{\"a\": true}\n",
                "<span class=\"hl-t\">&quot;a&quot;</span>: <span class=\"hl-k\">true</span>",
            ),
            ("sh", "if true; then echo \"${#x}\"; fi # c\n", "<span class=\"hl-c\"># c</span>"),
            ("html", "<p class=\"x\"><!-- c --></p>\n", "&lt;<span class=\"hl-t\">p</span>"),
            ("sql", "SELECT 1 -- c\n", "<span class=\"hl-k\">SELECT</span>"),
        ] {
            let html = html(language, code).unwrap_or_else(|| panic!("{language} is unknown"));
            assert!(html.contains(marked), "{language}: {html}");
            assert_eq!(plain(&html), code, "{language}");
        }
        assert_eq!((html("nonsense", "x"), html("", "x")), (None, None));
    }

    #[test]
    fn unclosed_syntax_is_scanned_in_linear_time() {
        for part in ["'", "\\'", "a-", "/*", "`\\", "<a ", "\"\\\"", "a: ", "#", "\u{301}"] {
            let code = part.repeat(40_000 / part.len());
            for language in ["python", "js", "yaml", "html", "sh", "rust", "sql", "json"] {
                assert_eq!(plain(&html(language, &code).expect("known")).len(), code.len());
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn highlighting_keeps_any_code(code in "(\\PC|\n|<|&|\"|'|#|/\\*|\\{|\\}|def |\\\\|`|é|'''){0,60}") {
            for language in ["python", "js", "yaml", "html", "sh", "rust", "sql", "json", "toml", "dockerfile"] {
                let html = html(language, &code).expect("a known language");
                proptest::prop_assert_eq!(plain(&html), code.clone());
                proptest::prop_assert!(!html.replace("<span class=\"hl-", "").replace("</span>", "").contains('<'));
            }
        }
    }
}
