//! `stanchion check`: assesses a repository and reports findings.

use std::path::{Path, PathBuf};

use super::assess::{self, AssessOptions, AssessRequest, Assessed};
use super::ci::Server;
use super::clock::TodayArgument;
use super::progress::ProgressDisplay;
use super::reports::{self, ProjectReport, ReportFormat, ReportOutput, ReportStyle, parse_output};
use super::shell::quote;
use super::terminal::{Terminal, variable};
use super::tool_results::{ToolResultArguments, ToolResults};
use super::{Exit, Failure, cache, change, guidelines, interrupt, root};
use crate::model::{Outcome, RepoPath};
use crate::report::escape::escape;
use crate::report::{Commands, HumanStyle, ReportScope, SarifStyle, render_timings, wrap};

/// Assess a repository against its guidelines
///
/// Assesses the current repository, or only PATH inside it. The repository root is the nearest parent folder
/// that contains stanchion.toml or .git. Without stanchion.toml, the built-in starter guidelines apply.
#[derive(clap::Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[command(after_help = "\
Examples:
  stanchion check                            assess the current repository
  stanchion check services/pay               assess one folder
  stanchion check --guidelines ./drafts      use the guidelines in a folder
  stanchion check --staged                   assess staged changes
  stanchion check --since main               assess changes since main
  stanchion check --format json              print a JSON report
  stanchion check --output sarif=r.sarif     also write a SARIF report
  stanchion check --sarif-in ruff.sarif      read findings of another linter
  stanchion check --since auto               assess the pull request in a build
  stanchion check --all | less               page through every finding

Findings are advice: the exit status is 0 with or without them. It is 1 only if
a promise of this repository (`stanchion promise`) is not kept.")]
pub(super) struct Arguments {
    /// Folders or files to assess [default: the current repository]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Use the guidelines in this folder instead of the followed ones; repeatable
    #[arg(long, short, value_name = "DIR")]
    guidelines: Vec<PathBuf>,
    /// Assess only staged changes, as git is about to commit them
    #[arg(long, conflicts_with = "since")]
    staged: bool,
    /// Assess only changes since the merge base with this branch, tag or commit; `auto`: the change in a
    /// pull-request build, everything otherwise
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// Format of the report on standard output [default: human; github in GitHub Actions]
    #[arg(long, short, value_name = "FORMAT", value_enum)]
    format: Option<ReportFormat>,
    /// Also write a report to a file, for example sarif=report.sarif; repeatable
    #[arg(long, short, value_name = "FORMAT=FILE", value_parser = parse_output)]
    output: Vec<ReportOutput>,
    /// Show every finding
    #[arg(long, short)]
    all: bool,
    /// Show at most N findings per guideline [default: 5, fewer if many guidelines have findings]
    #[arg(long, value_name = "N", conflicts_with = "all", value_parser = whole_number)]
    cap: Option<usize>,
    /// Also list guidelines that are kept or not applicable
    #[arg(long, short)]
    verbose: bool,
    /// Print one line for each guideline that is not kept; nothing if all are kept
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,
    #[command(flatten)]
    tools: ToolResultArguments,
    /// Print only what a git hook needs; nothing if nothing is new. Assesses staged changes unless --since is
    /// given
    #[arg(long, value_name = "WHAT", value_enum, conflicts_with_all = ["quiet", "verbose", "format"])]
    hook: Option<HookReport>,
    /// Override build-server detection, which sets defaults: github, gitlab, jenkins, buildkite, azure,
    /// bitbucket or none
    #[arg(long, value_name = "SERVER", value_enum, hide_possible_values = true)]
    ci: Option<Server>,
    /// Whether SARIF contains waived findings, marked as suppressed; GitHub opens alerts for them anyway
    /// [default: omit]
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Suppressed::Omit, hide_default_value = true)]
    sarif_suppressed: Suppressed,
    /// Number of threads; 0: one per processor [default: 0]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = whole_number)]
    threads: usize,
    /// Read every file, even if no check can match (to test the prefilter)
    #[arg(long, hide = true)]
    no_prefilter: bool,
    /// Assess in this process, as on systems that cannot limit child processes (to test that path)
    #[arg(long, hide = true)]
    no_worker: bool,
    /// Neither read nor write the cache
    #[arg(long)]
    no_cache: bool,
    /// Also show the time per guideline, slowest first; disables the cache
    #[arg(long)]
    timings: bool,
    #[command(flatten)]
    clock: TodayArgument,
}

/// Handling of waived findings in SARIF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Suppressed {
    /// Leave them out
    Omit,
    /// Write them, with the waiver as suppression
    Include,
}

/// Parts of the report that a git hook prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum HookReport {
    /// Only promises that are not kept; fails if there are any
    Promises,
    /// Only advice on new findings; never fails
    Advice,
    /// Promises and advice
    All,
}

fn whole_number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "write a whole number, for example 20".to_owned())
}

