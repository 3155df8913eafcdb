//! `stanchion waivers list` and `lint`.

use super::super::terminal::Terminal;
use super::super::{Exit, Failure};
use crate::model::{Effect, Outcome, WaiverEnd, WaiverOutcome, WaiverReach};
use crate::report::escape::escape;
use crate::report::{HumanStyle, Paint, Role, render_about_waivers, waivers_json, wrap};

/// The formats of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    Human,
    /// One JSON document
    Json,
}

/// Every effect, in the order in which they are worth a look.
const EFFECTS: [Effect; 7] = [
    Effect::Lapsed,
    Effect::Lapsing,
    Effect::Outdated,
    Effect::Unused,
    Effect::Superseded,
    Effect::Active,
    Effect::Withdrawn,
];

/// Reads an effect.
pub(super) fn effect(text: &str) -> Result<Effect, String> {
    EFFECTS
        .into_iter()
        .find(|effect| effect.word() == text)
        .ok_or_else(|| format!("write one of {}", EFFECTS.map(Effect::word).join(", ")))
}

/// Lists waivers.
pub(super) fn list(
    outcome: &Outcome,
    wanted: Option<Effect>,
    format: Format,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let all: Vec<&WaiverOutcome> =
        outcome.waivers.iter().filter(|it| wanted.is_none_or(|effect| it.effect == effect)).collect();
    if format == Format::Json {
        terminal.print_for_programs(&waivers_json(&all))?;
        return Ok(Exit::Ran);
    }
    let paint = terminal.paint();
    let mut out = String::new();
    for effect in EFFECTS {
        for waiver in all.iter().filter(|it| it.effect == effect) {
            entry(&mut out, waiver, paint, terminal.width);
        }
    }
    if all.is_empty() {
        let words = match wanted {
            Some(effect) => format!("No waiver here is {}.", effect.word()),
            None => "Nothing is stepped over here. `stanchion waive ID` does it, with a reason.".to_owned(),
        };
        out.push_str(&wrap(terminal.width, "", "  ", &words));
    } else {
        let number = |effect| outcome.waivers.iter().filter(|it| it.effect == effect).count();
        let parts: Vec<String> = EFFECTS
            .into_iter()
            .filter(|effect| number(*effect) > 0)
            .map(|effect| format!("{} {}", number(effect), effect.word()))
            .collect();
        let waivers = if outcome.waivers.len() == 1 { "waiver" } else { "waivers" };
        let text = format!("{} {waivers}: {}", outcome.waivers.len(), parts.join(", "));
        out.push_str(&wrap(terminal.width, "", "  ", &text));
    }
    if !outcome.waiver_problems.is_empty() {
        let command = paint.command("stanchion waivers lint");
        let problems = outcome.waiver_problems.len();
        let text = format!("{problems} more cannot be used as written: {command}");
        out.push_str(&wrap(terminal.width, "", "  ", &text));
    }
    terminal.print(&out)?;
    Ok(Exit::Ran)
}

fn entry(out: &mut String, it: &WaiverOutcome, paint: Paint, width: usize) {
    let waiver = &it.waiver;
    let role = match it.effect {
        Effect::Active => Role::Kept,
        Effect::Lapsed | Effect::Lapsing | Effect::Outdated => Role::Warning,
        Effect::Unused | Effect::Superseded | Effect::Withdrawn => Role::Faint,
    };
    let effect = paint.text(role, &format!("{:<10}", it.effect.word()));
    let id = paint.text(Role::Strong, &escape(&waiver.id));
    let end = match waiver.end {
        WaiverEnd::Until(day) => format!("until {day}"),
        WaiverEnd::Standing { review_on } => format!("standing, look again on {review_on}"),
        WaiverEnd::Never => "without an end".to_owned(),
    };
    let used = if it.used == 1 { "1 finding".to_owned() } else { format!("{} findings", it.used) };
    let dot = paint.dot();
    let head = format!("{id} {}{dot}{}{dot}{end}{dot}{used}", waiver.guideline, waiver.kind.word());
    out.push_str(&wrap(width, &format!("{effect} "), "           ", &head));
    let place = format!("{}: {}", escape(&place(it)), escape(&waiver.reason));
    out.push_str(&wrap(width, "           ", "             ", &paint.text(Role::Faint, &place)));
}

/// What a waiver covers, in a few words. Not escaped.
pub(super) fn place(it: &WaiverOutcome) -> String {
    match &it.waiver.reach {
        WaiverReach::Paths(paths) if paths.is_empty() => "everywhere".to_owned(),
        WaiverReach::Paths(paths) => paths.join(", "),
        WaiverReach::Fingerprints(all) if all.len() == 1 => "one finding".to_owned(),
        WaiverReach::Fingerprints(all) => format!("{} single findings", all.len()),
        WaiverReach::Line { path, line } => format!("line {line} of {}", path.lossless()),
        WaiverReach::File { path } => path.lossless().into_owned(),
    }
}

/// Says what is wrong or worth a look.
pub(super) fn lint(outcome: &Outcome, terminal: &Terminal) -> Result<Exit, Failure> {
    let style = HumanStyle { cap: Some(usize::MAX), ..terminal.style() };
    let mut text = render_about_waivers(outcome, &style);
    if text.is_empty() {
        let words = if outcome.waivers.is_empty() {
            "Nothing is stepped over here.".to_owned()
        } else {
            match outcome.waivers.len() {
                1 => "1 waiver, and nothing to say about it.".to_owned(),
                number => format!("{number} waivers, and nothing to say about them."),
            }
        };
        text = wrap(terminal.width, "", "  ", &words);
    }
    terminal.print(&text)?;
    Ok(Exit::Ran)
}
