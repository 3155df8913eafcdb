//! `stanchion fix`: applies the fixes that guidelines offer, or shows them as a patch.

mod diff;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::assess::{self, AssessOptions, AssessRequest};
use super::clock::TodayArgument;
use super::edit_check::{EditCheck, FileContents};
use super::guidelines::{self, FollowedGuidelines};
use super::progress::ProgressDisplay;
use super::terminal::Terminal;
use super::{Exit, Failure, root, worker};
use crate::engine::tree::Tree as _;
use crate::engine::{apply_fixes, creations, plan_fixes};
use crate::model::{Date, Finding, GuidelineId, Outcome, RepoPath};
use crate::report::escape::escape;
use crate::report::{Role, wrap};
use write::WriteRefusal;

/// Maximum size in bytes of a file that is changed.
const MAX_FILE_BYTES: u64 = 16 << 20;
/// Maximum number of lines shown per list.
const MAX_SHOWN: usize = 10;

/// Apply the fixes that guidelines offer
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion fix --diff                       show the fixes as a patch
  stanchion fix                              apply the fixes
  stanchion fix src --only debug/no-breakpoints
  stanchion fix --diff | git apply           apply the fixes with git

A fix is not applied if the file would no longer parse. Of overlapping fixes,
only the first is applied; run the command again for the others. Findings that
are waived or recorded in the baseline are not fixed.")]
pub(super) struct Arguments {
    /// Folders or files to fix [default: the current repository]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Show the fixes as a patch without applying them
    #[arg(long)]
    diff: bool,
    /// Apply only fixes of this guideline; repeatable
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Use the guidelines in this folder instead of the followed ones; repeatable
    #[arg(long, short, value_name = "DIR")]
    guidelines: Vec<PathBuf>,
    /// Also change sensitive files: workflows, hooks, stanchion.toml and .stanchion
    #[arg(long)]
    sensitive: bool,
    #[command(flatten)]
    clock: TodayArgument,
}

/// A file before and after its fixes.
struct FileChange {
    path: RepoPath,
    /// `None` for a new file.
    old: Option<Vec<u8>>,
    new: Vec<u8>,
    /// Indexes of the fixed findings.
    fixed: Vec<usize>,
}

/// Planned changes, and fixes that are not applied with the reason.
#[derive(Default)]
struct FixWork {
    changes: Vec<FileChange>,
    /// Number of overlapping fixes, which are left for the next run.
    later: usize,
    /// Files and fixes that are skipped: path and reason.
    refused: Vec<(RepoPath, String)>,
}

/// Applies or shows the fixes.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let selection = root::locate(&base, &arguments.paths)?;
    let mut followed = guidelines::load(&selection.root, &base, &arguments.guidelines)?;
    if !arguments.only.is_empty() {
        let wanted: Vec<GuidelineId> = arguments
            .only
            .iter()
            .map(|id| followed.get(id).map(|guideline| guideline.id.clone()))
            .collect::<Result<_, _>>()?;
        followed.guidelines.retain(|guideline| wanted.contains(&guideline.id));
    }
    let outcome = assess_selection(&selection, &followed, arguments.clock.today(), terminal)?;
    let mut work = plan_changes(&selection.root, &outcome, arguments.sensitive)?;
    if arguments.diff {
        for change in std::mem::take(&mut work.changes) {
            let text = diff::render_patch(&change.path, change.old.as_deref(), &change.new, terminal);
            // A patch must not be escaped, so it is either printed unchanged or not at all.
            if terminal.is_piped() && terminal.contains_log_command(&text) {
                let message = "its patch contains a log command of the build server and is not shown";
                work.refused.push((change.path, message.to_owned()));
            } else if terminal.is_piped() {
                terminal.print_for_programs(&text)?;
                work.changes.push(change);
            } else {
                terminal.print(&text)?;
                work.changes.push(change);
            }
        }
        terminal.print_error(&render_summary(&work, 0, true, terminal));
        return Ok(Exit::Ran);
    }
    let mut failed = false;
    let mut written = Vec::new();
    for change in std::mem::take(&mut work.changes) {
        match write::write_file(&selection.root, &change.path, change.old.as_deref(), &change.new) {
            Ok(()) => {
                terminal.print(&describe_change(&change, &outcome, terminal))?;
                written.push(change);
            }
            Err(WriteRefusal { message, is_failure }) => {
                failed |= is_failure;
                work.refused.push((change.path, message));
            }
        }
    }
    let fixed = written.iter().map(|change| change.fixed.len()).sum();
    terminal.print(&render_summary(&work, fixed, false, terminal))?;
    Ok(if failed { Exit::Error } else { Exit::Ran })
}

fn assess_selection(
    selection: &root::Selection,
    followed: &FollowedGuidelines,
    today: Date,
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    let progress = ProgressDisplay::new(terminal);
    let scopes = selection.scopes.clone();
    let request = AssessRequest {
        root: &selection.root,
        scopes,
        change: None,
        today,
        options: AssessOptions::default(),
    };
    let assessed = assess::assess(followed, request, &progress)?;
    progress.finish();
    if let Some(Ok(cache)) = assessed.cache {
        cache.write();
    }
    Ok(assessed.outcome)
}

