//! The report for people in a terminal.
//!
//! Grouped by guideline, short by default, and readable without colour: every level and verdict is a
//! word. Long explanations stay in `stanchion explain`.

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
use crate::model::{Finding, GuidelineId, Outcome, Problem, RepoPath, Standing};
use crate::report::escape::escape;
pub use timings::render_timings;

/// How the report looks.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of the command line")]
pub struct HumanStyle {
    /// Whether colours are used.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Whether the lines that programs look for (those of `quiet`, and the summary) stay whole, however
    /// long.
    pub whole_lines: bool,
    /// Findings shown for each guideline: `usize::MAX` shows all, `None` few enough for a report that
    /// can be read, see [`HumanStyle::shown`].
    pub cap: Option<usize>,
    /// Whether characters outside ASCII may be drawn.
    pub unicode: bool,
    /// How long the run took, if the reader should know.
    pub elapsed_ms: Option<u64>,
    /// Also list the guidelines about which there is nothing to say.
    pub verbose: bool,
    /// Only one line for each guideline that is not kept, and nothing at all when all are kept.
    pub quiet: bool,
    /// What is told at all.
    pub only: Only,
    /// The commands that the report names.
    pub commands: Commands,
}

/// What a report for people tells. Where only some is told, nothing at all is where there is none of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Only {
    /// Everything.
    #[default]
    Everything,
    /// Promises that are not kept.
    BrokenPromises,
    /// Advice.
    NewAdvice,
    /// Both.
    New,
}

/// The commands that a report names, such that they do the same thing where the reader is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commands {
    /// What runs this assessment again, for example `stanchion check services`.
    pub check: String,
    /// What follows the id in `stanchion explain ID`, beginning with a space; empty for what is followed
    /// in the reader's own repository.
    pub place: String,
    /// The folder of the party, from the reader's place, where it is not the reader's own; else empty.
    pub party: String,
}

impl Default for Commands {
    fn default() -> Self {
        Self { check: "stanchion check".to_owned(), place: String::new(), party: String::new() }
    }
}

impl Commands {
    /// The same commands for a party in the folder `path`, relative to the one of these commands.
    #[must_use]
    pub fn in_party(&self, path: &str) -> Self {
        let party = if self.party.is_empty() { path.to_owned() } else { format!("{}/{path}", self.party) };
        let quoted = super::quote(&party);
        Self { check: format!("{} {quoted}", self.check), place: format!(" {quoted}"), party }
    }

    /// `stanchion explain ID …`, escaped.
    fn explain(&self, id: &GuidelineId) -> String {
        format!("stanchion explain {id}{}", escape(&self.place))
    }

    /// `stanchion waive ID --path PATH`, escaped; without a path, for everywhere.
    fn waive(&self, id: &GuidelineId, path: Option<&str>) -> String {
        let place = match path {
            None if self.party.is_empty() => String::new(),
            None => format!(" {}", super::quote(&self.party)),
            Some(path) if self.party.is_empty() => format!(" --path {}", super::quote(path)),
            // A place says which party is meant; everything in a folder is the folder.
            Some(path) => {
                let path = path.strip_suffix("/**").unwrap_or(path);
                format!(" {}", super::quote(&format!("{}/{path}", self.party)))
            }
        };
        format!("stanchion waive {id}{}", escape(&place))
    }

    /// The same assessment with `option`, escaped.
    fn check_with(&self, option: &str) -> String {
        format!("{} {option}", escape(&self.check))
    }
}

/// Most findings shown of one guideline, if nobody says otherwise.
const MOST: usize = 5;
/// Findings shown in all before each guideline shows fewer, if nobody says otherwise.
const IN_ALL: usize = 40;

impl Default for HumanStyle {
    /// 80 columns for every line, no colour, line drawing characters, five findings for each guideline.
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
            only: Only::Everything,
            commands: Commands::default(),
        }
    }
}

impl HumanStyle {
    /// How many findings of each guideline are shown when `groups` guidelines have some: the cap, else
    /// from five down to one, so that a report on many guidelines can still be read.
    #[must_use]
    pub fn shown(&self, groups: usize) -> usize {
        self.cap.unwrap_or_else(|| (IN_ALL / groups.max(1)).clamp(1, MOST))
    }

    /// Whether everything is shown.
    fn everything(&self) -> bool {
        self.cap == Some(usize::MAX)
    }

    /// A line that programs may look for (escaped already), wrapped where people read it; ends with `\n`.
    #[must_use]
    pub fn line(&self, text: &str) -> String {
        if self.whole_lines { format!("{text}\n") } else { super::wrap(self.width, "", "  ", text) }
    }

