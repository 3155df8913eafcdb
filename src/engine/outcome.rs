//! Putting a run together: results of files become findings, verdicts and sums.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::fingerprint::{fold, traces};
use super::focus::Focus;
use super::found::{CannotTell, FileResult, Found};
use super::plan::{Plan, PlanProblem};
use super::tree::{EntryKind, Listing};
use super::waive::Comment;
use crate::model::{
    CheckKind, Finding, Guideline, GuidelineId, GuidelineOutcome, NotAssessed, Note, Outcome, PathCounts,
    Reason, RepoPath, Standing, Verdict,
};

/// Most findings of one guideline that are listed: enough for everybody who reads them, and a run over a
/// repository in which everything is a finding stays small.
const MOST_LISTED: usize = 20_000;

/// The same for a guideline that is promised: each finding counts there.
const MOST_PROMISED: usize = 200_000;

/// Why a special file was not opened.
const SPECIAL: (Reason, &str) = (Reason::Special, "a FIFO, socket or device is never opened");

/// What the checks of names found.
#[derive(Default)]
pub struct NamesResult {
    /// Findings by path.
    pub found: Vec<(RepoPath, Found)>,
    /// What could not be told.
    pub cannot_tell: Vec<(RepoPath, CannotTell)>,
    /// Entries that were looked at, by number.
    pub looked: Vec<bool>,
    /// Numbers of the checks that asked something here.
    pub asked: Vec<u32>,
}

/// What became of a path so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// A directory or outside the scope: not counted.
    Uncounted,
    NotApplicable,
    Assessed,
    CannotTell,
}

/// The order of findings: by guideline, path and place.
fn in_order(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    let place = |f: &Finding| (f.start.byte, f.end.byte);
    (a.guideline, &a.path)
        .cmp(&(b.guideline, &b.path))
        .then_with(|| place(a).cmp(&place(b)))
        .then_with(|| a.check.cmp(&b.check))
}

/// The first line of a place that has several.
fn first_of_several_lines(found: &Found) -> Option<&str> {
    let excerpt = found.excerpt.as_ref().filter(|_| found.start.line < found.end.line)?;
    excerpt.text.get(excerpt.span.start..excerpt.span.end)?.lines().next()
}

/// Collects the results of a run.
pub struct Assembly<'r> {
    guidelines: &'r [Arc<Guideline>],
    plan: &'r Plan,
    listing: &'r Listing,
    in_scope: &'r dyn Fn(&RepoPath) -> bool,
    focus: Option<&'r Focus>,
    fates: Vec<Fate>,
    /// Paths outside the list of entries that could not be looked at.
    extra_cannot_tell: usize,
    asked: Vec<bool>,
    /// For each guideline, how many findings there were, and how many of them are kept.
    found: Vec<(usize, usize)>,
    /// For each guideline, the most findings that are kept.
    most: Vec<usize>,
    /// Files that are looked into, by number.
    read: Vec<bool>,
    /// Files that were read, with the comments in them that begin an inline waiver.
    comments: BTreeMap<RepoPath, Vec<Comment>>,
    outcome: Outcome,
}

impl<'r> Assembly<'r> {
    /// Starts with what listing and planning already say.
    pub fn new(
        guidelines: &'r [Arc<Guideline>],
        plan: &'r Plan,
        listing: &'r Listing,
        in_scope: &'r dyn Fn(&RepoPath) -> bool,
        focus: Option<&'r Focus>,
        promised: &BTreeSet<GuidelineId>,
    ) -> Self {
        let counts = |path: &RepoPath| focus.is_none_or(|focus| focus.counts(path)) && in_scope(path);
        let fate = |entry: &super::tree::Entry| {
            if entry.kind == EntryKind::Directory || !counts(&entry.path) {
                Fate::Uncounted
            } else {
                Fate::NotApplicable
            }
        };
        let fates = match focus.filter(|focus| !focus.judges_some_whole()) {
            // Everything else is none of the run's business.
            Some(focus) => {
                let mut fates = vec![Fate::Uncounted; listing.entries.len()];
                focus
                    .places(&listing.entries)
                    .into_iter()
                    .for_each(|at| fates[at] = fate(&listing.entries[at]));
                fates
            }
            None => listing.entries.iter().map(fate).collect(),
        };
        let asked = vec![false; guidelines.len()];
        let found = vec![(0, 0); guidelines.len()];
        // A promise is judged by all of its findings.
        let most =
            guidelines.iter().map(|it| if promised.contains(&it.id) { MOST_PROMISED } else { MOST_LISTED });
        let most = most.collect();
        let outcome = Outcome { notes: listing.notes.clone(), ..Outcome::default() };
        let mut assembly = Self {
            guidelines,
            plan,
            listing,
            in_scope,
            focus,
            fates,
            extra_cannot_tell: 0,
            asked,
            found,
            most,
            read: vec![false; listing.entries.len()],
            comments: BTreeMap::new(),
            outcome,
        };
        for (path, error) in &listing.problems {
            assembly.listing_problem(path, error.reason, &error.detail);
        }
        for problem in &plan.problems {
            assembly.plan_problem(problem);
        }
        assembly
    }

