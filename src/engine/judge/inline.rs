//! Comments that begin an inline waiver. Looked for in every file that is read, so the common case is one search
//! for a word that is not there.

use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::quoted::Quotes;
use crate::model::LONGEST_INLINE;

/// What such a comment begins with.
const MARK: &str = "stanchion:";
/// Most comments of one file that can have an effect.
pub const MOST_COMMENTS: usize = 1_000;
/// Longest part of a line that is kept, in bytes: more than what a waiver may be long, so that a longer one is seen to be.
const LONGEST: usize = LONGEST_INLINE + 8;
/// How far from the beginning of its line a comment may begin, in bytes.
const FARTHEST: usize = 1 << 10;
/// Most marks of one file that are looked at, whatever they stand in.
const MOST_MARKS: usize = 20_000;
/// What opens a comment in some language. A mark that stands behind anything else is prose or a text in code.
const OPENERS: &[&str] = &[
    "#", "//", "--", ";", "/*", "*", "<!--", "{-", "(*", "%", "REM", "rem", "Rem", "{#", "<%#", "!", "..",
    "<#", "--[[", "///", "//!", "/**", "<%--", "{{!--",
];

/// What opens a comment in the file at `path`; `None` where nothing does. In most files several things may, and
/// which of them do is not known here; but Markdown shows code in which a waiver is only quoted.
fn openers(path: &[u8]) -> Option<&'static [&'static str]> {
    match extension(path).as_slice() {
        b"json" => None,
        b"md" | b"markdown" | b"mdx" => Some(&["<!--", "{/*"]),
        // Anywhere else a quote begins a text.
        b"vim" | b"vimrc" => Some(&["\"", "#"]),
        // Stars are bullets there.
        b"txt" => Some(&["#"]),
        b"rst" => Some(&[".."]),
        b"vb" | b"vbs" | b"bas" => Some(&["'", "REM", "rem", "Rem"]),
        _ => Some(OPENERS),
    }
}

fn extension(path: &[u8]) -> Vec<u8> {
    path.rsplit(|&byte| byte == b'.').next().unwrap_or_default().to_ascii_lowercase()
}

/// A comment that begins an inline waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Its line, from 1.
    pub line: u32,
    /// The line that a waiver of a line covers: its own, or, where nothing but the comment stands in it, the next
    /// one that holds something else.
    pub covers: u32,
    /// From the word behind the mark on, to the end of the comment or of the line.
    pub text: String,
    /// The whole line.
    pub source: String,
    /// Where `text` begins in `source`, in bytes.
    pub at: u32,
}

/// The comments that begin an inline waiver in the file at `path`, which holds `text`.
#[must_use]
pub fn inline_comments(path: &[u8], text: &str) -> Vec<Comment> {
    let bytes = text.as_bytes();
    let Some(openers) = openers(path) else { return Vec::new() };
    let mut comments = Vec::new();
    // Lines are counted from the last comment on.
    let (mut line, mut counted) = (1u32, 0usize);
    let (mut quotes, mut followed) = (Quotes::of(path, &extension(path)), 0usize);
    let (mut seen, mut start) = (0usize, 0usize);
    for mark in memmem::find_iter(bytes, MARK.as_bytes()).take(MOST_MARKS) {
        start = memchr::memrchr(b'\n', &bytes[seen..mark]).map_or(start, |at| seen + at + 1);
        seen = mark;
        // Nobody reads so far to the right, and a line of a million marks must not take a million times its length.
        if mark - start > FARTHEST {
            continue;
        }
        let near = floor(text, mark + LONGEST);
        let end = memchr::memchr(b'\n', &bytes[mark..near]).map_or(near, |at| mark + at);
        let Some(found) = begins(&text[start..end], mark - start, openers) else { continue };
        let is_quote =
            quotes.is_quote(text.get(followed..mark).unwrap_or_default(), &text[start..end], &text[mark..]);
        followed = mark;
        if is_quote {
            continue;
        }
        // One more, so that it is seen that there are more.
        if comments.len() > MOST_COMMENTS {
            break;
        }
        line = line.saturating_add(lines(&bytes[counted..start]));
        counted = start;
        let source = text[start..end].trim_end();
        let covers = if found.alone { next_line(text, end, line, openers) } else { line };
        let cut = |text: &str| text[..floor(text, LONGEST)].to_owned();
        comments.push(Comment {
            line,
            covers,
            text: cut(source.get(found.text..found.end.min(source.len())).unwrap_or_default()),
            source: cut(source),
            at: u32::try_from(found.text).unwrap_or(u32::MAX),
        });
    }
    comments
}

