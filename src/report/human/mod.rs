//! The report for people in a terminal.
//!
//! The report is grouped by guideline, short by default, and readable without colour: every level and verdict
//! is a word. Long explanations are left to `stanchion explain`.

mod cannot_tell;
mod excerpt;
mod group;
mod news;
mod problem;
mod promise;
mod summary;
mod timings;
mod waived;
mod words;

use super::paint::Paint;
use crate::model::{Finding, FindingStatus, GuidelineId, Outcome, Problem, RepoPath};
use crate::report::escape::escape;
pub use timings::render_timings;

/// Options for rendering the report.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of the command line")]
pub struct HumanStyle {
    /// Whether colours are used.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Whether lines that programs may parse (those of `quiet`, and the summary) are never wrapped.
    pub whole_lines: bool,
    /// Maximum number of findings shown for each guideline. `usize::MAX` shows all; `None` limits them by the
    /// number of guidelines, see [`HumanStyle::shown`].
    pub cap: Option<usize>,
    /// Whether characters outside ASCII may be drawn.
    pub unicode: bool,
    /// Duration of the run, if it is to be shown.
    pub elapsed_ms: Option<u64>,
    /// Also list the guidelines without findings.
    pub verbose: bool,
    /// Print one line for each guideline that is not kept, and nothing if all are kept.
    pub quiet: bool,
    /// Sections that the report contains.
    pub only: ReportScope,
    /// Commands that the report suggests.
    pub commands: Commands,
}

/// Sections that a report for people contains. A report limited to some sections is empty if they are empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportScope {
    /// Everything.
    #[default]
    Everything,
    /// Promises that are not kept.
    BrokenPromises,
    /// Advice.
    NewAdvice,
    /// Promises that are not kept, and advice.
    New,
}

/// Commands that a report suggests, relative to the reader's working directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commands {
    /// Command that repeats this assessment, for example `stanchion check services`.
    pub check: String,
    /// Arguments after the ID in `stanchion explain ID`, beginning with a space. Empty for guidelines that
    /// the reader's own repository follows.
    pub place: String,
    /// Folder of the project relative to the working directory; empty for the reader's own project.
    pub project: String,
}

impl Default for Commands {
    fn default() -> Self {
        Self { check: "stanchion check".to_owned(), place: String::new(), project: String::new() }
    }
}

impl Commands {
    /// Returns the same commands for a nested project in the folder `path`, relative to this project.
    #[must_use]
    pub fn in_project(&self, path: &str) -> Self {
        let project =
            if self.project.is_empty() { path.to_owned() } else { format!("{}/{path}", self.project) };
        let quoted = super::quote_for_shell(&project);
        Self { check: format!("{} {quoted}", self.check), place: format!(" {quoted}"), project }
    }

    /// Returns `stanchion explain ID …`, escaped.
    fn explain(&self, id: &GuidelineId) -> String {
        format!("stanchion explain {id}{}", escape(&self.place))
    }

    /// Returns `stanchion waive ID --path PATH`, escaped; without a path, for the whole project.
    fn waive(&self, id: &GuidelineId, path: Option<&str>) -> String {
        let place = match path {
            None if self.project.is_empty() => String::new(),
            None => format!(" {}", super::quote_for_shell(&self.project)),
            Some(path) if self.project.is_empty() => format!(" --path {}", super::quote_for_shell(path)),
            // A positional path selects the project; all files of a folder are written as the folder.
            Some(path) => {
                let path = path.strip_suffix("/**").unwrap_or(path);
                format!(" {}", super::quote_for_shell(&format!("{}/{path}", self.project)))
            }
        };
        format!("stanchion waive {id}{}", escape(&place))
    }

    /// Returns the command of the same assessment with `option`, escaped.
    fn check_with(&self, option: &str) -> String {
        format!("{} {option}", escape(&self.check))
    }
}

/// Default maximum number of findings shown for each guideline.
const MAX_PER_GUIDELINE: usize = 5;
/// Default number of findings in a report above which fewer are shown for each guideline.
const TOTAL_TARGET: usize = 40;

impl Default for HumanStyle {
    /// 80 columns, no colour, line drawing characters, and up to five findings for each guideline.
    fn default() -> Self {
        Self {
            color: false,
            width: 80,
            whole_lines: false,
            cap: None,
            unicode: true,
            elapsed_ms: None,
            verbose: false,
            quiet: false,
            only: ReportScope::Everything,
            commands: Commands::default(),
        }
    }
}

