//! What is stepped over, and what there is to say about waivers.

use std::collections::BTreeMap;

use super::HumanStyle;
use super::problem::{self, Tone};
use super::words::{age, clip, count, figure, wrap};
use crate::model::{Effect, Outcome, PromiseOutcome, Standing, WaiverEnd, WaiverOutcome};
use crate::report::escape::escape;
use crate::report::paint::Role;
use crate::report::shell::quote;

/// Guidelines, and waivers of one kind, shown unless everything is asked for.
const MOST: usize = 5;
/// Waivers named in one line.
const NAMED: usize = 3;
/// Longest reason that is shown, in characters.
const REASON: usize = 160;

/// Adds what is waived, guideline by guideline.
pub(super) fn render(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    let mut groups: BTreeMap<usize, BTreeMap<usize, usize>> = BTreeMap::new();
    for finding in &outcome.findings {
        if let Standing::Waived(waiver) = finding.standing {
            *groups.entry(finding.guideline).or_default().entry(waiver).or_default() += 1;
        }
    }
    if groups.is_empty() {
        return;
    }
    head(out, "stepped over", style);
    let cap = if style.everything() || style.verbose { usize::MAX } else { MOST };
    for (guideline, waivers) in groups.iter().take(cap) {
        let Some(entry) = outcome.guidelines.get(*guideline) else { continue };
        let findings = count(waivers.values().sum(), "finding", "findings");
        let named: Vec<String> = waivers
            .keys()
            .take(NAMED)
            .filter_map(|index| outcome.waivers.get(*index))
            .map(|it| format!("{} ({})", escape(&it.waiver.id), short(it)))
            .collect();
        let more = if waivers.len() > NAMED {
            format!(" and {} more", waivers.len() - NAMED)
        } else {
            String::new()
        };
        let id = style.paint().text(Role::Strong, entry.guideline.id.as_str());
        out.push_str(&wrap(
            style,
            "   ",
            "     ",
            &format!("{id}: {findings} by {}{more}", named.join(", ")),
        ));
        if style.verbose {
            for waiver in waivers.keys().filter_map(|index| outcome.waivers.get(*index)) {
                let reason = clip(&escape(&waiver.waiver.reason), REASON, style.paint().ellipsis());
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

/// Adds what stands in the baselines of promises, where nothing else is said about their guidelines.
pub(super) fn known(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    let quiet = |promise: &&PromiseOutcome| promise.known > 0 && promise.breaking == 0;
    let promises: Vec<&PromiseOutcome> = outcome.promises.iter().filter(quiet).collect();
    if promises.is_empty() {
        return;
    }
    head(out, "known since a promise was made", style);
    let cap = if style.everything() || style.verbose { usize::MAX } else { MOST };
    for promise in promises.iter().take(cap) {
        let id = style.paint().text(Role::Strong, promise.guideline.as_str());
        let known = count(promise.known, "finding", "findings");
        let since = promise.promise.since;
        let age =
            outcome.today.map_or_else(String::new, |today| format!(" ({})", age(since.days_until(today))));
        out.push_str(&wrap(style, "   ", "     ", &format!("{id}: {known} of {since}{age}, nothing new")));
    }
    if promises.len() > cap {
        let command = style.paint().command("stanchion baseline");
        out.push_str(&wrap(style, "   ", "     ", &format!("and {} more: {command}", promises.len() - cap)));
    }
    out.push('\n');
}

fn head(out: &mut String, words: &str, style: &HumanStyle) {
    let paint = style.paint();
    let title = paint.text(Role::Strong, words);
    out.push_str(&wrap(style, &format!("{} ", paint.stroke().repeat(2)), "   ", &title));
}

/// Kind and end of a waiver.
fn short(waiver: &WaiverOutcome) -> String {
    let kind = waiver.waiver.kind.word();
    match waiver.waiver.end {
        WaiverEnd::Until(day) => format!("{kind}, until {day}"),
        WaiverEnd::Standing { review_on } => format!("{kind}, standing, to be looked at on {review_on}"),
        WaiverEnd::Never => format!("{kind}, without an end"),
    }
}

/// What is said about waivers of one sort.
struct Sort {
    /// Whether a waiver is of this sort.
    is: fn(&WaiverOutcome) -> bool,
    /// What is said of it.
    words: fn(&WaiverOutcome, &Outcome) -> String,
    /// What helps: the command's verb, if one does.
    verb: Option<&'static str>,
}

const SORTS: [Sort; 6] = [
    Sort {
        is: |it| it.effect == Effect::Lapsed,
        words: |it, outcome| {
            let back = outcome
                .findings
                .iter()
                .filter(|finding| finding.lapsed.is_some_and(|index| outcome.waivers.get(index) == Some(it)))
                .count();
            let back = if back == 0 {
                "nothing that it covered is found any more".to_owned()
            } else {
                format!("{} back", count(back, "finding is", "findings are"))
            };
            format!("lapsed{}: {back}", day(it))
        },
        verb: Some("renew"),
    },
    Sort {
        is: |it| it.effect == Effect::Lapsing,
        words: |it, outcome| match (it.waiver.end, outcome.today) {
            (WaiverEnd::Until(until), Some(today)) => match today.days_until(until) {
                0 => "lapses today".to_owned(),
                1 => format!("lapses tomorrow ({until})"),
                days => format!("lapses in {days} days ({until})"),
            },
            (WaiverEnd::Standing { review_on }, Some(today)) if review_on < today => {
                format!("was to be looked at again on {review_on}")
            }
            (WaiverEnd::Standing { review_on }, _) => format!("is to be looked at again on {review_on}"),
            _ => "lapses soon".to_owned(),
        },
        verb: Some("renew"),
    },
    Sort {
        is: |it| it.effect == Effect::Outdated,
        words: |it, outcome| {
            let entry = outcome.guidelines.iter().find(|entry| entry.guideline.id == it.waiver.guideline);
            match (entry, &it.waiver.versions) {
                (None, _) => format!("is about {}, which is not followed here", it.waiver.guideline),
                (Some(entry), Some(range)) if !range.matches(&entry.guideline.version) => format!(
                    "speaks about {range}, and the guideline is {} now: it needs a fresh look",
                    entry.guideline.version
                ),
                _ => format!("names a check that {} does not have", it.waiver.guideline),
            }
        },
        verb: Some("why"),
    },
    Sort {
        is: |it| it.effect == Effect::Superseded,
        words: |it, _| {
            format!(
                "covers nothing that {} does not",
                escape(it.superseded_by.as_deref().unwrap_or("others"))
            )
        },
        verb: Some("withdraw"),
    },
    Sort {
        is: |it| it.effect == Effect::Unused,
        words: |_, _| "covers nothing that is found here".to_owned(),
        verb: Some("withdraw"),
    },
    Sort {
        is: |it| it.waiver.end == WaiverEnd::Never && matches!(it.effect, Effect::Active),
        words: |_, _| "has no end: nobody is going to look at it again".to_owned(),
        verb: Some("renew"),
    },
];

/// `on 2027-05-22`, with whose waiver it was.
fn day(waiver: &WaiverOutcome) -> String {
    match waiver.waiver.end {
        WaiverEnd::Until(day) => format!(" after {day}"),
        WaiverEnd::Standing { .. } | WaiverEnd::Never => String::new(),
    }
}

/// Adds what is worth knowing about waivers, and those that have no effect because something is wrong with them.
pub(super) fn about(out: &mut String, outcome: &Outcome, style: &HumanStyle) {
    let of = |sort: &Sort| outcome.waivers.iter().filter(|it| (sort.is)(it)).collect::<Vec<_>>();
    let sorts: Vec<(&Sort, Vec<&WaiverOutcome>)> =
        SORTS.iter().map(|sort| (sort, of(sort))).filter(|(_, all)| !all.is_empty()).collect();
    if !sorts.is_empty() {
        head(out, "about waivers", style);
        let cap = if style.everything() || style.verbose { usize::MAX } else { MOST };
        for (sort, all) in &sorts {
            for waiver in all.iter().take(cap) {
                line(out, waiver, sort, outcome, style);
            }
            if all.len() > cap {
                let command = style.paint().command("stanchion waivers list");
                let more = figure(all.len() - cap);
                out.push_str(&wrap(style, "   ", "     ", &format!("and {more} more of these: {command}")));
            }
        }
        out.push('\n');
    }
    if !outcome.waiver_problems.is_empty() {
        head(out, "waivers without effect", style);
        problem::all(out, &outcome.waiver_problems, Tone::Problem, style);
        out.push('\n');
    }
}

fn line(out: &mut String, waiver: &WaiverOutcome, sort: &Sort, outcome: &Outcome, style: &HumanStyle) {
    let paint = style.paint();
    let owner =
        waiver.waiver.owner.as_deref().map_or_else(String::new, |owner| format!(" of {}", escape(owner)));
    let id = paint.text(Role::Strong, &escape(&waiver.waiver.id));
    let command = sort.verb.map_or_else(String::new, |verb| {
        let text = format!("stanchion waivers {verb} {}", escape(&quote(&waiver.waiver.id)));
        format!(" {} {}", paint.arrow(), paint.command(&text))
    });
    let text = format!("{id}{owner} {}{command}", (sort.words)(waiver, outcome));
    out.push_str(&wrap(style, "   ", "     ", &text));
}

/// What a finding says whose waiver no longer covers it; `None` where there was none.
pub(super) fn lapsed(index: Option<usize>, outcome: &Outcome) -> Option<String> {
    let waiver = outcome.waivers.get(index?)?;
    let owner =
        waiver.waiver.owner.as_deref().map_or_else(String::new, |owner| format!(" of {}", escape(owner)));
    let what = match waiver.effect {
        Effect::Lapsed => format!("lapsed{}", day(waiver)),
        _ => "speaks about another version".to_owned(),
    };
    Some(format!("waiver {}{owner} {what}", escape(&waiver.waiver.id)))
}