/// Decides which fixes are applied.
fn plan_changes(root: &Path, outcome: &Outcome, sensitive: bool) -> Result<FixWork, Failure> {
    let disk = root::open(root)?;
    let mut work = FixWork::default();
    for (path, fixes) in plan_fixes(&outcome.findings) {
        work.later += fixes.later.len();
        if let Some(why) = write::reason_to_skip(root, &path, sensitive) {
            work.refused.push((path, why));
            continue;
        }
        let first = fixes.now.first().map(|&number| &outcome.findings[number]);
        if let Some((_, content)) = first.and_then(|finding| creations(finding).next()) {
            let new = content.as_bytes().to_vec();
            work.changes.push(FileChange { path, old: None, new, fixed: fixes.now });
            continue;
        }
        let mut old = Vec::new();
        if let Err(error) = disk.read(&path, MAX_FILE_BYTES, &mut old) {
            work.refused.push((path, format!("{}: {}", error.reason.label(), error.detail)));
            continue;
        }
        let own: Vec<&Finding> = fixes.now.iter().map(|&number| &outcome.findings[number]).collect();
        match apply_fixes(&old, &own) {
            Some(new) if new == old => {}
            Some(new) => work.changes.push(FileChange { path, old: Some(old), new, fixed: fixes.now }),
            None => work
                .refused
                .push((path, "it changed since it was assessed; run the command again".to_owned())),
        }
    }
    drop_breaking_fixes(outcome, &mut work);
    Ok(work)
}

/// Removes fixes that would break a file. All changes are checked together first; a broken file is checked
/// again fix by fix.
fn drop_breaking_fixes(outcome: &Outcome, work: &mut FixWork) {
    let pairs = |changes: &[FileChange]| -> (FileContents, FileContents) {
        let old = changes.iter().filter_map(|it| Some((it.path.clone(), it.old.clone()?))).collect();
        (old, changes.iter().map(|it| (it.path.clone(), it.new.clone())).collect())
    };
    let worker = worker::worker_program();
    let (old, new) = pairs(&work.changes);
    let edit_check = EditCheck::new(&old, &new, worker.as_deref());
    let mut kept = Vec::new();
    for mut change in std::mem::take(&mut work.changes) {
        let Some(why) = edit_check.problem_in(&change.path) else {
            kept.push(change);
            continue;
        };
        let Some(old) = change.old.clone() else {
            work.refused.push((change.path, format!("the new file would be invalid: {why}")));
            continue;
        };
        // Adds one fix at a time, if the file still parses with it.
        let mut good: Vec<usize> = Vec::new();
        for &number in &change.fixed {
            let with: Vec<&Finding> =
                good.iter().chain([&number]).map(|&number| &outcome.findings[number]).collect();
            let Some(new) = apply_fixes(&old, &with) else { continue };
            let one = |content: &[u8]| BTreeMap::from([(change.path.clone(), content.to_vec())]);
            match EditCheck::new(&one(&old), &one(&new), worker.as_deref()).problem_in(&change.path) {
                None => {
                    good.push(number);
                    change.new = new;
                }
                Some(why) => {
                    let finding = &outcome.findings[number];
                    let id = &outcome.guidelines[finding.guideline].guideline.id;
                    let message =
                        format!("the fix of {id} in line {} was not applied: {why}", finding.start.line);
                    work.refused.push((change.path.clone(), message));
                }
            }
        }
        change.fixed = good;
        if !change.fixed.is_empty() {
            kept.push(change);
        }
    }
    work.changes = kept;
}

/// Describes the fixes of one file.
fn describe_change(change: &FileChange, outcome: &Outcome, terminal: &Terminal) -> String {
    let mut by: BTreeMap<&GuidelineId, (usize, Option<&str>)> = BTreeMap::new();
    for &number in &change.fixed {
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
    let word = if change.old.is_some() { "fixed" } else { "created" };
    wrap(terminal.width, "", "  ", &format!("{word} {path} for {}", parts.join("; ")))
}

/// Renders the summary at the end.
fn render_summary(work: &FixWork, fixed: usize, diff: bool, terminal: &Terminal) -> String {
    let paint = if diff { terminal.error_paint() } else { terminal.paint() };
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    let mut out = String::new();
    for (path, why) in work.refused.iter().take(MAX_SHOWN) {
        let text =
            format!("{} {}: {}", paint.text(Role::Note, "skipped:"), escape(&path.lossless()), escape(why));
        out.push_str(&line(&text));
    }
    if work.refused.len() > MAX_SHOWN {
        out.push_str(&line(&format!("and {} more skipped", work.refused.len() - MAX_SHOWN)));
    }
    let count_fixes =
        |number: usize| if number == 1 { "1 fix".to_owned() } else { format!("{number} fixes") };
    if work.later > 0 {
        let overlaps = if work.later == 1 { "overlaps another one" } else { "overlap others" };
        let text = format!(
            "{} {overlaps}; to apply the rest, run again: {}",
            count_fixes(work.later),
            paint.command("stanchion fix")
        );
        out.push_str(&line(&text));
    }
    let offered = work.changes.len() + work.refused.len() + work.later + fixed;
    if offered == 0 {
        out.push_str(&line("Nothing to fix: no finding has a fix."));
    } else if diff {
        let number = work.changes.len();
        let changed = if number == 1 { "1 file".to_owned() } else { format!("{number} files") };
        out.push_str(&line(&format!(
            "{changed} would change. To apply the fixes: {}",
            paint.command("stanchion fix")
        )));
    } else {
        let review = match fixed {
            0 => "",
            1 => " Review it with `git diff`.",
            _ => " Review them with `git diff`.",
        };
        out.push_str(&line(&format!("Applied {}.{review}", count_fixes(fixed))));
    }
    out
}
