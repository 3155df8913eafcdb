//! `stanchion check`: the main job.

use std::io;
use std::path::{Path, PathBuf};

use super::assess::{self, Assessed, How, Request};
use super::clock::Clock;
use super::progress::Progress;
use super::shell::quote;
use super::terminal::Terminal;
use super::{Exit, Failure, cache, change, files, guidelines, interrupt, root};
use crate::model::{Outcome, RepoPath};
use crate::report::escape::escape;
use crate::report::{
    Commands, HumanStyle, render_human, render_party, render_timings, wrap, write_json, write_jsonl,
};

/// Assess a repository and say what could be better
///
/// Without PATH, the repository you are in. The repository is the nearest folder upwards that holds
/// stanchion.toml or .git; a PATH inside it limits the assessment to that part. Without stanchion.toml,
/// the starter guidelines that are built in are used.
#[derive(clap::Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[command(after_help = "\
Examples:
  stanchion check                            assess the repository you are in
  stanchion check services/pay               only that part of it
  stanchion check --guidelines ./drafts      against the guidelines in a folder
  stanchion check --staged                   only what is going to be committed
  stanchion check --since main               only what changed since main
  stanchion check --format json              a report for programs
  stanchion check --output json=report.json  for people here, for programs there
  stanchion check --all | less               every finding, page by page

Findings are advice: the exit status is 0 whether there are any or not. It is 1
only where a promise that this repository made (`stanchion promise`) is not kept.")]
pub(super) struct Arguments {
    /// Folders or files to assess
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Use the guidelines in this folder instead of those that are followed; may be given again
    #[arg(long, short, value_name = "DIR")]
    guidelines: Vec<PathBuf>,
    /// Only what is staged: names, contents and lines as git is about to commit them
    #[arg(long, conflicts_with = "since")]
    staged: bool,
    /// Only what changed since this branch, tag or commit: since its history and ours parted
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// How the report is written to standard output
    #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Also write a report to a file, for example json=report.json; may be given again
    #[arg(long, short, value_name = "FORMAT=FILE", value_parser = parse_output)]
    output: Vec<Output>,
    /// Show every finding
    #[arg(long, short)]
    all: bool,
    /// Show at most so many findings for each guideline [default: 5, fewer where many guidelines have some]
    #[arg(long, value_name = "N", conflicts_with = "all", value_parser = whole_number)]
    cap: Option<usize>,
    /// Also list the guidelines that are kept or not applicable
    #[arg(long, short)]
    verbose: bool,
    /// One line for each guideline that is not kept; nothing when all are kept
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,
    /// Threads to use; 0 is one for each processor
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = whole_number)]
    threads: usize,
    /// Look into every file, even where no check can match (to test the prefilter)
    #[arg(long, hide = true)]
    no_prefilter: bool,
    /// Assess in this process, as where processes cannot be limited (to test that path)
    #[arg(long, hide = true)]
    no_worker: bool,
    /// Look into every file again, and remember nothing
    #[arg(long)]
    no_cache: bool,
    /// Also show what each guideline cost, dearest first; nothing is taken from the cache then
    #[arg(long)]
    timings: bool,
    #[command(flatten)]
    clock: Clock,
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One JSON document
    Json,
    /// One JSON record a line
    Jsonl,
}

/// A report that goes to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Output {
    format: Format,
    file: PathBuf,
}

fn parse_output(text: &str) -> Result<Output, String> {
    let advice = "write FORMAT=FILE with human, json or jsonl, for example json=report.json";
    let (format, file) = text.split_once('=').ok_or(advice)?;
    let format = clap::ValueEnum::from_str(format, false).map_err(|_| advice)?;
    if file.is_empty() {
        return Err(advice.to_owned());
    }
    Ok(Output { format, file: PathBuf::from(file) })
}

fn whole_number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "write a whole number, for example 20".to_owned())
}

