//! `stanchion baseline`: what was there when promises were made "from here", and taking out what is mended.

use std::path::{Path, PathBuf};

use super::assess::{self, How, Request};
use super::clock::Clock;
use super::guidelines::is_plain;
use super::party::Party;
use super::progress::Progress;
use super::says::{self, BASELINE, Source};
use super::terminal::Terminal;
use super::tool_results::{Given, ToolResults};
use super::{Exit, Failure, files, guidelines, root, shell, turn};
use crate::engine::waive::{Refreshed, Sight, refresh};
use crate::format;
use crate::model::{Baseline, Date, Finding, GuidelineId, Outcome};
use crate::report::escape::escape;
use crate::report::{Role, wrap};

/// What stands in the baseline of promises that count from here
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion baseline
  stanchion baseline prune

A baseline only gets shorter: `prune` takes out what is mended, and leaves what
could not be looked at. `stanchion promise ID --from-here` begins one.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// A path in the repository; without it, the repository you are in
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    #[command(flatten)]
    clock: Clock,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Take out what is mended, and bring the rest to where it is now
    Prune {
        /// A path in the repository; without it, the repository you are in
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
        #[command(flatten)]
        tools: Given,
        #[command(flatten)]
        clock: Clock,
    },
}

/// Shows the baseline, or prunes it.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let (path, clock, prune) = match &arguments.action {
        Some(Action::Prune { path, clock, tools }) => (path, clock, Some(tools)),
        None => (&arguments.path, &arguments.clock, None),
    };
    let place = root::locate(&base, path.as_slice())?;
    let tools = prune.map(|given| given.read(&base, &place.root)).transpose()?.unwrap_or_default();
    let prune = prune.is_some();
    let known = read(Source::Disk(&place.root))?;
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    if known.guidelines.is_empty() {
        terminal.print(&line(&format!(
            "There is no baseline here ({BASELINE}): no promise counts from a certain day on."
        )))?;
        return Ok(Exit::Ran);
    }
    let today = clock.today();
    let party = Party::read(&place.root)?;
    let outcome = assess_promised(&place.root, party, (today, tools), terminal)?;
    let mut pruned = known.clone();
    let mut out = String::new();
    let sight = Sight::new(&outcome, &[]);
    for (id, part) in &known.guidelines {
        let index = outcome.guidelines.iter().position(|entry| entry.guideline.id == *id);
        let from_here = outcome.promise(id).is_some_and(|promise| promise.promise.from_here);
        let Some(index) = index.filter(|_| from_here) else {
            let why = if from_here { "it could not be assessed" } else { "it is not promised from here" };
            out.push_str(&line(&format!(
                "{id}: {} of {}, not looked at: {why}",
                entries(part.entries.len()),
                part.since
            )));
            continue;
        };
        let findings: Vec<&Finding> =
            outcome.findings.iter().filter(|finding| finding.guideline == index).collect();
        let guideline = &outcome.guidelines[index].guideline;
        let refreshed = refresh(part, &findings, &|entry| {
            sight.reaches(index, &entry.path)
                && guideline.checks.iter().any(|check| *check.id == *entry.check)
        });
        out.push_str(&line(&told(id, part.since, part.entries.len(), &refreshed, today, prune, terminal)));
        if refreshed.part.entries.is_empty() {
            pruned.guidelines.remove(id);
        } else {
            pruned.guidelines.insert(id.clone(), refreshed.part);
        }
    }
    if prune && pruned != known {
        let turn = turn::take(&place.root)?;
        let (now, others) = merged(read(Source::Disk(&place.root))?, &known, &pruned);
        write(&place.root, &now)?;
        drop(turn);
        for id in others {
            out.push_str(&line(&format!(
                "{id} was changed by somebody else meanwhile, and is left as it is"
            )));
        }
        let add = shell::git_add(&base, &place.root, [BASELINE]);
        let command = terminal.paint().command(&escape(&add));
        let done = if now.guidelines.is_empty() {
            format!("Nothing is left, so {BASELINE} was removed.")
        } else {
            format!("Wrote {BASELINE}.")
        };
        out.push_str(&line(&format!("{done} To make it known: {command}, and commit.")));
    } else if prune {
        out.push_str(&line("Nothing is mended that still stood there; nothing was changed."));
    } else if pruned != known {
        let command = terminal.paint().command("stanchion baseline prune");
        out.push_str(&line(&format!(
            "To take out what is mended, and bring the rest to where it is: {command}"
        )));
    }
    terminal.print(&out)?;
    Ok(Exit::Ran)
}

