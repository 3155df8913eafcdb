//! `--format github`: workflow commands, which GitHub shows as annotations next to changed lines.
//!
//! A runner keeps the first ten commands of each type and step, and silently drops the others
//! (`ExecutionContext.cs`). The most important findings therefore come first, and the tenth command states
//! how many more there are. A broken promise is an `error`; advice is a `notice`.

use std::io;

use super::encode::{clip, command};
use super::run::{ReportFinding, Run, Weight};
use crate::model::{PromiseVerdict, RepoPath};

/// Number of commands of each type that the runner keeps.
const KEPT_BY_RUNNER: usize = 10;
/// Maximum length of a message, in characters. The runner truncates it to 4,096 after unescaping.
const MAX_MESSAGE: usize = 4_000;
/// Maximum length of a title, in characters.
const MAX_TITLE: usize = 250;

/// A workflow command before it is written.
struct Annotation {
    kind: &'static str,
    /// Path, and first and last line.
    place: Option<(String, Option<(u32, u32)>)>,
    /// First and last column; `None` if the location is a whole file, or a line in a different file than the
    /// finding.
    columns: Option<(u32, u32)>,
    title: String,
    message: String,
}

/// Writes the commands, the most important first, and a plain summary line at the end.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write(run: &Run<'_>, mut out: impl io::Write) -> io::Result<()> {
    let ranked = run.ranked_findings();
    let broken = ranked.iter().filter(|item| item.weight == Weight::Broken);
    let advice = ranked.iter().filter(|item| item.weight != Weight::Broken);
    let not_judged =
        run.broken_promises().filter(|(_, promise)| promise.verdict == PromiseVerdict::CannotTell);
    let mut errors: Vec<Annotation> = not_judged
        .map(|(project, promise)| Annotation {
            kind: "error",
            place: project
                .follows_at
                .map(|line| (project.display_path(&RepoPath::from("stanchion.toml")), Some((line, line)))),
            columns: None,
            title: format!("Promise not kept: {}", promise.guideline),
            message: format!(
                "Cannot tell whether it is kept, which counts as not kept in this repository: {}",
                promise.why
            ),
        })
        .collect();
    errors.extend(broken.map(finding_annotation));
    let (warnings, notices) = (warning_annotations(run), advice.map(finding_annotation).collect());
    let more = [
        ("error", "findings that break a promise"),
        ("warning", "problems and promises not judged"),
        ("notice", "pieces of advice"),
    ];
    for (commands, (kind, what)) in [errors, warnings, notices].into_iter().zip(more) {
        write_annotations(commands, kind, what, &run.command, &mut out)?;
    }
    writeln!(out, "stanchion: {}", run.tally().sentence())
}

/// Writes at most as many commands as the runner keeps.
fn write_annotations(
    commands: Vec<Annotation>,
    kind: &'static str,
    what: &str,
    all: &str,
    out: &mut impl io::Write,
) -> io::Result<()> {
    let many = commands.len();
    let shown = if many > KEPT_BY_RUNNER { KEPT_BY_RUNNER - 1 } else { many };
    for command in commands.into_iter().take(shown) {
        write_annotation(&command, out)?;
    }
    if shown < many {
        let message = format!(
            "Showing {shown} of {many} {what}: GitHub keeps {KEPT_BY_RUNNER} of each type per step. `{all}` shows all."
        );
        let title = format!("stanchion: and {} more", many - shown);
        write_annotation(&Annotation { kind, place: None, columns: None, title, message }, out)?;
    }
    Ok(())
}

fn write_annotation(it: &Annotation, out: &mut impl io::Write) -> io::Result<()> {
    write!(out, "::{} ", it.kind)?;
    if let Some((path, lines)) = &it.place {
        write!(out, "file={},", command::property(path))?;
        if let Some((first, last)) = lines {
            write!(out, "line={first},endLine={last},")?;
            // The runner drops columns if the annotation spans several lines.
            if let (true, Some((start, end))) = (first == last, it.columns) {
                write!(out, "col={start},endColumn={end},")?;
            }
        }
    }
    let title = command::property(&clip(&it.title, MAX_TITLE));
    writeln!(out, "title={title}::{}", command::message(&clip(&it.message, MAX_MESSAGE)))
}

