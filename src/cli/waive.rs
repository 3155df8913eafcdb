//! `stanchion waive`: writes a waiver, with a reason and an end.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::assess::{self, AssessOptions, AssessRequest, Assessed};
use super::clock::TodayArgument;
use super::guidelines::{self, FollowedGuidelines, is_plain};
use super::policy_files::{self, PolicySource, WAIVERS};
use super::progress::ProgressDisplay;
use super::project::Project;
use super::terminal::Terminal;
use super::tool_results::{ToolResultArguments, ToolResults};
use super::{Exit, Failure, comments, files, prompt, root, shell, write_lock};
use crate::engine::judge::{glob_problem, is_in_effect};
use crate::format;
use crate::model::{
    Date, Finding, Guideline, Outcome, RepoPath, Waiver, WaiverEffect, WaiverEnd, WaiverKind, WaiverPlace,
    WaiverReach,
};
use crate::report::escape::escape;
use crate::report::{Role, wrap};
use crate::text::Span;

/// Days until a waiver ends by default.
const DEFAULT_DAYS: i32 = 180;
/// Number of findings shown before the prompts.
const MAX_SHOWN: usize = 5;

/// Step over a guideline, with a reason
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion waive resilience/http-timeouts --path 'tools/**' --kind cost \\
      --reason 'one-off scripts that are run by hand'
  stanchion waive resilience/http-timeouts src/a.py:14 --inline \\
      --kind deferred --reason 'the client is replaced in March' \\
      --until 2027-03-31
  stanchion waive resilience/http-timeouts     prompt for kind, reason and end

A waiver takes effect immediately, appears in every report and ends (after 180
days by default). No one else has to agree.")]
pub(super) struct Arguments {
    /// Guideline id: namespace/slug
    #[arg(value_name = "ID")]
    id: String,
    /// File to waive it for, or file:line for the findings on that line
    #[arg(value_name = "PLACE", conflicts_with_all = ["path", "fingerprint"])]
    place: Option<String>,
    /// Glob of paths, relative to the repository root; repeatable [default: everywhere]
    #[arg(long, value_name = "GLOB")]
    path: Vec<String>,
    /// Fingerprint of a single finding, from `check --format json`; repeatable
    #[arg(long, value_name = "DIGITS", conflicts_with = "path")]
    fingerprint: Vec<String>,
    /// Waive only this check of the guideline; repeatable
    #[arg(long, value_name = "CHECK")]
    check: Vec<String>,
    /// Kind of reason
    #[arg(long, value_name = "KIND", value_enum)]
    kind: Option<WaiverKindArgument>,
    /// Reason, in a sentence that is clear to a reader in a year
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Alternative that is used instead
    #[arg(long, value_name = "TEXT")]
    instead: Option<String>,
    /// Owner of the waiver [default: the owner of the repository]
    #[arg(long, value_name = "WHO")]
    owner: Option<String>,
    /// Last day of the waiver [default: 180 days from now]
    #[arg(long, value_name = "DATE", value_parser = parse_date, conflicts_with = "review_on")]
    until: Option<Date>,
    /// Keep the waiver without an end, and review it on this day
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    review_on: Option<Date>,
    /// Write it as a comment at PLACE instead of to .stanchion/waivers.toml
    #[arg(long, requires = "place", conflicts_with = "name")]
    inline: bool,
    /// Id of the waiver in .stanchion/waivers.toml [default: derived from the guideline id]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    tools: ToolResultArguments,
    #[command(flatten)]
    clock: TodayArgument,
}

/// Kinds of reasons, as command-line values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum WaiverKindArgument {
    /// The finding is wrong
    FalseFinding,
    /// The guideline does not apply here
    NotApplicable,
    /// Its goal is met in another way
    MetOtherwise,
    /// This way is better: a proposal to the guideline's owner
    BetterWay,
    /// An external constraint prevents it
    Constraint,
    /// The surrounding code is written this way
    Consistency,
    /// Keeping it costs more than it is worth here
    Cost,
    /// It will be kept later
    Deferred,
    /// Another reason
    Other,
}

impl From<WaiverKindArgument> for WaiverKind {
    fn from(kind: WaiverKindArgument) -> Self {
        match kind {
            WaiverKindArgument::FalseFinding => Self::FalseFinding,
            WaiverKindArgument::NotApplicable => Self::NotApplicable,
            WaiverKindArgument::MetOtherwise => Self::MetOtherwise,
            WaiverKindArgument::BetterWay => Self::BetterWay,
            WaiverKindArgument::Constraint => Self::Constraint,
            WaiverKindArgument::Consistency => Self::Consistency,
            WaiverKindArgument::Cost => Self::Cost,
            WaiverKindArgument::Deferred => Self::Deferred,
            WaiverKindArgument::Other => Self::Other,
        }
    }
}

