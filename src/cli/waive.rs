//! `stanchion waive`: steps over a guideline, with a reason and an end.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::assess::{self, Assessed, How, Request};
use super::clock::Clock;
use super::guidelines::{self, Followed, is_plain};
use super::party::Party;
use super::progress::Progress;
use super::says::{self, Source, WAIVERS};
use super::terminal::Terminal;
use super::tool_results::{Given, ToolResults};
use super::{Exit, Failure, ask, comments, files, root, shell, turn};
use crate::engine::waive::{glob_problem, is_in_effect};
use crate::format;
use crate::model::{
    Date, Effect, Finding, Guideline, Outcome, RepoPath, Waiver, WaiverEnd, WaiverKind, WaiverPlace,
    WaiverReach,
};
use crate::report::escape::escape;
use crate::report::{Role, wrap};
use crate::text::Span;

/// Days until a waiver ends, if nobody says otherwise.
const DAYS: i32 = 180;
/// Findings that are shown before the questions.
const SHOWN: usize = 5;

/// Step over a guideline, with a reason
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion waive resilience/http-timeouts --path 'tools/**' --kind cost \\
      --reason 'one-off scripts that somebody watches'
  stanchion waive resilience/http-timeouts src/a.py:14 --inline --kind deferred \\
      --reason 'the client is replaced in March' --until 2027-03-31
  stanchion waive resilience/http-timeouts     asks, at a terminal

It takes effect as soon as it is written, is shown in every report, and ends
(after 180 days, if you do not say otherwise). Nobody has to agree.")]
pub(super) struct Arguments {
    /// The guideline's id, namespace/slug
    #[arg(value_name = "ID")]
    id: String,
    /// One place: a file, or file:line for the findings there
    #[arg(value_name = "PLACE", conflicts_with_all = ["path", "fingerprint"])]
    place: Option<String>,
    /// A glob of paths, from the root of the repository; may be given again. Without any: everywhere
    #[arg(long, value_name = "GLOB")]
    path: Vec<String>,
    /// A single finding, by its fingerprint (`check --format json` shows it); may be given again
    #[arg(long, value_name = "DIGITS", conflicts_with = "path")]
    fingerprint: Vec<String>,
    /// Only this check of the guideline; may be given again
    #[arg(long, value_name = "CHECK")]
    check: Vec<String>,
    /// Why, in a word
    #[arg(long, value_name = "KIND", value_enum)]
    kind: Option<Kind>,
    /// Why, in words that help whoever reads it in a year
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// What is done instead
    #[arg(long, value_name = "TEXT")]
    instead: Option<String>,
    /// Who answers for it [default: the owner of the repository]
    #[arg(long, value_name = "WHO")]
    owner: Option<String>,
    /// Its last day [default: 180 days from now]
    #[arg(long, value_name = "DATE", value_parser = date, conflicts_with = "review_on")]
    until: Option<Date>,
    /// It stands, and is looked at again on this day
    #[arg(long, value_name = "DATE", value_parser = date)]
    review_on: Option<Date>,
    /// Write it as a comment into the file, at PLACE
    #[arg(long, requires = "place", conflicts_with = "name")]
    inline: bool,
    /// Its name in .stanchion/waivers.toml [default: made from the guideline's]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    tools: Given,
    #[command(flatten)]
    clock: Clock,
}

/// Why, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// The finding is wrong
    FalseFinding,
    /// The guideline has nothing to do with this place
    NotApplicable,
    /// Its aim is reached in another way
    MetOtherwise,
    /// This is better: a proposal to the guideline's owner
    BetterWay,
    /// Something outside does not allow it
    Constraint,
    /// Everything around it is done this way
    Consistency,
    /// Keeping it costs more than it brings here
    Cost,
    /// It will be kept, later
    Deferred,
    /// None of these
    Other,
}

impl From<Kind> for WaiverKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::FalseFinding => Self::FalseFinding,
            Kind::NotApplicable => Self::NotApplicable,
            Kind::MetOtherwise => Self::MetOtherwise,
            Kind::BetterWay => Self::BetterWay,
            Kind::Constraint => Self::Constraint,
            Kind::Consistency => Self::Consistency,
            Kind::Cost => Self::Cost,
            Kind::Deferred => Self::Deferred,
            Kind::Other => Self::Other,
        }
    }
}

pub(super) fn date(text: &str) -> Result<Date, String> {
    text.parse()
}

