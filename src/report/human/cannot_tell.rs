//! What could not be assessed, and what is wrong in guideline files. Never hidden, never an alarm.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::group::path;
use super::words::{clip, count, figure, wrap};
use super::{HumanStyle, excerpt};
use crate::model::{NotAssessed, Outcome, Problem, Reason, Verdict};
use crate::report::escape::escape;
use crate::report::paint::Role;
use crate::text::{Excerpt, LineIndex};

/// Paths shown for each reason, unless everything is asked for.
const PATHS: usize = 3;
/// Problems of guideline files shown, unless everything is asked for.
const PROBLEMS: usize = 10;
/// Longest detail or message that is shown, in characters.
const DETAIL: usize = 400;

/// Adds the section "cannot tell", if there is anything to say in it.
pub(super) fn render(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    let mut reasons: BTreeMap<Reason, Vec<&NotAssessed>> = BTreeMap::new();
    for item in &outcome.not_assessed {
        // A guideline's own problems follow below, each pointing at the text.
        if !(item.reason == Reason::Guideline && item.path.is_none() && !outcome.problems.is_empty()) {
            reasons.entry(item.reason).or_default().push(item);
        }
    }
    if reasons.is_empty() && outcome.problems.is_empty() {
        return;
    }
    let paint = style.paint();
    let title = paint.text(Role::Strong, "cannot tell");
    out.push_str(&wrap(style, &format!("{} ", paint.stroke().repeat(2)), "   ", &title));
    let unknown: Vec<&str> = outcome
        .guidelines
        .iter()
        .filter(|entry| entry.verdict == Verdict::CannotTell)
        .map(|entry| entry.guideline.id.as_str())
        .collect();
    if !unknown.is_empty() {
        let text =
            format!("Nothing was found, but not everything could be read, for: {}", unknown.join(", "));
        out.push_str(&wrap(style, "   ", "   ", &text));
    }
    for (reason, items) in &reasons {
        render_reason(out, *reason, items, outcome, style);
    }
    if !outcome.problems.is_empty() {
        out.push('\n');
        problems(out, &outcome.problems, style);
    }
    out.push('\n');
}

fn render_reason(
    out: &mut String,
    reason: Reason,
    items: &[&NotAssessed],
    outcome: &Outcome,
    style: &HumanStyle,
) {
    let paint = style.paint();
    let dot = paint.dot();
    let what = if reason == Reason::Guideline { ["check", "checks"] } else { ["path", "paths"] };
    let head = format!("{}{dot}{}", reason.words(), count(items.len(), what[0], what[1]));
    out.push_str(&wrap(style, "   ", "     ", &head));
    let cap = if style.cap == usize::MAX { usize::MAX } else { PATHS };
    for item in items.iter().take(cap) {
        let guideline = item.guideline.and_then(|index| outcome.guidelines.get(index));
        let mut line = match (&item.path, guideline) {
            (Some(at), _) => path(at),
            (None, Some(entry)) => entry.guideline.id.to_string(),
            (None, None) => "a guideline".to_owned(),
        };
        if let Some(check) = &item.check {
            let id = guideline.map(|entry| format!("{} ", entry.guideline.id)).unwrap_or_default();
            let id = if item.path.is_some() { id } else { String::new() };
            let _ = write!(line, " ({id}check {})", escape(check));
        }
        if !item.detail.is_empty() {
            let _ = write!(line, ": {}", clip(&escape(&item.detail), DETAIL, paint.ellipsis()));
        }
        out.push_str(&wrap(style, "     ", "       ", &line));
    }
    if items.len() > cap {
        let command = paint.text(Role::Code, "stanchion check --all");
        let more = format!("and {} more: {command}", figure(items.len() - cap));
        out.push_str(&wrap(style, "     ", "       ", &more));
    }
}

/// Adds problems of files that people wrote.
pub(super) fn problems(out: &mut String, problems: &[Problem], style: &HumanStyle) {
    let cap = if style.cap == usize::MAX { usize::MAX } else { PROBLEMS };
    for (index, problem) in problems.iter().take(cap).enumerate() {
        if index > 0 {
            out.push('\n');
        }
        render_problem(out, problem, style);
    }
    if problems.len() > cap {
        let more = format!("and {} more", count(problems.len() - cap, "problem", "problems"));
        out.push_str(&wrap(style, "\n  ", "  ", &more));
    }
}

fn render_problem(out: &mut String, problem: &Problem, style: &HumanStyle) {
    let paint = style.paint();
    let whole = problem.span.is_empty() && problem.span.start == 0;
    let lines = LineIndex::new(&problem.text);
    let mut place = escape(&problem.file).into_owned();
    if !whole {
        let (line, column) = lines.line_column(&problem.text, problem.span.start);
        let _ = write!(place, ":{line}:{column}");
    }
    let message = clip(&escape(&problem.message), DETAIL, paint.ellipsis());
    let head =
        format!("{} {} {message}", paint.text(Role::Strong, &place), paint.text(Role::Warning, "problem:"));
    out.push_str(&wrap(style, "  ", "    ", &head));
    if !whole {
        let label = Some(problem.label.as_str()).filter(|label| !label.is_empty());
        out.push_str(&excerpt::draw(&Excerpt::new(&problem.text, &lines, problem.span), label, style));
    }
    if let Some(help) = &problem.help {
        let label = paint.text(Role::Note, "help:");
        out.push_str(&wrap(style, &format!("  {label} "), "        ", &escape(help)));
    }
}
