//! Problems in user-written files: message, location, excerpt and help.

use std::fmt::Write as _;
use std::sync::Arc;

use super::words::{clip, count, wrap};
use super::{HumanStyle, excerpt};
use crate::model::Problem;
use crate::report::escape::escape;
use crate::report::paint::Role;
use crate::text::{Excerpt, LineIndex};

/// Maximum number of problems shown, unless `--all` is given.
const MAX_PROBLEMS: usize = 10;
/// Maximum length of a message, in characters.
const MAX_MESSAGE: usize = 400;

/// Importance of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Importance {
    /// The file, or a part of it, cannot be used.
    Problem,
    /// The file can be used; the note is for its author.
    Note,
}

/// Appends problems, separated by empty lines.
pub(super) fn render_all(out: &mut String, problems: &[Problem], importance: Importance, style: &HumanStyle) {
    let cap = if style.everything() { usize::MAX } else { MAX_PROBLEMS };
    // Problems of the same file share its text; the line index is built once for consecutive problems.
    let mut last: Option<(&Arc<str>, LineIndex)> = None;
    for (index, problem) in problems.iter().take(cap).enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let known = last.take().filter(|(text, _)| Arc::ptr_eq(text, &problem.text));
        let (_, lines) = last.insert(known.unwrap_or_else(|| (&problem.text, LineIndex::new(&problem.text))));
        render_one(out, problem, lines, importance, style);
    }
    if problems.len() > cap {
        let command = style.paint().command(&style.commands.check_with("--all"));
        let more = count(problems.len() - cap, "more problem", "more problems");
        out.push_str(&wrap(style, "\n  ", "  ", &format!("and {more}: {command}")));
    }
}

fn render_one(
    out: &mut String,
    problem: &Problem,
    lines: &LineIndex,
    importance: Importance,
    style: &HumanStyle,
) {
    let paint = style.paint();
    let whole = problem.span.is_empty() && problem.span.start == 0 && problem.first_line <= 1;
    let mut place = escape(&problem.file).into_owned();
    if !whole {
        let (line, column) = lines.line_column(&problem.text, problem.span.start);
        let line = line + problem.first_line - 1;
        let _ = write!(place, ":{line}:{column}");
    }
    let word = match importance {
        Importance::Problem => paint.text(Role::Warning, "problem:"),
        Importance::Note => paint.text(Role::Note, "note:"),
    };
    let message = clip(&escape(&problem.message), MAX_MESSAGE, paint.ellipsis());
    let head = format!("{} {word} {message}", paint.text(Role::Strong, &place));
    out.push_str(&wrap(style, "  ", "    ", &head));
    if !whole {
        let label = Some(problem.label.as_str()).filter(|label| !label.is_empty());
        let mut shown = Excerpt::new(&problem.text, lines, problem.span);
        shown.first_line += problem.first_line - 1;
        out.push_str(&excerpt::draw_excerpt(&shown, label, style));
    }
    if let Some(help) = &problem.help {
        let label = paint.text(Role::Note, "help:");
        out.push_str(&wrap(style, &format!("  {label} "), "        ", &escape(help)));
    }
}