pub(super) fn parse_date(text: &str) -> Result<Date, String> {
    text.parse()
}

/// Writes the waiver and reports its effect.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let named = arguments.place.as_deref().map(split_place);
    let file = named.as_ref().map(|(path, _)| PathBuf::from(path));
    let selection = root::locate(&base, file.as_slice())?;
    let project = Project::read(&selection.root)?;
    let mut followed = guidelines::load_project(project)?;
    let guideline = Arc::clone(followed.get(&arguments.id)?);
    followed.guidelines = vec![Arc::clone(&guideline)];
    let today = arguments.clock.today();
    let tools = arguments.tools.read(&base, &selection.root)?;
    let before = assess_guideline(&selection.root, &followed, (today, &tools), terminal)?;
    let at = named.and_then(|(_, line)| Some((selection.scopes.first().cloned()?, line)));
    let answers = collect_answers(arguments, &guideline, &before.outcome, at.as_ref(), today, terminal)?;
    let reach = reach_of(arguments, &selection.root, at.as_ref(), &before.outcome, &answers)?;
    let waiver = Waiver {
        id: String::new(),
        guideline: guideline.id.clone(),
        versions: Some(followed_major(&guideline)?),
        checks: named_checks(arguments, &guideline)?,
        reach,
        kind: answers.kind,
        reason: answers.reason,
        instead: arguments.instead.clone(),
        owner: arguments.owner.clone(),
        declared: Some(today),
        end: answers.end,
        withdrawn: None,
        renewed: vec![],
        place: WaiverPlace {
            path: RepoPath::from(WAIVERS),
            line: 1,
            span: Span::at(0),
            inline: arguments.inline,
        },
    };
    if let Some((_, message)) = glob_problem(&waiver) {
        return Err(Failure::new(format!("invalid path: {message}")));
    }
    let written = if arguments.inline {
        comments::write_waiver(&selection.root, &waiver, &followed, today)?
    } else {
        write_entry(&selection.root, waiver, arguments.name.as_deref())?
    };
    let after = assess_guideline(&selection.root, &followed, (today, &tools), terminal)?;
    let add = shell::git_add(&base, &selection.root, [&*written.place.path.lossless()]);
    terminal.print(&render_result(&written, &guideline, &after.outcome, &add, terminal))?;
    Ok(Exit::Ran)
}

/// Reports an end or review date in the past.
fn end_problem(end: WaiverEnd, today: Date) -> Result<(), Failure> {
    match end {
        WaiverEnd::Until(until) if until < today => {
            Err(Failure::new("the last day is in the past").with_help("give a later date with --until"))
        }
        WaiverEnd::Standing { review_on } if review_on < today => {
            Err(Failure::new("the review date is in the past")
                .with_help("give a later date with --review-on"))
        }
        _ => Ok(()),
    }
}

/// Splits `path:line` or `path:line:column` into the path and the line.
fn split_place(place: &str) -> (String, Option<u32>) {
    match place.rsplit_once(':') {
        Some((path, line)) if !Path::new(place).exists() => match line.parse() {
            Ok(line) => match path.rsplit_once(':') {
                // `path:line:column`, as reports write it.
                Some((inner, digits)) if digits.parse::<u32>().is_ok() && !Path::new(path).exists() => {
                    (inner.to_owned(), digits.parse().ok())
                }
                _ => (path.to_owned(), Some(line)),
            },
            Err(_) => (place.to_owned(), None),
        },
        _ => (place.to_owned(), None),
    }
}

fn assess_guideline(
    root: &Path,
    followed: &FollowedGuidelines,
    (today, tools): (Date, &ToolResults),
    terminal: &Terminal,
) -> Result<Assessed, Failure> {
    let progress = ProgressDisplay::new(terminal);
    let request = AssessRequest {
        root,
        scopes: vec![],
        change: None,
        today,
        options: AssessOptions { tools: tools.clone(), ..AssessOptions::default() },
    };
    let assessed = assess::assess(followed, request, &progress);
    progress.finish();
    assessed
}

