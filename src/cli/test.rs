//! `stanchion test`: runs the examples in guideline files.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::guidelines::DuplicateId;
use super::terminal::Terminal;
use super::{Exit, Failure, guidelines, interrupt, root, worker};
use crate::data::PointerStep;
use crate::format;
use crate::model::{Expectation, Guideline, Origin, Problem};
use crate::report::escape::escape;
use crate::report::{HumanStyle, Paint, Role, render_notes, render_problems, wrap};
use crate::text::Span;
use crate::verify::{CaseVerdict, ExampleCase, ExampleResults, verify_examples};

/// Run the good and bad examples in guideline files
///
/// Each example gets a verdict: it holds, or how the check errs (noisy, missing, wrong place, …).
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion test                          every followed guideline
  stanchion test guidelines               the guidelines in a folder
  stanchion test guidelines/acme/logs.md  the guideline in a file

Notes show what a guideline still lacks. Exit status: 0 every example holds,
2 an example does not hold or a file is invalid.")]
pub(super) struct Arguments {
    /// Folders or files with guidelines [default: the followed guidelines]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Also list the examples that hold
    #[arg(long, short)]
    verbose: bool,
}

/// Counts of examples by verdict.
#[derive(Default)]
struct ExampleTally {
    examples: usize,
    hold: usize,
    /// Examples that were not run, because a check of their guideline is invalid.
    blocked: usize,
    guidelines: usize,
    problems: usize,
    /// Advice that does not prevent the guideline from being used.
    notes: usize,
}

/// Runs the examples and prints their verdicts.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    interrupt::install_handler();
    let base = root::current_directory()?;
    let selection = root::locate(&base, &[])?;
    let followed = guidelines::load(&selection.root, &base, &arguments.paths)?;
    let style = HumanStyle { cap: Some(usize::MAX), ..terminal.style() };
    let mut out = String::new();
    let taken: Vec<Problem> = followed.duplicates.iter().filter_map(DuplicateId::problem).collect();
    let mut tally = ExampleTally {
        problems: followed.problems.len() + taken.len(),
        notes: followed.newer.len(),
        ..ExampleTally::default()
    };
    // `check` does not use a guideline with a duplicate id, but its author wants to know its verdicts.
    let duplicates = followed.duplicates.iter();
    for guideline in followed.guidelines.iter().chain(duplicates.clone().map(|duplicate| &duplicate.other)) {
        tally.guidelines += 1;
        render_guideline(&mut out, guideline, &mut tally, arguments.verbose, &style);
    }
    let problems: Vec<Problem> = followed.problems.iter().cloned().chain(taken).collect();
    for shown in [render_problems(&problems, &style), render_notes(&followed.newer, &style)] {
        if !shown.is_empty() {
            out.push_str(&shown);
            out.push('\n');
        }
    }
    if let Some(note) = followed.skipped_note() {
        let label = terminal.paint().text(Role::Note, "note:");
        out.push_str(&wrap(style.width, "", "      ", &format!("{label} {}", escape(&note))));
    }
    let nothing = tally.guidelines == 0 && tally.problems == 0 && followed.newer.is_empty();
    if nothing {
        terminal.print(&out)?;
        return Err(nothing_found(&arguments.paths));
    }
    out.push_str(&style.line(&render_summary(&tally, terminal.paint())));
    terminal.print(&out)?;
    let well = tally.hold == tally.examples && tally.problems == 0;
    Ok(if well { Exit::Ran } else { Exit::Error })
}

/// The failure for paths without guidelines.
fn nothing_found(paths: &[PathBuf]) -> Failure {
    let places: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let place = if places.is_empty() { "the followed guidelines".to_owned() } else { places.join(" or ") };
    Failure::new(format!("no guidelines found in {place}")).with_help(
        "a guideline is a .md file, other than a README, that begins with front matter; create one with \
         `stanchion new ID`",
    )
}

