//! Inserts a comment into a text at a valid position.

use crate::model::{Language, RepoPath, language_of};

/// A text with an inserted comment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PlacedComment {
    /// Complete text.
    pub(super) text: String,
    /// Line number of the comment.
    pub(super) line: u32,
}

/// Inserts the comment on its own line above `line`, with the same indentation. Without `line`, inserts it at
/// the top, after lines that must come first.
///
/// # Errors
/// The reason why no comment is possible there, as a clause that follows the location.
pub(super) fn insert_comment(
    path: &RepoPath,
    text: &str,
    line: Option<u32>,
    comment: &str,
) -> Result<PlacedComment, String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let first = first_free(path, &lines, comment);
    let at = line.unwrap_or(first);
    let missing = || format!("line {at} does not exist");
    let index = at.checked_sub(1).ok_or_else(missing)? as usize;
    if index > lines.len() || (index == lines.len() && line.is_some()) {
        return Err(missing());
    }
    if at < first {
        return Err("its first lines must stay at the top".to_owned());
    }
    let before = &lines[..index];
    check_position(path, before, lines.get(index).copied().unwrap_or_default())?;
    let start: usize = before.iter().map(|line| line.len()).sum();
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let indent: String = match (line, lines.get(index)) {
        (Some(_), Some(next)) => next.chars().take_while(|c| matches!(c, ' ' | '\t')).collect(),
        _ => String::new(),
    };
    let gap = if start > 0 && !text[..start].ends_with('\n') { end } else { "" };
    let text = format!("{}{gap}{indent}{comment}{end}{}", &text[..start], &text[start..]);
    Ok(PlacedComment { text, line: at })
}

/// Checks, as far as possible without a grammar, that a comment may be inserted between these lines and
/// `next`.
fn check_position(path: &RepoPath, before: &[&str], next: &str) -> Result<(), String> {
    let language = language_of(path.bytes());
    let last = before.last().map_or("", |line| line.trim_end());
    // A Dockerfile removes comments before it joins lines:
    // <https://docs.docker.com/reference/dockerfile/#format>. In unknown languages, `^` continues a line in
    // batch files, and a backtick in PowerShell.
    let is_continued = match language {
        Some(Language::Dockerfile) => false,
        Some(_) => last.ends_with('\\'),
        None => last.ends_with(['\\', '^', '`']),
    };
    if is_continued {
        return Err("the previous line continues there".to_owned());
    }
    if language == Some(Language::Markdown) && last.starts_with('|') && next.trim_start().starts_with('|') {
        return Err("a comment would end the table".to_owned());
    }
    if language == Some(Language::Php) {
        let before = before.concat();
        if before.rfind("<?").is_none_or(|open| before.rfind("?>").is_some_and(|end| end > open)) {
            return Err("it is outside `<?php`".to_owned());
        }
    }
    Ok(())
}

