//! `stanchion check`: the main job.

use std::path::{Path, PathBuf};

use super::assess::{self, Assessed, How, Request};
use super::ci::Server;
use super::clock::Clock;
use super::progress::Progress;
use super::reports::{self, Format, Manner, Output, Told, parse_output};
use super::shell::quote;
use super::terminal::{Terminal, variable};
use super::tool_results::{Given, ToolResults};
use super::{Exit, Failure, cache, change, guidelines, interrupt, root};
use crate::model::{Outcome, RepoPath};
use crate::report::escape::escape;
use crate::report::{Commands, HumanStyle, Only, SarifStyle, render_timings, wrap};

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
  stanchion check --output sarif=r.sarif     for people here, for programs there
  stanchion check --sarif-in ruff.sarif      take what another linter found
  stanchion check --since auto               in a build: what it is about
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
    /// Only what changed since this branch, tag or commit: since its history and ours parted; `auto` is what a
    /// build server builds: the change, or everything where it is none
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// How the report is written to standard output [default: human; github where GitHub Actions is detected]
    #[arg(long, short, value_name = "FORMAT", value_enum)]
    format: Option<Format>,
    /// Also write a report to a file, for example sarif=report.sarif; may be given again
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
    #[command(flatten)]
    tools: Given,
    /// Say only what a hook should, and nothing where nothing is new; about what is staged, if nothing else is asked
    #[arg(long, value_name = "WHAT", value_enum, conflicts_with_all = ["quiet", "verbose", "format"])]
    hook: Option<Hook>,
    /// Which build server this is, instead of what the environment tells: github, gitlab, jenkins, buildkite, azure,
    /// bitbucket or none. It decides what is default
    #[arg(long, value_name = "SERVER", value_enum, hide_possible_values = true)]
    ci: Option<Server>,
    /// Whether SARIF holds what is waived, marked as suppressed; GitHub opens alerts for that all the same
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Suppressed::Omit, hide_default_value = true)]
    sarif_suppressed: Suppressed,
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

/// What becomes of waived findings in SARIF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Suppressed {
    /// Left out
    Omit,
    /// Written, with the waiver as their suppression
    Include,
}

/// What a hook is asked to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Hook {
    /// Promises that are not kept, and nothing else; only this fails
    Promises,
    /// Advice on what is new; never fails
    Advice,
    /// Both
    All,
}

fn whole_number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "write a whole number, for example 20".to_owned())
}

/// Assesses and reports.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    interrupt::answer_at_once();
    let progress = Progress::new(terminal);
    let base = root::current_directory()?;
    reports::are_apart(&arguments.output)?;
    let what = What::of(arguments);
    let locate = if what.is_change() { root::locate_in_change } else { root::locate };
    let place = locate(&base, &arguments.paths)?;
    let tools = arguments.tools.read(&base, &place.root)?;
    let mut parties = vec![assess_party(arguments, (&what, &tools), &base, place, &progress)?];
    let mut next = 0;
    while let Some(party) = parties.get(next) {
        next += 1;
        let below = below(party, what.is_change());
        let insert_at = next;
        for (offset, place) in below.into_iter().enumerate() {
            let below = assess_party(arguments, (&what, &tools), &base, place, &progress)?;
            parties.insert(insert_at + offset, below);
        }
    }
    progress.finish();
    if what.is_change() {
        // Parties in which nothing changed have nothing to say.
        let silent = |party: &Judged| party.outcome().compared.as_ref().is_some_and(|it| it.changes == 0);
        let first = parties.remove(0);
        parties.retain(|party| !silent(party));
        parties.insert(0, first);
    }
    report(arguments, &what, terminal, &base, &parties, &progress)?;
    let breaks = parties.iter().any(|party| party.outcome().breaks_a_promise());
    for party in parties {
        let Assessed { lane, outcome, .. } = party.assessed;
        if let Some(Ok(lane)) = lane {
            lane.keep();
        }
        // The program ends here: taking apart what is large only takes time.
        std::mem::forget(outcome);
    }
    // Who asked for advice only has another hook that answers for promises.
    let fails = breaks && arguments.hook != Some(Hook::Advice);
    Ok(if fails { Exit::PromiseNotKept } else { Exit::Ran })
}

/// What is assessed: everything, or a change.
struct What {
    staged: bool,
    since: Option<String>,
    /// The build server, by what was said or what the environment tells.
    server: Server,
    /// Whether the revision was found out and not named.
    found: bool,
    /// Whether the revision is what the other side of a push has.
    pushed: bool,
}

