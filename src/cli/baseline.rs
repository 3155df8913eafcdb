//! `stanchion baseline`: shows or prunes the findings recorded when promises were made "from here".

use std::path::{Path, PathBuf};

use super::assess::{self, AssessOptions, AssessRequest};
use super::clock::TodayArgument;
use super::guidelines::is_plain;
use super::policy_files::{self, BASELINE, PolicySource};
use super::progress::ProgressDisplay;
use super::project::Project;
use super::terminal::Terminal;
use super::tool_results::{ToolResultArguments, ToolResults};
use super::{Exit, Failure, files, guidelines, root, shell, write_lock};
use crate::engine::judge::{Coverage, RefreshedPart, refresh_baseline_part};
use crate::format;
use crate::model::{Baseline, Date, Finding, GuidelineId, Outcome};
use crate::report::escape::escape;
use crate::report::{Role, wrap};

/// Show the baseline: findings recorded by promises made "from here"
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion baseline
  stanchion baseline prune

A baseline only gets shorter: `prune` removes entries whose finding is fixed and
keeps entries that could not be assessed. `stanchion promise ID --from-here`
creates one.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<BaselineCommand>,
    /// Any path inside the repository [default: the current folder]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    #[command(flatten)]
    clock: TodayArgument,
}

#[derive(clap::Subcommand, Debug)]
enum BaselineCommand {
    /// Remove fixed entries, and update the location of the others
    Prune {
        /// Any path inside the repository [default: the current folder]
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
        #[command(flatten)]
        tools: ToolResultArguments,
        #[command(flatten)]
        clock: TodayArgument,
    },
}

/// Shows the baseline, or prunes it.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let (path, clock, prune) = match &arguments.command {
        Some(BaselineCommand::Prune { path, clock, tools }) => (path, clock, Some(tools)),
        None => (&arguments.path, &arguments.clock, None),
    };
    let selection = root::locate(&base, path.as_slice())?;
    let tools = prune.map(|given| given.read(&base, &selection.root)).transpose()?.unwrap_or_default();
    let prune = prune.is_some();
    let known = read_baseline(PolicySource::Disk(&selection.root))?;
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    if known.guidelines.is_empty() {
        terminal.print(&line(&format!(
            "This repository has no baseline ({BASELINE}): no promise was made \"from here\"."
        )))?;
        return Ok(Exit::Ran);
    }
    let today = clock.today();
    let project = Project::read(&selection.root)?;
    let outcome = assess_promised(&selection.root, project, (today, tools), terminal)?;
    let mut pruned = known.clone();
    let mut out = String::new();
    let coverage = Coverage::new(&outcome, &[]);
    for (id, part) in &known.guidelines {
        let index = outcome.guidelines.iter().position(|entry| entry.guideline.id == *id);
        let from_here = outcome.promise(id).is_some_and(|promise| promise.promise.from_here);
        let Some(index) = index.filter(|_| from_here) else {
            let why = if from_here { "it could not be assessed" } else { "it is not promised from here" };
            out.push_str(&line(&format!(
                "{id}: {} recorded on {}, not assessed: {why}",
                count_entries(part.entries.len()),
                part.since
            )));
            continue;
        };
        let findings: Vec<&Finding> =
            outcome.findings.iter().filter(|finding| finding.guideline == index).collect();
        let guideline = &outcome.guidelines[index].guideline;
        let refreshed = refresh_baseline_part(part, &findings, &|entry| {
            coverage.covers_path(index, &entry.path)
                && guideline.checks.iter().any(|check| *check.id == *entry.check)
        });
        out.push_str(&line(&describe_part(
            id,
            part.since,
            part.entries.len(),
            &refreshed,
            today,
            prune,
            terminal,
        )));
        if refreshed.part.entries.is_empty() {
            pruned.guidelines.remove(id);
        } else {
            pruned.guidelines.insert(id.clone(), refreshed.part);
        }
    }
    if prune && pruned != known {
        let lock = write_lock::acquire(&selection.root)?;
        let (now, others) =
            merge_pruned(read_baseline(PolicySource::Disk(&selection.root))?, &known, &pruned);
        write_baseline(&selection.root, &now)?;
        drop(lock);
        for id in others {
            out.push_str(&line(&format!(
                "the entries of {id} were changed by another process and are left unchanged"
            )));
        }
        let add = shell::git_add(&base, &selection.root, [BASELINE]);
        let command = terminal.paint().command(&escape(&add));
        let done = if now.guidelines.is_empty() {
            format!("Removed {BASELINE}: it has no entries left.")
        } else {
            format!("Wrote {BASELINE}.")
        };
        out.push_str(&line(&format!("{done} To share it: {command}, then commit.")));
    } else if prune {
        out.push_str(&line("No entry is fixed; nothing was changed."));
    } else if pruned != known {
        let command = terminal.paint().command("stanchion baseline prune");
        out.push_str(&line(&format!("To remove fixed entries and update the others: {command}")));
    }
    terminal.print(&out)?;
    Ok(Exit::Ran)
}