    fn listing_problem(&mut self, path: &RepoPath, reason: Reason, detail: &str) {
        if !self.counts_path(path) {
            return;
        }
        match self.listing.entries.binary_search_by(|entry| entry.path.cmp(path)) {
            Ok(at) if self.fates[at] != Fate::Uncounted => self.fates[at] = Fate::CannotTell,
            _ => self.extra_cannot_tell += 1,
        }
        self.not_assessed(Some(path.clone()), None, None, reason, detail.to_owned());
    }

    /// Whether `path` is one of those that the run is about.
    fn counts_path(&self, path: &RepoPath) -> bool {
        self.focus.is_none_or(|focus| focus.counts(path)) && (self.in_scope)(path)
    }

    /// Says that a guideline or a check of it cannot be used.
    pub fn plan_problem(&mut self, found: &PlanProblem) {
        let check = found.check.map(|check| self.guidelines[found.guideline].checks[check].id.clone());
        let detail = match &found.problem.help {
            Some(help) => format!("{} ({help})", found.problem.message),
            None => found.problem.message.clone(),
        };
        self.not_assessed(None, Some(found.guideline), check, Reason::Guideline, detail);
    }

    fn not_assessed(
        &mut self,
        path: Option<RepoPath>,
        guideline: Option<usize>,
        check: Option<String>,
        reason: Reason,
        detail: String,
    ) {
        self.outcome.not_assessed.push(NotAssessed { path, guideline, check, reason, detail });
    }

    /// Adds what the checks of names said.
    pub fn add_names(&mut self, names: NamesResult) {
        for number in names.asked {
            self.asked[self.plan.checks[number as usize].guideline] = true;
        }
        for (fate, looked) in self.fates.iter_mut().zip(names.looked) {
            if looked && *fate == Fate::NotApplicable {
                *fate = Fate::Assessed;
            }
        }
        let mut occurrences = HashMap::new();
        for (path, found) in names.found {
            if !(self.in_scope)(&path) {
                continue;
            }
            // What is missing in a directory that could not be listed may well be there.
            match self.listing.problems.iter().find(|(hidden, _)| path.is_within(hidden)) {
                Some((_, error)) => {
                    let (reason, detail) = (error.reason, error.detail.clone());
                    self.cannot_tell(&path, CannotTell { check: Some(found.check), reason, detail });
                }
                None => self.finding(path, found, &mut occurrences),
            }
        }
        for (path, cannot_tell) in names.cannot_tell {
            if !(self.in_scope)(&path) {
                continue;
            }
            if let Ok(at) = self.listing.entries.binary_search_by(|entry| entry.path.cmp(&path))
                && self.fates[at] != Fate::Uncounted
            {
                self.fates[at] = Fate::CannotTell;
            }
            self.cannot_tell(&path, cannot_tell);
        }
    }

    /// Whether a path of the tree is one that the run is about, and its guideline looks at.
    pub fn is_about(&self, number: u32, path: &RepoPath) -> bool {
        let guideline = self.plan.checks[number as usize].guideline;
        let holds = |condition: &super::applies::Condition| {
            condition.holds_for(path.bytes(), crate::model::language_of(path.bytes()))
        };
        self.counts_for(number, path) && self.plan.conditions[guideline].as_ref().is_some_and(holds)
    }

    /// Whether a path is one that the run is about, for a check: what is promised is judged whole.
    fn counts_for(&self, number: u32, path: &RepoPath) -> bool {
        let focus = self.focus.filter(|focus| !focus.judges_whole(self.id_of(number)));
        focus.is_none_or(|focus| focus.counts(path)) && (self.in_scope)(path)
    }

    /// Adds what a tool found, by file; the check was asked, whether it found something or not.
    pub fn add_tool(&mut self, number: u32, results: Vec<FileResult>) {
        self.asked[self.plan.checks[number as usize].guideline] = true;
        for result in results {
            let fate = &mut self.fates[result.file as usize];
            if *fate == Fate::NotApplicable {
                *fate = Fate::Assessed;
            }
            self.add(result);
        }
    }

    /// Says that a check of a tool's results cannot tell.
    pub fn tool_cannot_tell(&mut self, number: u32, reason: Reason, detail: String) {
        let (guideline, check) = self.named(number);
        self.asked[guideline] = true;
        self.not_assessed(None, Some(guideline), Some(check), reason, detail);
    }