/// Writes a waiver.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let named = arguments.place.as_deref().map(split_place);
    let file = named.as_ref().map(|(path, _)| PathBuf::from(path));
    let place = root::locate(&base, file.as_slice())?;
    let party = Party::read(&place.root)?;
    let mut followed = guidelines::load_party(party)?;
    let guideline = Arc::clone(followed.get(&arguments.id)?);
    followed.guidelines = vec![Arc::clone(&guideline)];
    let today = arguments.clock.today();
    let tools = arguments.tools.read(&base, &place.root)?;
    let before = assess(&place.root, &followed, (today, &tools), terminal)?;
    let at = named.and_then(|(_, line)| Some((place.scopes.first().cloned()?, line)));
    let words = words(arguments, &guideline, &before.outcome, at.as_ref(), today, terminal)?;
    let reach = reach(arguments, &place.root, at.as_ref(), &before.outcome, &words)?;
    let waiver = Waiver {
        id: String::new(),
        guideline: guideline.id.clone(),
        versions: Some(major(&guideline)?),
        checks: checks(arguments, &guideline)?,
        reach,
        kind: words.kind,
        reason: words.reason,
        instead: arguments.instead.clone(),
        owner: arguments.owner.clone(),
        declared: Some(today),
        end: words.end,
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
        return Err(Failure::new(format!("this path cannot be used: {message}")));
    }
    let written = if arguments.inline {
        comments::write(&place.root, &waiver, &followed, today)?
    } else {
        write_entry(&place.root, waiver, arguments.name.as_deref())?
    };
    let after = assess(&place.root, &followed, (today, &tools), terminal)?;
    let add = shell::git_add(&base, &place.root, [&*written.place.path.lossless()]);
    terminal.print(&told(&written, &guideline, &after.outcome, &add, terminal))?;
    Ok(Exit::Ran)
}

/// Says so where a waiver would be over, or to be looked at again, before it begins.
fn end_problem(end: WaiverEnd, today: Date) -> Result<(), Failure> {
    match end {
        WaiverEnd::Until(until) if until < today => {
            Err(Failure::new("its last day is over already").with_help("give a later one with --until"))
        }
        WaiverEnd::Standing { review_on } if review_on < today => {
            Err(Failure::new("the day on which it is looked at again is over already")
                .with_help("give a later one with --review-on"))
        }
        _ => Ok(()),
    }
}

/// A path, and the line behind its last colon.
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

fn assess(
    root: &Path,
    followed: &Followed,
    (today, tools): (Date, &ToolResults),
    terminal: &Terminal,
) -> Result<Assessed, Failure> {
    let progress = Progress::new(terminal);
    let request = Request {
        root,
        scopes: vec![],
        change: None,
        today,
        how: How { tools: tools.clone(), ..How::default() },
    };
    let assessed = assess::assess(followed, request, &progress);
    progress.finish();
    assessed
}

/// What is said in words.
struct Words {
    kind: WaiverKind,
    reason: String,
    end: WaiverEnd,
    /// Globs that were answered; `None` where nobody was asked.
    paths: Option<Vec<String>>,
}

/// Takes the words from the arguments, and asks for what is missing where somebody can be asked.
fn words(
    arguments: &Arguments,
    guideline: &Guideline,
    outcome: &Outcome,
    at: Option<&(RepoPath, Option<u32>)>,
    today: Date,
    terminal: &Terminal,
) -> Result<Words, Failure> {
    let end = match (arguments.until, arguments.review_on) {
        (Some(until), _) => Some(WaiverEnd::Until(until)),
        (None, Some(review_on)) => Some(WaiverEnd::Standing { review_on }),
        (None, None) => None,
    };
    let default_end = today.plus_days(DAYS);
    if let (Some(kind), Some(reason)) = (arguments.kind, &arguments.reason) {
        if let Some(message) = format::reason_problem(reason) {
            return Err(Failure::new(message).with_help("say it with --reason '…'"));
        }
        let end = end.unwrap_or(WaiverEnd::Until(default_end));
        end_problem(end, today)?;
        return Ok(Words { kind: kind.into(), reason: reason.trim().to_owned(), end, paths: None });
    }
    if !ask::can_ask() {
        let missing = if arguments.kind.is_none() { "--kind" } else { "--reason" };
        let kinds = WaiverKind::ALL.map(WaiverKind::word).join(", ");
        return Err(Failure::new(format!("a waiver says why, and {missing} is missing")).with_help(format!(
            "--kind is one of {kinds}; --reason is a sentence; at a terminal you are asked"
        )));
    }
    if let Some(end) = end {
        end_problem(end, today)?;
    }
    introduce(guideline, outcome, terminal)?;
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
        Some(ask::ask(terminal, question, Some(default.as_deref().unwrap_or("everywhere")), understand)?)
    } else {
        None
    };
    let kind = match arguments.kind {
        Some(kind) => kind.into(),
        None => ask_kind(terminal)?,
    };
    let reason = match &arguments.reason {
        Some(reason) => reason.clone(),
        None => ask::ask(terminal, "Why, in words", None, |answer| match format::reason_problem(answer) {
            Some(message) => Err(message),
            None => Ok(answer.to_owned()),
        })?,
    };
    let end = match end {
        Some(end) => end,
        None => WaiverEnd::Until(ask::ask(terminal, "Until", Some(&default_end.to_string()), |answer| {
            let until = date(answer)?;
            if until < today { Err("that day is over already".to_owned()) } else { Ok(until) }
        })?),
    };
    Ok(Words { kind, reason: reason.trim().to_owned(), end, paths })
}

