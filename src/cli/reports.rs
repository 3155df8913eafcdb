//! Report formats and destinations: maps each format name to its writer.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::project::CONFIG;
use super::terminal::Terminal;
use super::{Failure, files, root};
use crate::model::{Outcome, RepoPath};
use crate::report::{
    HumanStyle, Run, RunProject, STEP_SUMMARY_MAX_BYTES, SarifStyle, render_human, render_project_heading,
    write_checkstyle, write_github, write_gitlab, write_html, write_json, write_jsonl, write_junit,
    write_markdown, write_rdjson, write_rdjsonl, write_sarif, write_step_summary,
};
use crate::text::decode;

/// Maximum size in bytes of a file whose text a report reads again.
const MAX_FILE_BYTES: u64 = 8 << 20;

/// Report formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ReportFormat {
    /// Human-readable text
    Human,
    /// One JSON document
    Json,
    /// One JSON record per line
    Jsonl,
    /// GitHub: annotations on the lines of a change
    #[value(name = "github")]
    GitHub,
    /// GitHub: step summary, to append to $GITHUB_STEP_SUMMARY
    #[value(name = "github-summary")]
    StepSummary,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// GitLab: Code Quality
    #[value(name = "gitlab")]
    GitLab,
    /// JUnit XML, with a failure for each promise that is not kept
    Junit,
    /// Checkstyle XML
    Checkstyle,
    /// reviewdog: one document
    Rdjson,
    /// reviewdog: one record per line
    Rdjsonl,
    /// Markdown for a pull-request comment
    Markdown,
    /// HTML page
    Html,
}

/// A report that is written to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReportOutput {
    format: ReportFormat,
    file: PathBuf,
}

/// Parses `FORMAT=FILE`.
pub(super) fn parse_output(text: &str) -> Result<ReportOutput, String> {
    let advice = || {
        let names: Vec<String> = <ReportFormat as clap::ValueEnum>::value_variants()
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
        return Err("--output writes files; use --format for standard output".to_owned());
    }
    Ok(ReportOutput { format, file: PathBuf::from(file) })
}

/// The outcome of a project, for reports.
pub(super) struct ProjectReport<'r> {
    /// Project folder, absolute.
    pub(super) root: &'r Path,
    /// Judged findings.
    pub(super) outcome: &'r Outcome,
}

/// Style of the reports.
pub(super) struct ReportStyle {
    /// Style of the human-readable report.
    pub(super) style: HumanStyle,
    /// Content of SARIF reports.
    pub(super) sarif: SarifStyle,
    /// Whether the assessed files are those on disk.
    pub(super) is_work_tree: bool,
}

/// Checks that no two reports are written to the same file.
///
/// # Errors
/// A failure that names the file.
pub(super) fn check_distinct_files(outputs: &[ReportOutput]) -> Result<(), Failure> {
    for (nth, output) in outputs.iter().enumerate() {
        if outputs[..nth].iter().any(|before| before.file == output.file) {
            let file = output.file.display();
            return Err(Failure::new(format!("two reports would be written to {file}"))
                .with_help("give each report its own file"));
        }
    }
    Ok(())
}