/// A comment in a line.
struct Begins {
    /// Where the word behind the mark begins.
    text: usize,
    /// Where the comment ends, or the line.
    end: usize,
    /// Whether nothing but the comment stands in the line.
    alone: bool,
}

/// Whether the mark at `mark` in `line` begins a waiver in a comment.
fn begins(line: &str, mark: usize, openers: &[&str]) -> Option<Begins> {
    let rest = &line[mark + MARK.len()..];
    let word = rest.trim_start_matches([' ', '\t']);
    if !word.starts_with("waive") {
        return None;
    }
    let before = line[..mark].trim_end_matches([' ', '\t']);
    let opener =
        openers.iter().filter(|opener| before.ends_with(**opener)).max_by_key(|opener| opener.len())?;
    // `##`, `;;` and `"""` open comments as well.
    let last = opener.chars().last().unwrap_or(' ');
    let code = before[..before.len() - opener.len()].trim_end_matches(last);
    let is_word = opener.chars().all(char::is_alphabetic);
    if is_word && code.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    // Quotes and stars open a comment only at the beginning of a line: elsewhere they are part of the code.
    // What stands behind the end of the comment is code of this line.
    let closer = match *opener {
        // A line of a longer comment, which may end here.
        "/*" | "/**" | "*" => "*/",
        "{/*" => "*/}",
        "<!--" => "-->",
        "(*" => "*)",
        "{-" => "-}",
        "{#" => "#}",
        "<%#" => "%>",
        "<%--" => "--%>",
        "{{!--" => "--}}",
        "<#" => "#>",
        "--[[" => "]]",
        _ => "",
    };
    let behind = if closer.is_empty() { None } else { word.split_once(closer) };
    // In JSX, braces around a comment are no code.
    let is_jsx = code.trim() == "{" && behind.is_some_and(|(_, behind)| behind.trim() == "}");
    let alone = is_jsx || code.trim().is_empty() && behind.is_none_or(|(_, behind)| behind.trim().is_empty());
    if !alone && matches!(*opener, "\"" | "*" | "!" | "..") {
        return None;
    }
    // `"# stanchion: …"` is a text in code.
    let open = |quote: &str, escaped: &str| {
        code.matches(quote).count().abs_diff(code.matches(escaped).count()) % 2 == 1
    };
    // (An odd apostrophe may be a word's, and then nothing is lost but this waiver, which can stand in a line alone.)
    if open("\"", "\\\"") || open("`", "\\`") || open("'", "\\'") {
        return None;
    }
    let length = behind.map_or(word.len(), |(inside, _)| inside.len());
    let text = mark + MARK.len() + (rest.len() - word.len());
    Some(Begins { text, end: text + length, alone })
}

/// The first line behind `end` (the end of line number `line`) that is neither blank nor a waiver itself; the line
/// after the comment if there is none.
fn next_line(text: &str, end: usize, line: u32, openers: &[&str]) -> u32 {
    /// Most lines that are looked at: comments that are stacked are few.
    const NEAR: usize = 50;
    let Some(rest) = text.get(end + 1..) else { return line.saturating_add(1) };
    let mut at = line;
    for next in rest.lines().take(NEAR) {
        at = at.saturating_add(1);
        let next = &next[..floor(next, FARTHEST)];
        let is_waiver =
            next.find(MARK).is_some_and(|mark| begins(next, mark, openers).is_some_and(|it| it.alone));
        if !next.trim().is_empty() && !is_waiver {
            return at;
        }
    }
    line.saturating_add(1)
}

fn lines(bytes: &[u8]) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

