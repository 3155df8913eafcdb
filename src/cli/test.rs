//! `stanchion test`: runs the examples of guideline files.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::guidelines::Double;
use super::terminal::Terminal;
use super::{Exit, Failure, guidelines, interrupt, root, worker};
use crate::data::Step;
use crate::format;
use crate::model::{Expectation, Guideline, Origin, Problem};
use crate::report::escape::escape;
use crate::report::{HumanStyle, Paint, Role, render_notes, render_problems, wrap};
use crate::text::Span;
use crate::verify::{Case, CaseVerdict, Verified, verify};

/// Run the good and bad examples in guideline files
///
/// Each example has a verdict: it holds, or which way the check errs (noisy, missing, wrong place, …).
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion test                          every guideline that is followed here
  stanchion test guidelines               those in a folder
  stanchion test guidelines/acme/logs.md  those in a file

Notes say what a guideline still lacks. Exit status: 0 every example holds,
2 some do not or a file cannot be used.")]
pub(super) struct Arguments {
    /// Folders or files with guidelines
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Also list the examples that hold
    #[arg(long, short)]
    verbose: bool,
}

/// Examples by how they came out.
#[derive(Default)]
struct Tally {
    examples: usize,
    hold: usize,
    /// Not run, because a check of their guideline cannot be used.
    waiting: usize,
    guidelines: usize,
    problems: usize,
    /// What is worth knowing and keeps nothing from being used.
    notes: usize,
}

/// Runs examples.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    interrupt::answer_at_once();
    let base = root::current_directory()?;
    let place = root::locate(&base, &[])?;
    let followed = guidelines::load(&place.root, &base, &arguments.paths)?;
    let style = HumanStyle { cap: Some(usize::MAX), ..terminal.style() };
    let mut out = String::new();
    let taken: Vec<Problem> = followed.doubles.iter().filter_map(Double::problem).collect();
    let mut tally = Tally {
        problems: followed.problems.len() + taken.len(),
        notes: followed.newer.len(),
        ..Tally::default()
    };
    // One whose id is taken is not used by `check`, but its author wants to know how it does.
    let doubles = followed.doubles.iter();
    for guideline in followed.guidelines.iter().chain(doubles.clone().map(|double| &double.other)) {
        tally.guidelines += 1;
        show(&mut out, guideline, &mut tally, arguments.verbose, &style);
    }
    let problems: Vec<Problem> = followed.problems.iter().cloned().chain(taken).collect();
    for shown in [render_problems(&problems, &style), render_notes(&followed.newer, &style)] {
        if !shown.is_empty() {
            out.push_str(&shown);
            out.push('\n');
        }
    }
    if let Some(left_out) = followed.left_out() {
        let label = terminal.paint().text(Role::Note, "note:");
        out.push_str(&wrap(style.width, "", "      ", &format!("{label} {}", escape(&left_out))));
    }
    let nothing = tally.guidelines == 0 && tally.problems == 0 && followed.newer.is_empty();
    if nothing {
        terminal.print(&out)?;
        return Err(nothing_found(&arguments.paths));
    }
    out.push_str(&style.line(&summary(&tally, terminal.paint())));
    terminal.print(&out)?;
    let well = tally.hold == tally.examples && tally.problems == 0;
    Ok(if well { Exit::Ran } else { Exit::CouldNot })
}

/// That there is no guideline where some were expected.
fn nothing_found(paths: &[PathBuf]) -> Failure {
    let places: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let place = if places.is_empty() { "what is followed here".to_owned() } else { places.join(" or ") };
    Failure::new(format!("no guideline was found in {place}")).with_help(
        "a guideline is a .md file, other than a README, that begins with front matter; `stanchion new ID` \
         writes one",
    )
}

