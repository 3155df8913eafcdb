//! Finds comments that contain an inline waiver. Every file that is read is searched, so the common case must
//! cost a single substring search without a match.

use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::quoted::QuoteTracker;
use crate::model::LONGEST_INLINE;

/// Marker at the beginning of such a comment.
const MARK: &str = "stanchion:";
/// Maximum number of waiver comments in one file that have an effect.
pub const MAX_COMMENTS: usize = 1_000;
/// Maximum length of the stored part of a line, in bytes. It exceeds the maximum length of a waiver, so that
/// a waiver that is too long can be detected.
const MAX_TEXT_BYTES: usize = LONGEST_INLINE + 8;
/// Maximum distance of a comment from the beginning of its line, in bytes.
const MAX_COLUMN_BYTES: usize = 1 << 10;
/// Maximum number of markers in one file that are inspected, including those outside of comments.
const MAX_MARKS: usize = 20_000;
/// Comment openers of various languages. A marker after any other text is prose or part of a string literal.
const OPENERS: &[&str] = &[
    "#", "//", "--", ";", "/*", "*", "<!--", "{-", "(*", "%", "REM", "rem", "Rem", "{#", "<%#", "!", "..",
    "<#", "--[[", "///", "//!", "/**", "<%--", "{{!--",
];

/// Returns the comment openers for the file at `path`; `None` if its format has no comments. Most files
/// accept all openers, because their language is not determined here. Markdown is restricted: its code
/// samples may quote waivers.
fn openers_of(path: &[u8]) -> Option<&'static [&'static str]> {
    match extension_of(path).as_slice() {
        b"json" => None,
        b"md" | b"markdown" | b"mdx" => Some(&["<!--", "{/*"]),
        // In all other languages `"` opens a string literal.
        b"vim" | b"vimrc" => Some(&["\"", "#"]),
        // Asterisks are list bullets in plain text.
        b"txt" => Some(&["#"]),
        b"rst" => Some(&[".."]),
        b"vb" | b"vbs" | b"bas" => Some(&["'", "REM", "rem", "Rem"]),
        _ => Some(OPENERS),
    }
}

fn extension_of(path: &[u8]) -> Vec<u8> {
    path.rsplit(|&byte| byte == b'.').next().unwrap_or_default().to_ascii_lowercase()
}

/// A comment that contains an inline waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Line number, from 1.
    pub line: u32,
    /// Line that a single-line waiver covers: the comment's own line, or, if the comment is alone in its
    /// line, the next line with other content.
    pub covers: u32,
    /// Text from the first word after the marker to the end of the comment or line.
    pub text: String,
    /// The whole line.
    pub source: String,
    /// Offset of `text` in `source`, in bytes.
    pub at: u32,
}

