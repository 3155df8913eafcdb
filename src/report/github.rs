//! `--format github`: workflow commands, which GitHub shows beside the lines of a change.
//!
//! A runner keeps the first ten of a type and step, and drops the others without a word
//! (`ExecutionContext.cs`): so what shows the most comes first, and the tenth says how many more there are.
//! `error` is for a promise that the repository does not keep; advice is a `notice`.

use std::io;

use super::encode::{clip, command};
use super::run::{Item, Run, Weight};
use crate::model::{PromiseVerdict, RepoPath};

/// So many commands of a type are kept by the runner.
const KEPT: usize = 10;
/// Longest message, in characters; the runner cuts at 4,096, counted after it undid the escaping.
const MESSAGE: usize = 4_000;
/// Longest title, in characters.
const TITLE: usize = 250;

/// A command before it is written.
struct Command {
    kind: &'static str,
    /// Where: path, and first and last line.
    place: Option<(String, Option<(u32, u32)>)>,
    /// First and last column, where the place is in one line.
    columns: Option<(u32, u32)>,
    title: String,
    message: String,
}

/// Writes the commands, the weightiest first, and a last line that is none and sums up.
///
/// # Errors
/// What the writer says.
pub fn write(run: &Run<'_>, mut out: impl io::Write) -> io::Result<()> {
    let ranked = run.ranked();
    let broken = ranked.iter().filter(|item| item.weight == Weight::Broken);
    let advice = ranked.iter().filter(|item| item.weight != Weight::Broken);
    let untold = run.broken_promises().filter(|(_, promise)| promise.verdict == PromiseVerdict::CannotTell);
    let mut errors: Vec<Command> = untold
        .map(|(party, promise)| Command {
            kind: "error",
            place: party
                .follows_at
                .map(|line| (party.shown(&RepoPath::from("stanchion.toml")), Some((line, line)))),
            columns: None,
            title: format!("Promise not kept: {}", promise.guideline),
            message: format!(
                "It cannot be told whether it is kept, and here that breaks it: {}",
                promise.why
            ),
        })
        .collect();
    errors.extend(broken.map(of_item));
    let (warnings, notices) = (warnings(run), advice.map(of_item).collect());
    let more = [
        ("error", "findings that break a promise"),
        ("warning", "things that could not be used or assessed"),
        ("notice", "pieces of advice"),
    ];
    for (commands, (kind, what)) in [errors, warnings, notices].into_iter().zip(more) {
        write_some(commands, kind, what, &run.command, &mut out)?;
    }
    writeln!(out, "stanchion: {}", run.tally().sentence())
}

/// Writes at most as many as the runner keeps.
fn write_some(
    commands: Vec<Command>,
    kind: &'static str,
    what: &str,
    all: &str,
    out: &mut impl io::Write,
) -> io::Result<()> {
    let many = commands.len();
    let shown = if many > KEPT { KEPT - 1 } else { many };
    for command in commands.into_iter().take(shown) {
        write_one(&command, out)?;
    }
    if shown < many {
        let message =
            format!("{shown} of {many} {what} are shown here: GitHub keeps no more. `{all}` shows them all.");
        let title = format!("stanchion: and {} more", many - shown);
        write_one(&Command { kind, place: None, columns: None, title, message }, out)?;
    }
    Ok(())
}

fn write_one(it: &Command, out: &mut impl io::Write) -> io::Result<()> {
    write!(out, "::{} ", it.kind)?;
    if let Some((path, lines)) = &it.place {
        write!(out, "file={},", command::property(path))?;
        if let Some((first, last)) = lines {
            write!(out, "line={first},endLine={last},")?;
            // The runner drops columns where there are several lines.
            if let (true, Some((start, end))) = (first == last, it.columns) {
                write!(out, "col={start},endColumn={end},")?;
            }
        }
    }
    let title = command::property(&clip(&it.title, TITLE));
    writeln!(out, "title={title}::{}", command::message(&clip(&it.message, MESSAGE)))
}

fn of_item(item: &Item<'_>) -> Command {
    let (finding, guideline) = (item.finding, item.guideline());
    let (path, lines) = item.place();
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
            format!("\n{id} {}, promised since {}. Why, and how: stanchion explain {id}. To step over it with a reason: stanchion waive {id}", guideline.version, promise.promise.since)
        }
        None => format!("\nAdvice of {id} {}. Why, and how: stanchion explain {id}", guideline.version),
    });
    let columns = (own && lines.is_some()).then_some((finding.start.column, finding.end.column));
    let path = super::escape::escape(&path.lossless()).into_owned();
    Command { kind, place: Some((path, lines)), columns, title, message }
}

/// What keeps something from being used or assessed: waivers without effect, guideline files, and promises about
/// which it cannot be told.
fn warnings(run: &Run<'_>) -> Vec<Command> {
    let mut all = Vec::new();
    for party in &run.parties {
        let outcome = party.outcome;
        for problem in outcome.waiver_problems.iter().chain(&outcome.problems) {
            let before = problem.text.get(..problem.span.start).unwrap_or_default();
            let lines = u32::try_from(before.matches('\n').count()).unwrap_or(u32::MAX);
            let line = problem.first_line.saturating_add(lines);
            all.push(Command {
                kind: "warning",
                place: Some((party.shown(&RepoPath::from(&*problem.file)), Some((line, line)))),
                columns: None,
                title: "stanchion: something cannot be used".to_owned(),
                message: match &problem.help {
                    Some(help) => format!("{}\n{help}", problem.message),
                    None => problem.message.clone(),
                },
            });
        }
        let untold = |promise: &&crate::model::PromiseOutcome| {
            promise.verdict == PromiseVerdict::CannotTell && !party.fails(promise)
        };
        all.extend(outcome.promises.iter().filter(untold).map(|promise| Command {
            kind: "warning",
            place: None,
            columns: None,
            title: format!("Promised, and it cannot be told: {}", promise.guideline),
            message: promise.why.clone(),
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
        let text = sample::written(|run, out| write(run, out));
        insta::assert_snapshot!("github", text);
    }

    #[test]
    fn no_type_has_more_than_the_runner_keeps_and_the_last_says_so() {
        let many = sample::many(50_000);
        let text = sample::written_of(&[&many], |run, out| write(run, out));
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
        let many = sample::many(1_000);
        let text = sample::written_of(&[&many], |run, out| write(run, out));
        let shown = |id: &str| text.lines().filter(|line| line.contains(id)).count();
        assert!((0..16).all(|n| shown(&format!("acme/g{n:02} ")) > 0), "{text}");
    }
}
