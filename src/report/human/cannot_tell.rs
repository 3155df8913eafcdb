//! Section "cannot tell": paths and guidelines that could not be assessed, and problems in guideline files.
//! The section is never hidden, and never shown as an error.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::HumanStyle;
use super::group::display_path;
use super::problem::{self, Importance};
use super::promise;
use super::words::{clip, count, format_number, wrap};
use crate::model::{NotAssessed, Outcome, PromiseVerdict, Reason, Verdict};
use crate::report::escape::escape;
use crate::report::paint::Role;

/// Maximum number of paths shown for each reason, unless `--all` is given.
const MAX_PATHS: usize = 3;
/// Maximum length of a detail, in characters.
const MAX_DETAIL: usize = 400;

/// Appends the section "cannot tell", unless it is empty.
pub(super) fn render(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    let mut reasons: BTreeMap<Reason, Vec<&NotAssessed>> = BTreeMap::new();
    for item in &outcome.not_assessed {
        // Problems of guideline files are shown below with excerpts.
        let own = item.reason == Reason::Guideline && item.path.is_none() && !outcome.problems.is_empty();
        if !own || is_file_without_problems(item, outcome) {
            reasons.entry(item.reason).or_default().push(item);
        }
    }
    let promises = outcome.promises.iter().any(|promise| promise.verdict == PromiseVerdict::CannotTell);
    if reasons.is_empty() && outcome.problems.is_empty() && !promises {
        return;
    }
    let paint = style.paint();
    let title = paint.text(Role::Strong, "cannot tell");
    out.push_str(&wrap(style, &format!("{} ", paint.stroke().repeat(2)), "   ", &title));
    promise::render_not_judged(out, outcome, style);
    render_unknown_guidelines(out, outcome, style);
    for (reason, items) in &reasons {
        render_reason(out, *reason, items, outcome, style);
    }
    if !outcome.problems.is_empty() {
        out.push('\n');
        problem::render_all(out, &outcome.problems, Importance::Problem, style);
    }
    out.push('\n');
}

/// Whether `item` is an unusable guideline file without a problem of its own, such as one for a newer version
/// of stanchion.
pub(super) fn is_file_without_problems(item: &NotAssessed, outcome: &Outcome) -> bool {
    item.reason == Reason::Guideline
        && (&item.path, item.guideline) == (&None, None)
        && !outcome.problems.iter().any(|problem| {
            let rest = item.detail.strip_prefix(&*problem.file).and_then(|rest| rest.strip_prefix(": "));
            rest == Some(problem.message.as_str())
        })
}

/// Appends the guidelines with the verdict "cannot tell", grouped by reason.
fn render_unknown_guidelines(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    let own = |index: usize| {
        let about =
            move |item: &&NotAssessed| item.reason == Reason::Guideline && item.guideline == Some(index);
        outcome.not_assessed.iter().filter(about)
    };
    // Explains the verdict "cannot tell" for the guideline with this index.
    let why = |index: usize, checks: usize| {
        let broken: BTreeSet<&str> = own(index).filter_map(|item| item.check.as_deref()).collect();
        if own(index).any(|item| item.check.is_none()) || (!broken.is_empty() && broken.len() >= checks) {
            "Cannot be used:"
        } else if broken.is_empty() {
            "No findings, but not everything could be assessed:"
        } else {
            "A check cannot be used, and the others found nothing:"
        }
    };
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (index, entry) in outcome.guidelines.iter().enumerate() {
        if entry.verdict == Verdict::CannotTell {
            let words = why(index, entry.guideline.checks.len());
            groups.entry(words).or_default().push(entry.guideline.id.as_str());
        }
    }
    for (words, ids) in groups {
        out.push_str(&wrap(style, "   ", "   ", &format!("{words} {}", ids.join(", "))));
    }
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
    let groups: Vec<&[&NotAssessed]> = items.chunk_by(|a, b| same_place(a, b)).collect();
    let number = match reason {
        Reason::Guideline | Reason::NoResults if items.iter().any(|item| item.guideline.is_some()) => {
            count(groups.len(), "check", "checks")
        }
        Reason::Guideline => count(groups.len(), "file", "files"),
        _ => count(groups.len(), "path", "paths"),
    };
    let head = format!("{}{dot}{number}", reason.label());
    out.push_str(&wrap(style, "   ", "     ", &head));
    let cap = if style.everything() { usize::MAX } else { MAX_PATHS };
    for group in groups.iter().take(cap) {
        out.push_str(&wrap(style, "     ", "       ", &describe_items(group, outcome, style)));
    }
    if groups.len() > cap {
        let command = paint.command(&style.commands.check_with("--all"));
        let more = format!("and {} more: {command}", format_number(groups.len() - cap));
        out.push_str(&wrap(style, "     ", "       ", &more));
    }
}

