//! Builds the outcome of a run: turns the results of files into findings, verdicts and counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::file_result::{CannotTell, FileResult, RawFinding};
use super::fingerprint::{fold_whitespace, hash_finding};
use super::focus::Focus;
use super::judge::Comment;
use super::plan::{Plan, PlanProblem};
use super::tree::{EntryKind, Listing};
use crate::model::{
    CheckKind, Finding, FindingStatus, Guideline, GuidelineId, GuidelineOutcome, NotAssessed, Note, Outcome,
    PathCounts, Reason, RepoPath, Verdict,
};

/// Maximum number of findings listed for one guideline. It bounds the memory of a run over a repository in
/// which every line is a finding.
const MOST_LISTED: usize = 20_000;

/// Maximum number of findings listed for a promised guideline, for which each finding counts.
const MOST_PROMISED: usize = 200_000;

/// Why a special file was not opened.
const SPECIAL: (Reason, &str) = (Reason::Special, "a FIFO, socket or device is never opened");

/// Results of the checks of names.
#[derive(Default)]
pub struct NamesResult {
    /// Findings by path.
    pub found: Vec<(RepoPath, RawFinding)>,
    /// Checks that cannot tell, by path.
    pub cannot_tell: Vec<(RepoPath, CannotTell)>,
    /// For each entry, whether a check inspected it.
    pub inspected: Vec<bool>,
    /// Numbers of the checks that inspected at least one entry or concern the whole repository.
    pub ran: Vec<u32>,
}

/// Status of a path so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PathStatus {
    /// A directory or outside the scope: not counted.
    Uncounted,
    NotApplicable,
    Assessed,
    CannotTell,
}

/// Order of findings: by guideline, path and location.
fn compare_findings(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    let place = |f: &Finding| (f.start.byte, f.end.byte);
    (a.guideline, &a.path)
        .cmp(&(b.guideline, &b.path))
        .then_with(|| place(a).cmp(&place(b)))
        .then_with(|| a.check.cmp(&b.check))
}

/// Returns the first line of a finding that spans several lines.
fn first_of_several_lines(found: &RawFinding) -> Option<&str> {
    let excerpt = found.excerpt.as_ref().filter(|_| found.start.line < found.end.line)?;
    excerpt.text.get(excerpt.span.start..excerpt.span.end)?.lines().next()
}

/// Collects the results of a run and builds its outcome.
pub struct OutcomeBuilder<'r> {
    guidelines: &'r [Arc<Guideline>],
    plan: &'r Plan,
    listing: &'r Listing,
    in_scope: &'r dyn Fn(&RepoPath) -> bool,
    focus: Option<&'r Focus>,
    statuses: Vec<PathStatus>,
    /// Number of paths outside the list of entries that cannot be assessed.
    extra_cannot_tell: usize,
    /// For each guideline, whether a check of it ran.
    ran: Vec<bool>,
    /// For each guideline, the number of findings, and how many of them are in the outcome.
    found: Vec<(usize, usize)>,
    /// For each guideline, the maximum number of findings that are listed.
    most: Vec<usize>,
    /// For each entry, whether a check of contents selected it.
    read: Vec<bool>,
    /// Comments that start an inline waiver, by file.
    comments: BTreeMap<RepoPath, Vec<Comment>>,
    outcome: Outcome,
}

