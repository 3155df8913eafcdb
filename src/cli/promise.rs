//! `stanchion promise`: says that this repository keeps a guideline, or takes that back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::assess::{self, How, Request};
use super::clock::Clock;
use super::guidelines::{self, Followed};
use super::party::{CONFIG, Party};
use super::progress::Progress;
use super::says::{BASELINE, Source};
use super::shell::{self, quote};
use super::terminal::Terminal;
use super::tool_results::{Given, ToolResults};
use super::{Exit, Failure, baseline, files, root, suggest, turn};
use crate::engine::waive::entry_of;
use crate::format;
use crate::model::{BaselinePart, Date, Finding, Guideline, GuidelineId, Outcome, Promise, Standing};
use crate::report::escape::escape;
use crate::report::{Role, wrap};

/// Promise to keep a guideline; only such a promise can fail a run
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion promise secrets/no-private-keys
  stanchion promise packages/lockfile-committed --from-here
  stanchion promise packages/lockfile-committed --withdraw

The promise is written into stanchion.toml, where everybody can read it. With
--from-here, what is found today is written into .stanchion/baseline.toml and
does not break the promise; what is new does.")]
pub(super) struct Arguments {
    /// The guideline's id, namespace/slug
    #[arg(value_name = "ID")]
    id: String,
    /// A path in the repository that promises; without it, the repository you are in
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Promise it for everything new: what is found today stays as it is
    #[arg(long)]
    from_here: bool,
    /// Promise it although it is not kept today
    #[arg(long, conflicts_with_all = ["from_here", "withdraw"])]
    anyway: bool,
    /// Take the promise back
    #[arg(long, conflicts_with = "from_here")]
    withdraw: bool,
    #[command(flatten)]
    tools: Given,
    #[command(flatten)]
    clock: Clock,
}

/// Promises, or takes back.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let place = root::locate(&base, arguments.path.as_slice())?;
    let party = Party::read(&place.root)?;
    if arguments.withdraw {
        return withdraw(arguments, &base, &party, terminal);
    }
    let mut followed = guidelines::load_party(party.clone())?;
    let guideline = Arc::clone(followed.get(&arguments.id)?);
    if let Some(promise) = already(arguments, &party, &guideline.id) {
        let since = if promise.from_here { "from here since" } else { "since" };
        terminal.print(&wrap(
            terminal.width,
            "",
            "  ",
            &format!("{} is promised {since} {}; nothing was changed.", guideline.id, promise.since),
        ))?;
        return Ok(Exit::Ran);
    }
    followed.guidelines = vec![Arc::clone(&guideline)];
    let today = arguments.clock.today();
    let tools = arguments.tools.read(&base, &place.root)?;
    let outcome = assess(&place.root, &followed, (today, tools), terminal)?;
    let open: Vec<&Finding> =
        outcome.findings.iter().filter(|finding| !matches!(finding.standing, Standing::Waived(_))).collect();
    if !open.is_empty() && !arguments.from_here && !arguments.anyway {
        return Err(would_be_broken(&guideline, open.len(), &party));
    }
    if let (true, Some(why)) = (arguments.from_here, unknown(&outcome)) {
        return Err(Failure::new(format!("cannot tell what there is of {} today: {why}", guideline.id))
            .with_help("mend that first: what is not seen today would break the promise tomorrow"));
    }
    let promise = Promise { since: today, from_here: arguments.from_here };
    let turn = turn::take(&place.root)?;
    // Read again: somebody may have promised something else meanwhile.
    let before_text = own_text(&place.root)?;
    let text = config_with(before_text.as_deref(), &guideline.id, &promise)?;
    let mut known = baseline::read(Source::Disk(&place.root))?;
    let before = known.clone();
    let entries = known.guidelines.get(&guideline.id).map_or(0, |part| part.entries.len());
    if let (false, false, Some(why)) =
        (arguments.from_here || entries == 0, arguments.anyway, unknown(&outcome))
    {
        return Err(Failure::new(format!(
            "cannot tell whether {} is kept: {why}; and the {entries} of {BASELINE} would go",
            guideline.id
        ))
        .with_help(
            "mend that first, or promise it in full all the same with --anyway; nothing was changed",
        ));
    }
    if arguments.from_here {
        let mut entries: Vec<_> = open.iter().map(|finding| entry_of(finding)).collect();
        entries.sort();
        entries.dedup();
        known.guidelines.insert(guideline.id.clone(), BaselinePart { since: today, entries });
    } else {
        known.guidelines.remove(&guideline.id);
    }
    // The baseline first: a promise without it would be broken.
    if known != before {
        baseline::write(&place.root, &known)?;
    }
    write_config(&place.root, &text)?;
    drop(turn);
    let gone = if arguments.from_here { 0 } else { entries };
    let files = if known == before { vec![CONFIG] } else { vec![CONFIG, BASELINE] };
    let add = shell::git_add(&base, &place.root, files);
    let what = Done { is_new: before_text.is_none(), open: open.len(), gone, add };
    terminal.print(&told(&guideline, &promise, &what, &outcome, terminal))?;
    Ok(Exit::Ran)
}