/// Writes the reports to files, each atomically.
///
/// # Errors
/// A file cannot be written.
pub(super) fn write_report_files(
    outputs: &[ReportOutput],
    base: &Path,
    reports: &[ProjectReport<'_>],
    report_style: &ReportStyle,
) -> Result<(), Failure> {
    for ReportOutput { format, file } in outputs {
        let report_style = ReportStyle {
            style: HumanStyle {
                color: false,
                width: 100,
                elapsed_ms: None,
                quiet: false,
                whole_lines: true,
                ..report_style.style.clone()
            },
            ..*report_style
        };
        let path = base.join(file);
        let written = if *format == ReportFormat::StepSummary {
            append_summary(&path, reports, &report_style)
        } else {
            files::write_whole(&path, |out| write_format(reports, *format, &report_style, out))
        };
        written.map_err(|error| Failure::io("write", file, &error))?;
    }
    Ok(())
}

/// Writes the report to standard output.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn write_report(
    format: ReportFormat,
    terminal: &Terminal,
    reports: &[ProjectReport<'_>],
    report_style: &ReportStyle,
) -> Result<(), Failure> {
    if format == ReportFormat::Human {
        terminal.stream(|out| write_format(reports, format, report_style, out))
    } else {
        terminal.stream_for_programs(|out| write_format(reports, format, report_style, out))
    }
}

/// Appends the summary to the file that other commands of the step write, too. GitHub limits its total size.
fn append_summary(path: &Path, reports: &[ProjectReport<'_>], report_style: &ReportStyle) -> io::Result<()> {
    let existing = match std::fs::metadata(path) {
        Ok(existing) => usize::try_from(existing.len()).unwrap_or(usize::MAX),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    let mut text = if existing == 0 { Vec::new() } else { b"\n".to_vec() };
    let room = STEP_SUMMARY_MAX_BYTES.saturating_sub(existing + text.len());
    with_run(reports, report_style, |run| write_step_summary(run, room, &mut text))?;
    if text.len() > room {
        let message = "no room for a summary: the file has reached GitHub's limit of 1 MiB per step";
        return Err(io::Error::other(message));
    }
    std::fs::OpenOptions::new().append(true).create(true).open(path)?.write_all(&text)
}

/// Writes the reports of all projects in one format. Human-readable and JSON-lines output has one report per
/// project. JSON embeds nested projects in the report of the first one. All other formats have a single
/// report with paths relative to the repository root.
fn write_format(
    reports: &[ProjectReport<'_>],
    format: ReportFormat,
    report_style: &ReportStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let Some(first) = reports.first() else { return Ok(()) };
    let named = |project: &ProjectReport<'_>| root::relative(first.root, project.root);
    match format {
        ReportFormat::Human => write_human(reports, &report_style.style, out),
        ReportFormat::Json => {
            let below: Vec<(RepoPath, &Outcome)> =
                reports[1..].iter().map(|project| (named(project), project.outcome)).collect();
            write_json(first.outcome, &below, out)
        }
        ReportFormat::Jsonl => {
            reports.iter().try_for_each(|project| write_jsonl(project.outcome, &named(project), &mut *out))
        }
        _ => with_run(reports, report_style, |run| match format {
            ReportFormat::GitHub => write_github(run, out),
            ReportFormat::StepSummary => write_step_summary(run, STEP_SUMMARY_MAX_BYTES, out),
            ReportFormat::Sarif => write_sarif(run, report_style.sarif, out),
            ReportFormat::GitLab => write_gitlab(run, out),
            ReportFormat::Junit => write_junit(run, out),
            ReportFormat::Checkstyle => write_checkstyle(run, out),
            ReportFormat::Rdjson => write_rdjson(run, out),
            ReportFormat::Rdjsonl => write_rdjsonl(run, out),
            ReportFormat::Markdown => write_markdown(run, out),
            ReportFormat::Html => write_html(run, out),
            ReportFormat::Human | ReportFormat::Json | ReportFormat::Jsonl => Ok(()),
        }),
    }
}

fn write_human(reports: &[ProjectReport<'_>], style: &HumanStyle, out: &mut dyn io::Write) -> io::Result<()> {
    let Some(first) = reports.first() else { return Ok(()) };
    for project in reports {
        let here = root::relative(first.root, project.root);
        let mut style = style.clone();
        if !here.bytes().is_empty() {
            style.commands = style.commands.in_project(&here.lossless());
        }
        let text = render_human(project.outcome, &style);
        if !here.bytes().is_empty() && !text.is_empty() {
            out.write_all(render_project_heading(&here, &style).as_bytes())?;
        }
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// Passes `write` the run, with paths relative to the repository root.
fn with_run<T>(
    reports: &[ProjectReport<'_>],
    report_style: &ReportStyle,
    write: impl FnOnce(&Run<'_>) -> T,
) -> T {
    let here = reports.first().map_or(Path::new(""), |first| first.root);
    let top = here.ancestors().find(|at| at.join(".git").symlink_metadata().is_ok()).unwrap_or(here);
    let projects = reports.iter().map(|project| RunProject {
        folder: root::relative(top, project.root),
        outcome: project.outcome,
        absent: absent_paths(project),
        follows_at: follow_line(project.root),
    });
    let contents = |path: &RepoPath| {
        let full = path.below(top).filter(|_| report_style.is_work_tree)?;
        let bytes = files::read_bytes(&full, MAX_FILE_BYTES).ok()?;
        (bytes.len() as u64 <= MAX_FILE_BYTES)
            .then(|| decode(&bytes).ok().map(|decoded| decoded.text.into_owned()))?
    };
    let run = Run {
        projects: projects.collect(),
        contents: &contents,
        command: format!("{} --all", report_style.style.commands.check),
    };
    write(&run)
}

/// Paths of findings about missing files.
fn absent_paths(project: &ProjectReport<'_>) -> BTreeSet<RepoPath> {
    let about_paths = project.outcome.findings.iter().filter(|finding| finding.excerpt.is_none());
    let is_absent =
        |path: &&RepoPath| path.below(project.root).is_some_and(|full| full.symlink_metadata().is_err());
    about_paths.map(|finding| &finding.path).filter(is_absent).cloned().collect()
}

/// Line of `follow` in the project's `stanchion.toml`; 1 without it.
fn follow_line(folder: &Path) -> Option<u32> {
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
        assert_eq!((output.format, output.file), (ReportFormat::Jsonl, PathBuf::from("a=b.jsonl")));
        for wrong in ["json", "xml=a", "json=", "=a"] {
            assert!(parse_output(wrong).expect_err("refused").contains("FORMAT=FILE"), "{wrong}");
        }
        assert!(parse_output("json=-").expect_err("refused").contains("--format"));
        let outputs: Vec<ReportOutput> =
            ["json=a", "sarif=b", "html=a"].map(|it| parse_output(it).expect("valid")).into();
        assert!(check_distinct_files(&outputs[..2]).is_ok());
        assert!(
            check_distinct_files(&outputs)
                .expect_err("refused")
                .to_string()
                .contains("would be written to a")
        );
    }
}