fn ask_kind(terminal: &Terminal) -> Result<WaiverKind, Failure> {
    let mut list = String::new();
    for (number, kind) in (1..).zip(WaiverKind::ALL) {
        list.push_str(&wrap(
            terminal.width,
            "  ",
            "      ",
            &format!("{number}  {:<15} {}", kind.word(), kind.words()),
        ));
    }
    terminal.print(&list)?;
    ask::ask(terminal, "Kind (number or word)", None, |answer| {
        let by_number = answer
            .parse::<usize>()
            .ok()
            .and_then(|number| WaiverKind::ALL.get(number.checked_sub(1)?).copied());
        by_number
            .or_else(|| WaiverKind::ALL.into_iter().find(|kind| kind.word() == answer))
            .ok_or_else(|| "one of the numbers or words above".to_owned())
    })
}

/// Says what is going to be stepped over.
fn introduce(guideline: &Guideline, outcome: &Outcome, terminal: &Terminal) -> Result<(), Failure> {
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    let paint = terminal.paint();
    let mut out =
        line(&format!("{}: {}", paint.text(Role::Strong, guideline.id.as_str()), escape(&guideline.title)));
    for finding in outcome.findings.iter().take(SHOWN) {
        let text = format!(
            "{}:{} {}",
            escape(&finding.path.lossless()),
            finding.start.line,
            escape(&finding.message)
        );
        out.push_str(&wrap(terminal.width, "  ", "    ", &text));
    }
    if outcome.findings.len() > SHOWN {
        out.push_str(&line(&format!("  and {} more", outcome.findings.len() - SHOWN)));
    }
    out.push_str(&line(
        "This takes effect as soon as it is written; it is always shown, and it ends. Ctrl-C writes nothing.",
    ));
    out.push('\n');
    terminal.print(&out)
}

/// The path of all findings, if they are in one file.
fn common_path(outcome: &Outcome) -> Option<String> {
    let first = outcome.findings.first()?.path.as_str()?;
    let same = |finding: &Finding| finding.path.as_str() == Some(first);
    (crate::engine::glob::is_literal(first) && outcome.findings.iter().all(same)).then(|| first.to_owned())
}

/// What it covers.
fn reach(
    arguments: &Arguments,
    root: &Path,
    at: Option<&(RepoPath, Option<u32>)>,
    outcome: &Outcome,
    words: &Words,
) -> Result<WaiverReach, Failure> {
    if !arguments.fingerprint.is_empty() {
        return Ok(WaiverReach::Fingerprints(arguments.fingerprint.clone()));
    }
    let Some((path, line)) = at else {
        let paths = if arguments.path.is_empty() {
            words.paths.clone().unwrap_or_default()
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
                outcome.findings.iter().filter(here).map(|it| it.traces.fingerprint.to_string()).collect();
            found.sort();
            found.dedup();
            if found.is_empty() {
                return Err(Failure::new(format!(
                    "nothing of {} is found at {}:{line}",
                    arguments.id,
                    path.lossless()
                ))
                .with_help("`stanchion check` shows the places; a file without a line covers all of it"));
            }
            Ok(WaiverReach::Fingerprints(found))
        }
        (None, false) => match path.as_str().filter(|text| crate::engine::glob::is_literal(text)) {
            Some(text) if root.join(text).is_file() => Ok(WaiverReach::Paths(vec![text.to_owned()])),
            Some("") => Ok(WaiverReach::Paths(vec![])),
            Some(text) => Ok(WaiverReach::Paths(vec![format!("{text}/**")])),
            None => Err(Failure::new(format!("{} cannot be written as a glob", path.lossless()))
                .with_help("give a glob that matches it with --path")),
        },
    }
}

/// The versions with the major that is followed now.
fn major(guideline: &Guideline) -> Result<semver::VersionReq, Failure> {
    let version = &guideline.version;
    let text =
        if version.major == 0 { format!("^0.{}", version.minor) } else { format!("^{}", version.major) };
    text.parse().map_err(|_| Failure::new(format!("{text} is no range of versions")))
}