fn show(out: &mut String, guideline: &Arc<Guideline>, tally: &mut Tally, verbose: bool, style: &HumanStyle) {
    let worker = worker::program();
    let worker = worker.as_deref();
    let Verified { cases, unproved } = verify(guideline, worker);
    let broken = guidelines::compile_problems(guideline, worker);
    let mut notes = format::advice(guideline);
    if broken.is_empty() {
        // That a check has no bad example at all is advice already.
        let silent = unproved.iter().filter(|it| it.has_bad_example);
        notes.extend(silent.filter_map(|it| unproved_note(guideline, it.check)));
    }
    let holds = |case: &&Case| case.verdict == CaseVerdict::Holds;
    // No check asks about an example when the check cannot be used: that says nothing about the example.
    let waits = |case: &&Case| !broken.is_empty() && case.verdict == CaseVerdict::NotAsked;
    let hold = cases.iter().filter(holds).count();
    let waiting = cases.iter().filter(waits).count();
    tally.examples += cases.len();
    tally.hold += hold;
    tally.waiting += waiting;
    tally.problems += broken.len();
    tally.notes += notes.len();
    if hold == cases.len() && broken.is_empty() && notes.is_empty() && !verbose {
        return;
    }
    let paint = style.paint();
    let _ = writeln!(out, "{} {}", paint.text(Role::Strong, guideline.id.as_str()), guideline.version);
    if verbose {
        for case in cases.iter().filter(holds) {
            let what = if case.expects == Expectation::Good { "good" } else { "bad" };
            let file = escape(file(guideline)).into_owned();
            let _ = writeln!(out, "  {file}:{} {} ({what})", case.line, paint.text(Role::Kept, "holds"));
        }
    }
    let missed = cases.iter().filter(|case| !holds(case) && !waits(case));
    let problems: Vec<Problem> =
        broken.iter().cloned().chain(missed.map(|case| problem(guideline, case))).collect();
    let parts = [render_problems(&problems, style), render_notes(&notes, style)];
    let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    out.push_str(&parts.join("\n"));
    out.push('\n');
}

/// The file of a guideline as the user knows it.
fn file(guideline: &Guideline) -> &str {
    match &guideline.origin {
        Origin::Starter => guideline.id.as_str(),
        Origin::File(path) | Origin::Copy { file: path, .. } => path,
    }
}

/// An example that does not hold, pointing at its fence.
pub(super) fn problem(guideline: &Guideline, case: &Case) -> Problem {
    let what = if case.expects == Expectation::Good { "good example" } else { "bad example" };
    let fence = &guideline.text[case.span.start.min(guideline.text.len())..];
    let first = fence.lines().next().map_or(0, str::len);
    Problem {
        first_line: 1,
        file: Arc::from(file(guideline)),
        text: Arc::clone(&guideline.text),
        span: Span::new(case.span.start, case.span.start + first),
        message: format!("{}: {}", case.verdict.name(), case.verdict.detail().unwrap_or_default()),
        label: what.to_owned(),
        help: None,
    }
}

/// A check that finds nothing in any bad example.
fn unproved_note(guideline: &Guideline, index: usize) -> Option<Problem> {
    let check = guideline.checks.get(index)?;
    let help = "add a bad example with `check=` and what the check should find, at a `path=` it looks at";
    let message = format!("not proved: no bad example makes the check `{}` find anything", check.id);
    let at = [Step::Key("id".to_owned())];
    Some(format::problem(guideline, index, &at, message, Some(help.to_owned())))
}

fn summary(tally: &Tally, paint: Paint) -> String {
    let count = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let mut text = if tally.guidelines == 0 {
        "No guideline that can be used".to_owned()
    } else if tally.examples == 0 {
        format!("No examples in {}", count(tally.guidelines, "guideline"))
    } else {
        format!(
            "{} in {}: {}",
            count(tally.examples, "example"),
            count(tally.guidelines, "guideline"),
            paint.text(Role::Kept, &format!("{} hold", tally.hold)),
        )
    };
    let missed = tally.examples - tally.hold - tally.waiting;
    if missed > 0 {
        let _ = write!(text, ", {}", paint.text(Role::Warning, &format!("{missed} do not")));
    }
    if tally.waiting > 0 {
        let _ = write!(text, ", {} wait for a check that can be used", tally.waiting);
    }
    if tally.problems > 0 {
        let _ = write!(text, "; {} in guideline files", count(tally.problems, "problem"));
    }
    if tally.notes > 0 {
        let _ = write!(text, "; {}", count(tally.notes, "note"));
    }
    text
}