impl<'r> OutcomeBuilder<'r> {
    /// Starts with the problems of the listing and the plan.
    pub fn new(
        guidelines: &'r [Arc<Guideline>],
        plan: &'r Plan,
        listing: &'r Listing,
        in_scope: &'r dyn Fn(&RepoPath) -> bool,
        focus: Option<&'r Focus>,
        promised: &BTreeSet<GuidelineId>,
    ) -> Self {
        let counts = |path: &RepoPath| focus.is_none_or(|focus| focus.includes(path)) && in_scope(path);
        let status = |entry: &super::tree::PathEntry| {
            if entry.kind == EntryKind::Directory || !counts(&entry.path) {
                PathStatus::Uncounted
            } else {
                PathStatus::NotApplicable
            }
        };
        let statuses = match focus.filter(|focus| !focus.judges_some_whole()) {
            // Unchanged paths are not part of the run.
            Some(focus) => {
                let mut statuses = vec![PathStatus::Uncounted; listing.entries.len()];
                focus
                    .changed_indexes(&listing.entries)
                    .into_iter()
                    .for_each(|at| statuses[at] = status(&listing.entries[at]));
                statuses
            }
            None => listing.entries.iter().map(status).collect(),
        };
        let ran = vec![false; guidelines.len()];
        let found = vec![(0, 0); guidelines.len()];
        // A promise is judged by all of its findings, so its limit is higher.
        let most =
            guidelines.iter().map(|it| if promised.contains(&it.id) { MOST_PROMISED } else { MOST_LISTED });
        let most = most.collect();
        let outcome = Outcome { notes: listing.notes.clone(), ..Outcome::default() };
        let mut builder = Self {
            guidelines,
            plan,
            listing,
            in_scope,
            focus,
            statuses,
            extra_cannot_tell: 0,
            ran,
            found,
            most,
            read: vec![false; listing.entries.len()],
            comments: BTreeMap::new(),
            outcome,
        };
        for (path, error) in &listing.problems {
            builder.listing_problem(path, error.reason, &error.detail);
        }
        for problem in &plan.problems {
            builder.plan_problem(problem);
        }
        builder
    }

    fn listing_problem(&mut self, path: &RepoPath, reason: Reason, detail: &str) {
        if !self.counts_path(path) {
            return;
        }
        match self.listing.entries.binary_search_by(|entry| entry.path.cmp(path)) {
            Ok(at) if self.statuses[at] != PathStatus::Uncounted => {
                self.statuses[at] = PathStatus::CannotTell;
            }
            _ => self.extra_cannot_tell += 1,
        }
        self.not_assessed(Some(path.clone()), None, None, reason, detail.to_owned());
    }

    /// Whether `path` is one of those that the run counts.
    fn counts_path(&self, path: &RepoPath) -> bool {
        self.focus.is_none_or(|focus| focus.includes(path)) && (self.in_scope)(path)
    }

    /// Records that a guideline or one of its checks is unusable.
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

    /// Adds the results of the checks of names.
    pub fn add_names(&mut self, names: NamesResult) {
        for number in names.ran {
            self.ran[self.plan.checks[number as usize].guideline] = true;
        }
        for (status, inspected) in self.statuses.iter_mut().zip(names.inspected) {
            if inspected && *status == PathStatus::NotApplicable {
                *status = PathStatus::Assessed;
            }
        }
        let mut occurrences = HashMap::new();
        for (path, found) in names.found {
            if !(self.in_scope)(&path) {
                continue;
            }
            // A file reported missing in a directory that could not be listed may exist.
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
                && self.statuses[at] != PathStatus::Uncounted
            {
                self.statuses[at] = PathStatus::CannotTell;
            }
            self.cannot_tell(&path, cannot_tell);
        }
    }

    /// Whether a path is part of the run for a check, and the guideline of the check applies to it.
    pub fn applies_to_path(&self, number: u32, path: &RepoPath) -> bool {
        let guideline = self.plan.checks[number as usize].guideline;
        let holds = |condition: &super::applies::Condition| {
            condition.holds_for(path.bytes(), crate::model::language_of(path.bytes()))
        };
        self.counts_for(number, path) && self.plan.conditions[guideline].as_ref().is_some_and(holds)
    }

    /// Whether a path is part of the run for a check. Promised guidelines are judged on the whole repository.
    fn counts_for(&self, number: u32, path: &RepoPath) -> bool {
        let focus = self.focus.filter(|focus| !focus.judges_whole(self.id_of(number)));
        focus.is_none_or(|focus| focus.includes(path)) && (self.in_scope)(path)
    }

