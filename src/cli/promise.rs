//! `stanchion promise`: promises that the repository keeps a guideline, or withdraws a promise.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::assess::{self, AssessOptions, AssessRequest};
use super::clock::TodayArgument;
use super::guidelines::{self, FollowedGuidelines};
use super::policy_files::{BASELINE, PolicySource};
use super::progress::ProgressDisplay;
use super::project::{CONFIG, Project};
use super::shell::{self, quote};
use super::terminal::Terminal;
use super::tool_results::{ToolResultArguments, ToolResults};
use super::{Exit, Failure, baseline, files, root, suggest, write_lock};
use crate::engine::judge::baseline_entry_for;
use crate::format;
use crate::model::{BaselinePart, Date, Finding, FindingStatus, Guideline, GuidelineId, Outcome, Promise};
use crate::report::escape::escape;
use crate::report::{Role, wrap};

/// Promise to keep a guideline; only broken promises fail a run
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion promise secrets/no-private-keys
  stanchion promise packages/lockfile-committed --from-here
  stanchion promise packages/lockfile-committed --withdraw

The promise is written to stanchion.toml. With --from-here, the findings of
today are recorded in .stanchion/baseline.toml and do not break the promise; new
findings do.")]
pub(super) struct Arguments {
    /// Guideline id: namespace/slug
    #[arg(value_name = "ID")]
    id: String,
    /// Any path inside the repository [default: the current folder]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Promise the guideline for new code only: findings of today do not break the promise
    #[arg(long)]
    from_here: bool,
    /// Promise the guideline even if it is not kept today
    #[arg(long, conflicts_with_all = ["from_here", "withdraw"])]
    anyway: bool,
    /// Withdraw the promise
    #[arg(long, conflicts_with = "from_here")]
    withdraw: bool,
    #[command(flatten)]
    tools: ToolResultArguments,
    #[command(flatten)]
    clock: TodayArgument,
}

/// Writes or withdraws the promise.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let selection = root::locate(&base, arguments.path.as_slice())?;
    let project = Project::read(&selection.root)?;
    if arguments.withdraw {
        return withdraw(arguments, &base, &project, terminal);
    }
    let mut followed = guidelines::load_project(project.clone())?;
    let guideline = Arc::clone(followed.get(&arguments.id)?);
    if let Some(promise) = existing_promise(arguments, &project, &guideline.id) {
        let since = if promise.from_here { "for new code since" } else { "since" };
        terminal.print(&wrap(
            terminal.width,
            "",
            "  ",
            &format!("{} is already promised {since} {}; nothing was changed.", guideline.id, promise.since),
        ))?;
        return Ok(Exit::Ran);
    }
    followed.guidelines = vec![Arc::clone(&guideline)];
    let today = arguments.clock.today();
    let tools = arguments.tools.read(&base, &selection.root)?;
    let outcome = assess_guideline(&selection.root, &followed, (today, tools), terminal)?;
    let open: Vec<&Finding> = outcome
        .findings
        .iter()
        .filter(|finding| !matches!(finding.status, FindingStatus::Waived(_)))
        .collect();
    if !open.is_empty() && !arguments.from_here && !arguments.anyway {
        return Err(not_kept_failure(&guideline, open.len(), &project));
    }
    if let (true, Some(why)) = (arguments.from_here, reason_unknown(&outcome)) {
        return Err(Failure::new(format!(
            "cannot tell which findings of {} exist today: {why}",
            guideline.id
        ))
        .with_help("fix this first: a finding that is not recorded today would break the promise tomorrow"));
    }
    let promise = Promise { since: today, from_here: arguments.from_here };
    let lock = write_lock::acquire(&selection.root)?;
    // Read again under the lock: another process may have changed the file.
    let before_text = read_config_text(&selection.root)?;
    let text = config_with(before_text.as_deref(), &guideline.id, &promise)?;
    let mut known = baseline::read_baseline(PolicySource::Disk(&selection.root))?;
    let before = known.clone();
    let entries = known.guidelines.get(&guideline.id).map_or(0, |part| part.entries.len());
    if let (false, false, Some(why)) =
        (arguments.from_here || entries == 0, arguments.anyway, reason_unknown(&outcome))
    {
        return Err(Failure::new(format!(
            "cannot tell whether {} is kept: {why}; its {} in {BASELINE} would be lost",
            guideline.id,
            if entries == 1 { "entry".to_owned() } else { format!("{entries} entries") }
        ))
        .with_help("fix this first, or promise it in full with --anyway; nothing was changed"));
    }
    if arguments.from_here {
        let mut entries: Vec<_> = open.iter().map(|finding| baseline_entry_for(finding)).collect();
        entries.sort();
        entries.dedup();
        known.guidelines.insert(guideline.id.clone(), BaselinePart { since: today, entries });
    } else {
        known.guidelines.remove(&guideline.id);
    }
    // The baseline is written first: without it the promise would be broken.
    if known != before {
        baseline::write_baseline(&selection.root, &known)?;
    }
    write_config(&selection.root, &text)?;
    drop(lock);
    let removed = if arguments.from_here { 0 } else { entries };
    let files = if known == before { vec![CONFIG] } else { vec![CONFIG, BASELINE] };
    let add = shell::git_add(&base, &selection.root, files);
    let what = PromiseChange { is_new: before_text.is_none(), open: open.len(), removed, add };
    terminal.print(&render_result(&guideline, &promise, &what, &outcome, terminal))?;
    Ok(Exit::Ran)
}

