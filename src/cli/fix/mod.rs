//! `stanchion fix`: makes the changes that guidelines offer, and shows them first if that is wanted.

mod diff;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::assess::{self, How, Request};
use super::clock::Clock;
use super::guidelines::{self, Followed};
use super::progress::Progress;
use super::proof::{Contents, Proof};
use super::terminal::Terminal;
use super::{Exit, Failure, root, worker};
use crate::engine::tree::Tree as _;
use crate::engine::{apply_fixes, creations, plan_fixes};
use crate::model::{Date, Finding, GuidelineId, Outcome, RepoPath};
use crate::report::escape::escape;
use crate::report::{Role, wrap};
use write::Refusal;

/// Largest file that is changed, in bytes.
const LARGEST: u64 = 16 << 20;
/// Lines that are shown of each list.
const SHOWN: usize = 10;

/// Make the changes that guidelines offer
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion fix --diff                       show the changes, make none
  stanchion fix                              make them
  stanchion fix src --only debug/no-breakpoints
  stanchion fix --diff | git apply           the same through git

A change that would leave a file that does not parse is not made; of changes
that overlap the first is made, and the others wait for the next run. What is
waived, or known since a promise was made, is left alone.")]
pub(super) struct Arguments {
    /// Folders or files to mend; without any, the repository you are in
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Show the changes as a patch, and make none
    #[arg(long)]
    diff: bool,
    /// Only what this guideline offers; may be given again
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Use the guidelines in this folder instead of those that are followed; may be given again
    #[arg(long, short, value_name = "DIR")]
    guidelines: Vec<PathBuf>,
    /// Also change files that decide what runs (workflows, hooks) and what this repository says (.stanchion)
    #[arg(long)]
    sensitive: bool,
    #[command(flatten)]
    clock: Clock,
}

/// A file as it is and as it will be.
struct Change {
    path: RepoPath,
    /// `None`: it is not there yet.
    old: Option<Vec<u8>>,
    new: Vec<u8>,
    /// Numbers of the findings that are mended.
    mended: Vec<usize>,
}

/// Everything that there is to do, and what is not done and why.
#[derive(Default)]
struct Work {
    changes: Vec<Change>,
    /// Fixes that wait for the next run.
    later: usize,
    /// Files that are left alone, and fixes that are not made: a path and a sentence.
    refused: Vec<(RepoPath, String)>,
}

/// Mends.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let place = root::locate(&base, &arguments.paths)?;
    let mut followed = guidelines::load(&place.root, &base, &arguments.guidelines)?;
    if !arguments.only.is_empty() {
        let wanted: Vec<GuidelineId> = arguments
            .only
            .iter()
            .map(|id| followed.get(id).map(|guideline| guideline.id.clone()))
            .collect::<Result<_, _>>()?;
        followed.guidelines.retain(|guideline| wanted.contains(&guideline.id));
    }
    let outcome = assess(&place, &followed, arguments.clock.today(), terminal)?;
    let mut work = prepare(&place.root, &outcome, arguments.sensitive)?;
    if arguments.diff {
        for change in std::mem::take(&mut work.changes) {
            let text = diff::render(&change.path, change.old.as_deref(), &change.new, terminal);
            // A patch is taken as it is or not at all.
            if terminal.is_piped() && terminal.would_obey(&text) {
                let words = "its patch holds what a build server takes for an order, and is not shown here";
                work.refused.push((change.path, words.to_owned()));
            } else if terminal.is_piped() {
                terminal.print_for_programs(&text)?;
                work.changes.push(change);
            } else {
                terminal.print(&text)?;
                work.changes.push(change);
            }
        }
        terminal.complain(&closing(&work, 0, true, terminal));
        return Ok(Exit::Ran);
    }
    let mut failed = false;
    let mut written = Vec::new();
    for change in std::mem::take(&mut work.changes) {
        match write::write(&place.root, &change.path, change.old.as_deref(), &change.new) {
            Ok(()) => {
                terminal.print(&line(&change, &outcome, terminal))?;
                written.push(change);
            }
            Err(Refusal { words, is_failure }) => {
                failed |= is_failure;
                work.refused.push((change.path, words));
            }
        }
    }
    let mended = written.iter().map(|change| change.mended.len()).sum();
    terminal.print(&closing(&work, mended, false, terminal))?;
    Ok(if failed { Exit::CouldNot } else { Exit::Ran })
}

fn assess(
    place: &root::Place,
    followed: &Followed,
    today: Date,
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    let progress = Progress::new(terminal);
    let scopes = place.scopes.clone();
    let request = Request { root: &place.root, scopes, change: None, today, how: How::default() };
    let assessed = assess::assess(followed, request, &progress)?;
    progress.finish();
    if let Some(Ok(lane)) = assessed.lane {
        lane.keep();
    }
    Ok(assessed.outcome)
}

