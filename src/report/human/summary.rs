//! The end of the report: notes, lists on request, and the one line that sums up.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::HumanStyle;
use super::cannot_tell::is_file_without_problems;
use super::promise;
use super::words::{count, figure, time, wrap};
use crate::model::{Compared, ComparedWith, Outcome, PromiseVerdict, Standing, Verdict};
use crate::report::escape::escape;
use crate::report::paint::Role;

/// Adds notes, the lists of a verbose report, and the summary line. `hidden` findings were left out.
pub(super) fn render(out: &mut String, outcome: &Outcome, hidden: usize, style: &HumanStyle) {
    let paint = style.paint();
    if style.verbose {
        lists(out, outcome, style);
    }
    for note in &outcome.notes {
        let label = paint.text(Role::Note, "note:");
        out.push_str(&wrap(style, "", "      ", &format!("{label} {}", escape(&note.message))));
    }
    if hidden > 0 {
        out.push_str(&wrap(style, "", "      ", &left_out(outcome, hidden, style)));
    }
    out.push_str(&style.line(&line(outcome, style)));
}

/// Adds the summary line alone.
pub(super) fn render_line(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    out.push_str(&style.line(&line(outcome, style)));
}

/// That findings were left out, and the ways to see more.
fn left_out(outcome: &Outcome, hidden: usize, style: &HumanStyle) -> String {
    let paint = style.paint();
    format!(
        "{} {} of {} not shown; {} shows them all, {} one line for each guideline",
        paint.text(Role::Note, "note:"),
        figure(hidden),
        count(outcome.findings.len(), "finding is", "findings are"),
        paint.command("--all"),
        paint.command("--quiet"),
    )
}

/// Adds one line for each guideline that is not kept, and the summary; nothing when all are kept.
pub(super) fn render_quiet(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    let open = outcome.findings.iter().any(|finding| finding.standing == Standing::Open);
    let silent = !open
        && outcome.not_assessed.is_empty()
        && outcome.problems.is_empty()
        && outcome.waiver_problems.is_empty()
        && outcome.news.is_empty()
        && !outcome.breaks_a_promise();
    if silent {
        return;
    }
    for promise in outcome.promises.iter().filter(|it| promise::fails(it, outcome)) {
        let why = if promise.verdict == PromiseVerdict::Broken {
            count(promise.breaking, "finding", "findings")
        } else {
            format!("it cannot be told: {}", escape(&promise.why))
        };
        out.push_str(&style.line(&format!("promise not kept: {}: {why}", promise.guideline)));
    }
    for entry in outcome.guidelines.iter().filter(|entry| entry.verdict == Verdict::NotKept) {
        let promise = outcome.promise(&entry.guideline.id);
        if promise.is_some_and(|promise| promise.verdict == PromiseVerdict::Broken) {
            continue;
        }
        let known = promise.map_or(0, |promise| promise.known);
        let open = entry.findings - entry.waived - known;
        if open == 0 {
            continue;
        }
        let found = count(open, "finding", "findings");
        let text = format!("{}: {found}, {}", entry.guideline.id, escape(&entry.guideline.title));
        out.push_str(&style.line(&text));
    }
    out.push_str(&style.line(&line(outcome, style)));
}

fn lists(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    for verdict in [Verdict::Kept, Verdict::Waived, Verdict::NotApplicable] {
        let ids: Vec<&str> = outcome
            .guidelines
            .iter()
            .filter(|entry| entry.verdict == verdict)
            .map(|entry| entry.guideline.id.as_str())
            .collect();
        if !ids.is_empty() {
            let head = style.paint().text(Role::Strong, verdict.words());
            out.push_str(&wrap(style, "", "  ", &format!("{head}: {}", ids.join(", "))));
        }
    }
    let paths = outcome.paths;
    let text = format!(
        "paths: {} seen = {} assessed + {} not applicable + {} cannot tell; {} ignored",
        figure(paths.seen),
        figure(paths.assessed),
        figure(paths.not_applicable),
        figure(paths.cannot_tell),
        figure(paths.ignored)
    );
    out.push_str(&wrap(style, "", "  ", &text));
    out.push('\n');
}