/// Result of writing a promise, for the report.
struct PromiseChange {
    /// Whether `stanchion.toml` was created.
    is_new: bool,
    /// Number of findings that are not waived.
    open: usize,
    /// Number of baseline entries that were removed.
    removed: usize,
    add: String,
}

/// The current text of the project's `stanchion.toml`, with its byte order mark; `None` without the file.
fn read_config_text(root: &Path) -> Result<Option<String>, Failure> {
    let path = root.join(CONFIG);
    match files::read(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io("read", Path::new(CONFIG), &error)),
    }
}

fn write_config(root: &Path, text: &str) -> Result<(), Failure> {
    files::write_whole(&root.join(CONFIG), |out| out.write_all(text.as_bytes()))
        .map_err(|error| Failure::io("write", Path::new(CONFIG), &error))
}

/// The existing promise, if it has the same `from_here`.
fn existing_promise<'p>(
    arguments: &Arguments,
    project: &'p Project,
    id: &GuidelineId,
) -> Option<&'p Promise> {
    let promise = &project.config.promises.iter().find(|promised| promised.guideline == *id)?.promise;
    (promise.from_here == arguments.from_here).then_some(promise)
}

fn assess_guideline(
    root: &Path,
    followed: &FollowedGuidelines,
    (today, tools): (Date, ToolResults),
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    let progress = ProgressDisplay::new(terminal);
    let options = AssessOptions { every_finding: true, tools, ..AssessOptions::default() };
    let request = AssessRequest { root, scopes: vec![], change: None, today, options };
    let assessed = assess::assess(followed, request, &progress)?;
    progress.finish();
    if let Some(Ok(cache)) = assessed.cache {
        cache.write();
    }
    Ok(assessed.outcome)
}

fn not_kept_failure(guideline: &Guideline, open: usize, project: &Project) -> Failure {
    let id = &guideline.id;
    let found = if open == 1 { "1 finding".to_owned() } else { format!("{open} findings") };
    let from_here = project.config.promises.iter().any(|it| it.guideline == *id && it.promise.from_here);
    let help = if from_here {
        format!(
            "it stays promised from here; `stanchion check` shows the findings, `stanchion promise {id} --anyway` promises it in full now"
        )
    } else {
        format!(
            "promise it for new code only with `stanchion promise {id} --from-here`; or fix the findings first \
             (`stanchion check`), or promise it with --anyway"
        )
    };
    Failure::new(format!("{id} has {found} here, so the promise would be broken immediately")).with_help(help)
}

/// The first reason why the only guideline of `outcome` was not fully assessed.
fn reason_unknown(outcome: &Outcome) -> Option<String> {
    let entry = outcome.guidelines.first()?;
    if !entry.blind {
        return None;
    }
    // A reason for this guideline comes before one for all guidelines.
    let about =
        |guideline: Option<usize>| outcome.not_assessed.iter().find(move |it| it.guideline == guideline);
    let first = about(Some(0)).or_else(|| about(None)).or(outcome.not_assessed.first())?;
    let place = first.path.as_ref().map_or_else(String::new, |path| format!("{}: ", path.lossless()));
    let detail = if first.detail.is_empty() { first.reason.label() } else { first.detail.as_str() };
    let all = outcome.not_assessed.iter().filter(|it| it.guideline.is_none_or(|number| number == 0)).count();
    let more = all.max(1) - 1;
    let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    Some(format!("{place}{detail}{more}"))
}