    /// Adds the results of a tool by file. The check counts as having run even without results.
    pub fn add_tool(&mut self, number: u32, results: Vec<FileResult>) {
        self.ran[self.plan.checks[number as usize].guideline] = true;
        for result in results {
            let status = &mut self.statuses[result.file as usize];
            if *status == PathStatus::NotApplicable {
                *status = PathStatus::Assessed;
            }
            self.add(result);
        }
    }

    /// Records that a check of a tool's results cannot tell.
    pub fn tool_cannot_tell(&mut self, number: u32, reason: Reason, detail: String) {
        let (guideline, check) = self.named(number);
        self.ran[guideline] = true;
        self.not_assessed(None, Some(guideline), Some(check), reason, detail);
    }

    /// Adds a note about the run.
    pub fn note(&mut self, note: Note) {
        self.outcome.notes.push(note);
    }

    /// Records that the checks `numbers` select `file`.
    pub fn add_selected_file(&mut self, file: u32, numbers: &[u32]) {
        self.read[file as usize] = true;
        let status = &mut self.statuses[file as usize];
        if *status == PathStatus::NotApplicable {
            *status = PathStatus::Assessed;
        }
        for &number in numbers {
            self.ran[self.plan.checks[number as usize].guideline] = true;
        }
    }

    /// Records a special file, which is never opened although checks select it.
    pub fn add_special(&mut self, file: u32, numbers: &[u32]) {
        let (reason, detail) = SPECIAL;
        let refuse = |&number| CannotTell { check: Some(number), reason, detail: detail.to_owned() };
        self.add(FileResult::unknown(file, numbers.iter().map(refuse).collect()));
    }