/// Assesses and reports.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    interrupt::answer_at_once();
    let progress = Progress::new(terminal);
    let base = root::current_directory()?;
    let of_change = arguments.staged || arguments.since.is_some();
    let locate = if of_change { root::locate_in_change } else { root::locate };
    let place = locate(&base, &arguments.paths)?;
    let mut parties = vec![assess_party(arguments, &base, place, &progress)?];
    let mut next = 0;
    while let Some(party) = parties.get(next) {
        next += 1;
        let below = below(party, of_change);
        let insert_at = next;
        for (offset, place) in below.into_iter().enumerate() {
            let below = assess_party(arguments, &base, place, &progress)?;
            parties.insert(insert_at + offset, below);
        }
    }
    progress.finish();
    if of_change {
        // Parties in which nothing changed have nothing to say.
        let silent = |party: &Judged| party.outcome().compared.as_ref().is_some_and(|it| it.changes == 0);
        let first = parties.remove(0);
        parties.retain(|party| !silent(party));
        parties.insert(0, first);
    }
    report(arguments, terminal, &base, &parties, &progress)?;
    let breaks = parties.iter().any(|party| party.outcome().breaks_a_promise());
    for party in parties {
        let Assessed { lane, outcome, .. } = party.assessed;
        if let Some(Ok(lane)) = lane {
            lane.keep();
        }
        // The program ends here: taking apart what is large only takes time.
        std::mem::forget(outcome);
    }
    Ok(if breaks { Exit::PromiseNotKept } else { Exit::Ran })
}

/// A party that was assessed and judged.
struct Judged {
    place: root::Place,
    assessed: Assessed,
}

impl Judged {
    fn outcome(&self) -> &Outcome {
        &self.assessed.outcome
    }
}

fn assess_party(
    arguments: &Arguments,
    base: &Path,
    place: root::Place,
    progress: &Progress,
) -> Result<Judged, Failure> {
    // A hook is waited for: both at the same time.
    let (followed, change) = rayon::join(
        || guidelines::load(&place.root, base, &arguments.guidelines),
        || change::find(arguments.staged, arguments.since.as_deref(), base, &place),
    );
    let (followed, change) = (followed?, change?);
    let followed = assess::as_staged(followed, change.as_ref())?;
    let how = How {
        threads: arguments.threads,
        prefilter: !arguments.no_prefilter,
        worker: !arguments.no_worker,
        cache: !arguments.no_cache,
        timings: arguments.timings,
        every_comment: false,
        every_finding: false,
    };
    let request = Request {
        root: &place.root,
        scopes: place.scopes.clone(),
        change: change.as_ref(),
        today: arguments.clock.today(),
        how,
    };
    let assessed = assess::assess(&followed, request, progress)?;
    Ok(Judged { place, assessed })
}

/// The parties below one that was assessed, as far as they were asked for. What was named by hand is about one
/// party only.
fn below(party: &Judged, of_change: bool) -> Vec<root::Place> {
    let Judged { place, assessed } = party;
    let wanted = |folder: &&RepoPath| {
        place.scopes.is_empty() || place.scopes.iter().any(|scope| folder.is_within(scope))
    };
    let changed =
        |folder: &&RepoPath| !of_change || assessed.changed.iter().any(|path| path.is_within(folder));
    let folders = assessed.parties.iter().filter(wanted).filter(changed);
    folders
        .filter_map(|folder| {
            let root = place.root.join(folder.as_str()?);
            Some(root::Place { root, ..root::Place::default() })
        })
        .collect()
}