/// Whether two items differ only in the check: several checks could not read the same path.
fn same_place(a: &NotAssessed, b: &NotAssessed) -> bool {
    a.path.is_some() && a.path == b.path && a.detail == b.detail
}

/// Describes the items of one path or guideline.
fn describe_items(group: &[&NotAssessed], outcome: &Outcome, style: &HumanStyle) -> String {
    let Some(item) = group.first() else { return String::new() };
    let guideline = item.guideline.and_then(|index| outcome.guidelines.get(index));
    let mut line = match (&item.path, guideline) {
        (Some(at), _) => display_path(at),
        (None, Some(entry)) => entry.guideline.id.to_string(),
        // The detail begins with the path of the file.
        (None, None) => String::new(),
    };
    if let (Some(check), 1) = (&item.check, group.len()) {
        let id = guideline.map(|entry| format!("{} ", entry.guideline.id)).unwrap_or_default();
        let id = if item.path.is_some() { id } else { String::new() };
        let _ = write!(line, " ({id}check {})", escape(check));
    } else if group.len() > 1 {
        let _ = write!(line, " ({})", count(group.len(), "check", "checks"));
    }
    if !item.detail.is_empty() {
        let colon = if line.is_empty() { "" } else { ": " };
        let detail = clip(&escape(&item.detail), MAX_DETAIL, style.paint().ellipsis());
        let _ = write!(line, "{colon}{detail}");
    }
    line
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Check, CheckKind, FilesCheck};
    use crate::report::sample;

    #[test]
    fn the_reason_for_cannot_tell_is_shown() {
        let mut outcome = sample::outcome();
        outcome.problems.clear();
        outcome.guidelines.truncate(1);
        outcome.guidelines[0].verdict = Verdict::CannotTell;
        let files: FilesCheck = serde_json::from_str(r#"{ "forbid": ["x"] }"#).expect("a check");
        let check = |id: &str| Check {
            id: id.to_owned(),
            kind: CheckKind::Files(files.clone()),
            message: None,
            fix: None,
        };
        let mut guideline = (*outcome.guidelines[0].guideline).clone();
        guideline.checks = vec![check("a"), check("b")];
        outcome.guidelines[0].guideline = Arc::new(guideline);
        let mut render = |broken: &[Option<&str>]| {
            let item = |check: Option<&str>| NotAssessed {
                path: None,
                guideline: Some(0),
                check: check.map(str::to_owned),
                reason: Reason::Guideline,
                detail: String::new(),
            };
            outcome.not_assessed = broken.iter().copied().map(item).collect();
            let mut out = String::new();
            render_unknown_guidelines(
                &mut out,
                &outcome,
                &HumanStyle { width: 200, ..HumanStyle::default() },
            );
            out
        };
        assert!(render(&[]).contains("not everything could be assessed"));
        assert!(render(&[None]).contains("Cannot be used:"), "its conditions");
        assert!(render(&[Some("a")]).contains("the others found nothing:"));
        assert!(render(&[Some("a"), Some("b")]).contains("Cannot be used:"), "every check");
    }
}
