//! Tests a guideline before it is published: its checks compile and its examples hold. Good examples of the
//! previous version must still be good, unless the version number announces stricter requirements.
//!
//! The only module of the registry that uses the engine. Compiling and parsing run in a worker: a separate
//! process of this program with limits on memory and time. This module uses no HTTP or SQL.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) use crate::engine::worker::{is_worker_invocation as is_worker, worker_program};
use crate::engine::{problems_of_guideline, worker};
use crate::format;
use crate::model::{Expectation, Guideline, Origin, Problem};
use crate::text::Span;
use crate::verify::{CaseVerdict, ExampleCase, verify_examples};

/// Time limit for all examples of a version, and the same for the examples of the previous version.
const TIME_LIMIT: Duration = Duration::from_secs(15);
/// Largest number of good examples from the previous version that the note lists.
const MAX_NAMED_LINES: usize = 3;

/// Result of the tests.
#[derive(Debug, Default)]
pub(super) struct ExampleTestResult {
    /// Problems that prevent publishing.
    pub(super) problems: Vec<Problem>,
    /// Note for readers about the version number.
    pub(super) note: Option<String>,
}

/// Runs as a worker until the parent closes the pipe. Returns whether it ended without an error.
pub(super) fn serve_as_worker() -> bool {
    worker::serve(std::io::stdin().lock(), std::io::stdout().lock()).is_ok()
}

/// Tests a guideline and compares it with its previous version. Blocks the thread.
pub(super) fn test_guideline(
    name: &str,
    text: &str,
    before: Option<&str>,
    program: Option<&Path>,
) -> ExampleTestResult {
    // Parse errors were reported earlier.
    let Some(guideline) = read(name, text) else { return ExampleTestResult::default() };
    let mut problems: Vec<Problem> = problems_of_guideline(&guideline, program)
        .into_iter()
        .map(|found| {
            let problem = found.problem;
            format::problem_in_check(
                &guideline,
                found.check.unwrap_or(0),
                &problem.at,
                problem.message,
                problem.help,
            )
        })
        .collect();
    if problems.is_empty() {
        match run_examples(&guideline, program) {
            Some(cases) => problems.extend(
                cases
                    .iter()
                    .filter(|case| case.verdict != CaseVerdict::Holds)
                    .map(|case| failed_example(&guideline, case)),
            ),
            None => problems.push(problem_at(
                &guideline,
                Span::at(0),
                format!("the examples take longer than {} s; shorten or remove some", TIME_LIMIT.as_secs()),
            )),
        }
    }
    if !problems.is_empty() {
        return ExampleTestResult { problems, note: None };
    }
    let note = before
        .and_then(|text| read(name, text))
        .and_then(|old| replay_previous_examples(&guideline, &old, program));
    ExampleTestResult { problems, note }
}

fn read(name: &str, text: &str) -> Option<Arc<Guideline>> {
    format::parse_guideline(name, text, Origin::File(name.to_owned()), &|_| None).ok().map(Arc::new)
}

/// Runs all examples; `None` if they exceed the time limit.
#[expect(clippy::disallowed_methods, reason = "examples have a time limit, so that they cannot block others")]
fn run_examples(guideline: &Arc<Guideline>, program: Option<&Path>) -> Option<Vec<ExampleCase>> {
    let start = Instant::now();
    let mut all = Vec::new();
    for example in &guideline.examples {
        let one = Guideline { examples: vec![example.clone()], ..Guideline::clone(guideline) };
        all.extend(verify_examples(&Arc::new(one), program).cases);
        if start.elapsed() > TIME_LIMIT {
            return None;
        }
    }
    Some(all)
}