/// What was done, and how it is made known.
struct Done {
    /// Whether there was no `stanchion.toml`.
    is_new: bool,
    /// How many findings there are.
    open: usize,
    /// How many entries of the baseline went.
    gone: usize,
    add: String,
}

/// The text of the party's `stanchion.toml` as it is now, with its byte order mark; `None` where there is none.
fn own_text(root: &Path) -> Result<Option<String>, Failure> {
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

/// The promise that is there already and says the same.
fn already<'p>(arguments: &Arguments, party: &'p Party, id: &GuidelineId) -> Option<&'p Promise> {
    let promise = &party.config.promises.iter().find(|promised| promised.guideline == *id)?.promise;
    (promise.from_here == arguments.from_here).then_some(promise)
}

fn assess(
    root: &Path,
    followed: &Followed,
    (today, tools): (Date, ToolResults),
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    let progress = Progress::new(terminal);
    let how = How { every_finding: true, tools, ..How::default() };
    let request = Request { root, scopes: vec![], change: None, today, how };
    let assessed = assess::assess(followed, request, &progress)?;
    progress.finish();
    if let Some(Ok(lane)) = assessed.lane {
        lane.keep();
    }
    Ok(assessed.outcome)
}

fn would_be_broken(guideline: &Guideline, open: usize, party: &Party) -> Failure {
    let id = &guideline.id;
    let found = if open == 1 { "1 finding".to_owned() } else { format!("{open} findings") };
    let from_here = party.config.promises.iter().any(|it| it.guideline == *id && it.promise.from_here);
    let help = if from_here {
        format!(
            "it stays promised from here; `stanchion check` shows them, `stanchion promise {id} --anyway` makes it whole at once"
        )
    } else {
        format!(
            "`stanchion promise {id} --from-here` promises it for everything new; or mend them first \
             (`stanchion check`), or promise it with --anyway"
        )
    };
    Failure::new(format!("{id} has {found} here, so the promise would be broken from its first day"))
        .with_help(help)
}

/// Why not everything could be told about the one guideline of `outcome`.
fn unknown(outcome: &Outcome) -> Option<String> {
    let entry = outcome.guidelines.first()?;
    if !entry.blind {
        return None;
    }
    // What is said of this guideline comes before what is said of all.
    let about =
        |guideline: Option<usize>| outcome.not_assessed.iter().find(move |it| it.guideline == guideline);
    let first = about(Some(0)).or_else(|| about(None)).or(outcome.not_assessed.first())?;
    let place = first.path.as_ref().map_or_else(String::new, |path| format!("{}: ", path.lossless()));
    let detail = if first.detail.is_empty() { first.reason.words() } else { first.detail.as_str() };
    let all = outcome.not_assessed.iter().filter(|it| it.guideline.is_none_or(|number| number == 0)).count();
    let more = all.max(1) - 1;
    let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    Some(format!("{place}{detail}{more}"))
}

/// The text of `stanchion.toml` with the promise.
fn config_with(text: Option<&str>, id: &GuidelineId, promise: &Promise) -> Result<String, Failure> {
    let text = text.map_or_else(|| format::init_config(None), str::to_owned);
    format::with_promise(&text, id, promise).map_err(|error| cannot_edit(&error.to_string()))
}