/// Assesses the repository with its nested projects, and writes the reports.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    interrupt::install_handler();
    let progress = ProgressDisplay::new(terminal);
    let base = root::current_directory()?;
    reports::check_distinct_files(&arguments.output)?;
    let scope = CheckScope::of(arguments);
    let locate = if scope.is_change() { root::locate_in_change } else { root::locate };
    let selection = locate(&base, &arguments.paths)?;
    let tools = arguments.tools.read(&base, &selection.root)?;
    let mut projects = vec![assess_project(arguments, (&scope, &tools), &base, selection, &progress)?];
    let mut next = 0;
    while let Some(project) = projects.get(next) {
        next += 1;
        let below = nested_projects(project, scope.is_change());
        let insert_at = next;
        for (offset, selection) in below.into_iter().enumerate() {
            let below = assess_project(arguments, (&scope, &tools), &base, selection, &progress)?;
            projects.insert(insert_at + offset, below);
        }
    }
    progress.finish();
    if scope.is_change() {
        // Nested projects without changes are left out of the report.
        let is_unchanged =
            |project: &JudgedProject| project.outcome().compared.as_ref().is_some_and(|it| it.changes == 0);
        let first = projects.remove(0);
        projects.retain(|project| !is_unchanged(project));
        projects.insert(0, first);
    }
    write_reports(arguments, &scope, terminal, &base, &projects, &progress)?;
    let breaks = projects.iter().any(|project| project.outcome().breaks_a_promise());
    for project in projects {
        let Assessed { cache, outcome, .. } = project.assessed;
        if let Some(Ok(cache)) = cache {
            cache.write();
        }
        // The process ends here: dropping a large outcome would only cost time.
        std::mem::forget(outcome);
    }
    // `--hook advice` never fails: another hook checks the promises.
    let fails = breaks && arguments.hook != Some(HookReport::Advice);
    Ok(if fails { Exit::PromiseNotKept } else { Exit::Ran })
}

/// Scope of the assessment: everything, staged changes, or changes since a revision.
struct CheckScope {
    staged: bool,
    since: Option<String>,
    /// Build server, from `--ci` or detected from the environment.
    server: Server,
    /// Whether `since` was detected (`--since auto`) rather than given.
    detected: bool,
    /// Whether `since` is the remote revision of a push.
    pushed: bool,
}

impl CheckScope {
    fn of(arguments: &Arguments) -> Self {
        let server = arguments.ci.unwrap_or_else(|| Server::detect(&variable));
        let (staged, since) = (arguments.staged, arguments.since.clone());
        let mut scope = Self { staged, since, server, detected: false, pushed: false };
        if scope.since.as_deref() == Some("auto") {
            scope.since = server.base_revision(&variable);
            scope.detected = true;
        }
        if arguments.hook.is_some() && arguments.since.is_none() {
            // The pre-commit framework passes the remote revision of a push; for a new branch it is all
            // zeros.
            let pushed = variable("PRE_COMMIT_FROM_REF");
            if pushed.is_empty() {
                scope.staged = true;
            } else if pushed.bytes().any(|byte| byte != b'0') {
                scope.since = Some(pushed);
                scope.pushed = true;
            }
        }
        scope
    }

    fn is_change(&self) -> bool {
        self.staged || self.since.is_some()
    }
}

/// A project with its judged outcome.
struct JudgedProject {
    selection: root::Selection,
    assessed: Assessed,
}

impl JudgedProject {
    fn outcome(&self) -> &Outcome {
        &self.assessed.outcome
    }
}

fn assess_project(
    arguments: &Arguments,
    (scope, tools): (&CheckScope, &ToolResults),
    base: &Path,
    selection: root::Selection,
    progress: &ProgressDisplay,
) -> Result<JudgedProject, Failure> {
    // Users wait for hooks, so both run in parallel.
    let (followed, change) = rayon::join(
        || guidelines::load(&selection.root, base, &arguments.guidelines),
        || change::find_change(scope.staged, scope.since.as_deref(), base, &selection),
    );
    let followed = followed?;
    let change = match change {
        Ok(change) => change,
        // The remote revision of a push may be missing in this clone; then everything is assessed.
        Err(_) if scope.pushed => None,
        Err(failure) if scope.detected => return Err(failure.with_help(scope.server.how_to_fetch())),
        Err(failure) => return Err(failure),
    };
    let followed = assess::reload_staged_config(followed, change.as_ref())?;
    let options = AssessOptions {
        threads: arguments.threads,
        prefilter: !arguments.no_prefilter,
        worker: !arguments.no_worker,
        cache: !arguments.no_cache,
        timings: arguments.timings,
        every_comment: false,
        every_finding: false,
        tools: tools.clone(),
    };
    let request = AssessRequest {
        root: &selection.root,
        scopes: selection.scopes.clone(),
        change: change.as_ref(),
        today: arguments.clock.today(),
        options,
    };
    let assessed = assess::assess(&followed, request, progress)?;
    Ok(JudgedProject { selection, assessed })
}