/// The largest border of characters that is not beyond `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(u32, u32, String)> {
        inline_comments(b"a.x", text).into_iter().map(|it| (it.line, it.covers, it.text)).collect()
    }

    #[test]
    fn comments_of_many_languages_are_found() {
        for (before, after) in [
            ("# ", ""),
            ("## ", ""),
            ("// ", ""),
            ("/// ", ""),
            ("//! ", ""),
            ("-- ", ""),
            ("; ", ""),
            ("/* ", " */"),
            (" * ", ""),
            ("<!-- ", " -->"),
            ("{- ", " -}"),
            ("(* ", " *)"),
            ("% ", ""),
            ("REM ", ""),
            ("{# ", " #}"),
            ("{/* ", " */}"),
            ("<%# ", " %>"),
            ("<%-- ", " --%>"),
            ("--[[ ", " ]]"),
            ("<# ", " #>"),
            (" * ", " */"),
            ("#", ""),
            ("//\t", ""),
        ] {
            let text = format!("one\n{before}stanchion: waive a/b -- why{after}\nthree\n");
            let all = found(&text);
            assert_eq!((all.len(), all[0].0, all[0].1), (1, 2, 3), "{before}");
            assert_eq!(all[0].2.trim_end(), "waive a/b -- why", "{before}");
        }
        for code in ["x = f()  # ", "f(); // ", "f(); /* ", "x <- 1 -- ", "<p> <!-- "] {
            let text = format!("{code}stanchion:waive a/b -- why");
            assert_eq!(found(&text), [(1, 1, "waive a/b -- why".to_owned())], "{code}");
        }
    }

    #[test]
    fn prose_and_texts_in_code_are_not() {
        for text in [
            "Write `stanchion: waive a/b -- why` beside it.",
            "stanchion: waive a/b -- why",
            "x = \"stanchion: waive a/b -- why\"",
            "x = 'stanchion: waive a/b -- why'",
            "x = 3 * stanchion: waive",
            "PREM stanchion: waive a/b -- why",
            "# stanchion: check",
            "# see stanchion: waive a/b -- why",
            "f(\"# stanchion: waive a/b -- why\")",
            "`// stanchion: waive a/b -- why`",
            "x = 'a # stanchion: waive a/b -- why'",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn markdown_only_quotes_and_json_has_none() {
        let code = "# stanchion: waive a/b -- why\n";
        assert_eq!(inline_comments(b"docs/a.md", code), []);
        assert_eq!(inline_comments(b"a.MD", "<!-- stanchion: waive a/b -- why -->").len(), 1);
        assert_eq!(inline_comments(b"a.json", code), []);
        assert_eq!(inline_comments(b"Makefile", code).len(), 1);
        assert_eq!(inline_comments(b"a.txt", "* stanchion: waive a/b -- why\n"), []);
        let behind = &inline_comments(b"a.c", "/* stanchion: waive a/b -- why */ f(x);\ng();\n")[0];
        assert_eq!((behind.covers, behind.text.as_str()), (1, "waive a/b -- why "));
        let quote = "\" stanchion: waive a/b -- why\n";
        assert_eq!((inline_comments(b"a.vim", quote).len(), inline_comments(b"a.py", quote).len()), (1, 0));
    }

    #[test]
    fn what_a_comment_covers() {
        let text = "# stanchion: waive a/b -- one\r\n\r\n  # stanchion: waive a/c -- two\r\n  f()  # stanchion: waive a/d -- three\r\n# stanchion: waive a/e -- four";
        let all: Vec<_> = found(text).into_iter().map(|(line, covers, _)| (line, covers)).collect();
        assert_eq!(all, [(1, 4), (3, 4), (4, 4), (5, 6)]);
        let first = &inline_comments(b"a.x", text)[0];
        assert_eq!(&first.source[first.at as usize..], first.text);
        // What closes a comment elsewhere is part of the reason here.
        assert_eq!(found("# stanchion: waive a/b -- ends with -->")[0].2, "waive a/b -- ends with -->");
        // However many stand in a line, few are looked at.
        let wide = "# stanchion: waive a/b -- one ".repeat(50_000);
        assert!(found(&wide).len() < 100);
        let far = format!("x = 1{}# stanchion: waive a/b -- far", " ".repeat(1_100));
        assert_eq!(found(&far), []);
        let many = "# stanchion: waive a/b -- one\n".repeat(MOST_COMMENTS + 5);
        assert_eq!(inline_comments(b"a.x", &many).len(), MOST_COMMENTS + 1, "one more, to be told");
        let long = format!("# stanchion: waive a/b -- {}", "é".repeat(5_000));
        assert!(inline_comments(b"a.x", &long)[0].text.len() <= LONGEST);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "(\\PC|\n|# |stanchion:|waive| ){0,40}") {
            for comment in inline_comments(b"a.x", &text) {
                let lines: Vec<&str> = text.split('\n').collect();
                proptest::prop_assert!(lines[comment.line as usize - 1].starts_with(comment.source.trim_end()));
                proptest::prop_assert!(comment.covers >= comment.line);
                proptest::prop_assert!(comment.text.starts_with("waive"));
            }
        }
    }
}