fn cannot_edit(why: &str) -> Failure {
    Failure::new(format!("cannot write the promise into {CONFIG}: {why}"))
        .with_help("write it by hand: docs/promises.md shows how")
}

fn told(
    guideline: &Guideline,
    promise: &Promise,
    done: &Done,
    outcome: &Outcome,
    terminal: &Terminal,
) -> String {
    let paint = terminal.paint();
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    let mut out = String::new();
    let &Done { is_new, open, gone, ref add } = done;
    if is_new {
        out.push_str(&line(&format!("Wrote {CONFIG}.")));
    }
    let id = paint.text(Role::Strong, guideline.id.as_str());
    out.push_str(&line(&format!("Promised: {id}, {}.", escape(&guideline.title))));
    let number = if open == 1 { "1 finding".to_owned() } else { format!("{open} findings") };
    if promise.from_here && open > 0 {
        out.push_str(&line(&format!(
            "{number} of today {} in {BASELINE}; whatever is new breaks it.",
            if open == 1 { "is known" } else { "are known" }
        )));
    } else if open > 0 {
        out.push_str(&line(&format!(
            "It is not kept today: {number}. `stanchion check` ends with status 1."
        )));
    } else if outcome.guidelines.first().is_some_and(|entry| entry.blind) {
        let why = unknown(outcome).unwrap_or_default();
        out.push_str(&line(&format!(
            "Nothing was found, but not everything could be told: {}",
            escape(&why)
        )));
    } else {
        out.push_str(&line(
            "It is kept today. From now on `stanchion check` ends with status 1 where it is not.",
        ));
    }
    if gone > 0 {
        let entries = if gone == 1 { "1 entry".to_owned() } else { format!("{gone} entries") };
        out.push_str(&line(&format!(
            "What stood in {BASELINE} is gone with it ({entries}): the promise is whole now."
        )));
    }
    let command = paint.command(&escape(add));
    out.push_str(&line(&format!("To make it known: {command}, and commit.")));
    out
}

/// Takes a promise back.
fn withdraw(arguments: &Arguments, base: &Path, party: &Party, terminal: &Terminal) -> Result<Exit, Failure> {
    let turn = turn::take(&party.root)?;
    // Read again: somebody may have promised something else meanwhile.
    let text = own_text(&party.root)?;
    let party = match &text {
        Some(text) => &Party::parse(&party.root, text)?,
        None => party,
    };
    let promised = || party.config.promises.iter().map(|promised| promised.guideline.as_str());
    let id = GuidelineId::new(&arguments.id).ok().filter(|id| promised().any(|it| it == id.as_str()));
    let (Some(id), Some(text)) = (id, &text) else {
        let near = suggest::near(&arguments.id, promised());
        let help = match near.as_slice() {
            [] => "`stanchion list` shows what is promised".to_owned(),
            near => format!("did you mean {}?", near.join(" or ")),
        };
        return Err(Failure::new(format!("`{}` is not promised here", arguments.id)).with_help(help));
    };
    let without = format::without_promise(text, &id).map_err(|error| cannot_edit(&error.to_string()))?;
    // Before anything is written: a baseline that cannot be read stops here.
    let mut known = baseline::read(Source::Disk(&party.root))?;
    if let Some(text) = without {
        write_config(&party.root, &text)?;
    }
    let entries = known.guidelines.remove(&id).map_or(0, |part| part.entries.len());
    let mut told = format!("{id} is no longer promised.");
    if entries > 0 {
        baseline::write(&party.root, &known)?;
        let gone = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
        told.push_str(&format!(" What stood in {BASELINE} is gone with it ({gone})."));
    }
    drop(turn);
    told.push_str(
        " What it finds is advice again; `stanchion check --since` tells reviewers that it was taken back.",
    );
    let place = arguments.path.as_ref().map_or_else(String::new, |path| format!(" {}", quote(path)));
    told.push_str(&format!(" To promise it again: stanchion promise {id}{}", escape(&place)));
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    let files = if entries > 0 { vec![CONFIG, BASELINE] } else { vec![CONFIG] };
    let add = shell::git_add(base, &party.root, files);
    let known = line(&format!("To make it known: {}, and commit.", terminal.paint().command(&escape(&add))));
    terminal.print(&format!("{}{known}", line(&told)))?;
    Ok(Exit::Ran)
}