/// The first line at which a comment may be inserted: after `#!`, `<?xml`, `<!doctype`, `@charset`, the
/// directives of a Dockerfile, an encoding declaration, and the front matter of Markdown.
fn first_free(path: &RepoPath, lines: &[&str], comment: &str) -> u32 {
    let line = |index: usize| lines.get(index).map_or("", |line| line.trim_end());
    let first = line(0).trim_start_matches('\u{feff}');
    // Front matter between two `---` lines is YAML, where markup is not a comment.
    if first == "---" && comment.starts_with("<!--") {
        let end = (1..lines.len()).find(|&at| matches!(line(at), "---" | "..."));
        return end.and_then(|end| u32::try_from(end + 2).ok()).unwrap_or(1);
    }
    if language_of(path.bytes()) == Some(Language::Dockerfile) {
        // <https://docs.docker.com/reference/dockerfile/#parser-directives>
        let directive = |index: &usize| {
            let words = line(*index).strip_prefix('#').unwrap_or_default().trim_start();
            let name = words.split_once('=').map_or("", |(name, _)| name.trim_end());
            ["syntax", "escape", "check"].iter().any(|known| name.eq_ignore_ascii_case(known))
        };
        let directives = (0..lines.len()).take_while(directive).count();
        return u32::try_from(directives).map_or(1, |directives| directives + 1);
    }
    let fixed = ["#!", "<?", "<!DOCTYPE", "<!doctype", "---", "%YAML", "@charset"];
    let is_fixed = fixed.iter().any(|it| first.starts_with(it))
        || lines.first().is_some_and(|it| it.starts_with('\u{feff}'));
    let mut free = usize::from(is_fixed && !lines.is_empty());
    // <https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations>; also used by Ruby
    // and Emacs.
    while free < 2 && line(free).starts_with('#') && line(free).contains("coding") {
        free += 1;
    }
    u32::try_from(free + 1).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_inserted_above_its_line() {
        let insert = |text: &str, line| {
            let placed = insert_comment(&"a.x".into(), text, line, "# c").ok()?;
            Some((placed.text.replace('\r', "␍"), placed.line))
        };
        assert_eq!(insert("a\n  b\n", Some(2)), Some(("a\n  # c\n  b\n".to_owned(), 2)));
        assert_eq!(insert("a\r\n\tb", Some(2)), Some(("a␍\n\t# c␍\n\tb".to_owned(), 2)));
        assert_eq!(insert("#!/bin/sh\na\n", None), Some(("#!/bin/sh\n# c\na\n".to_owned(), 2)));
        assert_eq!(insert("a\n", None), Some(("# c\na\n".to_owned(), 1)));
        assert_eq!(insert("#!/bin/sh", None), Some(("#!/bin/sh\n# c\n".to_owned(), 2)));
        assert_eq!(insert("", None), Some(("# c\n".to_owned(), 1)));
        let markup =
            |text: &str| insert_comment(&"a.md".into(), text, None, "<!-- c -->").ok().map(|it| it.line);
        assert_eq!(markup("---\ntitle: x\n---\n# A\n"), Some(4));
        assert_eq!(markup("---\n\n# A\n"), Some(1));
        assert_eq!(markup("<!DOCTYPE html>\n<p>\n"), Some(2));
        assert_eq!(insert("---\na: 1\n", None), Some(("---\n# c\na: 1\n".to_owned(), 2)));
        assert_eq!(insert("a\n", Some(2)), None);
        assert_eq!(insert("a\n", Some(0)), None);
    }

    #[test]
    fn lines_that_must_come_first_stay_first() {
        let top = |path: &str, text: &str| insert_comment(&path.into(), text, None, "# c").map(|it| it.line);
        assert_eq!(top("Dockerfile", "# syntax=docker/dockerfile:1\n#escape = `\nFROM a\n"), Ok(3));
        assert_eq!(top("Dockerfile", "# about this\n# syntax=x\nFROM a\n"), Ok(1));
        assert_eq!(top("a.css", "@charset \"utf-8\";\na {}\n"), Ok(2));
        assert_eq!(top("a.py", "#!/usr/bin/python\n# -*- coding: latin-1 -*-\na\n"), Ok(3));
        assert_eq!(top("a.py", "\u{feff}a\n"), Ok(2));
        assert_eq!(top("a.php", "<?php\na();\n"), Ok(2));
        assert!(top("a.php", "<p>\n").is_err());
        for (path, text) in
            [("a.sh", "#!/bin/sh\na\n"), ("Dockerfile", "# syntax=x\nFROM a\n"), ("a.py", "\u{feff}a\n")]
        {
            assert!(insert_comment(&path.into(), text, Some(1), "# c").is_err(), "{path}");
        }
    }

    #[test]
    fn a_line_that_is_continued_is_not_cut() {
        let at = |path: &str, text: &str, line| {
            insert_comment(&path.into(), text, Some(line), "# c").map(|it| it.line)
        };
        assert!(at("a.sh", "a \\\n  b\n", 2).is_err());
        assert!(at("a.c", "#define A \\\n  b\n", 2).is_err());
        assert!(at("a.bat", "a ^\n  b\n", 2).is_err());
        assert!(at("Makefile", "a: \\\n  b\n", 2).is_err());
        assert_eq!(at("Dockerfile", "RUN a \\\n  b\n", 2), Ok(2));
        assert!(at("a.md", "| a |\n|---|\n| b |\n", 3).is_err());
        assert_eq!(at("a.php", "<?php\na();\n", 2), Ok(2));
        assert!(at("a.php", "<?php a(); ?>\n<p>\n", 2).is_err());
    }
}
