//! Sections about waived findings, known findings, and waivers that need attention.

use std::collections::BTreeMap;

use super::HumanStyle;
use super::problem::{self, Importance};
use super::words::{clip, count, format_age, format_number, wrap};
use crate::model::{FindingStatus, Outcome, PromiseOutcome, WaiverEffect, WaiverEnd, WaiverOutcome};
use crate::report::escape::escape;
use crate::report::paint::Role;
use crate::report::shell::quote_for_shell;

/// Maximum number of guidelines, and of waivers with the same remark, unless `--all` or `--verbose` is given.
const MAX_SHOWN: usize = 5;
/// Maximum number of waivers listed for one guideline.
const MAX_NAMED: usize = 3;
/// Maximum length of a reason, in characters.
const MAX_REASON: usize = 160;

/// Appends the waived findings, grouped by guideline.
pub(super) fn render(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    let mut groups: BTreeMap<usize, BTreeMap<usize, usize>> = BTreeMap::new();
    for finding in &outcome.findings {
        if let FindingStatus::Waived(waiver) = finding.status {
            *groups.entry(finding.guideline).or_default().entry(waiver).or_default() += 1;
        }
    }
    if groups.is_empty() {
        return;
    }
    render_heading(out, "stepped over", style);
    let cap = if style.everything() || style.verbose { usize::MAX } else { MAX_SHOWN };
    for (guideline, waivers) in groups.iter().take(cap) {
        let Some(entry) = outcome.guidelines.get(*guideline) else { continue };
        let findings = count(waivers.values().sum(), "finding", "findings");
        let named: Vec<String> = waivers
            .keys()
            .take(MAX_NAMED)
            .filter_map(|index| outcome.waivers.get(*index))
            .map(|it| format!("{} ({})", escape(&it.waiver.id), kind_and_end(it)))
            .collect();
        let more = if waivers.len() > MAX_NAMED {
            format!(" and {} more", waivers.len() - MAX_NAMED)
        } else {
            String::new()
        };
        let id = style.paint().text(Role::Strong, entry.guideline.id.as_str());
        out.push_str(&wrap(
            style,
            "   ",
            "     ",
            &format!("{id}: {findings} waived by {}{more}", named.join(", ")),
        ));
        if style.verbose {
            for waiver in waivers.keys().filter_map(|index| outcome.waivers.get(*index)) {
                let reason = clip(&escape(&waiver.waiver.reason), MAX_REASON, style.paint().ellipsis());
                out.push_str(&wrap(
                    style,
                    "     ",
                    "       ",
                    &format!("{}: {reason}", escape(&waiver.waiver.id)),
                ));
            }
        }
    }
    if groups.len() > cap {
        let command = style.paint().command("stanchion waivers list");
        out.push_str(&wrap(
            style,
            "   ",
            "     ",
            &format!("and {} more guidelines: {command}", groups.len() - cap),
        ));
    }
    out.push('\n');
}

/// Appends the number of findings in the baseline of each promise without breaking findings. (Other promises
/// have their own section, which contains the number.)
pub(super) fn render_known(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    let quiet = |promise: &&PromiseOutcome| promise.known > 0 && promise.breaking == 0;
    let promises: Vec<&PromiseOutcome> = outcome.promises.iter().filter(quiet).collect();
    if promises.is_empty() {
        return;
    }
    render_heading(out, "known findings", style);
    let cap = if style.everything() || style.verbose { usize::MAX } else { MAX_SHOWN };
    for promise in promises.iter().take(cap) {
        let id = style.paint().text(Role::Strong, promise.guideline.as_str());
        let known = count(promise.known, "finding", "findings");
        let since = promise.promise.since;
        let age = outcome
            .today
            .map_or_else(String::new, |today| format!(" ({})", format_age(since.days_until(today))));
        out.push_str(&wrap(style, "   ", "     ", &format!("{id}: {known} since {since}{age}, none new")));
    }
    if promises.len() > cap {
        let command = style.paint().command("stanchion baseline");
        out.push_str(&wrap(style, "   ", "     ", &format!("and {} more: {command}", promises.len() - cap)));
    }
    out.push('\n');
}

fn render_heading(out: &mut String, words: &str, style: &HumanStyle) {
    let paint = style.paint();
    let title = paint.text(Role::Strong, words);
    out.push_str(&wrap(style, &format!("{} ", paint.stroke().repeat(2)), "   ", &title));
}

/// Returns kind and end date of a waiver.
fn kind_and_end(waiver: &WaiverOutcome) -> String {
    let kind = waiver.waiver.kind.as_str();
    match waiver.waiver.end {
        WaiverEnd::Until(day) => format!("{kind}, until {day}"),
        WaiverEnd::Standing { review_on } => format!("{kind}, standing, review due on {review_on}"),
        WaiverEnd::Never => format!("{kind}, no end date"),
    }
}

/// A remark about waivers in one state.
struct RemarkKind {
    /// Whether the remark applies to a waiver.
    applies: fn(&WaiverOutcome) -> bool,
    /// Returns the text of the remark.
    text: fn(&WaiverOutcome, &Outcome) -> String,
    /// Subcommand of `stanchion waivers` that helps, if there is one.
    subcommand: Option<&'static str>,
}

