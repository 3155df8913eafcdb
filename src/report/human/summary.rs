//! End of the report: notes, verbose lists, and the one-line summary.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::HumanStyle;
use super::cannot_tell::is_file_without_problems;
use super::promise;
use super::words::{count, format_duration, format_number, wrap};
use crate::model::{ComparedWith, Comparison, FindingStatus, Outcome, PromiseVerdict, Verdict};
use crate::report::escape::escape;
use crate::report::paint::Role;

/// Appends notes, the lists of a verbose report, and the summary line. `hidden` is the number of findings not
/// shown.
pub(super) fn render(out: &mut String, outcome: &Outcome, hidden: usize, style: &HumanStyle) {
    let paint = style.paint();
    if style.verbose {
        render_lists(out, outcome, style);
    }
    for note in &outcome.notes {
        let label = paint.text(Role::Note, "note:");
        out.push_str(&wrap(style, "", "      ", &format!("{label} {}", escape(&note.message))));
    }
    if hidden > 0 {
        out.push_str(&wrap(style, "", "      ", &hidden_note(outcome, hidden, style)));
    }
    out.push_str(&style.line(&summary_line(outcome, style)));
}

/// Appends only the summary line.
pub(super) fn render_line(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    out.push_str(&style.line(&summary_line(outcome, style)));
}

/// Returns the note that findings are not shown, with the options that show more.
fn hidden_note(outcome: &Outcome, hidden: usize, style: &HumanStyle) -> String {
    let paint = style.paint();
    format!(
        "{} {} of {} not shown; {} shows them all, {} one line for each guideline",
        paint.text(Role::Note, "note:"),
        format_number(hidden),
        count(outcome.findings.len(), "finding is", "findings are"),
        paint.command("--all"),
        paint.command("--quiet"),
    )
}