/// What is there `now` with what was pruned of `known`, as far as nobody else changed it; and what somebody did.
fn merged(mut now: Baseline, known: &Baseline, pruned: &Baseline) -> (Baseline, Vec<GuidelineId>) {
    let mut others = Vec::new();
    for (id, was) in &known.guidelines {
        let is = pruned.guidelines.get(id);
        if is == Some(was) {
            continue;
        }
        match (now.guidelines.get(id), is) {
            (Some(current), _) if current != was => others.push(id.clone()),
            (Some(_), Some(part)) => drop(now.guidelines.insert(id.clone(), part.clone())),
            (Some(_), None) => drop(now.guidelines.remove(id)),
            // Taken away meanwhile: it does not come back.
            (None, _) => {}
        }
    }
    (now, others)
}

fn entries(number: usize) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") }
}

fn told(
    id: &GuidelineId,
    since: Date,
    before: usize,
    refreshed: &Refreshed,
    today: Date,
    prune: bool,
    terminal: &Terminal,
) -> String {
    let days = since.days_until(today);
    let age = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    let id = terminal.paint().text(Role::Strong, id.as_str());
    let mut parts = vec![format!("{id}: {} of {since} ({age} old)", entries(before))];
    let verb = if prune { "taken out" } else { "mended" };
    if refreshed.mended > 0 {
        parts.push(format!("{} {verb}", refreshed.mended));
    }
    if refreshed.moved > 0 {
        parts.push(format!("{} moved or edited", refreshed.moved));
    }
    if refreshed.unseen > 0 {
        parts.push(format!("{} kept because their place could not be looked at", refreshed.unseen));
    }
    parts.push(format!("{} left", refreshed.part.entries.len()));
    parts.join(", ")
}

/// Assesses what is promised from here, and nothing else.
fn assess_promised(
    root: &Path,
    party: Party,
    (today, tools): (Date, ToolResults),
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    let mut followed = guidelines::load_party(party)?;
    let from_here: Vec<GuidelineId> = followed
        .party
        .iter()
        .flat_map(|party| &party.config.promises)
        .filter(|promised| promised.promise.from_here)
        .map(|promised| promised.guideline.clone())
        .collect();
    followed.guidelines.retain(|guideline| from_here.contains(&guideline.id));
    let progress = Progress::new(terminal);
    let request = Request { root, scopes: vec![], change: None, today, how: How { tools, ..How::default() } };
    let assessed = assess::assess(&followed, request, &progress)?;
    progress.finish();
    if let Some(Ok(lane)) = assessed.lane {
        lane.keep();
    }
    Ok(assessed.outcome)
}

/// Reads the baseline of the party in a folder; an empty one where there is none.
///
/// # Errors
/// Every problem of it.
pub(super) fn read(source: Source<'_>) -> Result<Baseline, Failure> {
    let what = || format!("{BASELINE} cannot be used");
    match source.read(BASELINE, says::LARGEST_BASELINE) {
        Ok(None) => Ok(Baseline::default()),
        Ok(Some(text)) => format::parse_baseline(BASELINE, &text)
            .map_err(|problems| Failure::Problems { what: what(), problems }),
        Err(words) => Err(Failure::new(format!("{BASELINE} {}", escape(&words)))),
    }
}

/// Writes the baseline, or takes the file away when nothing stands in it.
///
/// # Errors
/// What the system says.
pub(super) fn write(root: &Path, baseline: &Baseline) -> Result<(), Failure> {
    let path = root.join(BASELINE);
    let shown = Path::new(BASELINE);
    // The folder may be a link, even where the file is not there yet.
    if !is_plain(root, shown) {
        return Err(Failure::new(format!("{BASELINE} is a link, or lies behind one, and is not written")));
    }
    if baseline.guidelines.is_empty() {
        return match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::io("remove", shown, &error))
            }
            _ => Ok(()),
        };
    }
    files::write_own(&path, format::render_baseline(baseline).as_bytes())
        .map_err(|error| Failure::io("write", shown, &error))
}