/// Decides what is done.
fn prepare(root: &Path, outcome: &Outcome, sensitive: bool) -> Result<Work, Failure> {
    let disk = root::open(root)?;
    let mut work = Work::default();
    for (path, fixes) in plan_fixes(&outcome.findings) {
        work.later += fixes.later.len();
        if let Some(why) = write::why_not(root, &path, sensitive) {
            work.refused.push((path, why));
            continue;
        }
        let first = fixes.now.first().map(|&number| &outcome.findings[number]);
        if let Some((_, content)) = first.and_then(|finding| creations(finding).next()) {
            let new = content.as_bytes().to_vec();
            work.changes.push(Change { path, old: None, new, mended: fixes.now });
            continue;
        }
        let mut old = Vec::new();
        if let Err(error) = disk.read(&path, LARGEST, &mut old) {
            work.refused.push((path, format!("{}: {}", error.reason.words(), error.detail)));
            continue;
        }
        let own: Vec<&Finding> = fixes.now.iter().map(|&number| &outcome.findings[number]).collect();
        match apply_fixes(&old, &own) {
            Some(new) if new == old => {}
            Some(new) => work.changes.push(Change { path, old: Some(old), new, mended: fixes.now }),
            None => work.refused.push((path, "it changed since it was assessed; run it again".to_owned())),
        }
    }
    prove(outcome, &mut work);
    Ok(work)
}

/// Takes out what would break a file: all at once where nothing is wrong, fix by fix where something is.
fn prove(outcome: &Outcome, work: &mut Work) {
    let pairs = |changes: &[Change]| -> (Contents, Contents) {
        let old = changes.iter().filter_map(|it| Some((it.path.clone(), it.old.clone()?))).collect();
        (old, changes.iter().map(|it| (it.path.clone(), it.new.clone())).collect())
    };
    let worker = worker::program();
    let (old, new) = pairs(&work.changes);
    let proof = Proof::new(&old, &new, worker.as_deref());
    let mut kept = Vec::new();
    for mut change in std::mem::take(&mut work.changes) {
        let Some(why) = proof.broken(&change.path) else {
            kept.push(change);
            continue;
        };
        let Some(old) = change.old.clone() else {
            work.refused.push((change.path, format!("the new file would not be right: {why}")));
            continue;
        };
        // One after the other, each only if the file is still right with it.
        let mut good: Vec<usize> = Vec::new();
        for &number in &change.mended {
            let with: Vec<&Finding> =
                good.iter().chain([&number]).map(|&number| &outcome.findings[number]).collect();
            let Some(new) = apply_fixes(&old, &with) else { continue };
            let one = |content: &[u8]| BTreeMap::from([(change.path.clone(), content.to_vec())]);
            match Proof::new(&one(&old), &one(&new), worker.as_deref()).broken(&change.path) {
                None => {
                    good.push(number);
                    change.new = new;
                }
                Some(why) => {
                    let finding = &outcome.findings[number];
                    let id = &outcome.guidelines[finding.guideline].guideline.id;
                    let words = format!("the fix of {id} in line {} is not made: {why}", finding.start.line);
                    work.refused.push((change.path.clone(), words));
                }
            }
        }
        change.mended = good;
        if !change.mended.is_empty() {
            kept.push(change);
        }
    }
    work.changes = kept;
}

/// What was done with one file.
fn line(change: &Change, outcome: &Outcome, terminal: &Terminal) -> String {
    let mut by: BTreeMap<&GuidelineId, (usize, Option<&str>)> = BTreeMap::new();
    for &number in &change.mended {
        let finding = &outcome.findings[number];
        let title = finding.fix.as_ref().and_then(|fix| fix.title.as_deref());
        let entry = by.entry(&outcome.guidelines[finding.guideline].guideline.id).or_insert((0, title));
        entry.0 += 1;
    }
    let parts: Vec<String> = by
        .into_iter()
        .map(|(id, (number, title))| {
            let title = title.map_or_else(String::new, |title| format!(": {}", escape(title)));
            if number == 1 { format!("{id}{title}") } else { format!("{id}{title} ({number} times)") }
        })
        .collect();
    let path = terminal.paint().text(Role::Strong, &escape(&change.path.lossless()));
    let word = if change.old.is_some() { "mended" } else { "created" };
    wrap(terminal.width, "", "  ", &format!("{word} {path} {}", parts.join("; ")))
}

/// What is said at the end.
fn closing(work: &Work, mended: usize, diff: bool, terminal: &Terminal) -> String {
    let paint = if diff { terminal.error_paint() } else { terminal.paint() };
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    let mut out = String::new();
    for (path, why) in work.refused.iter().take(SHOWN) {
        let text = format!(
            "{} {}: {}",
            paint.text(Role::Note, "left alone:"),
            escape(&path.lossless()),
            escape(why)
        );
        out.push_str(&line(&text));
    }
    if work.refused.len() > SHOWN {
        out.push_str(&line(&format!("and {} more are left alone", work.refused.len() - SHOWN)));
    }
    let fixes = |number: usize| if number == 1 { "1 fix".to_owned() } else { format!("{number} fixes") };
    if work.later > 0 {
        let waits =
            if work.later == 1 { "overlaps another one and waits" } else { "overlap others and wait" };
        let text =
            format!("{} {waits} for the next run: {}", fixes(work.later), paint.command("stanchion fix"));
        out.push_str(&line(&text));
    }
    let offered = work.changes.len() + work.refused.len() + work.later + mended;
    if offered == 0 {
        out.push_str(&line("Nothing to fix: nothing that is found here comes with a fix."));
    } else if diff {
        let number = work.changes.len();
        let changed = if number == 1 { "1 file".to_owned() } else { format!("{number} files") };
        out.push_str(&line(&format!(
            "{changed} would change. To change them: {}",
            paint.command("stanchion fix")
        )));
    } else {
        let rest = if mended == 0 { "" } else { " Look at them with `git diff`." };
        out.push_str(&line(&format!("{} made.{rest}", fixes(mended))));
    }
    out
}