/// Runs the good examples of the previous version. Returns a note if they have findings and the number
/// announces no stricter requirements.
fn replay_previous_examples(new: &Guideline, old: &Arc<Guideline>, program: Option<&Path>) -> Option<String> {
    let is_major = new.version.major != old.version.major
        || (old.version.major == 0 && new.version.minor != old.version.minor);
    if is_major || new.version < old.version {
        return None;
    }
    // Examples of removed checks are skipped.
    let known = |check: &String| new.checks.iter().any(|it| it.id == *check);
    let examples =
        old.examples.iter().filter(|it| it.expects == Expectation::Good && it.checks.iter().all(known));
    let replayed = Guideline { examples: examples.cloned().collect(), ..new.clone() };
    let broken: Vec<String> = run_examples(&Arc::new(replayed), program)?
        .into_iter()
        .filter(|case| matches!(case.verdict, CaseVerdict::Noisy(_)))
        .map(|case| format!("line {}", case.line))
        .collect();
    if broken.is_empty() {
        return None;
    }
    let more = broken.len().saturating_sub(MAX_NAMED_LINES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named = broken.into_iter().take(MAX_NAMED_LINES).collect::<Vec<_>>().join(", ");
    Some(format!(
        "By its number, {} requires no more than {}, but it has findings in good examples of {} ({named}{more}). Publish such a change as a new major version.",
        new.version, old.version, old.version
    ))
}

/// Problem for an example that does not hold, located at its fence.
fn failed_example(guideline: &Guideline, case: &ExampleCase) -> Problem {
    let detail = case.verdict.detail().unwrap_or_default();
    let fence =
        guideline.text[case.span.start.min(guideline.text.len())..].lines().next().map_or(0, str::len);
    let span = Span::new(case.span.start, case.span.start + fence);
    problem_at(guideline, span, format!("{}: {detail}", case.verdict.name()))
}

fn problem_at(guideline: &Guideline, span: Span, message: String) -> Problem {
    Problem {
        file: Arc::from(guideline.origin.location()),
        text: Arc::clone(&guideline.text),
        span,
        message,
        label: "here".to_owned(),
        help: None,
        first_line: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(version: &str, find: &str, good: &str) -> String {
        format!(
            "---\nschema: 1\nguideline: acme/x\nversion: {version}\ntitle: x\nsummary: x\nstage: trial\nowner: x\nchecks:\n  - id: x\n    text: {{ files: [\"**\"], find: '{find}' }}\n---\n# x\n\n## How to keep it\n\n```text good path=a.txt\n{good}\n```\n\n```text bad path=a.txt\nTODO\n```\n"
        )
    }

    #[test]
    fn invalid_checks_and_failing_examples_are_reported_with_position() {
        let messages = |text: &str| -> Vec<String> {
            test_guideline("x.md", text, None, None).problems.into_iter().map(|it| it.message).collect()
        };
        assert_eq!(messages(&text("1.0.0", "TODO", "done")), [""; 0]);
        let code = text("1.0.0", "TODO", "done").replace(
            "text: { files: [\"**\"], find: 'TODO' }",
            "code: { language: python, rule: { kind: no_such_kind } }",
        );
        assert!(messages(&code)[0].contains("no_such_kind"), "{:?}", messages(&code));
        assert!(messages(&text("1.0.0", "TODO", "TODO"))[0].starts_with("noisy"));
        assert!(messages(&text("1.0.0", "FIXME", "done"))[0].starts_with("missing"));
        for (_, text) in format::starter_guidelines() {
            assert_eq!(messages(text), [""; 0]);
        }
    }

    #[test]
    fn stricter_minor_versions_get_a_note() {
        let old = text("1.0.0", "TODO", "FIXME");
        let note = |version: &str, find: &str| {
            test_guideline("x.md", &text(version, find, "done"), Some(&old), None).note
        };
        assert_eq!(note("1.1.0", "TODO"), None);
        let note_text = note("1.1.0", "TODO|FIXME").expect("a note");
        assert!(
            note_text.contains("requires no more than 1.0.0") && note_text.contains("line"),
            "{note_text}"
        );
        assert_eq!(note("2.0.0", "TODO|FIXME"), None, "the number announces it");
        assert_eq!(note("0.9.0", "TODO|FIXME"), None, "an older version does not follow it");
    }
}