const REMARK_KINDS: [RemarkKind; 6] = [
    RemarkKind {
        applies: |it| it.effect == WaiverEffect::Lapsed,
        text: |it, outcome| {
            let back = outcome
                .findings
                .iter()
                .filter(|finding| finding.lapsed.is_some_and(|index| outcome.waivers.get(index) == Some(it)))
                .count();
            let back = if back == 0 {
                "the findings it covered are gone".to_owned()
            } else {
                format!("{} back", count(back, "finding is", "findings are"))
            };
            format!("lapsed{}: {back}", lapse_date(it))
        },
        subcommand: Some("renew"),
    },
    RemarkKind {
        applies: |it| it.effect == WaiverEffect::Lapsing,
        text: |it, outcome| match (it.waiver.end, outcome.today) {
            (WaiverEnd::Until(until), Some(today)) => match today.days_until(until) {
                0 => "lapses today".to_owned(),
                1 => format!("lapses tomorrow ({until})"),
                days => format!("lapses in {days} days ({until})"),
            },
            (WaiverEnd::Standing { review_on }, Some(today)) if review_on < today => {
                format!("was due for review on {review_on}")
            }
            (WaiverEnd::Standing { review_on }, _) => format!("is due for review on {review_on}"),
            _ => "lapses soon".to_owned(),
        },
        subcommand: Some("renew"),
    },
    RemarkKind {
        applies: |it| it.effect == WaiverEffect::Outdated,
        text: |it, outcome| {
            let entry = outcome.guidelines.iter().find(|entry| entry.guideline.id == it.waiver.guideline);
            match (entry, &it.waiver.versions) {
                (None, _) => format!("covers {}, which is not followed here", it.waiver.guideline),
                (Some(entry), Some(range)) if !range.matches(&entry.guideline.version) => format!(
                    "covers versions {range}, but the guideline is now {}: review it",
                    entry.guideline.version
                ),
                _ => format!("names a check that {} does not have", it.waiver.guideline),
            }
        },
        subcommand: Some("why"),
    },
    RemarkKind {
        applies: |it| it.effect == WaiverEffect::Superseded,
        text: |it, _| {
            format!(
                "covers only findings that {} covers too",
                escape(it.superseded_by.as_deref().unwrap_or("others"))
            )
        },
        subcommand: Some("withdraw"),
    },
    RemarkKind {
        applies: |it| it.effect == WaiverEffect::Unused,
        text: |_, _| "covers no current finding".to_owned(),
        subcommand: Some("withdraw"),
    },
    RemarkKind {
        applies: |it| it.waiver.end == WaiverEnd::Never && matches!(it.effect, WaiverEffect::Active),
        text: |_, _| "has no end date, so nothing will remind you to review it".to_owned(),
        subcommand: Some("renew"),
    },
];

/// Returns ` after 2027-05-22` for a waiver with an end date, otherwise an empty text.
fn lapse_date(waiver: &WaiverOutcome) -> String {
    match waiver.waiver.end {
        WaiverEnd::Until(day) => format!(" after {day}"),
        WaiverEnd::Standing { .. } | WaiverEnd::Never => String::new(),
    }
}

/// Appends remarks about waivers, and the problems of waivers without effect.
pub(super) fn render_remarks(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    let of = |kind: &RemarkKind| outcome.waivers.iter().filter(|it| (kind.applies)(it)).collect::<Vec<_>>();
    let kinds: Vec<(&RemarkKind, Vec<&WaiverOutcome>)> =
        REMARK_KINDS.iter().map(|kind| (kind, of(kind))).filter(|(_, all)| !all.is_empty()).collect();
    if !kinds.is_empty() {
        render_heading(out, "about waivers", style);
        let cap = if style.everything() || style.verbose { usize::MAX } else { MAX_SHOWN };
        for (kind, all) in &kinds {
            for waiver in all.iter().take(cap) {
                render_remark(out, waiver, kind, outcome, style);
            }
            if all.len() > cap {
                let command = style.paint().command("stanchion waivers list");
                let more = format_number(all.len() - cap);
                out.push_str(&wrap(style, "   ", "     ", &format!("and {more} more of these: {command}")));
            }
        }
        out.push('\n');
    }
    if !outcome.waiver_problems.is_empty() {
        render_heading(out, "waivers without effect", style);
        problem::render_all(out, &outcome.waiver_problems, Importance::Problem, style);
        out.push('\n');
    }
}

fn render_remark(
    out: &mut String,
    waiver: &WaiverOutcome,
    kind: &RemarkKind,
    outcome: &Outcome,
    style: &HumanStyle,
) {
    let paint = style.paint();
    let owner =
        waiver.waiver.owner.as_deref().map_or_else(String::new, |owner| format!(" of {}", escape(owner)));
    let id = paint.text(Role::Strong, &escape(&waiver.waiver.id));
    let command = kind.subcommand.map_or_else(String::new, |subcommand| {
        let text = format!("stanchion waivers {subcommand} {}", escape(&quote_for_shell(&waiver.waiver.id)));
        format!(" {} {}", paint.arrow(), paint.command(&text))
    });
    let text = format!("{id}{owner} {}{command}", (kind.text)(waiver, outcome));
    out.push_str(&wrap(style, "   ", "     ", &text));
}

/// Describes the waiver that no longer covers a finding; `None` if no waiver covered it.
pub(super) fn describe_lapsed_waiver(index: Option<usize>, outcome: &Outcome) -> Option<String> {
    let waiver = outcome.waivers.get(index?)?;
    let owner =
        waiver.waiver.owner.as_deref().map_or_else(String::new, |owner| format!(" of {}", escape(owner)));
    let what = match waiver.effect {
        WaiverEffect::Lapsed => format!("lapsed{}", lapse_date(waiver)),
        _ => "covers a different version".to_owned(),
    };
    Some(format!("waiver {}{owner} {what}", escape(&waiver.waiver.id)))
}