impl HumanStyle {
    /// Returns how many findings of each guideline are shown if `groups` guidelines have findings: the cap,
    /// or else five down to one, so that a report on many guidelines stays readable.
    #[must_use]
    pub fn shown(&self, groups: usize) -> usize {
        self.cap.unwrap_or_else(|| (TOTAL_TARGET / groups.max(1)).clamp(1, MAX_PER_GUIDELINE))
    }

    /// Whether all findings are shown.
    fn everything(&self) -> bool {
        self.cap == Some(usize::MAX)
    }

    /// Formats a line that programs may parse (already escaped): wrapped unless `whole_lines` is set. The
    /// result ends with `\n`.
    #[must_use]
    pub fn line(&self, text: &str) -> String {
        if self.whole_lines { format!("{text}\n") } else { super::wrap(self.width, "", "  ", text) }
    }

    /// Returns the drawing options of this style.
    #[must_use]
    pub fn paint(&self) -> Paint {
        Paint { color: self.color, unicode: self.unicode }
    }
}

/// Renders the report of `outcome` for a terminal, with all untrusted text escaped.
#[must_use]
pub fn render(outcome: &Outcome, style: &HumanStyle) -> String {
    let mut out = String::new();
    if style.quiet {
        summary::render_quiet(&mut out, outcome, style);
        return out;
    }
    if style.only == ReportScope::Everything {
        news::render(&mut out, outcome, style);
    }
    let open: Vec<&Finding> =
        outcome.findings.iter().filter(|finding| finding.status == FindingStatus::Open).collect();
    let groups = || open.chunk_by(|a, b| a.guideline == b.guideline);
    let shown = style.shown(groups().count());
    if style.only != ReportScope::NewAdvice {
        promise::render(&mut out, outcome, &open, shown, style);
    }
    if style.only != ReportScope::BrokenPromises {
        for findings in groups().filter(|findings| !outcome.is_breaking(findings[0])) {
            group::render(&mut out, outcome, findings, shown, style);
        }
    }
    if style.only != ReportScope::Everything {
        if !out.is_empty() {
            summary::render_line(&mut out, outcome, style);
        }
        return out;
    }
    waived::render_known(&mut out, outcome, style);
    waived::render(&mut out, outcome, style);
    waived::render_remarks(&mut out, outcome, style);
    cannot_tell::render(&mut out, outcome, style);
    let hidden = groups().map(|findings| findings.len().saturating_sub(shown)).sum();
    summary::render(&mut out, outcome, hidden, style);
    out
}

/// Renders the heading above the report of a nested project.
#[must_use]
pub fn render_project_heading(folder: &RepoPath, style: &HumanStyle) -> String {
    let paint = style.paint();
    let line = format!(
        "{} {}",
        paint.stroke().repeat(4),
        paint.text(super::Role::Strong, &group::display_path(folder))
    );
    format!("\n{}\n", super::wrap(style.width, "", "  ", &line))
}

/// Renders remarks about waivers, and the problems of waivers without effect; empty without any.
#[must_use]
pub fn render_waiver_remarks(outcome: &Outcome, style: &HumanStyle) -> String {
    let mut out = String::new();
    waived::render_remarks(&mut out, outcome, style);
    out
}

/// Renders problems in user-written files with excerpts, separated by empty lines.
#[must_use]
pub fn render_problems(problems: &[Problem], style: &HumanStyle) -> String {
    let mut out = String::new();
    problem::render_all(&mut out, problems, problem::Importance::Problem, style);
    out
}

