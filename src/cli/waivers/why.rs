//! `stanchion waivers why`: one waiver in full.

use std::fmt::Write as _;

use super::super::terminal::Terminal;
use super::super::{Exit, Failure};
use super::list::place;
use crate::model::{Effect, Outcome, Standing, WaiverEnd, WaiverOutcome};
use crate::report::escape::escape;
use crate::report::{Role, wrap};

/// Findings that are shown.
const SHOWN: usize = 20;

/// Shows a waiver and why it does what it does.
pub(super) fn why(it: &WaiverOutcome, outcome: &Outcome, terminal: &Terminal) -> Result<Exit, Failure> {
    let (paint, width) = (terminal.paint(), terminal.width);
    let waiver = &it.waiver;
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", paint.text(Role::Strong, &escape(&waiver.id)));
    let mut row = |label: &str, text: &str| {
        let label = paint.text(Role::Faint, &format!("{label:<10}"));
        out.push_str(&wrap(width, &format!("  {label} "), "             ", text));
    };
    row("effect", &format!("{}: {}", it.effect.word(), because(it, outcome)));
    row("guideline", waiver.guideline.as_str());
    if let Some(versions) = &waiver.versions {
        row("versions", &versions.to_string());
    }
    if !waiver.checks.is_empty() {
        row("checks", &escape(&waiver.checks.join(", ")));
    }
    row("covers", &escape(&place(it)));
    row("kind", &format!("{}: {}", waiver.kind.word(), waiver.kind.words()));
    row("reason", &escape(&waiver.reason));
    if let Some(instead) = &waiver.instead {
        row("instead", &escape(instead));
    }
    row("owner", &escape(waiver.owner.as_deref().unwrap_or("the owner of this repository")));
    if let Some(declared) = waiver.declared {
        row("declared", &declared.to_string());
    }
    let end = match waiver.end {
        WaiverEnd::Until(day) => format!("with {day} (inclusive, UTC)"),
        WaiverEnd::Standing { review_on } => format!("never; to be looked at again on {review_on}"),
        WaiverEnd::Never => "never: nothing is said about it".to_owned(),
    };
    row("ends", &end);
    if !waiver.renewed.is_empty() {
        let days: Vec<String> = waiver.renewed.iter().map(ToString::to_string).collect();
        row("renewed", &days.join(", "));
    }
    row("written", &format!("{}:{}", escape(&waiver.place.path.lossless()), waiver.place.line));
    let index = outcome.waivers.iter().position(|other| std::ptr::eq(other, it));
    let covered = |lapsed: bool| {
        outcome.findings.iter().filter(move |finding| {
            if lapsed {
                finding.lapsed == index
            } else {
                index.is_some_and(|at| finding.standing == Standing::Waived(at))
            }
        })
    };
    for (lapsed, head) in [(false, "covers today"), (true, "covered once, and found again")] {
        let findings: Vec<_> = covered(lapsed).collect();
        if findings.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{}", paint.text(Role::Strong, head));
        for finding in findings.iter().take(SHOWN) {
            let place = format!("{}:{}", escape(&finding.path.lossless()), finding.start.line);
            out.push_str(&wrap(width, "  ", "    ", &format!("{place} {}", escape(&finding.message))));
        }
        if findings.len() > SHOWN {
            out.push_str(&wrap(width, "  ", "    ", &format!("and {} more", findings.len() - SHOWN)));
        }
    }
    terminal.print(&out)?;
    Ok(Exit::Ran)
}

/// Why it has its effect.
fn because(it: &WaiverOutcome, outcome: &Outcome) -> String {
    let today = outcome.today.map_or_else(String::new, |day| day.to_string());
    let waiver = &it.waiver;
    match it.effect {
        Effect::Active if it.used == 0 => {
            "it covers nothing that was found, and not everything could be looked at".to_owned()
        }
        Effect::Active => format!("it covers {} today ({today})", findings(it.used)),
        Effect::Lapsing => format!("it covers {}, and its day is near (today is {today})", findings(it.used)),
        Effect::Lapsed => format!("its last day is over (today is {today})"),
        Effect::Withdrawn => {
            let day = waiver.withdrawn.map_or_else(String::new, |day| format!(" on {day}"));
            format!("it was taken back{day}")
        }
        Effect::Outdated => {
            let entry = outcome.guidelines.iter().find(|entry| entry.guideline.id == waiver.guideline);
            match (entry, &waiver.versions) {
                (None, _) => format!("{} is not followed here", waiver.guideline),
                (Some(entry), Some(range)) if !range.matches(&entry.guideline.version) => format!(
                    "the guideline is {} now, and the waiver speaks about {range}; look at what changed \
                     (`stanchion explain {}`), then write the new range into it",
                    entry.guideline.version, waiver.guideline
                ),
                _ => "the guideline has none of the checks that it names".to_owned(),
            }
        }
        Effect::Unused => "nothing that it covers is found here".to_owned(),
        Effect::Superseded => match &it.superseded_by {
            Some(by) => format!("{} covers everything that it would", escape(by)),
            None => "others, together, cover everything that it would".to_owned(),
        },
    }
}

fn findings(number: usize) -> String {
    if number == 1 { "1 finding".to_owned() } else { format!("{number} findings") }
}
