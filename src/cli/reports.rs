//! The formats of a report by name, and where each is written. The one place where a name becomes a writer.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::party::CONFIG;
use super::terminal::Terminal;
use super::{Failure, files, root};
use crate::model::{Outcome, RepoPath};
use crate::report::{
    HumanStyle, Run, RunParty, STEP_SUMMARY_LARGEST, SarifStyle, render_human, render_party,
    write_checkstyle, write_github, write_gitlab, write_html, write_json, write_jsonl, write_junit,
    write_markdown, write_rdjson, write_rdjsonl, write_sarif, write_step_summary,
};
use crate::text::decode;

/// Largest file whose text a report looks at again, in bytes.
const LARGEST: u64 = 8 << 20;

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    Human,
    /// One JSON document
    Json,
    /// One JSON record a line
    Jsonl,
    /// GitHub: annotations beside the lines of a change
    #[value(name = "github")]
    GitHub,
    /// GitHub: the summary of a step; appended to $GITHUB_STEP_SUMMARY
    #[value(name = "github-summary")]
    StepSummary,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// GitLab: Code Quality
    #[value(name = "gitlab")]
    GitLab,
    /// JUnit XML; a failure only for a broken promise
    Junit,
    /// Checkstyle XML
    Checkstyle,
    /// reviewdog: one document
    Rdjson,
    /// reviewdog: one record a line
    Rdjsonl,
    /// The comment of a pull request
    Markdown,
    /// One page for a browser
    Html,
}

/// A report that goes to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    format: Format,
    file: PathBuf,
}

/// Reads `FORMAT=FILE`.
pub(super) fn parse_output(text: &str) -> Result<Output, String> {
    let advice = || {
        let names: Vec<String> = <Format as clap::ValueEnum>::value_variants()
            .iter()
            .filter_map(|format| Some(clap::ValueEnum::to_possible_value(format)?.get_name().to_owned()))
            .collect();
        format!("write FORMAT=FILE, for example sarif=report.sarif; formats are {}", names.join(", "))
    };
    let (format, file) = text.split_once('=').ok_or_else(advice)?;
    let format = clap::ValueEnum::from_str(format, false).map_err(|_| advice())?;
    if file.is_empty() {
        return Err(advice());
    }
    if file == "-" {
        return Err(
            "a report for standard output is asked for with --format; --output is for files".to_owned()
        );
    }
    Ok(Output { format, file: PathBuf::from(file) })
}

/// A party that is told about.
pub(super) struct Told<'r> {
    /// Its folder, absolute.
    pub(super) root: &'r Path,
    /// What came out.
    pub(super) outcome: &'r Outcome,
}

/// How reports are written.
pub(super) struct Manner {
    /// How the report for people looks.
    pub(super) style: HumanStyle,
    /// What SARIF holds.
    pub(super) sarif: SarifStyle,
    /// Whether the files on disk are those that were assessed.
    pub(super) is_work_tree: bool,
}

/// That no two reports go to one file.
///
/// # Errors
/// Names the file.
pub(super) fn are_apart(outputs: &[Output]) -> Result<(), Failure> {
    for (nth, output) in outputs.iter().enumerate() {
        if outputs[..nth].iter().any(|before| before.file == output.file) {
            let file = output.file.display();
            return Err(Failure::new(format!("two reports would go to {file}"))
                .with_help("give each a file of its own"));
        }
    }
    Ok(())
}