impl What {
    fn of(arguments: &Arguments) -> Self {
        let server = arguments.ci.unwrap_or_else(|| Server::detect(&variable));
        let (staged, since) = (arguments.staged, arguments.since.clone());
        let mut what = Self { staged, since, server, found: false, pushed: false };
        if what.since.as_deref() == Some("auto") {
            what.since = server.base(&variable);
            what.found = true;
        }
        if arguments.hook.is_some() && arguments.since.is_none() {
            // The pre-commit framework says what is pushed; a new branch has only zeros to compare with.
            let pushed = variable("PRE_COMMIT_FROM_REF");
            if pushed.is_empty() {
                what.staged = true;
            } else if pushed.bytes().any(|byte| byte != b'0') {
                what.since = Some(pushed);
                what.pushed = true;
            }
        }
        what
    }

    fn is_change(&self) -> bool {
        self.staged || self.since.is_some()
    }
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
    (what, tools): (&What, &ToolResults),
    base: &Path,
    place: root::Place,
    progress: &Progress,
) -> Result<Judged, Failure> {
    // A hook is waited for: both at the same time.
    let (followed, change) = rayon::join(
        || guidelines::load(&place.root, base, &arguments.guidelines),
        || change::find(what.staged, what.since.as_deref(), base, &place),
    );
    let followed = followed?;
    let change = match change {
        Ok(change) => change,
        // What the other side has need not be known here: then it is about everything.
        Err(_) if what.pushed => None,
        Err(failure) if what.found => return Err(failure.with_help(what.server.how_to_fetch())),
        Err(failure) => return Err(failure),
    };
    let followed = assess::as_staged(followed, change.as_ref())?;
    let how = How {
        threads: arguments.threads,
        prefilter: !arguments.no_prefilter,
        worker: !arguments.no_worker,
        cache: !arguments.no_cache,
        timings: arguments.timings,
        every_comment: false,
        every_finding: false,
        tools: tools.clone(),
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
            let root = folder.below(&place.root)?;
            Some(root::Place { root, ..root::Place::default() })
        })
        .collect()
}

/// Writes the reports that were asked for.
fn report(
    arguments: &Arguments,
    what: &What,
    terminal: &Terminal,
    base: &Path,
    parties: &[Judged],
    progress: &Progress,
) -> Result<(), Failure> {
    let Some(first) = parties.first() else { return Ok(()) };
    let format = arguments.format.unwrap_or_else(|| default_format(arguments, what.server, terminal));
    let style = HumanStyle {
        cap: if arguments.all { Some(usize::MAX) } else { arguments.cap },
        elapsed_ms: arguments.hook.is_none().then(|| progress.elapsed_ms()),
        verbose: arguments.verbose,
        quiet: arguments.quiet,
        only: match arguments.hook {
            None => Only::Everything,
            Some(Hook::Promises) => Only::BrokenPromises,
            Some(Hook::Advice) => Only::NewAdvice,
            Some(Hook::All) => Only::New,
        },
        commands: commands(arguments, base, &first.place.root),
        ..terminal.style()
    };
    let told: Vec<Told<'_>> =
        parties.iter().map(|party| Told { root: &party.place.root, outcome: party.outcome() }).collect();
    let sarif = SarifStyle { suppressed: arguments.sarif_suppressed == Suppressed::Include };
    let manner = Manner { style, sarif, is_work_tree: !what.staged };
    reports::to_files(&arguments.output, base, &told, &manner)?;
    reports::to_terminal(format, terminal, &told, &manner)?;
    let style = &manner.style;
    for timings in parties.iter().filter_map(|party| party.assessed.timings.as_ref()) {
        let text = render_timings(timings, style);
        // Programs read a report of theirs as a whole, and find nothing else in it.
        if format == Format::Human {
            terminal.print(&text)?;
        } else {
            terminal.complain(&text);
        }
    }
    if let Some(Err(refusal)) = &first.assessed.lane
        && arguments.verbose
        && format == Format::Human
    {
        let words = cache::why_not(refusal).map(|words| format!("note: {}", escape(&words)));
        terminal.print(&words.map_or_else(String::new, |words| wrap(style.width, "", "  ", &words)))?;
    }
    Ok(())
}

/// The format for whoever reads standard output, if nobody names one: what was asked for can be meant for people
/// only, or the server shows annotations.
fn default_format(arguments: &Arguments, server: Server, terminal: &Terminal) -> Format {
    let for_people = arguments.all
        || arguments.cap.is_some()
        || arguments.verbose
        || arguments.quiet
        || arguments.timings
        || arguments.hook.is_some();
    if server == Server::GitHub && terminal.is_piped() && !for_people {
        Format::GitHub
    } else {
        Format::Human
    }
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
    check.push_str(&arguments.tools.repeated());
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