fn checks(arguments: &Arguments, guideline: &Guideline) -> Result<Vec<String>, Failure> {
    for check in &arguments.check {
        if !guideline.checks.iter().any(|it| it.id == *check) {
            let known: Vec<&str> = guideline.checks.iter().map(|it| it.id.as_str()).collect();
            return Err(Failure::new(format!("{} has no check `{check}`", guideline.id))
                .with_help(format!("it has {}", known.join(", "))));
        }
    }
    Ok(arguments.check.clone())
}

/// Adds the waiver to `.stanchion/waivers.toml`. Returns it with its id and place.
fn write_entry(root: &Path, mut waiver: Waiver, name: Option<&str>) -> Result<Waiver, Failure> {
    let _turn = turn::take(root)?;
    let read = Source::Disk(root).read(WAIVERS, says::LARGEST_WAIVERS);
    let text = read.map_err(|words| Failure::new(format!("{WAIVERS} {words}")))?;
    if !is_plain(root, Path::new(WAIVERS)) {
        return Err(Failure::new(format!("{WAIVERS} is a link, and is not written")));
    }
    let known = text.as_deref().map(|text| format::parse_waivers(WAIVERS, &RepoPath::from(WAIVERS), text));
    let taken = |id: &str| {
        let quoted = format!("\"{id}\"");
        known.as_ref().is_some_and(|known| known.waivers.iter().any(|waiver| waiver.id == id))
            // One that has no effect has its id all the same.
            || text.as_deref().is_some_and(|text| is_an_id(text, &quoted))
    };
    waiver.id = match name {
        Some(name) if taken(name) => {
            return Err(Failure::new(format!("there is a waiver `{name}` already"))
                .with_help(format!("choose another name, or `stanchion waivers renew {name}`")));
        }
        Some(name) => name.to_owned(),
        None => {
            let slug = waiver.guideline.slug().to_owned();
            let numbered = (2..).map(|number| format!("{slug}-{number}"));
            std::iter::once(slug.clone()).chain(numbered).find(|id| !taken(id)).unwrap_or(slug)
        }
    };
    let new = format::with_waiver(text.as_deref(), &waiver)
        .map_err(|error| Failure::new(format!("cannot add to {WAIVERS}: {error}")))?;
    // What is written must be read: a name or fingerprint that is none is told here, with its place.
    let parsed = format::parse_waivers(WAIVERS, &RepoPath::from(WAIVERS), &new);
    let Some(read) = parsed.waivers.into_iter().find(|it| it.id == waiver.id) else {
        let what = "this waiver would have no effect; nothing was written".to_owned();
        return Err(Failure::Problems { what, problems: parsed.problems });
    };
    files::write_own(&root.join(WAIVERS), new.as_bytes())
        .map_err(|error| Failure::io("write", Path::new(WAIVERS), &error))?;
    Ok(read)
}

/// Whether `quoted` is the value of an `id` in some line of a text.
fn is_an_id(text: &str, quoted: &str) -> bool {
    text.lines().any(|line| {
        let value = line.trim_start().strip_prefix("id").map(str::trim_start);
        value
            .and_then(|value| value.strip_prefix('='))
            .is_some_and(|value| value.trim_start().starts_with(quoted))
    })
}

fn told(waiver: &Waiver, guideline: &Guideline, outcome: &Outcome, add: &str, terminal: &Terminal) -> String {
    let paint = terminal.paint();
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    let written = outcome.waivers.iter().find(|it| it.waiver.id == waiver.id);
    let used = written.map_or(0, |it| it.used);
    let end = match waiver.end {
        WaiverEnd::Until(until) => format!("until {until}"),
        WaiverEnd::Standing { review_on } => format!("to be looked at again on {review_on}"),
        WaiverEnd::Never => "without an end".to_owned(),
    };
    let place = escape(&waiver.place.path.lossless()).into_owned();
    let place = if waiver.place.inline { format!("{place}:{}", waiver.place.line) } else { place };
    let id = paint.text(Role::Strong, guideline.id.as_str());
    let mut out = line(&format!("Stepped over: {id}, {end}."));
    out.push_str(&line(&format!("Written: {} in {place}", escape(&waiver.id))));
    let findings = if used == 1 { "1 finding".to_owned() } else { format!("{used} findings") };
    if used == 0 && written.is_some_and(|it| it.effect == Effect::Superseded) {
        out.push_str(&line("What it covers is covered by others already, which last at least as long."));
    } else if used > 0 {
        out.push_str(&line(&format!("It covers {findings}; reports show them as waived.")));
    } else if written.is_some_and(|it| is_in_effect(it.effect)) {
        out.push_str(&line("Whether it covers anything could not be told today."));
    } else {
        out.push_str(&line("It covers nothing that is found here today: is the place the right one?"));
    }
    out.push_str(&line(&format!("To make it known: {}, and commit.", paint.command(&escape(add)))));
    out
}