/// The summary, with how many promises are kept.
fn line(outcome: &Outcome, style: &HumanStyle) -> String {
    let mut text = assessed(outcome, style);
    if !outcome.waiver_problems.is_empty() {
        let problems = count(outcome.waiver_problems.len(), "problem", "problems");
        let _ = write!(text, "; {problems} in what is written about waivers");
    }
    if !outcome.promises.is_empty() {
        let number = |verdict| outcome.promises.iter().filter(|it| it.verdict == verdict).count();
        let (kept, all) = (number(PromiseVerdict::Kept), outcome.promises.len());
        let words = format!("promises kept {} of {}", figure(kept), figure(all));
        let role = if outcome.breaks_a_promise() { Role::Promise } else { Role::Kept };
        let _ = write!(text, "; {}", style.paint().text(role, &words));
        let unknown = number(PromiseVerdict::CannotTell);
        if unknown > 0 {
            let _ = write!(text, " ({} cannot be told)", figure(unknown));
        }
    }
    text
}

/// `1,204 files, 41 guidelines, 0.4 s: 37 kept, 2 not kept (12 findings), …`
fn assessed(outcome: &Outcome, style: &HumanStyle) -> String {
    let paint = style.paint();
    let number = |verdict| outcome.guidelines.iter().filter(|entry| entry.verdict == verdict).count();
    let mut head = vec![
        count(outcome.paths.seen, "file", "files"),
        count(outcome.guidelines.len(), "guideline", "guidelines"),
    ];
    head.extend(style.elapsed_ms.map(time));
    let head = head.join(", ");
    let aside_of_change = outcome.compared.as_ref().map(change_words);
    let head = match &aside_of_change {
        Some((about, _)) => format!("{head}, {about}"),
        None => head,
    };
    let (kept, not_kept) = (number(Verdict::Kept), number(Verdict::NotKept));
    let (waived, unknown) = (number(Verdict::Waived), number(Verdict::CannotTell));
    let aside = number(Verdict::NotApplicable);
    let paths_unknown = outcome.paths.cannot_tell;
    let broken = broken_files(outcome);
    let calm = not_kept + waived + unknown + paths_unknown + broken == 0;
    if let Some((_, Some(nothing))) = aside_of_change.filter(|_| calm) {
        return nothing;
    }
    if calm && kept > 0 {
        let kept = paint.text(Role::Kept, &format!("{} kept", figure(kept)));
        let aside = if aside > 0 { format!("; {} not applicable", figure(aside)) } else { String::new() };
        return format!("{head}: {kept}, nothing to mend{aside}");
    }
    let mut parts = vec![paint.text(Role::Kept, &format!("{} kept", figure(kept)))];
    let mut loud = format!("{} not kept", figure(not_kept));
    if not_kept > 0 {
        loud = paint.text(Role::Warning, &loud);
        let of = |standing| outcome.findings.iter().filter(|finding| finding.standing == standing).count();
        let (open, known) = (of(Standing::Open), of(Standing::Known));
        let mut numbers = Vec::new();
        if open > 0 || known == 0 {
            numbers.push(count(open, "finding", "findings"));
        }
        if known > 0 {
            numbers.push(format!("{} known", figure(known)));
        }
        let _ = write!(loud, " ({})", numbers.join(", "));
    }
    parts.push(loud);
    // None of these is worth its room; the other numbers add up without it.
    for (number, words) in [(waived, "waived"), (unknown, "cannot tell"), (aside, "not applicable")] {
        if number > 0 {
            parts.push(format!("{} {words}", figure(number)));
        }
    }
    let mut text = format!("{head}: {}", parts.join(", "));
    if paths_unknown > 0 {
        let _ = write!(text, "; cannot tell about {}", count(paths_unknown, "path", "paths"));
    }
    if broken > 0 {
        let _ = write!(text, "; {} not usable", count(broken, "guideline file", "guideline files"));
    }
    text
}

/// That only a change was looked at; and the whole line when there is none.
fn change_words(compared: &Compared) -> (String, Option<String>) {
    let (about, nothing) = match &compared.with {
        ComparedWith::Staged => ("only what is staged".to_owned(), "Nothing staged".to_owned()),
        ComparedWith::Since { revision, .. } => {
            let revision = escape(revision);
            (format!("only what changed since {revision}"), format!("Nothing changed since {revision}"))
        }
    };
    (about, (compared.changes == 0).then_some(nothing))
}

/// Files with problems, and those that need a newer program.
fn broken_files(outcome: &Outcome) -> usize {
    let files: BTreeSet<&str> = outcome.problems.iter().map(|problem| &*problem.file).collect();
    let unshown = outcome.not_assessed.iter().filter(|item| is_file_without_problems(item, outcome));
    files.len() + unshown.count()
}
