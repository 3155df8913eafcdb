//! Where in a text a comment can stand.

use crate::model::{Language, RepoPath, language_of};

/// A text with a comment in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// The whole text.
    pub(super) text: String,
    /// The line of the comment.
    pub(super) line: u32,
}

/// The text with the comment in a line of its own above `line`, indented alike; or at the top, behind what must
/// stay the first.
///
/// # Errors
/// Why none can stand there, as the end of a sentence that names the place.
pub(super) fn insert(
    path: &RepoPath,
    text: &str,
    line: Option<u32>,
    comment: &str,
) -> Result<Placed, String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let first = first_free(path, &lines, comment);
    let at = line.unwrap_or(first);
    let missing = || format!("there is no line {at}");
    let index = at.checked_sub(1).ok_or_else(missing)? as usize;
    if index > lines.len() || (index == lines.len() && line.is_some()) {
        return Err(missing());
    }
    if at < first {
        return Err("what stands in its first lines must stay there".to_owned());
    }
    let before = &lines[..index];
    why_not(path, before, lines.get(index).copied().unwrap_or_default())?;
    let start: usize = before.iter().map(|line| line.len()).sum();
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let indent: String = match (line, lines.get(index)) {
        (Some(_), Some(next)) => next.chars().take_while(|c| matches!(c, ' ' | '\t')).collect(),
        _ => String::new(),
    };
    let gap = if start > 0 && !text[..start].ends_with('\n') { end } else { "" };
    let text = format!("{}{gap}{indent}{comment}{end}{}", &text[..start], &text[start..]);
    Ok(Placed { text, line: at })
}

/// Why no comment can stand between these lines and `next`, as far as that can be seen without a grammar.
fn why_not(path: &RepoPath, before: &[&str], next: &str) -> Result<(), String> {
    let language = language_of(path.bytes());
    let last = before.last().map_or("", |line| line.trim_end());
    // A Dockerfile takes comments out before it joins lines: <https://docs.docker.com/reference/dockerfile/#format>. Where the
    // language is not known, `^` goes on in batch files, and the backtick in PowerShell.
    let goes_on = match language {
        Some(Language::Dockerfile) => false,
        Some(_) => last.ends_with('\\'),
        None => last.ends_with(['\\', '^', '`']),
    };
    if goes_on {
        return Err("the line before goes on there".to_owned());
    }
    if language == Some(Language::Markdown) && last.starts_with('|') && next.trim_start().starts_with('|') {
        return Err("a comment would end the table".to_owned());
    }
    if language == Some(Language::Php) {
        let before = before.concat();
        if before.rfind("<?").is_none_or(|open| before.rfind("?>").is_some_and(|end| end > open)) {
            return Err("it is outside of `<?php`".to_owned());
        }
    }
    Ok(())
}

/// The first line at which a comment can stand: behind `#!`, `<?xml`, `<!doctype`, `@charset`, the directives of a
/// Dockerfile, a line that names an encoding, and the front matter of Markdown.
fn first_free(path: &RepoPath, lines: &[&str], comment: &str) -> u32 {
    let line = |index: usize| lines.get(index).map_or("", |line| line.trim_end());
    let first = line(0).trim_start_matches('\u{feff}');
    // What stands between two rows of dashes is YAML, in which markup is no comment.
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
    // <https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations>; Ruby and Emacs look there, too.
    while free < 2 && line(free).starts_with('#') && line(free).contains("coding") {
        free += 1;
    }
    u32::try_from(free + 1).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_stands_above_its_line() {
        let insert = |text: &str, line| {
            let placed = insert(&"a.x".into(), text, line, "# c").ok()?;
            Some((placed.text.replace('\r', "␍"), placed.line))
        };
        assert_eq!(insert("a\n  b\n", Some(2)), Some(("a\n  # c\n  b\n".to_owned(), 2)));
        assert_eq!(insert("a\r\n\tb", Some(2)), Some(("a␍\n\t# c␍\n\tb".to_owned(), 2)));
        assert_eq!(insert("#!/bin/sh\na\n", None), Some(("#!/bin/sh\n# c\na\n".to_owned(), 2)));
        assert_eq!(insert("a\n", None), Some(("# c\na\n".to_owned(), 1)));
        assert_eq!(insert("#!/bin/sh", None), Some(("#!/bin/sh\n# c\n".to_owned(), 2)));
        assert_eq!(insert("", None), Some(("# c\n".to_owned(), 1)));
        let markup =
            |text: &str| super::insert(&"a.md".into(), text, None, "<!-- c -->").ok().map(|it| it.line);
        assert_eq!(markup("---\ntitle: x\n---\n# A\n"), Some(4));
        assert_eq!(markup("---\n\n# A\n"), Some(1));
        assert_eq!(markup("<!DOCTYPE html>\n<p>\n"), Some(2));
        assert_eq!(insert("---\na: 1\n", None), Some(("---\n# c\na: 1\n".to_owned(), 2)));
        assert_eq!(insert("a\n", Some(2)), None);
        assert_eq!(insert("a\n", Some(0)), None);
    }

    #[test]
    fn what_must_stay_first_does() {
        let top = |path: &str, text: &str| insert(&path.into(), text, None, "# c").map(|it| it.line);
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
            assert!(insert(&path.into(), text, Some(1), "# c").is_err(), "{path}");
        }
    }

    #[test]
    fn a_line_that_goes_on_is_not_cut() {
        let at =
            |path: &str, text: &str, line| insert(&path.into(), text, Some(line), "# c").map(|it| it.line);
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