    /// Adds the result of one file.
    pub fn add(&mut self, result: FileResult) {
        let path = &self.listing.entries[result.file as usize].path;
        if !result.cannot_tell.is_empty() {
            self.statuses[result.file as usize] = PathStatus::CannotTell;
        }
        if !result.comments.is_empty() {
            self.comments.insert(path.clone(), result.comments);
        }
        let mut occurrences = HashMap::new();
        let mut lines = None;
        for found in result.found {
            let number = found.check;
            self.finding(path.clone(), found, &mut occurrences);
            // The fingerprint is computed before filtering, so that it does not depend on the focus.
            if let Some(focus) = self.focus.filter(|focus| !focus.judges_whole(self.id_of(number)))
                && let Some(last) = self.outcome.findings.last()
            {
                let lines = lines.get_or_insert_with(|| focus.lines(path));
                let (start, end) = (last.start, last.end);
                if !lines.touches(start, end) && !lines.may_follow_deletion(self.kind_of(number), start, end)
                {
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
        found: RawFinding,
        occurrences: &mut HashMap<(u32, Vec<u8>, String), usize>,
    ) {
        let (index, check) = self.named(found.check);
        let guideline = &self.guidelines[index];
        // Checks of names run on the whole tree at once, so the path is part of the key.
        let key = (found.check, path.bytes().to_vec(), fold_whitespace(&found.content));
        let occurrence = occurrences.entry(key).and_modify(|count| *count += 1).or_insert(0);
        let first_line = first_of_several_lines(&found);
        let hashes = hash_finding(&guideline.id, &check, &path, &found.content, first_line, *occurrence);
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
            hashes,
            status: FindingStatus::Open,
            lapsed: None,
            fix: found.fix,
        });
        if too_many {
            self.keep_first(index);
        }
    }

    /// Keeps only the first findings of a guideline by path and location, so that the listed findings do not
    /// depend on the order of arrival.
    fn keep_first(&mut self, guideline: usize) {
        let all = std::mem::take(&mut self.outcome.findings);
        let (mut own, mut rest): (Vec<Finding>, Vec<Finding>) =
            all.into_iter().partition(|finding| finding.guideline == guideline);
        own.sort_by(compare_findings);
        own.truncate(self.most[guideline]);
        self.found[guideline].1 = own.len();
        rest.append(&mut own);
        self.outcome.findings = rest;
    }

    /// Removes and returns the comments that start inline waivers, by file.
    pub fn take_comments(&mut self) -> BTreeMap<RepoPath, Vec<Comment>> {
        std::mem::take(&mut self.comments)
    }

    /// Whether a check of contents selected the entry with this number.
    pub fn was_read(&self, entry: usize) -> bool {
        self.read[entry]
    }

    /// Returns the paths that have findings.
    pub fn paths_with_findings(&self) -> BTreeSet<&RepoPath> {
        self.outcome.findings.iter().map(|finding| &finding.path).collect()
    }

    /// Sorts the findings, counts the paths, computes the verdicts and returns the outcome.
    #[must_use]
    pub fn finish(mut self) -> Outcome {
        for index in 0..self.found.len() {
            let (all, kept) = self.found[index];
            let most = self.most[index];
            if kept > most {
                self.keep_first(index);
            }
            if all > most {
                let detail = format!("{all} findings; only the first {most} are listed");
                self.not_assessed(None, Some(index), None, Reason::Budget, detail);
            }
        }
        self.outcome.findings.sort_by(compare_findings);
        self.outcome.not_assessed.sort();
        self.outcome.not_assessed.dedup();
        let mut findings = vec![0usize; self.guidelines.len()];
        for finding in &self.outcome.findings {
            findings[finding.guideline] += 1;
        }
        let blind = self.blind_guidelines();
        self.outcome.guidelines = self
            .guidelines
            .iter()
            .enumerate()
            .map(|(index, guideline)| {
                let verdict = match (findings[index], blind[index], self.ran[index]) {
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

    /// Returns for each guideline whether a check of it cannot tell.
    fn blind_guidelines(&self) -> Vec<bool> {
        let mut blind = vec![false; self.guidelines.len()];
        for not_assessed in &self.outcome.not_assessed {
            match (not_assessed.guideline, &not_assessed.path) {
                (Some(index), _) => blind[index] = true,
                // An unusable ignore file hides nothing: more files are assessed, not fewer.
                (None, Some(_)) if not_assessed.reason == Reason::IgnoreFile => {}
                // A directory that could not be listed may contain files of any guideline.
                (None, Some(path)) if self.is_unlisted(path) => blind.fill(true),
                (None, path) => {
                    for (index, blind) in blind.iter_mut().enumerate() {
                        *blind |=
                            self.ran[index] && path.as_ref().is_none_or(|path| self.selects(index, path));
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

    /// Whether a check of contents of the guideline selects `path`.
    fn selects(&self, guideline: usize, path: &RepoPath) -> bool {
        let Some(condition) = &self.plan.conditions[guideline] else { return true };
        let language = crate::model::language_of(path.bytes());
        condition.holds_for(path.bytes(), language)
            && self.plan.checks.iter().filter(|planned| planned.guideline == guideline).any(|planned| {
                planned.selector.as_ref().is_some_and(|selector| selector.selects(path.bytes(), language))
            })
    }

    fn counts(&self) -> PathCounts {
        let count = |status: PathStatus| self.statuses.iter().filter(|&&f| f == status).count();
        let (assessed, not_applicable) = (count(PathStatus::Assessed), count(PathStatus::NotApplicable));
        let cannot_tell = count(PathStatus::CannotTell) + self.extra_cannot_tell;
        // Counted from the list of entries, not as the sum of the other counts, so that a test can compare
        // them.
        let counted = |entry: &&super::tree::PathEntry| {
            entry.kind != EntryKind::Directory && self.counts_path(&entry.path)
        };
        let entries = &self.listing.entries;
        let seen = match self.focus.filter(|focus| !focus.judges_some_whole()) {
            Some(focus) => {
                focus.changed_indexes(entries).into_iter().map(|at| &entries[at]).filter(counted).count()
            }
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
