//! Input of the reports for other programs: all projects of a run in one report, paths relative to the
//! repository root, and the most important findings first.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::escape::escape;
use super::numbers::{count, format_number};
use crate::model::{
    Finding, FindingStatus, Guideline, GuidelineOutcome, Level, NotAssessed, Outcome, PromiseOutcome,
    PromiseVerdict, RepoPath, Unassessed, Verdict, WaiverOutcome,
};

/// All results that one report contains.
pub struct Run<'r> {
    /// The requested project, followed by the nested projects that were assessed.
    pub projects: Vec<RunProject<'r>>,
    /// Returns the text of a file by its path below the repository root; `None` if it cannot be read.
    pub contents: &'r dyn Fn(&RepoPath) -> Option<String>,
    /// Command that shows the full report in a terminal.
    pub command: String,
}

/// One assessed project of a run.
pub struct RunProject<'r> {
    /// Folder of the project below the repository root; empty for the root.
    pub folder: RepoPath,
    /// Outcome of the assessment.
    pub outcome: &'r Outcome,
    /// Paths of findings about missing files, relative to the project.
    pub absent: BTreeSet<RepoPath>,
    /// Line of the project's `stanchion.toml` that follows guidelines; `None` without such a file.
    pub follows_at: Option<u32>,
}

/// Importance of a finding in a report. Reports list findings in the order of the variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// The finding breaks a promise of the repository.
    Broken,
    /// Advice at level `warning`.
    Warning,
    /// Advice at level `note`.
    Note,
    /// The finding is in the baseline of a promise that was made "from here".
    Known,
    /// A waiver covers the finding.
    Waived,
}

/// A finding with its project, guideline outcome and weight.
#[derive(Clone, Copy)]
pub struct ReportFinding<'r> {
    /// Project that contains the finding.
    pub project: &'r RunProject<'r>,
    /// The finding itself.
    pub finding: &'r Finding,
    /// Outcome of the finding's guideline.
    pub entry: &'r GuidelineOutcome,
    /// Importance in the report.
    pub weight: Weight,
}

impl<'r> Run<'r> {
    /// Returns all findings, ordered by project, guideline, path and position.
    pub fn findings(&'r self) -> impl Iterator<Item = ReportFinding<'r>> {
        self.projects.iter().flat_map(RunProject::findings)
    }

    /// Returns all findings, stably sorted by weight.
    #[must_use]
    pub fn findings_by_weight(&'r self) -> Vec<ReportFinding<'r>> {
        let mut items: Vec<ReportFinding<'r>> = self.findings().collect();
        items.sort_by_key(|item| item.weight);
        items
    }

    /// Returns the findings that count (broken promises and advice) so that the first few cover many
    /// guidelines: by weight, then the first finding of each guideline before the second finding of any
    /// guideline.
    #[must_use]
    pub fn ranked_findings(&'r self) -> Vec<ReportFinding<'r>> {
        let mut ranked: Vec<(Weight, usize, ReportFinding<'r>)> = Vec::new();
        let (mut last, mut nth) = (None, 0);
        for item in self.findings_by_weight().into_iter().filter(|item| item.weight <= Weight::Note) {
            let group = (item.weight, std::ptr::from_ref(item.entry));
            nth = if last == Some(group) { nth + 1 } else { 0 };
            last = Some(group);
            ranked.push((item.weight, nth, item));
        }
        ranked.sort_by_key(|(weight, nth, _)| (*weight, *nth));
        ranked.into_iter().map(|(_, _, item)| item).collect()
    }

    /// Returns the promises that fail the run, each with its project.
    pub fn broken_promises(&'r self) -> impl Iterator<Item = (&'r RunProject<'r>, &'r PromiseOutcome)> {
        let broken = |project: &'r RunProject<'r>| {
            let fails = |promise: &&PromiseOutcome| project.fails_run(promise);
            project.outcome.promises.iter().filter(fails).map(move |promise| (project, promise))
        };
        self.projects.iter().flat_map(broken)
    }

    /// Returns the paths and guidelines that could not be assessed, each with its project.
    pub fn not_assessed(&'r self) -> impl Iterator<Item = (&'r RunProject<'r>, &'r NotAssessed)> {
        self.projects
            .iter()
            .flat_map(|project| project.outcome.not_assessed.iter().map(move |item| (project, item)))
    }

    /// Counts the results of all projects.
    #[must_use]
    pub fn tally(&self) -> RunTally {
        let mut tally = RunTally::default();
        for project in &self.projects {
            let outcome = project.outcome;
            for finding in &outcome.findings {
                match project.weight(finding) {
                    Weight::Broken => tally.broken += 1,
                    Weight::Warning | Weight::Note => tally.advice += 1,
                    Weight::Known => tally.known += 1,
                    Weight::Waived => tally.waived += 1,
                }
            }
            for entry in &outcome.guidelines {
                match entry.verdict {
                    Verdict::Kept => tally.kept += 1,
                    Verdict::NotKept => tally.not_kept += 1,
                    Verdict::Waived => tally.guidelines_waived += 1,
                    Verdict::CannotTell => tally.cannot_tell += 1,
                    Verdict::NotApplicable => {}
                }
            }
            tally.promises += outcome.promises.len();
            tally.promises_broken +=
                outcome.promises.iter().filter(|promise| project.fails_run(promise)).count();
            let not_judged = |promise: &&PromiseOutcome| {
                promise.verdict == PromiseVerdict::CannotTell && !project.fails_run(promise)
            };
            tally.promises_not_judged += outcome.promises.iter().filter(not_judged).count();
            tally.not_assessed += outcome.not_assessed.len();
            tally.files += outcome.paths.seen;
        }
        tally
    }
}

impl<'r> RunProject<'r> {
    /// Returns the findings of the project in their order.
    pub fn findings(&'r self) -> impl Iterator<Item = ReportFinding<'r>> {
        self.outcome.findings.iter().filter_map(|finding| {
            let entry = self.outcome.guidelines.get(finding.guideline)?;
            Some(ReportFinding { project: self, finding, entry, weight: self.weight(finding) })
        })
    }

    /// Whether the promise fails the run.
    #[must_use]
    pub fn fails_run(&self, promise: &PromiseOutcome) -> bool {
        match promise.verdict {
            PromiseVerdict::Broken => true,
            PromiseVerdict::CannotTell => self.outcome.unassessed == Unassessed::Break,
            PromiseVerdict::Kept => false,
        }
    }

    fn weight(&self, finding: &Finding) -> Weight {
        match finding.status {
            FindingStatus::Waived(_) => Weight::Waived,
            FindingStatus::Known => Weight::Known,
            FindingStatus::Open => {
                let id = self.outcome.guidelines.get(finding.guideline).map(|entry| &entry.guideline.id);
                let broken = id.and_then(|id| self.outcome.promise(id));
                match (broken.map(|promise| promise.verdict), finding.level) {
                    (Some(PromiseVerdict::Broken), _) => Weight::Broken,
                    (_, Level::Warning) => Weight::Warning,
                    (_, Level::Note) => Weight::Note,
                }
            }
        }
    }

    /// Converts a path of the project to a path below the repository root.
    #[must_use]
    pub fn path<'p>(&self, path: &'p RepoPath) -> Cow<'p, RepoPath> {
        if self.folder.bytes().is_empty() {
            Cow::Borrowed(path)
        } else {
            Cow::Owned(RepoPath::new([self.folder.bytes(), b"/", path.bytes()].concat()))
        }
    }

    /// Like [`RunProject::path`], escaped for display.
    #[must_use]
    pub fn display_path(&self, path: &RepoPath) -> String {
        escape(&self.path(path).lossless()).into_owned()
    }
}

impl<'r> ReportFinding<'r> {
    /// The guideline of the finding.
    #[must_use]
    pub fn guideline(&self) -> &'r Guideline {
        &self.entry.guideline
    }

    /// Path of the finding below the repository root.
    #[must_use]
    pub fn path(&self) -> Cow<'r, RepoPath> {
        self.project.path(&self.finding.path)
    }

    /// Returns a location that exists: the path below the repository root with its first and last line.
    ///
    /// If the finding is about a missing file, the location is the line of `stanchion.toml` that follows the
    /// guideline. Without lines, the location is the whole path.
    #[must_use]
    pub fn location(&self) -> (Cow<'r, RepoPath>, Option<(u32, u32)>) {
        let finding = self.finding;
        if self.project.absent.contains(&finding.path)
            && let Some(line) = self.project.follows_at
        {
            let config = self.project.path(&RepoPath::from("stanchion.toml")).into_owned();
            return (Cow::Owned(config), Some((line, line)));
        }
        let lines = finding.excerpt.as_ref().map(|_| (finding.start.line, finding.last_line()));
        (self.path(), lines)
    }

    /// The promise for the guideline, if there is one.
    #[must_use]
    pub fn promise(&self) -> Option<&'r PromiseOutcome> {
        self.project.outcome.promise(&self.entry.guideline.id)
    }