    /// Adds something worth saying about the run.
    pub fn note(&mut self, note: Note) {
        self.outcome.notes.push(note);
    }

    /// Says that the checks `numbers` look into `file`.
    pub fn add_look(&mut self, file: u32, numbers: &[u32]) {
        self.read[file as usize] = true;
        let fate = &mut self.fates[file as usize];
        if *fate == Fate::NotApplicable {
            *fate = Fate::Assessed;
        }
        for &number in numbers {
            self.asked[self.plan.checks[number as usize].guideline] = true;
        }
    }

    /// A file that is never opened although checks would look into it.
    pub fn add_special(&mut self, file: u32, numbers: &[u32]) {
        let (reason, detail) = SPECIAL;
        let refuse = |&number| CannotTell { check: Some(number), reason, detail: detail.to_owned() };
        self.add(FileResult::unknown(file, numbers.iter().map(refuse).collect()));
    }

    /// Adds the result of one file.
    pub fn add(&mut self, result: FileResult) {
        let path = &self.listing.entries[result.file as usize].path;
        if !result.cannot_tell.is_empty() {
            self.fates[result.file as usize] = Fate::CannotTell;
        }
        if !result.comments.is_empty() {
            self.comments.insert(path.clone(), result.comments);
        }
        let mut occurrences = HashMap::new();
        let mut lines = None;
        for found in result.found {
            let number = found.check;
            self.finding(path.clone(), found, &mut occurrences);
            // Given its fingerprint first, which must not depend on what is left out.
            if let Some(focus) = self.focus.filter(|focus| !focus.judges_whole(self.id_of(number)))
                && let Some(last) = self.outcome.findings.last()
            {
                let lines = lines.get_or_insert_with(|| focus.lines(path));
                let (start, end) = (last.start, last.end);
                if !lines.touch(start, end) && !lines.may_bring_about(self.kind_of(number), start, end) {
                    self.outcome.findings.pop();
                }
            }
        }
        for cannot_tell in result.cannot_tell {
            self.cannot_tell(path, cannot_tell);
        }
    }

    fn cannot_tell(&mut self, path: &RepoPath, cannot_tell: CannotTell) {
        let (guideline, check) = match cannot_tell.check {
            Some(number) => {
                let (guideline, check) = self.named(number);
                (Some(guideline), Some(check))
            }
            None => (None, None),
        };
        self.not_assessed(Some(path.clone()), guideline, check, cannot_tell.reason, cannot_tell.detail);
    }

    fn kind_of(&self, number: u32) -> &CheckKind {
        let planned = &self.plan.checks[number as usize];
        &self.guidelines[planned.guideline].checks[planned.check].kind
    }

    fn id_of(&self, number: u32) -> &GuidelineId {
        &self.guidelines[self.plan.checks[number as usize].guideline].id
    }

    fn named(&self, number: u32) -> (usize, String) {
        let planned = &self.plan.checks[number as usize];
        (planned.guideline, self.guidelines[planned.guideline].checks[planned.check].id.clone())
    }

    fn finding(
        &mut self,
        path: RepoPath,
        found: Found,
        occurrences: &mut HashMap<(u32, Vec<u8>, String), usize>,
    ) {
        let (index, check) = self.named(found.check);
        let guideline = &self.guidelines[index];
        // Names are asked of the whole tree at once, so the path is part of the key.
        let key = (found.check, path.bytes().to_vec(), fold(&found.content));
        let occurrence = occurrences.entry(key).and_modify(|count| *count += 1).or_insert(0);
        let first_line = first_of_several_lines(&found);
        let traces = traces(&guideline.id, &check, &path, &found.content, first_line, *occurrence);
        let counts = &mut self.found[index];
        counts.0 += 1;
        counts.1 += 1;
        let too_many = counts.1 > 2 * self.most[index];
        self.outcome.findings.push(Finding {
            guideline: index,
            check,
            level: guideline.level,
            message: found.message,
            path,
            start: found.start,
            end: found.end,
            excerpt: found.excerpt,
            traces,
            standing: Standing::Open,
            lapsed: None,
            fix: found.fix,
        });
        if too_many {
            self.keep_first(index);
        }
    }

    /// Keeps the first findings of a guideline by path and place, so that which ones are listed does not
    /// depend on the order in which they came.
    fn keep_first(&mut self, guideline: usize) {
        let all = std::mem::take(&mut self.outcome.findings);
        let (mut own, mut rest): (Vec<Finding>, Vec<Finding>) =
            all.into_iter().partition(|finding| finding.guideline == guideline);
        own.sort_by(in_order);
        own.truncate(self.most[guideline]);
        self.found[guideline].1 = own.len();
        rest.append(&mut own);
        self.outcome.findings = rest;
    }