/// The text of `stanchion.toml` with the promise.
fn config_with(text: Option<&str>, id: &GuidelineId, promise: &Promise) -> Result<String, Failure> {
    let text = text.map_or_else(|| format::render_first_config(None), str::to_owned);
    format::add_promise(&text, id, promise).map_err(|error| cannot_edit(&error.to_string()))
}

fn cannot_edit(why: &str) -> Failure {
    Failure::new(format!("cannot write the promise to {CONFIG}: {why}"))
        .with_help("edit the file by hand, as shown in docs/how-to/make-a-promise.md")
}

fn render_result(
    guideline: &Guideline,
    promise: &Promise,
    done: &PromiseChange,
    outcome: &Outcome,
    terminal: &Terminal,
) -> String {
    let paint = terminal.paint();
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    let mut out = String::new();
    let &PromiseChange { is_new, open, removed, ref add } = done;
    if is_new {
        out.push_str(&line(&format!("Wrote {CONFIG}.")));
    }
    let id = paint.text(Role::Strong, guideline.id.as_str());
    out.push_str(&line(&format!("Promised {id}: {}.", escape(&guideline.title))));
    let number = if open == 1 { "1 finding".to_owned() } else { format!("{open} findings") };
    if promise.from_here && open > 0 {
        out.push_str(&line(&format!(
            "{number} of today {} recorded in {BASELINE}; new findings break the promise.",
            if open == 1 { "is" } else { "are" }
        )));
    } else if open > 0 {
        out.push_str(&line(&format!(
            "It is not kept today: {number}. `stanchion check` exits with status 1."
        )));
    } else if outcome.guidelines.first().is_some_and(|entry| entry.blind) {
        let why = reason_unknown(outcome).unwrap_or_default();
        out.push_str(&line(&format!("No findings, but the assessment is incomplete: {}", escape(&why))));
    } else {
        out.push_str(&line(
            "It is kept today. From now on, `stanchion check` exits with status 1 if it is not.",
        ));
    }
    if removed > 0 {
        let entries = if removed == 1 { "1 entry".to_owned() } else { format!("{removed} entries") };
        out.push_str(&line(&format!(
            "Removed {entries} from {BASELINE}: the promise now covers everything."
        )));
    }
    let command = paint.command(&escape(add));
    out.push_str(&line(&format!("To share it: {command}, then commit.")));
    out
}

/// Withdraws a promise.
fn withdraw(
    arguments: &Arguments,
    base: &Path,
    project: &Project,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let lock = write_lock::acquire(&project.root)?;
    // Read again under the lock: another process may have changed the file.
    let text = read_config_text(&project.root)?;
    let project = match &text {
        Some(text) => &Project::parse(&project.root, text)?,
        None => project,
    };
    let promised = || project.config.promises.iter().map(|promised| promised.guideline.as_str());
    let id = GuidelineId::new(&arguments.id).ok().filter(|id| promised().any(|it| it == id.as_str()));
    let (Some(id), Some(text)) = (id, &text) else {
        let near = suggest::similar_names(&arguments.id, promised());
        let help = match near.as_slice() {
            [] => "`stanchion list` shows the promises".to_owned(),
            near => format!("did you mean {}?", near.join(" or ")),
        };
        return Err(Failure::new(format!("`{}` is not promised here", arguments.id)).with_help(help));
    };
    let without = format::remove_promise(text, &id).map_err(|error| cannot_edit(&error.to_string()))?;
    // Read before anything is written: an unreadable baseline stops here.
    let mut known = baseline::read_baseline(PolicySource::Disk(&project.root))?;
    if let Some(text) = without {
        write_config(&project.root, &text)?;
    }
    let entries = known.guidelines.remove(&id).map_or(0, |part| part.entries.len());
    let mut message = format!("{id} is no longer promised.");
    if entries > 0 {
        baseline::write_baseline(&project.root, &known)?;
        let removed = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
        message.push_str(&format!(" Removed {removed} from {BASELINE}."));
    }
    drop(lock);
    message.push_str(
        " Its findings are advice again; `stanchion check --since` reports the withdrawal to reviewers.",
    );
    let place = arguments.path.as_ref().map_or_else(String::new, |path| format!(" {}", quote(path)));
    message.push_str(&format!(" To promise it again: stanchion promise {id}{}", escape(&place)));
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    let files = if entries > 0 { vec![CONFIG, BASELINE] } else { vec![CONFIG] };
    let add = shell::git_add(base, &project.root, files);
    let known = line(&format!("To share it: {}, then commit.", terminal.paint().command(&escape(&add))));
    terminal.print(&format!("{}{known}", line(&message)))?;
    Ok(Exit::Ran)
}