/// Finds the comments with an inline waiver in `text`, the content of the file at `path`. Returns at most
/// [`MAX_COMMENTS`] + 1, so that the caller can report an excess.
#[must_use]
pub fn find_inline_comments(path: &[u8], text: &str) -> Vec<Comment> {
    let bytes = text.as_bytes();
    let Some(openers) = openers_of(path) else { return Vec::new() };
    let mut comments = Vec::new();
    // Lines are counted incrementally, from the previous comment on.
    let (mut line, mut counted) = (1u32, 0usize);
    let (mut quotes, mut followed) = (QuoteTracker::of(path, &extension_of(path)), 0usize);
    let (mut seen, mut start) = (0usize, 0usize);
    for mark in memmem::find_iter(bytes, MARK.as_bytes()).take(MAX_MARKS) {
        start = memchr::memrchr(b'\n', &bytes[seen..mark]).map_or(start, |at| seen + at + 1);
        seen = mark;
        // Comments this far to the right are not readable, and a line with a million markers must not take
        // quadratic time.
        if mark - start > MAX_COLUMN_BYTES {
            continue;
        }
        let near = floor_char_boundary(text, mark + MAX_TEXT_BYTES);
        let end = memchr::memchr(b'\n', &bytes[mark..near]).map_or(near, |at| mark + at);
        let Some(found) = find_comment_start(&text[start..end], mark - start, openers) else { continue };
        let is_quote =
            quotes.is_quote(text.get(followed..mark).unwrap_or_default(), &text[start..end], &text[mark..]);
        followed = mark;
        if is_quote {
            continue;
        }
        // One more than the maximum is returned, so that the caller can report the excess.
        if comments.len() > MAX_COMMENTS {
            break;
        }
        line = line.saturating_add(count_lines(&bytes[counted..start]));
        counted = start;
        let source = text[start..end].trim_end();
        let covers = if found.alone { next_covered_line(text, end, line, openers) } else { line };
        let cut = |text: &str| text[..floor_char_boundary(text, MAX_TEXT_BYTES)].to_owned();
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
struct CommentStart {
    /// Offset of the first word after the marker.
    text: usize,
    /// Offset of the end of the comment or line.
    end: usize,
    /// Whether the line contains nothing else.
    alone: bool,
}

/// Returns the waiver comment whose marker is at offset `mark` of `line`; `None` if it is not in a comment.
fn find_comment_start(line: &str, mark: usize, openers: &[&str]) -> Option<CommentStart> {
    let rest = &line[mark + MARK.len()..];
    let word = rest.trim_start_matches([' ', '\t']);
    if !word.starts_with("waive") {
        return None;
    }
    let before = line[..mark].trim_end_matches([' ', '\t']);
    let opener =
        openers.iter().filter(|opener| before.ends_with(**opener)).max_by_key(|opener| opener.len())?;
    // Repeated openers (`##`, `;;`, `"""`) also open comments.
    let last = opener.chars().last().unwrap_or(' ');
    let code = before[..before.len() - opener.len()].trim_end_matches(last);
    let is_word = opener.chars().all(char::is_alphabetic);
    if is_word && code.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    // Some openers (`"`, `*`) count only at the beginning of a line: elsewhere they are part of the code.
    // Anything after the end of the comment is code of this line.
    let closer = match *opener {
        // `*` is a line of a block comment, which may end here.
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
    // In JSX, braces around a comment do not count as code.
    let is_jsx = code.trim() == "{" && behind.is_some_and(|(_, behind)| behind.trim() == "}");
    let alone = is_jsx || code.trim().is_empty() && behind.is_none_or(|(_, behind)| behind.trim().is_empty());
    if !alone && matches!(*opener, "\"" | "*" | "!" | "..") {
        return None;
    }
    // `"# stanchion: …"` is a string literal: an odd number of quotes precedes the opener.
    let open = |quote: &str, escaped: &str| {
        code.matches(quote).count().abs_diff(code.matches(escaped).count()) % 2 == 1
    };
    // (A single apostrophe may also belong to a word. Then only this waiver is ignored; it works in its own
    // line.)
    if open("\"", "\\\"") || open("`", "\\`") || open("'", "\\'") {
        return None;
    }
    let length = behind.map_or(word.len(), |(inside, _)| inside.len());
    let text = mark + MARK.len() + (rest.len() - word.len());
    Some(CommentStart { text, end: text + length, alone })
}

/// Returns the number of the first line after offset `end` (the end of line number `line`) that is neither
/// blank nor a waiver; the line after the comment if there is no such line.
fn next_covered_line(text: &str, end: usize, line: u32, openers: &[&str]) -> u32 {
    /// Maximum number of lines to inspect; stacked comments are few.
    const NEAR: usize = 50;
    let Some(rest) = text.get(end + 1..) else { return line.saturating_add(1) };
    let mut at = line;
    for next in rest.lines().take(NEAR) {
        at = at.saturating_add(1);
        let next = &next[..floor_char_boundary(next, MAX_COLUMN_BYTES)];
        let is_waiver = next
            .find(MARK)
            .is_some_and(|mark| find_comment_start(next, mark, openers).is_some_and(|it| it.alone));
        if !next.trim().is_empty() && !is_waiver {
            return at;
        }
    }
    line.saturating_add(1)
}

fn count_lines(bytes: &[u8]) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

/// Returns the largest character boundary that is not greater than `at`.
fn floor_char_boundary(text: &str, at: usize) -> usize {
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
        find_inline_comments(b"a.x", text).into_iter().map(|it| (it.line, it.covers, it.text)).collect()
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
    fn prose_and_string_literals_are_not_comments() {
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
        assert_eq!(find_inline_comments(b"docs/a.md", code), []);
        assert_eq!(find_inline_comments(b"a.MD", "<!-- stanchion: waive a/b -- why -->").len(), 1);
        assert_eq!(find_inline_comments(b"a.json", code), []);
        assert_eq!(find_inline_comments(b"Makefile", code).len(), 1);
        assert_eq!(find_inline_comments(b"a.txt", "* stanchion: waive a/b -- why\n"), []);
        let behind = &find_inline_comments(b"a.c", "/* stanchion: waive a/b -- why */ f(x);\ng();\n")[0];
        assert_eq!((behind.covers, behind.text.as_str()), (1, "waive a/b -- why "));
        let quote = "\" stanchion: waive a/b -- why\n";
        assert_eq!(
            (find_inline_comments(b"a.vim", quote).len(), find_inline_comments(b"a.py", quote).len()),
            (1, 0)
        );
    }

    #[test]
    fn lines_that_a_comment_covers() {
        let text = "# stanchion: waive a/b -- one\r\n\r\n  # stanchion: waive a/c -- two\r\n  f()  # stanchion: waive a/d -- three\r\n# stanchion: waive a/e -- four";
        let all: Vec<_> = found(text).into_iter().map(|(line, covers, _)| (line, covers)).collect();
        assert_eq!(all, [(1, 4), (3, 4), (4, 4), (5, 6)]);
        let first = &find_inline_comments(b"a.x", text)[0];
        assert_eq!(&first.source[first.at as usize..], first.text);
        // The closer of another comment style is part of the reason here.
        assert_eq!(found("# stanchion: waive a/b -- ends with -->")[0].2, "waive a/b -- ends with -->");
        // Only a few markers per line are inspected.
        let wide = "# stanchion: waive a/b -- one ".repeat(50_000);
        assert!(found(&wide).len() < 100);
        let far = format!("x = 1{}# stanchion: waive a/b -- far", " ".repeat(1_100));
        assert_eq!(found(&far), []);
        let many = "# stanchion: waive a/b -- one\n".repeat(MAX_COMMENTS + 5);
        assert_eq!(find_inline_comments(b"a.x", &many).len(), MAX_COMMENTS + 1, "one more, to be reported");
        let long = format!("# stanchion: waive a/b -- {}", "é".repeat(5_000));
        assert!(find_inline_comments(b"a.x", &long)[0].text.len() <= MAX_TEXT_BYTES);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "(\\PC|\n|# |stanchion:|waive| ){0,40}") {
            for comment in find_inline_comments(b"a.x", &text) {
                let lines: Vec<&str> = text.split('\n').collect();
                proptest::prop_assert!(lines[comment.line as usize - 1].starts_with(comment.source.trim_end()));
                proptest::prop_assert!(comment.covers >= comment.line);
                proptest::prop_assert!(comment.text.starts_with("waive"));
            }
        }
    }
}