    /// How text is drawn in this style.
    #[must_use]
    pub fn paint(&self) -> Paint {
        Paint { color: self.color, unicode: self.unicode }
    }
}

/// The report of `outcome`, ready for a terminal: everything from outside is escaped.
#[must_use]
pub fn render(outcome: &Outcome, style: &HumanStyle) -> String {
    let mut out = String::new();
    if style.quiet {
        summary::render_quiet(&mut out, outcome, style);
        return out;
    }
    if style.only == Only::Everything {
        news::render(&mut out, outcome, style);
    }
    let open: Vec<&Finding> =
        outcome.findings.iter().filter(|finding| finding.standing == Standing::Open).collect();
    let groups = || open.chunk_by(|a, b| a.guideline == b.guideline);
    let shown = style.shown(groups().count());
    if style.only != Only::NewAdvice {
        promise::render(&mut out, outcome, &open, shown, style);
    }
    if style.only != Only::BrokenPromises {
        for findings in groups().filter(|findings| !outcome.is_breaking(findings[0])) {
            group::render(&mut out, outcome, findings, shown, style);
        }
    }
    if style.only != Only::Everything {
        if !out.is_empty() {
            summary::render_line(&mut out, outcome, style);
        }
        return out;
    }
    waived::known(&mut out, outcome, style);
    waived::render(&mut out, outcome, style);
    waived::about(&mut out, outcome, style);
    cannot_tell::render(&mut out, outcome, style);
    let hidden = groups().map(|findings| findings.len().saturating_sub(shown)).sum();
    summary::render(&mut out, outcome, hidden, style);
    out
}

/// The heading of the report of a party below the first one.
#[must_use]
pub fn render_party(folder: &RepoPath, style: &HumanStyle) -> String {
    let paint = style.paint();
    let line =
        format!("{} {}", paint.stroke().repeat(4), paint.text(super::Role::Strong, &group::path(folder)));
    format!("\n{}\n", super::wrap(style.width, "", "  ", &line))
}

/// What is worth knowing about waivers, and what is wrong with those that have no effect; nothing, if there is
/// nothing to say.
#[must_use]
pub fn render_about_waivers(outcome: &Outcome, style: &HumanStyle) -> String {
    let mut out = String::new();
    waived::about(&mut out, outcome, style);
    out
}

/// Problems in files that people wrote, each pointing at the text, with an empty line between them.
#[must_use]
pub fn render_problems(problems: &[Problem], style: &HumanStyle) -> String {
    let mut out = String::new();
    problem::all(&mut out, problems, problem::Tone::Problem, style);
    out
}

/// The same for what keeps nothing from being used, and is only worth knowing.
#[must_use]
pub fn render_notes(notes: &[Problem], style: &HumanStyle) -> String {
    let mut out = String::new();
    problem::all(&mut out, notes, problem::Tone::Note, style);
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
        insta::assert_snapshot!("human_calm", render(&sample::calm(), &style(80)));
        assert_eq!(render(&sample::calm(), &quiet), "");
    }

    #[test]
    fn what_a_repository_says_at_two_widths() {
        for width in [40, 80] {
            insta::assert_snapshot!(format!("said_{width}"), render(&sample::said(), &style(width)));
        }
        let quiet = HumanStyle { quiet: true, ..style(80) };
        insta::assert_snapshot!("said_quiet", render(&sample::said(), &quiet));
        let mut strict = sample::said();
        strict.unassessed = crate::model::Unassessed::Break;
        strict.news.clear();
        let text = render(&strict, &HumanStyle { verbose: true, ..style(100) });
        assert!(text.starts_with("── promise not kept: acme/gone"), "{text}");
        insta::assert_snapshot!("said_strict_verbose", text);
    }

    #[test]
    fn nothing_from_outside_reaches_the_terminal_raw() {
        for (style, outcome) in [
            (style(40), sample::outcome()),
            (HumanStyle { cap: Some(usize::MAX), verbose: true, ..style(100) }, sample::outcome()),
            (style(40), sample::said()),
            (HumanStyle { cap: Some(usize::MAX), verbose: true, ..style(100) }, sample::said()),
            (HumanStyle { quiet: true, ..style(80) }, sample::said()),
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
        let told = not_kept.filter(|it| outcome.promise(&it.guideline.id).is_none()).count();
        let broken = outcome.promises.iter().filter(|it| promise::fails(it, &outcome)).count();
        assert_eq!(quiet.lines().count(), told + broken + 1, "{quiet}");
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
            party: String::new(),
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
            // A command or a word that is longer than the line stays whole, so that it can be copied.
            .filter(|line| !line.contains("stanchion "))
            .filter(|line| line.split_whitespace().all(|word| textwrap::core::display_width(word) <= 36))
            .collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
}