/// The nested projects of an assessed project that are in scope: below the given paths and, for a change,
/// with changed files.
fn nested_projects(project: &JudgedProject, of_change: bool) -> Vec<root::Selection> {
    let JudgedProject { selection, assessed } = project;
    let wanted = |folder: &&RepoPath| {
        selection.scopes.is_empty() || selection.scopes.iter().any(|scope| folder.is_within(scope))
    };
    let changed =
        |folder: &&RepoPath| !of_change || assessed.changed.iter().any(|path| path.is_within(folder));
    let folders = assessed.nested_projects.iter().filter(wanted).filter(changed);
    folders
        .filter_map(|folder| {
            let root = folder.below(&selection.root)?;
            Some(root::Selection { root, ..root::Selection::default() })
        })
        .collect()
}

/// Writes the requested reports.
fn write_reports(
    arguments: &Arguments,
    scope: &CheckScope,
    terminal: &Terminal,
    base: &Path,
    projects: &[JudgedProject],
    progress: &ProgressDisplay,
) -> Result<(), Failure> {
    let Some(first) = projects.first() else { return Ok(()) };
    let format = arguments.format.unwrap_or_else(|| default_format(arguments, scope.server, terminal));
    let style = HumanStyle {
        cap: if arguments.all { Some(usize::MAX) } else { arguments.cap },
        elapsed_ms: arguments.hook.is_none().then(|| progress.elapsed_ms()),
        verbose: arguments.verbose,
        quiet: arguments.quiet,
        only: match arguments.hook {
            None => ReportScope::Everything,
            Some(HookReport::Promises) => ReportScope::BrokenPromises,
            Some(HookReport::Advice) => ReportScope::NewAdvice,
            Some(HookReport::All) => ReportScope::New,
        },
        commands: commands_for_report(arguments, base, &first.selection.root),
        ..terminal.style()
    };
    let reports: Vec<ProjectReport<'_>> = projects
        .iter()
        .map(|project| ProjectReport { root: &project.selection.root, outcome: project.outcome() })
        .collect();
    let sarif = SarifStyle { suppressed: arguments.sarif_suppressed == Suppressed::Include };
    let report_style = ReportStyle { style, sarif, is_work_tree: !scope.staged };
    reports::write_report_files(&arguments.output, base, &reports, &report_style)?;
    reports::write_report(format, terminal, &reports, &report_style)?;
    let style = &report_style.style;
    for timings in projects.iter().filter_map(|project| project.assessed.timings.as_ref()) {
        let text = render_timings(timings, style);
        // Reports for programs must contain nothing else.
        if format == ReportFormat::Human {
            terminal.print(&text)?;
        } else {
            terminal.print_error(&text);
        }
    }
    if let Some(Err(reason)) = &first.assessed.cache
        && arguments.verbose
        && format == ReportFormat::Human
    {
        let note = cache::unused_note(reason).map(|note| format!("note: {}", escape(&note)));
        terminal.print(&note.map_or_else(String::new, |note| wrap(style.width, "", "  ", &note)))?;
    }
    Ok(())
}

/// The default format of standard output: annotations if GitHub Actions captures the output, unless an option
/// is given that only affects the human-readable report.
fn default_format(arguments: &Arguments, server: Server, terminal: &Terminal) -> ReportFormat {
    let for_people = arguments.all
        || arguments.cap.is_some()
        || arguments.verbose
        || arguments.quiet
        || arguments.timings
        || arguments.hook.is_some();
    if server == Server::GitHub && terminal.is_piped() && !for_people {
        ReportFormat::GitHub
    } else {
        ReportFormat::Human
    }
}

/// The commands that a report suggests, with the options of this run, so that users can copy them.
fn commands_for_report(arguments: &Arguments, base: &Path, root: &Path) -> Commands {
    let mut source = String::new();
    for folder in &arguments.guidelines {
        source.push_str(" --guidelines ");
        source.push_str(&quote(folder));
    }
    let mut check = "stanchion check".to_owned();
    for path in &arguments.paths {
        check.push(' ');
        check.push_str(&quote(path));
    }
    if arguments.staged {
        check.push_str(" --staged");
    }
    if let Some(revision) = &arguments.since {
        check.push_str(" --since ");
        check.push_str(&quote(Path::new(revision)));
    }
    check.push_str(&arguments.tools.to_arguments());
    check.push_str(&arguments.clock.to_arguments());
    check.push_str(&source);
    // Commands about guidelines of another repository need its path.
    let elsewhere = root::locate(base, &[]).is_ok_and(|here| here.root != root);
    if let (true, true, Some(path)) = (elsewhere, source.is_empty(), arguments.paths.first()) {
        source.push(' ');
        source.push_str(&quote(path));
    }
    let project = if elsewhere { root.to_string_lossy().into_owned() } else { String::new() };
    Commands { check, place: source, project }
}