    /// The waiver that covers the finding, if there is one.
    #[must_use]
    pub fn waiver(&self) -> Option<&'r WaiverOutcome> {
        match self.finding.status {
            FindingStatus::Waived(index) => self.project.outcome.waivers.get(index),
            FindingStatus::Open | FindingStatus::Known => None,
        }
    }
}

/// Numbers of results in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunTally {
    /// Findings that break a promise.
    pub broken: usize,
    /// Findings that are advice.
    pub advice: usize,
    /// Findings in a baseline.
    pub known: usize,
    /// Findings covered by waivers.
    pub waived: usize,
    /// Guidelines that are kept.
    pub kept: usize,
    /// Guidelines that are not kept.
    pub not_kept: usize,
    /// Guidelines whose findings are all waived.
    pub guidelines_waived: usize,
    /// Guidelines with the verdict "cannot tell".
    pub cannot_tell: usize,
    /// All promises.
    pub promises: usize,
    /// Promises that fail the run.
    pub promises_broken: usize,
    /// Promises that could not be judged and do not fail the run.
    pub promises_not_judged: usize,
    /// Paths and guidelines that could not be assessed.
    pub not_assessed: usize,
    /// Files considered.
    pub files: usize,
}

impl RunTally {
    /// Returns a one-line summary without a final full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut parts = Vec::new();
        if self.promises_broken > 0 {
            parts.push(format!("{} not kept", count(self.promises_broken, "promise", "promises")));
        } else if self.promises > 0 {
            let kept = self.promises - self.promises_not_judged;
            let mut words =
                format!("{} of {} promises kept", format_number(kept), format_number(self.promises));
            if self.promises_not_judged > 0 {
                words.push_str(&format!(" ({} not judged)", format_number(self.promises_not_judged)));
            }
            parts.push(words);
        }
        parts.push(match self.advice {
            0 => "no advice".to_owned(),
            advice => count(advice, "piece of advice", "pieces of advice"),
        });
        for (number, words) in [(self.known, "known"), (self.waived, "waived")] {
            if number > 0 {
                parts.push(format!("{} {words}", format_number(number)));
            }
        }
        if self.not_assessed > 0 {
            parts.push(format!("{} could not be assessed", format_number(self.not_assessed)));
        }
        parts.push(count(self.files, "file", "files"));
        parts.join(" · ")
    }
}
