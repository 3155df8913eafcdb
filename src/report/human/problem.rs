//! Something about a file that a person wrote: the words, the place, and what to do.

use std::fmt::Write as _;
use std::sync::Arc;

use super::words::{clip, count, wrap};
use super::{HumanStyle, excerpt};
use crate::model::Problem;
use crate::report::escape::escape;
use crate::report::paint::Role;
use crate::text::{Excerpt, LineIndex};

/// Problems shown, unless everything is asked for.
const PROBLEMS: usize = 10;
/// Longest message that is shown, in characters.
const MESSAGE: usize = 400;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// The file, or a part of it, cannot be used.
    Problem,
    /// It can, and its author may want to know.
    Note,
}

/// Adds problems, with an empty line between them.
pub(super) fn all(out: &mut String, problems: &[Problem], tone: Tone, style: &HumanStyle) {
    let cap = if style.everything() { usize::MAX } else { PROBLEMS };
    // Many problems of one file share its text, which is gone through once.
    let mut last: Option<(&Arc<str>, LineIndex)> = None;
    for (index, problem) in problems.iter().take(cap).enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let known = last.take().filter(|(text, _)| Arc::ptr_eq(text, &problem.text));
        let (_, lines) = last.insert(known.unwrap_or_else(|| (&problem.text, LineIndex::new(&problem.text))));
        one(out, problem, lines, tone, style);
    }
    if problems.len() > cap {
        let command = style.paint().command(&style.commands.check_with("--all"));
        let more = count(problems.len() - cap, "more problem", "more problems");
        out.push_str(&wrap(style, "\n  ", "  ", &format!("and {more}: {command}")));
    }
}

fn one(out: &mut String, problem: &Problem, lines: &LineIndex, tone: Tone, style: &HumanStyle) {
    let paint = style.paint();
    let whole = problem.span.is_empty() && problem.span.start == 0 && problem.first_line <= 1;
    let mut place = escape(&problem.file).into_owned();
    if !whole {
        let (line, column) = lines.line_column(&problem.text, problem.span.start);
        let line = line + problem.first_line - 1;
        let _ = write!(place, ":{line}:{column}");
    }
    let word = match tone {
        Tone::Problem => paint.text(Role::Warning, "problem:"),
        Tone::Note => paint.text(Role::Note, "note:"),
    };
    let message = clip(&escape(&problem.message), MESSAGE, paint.ellipsis());
    let head = format!("{} {word} {message}", paint.text(Role::Strong, &place));
    out.push_str(&wrap(style, "  ", "    ", &head));
    if !whole {
        let label = Some(problem.label.as_str()).filter(|label| !label.is_empty());
        let mut shown = Excerpt::new(&problem.text, lines, problem.span);
        shown.first_line += problem.first_line - 1;
        out.push_str(&excerpt::draw(&shown, label, style));
    }
    if let Some(help) = &problem.help {
        let label = paint.text(Role::Note, "help:");
        out.push_str(&wrap(style, &format!("  {label} "), "        ", &escape(help)));
    }
}
