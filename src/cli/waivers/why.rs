//! `stanchion waivers why`: explains one waiver.

use std::fmt::Write as _;

use super::super::terminal::Terminal;
use super::super::{Exit, Failure};
use super::list::describe_reach;
use crate::model::{FindingStatus, Outcome, WaiverEffect, WaiverEnd, WaiverOutcome};
use crate::report::escape::escape;
use crate::report::{Role, wrap};

/// Maximum number of findings shown.
const MAX_SHOWN: usize = 20;

/// Prints a waiver with the reason for its effect.
pub(super) fn print_waiver(
    it: &WaiverOutcome,
    outcome: &Outcome,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let (paint, width) = (terminal.paint(), terminal.width);
    let waiver = &it.waiver;
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", paint.text(Role::Strong, &escape(&waiver.id)));
    let mut row = |label: &str, text: &str| {
        let label = paint.text(Role::Faint, &format!("{label:<10}"));
        out.push_str(&wrap(width, &format!("  {label} "), "             ", text));
    };
    row("effect", &format!("{}: {}", it.effect.as_str(), explain_effect(it, outcome)));
    row("guideline", waiver.guideline.as_str());
    if let Some(versions) = &waiver.versions {
        row("versions", &versions.to_string());
    }
    if !waiver.checks.is_empty() {
        row("checks", &escape(&waiver.checks.join(", ")));
    }
    row("covers", &escape(&describe_reach(it)));
    row("kind", &format!("{}: {}", waiver.kind.as_str(), waiver.kind.description()));
    row("reason", &escape(&waiver.reason));
    if let Some(instead) = &waiver.instead {
        row("instead", &escape(instead));
    }
    row("owner", &escape(waiver.owner.as_deref().unwrap_or("the owner of this repository")));
    if let Some(declared) = waiver.declared {
        row("declared", &declared.to_string());
    }
    let end = match waiver.end {
        WaiverEnd::Until(day) => format!("after {day} (UTC)"),
        WaiverEnd::Standing { review_on } => format!("never; review on {review_on}"),
        WaiverEnd::Never => "never (no end is stated)".to_owned(),
    };
    row("ends", &end);
    if !waiver.renewed.is_empty() {
        let days: Vec<String> = waiver.renewed.iter().map(ToString::to_string).collect();
        row("renewed", &days.join(", "));
    }
    row("written in", &format!("{}:{}", escape(&waiver.place.path.lossless()), waiver.place.line));
    let index = outcome.waivers.iter().position(|other| std::ptr::eq(other, it));
    let covered = |lapsed: bool| {
        outcome.findings.iter().filter(move |finding| {
            if lapsed {
                finding.lapsed == index
            } else {
                index.is_some_and(|at| finding.status == FindingStatus::Waived(at))
            }
        })
    };
    for (lapsed, head) in [(false, "covers today"), (true, "covered until it lapsed")] {
        let findings: Vec<_> = covered(lapsed).collect();
        if findings.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{}", paint.text(Role::Strong, head));
        for finding in findings.iter().take(MAX_SHOWN) {
            let place = format!("{}:{}", escape(&finding.path.lossless()), finding.start.line);
            out.push_str(&wrap(width, "  ", "    ", &format!("{place} {}", escape(&finding.message))));
        }
        if findings.len() > MAX_SHOWN {
            out.push_str(&wrap(width, "  ", "    ", &format!("and {} more", findings.len() - MAX_SHOWN)));
        }
    }
    terminal.print(&out)?;
    Ok(Exit::Ran)
}

/// Explains the effect of a waiver.
fn explain_effect(it: &WaiverOutcome, outcome: &Outcome) -> String {
    let today = outcome.today.map_or_else(String::new, |day| day.to_string());
    let waiver = &it.waiver;
    match it.effect {
        WaiverEffect::Active if it.used == 0 => {
            "it covers no finding, but the assessment is incomplete".to_owned()
        }
        WaiverEffect::Active => format!("it covers {} today ({today})", findings(it.used)),
        WaiverEffect::Lapsing => {
            format!("it covers {} and ends soon (today is {today})", findings(it.used))
        }
        WaiverEffect::Lapsed => format!("its last day is in the past (today is {today})"),
        WaiverEffect::Withdrawn => {
            let day = waiver.withdrawn.map_or_else(String::new, |day| format!(" on {day}"));
            format!("it was withdrawn{day}")
        }
        WaiverEffect::Outdated => {
            let entry = outcome.guidelines.iter().find(|entry| entry.guideline.id == waiver.guideline);
            match (entry, &waiver.versions) {
                (None, _) => format!("{} is not followed here", waiver.guideline),
                (Some(entry), Some(range)) if !range.matches(&entry.guideline.version) => format!(
                    "the guideline is now version {}, but the waiver is for {range}; review what changed \
                     (`stanchion explain {}`), then update the range in the waiver",
                    entry.guideline.version, waiver.guideline
                ),
                _ => "the guideline no longer has any of the checks that the waiver names".to_owned(),
            }
        }
        WaiverEffect::Unused => "it covers no current findings".to_owned(),
        WaiverEffect::Superseded => match &it.superseded_by {
            Some(by) => format!("{} covers the same findings", escape(by)),
            None => "other waivers together cover the same findings".to_owned(),
        },
    }
}

fn findings(number: usize) -> String {
    if number == 1 { "1 finding".to_owned() } else { format!("{number} findings") }
}