fn finding_annotation(item: &ReportFinding<'_>) -> Annotation {
    let (finding, guideline) = (item.finding, item.guideline());
    let (path, lines) = item.location();
    let own = *path == *item.path();
    let promise = item.promise().filter(|_| item.weight == Weight::Broken);
    let (kind, title) = match promise {
        Some(_) => ("error", format!("Promise not kept: {}", guideline.title)),
        None => ("notice", guideline.title.clone()),
    };
    let mut message = finding.message.clone();
    if !own {
        message = format!("{}: {message}", item.path().lossless());
    }
    let id = &guideline.id;
    message.push_str(&match promise {
        Some(promise) => {
            format!("\n{id} {}, promised since {}. To keep it: stanchion explain {id}. To step over it with a reason: stanchion waive {id} FILE:LINE", guideline.version, promise.promise.since)
        }
        None => format!("\nAdvice from {id} {}. Why, and how to keep it: stanchion explain {id}", guideline.version),
    });
    let columns = (own && lines.is_some()).then_some((finding.start.column, finding.end.column));
    let path = super::escape::escape(&path.lossless()).into_owned();
    Annotation { kind, place: Some((path, lines)), columns, title, message }
}

/// Returns warnings about waivers without effect, unusable guideline files, and promises that could not be
/// judged.
fn warning_annotations(run: &Run<'_>) -> Vec<Annotation> {
    let mut all = Vec::new();
    for project in &run.projects {
        let outcome = project.outcome;
        for problem in outcome.waiver_problems.iter().chain(&outcome.problems) {
            let before = problem.text.get(..problem.span.start).unwrap_or_default();
            let lines = u32::try_from(before.matches('\n').count()).unwrap_or(u32::MAX);
            let line = problem.first_line.saturating_add(lines);
            all.push(Annotation {
                kind: "warning",
                place: Some((project.display_path(&RepoPath::from(&*problem.file)), Some((line, line)))),
                columns: None,
                title: "stanchion: invalid waiver or guideline".to_owned(),
                message: match &problem.help {
                    Some(help) => format!("{}\n{help}", problem.message),
                    None => problem.message.clone(),
                },
            });
        }
        let not_judged = |promise: &&crate::model::PromiseOutcome| {
            promise.verdict == PromiseVerdict::CannotTell && !project.fails_run(promise)
        };
        all.extend(outcome.promises.iter().filter(not_judged).map(|promise| Annotation {
            kind: "warning",
            place: None,
            columns: None,
            title: format!("Promise not judged: {}", promise.guideline),
            message: format!("{}\nFor details: {}", promise.why, run.command),
        }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_sample() {
        let text = sample::write_sample(|run, out| write(run, out));
        insta::assert_snapshot!("github", text);
    }

    #[test]
    fn no_type_has_more_commands_than_the_runner_keeps() {
        let many = sample::outcome_with_findings(50_000);
        let text = sample::write_outcomes(&[&many], |run, out| write(run, out));
        for (kind, more) in [("error", "24,991"), ("notice", "24,991")] {
            let lines: Vec<&str> =
                text.lines().filter(|line| line.starts_with(&format!("::{kind} "))).collect();
            assert_eq!(lines.len(), 10, "{kind}");
            let expected = format!("and {} more", more.replace(',', ""));
            assert!(lines[9].contains(&expected), "{}", lines[9]);
        }
        assert!(text.lines().all(|line| line.chars().count() < 5_000));
    }

    #[test]
    fn of_many_guidelines_each_is_shown() {
        let many = sample::outcome_with_findings(1_000);
        let text = sample::write_outcomes(&[&many], |run, out| write(run, out));
        let shown = |id: &str| text.lines().filter(|line| line.contains(id)).count();
        assert!((0..16).all(|n| shown(&format!("acme/g{n:02} ")) > 0), "{text}");
    }
}
