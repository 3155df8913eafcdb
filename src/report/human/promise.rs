//! Promises that are not kept. Only these fail a run, so they come first and in full.

use std::fmt::Write as _;

use super::HumanStyle;
use super::group;
use super::words::{count, wrap};
use crate::model::{Finding, Outcome, PromiseOutcome, PromiseVerdict, Unassessed};
use crate::report::escape::escape;
use crate::report::paint::Role;

/// Whether the promise fails the run.
pub(super) fn fails_run(promise: &PromiseOutcome, outcome: &Outcome) -> bool {
    match promise.verdict {
        PromiseVerdict::Broken => true,
        PromiseVerdict::CannotTell => outcome.unassessed == Unassessed::Break,
        PromiseVerdict::Kept => false,
    }
}

/// Appends one section for each promise that fails the run. `open` contains the open findings.
pub(super) fn render(
    out: &mut String,
    outcome: &Outcome,
    open: &[&Finding],
    shown: usize,
    style: &HumanStyle,
) {
    for promise in outcome.promises.iter().filter(|promise| fails_run(promise, outcome)) {
        render_heading(out, promise, outcome, style);
        if promise.verdict == PromiseVerdict::CannotTell {
            group::push_row(out, style, "why", &escape(&promise.why));
            let help = "fix what could not be assessed (listed under \"cannot tell\" below), or set \
                        unassessed = \"note\" in stanchion.toml so that it does not fail the run";
            group::push_row(out, style, "keep it", help);
            out.push('\n');
            continue;
        }
        let own: Vec<&Finding> = open
            .iter()
            .filter(|finding| {
                outcome
                    .guidelines
                    .get(finding.guideline)
                    .is_some_and(|it| it.guideline.id == promise.guideline)
            })
            .copied()
            .collect();
        group::render_findings(out, outcome, &own, shown, style);
    }
}

/// Appends `── promise not kept: ID 1.2.0 · since 2026-11-22 · 2 findings`
fn render_heading(out: &mut String, promise: &PromiseOutcome, outcome: &Outcome, style: &HumanStyle) {
    let paint = style.paint();
    let dot = paint.dot();
    let entry = outcome.guidelines.iter().find(|entry| entry.guideline.id == promise.guideline);
    let version = entry.map_or_else(String::new, |entry| {
        let edited = if entry.edited { format!("{dot}local edits") } else { String::new() };
        format!(" {}{edited}", entry.guideline.version)
    });
    let since = if promise.promise.from_here { "for new code since" } else { "since" };
    let mut line = format!(
        "{} {}{version}{dot}{since} {}",
        paint.text(Role::Promise, "promise not kept:"),
        paint.text(Role::Strong, promise.guideline.as_str()),
        promise.promise.since
    );
    if promise.verdict == PromiseVerdict::CannotTell {
        line.push_str(": cannot tell");
    } else {
        let found = paint.text(Role::Warning, &count(promise.breaking, "finding", "findings"));
        let _ = write!(line, "{dot}{found}");
    }
    out.push_str(&wrap(style, &format!("{} ", paint.stroke().repeat(2)), "   ", &line));
    if let Some(entry) = entry {
        out.push_str(&wrap(style, "   ", "   ", &paint.text(Role::Strong, &escape(&entry.guideline.title))));
    }
}

/// Appends the promises that could not be judged and do not fail the run.
pub(super) fn render_not_judged(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    let noted = |promise: &&PromiseOutcome| {
        promise.verdict == PromiseVerdict::CannotTell && !fails_run(promise, outcome)
    };
    for promise in outcome.promises.iter().filter(noted) {
        let text = format!("promise not judged: {}: {}", promise.guideline, escape(&promise.why));
        out.push_str(&wrap(style, "   ", "     ", &text));
    }
}
