//! `stanchion test`: runs the examples of guideline files.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::terminal::Terminal;
use super::{Exit, Failure, guidelines, interrupt, root};
use crate::format;
use crate::model::{Expectation, Guideline, Origin, Problem};
use crate::report::escape::escape;
use crate::report::{HumanStyle, Paint, Role, render_problems};
use crate::text::Span;
use crate::verify::{Case, CaseVerdict, verify};

/// Run the good and bad examples in guideline files
///
/// Each example has a verdict: it holds, or which way the check errs (noisy, missing, wrong place, …).
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion test                          every guideline that this repository follows
  stanchion test guidelines               those in a folder
  stanchion test guidelines/acme/logs.md  those in a file

Exit status: 0 every example holds, 2 some do not or a file cannot be used.")]
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
    guidelines: usize,
    problems: usize,
}

/// Runs examples.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    interrupt::answer_at_once();
    let base = root::current_directory()?;
    let place = root::locate(&base, &[])?;
    let followed = guidelines::load(&place.root, &base, &arguments.paths)?;
    let style = HumanStyle { cap: usize::MAX, ..terminal.style() };
    let mut out = String::new();
    let mut tally = Tally { problems: followed.problems.len(), ..Tally::default() };
    for guideline in &followed.guidelines {
        tally.guidelines += 1;
        show(&mut out, guideline, &mut tally, arguments.verbose, &style);
    }
    if !followed.problems.is_empty() {
        out.push_str(&render_problems(&followed.problems, &style));
        out.push('\n');
    }
    let _ = writeln!(out, "{}", summary(&tally, terminal.paint()));
    terminal.print(&out)?;
    let well = tally.hold == tally.examples && tally.problems == 0;
    Ok(if well { Exit::Ran } else { Exit::CouldNot })
}

fn show(out: &mut String, guideline: &Arc<Guideline>, tally: &mut Tally, verbose: bool, style: &HumanStyle) {
    let cases = verify(guideline);
    let hold = cases.iter().filter(|case| case.verdict == CaseVerdict::Holds).count();
    tally.examples += cases.len();
    tally.hold += hold;
    let broken = guidelines::compile_problems(guideline);
    tally.problems += broken.len();
    let lacks = format::advice(guideline);
    if hold == cases.len() && broken.is_empty() && lacks.is_empty() && !verbose {
        return;
    }
    let paint = style.paint();
    let _ = writeln!(out, "{} {}", paint.text(Role::Strong, guideline.id.as_str()), guideline.version);
    out.push_str(&render_problems(&broken, style));
    for case in &cases {
        if case.verdict != CaseVerdict::Holds {
            out.push_str(&render_problems(&[problem(guideline, case)], style));
        } else if verbose {
            let what = if case.expects == Expectation::Good { "good" } else { "bad" };
            let file = escape(file(guideline)).into_owned();
            let _ = writeln!(out, "  {file}:{} {} ({what})", case.line, paint.text(Role::Kept, "holds"));
        }
    }
    for advice in &lacks {
        out.push_str(&render_problems(std::slice::from_ref(advice), style));
    }
    out.push('\n');
}

/// The file of a guideline as the user knows it.
fn file(guideline: &Guideline) -> &str {
    match &guideline.origin {
        Origin::Starter => guideline.id.as_str(),
        Origin::File(path) => path,
    }
}

/// An example that does not hold, pointing at its fence.
fn problem(guideline: &Guideline, case: &Case) -> Problem {
    let what = if case.expects == Expectation::Good { "good example" } else { "bad example" };
    let fence = &guideline.text[case.span.start.min(guideline.text.len())..];
    let first = fence.lines().next().map_or(0, str::len);
    Problem {
        file: Arc::from(file(guideline)),
        text: Arc::clone(&guideline.text),
        span: Span::new(case.span.start, case.span.start + first),
        message: format!("{}: {}", case.verdict.name(), case.verdict.detail().unwrap_or_default()),
        label: what.to_owned(),
        help: None,
    }
}

fn summary(tally: &Tally, paint: Paint) -> String {
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let missed = tally.examples - tally.hold;
    let mut text = format!(
        "{} example{} in {} guideline{}: {}",
        tally.examples,
        plural(tally.examples),
        tally.guidelines,
        plural(tally.guidelines),
        paint.text(Role::Kept, &format!("{} hold", tally.hold)),
    );
    if missed > 0 {
        let _ = write!(text, ", {}", paint.text(Role::Warning, &format!("{missed} do not")));
    }
    if tally.problems > 0 {
        let _ = write!(text, "; {} problem{} in guideline files", tally.problems, plural(tally.problems));
    }
    text
}
