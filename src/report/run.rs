//! A run as other programs are told of it: every party in one report, paths from the repository's root, and what
//! weighs most first.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::escape::escape;
use super::figures::{count, figure};
use crate::model::{
    Finding, Guideline, GuidelineOutcome, Level, NotAssessed, Outcome, PromiseOutcome, PromiseVerdict,
    RepoPath, Standing, Unassessed, Verdict, WaiverOutcome,
};

/// What is told in one report.
pub struct Run<'r> {
    /// The parties: the one that was asked for, and those below it that were assessed, too.
    pub parties: Vec<Party<'r>>,
    /// The text of a file, by its path from the repository's root; `None` where it cannot be had (any more).
    pub contents: &'r dyn Fn(&RepoPath) -> Option<String>,
    /// The command that shows everything in a terminal.
    pub command: String,
}

/// A party of the run.
pub struct Party<'r> {
    /// Its folder, from the repository's root; empty for the root.
    pub folder: RepoPath,
    /// What came out.
    pub outcome: &'r Outcome,
    /// Paths with a finding where nothing is: something is missing there. Relative to the party.
    pub absent: BTreeSet<RepoPath>,
    /// The line of its `stanchion.toml` that says what it follows; `None` without such a file.
    pub follows_at: Option<u32>,
}

/// How much a finding weighs in a report. In order: what comes first is told first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It breaks a promise of the repository.
    Broken,
    /// Advice, worth a look now.
    Warning,
    /// Advice, good to know.
    Note,
    /// It was there when the promise was made "from here".
    Known,
    /// A waiver covers it.
    Waived,
}

/// A finding with everything around it.
#[derive(Clone, Copy)]
pub struct Item<'r> {
    /// Whose it is.
    pub party: &'r Party<'r>,
    /// The finding.
    pub finding: &'r Finding,
    /// What the run says of the guideline.
    pub entry: &'r GuidelineOutcome,
    /// How much it weighs.
    pub weight: Weight,
}