/// Writes the reports that were asked for.
fn report(
    arguments: &Arguments,
    terminal: &Terminal,
    base: &Path,
    parties: &[Judged],
    progress: &Progress,
) -> Result<(), Failure> {
    let Some(first) = parties.first() else { return Ok(()) };
    let style = HumanStyle {
        cap: if arguments.all { Some(usize::MAX) } else { arguments.cap },
        elapsed_ms: Some(progress.elapsed_ms()),
        verbose: arguments.verbose,
        quiet: arguments.quiet,
        commands: commands(arguments, base, &first.place.root),
        ..terminal.style()
    };
    for output in &arguments.output {
        let style = HumanStyle {
            color: false,
            width: 100,
            elapsed_ms: None,
            quiet: false,
            whole_lines: true,
            ..style.clone()
        };
        files::write_whole(&base.join(&output.file), |out| write(parties, output.format, &style, out))
            .map_err(|error| Failure::io("write", &output.file, &error))?;
    }
    terminal.stream(|out| write(parties, arguments.format, &style, out))?;
    for timings in parties.iter().filter_map(|party| party.assessed.timings.as_ref()) {
        let text = render_timings(timings, &style);
        // Programs read a report of theirs as a whole, and find nothing else in it.
        if arguments.format == Format::Human {
            terminal.print(&text)?;
        } else {
            terminal.complain(&text);
        }
    }
    if let Some(Err(refusal)) = &first.assessed.lane
        && arguments.verbose
        && arguments.format == Format::Human
    {
        let words = cache::why_not(refusal).map(|words| format!("note: {}", escape(&words)));
        terminal.print(&words.map_or_else(String::new, |words| wrap(style.width, "", "  ", &words)))?;
    }
    Ok(())
}

/// The commands that a report names, with what was asked for repeated, so that they can be copied.
fn commands(arguments: &Arguments, base: &Path, root: &Path) -> Commands {
    let mut place = String::new();
    for folder in &arguments.guidelines {
        place.push_str(" --guidelines ");
        place.push_str(&quote(folder));
    }
    let mut check = "stanchion check".to_owned();
    for path in &arguments.paths {
        check.push(' ');
        check.push_str(&quote(path));
    }
    if arguments.staged {
        check.push_str(" --staged");
    }
    if let Some(revision) = &arguments.since {
        check.push_str(" --since ");
        check.push_str(&quote(Path::new(revision)));
    }
    check.push_str(&arguments.clock.repeated());
    check.push_str(&place);
    // What is followed in another repository is explained there.
    let elsewhere = root::locate(base, &[]).is_ok_and(|here| here.root != root);
    if let (true, true, Some(path)) = (elsewhere, place.is_empty(), arguments.paths.first()) {
        place.push(' ');
        place.push_str(&quote(path));
    }
    let party = if elsewhere { root.to_string_lossy().into_owned() } else { String::new() };
    Commands { check, place, party }
}

/// The one place where a format's name becomes its writer. Each party has a report of its own; in JSON those
/// below stand in that of the first.
fn write(parties: &[Judged], format: Format, style: &HumanStyle, out: &mut dyn io::Write) -> io::Result<()> {
    let Some(first) = parties.first() else { return Ok(()) };
    let named = |party: &Judged| root::relative(&first.place.root, &party.place.root);
    match format {
        Format::Human => {
            for party in parties {
                let here = named(party);
                let mut style = style.clone();
                if !here.bytes().is_empty() {
                    style.commands = style.commands.in_party(&here.lossless());
                }
                let text = render_human(party.outcome(), &style);
                if !here.bytes().is_empty() && !text.is_empty() {
                    out.write_all(render_party(&here, &style).as_bytes())?;
                }
                out.write_all(text.as_bytes())?;
            }
            Ok(())
        }
        Format::Json => {
            let below: Vec<(RepoPath, &Outcome)> =
                parties[1..].iter().map(|party| (named(party), party.outcome())).collect();
            write_json(first.outcome(), &below, out)
        }
        Format::Jsonl => {
            parties.iter().try_for_each(|party| write_jsonl(party.outcome(), &named(party), &mut *out))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_format_and_file() {
        let output = parse_output("jsonl=a=b.jsonl").expect("valid");
        assert_eq!((output.format, output.file), (Format::Jsonl, PathBuf::from("a=b.jsonl")));
        for wrong in ["json", "xml=a", "json=", "=a"] {
            assert!(parse_output(wrong).expect_err("refused").contains("FORMAT=FILE"), "{wrong}");
        }
    }
}