/// Writes the reports that go to files, each whole or not at all.
///
/// # Errors
/// A file that cannot be written.
pub(super) fn to_files(
    outputs: &[Output],
    base: &Path,
    told: &[Told<'_>],
    manner: &Manner,
) -> Result<(), Failure> {
    for Output { format, file } in outputs {
        let manner = Manner {
            style: HumanStyle {
                color: false,
                width: 100,
                elapsed_ms: None,
                quiet: false,
                whole_lines: true,
                ..manner.style.clone()
            },
            ..*manner
        };
        let path = base.join(file);
        let written = if *format == Format::StepSummary {
            append_summary(&path, told, &manner)
        } else {
            files::write_whole(&path, |out| write(told, *format, &manner, out))
        };
        written.map_err(|error| Failure::io("write", file, &error))?;
    }
    Ok(())
}

/// Writes the report that goes to standard output.
///
/// # Errors
/// When that cannot be written to.
pub(super) fn to_terminal(
    format: Format,
    terminal: &Terminal,
    told: &[Told<'_>],
    manner: &Manner,
) -> Result<(), Failure> {
    if format == Format::Human {
        terminal.stream(|out| write(told, format, manner, out))
    } else {
        terminal.stream_for_programs(|out| write(told, format, manner, out))
    }
}

/// Adds the summary to what other commands of the step have written; all together may be so large.
fn append_summary(path: &Path, told: &[Told<'_>], manner: &Manner) -> io::Result<()> {
    let there = match std::fs::metadata(path) {
        Ok(there) => usize::try_from(there.len()).unwrap_or(usize::MAX),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    let mut text = if there == 0 { Vec::new() } else { b"\n".to_vec() };
    let room = STEP_SUMMARY_LARGEST.saturating_sub(there + text.len());
    with_run(told, manner, |run| write_step_summary(run, room, &mut text))?;
    if text.len() > room {
        let words = "what stands there leaves no room for a summary: GitHub takes 1 MiB for each step";
        return Err(io::Error::other(words));
    }
    std::fs::OpenOptions::new().append(true).create(true).open(path)?.write_all(&text)
}

/// Each party has a report of its own for people and in JSON lines; in JSON those below stand in that of the first,
/// and in all other formats everything is one report with paths from the repository's root.
fn write(told: &[Told<'_>], format: Format, manner: &Manner, out: &mut dyn io::Write) -> io::Result<()> {
    let Some(first) = told.first() else { return Ok(()) };
    let named = |party: &Told<'_>| root::relative(first.root, party.root);
    match format {
        Format::Human => human(told, &manner.style, out),
        Format::Json => {
            let below: Vec<(RepoPath, &Outcome)> =
                told[1..].iter().map(|party| (named(party), party.outcome)).collect();
            write_json(first.outcome, &below, out)
        }
        Format::Jsonl => {
            told.iter().try_for_each(|party| write_jsonl(party.outcome, &named(party), &mut *out))
        }
        _ => with_run(told, manner, |run| match format {
            Format::GitHub => write_github(run, out),
            Format::StepSummary => write_step_summary(run, STEP_SUMMARY_LARGEST, out),
            Format::Sarif => write_sarif(run, manner.sarif, out),
            Format::GitLab => write_gitlab(run, out),
            Format::Junit => write_junit(run, out),
            Format::Checkstyle => write_checkstyle(run, out),
            Format::Rdjson => write_rdjson(run, out),
            Format::Rdjsonl => write_rdjsonl(run, out),
            Format::Markdown => write_markdown(run, out),
            Format::Html => write_html(run, out),
            Format::Human | Format::Json | Format::Jsonl => Ok(()),
        }),
    }
}

fn human(told: &[Told<'_>], style: &HumanStyle, out: &mut dyn io::Write) -> io::Result<()> {
    let Some(first) = told.first() else { return Ok(()) };
    for party in told {
        let here = root::relative(first.root, party.root);
        let mut style = style.clone();
        if !here.bytes().is_empty() {
            style.commands = style.commands.in_party(&here.lossless());
        }
        let text = render_human(party.outcome, &style);
        if !here.bytes().is_empty() && !text.is_empty() {
            out.write_all(render_party(&here, &style).as_bytes())?;
        }
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// Gives `write` the run with paths from the root of the repository.
fn with_run<T>(told: &[Told<'_>], manner: &Manner, write: impl FnOnce(&Run<'_>) -> T) -> T {
    let here = told.first().map_or(Path::new(""), |first| first.root);
    let top = here.ancestors().find(|at| at.join(".git").symlink_metadata().is_ok()).unwrap_or(here);
    let parties = told.iter().map(|party| RunParty {
        folder: root::relative(top, party.root),
        outcome: party.outcome,
        absent: absent(party),
        follows_at: follows_at(party.root),
    });
    let contents = |path: &RepoPath| {
        let full = path.below(top).filter(|_| manner.is_work_tree)?;
        let bytes = files::bytes(&full, LARGEST).ok()?;
        (bytes.len() as u64 <= LARGEST)
            .then(|| decode(&bytes).ok().map(|decoded| decoded.text.into_owned()))?
    };
    let run = Run {
        parties: parties.collect(),
        contents: &contents,
        command: format!("{} --all", manner.style.commands.check),
    };
    write(&run)
}

/// Where findings say that something is missing.
fn absent(party: &Told<'_>) -> BTreeSet<RepoPath> {
    let about_paths = party.outcome.findings.iter().filter(|finding| finding.excerpt.is_none());
    let is_absent =
        |path: &&RepoPath| path.below(party.root).is_some_and(|full| full.symlink_metadata().is_err());
    about_paths.map(|finding| &finding.path).filter(is_absent).cloned().collect()
}

/// The line of the party's `stanchion.toml` that says what it follows; the first one, if none does.
fn follows_at(folder: &Path) -> Option<u32> {
    let text = files::read(&folder.join(CONFIG)).ok()?;
    let at = text.lines().position(|line| line.trim_start().starts_with("follow"));
    Some(at.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_format_and_file() {
        let output = parse_output("jsonl=a=b.jsonl").expect("valid");
        assert_eq!((output.format, output.file), (Format::Jsonl, PathBuf::from("a=b.jsonl")));
        for wrong in ["json", "xml=a", "json=", "=a"] {
            assert!(parse_output(wrong).expect_err("refused").contains("FORMAT=FILE"), "{wrong}");
        }
        assert!(parse_output("json=-").expect_err("refused").contains("--format"));
        let outputs: Vec<Output> =
            ["json=a", "sarif=b", "html=a"].map(|it| parse_output(it).expect("valid")).into();
        assert!(are_apart(&outputs[..2]).is_ok());
        assert!(are_apart(&outputs).expect_err("refused").to_string().contains("would go to a"));
    }
}