impl<'r> Run<'r> {
    /// Every finding in order of party, guideline, path and place.
    pub fn items(&'r self) -> impl Iterator<Item = Item<'r>> {
        self.parties.iter().flat_map(Party::items)
    }

    /// Every finding, by weight; those of equal weight keep their order.
    #[must_use]
    pub fn by_weight(&'r self) -> Vec<Item<'r>> {
        let mut items: Vec<Item<'r>> = self.items().collect();
        items.sort_by_key(|item| item.weight);
        items
    }

    /// What counts (broken promises and advice), such that a few of them show the most: by weight, and of each
    /// guideline the first one before the second of any.
    #[must_use]
    pub fn ranked(&'r self) -> Vec<Item<'r>> {
        let mut ranked: Vec<(Weight, usize, Item<'r>)> = Vec::new();
        let (mut last, mut nth) = (None, 0);
        for item in self.by_weight().into_iter().filter(|item| item.weight <= Weight::Note) {
            let group = (item.weight, std::ptr::from_ref(item.entry));
            nth = if last == Some(group) { nth + 1 } else { 0 };
            last = Some(group);
            ranked.push((item.weight, nth, item));
        }
        ranked.sort_by_key(|(weight, nth, _)| (*weight, *nth));
        ranked.into_iter().map(|(_, _, item)| item).collect()
    }

    /// Promises that fail the run, each with its party.
    pub fn broken_promises(&'r self) -> impl Iterator<Item = (&'r Party<'r>, &'r PromiseOutcome)> {
        let broken = |party: &'r Party<'r>| {
            let fails = |promise: &&PromiseOutcome| party.fails(promise);
            party.outcome.promises.iter().filter(fails).map(move |promise| (party, promise))
        };
        self.parties.iter().flat_map(broken)
    }

    /// What could not be assessed, each with its party.
    pub fn not_assessed(&'r self) -> impl Iterator<Item = (&'r Party<'r>, &'r NotAssessed)> {
        self.parties.iter().flat_map(|party| party.outcome.not_assessed.iter().map(move |item| (party, item)))
    }

    /// The run in numbers.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for party in &self.parties {
            let outcome = party.outcome;
            for finding in &outcome.findings {
                match party.weight(finding) {
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
            tally.promises_broken += outcome.promises.iter().filter(|promise| party.fails(promise)).count();
            tally.not_assessed += outcome.not_assessed.len();
            tally.files += outcome.paths.seen;
        }
        tally
    }
}

impl<'r> Party<'r> {
    /// Its findings, in order.
    pub fn items(&'r self) -> impl Iterator<Item = Item<'r>> {
        self.outcome.findings.iter().filter_map(|finding| {
            let entry = self.outcome.guidelines.get(finding.guideline)?;
            Some(Item { party: self, finding, entry, weight: self.weight(finding) })
        })
    }

    /// Whether the promise fails the run.
    #[must_use]
    pub fn fails(&self, promise: &PromiseOutcome) -> bool {
        match promise.verdict {
            PromiseVerdict::Broken => true,
            PromiseVerdict::CannotTell => self.outcome.unassessed == Unassessed::Break,
            PromiseVerdict::Kept => false,
        }
    }

    fn weight(&self, finding: &Finding) -> Weight {
        match finding.standing {
            Standing::Waived(_) => Weight::Waived,
            Standing::Known => Weight::Known,
            Standing::Open => {
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

    /// A path of the party, from the repository's root.
    #[must_use]
    pub fn path<'p>(&self, path: &'p RepoPath) -> Cow<'p, RepoPath> {
        if self.folder.bytes().is_empty() {
            Cow::Borrowed(path)
        } else {
            Cow::Owned(RepoPath::new([self.folder.bytes(), b"/", path.bytes()].concat()))
        }
    }

    /// The same for people: escaped.
    #[must_use]
    pub fn shown(&self, path: &RepoPath) -> String {
        escape(&self.path(path).lossless()).into_owned()
    }
}

impl<'r> Item<'r> {
    /// The guideline.
    #[must_use]
    pub fn guideline(&self) -> &'r Guideline {
        &self.entry.guideline
    }

    /// Where it was found, from the repository's root.
    #[must_use]
    pub fn path(&self) -> Cow<'r, RepoPath> {
        self.party.path(&self.finding.path)
    }

    /// Where a reader can be led to, from the repository's root, and its first and last line: where something is
    /// missing that is the line by which the guideline is followed. No lines: the path as a whole.
    #[must_use]
    pub fn place(&self) -> (Cow<'r, RepoPath>, Option<(u32, u32)>) {
        let finding = self.finding;
        if self.party.absent.contains(&finding.path)
            && let Some(line) = self.party.follows_at
        {
            let config = self.party.path(&RepoPath::from("stanchion.toml")).into_owned();
            return (Cow::Owned(config), Some((line, line)));
        }
        let lines = finding.excerpt.as_ref().map(|_| (finding.start.line, finding.last_line()));
        (self.path(), lines)
    }

    /// The promise about the guideline.
    #[must_use]
    pub fn promise(&self) -> Option<&'r PromiseOutcome> {
        self.party.outcome.promise(&self.entry.guideline.id)
    }

    /// The waiver that covers it.
    #[must_use]
    pub fn waiver(&self) -> Option<&'r WaiverOutcome> {
        match self.finding.standing {
            Standing::Waived(index) => self.party.outcome.waivers.get(index),
            Standing::Open | Standing::Known => None,
        }
    }
}

/// A run in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Findings that break a promise.
    pub broken: usize,
    /// Findings that are advice.
    pub advice: usize,
    /// Findings that stand in a baseline.
    pub known: usize,
    /// Findings that are waived.
    pub waived: usize,
    /// Guidelines that are kept.
    pub kept: usize,
    /// Guidelines that are not.
    pub not_kept: usize,
    /// Guidelines of which every finding is waived.
    pub guidelines_waived: usize,
    /// Guidelines about which it cannot be told.
    pub cannot_tell: usize,
    /// Promises.
    pub promises: usize,
    /// Promises that fail the run.
    pub promises_broken: usize,
    /// Paths and guidelines that could not be assessed.
    pub not_assessed: usize,
    /// Files considered.
    pub files: usize,
}

impl Tally {
    /// The run in one sentence, without a full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut parts = Vec::new();
        if self.promises_broken > 0 {
            parts.push(format!("{} not kept", count(self.promises_broken, "promise", "promises")));
        } else if self.promises > 0 {
            let every = if self.promises == 1 { "1 promise is" } else { "every promise is" };
            parts.push(format!("{every} kept, as far as it can be told"));
        }
        parts.push(match self.advice {
            0 => "no advice".to_owned(),
            advice => count(advice, "piece of advice", "pieces of advice"),
        });
        for (number, words) in [(self.known, "known"), (self.waived, "waived")] {
            if number > 0 {
                parts.push(format!("{} {words}", figure(number)));
            }
        }
        if self.not_assessed > 0 {
            parts.push(format!("{} could not be assessed", figure(self.not_assessed)));
        }
        parts.push(count(self.files, "file", "files"));
        parts.join(" · ")
    }
}
