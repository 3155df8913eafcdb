//! GitHub Flavored Markdown, as comments and summaries are written in. Outside text never begins a line.

use pulldown_cmark::{Event, Options, Parser};

use super::log::unordered;
use crate::report::escape::{escape, escape_lines};

/// One line of text with nothing in it that Markdown understands.
///
/// What stands in pairs of backticks stays code: messages name things so. Names with an `@` in front are kept
/// from calling people, and `#12` from pointing at an issue.
#[must_use]
pub fn text(text: &str) -> String {
    line(text, code)
}

/// The same for a cell of a table.
#[must_use]
pub fn cell(text: &str) -> String {
    line(text, cell_code)
}

fn line(text: &str, code: impl Fn(&str) -> String) -> String {
    let safe = escape(text);
    let mut parts = safe.split('`').peekable();
    let mut out = String::with_capacity(safe.len() + 16);
    if let Some(first) = parts.next() {
        plain(&mut out, first);
    }
    // Each part now follows a backtick; two backticks hold something between them if one more follows.
    while let Some(inside) = parts.next() {
        if parts.peek().is_some() && !inside.trim().is_empty() {
            out.push_str(&code(inside));
            if let Some(after) = parts.next() {
                plain(&mut out, after);
            }
        } else {
            out.push_str("\\`");
            plain(&mut out, inside);
        }
    }
    out
}

/// One line as code.
#[must_use]
pub fn code(text: &str) -> String {
    // What stands in code cannot be escaped, and a summary may be printed to a log.
    let safe = unordered(&escape(text));
    if safe.trim().is_empty() {
        return plain_text(&safe);
    }
    let fence = "`".repeat(longest_run(&safe) + 1);
    // Blanks at both ends are taken away by readers, so that backticks can stand at the ends.
    let pad = if safe.starts_with(['`', ' ']) || safe.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{safe}{pad}{fence}")
}

/// The same for a cell of a table, which ends at `|` even in code, and in which `\\|` is read in different ways.
#[must_use]
pub fn cell_code(text: &str) -> String {
    let safe = escape(text);
    if safe.contains('|') { format!("<code>{}</code>", plain_text(&safe)) } else { code(text) }
}

/// Markdown that somebody wrote, a guideline's prose, with the HTML in it turned to text.
#[must_use]
pub fn prose(markdown: &str) -> String {
    let safe = escape_lines(markdown);
    let mut out = String::with_capacity(safe.len());
    let mut done = 0;
    for (event, range) in Parser::new_ext(&safe, Options::ENABLE_TABLES).into_offset_iter() {
        if matches!(event, Event::Html(_) | Event::InlineHtml(_)) && range.start >= done {
            out.push_str(&safe[done..range.start]);
            out.push_str(&safe[range.clone()].replace('&', "&amp;").replace('<', "&lt;"));
            done = range.end;
        }
    }
    out.push_str(&safe[done..]);
    out
}

fn plain_text(safe: &str) -> String {
    let mut out = String::with_capacity(safe.len());
    plain(&mut out, safe);
    out
}

/// Adds text that is safe for a terminal, and means nothing in Markdown.
fn plain(out: &mut String, safe: &str) {
    let mut rest = safe.char_indices().peekable();
    while let Some((at, character)) = rest.next() {
        let before = &safe[..at];
        let next = rest.peek().map(|(_, next)| *next);
        let means_something = match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '~' | '|' | '!' | '^' | '$' => true,
            // `https://…` makes a link by itself, and `:tada:` a picture.
            ':' => next.is_some_and(|next| !next.is_whitespace()),
            '.' => before.ends_with(|c: char| c.is_ascii_digit()) || ends_in_www(before),
            '-' | '+' | '=' => before.trim().is_empty(),
            _ => false,
        };
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Mentions and references are found in the finished page, where no backslash is left.
            '@' => out.push_str("@&#8203;"),
            '#' => out.push_str("\\#&#8203;"),
            _ if means_something => out.extend(['\\', character]),
            _ => out.push(character),
        }
    }
}

fn ends_in_www(text: &str) -> bool {
    text.len() >= 3 && text.as_bytes()[text.len() - 3..].eq_ignore_ascii_case(b"www")
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
