//! `stanchion waivers list` and `lint`.

use super::super::terminal::Terminal;
use super::super::{Exit, Failure};
use crate::model::{Outcome, WaiverEffect, WaiverEnd, WaiverOutcome, WaiverReach};
use crate::report::escape::escape;
use crate::report::{HumanStyle, Paint, Role, render_waiver_remarks, waivers_json, wrap};

/// Formats of the waiver list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum WaiverListFormat {
    /// Human-readable text
    Human,
    /// One JSON document
    Json,
}

/// Every effect, most urgent first.
const EFFECTS: [WaiverEffect; 7] = [
    WaiverEffect::Lapsed,
    WaiverEffect::Lapsing,
    WaiverEffect::Outdated,
    WaiverEffect::Unused,
    WaiverEffect::Superseded,
    WaiverEffect::Active,
    WaiverEffect::Withdrawn,
];

/// Parses an effect.
pub(super) fn parse_effect(text: &str) -> Result<WaiverEffect, String> {
    EFFECTS
        .into_iter()
        .find(|effect| effect.as_str() == text)
        .ok_or_else(|| format!("write one of {}", EFFECTS.map(WaiverEffect::as_str).join(", ")))
}

/// Prints the waivers.
pub(super) fn print_list(
    outcome: &Outcome,
    wanted: Option<WaiverEffect>,
    format: WaiverListFormat,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let all: Vec<&WaiverOutcome> =
        outcome.waivers.iter().filter(|it| wanted.is_none_or(|effect| it.effect == effect)).collect();
    if format == WaiverListFormat::Json {
        terminal.print_for_programs(&waivers_json(&all))?;
        return Ok(Exit::Ran);
    }
    let paint = terminal.paint();
    let mut out = String::new();
    for effect in EFFECTS {
        for waiver in all.iter().filter(|it| it.effect == effect) {
            render_entry(&mut out, waiver, paint, terminal.width);
        }
    }
    if all.is_empty() {
        let message = match wanted {
            Some(effect) => format!("No waiver here is {}.", effect.as_str()),
            None => "This repository has no waivers. Add one with `stanchion waive ID`.".to_owned(),
        };
        out.push_str(&wrap(terminal.width, "", "  ", &message));
    } else {
        let number = |effect| outcome.waivers.iter().filter(|it| it.effect == effect).count();
        let parts: Vec<String> = EFFECTS
            .into_iter()
            .filter(|effect| number(*effect) > 0)
            .map(|effect| format!("{} {}", number(effect), effect.as_str()))
            .collect();
        let waivers = if outcome.waivers.len() == 1 { "waiver" } else { "waivers" };
        let text = format!("{} {waivers}: {}", outcome.waivers.len(), parts.join(", "));
        out.push_str(&wrap(terminal.width, "", "  ", &text));
    }
    if !outcome.waiver_problems.is_empty() {
        let command = paint.command("stanchion waivers lint");
        let problems = outcome.waiver_problems.len();
        let text = format!("{problems} more are invalid: {command}");
        out.push_str(&wrap(terminal.width, "", "  ", &text));
    }
    terminal.print(&out)?;
    Ok(Exit::Ran)
}

fn render_entry(out: &mut String, it: &WaiverOutcome, paint: Paint, width: usize) {
    let waiver = &it.waiver;
    let role = match it.effect {
        WaiverEffect::Active => Role::Kept,
        WaiverEffect::Lapsed | WaiverEffect::Lapsing | WaiverEffect::Outdated => Role::Warning,
        WaiverEffect::Unused | WaiverEffect::Superseded | WaiverEffect::Withdrawn => Role::Faint,
    };
    let effect = paint.text(role, &format!("{:<10}", it.effect.as_str()));
    let id = paint.text(Role::Strong, &escape(&waiver.id));
    let end = match waiver.end {
        WaiverEnd::Until(day) => format!("until {day}"),
        WaiverEnd::Standing { review_on } => format!("standing, review on {review_on}"),
        WaiverEnd::Never => "without an end".to_owned(),
    };
    let used = if it.used == 1 { "1 finding".to_owned() } else { format!("{} findings", it.used) };
    let dot = paint.dot();
    let head = format!("{id} {}{dot}{}{dot}{end}{dot}{used}", waiver.guideline, waiver.kind.as_str());
    out.push_str(&wrap(width, &format!("{effect} "), "           ", &head));
    let place = format!("{}: {}", escape(&describe_reach(it)), escape(&waiver.reason));
    out.push_str(&wrap(width, "           ", "             ", &paint.text(Role::Faint, &place)));
}

/// Short description of the files or findings that a waiver covers. Not escaped.
pub(super) fn describe_reach(it: &WaiverOutcome) -> String {
    match &it.waiver.reach {
        WaiverReach::Paths(paths) if paths.is_empty() => "everywhere".to_owned(),
        WaiverReach::Paths(paths) => paths.join(", "),
        WaiverReach::Fingerprints(all) if all.len() == 1 => "one finding".to_owned(),
        WaiverReach::Fingerprints(all) => format!("{} individual findings", all.len()),
        WaiverReach::Line { path, line } => format!("line {line} of {}", path.lossless()),
        WaiverReach::File { path } => path.lossless().into_owned(),
    }
}

/// Prints invalid waivers, and waivers that need attention.
pub(super) fn print_lint(outcome: &Outcome, terminal: &Terminal) -> Result<Exit, Failure> {
    let style = HumanStyle { cap: Some(usize::MAX), ..terminal.style() };
    let mut text = render_waiver_remarks(outcome, &style);
    if text.is_empty() {
        let message = if outcome.waivers.is_empty() {
            "This repository has no waivers.".to_owned()
        } else {
            match outcome.waivers.len() {
                1 => "1 waiver, no problems.".to_owned(),
                number => format!("{number} waivers, no problems."),
            }
        };
        text = wrap(terminal.width, "", "  ", &message);
    }
    terminal.print(&text)?;
    Ok(Exit::Ran)
}