/// Reason, end and paths, from arguments or prompts.
struct WaiverAnswers {
    kind: WaiverKind,
    reason: String,
    end: WaiverEnd,
    /// Globs from the prompt; `None` without a prompt.
    paths: Option<Vec<String>>,
}

/// Reads reason and end from the arguments, and prompts for missing ones at a terminal.
fn collect_answers(
    arguments: &Arguments,
    guideline: &Guideline,
    outcome: &Outcome,
    at: Option<&(RepoPath, Option<u32>)>,
    today: Date,
    terminal: &Terminal,
) -> Result<WaiverAnswers, Failure> {
    let end = match (arguments.until, arguments.review_on) {
        (Some(until), _) => Some(WaiverEnd::Until(until)),
        (None, Some(review_on)) => Some(WaiverEnd::Standing { review_on }),
        (None, None) => None,
    };
    let default_end = today.plus_days(DEFAULT_DAYS);
    if let (Some(kind), Some(reason)) = (arguments.kind, &arguments.reason) {
        if let Some(message) = format::reason_problem(reason) {
            return Err(Failure::new(message).with_help("give the reason with --reason '…'"));
        }
        let end = end.unwrap_or(WaiverEnd::Until(default_end));
        end_problem(end, today)?;
        return Ok(WaiverAnswers { kind: kind.into(), reason: reason.trim().to_owned(), end, paths: None });
    }
    if !prompt::is_interactive() {
        let missing = if arguments.kind.is_none() { "--kind" } else { "--reason" };
        let kinds = WaiverKind::ALL.map(WaiverKind::as_str).join(", ");
        return Err(Failure::new(format!("a waiver needs a reason: {missing} is missing")).with_help(
            format!(
                "--kind is one of {kinds}; --reason is a sentence; at a terminal, stanchion prompts for them"
            ),
        ));
    }
    if let Some(end) = end {
        end_problem(end, today)?;
    }
    print_introduction(guideline, outcome, terminal)?;
    let paths = if at.is_none() && arguments.path.is_empty() && arguments.fingerprint.is_empty() {
        let default = common_path(outcome);
        let understand = |answer: &str| {
            let globs: Vec<String> = answer.split_whitespace().map(str::to_owned).collect();
            if answer == "everywhere" || globs.is_empty() {
                return Ok(vec![]);
            }
            crate::engine::glob::Globs::new(&globs).map(|_| globs).map_err(|(_, message)| message)
        };
        let question = "Where (globs, or `everywhere`)";
        Some(prompt::prompt(
            terminal,
            question,
            Some(default.as_deref().unwrap_or("everywhere")),
            understand,
        )?)
    } else {
        None
    };
    let kind = match arguments.kind {
        Some(kind) => kind.into(),
        None => ask_kind(terminal)?,
    };
    let reason = match &arguments.reason {
        Some(reason) => reason.clone(),
        None => {
            prompt::prompt(terminal, "Reason, in a sentence", None, |answer| {
                match format::reason_problem(answer) {
                    Some(message) => Err(message),
                    None => Ok(answer.to_owned()),
                }
            })?
        }
    };
    let end = match end {
        Some(end) => end,
        None => {
            WaiverEnd::Until(prompt::prompt(terminal, "Until", Some(&default_end.to_string()), |answer| {
                let until = parse_date(answer)?;
                if until < today { Err("this date is in the past".to_owned()) } else { Ok(until) }
            })?)
        }
    };
    Ok(WaiverAnswers { kind, reason: reason.trim().to_owned(), end, paths })
}

fn ask_kind(terminal: &Terminal) -> Result<WaiverKind, Failure> {
    let mut list = String::new();
    for (number, kind) in (1..).zip(WaiverKind::ALL) {
        list.push_str(&wrap(
            terminal.width,
            "  ",
            "      ",
            &format!("{number}  {:<15} {}", kind.as_str(), kind.description()),
        ));
    }
    terminal.print(&list)?;
    prompt::prompt(terminal, "Kind (number or word)", None, |answer| {
        let by_number = answer
            .parse::<usize>()
            .ok()
            .and_then(|number| WaiverKind::ALL.get(number.checked_sub(1)?).copied());
        by_number
            .or_else(|| WaiverKind::ALL.into_iter().find(|kind| kind.as_str() == answer))
            .ok_or_else(|| "enter one of the numbers or words above".to_owned())
    })
}