/// Applies the pruning from `known` to `pruned` to the baseline that is on disk `now`. Guidelines whose
/// entries another process changed are left unchanged and returned.
fn merge_pruned(mut now: Baseline, known: &Baseline, pruned: &Baseline) -> (Baseline, Vec<GuidelineId>) {
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
            // Removed by another process: it is not added again.
            (None, _) => {}
        }
    }
    (now, others)
}

fn count_entries(number: usize) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") }
}

fn describe_part(
    id: &GuidelineId,
    since: Date,
    before: usize,
    refreshed: &RefreshedPart,
    today: Date,
    prune: bool,
    terminal: &Terminal,
) -> String {
    let days = since.days_until(today);
    let age = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    let id = terminal.paint().text(Role::Strong, id.as_str());
    let mut parts = vec![format!("{id}: {} recorded on {since} ({age} ago)", count_entries(before))];
    let verb = if prune { "removed" } else { "fixed" };
    if refreshed.fixed > 0 {
        parts.push(format!("{} {verb}", refreshed.fixed));
    }
    if refreshed.moved > 0 {
        parts.push(format!("{} moved or edited", refreshed.moved));
    }
    if refreshed.unseen > 0 {
        parts.push(format!("{} kept because their location could not be assessed", refreshed.unseen));
    }
    parts.push(format!("{} remaining", refreshed.part.entries.len()));
    parts.join(", ")
}

/// Assesses only the guidelines that are promised from here.
fn assess_promised(
    root: &Path,
    project: Project,
    (today, tools): (Date, ToolResults),
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    let mut followed = guidelines::load_project(project)?;
    let from_here: Vec<GuidelineId> = followed
        .project
        .iter()
        .flat_map(|project| &project.config.promises)
        .filter(|promised| promised.promise.from_here)
        .map(|promised| promised.guideline.clone())
        .collect();
    followed.guidelines.retain(|guideline| from_here.contains(&guideline.id));
    let progress = ProgressDisplay::new(terminal);
    let request = AssessRequest {
        root,
        scopes: vec![],
        change: None,
        today,
        options: AssessOptions { tools, ..AssessOptions::default() },
    };
    let assessed = assess::assess(&followed, request, &progress)?;
    progress.finish();
    if let Some(Ok(cache)) = assessed.cache {
        cache.write();
    }
    Ok(assessed.outcome)
}

/// Reads the baseline of a project; an empty one without the file.
///
/// # Errors
/// Every problem of the file.
pub(super) fn read_baseline(source: PolicySource<'_>) -> Result<Baseline, Failure> {
    let what = || format!("{BASELINE} cannot be used");
    match source.read(BASELINE, policy_files::MAX_BASELINE_BYTES) {
        Ok(None) => Ok(Baseline::default()),
        Ok(Some(text)) => format::parse_baseline(BASELINE, &text)
            .map_err(|problems| Failure::Problems { message: what(), problems }),
        Err(message) => Err(Failure::new(format!("{BASELINE} {}", escape(&message)))),
    }
}

/// Writes the baseline, or removes the file if the baseline is empty.
///
/// # Errors
/// An I/O error.
pub(super) fn write_baseline(root: &Path, baseline: &Baseline) -> Result<(), Failure> {
    let path = root.join(BASELINE);
    let shown = Path::new(BASELINE);
    // The folder may be a symbolic link even if the file does not exist yet.
    if !is_plain(root, shown) {
        return Err(Failure::new(format!(
            "{BASELINE} is reached through a symbolic link and was not written"
        )));
    }
    if baseline.guidelines.is_empty() {
        return match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::io("remove", shown, &error))
            }
            _ => Ok(()),
        };
    }
    files::write_with_folders(&path, format::render_baseline(baseline).as_bytes())
        .map_err(|error| Failure::io("write", shown, &error))
}
