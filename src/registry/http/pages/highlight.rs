//! Code in examples, with its words marked as what they are.
//!
//! Texts come from anybody, so this reads each byte once and knows little: comments, texts, numbers and the words of a
//! language. (Highlighters made of expressions do not end on some texts: syntect 5.3 with fancy-regex, 2026-11-25.) No
//! outcome depends on it.

mod language;

use crate::report::xml_entities;
use language::{Names, Writing};

/// Longest text in one line that is marked, in bytes: what does not end is not looked for over and over.
const LONGEST: usize = 400;

/// What a part of code is shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Plain,
    Comment,
    Text,
    Number,
    Word,
    Name,
}

impl Part {
    fn class(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Comment => Some("hl-c"),
            Self::Text => Some("hl-s"),
            Self::Number => Some("hl-n"),
            Self::Word => Some("hl-k"),
            Self::Name => Some("hl-t"),
        }
    }
}

/// `code` in the language that the info string of its fence begins with, as safe HTML for the inside of `<code>`; `None`
/// where the language is not known.
pub(super) fn html(language: &str, code: &str) -> Option<String> {
    let writing = language::of(language)?;
    let mut out = String::with_capacity(code.len() * 2);
    let (mut from, mut at, mut now) = (0, 0, Part::Plain);
    while at < code.len() {
        let (part, length) = part(writing, code, at);
        if part != now {
            put(&mut out, &code[from..at], now);
            (from, now) = (at, part);
        }
        at += length;
    }
    put(&mut out, &code[from..], now);
    Some(out)
}

fn put(out: &mut String, text: &str, part: Part) {
    match part.class() {
        _ if text.is_empty() => {}
        None => out.push_str(&xml_entities(text)),
        Some(class) => out.push_str(&format!("<span class=\"{class}\">{}</span>", xml_entities(text))),
    }
}

/// What begins at `at`, and how long it is: at least one character.
fn part(writing: &Writing, code: &str, at: usize) -> (Part, usize) {
    let rest = &code[at..];
    let line = || rest.find('\n').unwrap_or(rest.len());
    let before = code[..at].chars().next_back();
    let is_apart = before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '$' | '-'));
    if writing.line.iter().any(|open| rest.starts_with(open))
        && (!writing.apart || is_apart && before != Some('{'))
    {
        return (Part::Comment, line());
    }
    if let Some((open, close)) = writing.block.filter(|(open, _)| rest.starts_with(open)) {
        let end = rest[open.len()..].find(close).map(|end| open.len() + end + close.len());
        return (Part::Comment, end.unwrap_or(rest.len()));
    }
    if let Some(quote) = writing.long.iter().find(|quote| rest.starts_with(**quote)) {
        return (Part::Text, closed(rest, quote).unwrap_or(rest.len()));
    }
    if let Some(quote) = rest.chars().next().filter(|c| writing.short.contains(*c)) {
        let near = rest.floor_char_boundary(LONGEST);
        let inner = &rest[..rest[..near].find('\n').unwrap_or(near)];
        // An apostrophe that closes in no line is none of a text.
        return match closed(inner, quote.encode_utf8(&mut [0; 4])) {
            Some(length) => {
                let is_key =
                    writing.names == Names::Keys && rest[length..].trim_start_matches(' ').starts_with(':');
                (if is_key { Part::Name } else { Part::Text }, length)
            }
            None => (Part::Plain, quote.len_utf8()),
        };
    }
    let first = rest.chars().next().unwrap_or(' ');
    let goes_on =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '$') || c == '-' && writing.names == Names::Keys;
    if !is_apart || !goes_on(first) {
        return (Part::Plain, first.len_utf8());
    }
    let word = rest.find(|c| !goes_on(c)).unwrap_or(rest.len());
    let name = &rest[..word];
    let behind = rest[word..].trim_start_matches(' ');
    let is_key = writing.names == Names::Keys
        && (behind.starts_with(':') || behind.starts_with('=') && !behind.starts_with("=="));
    let kind = if first.is_ascii_digit() {
        Part::Number
    } else if is_key || writing.names == Names::Tags && before == Some('<') {
        Part::Name
    } else if writing.is_word(name) {
        Part::Word
    } else {
        Part::Plain
    };
    (kind, word)
}

/// How long a text is that `rest` begins with, quotes included; `None` where it does not end.
fn closed(rest: &str, quote: &str) -> Option<usize> {
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

    /// The text without its marks.
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
    fn words_are_marked_and_none_is_lost() {
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
            let html = html(language, code).unwrap_or_else(|| panic!("{language} is not known"));
            assert!(html.contains(marked), "{language}: {html}");
            assert_eq!(plain(&html), code, "{language}");
        }
        assert_eq!((html("nonsense", "x"), html("", "x")), (None, None));
    }

    #[test]
    fn what_does_not_end_takes_no_time() {
        for part in ["'", "\\'", "a-", "/*", "`\\", "<a ", "\"\\\"", "a: ", "#", "\u{301}"] {
            let code = part.repeat(40_000 / part.len());
            for language in ["python", "js", "yaml", "html", "sh", "rust", "sql", "json"] {
                assert_eq!(plain(&html(language, &code).expect("known")).len(), code.len());
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_code_stays_what_it_is(code in "(\\PC|\n|<|&|\"|'|#|/\\*|\\{|\\}|def |\\\\|`|é|'''){0,60}") {
            for language in ["python", "js", "yaml", "html", "sh", "rust", "sql", "json", "toml", "dockerfile"] {
                let html = html(language, &code).expect("a known language");
                proptest::prop_assert_eq!(plain(&html), code.clone());
                proptest::prop_assert!(!html.replace("<span class=\"hl-", "").replace("</span>", "").contains('<'));
            }
        }
    }
}