/// Shows the guideline and the first findings before the prompts.
fn print_introduction(guideline: &Guideline, outcome: &Outcome, terminal: &Terminal) -> Result<(), Failure> {
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    let paint = terminal.paint();
    let mut out =
        line(&format!("{}: {}", paint.text(Role::Strong, guideline.id.as_str()), escape(&guideline.title)));
    for finding in outcome.findings.iter().take(MAX_SHOWN) {
        let text = format!(
            "{}:{} {}",
            escape(&finding.path.lossless()),
            finding.start.line,
            escape(&finding.message)
        );
        out.push_str(&wrap(terminal.width, "  ", "    ", &text));
    }
    if outcome.findings.len() > MAX_SHOWN {
        out.push_str(&line(&format!("  and {} more", outcome.findings.len() - MAX_SHOWN)));
    }
    out.push_str(&line(
        "The waiver takes effect immediately, appears in every report, and ends. Press Ctrl-C to cancel; nothing is written.",
    ));
    out.push('\n');
    terminal.print(&out)
}

/// The path of all findings if they are in the same file.
fn common_path(outcome: &Outcome) -> Option<String> {
    let first = outcome.findings.first()?.path.as_str()?;
    let same = |finding: &Finding| finding.path.as_str() == Some(first);
    (crate::engine::glob::is_literal(first) && outcome.findings.iter().all(same)).then(|| first.to_owned())
}

/// Determines which findings the waiver covers.
fn reach_of(
    arguments: &Arguments,
    root: &Path,
    at: Option<&(RepoPath, Option<u32>)>,
    outcome: &Outcome,
    answers: &WaiverAnswers,
) -> Result<WaiverReach, Failure> {
    if !arguments.fingerprint.is_empty() {
        return Ok(WaiverReach::Fingerprints(arguments.fingerprint.clone()));
    }
    let Some((path, line)) = at else {
        let paths = if arguments.path.is_empty() {
            answers.paths.clone().unwrap_or_default()
        } else {
            arguments.path.clone()
        };
        return Ok(WaiverReach::Paths(paths));
    };
    match (line, arguments.inline) {
        (Some(line), true) => Ok(WaiverReach::Line { path: path.clone(), line: *line }),
        (None, true) => Ok(WaiverReach::File { path: path.clone() }),
        (Some(line), false) => {
            let here = |finding: &&Finding| {
                finding.path == *path && finding.start.line <= *line && finding.end.line >= *line
            };
            let mut found: Vec<String> =
                outcome.findings.iter().filter(here).map(|it| it.hashes.fingerprint.to_string()).collect();
            found.sort();
            found.dedup();
            if found.is_empty() {
                return Err(Failure::new(format!(
                    "{} has no findings at {}:{line}",
                    arguments.id,
                    path.lossless()
                ))
                .with_help(
                    "`stanchion check` shows the locations; a file without a line covers the whole file",
                ));
            }
            Ok(WaiverReach::Fingerprints(found))
        }
        (None, false) => match path.as_str().filter(|text| crate::engine::glob::is_literal(text)) {
            Some(text) if root.join(text).is_file() => Ok(WaiverReach::Paths(vec![text.to_owned()])),
            Some("") => Ok(WaiverReach::Paths(vec![])),
            Some(text) => Ok(WaiverReach::Paths(vec![format!("{text}/**")])),
            None => Err(Failure::new(format!("{} cannot be expressed as a glob", path.lossless()))
                .with_help("give a glob that matches it with --path")),
        },
    }
}

/// The range of versions with the major version that is followed now.
fn followed_major(guideline: &Guideline) -> Result<semver::VersionReq, Failure> {
    let version = &guideline.version;
    let text =
        if version.major == 0 { format!("^0.{}", version.minor) } else { format!("^{}", version.major) };
    text.parse().map_err(|_| Failure::new(format!("invalid version requirement {text}")))
}

fn named_checks(arguments: &Arguments, guideline: &Guideline) -> Result<Vec<String>, Failure> {
    for check in &arguments.check {
        if !guideline.checks.iter().any(|it| it.id == *check) {
            let known: Vec<&str> = guideline.checks.iter().map(|it| it.id.as_str()).collect();
            return Err(Failure::new(format!("{} has no check `{check}`", guideline.id))
                .with_help(format!("its checks are {}", known.join(", "))));
        }
    }
    Ok(arguments.check.clone())
}

