//! What a guideline must show before it is published: its checks can be used, its examples hold, and what the version
//! before it showed as good is good still, unless it says that it asks for more.
//!
//! The only file of this room that knows the engine. Everything that compiles or parses does so in a worker: another process
//! of this program, with limits of memory and time. No HTTP and no SQL enters here.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) use crate::engine::worker::{is_asked_for as is_worker, program as worker_program};
use crate::engine::{problems_of_guideline, worker};
use crate::format;
use crate::model::{Expectation, Guideline, Origin, Problem};
use crate::text::Span;
use crate::verify::{Case, CaseVerdict, verify};

/// Longest time for all examples of a version, and for those of the one before.
const PATIENCE: Duration = Duration::from_secs(15);
/// Good examples of the version before that are named.
const NAMED: usize = 3;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Proved {
    /// Why it is not published: every problem.
    pub(super) problems: Vec<Problem>,
    /// What readers should know about the number of the version.
    pub(super) note: Option<String>,
}

/// Is a worker, until its parent has no more questions. Returns whether it ended well.
pub(super) fn serve_as_worker() -> bool {
    worker::serve(std::io::stdin().lock(), std::io::stdout().lock()).is_ok()
}

/// Looks at a text that is a guideline, and at the one that it follows. Waits: for a thread that may.
pub(super) fn prove(name: &str, text: &str, before: Option<&str>, program: Option<&Path>) -> Proved {
    // Whether it can be read was told before.
    let Some(guideline) = read(name, text) else { return Proved::default() };
    let mut problems: Vec<Problem> = problems_of_guideline(&guideline, program)
        .into_iter()
        .map(|found| {
            let problem = found.problem;
            format::problem(&guideline, found.check.unwrap_or(0), &problem.at, problem.message, problem.help)
        })
        .collect();
    if problems.is_empty() {
        match cases(&guideline, program) {
            Some(cases) => problems.extend(
                cases
                    .iter()
                    .filter(|case| case.verdict != CaseVerdict::Holds)
                    .map(|case| slip(&guideline, case)),
            ),
            None => problems.push(at(
                &guideline,
                Span::at(0),
                format!("its examples take longer than {} s", PATIENCE.as_secs()),
            )),
        }
    }
    if !problems.is_empty() {
        return Proved { problems, note: None };
    }
    let note = before.and_then(|text| read(name, text)).and_then(|old| replay(&guideline, &old, program));
    Proved { problems, note }
}

fn read(name: &str, text: &str) -> Option<Arc<Guideline>> {
    format::parse(name, text, Origin::File(name.to_owned()), &|_| None).ok().map(Arc::new)
}

/// Every example and how it came out; `None` where that takes too long.
#[expect(clippy::disallowed_methods, reason = "nobody's examples may take the time of others")]
fn cases(guideline: &Arc<Guideline>, program: Option<&Path>) -> Option<Vec<Case>> {
    let start = Instant::now();
    let mut all = Vec::new();
    for example in &guideline.examples {
        let one = Guideline { examples: vec![example.clone()], ..Guideline::clone(guideline) };
        all.extend(verify(&Arc::new(one), program).cases);
        if start.elapsed() > PATIENCE {
            return None;
        }
    }
    Some(all)
}

/// What the examples of the version before say about the number of this one.
fn replay(new: &Guideline, old: &Arc<Guideline>, program: Option<&Path>) -> Option<String> {
    let is_major = new.version.major != old.version.major
        || (old.version.major == 0 && new.version.minor != old.version.minor);
    if is_major || new.version < old.version {
        return None;
    }
    // Checks that are gone are asked nothing.
    let known = |check: &String| new.checks.iter().any(|it| it.id == *check);
    let examples =
        old.examples.iter().filter(|it| it.expects == Expectation::Good && it.checks.iter().all(known));
    let replayed = Guideline { examples: examples.cloned().collect(), ..new.clone() };
    let broken: Vec<String> = cases(&Arc::new(replayed), program)?
        .into_iter()
        .filter(|case| matches!(case.verdict, CaseVerdict::Noisy(_)))
        .map(|case| format!("line {}", case.line))
        .collect();
    if broken.is_empty() {
        return None;
    }
    let more = broken.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named = broken.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    Some(format!(
        "By its number {} asks for no more than {}, but what {} showed as good ({named}{more}) is found by it: a new major version would say so.",
        new.version, old.version, old.version
    ))
}

/// An example that does not hold, at its fence.
fn slip(guideline: &Guideline, case: &Case) -> Problem {
    let detail = case.verdict.detail().unwrap_or_default();
    let fence =
        guideline.text[case.span.start.min(guideline.text.len())..].lines().next().map_or(0, str::len);
    let span = Span::new(case.span.start, case.span.start + fence);
    at(guideline, span, format!("{}: {detail}", case.verdict.name()))
}

fn at(guideline: &Guideline, span: Span, message: String) -> Problem {
    Problem {
        file: Arc::from(guideline.origin.words()),
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
    fn what_cannot_be_used_or_does_not_hold_is_told_at_its_place() {
        let told = |text: &str| -> Vec<String> {
            prove("x.md", text, None, None).problems.into_iter().map(|it| it.message).collect()
        };
        assert_eq!(told(&text("1.0.0", "TODO", "done")), [""; 0]);
        let code = text("1.0.0", "TODO", "done").replace(
            "text: { files: [\"**\"], find: 'TODO' }",
            "code: { language: python, rule: { kind: no_such_kind } }",
        );
        assert!(told(&code)[0].contains("no_such_kind"), "{:?}", told(&code));
        assert!(told(&text("1.0.0", "TODO", "TODO"))[0].starts_with("noisy"));
        assert!(told(&text("1.0.0", "FIXME", "done"))[0].starts_with("missing"));
        for (_, text) in format::starter() {
            assert_eq!(told(text), [""; 0]);
        }
    }

    #[test]
    fn a_number_that_says_less_than_it_asks_is_noted() {
        let old = text("1.0.0", "TODO", "FIXME");
        let note =
            |version: &str, find: &str| prove("x.md", &text(version, find, "done"), Some(&old), None).note;
        assert_eq!(note("1.1.0", "TODO"), None);
        let said = note("1.1.0", "TODO|FIXME").expect("it asks for more");
        assert!(said.contains("asks for no more than 1.0.0") && said.contains("line"), "{said}");
        assert_eq!(note("2.0.0", "TODO|FIXME"), None, "it says so");
        assert_eq!(note("0.9.0", "TODO|FIXME"), None, "it does not follow it");
    }
}