/// Appends one line for each guideline that is not kept, and the summary; nothing if all are kept.
pub(super) fn render_quiet(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    let open = outcome.findings.iter().any(|finding| finding.status == FindingStatus::Open);
    let silent = !open
        && outcome.not_assessed.is_empty()
        && outcome.problems.is_empty()
        && outcome.waiver_problems.is_empty()
        && outcome.news.is_empty()
        && !outcome.breaks_a_promise();
    if silent {
        return;
    }
    for promise in outcome.promises.iter().filter(|it| promise::fails_run(it, outcome)) {
        let why = if promise.verdict == PromiseVerdict::Broken {
            count(promise.breaking, "finding", "findings")
        } else {
            format!("cannot tell: {}", escape(&promise.why))
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
    out.push_str(&style.line(&summary_line(outcome, style)));
}

fn render_lists(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    for verdict in [Verdict::Kept, Verdict::Waived, Verdict::NotApplicable] {
        let ids: Vec<&str> = outcome
            .guidelines
            .iter()
            .filter(|entry| entry.verdict == verdict)
            .map(|entry| entry.guideline.id.as_str())
            .collect();
        if !ids.is_empty() {
            let head = style.paint().text(Role::Strong, verdict.label());
            out.push_str(&wrap(style, "", "  ", &format!("{head}: {}", ids.join(", "))));
        }
    }
    let paths = outcome.paths;
    let text = format!(
        "paths: {} seen = {} assessed + {} not applicable + {} cannot tell; {} ignored",
        format_number(paths.seen),
        format_number(paths.assessed),
        format_number(paths.not_applicable),
        format_number(paths.cannot_tell),
        format_number(paths.ignored)
    );
    out.push_str(&wrap(style, "", "  ", &text));
    out.push('\n');
}

/// Returns the summary, including how many promises are kept.
fn summary_line(outcome: &Outcome, style: &HumanStyle) -> String {
    let mut text = assessed_counts(outcome, style);
    if !outcome.waiver_problems.is_empty() {
        let problems = count(outcome.waiver_problems.len(), "problem", "problems");
        let _ = write!(text, "; {problems} in waivers or baseline");
    }
    if !outcome.promises.is_empty() {
        let number = |verdict| outcome.promises.iter().filter(|it| it.verdict == verdict).count();
        let (kept, all) = (number(PromiseVerdict::Kept), outcome.promises.len());
        let words = format!("promises kept {} of {}", format_number(kept), format_number(all));
        let role = if outcome.breaks_a_promise() { Role::Promise } else { Role::Kept };
        let _ = write!(text, "; {}", style.paint().text(role, &words));
        let unknown = number(PromiseVerdict::CannotTell);
        if unknown > 0 {
            let _ = write!(text, " ({} not judged)", format_number(unknown));
        }
    }
    text
}

/// Returns the counts: `1,204 files, 41 guidelines, 0.4 s: 37 kept, 2 not kept (12 findings), …`
fn assessed_counts(outcome: &Outcome, style: &HumanStyle) -> String {
    let paint = style.paint();
    let number = |verdict| outcome.guidelines.iter().filter(|entry| entry.verdict == verdict).count();
    let mut head = vec![
        count(outcome.paths.seen, "file", "files"),
        count(outcome.guidelines.len(), "guideline", "guidelines"),
    ];
    head.extend(style.elapsed_ms.map(format_duration));
    let head = head.join(", ");
    let change = outcome.compared.as_ref().map(describe_change);
    let head = match &change {
        Some((about, _)) => format!("{head}, {about}"),
        None => head,
    };
    let (kept, not_kept) = (number(Verdict::Kept), number(Verdict::NotKept));
    let (waived, unknown) = (number(Verdict::Waived), number(Verdict::CannotTell));
    let not_applicable = number(Verdict::NotApplicable);
    let paths_unknown = outcome.paths.cannot_tell;
    let broken = count_unusable_files(outcome);
    let nothing_to_fix = not_kept + waived + unknown + paths_unknown + broken == 0;
    if let Some((_, Some(nothing))) = change.filter(|_| nothing_to_fix) {
        return nothing;
    }
    if nothing_to_fix && kept > 0 {
        let kept = paint.text(Role::Kept, &format!("{} kept", format_number(kept)));
        let rest = if not_applicable > 0 {
            format!("; {} not applicable", format_number(not_applicable))
        } else {
            String::new()
        };
        return format!("{head}: {kept}, nothing to fix{rest}");
    }
    let mut parts = vec![paint.text(Role::Kept, &format!("{} kept", format_number(kept)))];
    let mut not_kept_text = format!("{} not kept", format_number(not_kept));
    if not_kept > 0 {
        not_kept_text = paint.text(Role::Warning, &not_kept_text);
        let of = |status| outcome.findings.iter().filter(|finding| finding.status == status).count();
        let (open, known) = (of(FindingStatus::Open), of(FindingStatus::Known));
        let mut numbers = Vec::new();
        if open > 0 || known == 0 {
            numbers.push(count(open, "finding", "findings"));
        }
        if known > 0 {
            numbers.push(format!("{} known", format_number(known)));
        }
        let _ = write!(not_kept_text, " ({})", numbers.join(", "));
    }
    parts.push(not_kept_text);
    // Zero counts are omitted; the remaining numbers still add up.
    for (number, words) in [(waived, "waived"), (unknown, "cannot tell"), (not_applicable, "not applicable")]
    {
        if number > 0 {
            parts.push(format!("{} {words}", format_number(number)));
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

/// Returns the words for an assessment of a change, and the complete summary if the change is empty.
fn describe_change(compared: &Comparison) -> (String, Option<String>) {
    let (about, nothing) = match &compared.with {
        ComparedWith::Staged => ("staged changes only".to_owned(), "Nothing staged".to_owned()),
        ComparedWith::Since { revision, .. } => {
            let revision = escape(revision);
            (format!("changes since {revision} only"), format!("Nothing changed since {revision}"))
        }
    };
    (about, (compared.changes == 0).then_some(nothing))
}

/// Counts guideline files with problems, and those that need a newer version of stanchion.
fn count_unusable_files(outcome: &Outcome) -> usize {
    let files: BTreeSet<&str> = outcome.problems.iter().map(|problem| &*problem.file).collect();
    let unshown = outcome.not_assessed.iter().filter(|item| is_file_without_problems(item, outcome));
    files.len() + unshown.count()
}