/// Renders notes, which do not prevent a file from being used, in the same form.
#[must_use]
pub fn render_notes(notes: &[Problem], style: &HumanStyle) -> String {
    let mut out = String::new();
    problem::render_all(&mut out, notes, problem::Importance::Note, style);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::escape::is_unsafe;
    use crate::report::sample;

    fn style(width: usize) -> HumanStyle {
        HumanStyle { width, elapsed_ms: Some(412), ..HumanStyle::default() }
    }

    #[test]
    fn the_sample_at_three_widths() {
        for width in [40, 80, 120] {
            insta::assert_snapshot!(format!("human_{width}"), render(&sample::outcome(), &style(width)));
        }
    }

    #[test]
    fn the_sample_in_other_styles() {
        let all = HumanStyle { cap: Some(usize::MAX), unicode: false, verbose: true, ..style(80) };
        insta::assert_snapshot!("human_all_ascii_verbose", render(&sample::outcome(), &all));
        let quiet = HumanStyle { quiet: true, ..style(80) };
        insta::assert_snapshot!("human_quiet", render(&sample::outcome(), &quiet));
        insta::assert_snapshot!("human_calm", render(&sample::all_kept_outcome(), &style(80)));
        assert_eq!(render(&sample::all_kept_outcome(), &quiet), "");
    }

    #[test]
    fn policy_at_two_widths() {
        for width in [40, 80] {
            insta::assert_snapshot!(
                format!("policy_{width}"),
                render(&sample::policy_outcome(), &style(width))
            );
        }
        let quiet = HumanStyle { quiet: true, ..style(80) };
        insta::assert_snapshot!("policy_quiet", render(&sample::policy_outcome(), &quiet));
        let mut strict = sample::policy_outcome();
        strict.unassessed = crate::model::Unassessed::Break;
        strict.news.clear();
        let text = render(&strict, &HumanStyle { verbose: true, ..style(100) });
        assert!(text.starts_with("── promise not kept: acme/gone"), "{text}");
        insta::assert_snapshot!("policy_strict_verbose", text);
    }

    #[test]
    fn untrusted_text_never_reaches_the_terminal_raw() {
        for (style, outcome) in [
            (style(40), sample::outcome()),
            (HumanStyle { cap: Some(usize::MAX), verbose: true, ..style(100) }, sample::outcome()),
            (style(40), sample::policy_outcome()),
            (HumanStyle { cap: Some(usize::MAX), verbose: true, ..style(100) }, sample::policy_outcome()),
            (HumanStyle { quiet: true, ..style(80) }, sample::policy_outcome()),
        ] {
            let text = render(&outcome, &style);
            let raw: Vec<char> = text.chars().filter(|&c| c != '\n' && is_unsafe(c)).collect();
            assert!(raw.is_empty(), "{raw:?}");
        }
    }

    #[test]
    fn colour_adds_only_colour() {
        let plain = render(&sample::outcome(), &style(80));
        let colored = render(&sample::outcome(), &HumanStyle { color: true, ..style(80) });
        assert!(colored.contains('\x1b'));
        assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain);
    }

    #[test]
    fn lines_for_programs_stay_whole() {
        let outcome = sample::outcome();
        let piped = HumanStyle { whole_lines: true, ..style(40) };
        let quiet = render(&outcome, &HumanStyle { quiet: true, ..piped.clone() });
        let not_kept = outcome.guidelines.iter().filter(|it| it.verdict == crate::model::Verdict::NotKept);
        let listed = not_kept.filter(|it| outcome.promise(&it.guideline.id).is_none()).count();
        let broken = outcome.promises.iter().filter(|it| promise::fails_run(it, &outcome)).count();
        assert_eq!(quiet.lines().count(), listed + broken + 1, "{quiet}");
        let full = render(&outcome, &piped);
        assert_eq!(full.lines().last(), quiet.lines().last());
    }

    #[test]
    fn many_groups_show_fewer_findings_each() {
        for (cap, groups, expected) in
            [(None, 1, 5), (None, 8, 5), (None, 20, 2), (None, 500, 1), (Some(7), 500, 7)]
        {
            assert_eq!(HumanStyle { cap, ..style(80) }.shown(groups), expected, "{cap:?} {groups}");
        }
    }

    #[test]
    fn commands_can_be_copied() {
        let commands = Commands {
            check: "stanchion check src --guidelines 'my drafts'".to_owned(),
            place: " --guidelines 'my drafts'".to_owned(),
            project: String::new(),
        };
        for width in [40, 80] {
            let text = render(&sample::outcome(), &HumanStyle { commands: commands.clone(), ..style(width) });
            for command in [
                "stanchion explain teams/code-owners --guidelines 'my drafts'\n",
                "stanchion check src --guidelines 'my drafts' --all",
            ] {
                assert!(text.contains(command), "{command} in\n{text}");
            }
        }
    }

    #[test]
    fn narrow_terminals_stay_usable() {
        let text = render(&sample::outcome(), &style(40));
        let wide: Vec<&str> = text
            .lines()
            .filter(|line| textwrap::core::display_width(line) > 40 && line.trim().contains(' '))
            // Commands and words longer than the line are not broken, so that they can be copied.
            .filter(|line| !line.contains("stanchion "))
            .filter(|line| line.split_whitespace().all(|word| textwrap::core::display_width(word) <= 36))
            .collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
}