/// Adds the waiver to `.stanchion/waivers.toml`. Returns it with its id and location.
fn write_entry(root: &Path, mut waiver: Waiver, name: Option<&str>) -> Result<Waiver, Failure> {
    let _lock = write_lock::acquire(root)?;
    let read = PolicySource::Disk(root).read(WAIVERS, policy_files::MAX_WAIVERS_BYTES);
    let text = read.map_err(|message| Failure::new(format!("{WAIVERS} {message}")))?;
    if !is_plain(root, Path::new(WAIVERS)) {
        return Err(Failure::new(format!("{WAIVERS} is a symbolic link and was not written")));
    }
    let known = text.as_deref().map(|text| format::parse_waivers(WAIVERS, &RepoPath::from(WAIVERS), text));
    let taken = |id: &str| {
        let quoted = format!("\"{id}\"");
        known.as_ref().is_some_and(|known| known.waivers.iter().any(|waiver| waiver.id == id))
            // An invalid waiver also occupies its id.
            || text.as_deref().is_some_and(|text| is_an_id(text, &quoted))
    };
    waiver.id = match name {
        Some(name) if taken(name) => {
            return Err(Failure::new(format!("a waiver `{name}` already exists")).with_help(format!(
                "choose another name, or renew it with `stanchion waivers renew {name}`"
            )));
        }
        Some(name) => name.to_owned(),
        None => {
            let slug = waiver.guideline.slug().to_owned();
            let numbered = (2..).map(|number| format!("{slug}-{number}"));
            std::iter::once(slug.clone()).chain(numbered).find(|id| !taken(id)).unwrap_or(slug)
        }
    };
    let new = format::add_waiver(text.as_deref(), &waiver)
        .map_err(|error| Failure::new(format!("cannot add to {WAIVERS}: {error}")))?;
    // Parsed before it is written, so that an invalid name or fingerprint is reported with its location.
    let parsed = format::parse_waivers(WAIVERS, &RepoPath::from(WAIVERS), &new);
    let Some(read) = parsed.waivers.into_iter().find(|it| it.id == waiver.id) else {
        let what = "this waiver is invalid; nothing was written".to_owned();
        return Err(Failure::Problems { message: what, problems: parsed.problems });
    };
    files::write_with_folders(&root.join(WAIVERS), new.as_bytes())
        .map_err(|error| Failure::io("write", Path::new(WAIVERS), &error))?;
    Ok(read)
}

/// Whether a line of the text assigns `quoted` to `id`.
fn is_an_id(text: &str, quoted: &str) -> bool {
    text.lines().any(|line| {
        let value = line.trim_start().strip_prefix("id").map(str::trim_start);
        value
            .and_then(|value| value.strip_prefix('='))
            .is_some_and(|value| value.trim_start().starts_with(quoted))
    })
}

fn render_result(
    waiver: &Waiver,
    guideline: &Guideline,
    outcome: &Outcome,
    add: &str,
    terminal: &Terminal,
) -> String {
    let paint = terminal.paint();
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    let written = outcome.waivers.iter().find(|it| it.waiver.id == waiver.id);
    let used = written.map_or(0, |it| it.used);
    let end = match waiver.end {
        WaiverEnd::Until(until) => format!("until {until}"),
        WaiverEnd::Standing { review_on } => format!("with a review on {review_on}"),
        WaiverEnd::Never => "without an end".to_owned(),
    };
    let path = escape(&waiver.place.path.lossless()).into_owned();
    let id = paint.text(Role::Strong, guideline.id.as_str());
    let everywhere = match &waiver.reach {
        WaiverReach::Paths(paths) if paths.is_empty() => "everywhere in this repository ",
        _ => "",
    };
    let mut out = line(&format!("Waived {id} {everywhere}{end}."));
    out.push_str(&line(&if waiver.place.inline {
        format!("Added an inline waiver at {path}:{}.", waiver.place.line)
    } else {
        format!("Added waiver {} to {path}.", escape(&waiver.id))
    }));
    let findings = if used == 1 { "1 finding".to_owned() } else { format!("{used} findings") };
    if used == 0 && written.is_some_and(|it| it.effect == WaiverEffect::Superseded) {
        out.push_str(&line("Other waivers that last at least as long already cover the same findings."));
    } else if used > 0 {
        out.push_str(&line(&format!("It covers {findings}; reports show them as waived.")));
    } else if written.is_some_and(|it| is_in_effect(it.effect)) {
        out.push_str(&line("Could not determine whether it covers a finding."));
    } else {
        out.push_str(&line("It covers no current findings. Check that the place is correct."));
    }
    out.push_str(&line(&format!("To share it: {}, then commit.", paint.command(&escape(add)))));
    out
}