fn render_guideline(
    out: &mut String,
    guideline: &Arc<Guideline>,
    tally: &mut ExampleTally,
    verbose: bool,
    style: &HumanStyle,
) {
    let worker = worker::worker_program();
    let worker = worker.as_deref();
    let ExampleResults { cases, unproved } = verify_examples(guideline, worker);
    let broken = guidelines::compile_problems(guideline, worker);
    let mut notes = format::collect_advice(guideline);
    if broken.is_empty() {
        // `format::collect_advice` already reports checks without any bad example.
        let silent = unproved.iter().filter(|it| it.has_bad_example);
        notes.extend(silent.filter_map(|it| unproved_check_note(guideline, it.check)));
    }
    let holds = |case: &&ExampleCase| case.verdict == CaseVerdict::Holds;
    // With an invalid check, an example without verdict may still be right.
    let is_blocked = |case: &&ExampleCase| !broken.is_empty() && case.verdict == CaseVerdict::NotChecked;
    let hold = cases.iter().filter(holds).count();
    let blocked = cases.iter().filter(is_blocked).count();
    tally.examples += cases.len();
    tally.hold += hold;
    tally.blocked += blocked;
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
            let file = escape(shown_file(guideline)).into_owned();
            let _ = writeln!(out, "  {file}:{} {} ({what})", case.line, paint.text(Role::Kept, "holds"));
        }
    }
    let missed = cases.iter().filter(|case| !holds(case) && !is_blocked(case));
    let problems: Vec<Problem> =
        broken.iter().cloned().chain(missed.map(|case| example_problem(guideline, case))).collect();
    let parts = [render_problems(&problems, style), render_notes(&notes, style)];
    let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    out.push_str(&parts.join("\n"));
    out.push('\n');
}

/// The path of a guideline file as the user gave it.
fn shown_file(guideline: &Guideline) -> &str {
    match &guideline.origin {
        Origin::Starter => guideline.id.as_str(),
        Origin::File(path) | Origin::Copy { file: path, .. } => path,
    }
}

/// The problem for an example that does not hold, located at its code fence.
pub(super) fn example_problem(guideline: &Guideline, case: &ExampleCase) -> Problem {
    let what = if case.expects == Expectation::Good { "good example" } else { "bad example" };
    let fence = &guideline.text[case.span.start.min(guideline.text.len())..];
    let first = fence.lines().next().map_or(0, str::len);
    Problem {
        first_line: 1,
        file: Arc::from(shown_file(guideline)),
        text: Arc::clone(&guideline.text),
        span: Span::new(case.span.start, case.span.start + first),
        message: format!("{}: {}", case.verdict.name(), case.verdict.detail().unwrap_or_default()),
        label: what.to_owned(),
        help: None,
    }
}

/// The note for a check that finds nothing in any bad example.
fn unproved_check_note(guideline: &Guideline, index: usize) -> Option<Problem> {
    let check = guideline.checks.get(index)?;
    let help =
        "add a bad example with `check=` and code that the check should find, at a `path=` that it reads";
    let message = format!("not proved: the check `{}` finds nothing in any bad example", check.id);
    let at = [PointerStep::Key("id".to_owned())];
    Some(format::problem_in_check(guideline, index, &at, message, Some(help.to_owned())))
}

fn render_summary(tally: &ExampleTally, paint: Paint) -> String {
    let count = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let mut text = if tally.guidelines == 0 {
        "No valid guideline".to_owned()
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
    let missed = tally.examples - tally.hold - tally.blocked;
    if missed > 0 {
        let _ = write!(text, ", {}", paint.text(Role::Warning, &format!("{missed} do not")));
    }
    if tally.blocked > 0 {
        let _ = write!(text, ", {} not run (invalid check)", tally.blocked);
    }
    if tally.problems > 0 {
        let _ = write!(text, "; {} in guideline files", count(tally.problems, "problem"));
    }
    if tally.notes > 0 {
        let _ = write!(text, "; {}", count(tally.notes, "note"));
    }
    text
}
