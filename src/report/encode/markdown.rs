//! GitHub Flavored Markdown for comments and summaries. Untrusted text never begins a line.

use pulldown_cmark::{Event, Options, Parser};

use super::log::neutralize_inline;
use crate::report::escape::{escape, escape_lines};

/// Escapes one line of text so that it contains no Markdown syntax.
///
/// Text in pairs of backticks remains code, because messages quote names this way. In the result, `@name`
/// does not mention a user, and `#12` does not link to an issue.
#[must_use]
pub fn text(text: &str) -> String {
    line(text, code)
}

/// Escapes one line of text for a table cell.
#[must_use]
pub fn cell(text: &str) -> String {
    line(text, cell_code)
}

fn line(text: &str, code: impl Fn(&str) -> String) -> String {
    let safe = escape(text);
    let mut parts = safe.split('`').peekable();
    let mut out = String::with_capacity(safe.len() + 16);
    if let Some(first) = parts.next() {
        push_plain(&mut out, first);
    }
    // Each remaining part follows a backtick; it is code if another backtick follows.
    while let Some(inside) = parts.next() {
        if parts.peek().is_some() && !inside.trim().is_empty() {
            out.push_str(&code(inside));
            if let Some(after) = parts.next() {
                push_plain(&mut out, after);
            }
        } else {
            out.push_str("\\`");
            push_plain(&mut out, inside);
        }
    }
    out
}

/// Formats one line as a code span.
#[must_use]
pub fn code(text: &str) -> String {
    // Code spans cannot contain escapes, and a summary may be printed to a log.
    let safe = neutralize_inline(&escape(text));
    if safe.trim().is_empty() {
        return plain_text(&safe);
    }
    let fence = "`".repeat(longest_run(&safe) + 1);
    // A space separates backticks in the text from the fence; parsers strip one space at both ends.
    let pad = if safe.starts_with(['`', ' ']) || safe.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{safe}{pad}{fence}")
}

/// Formats one line as code for a table cell. A cell ends at `|` even in code, and parsers differ on `\\|`.
#[must_use]
pub fn cell_code(text: &str) -> String {
    let safe = escape(text);
    if safe.contains('|') { format!("<code>{}</code>", plain_text(&safe)) } else { code(text) }
}

/// Escapes the HTML in Markdown of a guideline.
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
    push_plain(&mut out, safe);
    out
}

/// Appends text (already safe for terminals) with all Markdown syntax escaped.
fn push_plain(out: &mut String, safe: &str) {
    let mut rest = safe.char_indices().peekable();
    while let Some((at, character)) = rest.next() {
        let before = &safe[..at];
        let next = rest.peek().map(|(_, next)| *next);
        let means_something = match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '~' | '|' | '!' | '^' | '$' => true,
            // GitHub turns `https://…` into a link, and `:tada:` into an emoji.
            ':' => next.is_some_and(|next| !next.is_whitespace()),
            '.' => before.ends_with(|c: char| c.is_ascii_digit()) || ends_in_www(before),
            '-' | '+' | '=' => before.trim().is_empty(),
            _ => false,
        };
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Mentions and references are resolved in the rendered page, where backslashes have no effect.
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

/// Returns the length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