    /// The comments that begin inline waivers, by file; taken once.
    pub fn take_comments(&mut self) -> BTreeMap<RepoPath, Vec<Comment>> {
        std::mem::take(&mut self.comments)
    }

    /// Whether the entry with this number was looked into.
    pub fn was_read(&self, entry: usize) -> bool {
        self.read[entry]
    }

    /// The files that have findings.
    pub fn paths_with_findings(&self) -> BTreeSet<&RepoPath> {
        self.outcome.findings.iter().map(|finding| &finding.path).collect()
    }

    /// Sorts, counts and judges.
    #[must_use]
    pub fn finish(mut self) -> Outcome {
        for index in 0..self.found.len() {
            let (all, kept) = self.found[index];
            let most = self.most[index];
            if kept > most {
                self.keep_first(index);
            }
            if all > most {
                let detail = format!("{all} findings in all; the first {most} are listed");
                self.not_assessed(None, Some(index), None, Reason::Budget, detail);
            }
        }
        self.outcome.findings.sort_by(in_order);
        self.outcome.not_assessed.sort();
        self.outcome.not_assessed.dedup();
        let mut findings = vec![0usize; self.guidelines.len()];
        for finding in &self.outcome.findings {
            findings[finding.guideline] += 1;
        }
        let blind = self.blind();
        self.outcome.guidelines = self
            .guidelines
            .iter()
            .enumerate()
            .map(|(index, guideline)| {
                let verdict = match (findings[index], blind[index], self.asked[index]) {
                    (1.., _, _) => Verdict::NotKept,
                    (0, true, _) => Verdict::CannotTell,
                    (0, false, true) => Verdict::Kept,
                    (0, false, false) => Verdict::NotApplicable,
                };
                GuidelineOutcome {
                    guideline: Arc::clone(guideline),
                    verdict,
                    findings: findings[index],
                    waived: 0,
                    blind: blind[index],
                    promised: false,
                    edited: false,
                }
            })
            .collect();
        self.outcome.paths = self.counts();
        self.outcome
    }

    /// For each guideline, whether something that it asks about could not be told.
    fn blind(&self) -> Vec<bool> {
        let mut blind = vec![false; self.guidelines.len()];
        for not_assessed in &self.outcome.not_assessed {
            match (not_assessed.guideline, &not_assessed.path) {
                (Some(index), _) => blind[index] = true,
                // An ignore file that is not used hides nothing: more is assessed, not less.
                (None, Some(_)) if not_assessed.reason == Reason::IgnoreFile => {}
                // Whatever a guideline asks about may lie in a directory that could not be listed.
                (None, Some(path)) if self.is_unlisted(path) => blind.fill(true),
                (None, path) => {
                    for (index, blind) in blind.iter_mut().enumerate() {
                        *blind |= self.asked[index]
                            && path.as_ref().is_none_or(|path| self.would_look(index, path));
                    }
                }
            }
        }
        blind
    }

    /// Whether `path` is a directory (or something below one) that could not be listed.
    fn is_unlisted(&self, path: &RepoPath) -> bool {
        match self.listing.entries.binary_search_by(|entry| entry.path.cmp(path)) {
            Ok(at) => self.listing.entries[at].kind == EntryKind::Directory,
            Err(_) => true,
        }
    }

    /// Whether some check of contents of the guideline looks into `path`.
    fn would_look(&self, guideline: usize, path: &RepoPath) -> bool {
        let Some(condition) = &self.plan.conditions[guideline] else { return true };
        let language = crate::model::language_of(path.bytes());
        condition.holds_for(path.bytes(), language)
            && self.plan.checks.iter().filter(|planned| planned.guideline == guideline).any(|planned| {
                planned.selector.as_ref().is_some_and(|selector| selector.selects(path.bytes(), language))
            })
    }

    fn counts(&self) -> PathCounts {
        let count = |fate: Fate| self.fates.iter().filter(|&&f| f == fate).count();
        let (assessed, not_applicable) = (count(Fate::Assessed), count(Fate::NotApplicable));
        let cannot_tell = count(Fate::CannotTell) + self.extra_cannot_tell;
        // Counted from the list of entries, not as the sum of the rest: the sums are a test's to check.
        let counted =
            |entry: &&super::tree::Entry| entry.kind != EntryKind::Directory && self.counts_path(&entry.path);
        let entries = &self.listing.entries;
        let seen = match self.focus.filter(|focus| !focus.judges_some_whole()) {
            Some(focus) => focus.places(entries).into_iter().map(|at| &entries[at]).filter(counted).count(),
            None => entries.iter().filter(counted).count(),
        };
        PathCounts {
            seen: seen + self.extra_cannot_tell,
            assessed,
            not_applicable,
            cannot_tell,
            ignored: self.listing.ignored,
        }
    }
}
