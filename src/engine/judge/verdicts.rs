//! Assigns a status to each finding, an effect to each waiver, and a verdict to each guideline and promise.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::baseline::match_baseline;
use super::cover::{FindingPlaces, WaiverIndex};
use super::effect::{applies_to, effect_by_date, is_in_effect};
use crate::model::{
    Baseline, Date, Finding, FindingStatus, GuidelineId, Outcome, Promise, PromiseOutcome, PromiseVerdict,
    RepoPath, Unassessed, Verdict, Waiver, WaiverEffect, WaiverEnd, WaiverOutcome,
};

/// Everything that findings are judged by: the repository's policy, and the date.
pub struct JudgeInput<'g> {
    /// Waivers in order; if several cover a finding, the first one applies.
    pub waivers: Vec<Waiver>,
    /// Promises, ordered by guideline.
    pub promises: Vec<(GuidelineId, Promise)>,
    /// Whether a result "cannot tell" breaks a promise.
    pub unassessed: Unassessed,
    /// The baseline, or the reason why it cannot be read.
    pub baseline: Result<Baseline, String>,
    /// Current date (UTC).
    pub today: Date,
    /// Parts of the repository that the run was limited to; empty for the whole repository.
    pub scopes: &'g [RepoPath],
    /// Returns, as a sentence, why the outcome does not contain a promised guideline.
    pub why_absent: &'g dyn Fn(&GuidelineId) -> String,
}

/// Judges the findings of `outcome`. They must be ordered by guideline, path and position, and all be open.
pub fn judge(outcome: &mut Outcome, input: JudgeInput<'_>) {
    let JudgeInput { waivers, promises, unassessed, baseline, today, scopes, why_absent } = input;
    outcome.today = Some(today);
    outcome.unassessed = unassessed;
    let promised: HashMap<&GuidelineId, &Promise> =
        promises.iter().map(|(id, promise)| (id, promise)).collect();
    for entry in &mut outcome.guidelines {
        entry.promised = promised.contains_key(&entry.guideline.id);
    }
    let coverage = Coverage::new(outcome, scopes);
    outcome.waivers = apply_waivers(outcome, waivers, today, &coverage);
    let known = apply_baseline(outcome, &promised, &baseline, &coverage);
    count_waived(outcome);
    outcome.promises = promises
        .iter()
        .map(|(id, promise)| {
            let index = outcome.guidelines.iter().position(|entry| entry.guideline.id == *id);
            let judgement = match index {
                Some(index) => judge_promise(outcome, index, promise, &baseline),
                None => {
                    PromiseJudgement { verdict: PromiseVerdict::CannotTell, breaking: 0, why: why_absent(id) }
                }
            };
            PromiseOutcome {
                guideline: id.clone(),
                promise: promise.clone(),
                verdict: judgement.verdict,
                breaking: judgement.breaking,
                known: index.map_or(0, |index| known[index]),
                why: judgement.why,
            }
        })
        .collect();
}

/// The guidelines and paths for which a run could report findings.
pub struct Coverage {
    /// By guideline index: whether the outcome contains every finding outside of `unassessed_paths`.
    complete: Vec<bool>,
    /// Paths that could not be assessed: by the guideline with this index, or by any guideline if `None`.
    unassessed_paths: HashSet<(Option<usize>, RepoPath)>,
}

impl Coverage {
    /// Computes the coverage of the run that produced `outcome`. `scopes` are the parts of the repository
    /// that the run was limited to; empty for the whole repository.
    #[must_use]
    pub fn new(outcome: &Outcome, scopes: &[RepoPath]) -> Self {
        let mut complete: Vec<bool> = outcome
            .guidelines
            .iter()
            .map(|entry| scopes.is_empty() && (outcome.compared.is_none() || entry.promised))
            .collect();
        let mut unassessed_paths = HashSet::new();
        for item in &outcome.not_assessed {
            match (&item.path, item.guideline) {
                (Some(path), guideline) => drop(unassessed_paths.insert((guideline, path.clone()))),
                (None, Some(guideline)) => complete[guideline] = false,
                // An invalid guideline file: the outcome does not list its guideline.
                (None, None) => {}
            }
        }
        Self { complete, unassessed_paths }
    }

    /// Whether the outcome would contain a finding of the guideline with this index at `path`.
    #[must_use]
    pub fn covers_path(&self, guideline: usize, path: &RepoPath) -> bool {
        let hidden = |path: &RepoPath| {
            self.unassessed_paths.contains(&(None, path.clone()))
                || self.unassessed_paths.contains(&(Some(guideline), path.clone()))
        };
        self.complete[guideline]
            && (self.unassessed_paths.is_empty()
                || !std::iter::successors(Some(path.clone()), |path| {
                    let above = path.parent();
                    (!above.is_empty()).then(|| RepoPath::new(above))
                })
                .any(|path| hidden(&path)))
    }

    /// Whether the guideline was assessed for every path and with every check.
    fn is_complete(&self, guideline: usize, outcome: &Outcome) -> bool {
        self.complete[guideline] && !outcome.guidelines[guideline].blind
    }
}

/// Assigns waivers to findings, and returns the waivers with their effects.
fn apply_waivers(
    outcome: &mut Outcome,
    waivers: Vec<Waiver>,
    today: Date,
    coverage: &Coverage,
) -> Vec<WaiverOutcome> {
    let index: foldhash::HashMap<&GuidelineId, usize> =
        outcome.guidelines.iter().enumerate().map(|(at, entry)| (&entry.guideline.id, at)).collect();
    let guideline_of: Vec<Option<usize>> =
        waivers.iter().map(|waiver| index.get(&waiver.guideline).copied()).collect();
    let mut effects: Vec<WaiverEffect> = waivers
        .iter()
        .zip(&guideline_of)
        .map(|(waiver, guideline)| {
            let effect = effect_by_date(waiver, today);
            let applies = guideline.is_some_and(|at| applies_to(waiver, &outcome.guidelines[at].guideline));
            if is_in_effect(effect) && !applies { WaiverEffect::Outdated } else { effect }
        })
        .collect();
    let mut places: HashMap<usize, FindingPlaces> = HashMap::new();
    for findings in outcome.findings.chunk_by(|a, b| (a.guideline, &a.path) == (b.guideline, &b.path)) {
        places.entry(findings[0].guideline).or_default().add(findings[0].path.bytes());
    }
    let mut by_guideline: HashMap<usize, WaiverIndex<'_>> = HashMap::new();
    for (number, guideline) in guideline_of.iter().enumerate() {
        // A withdrawn waiver is not mentioned at findings.
        if let (Some(guideline), false) = (guideline, effects[number] == WaiverEffect::Withdrawn)
            && let Some(places) = places.get(guideline)
        {
            by_guideline.entry(*guideline).or_default().add(number, &waivers[number], places);
        }
    }
    let mut used = vec![0usize; waivers.len()];
    // For each waiver that covers a finding but was not applied: the waivers that were applied instead, since
    // they are earlier in the list. Usually few, but thousands may cover everything.
    let mut covered_by: foldhash::HashMap<usize, BTreeSet<usize>> = foldhash::HashMap::default();
    let mut last: Option<(usize, RepoPath, Vec<usize>)> = None;
    for finding in &mut outcome.findings {
        let Some(waiver_index) = by_guideline.get(&finding.guideline) else { continue };
        let same = |(guideline, path, _): &(usize, RepoPath, Vec<usize>)| {
            *guideline == finding.guideline && *path == finding.path
        };
        if !last.as_ref().is_some_and(same) {
            last = Some((
                finding.guideline,
                finding.path.clone(),
                waiver_index.covering_path(finding.path.bytes()),
            ));
        }
        let of_path = last.as_ref().map_or(&[][..], |(_, _, numbers)| numbers);
        let mut covering = waiver_index.covering_finding(finding, of_path);
        covering.retain(|&number| {
            let checks = &waivers[number].checks;
            checks.is_empty() || checks.contains(&finding.check)
        });
        let mut in_effect = covering.iter().copied().filter(|&number| is_in_effect(effects[number]));
        if let Some(first) = in_effect.next() {
            finding.status = FindingStatus::Waived(first);
            used[first] += 1;
            for other in in_effect {
                covered_by.entry(other).or_default().insert(first);
            }
        } else {
            finding.lapsed = covering.into_iter().max_by_key(|&number| (last_day(&waivers[number]), number));
        }
    }
    for number in 0..waivers.len() {
        if is_in_effect(effects[number]) && used[number] == 0 {
            let is_complete = || guideline_of[number].is_some_and(|at| coverage.is_complete(at, outcome));
            // A waiver is unused only if the guideline was assessed completely, and superseded only if the
            // others last at least as long.
            let outlasted = |by: &usize| duration_order(&waivers[*by]) >= duration_order(&waivers[number]);
            if !is_complete() {
                continue;
            }
            match covered_by.get(&number) {
                None => effects[number] = WaiverEffect::Unused,
                Some(by) if by.iter().all(outlasted) => effects[number] = WaiverEffect::Superseded,
                Some(_) => {}
            }
        }
    }
    let mut superseded_by: HashMap<usize, String> = covered_by
        .into_iter()
        .filter(|(number, by)| by.len() == 1 && effects[*number] == WaiverEffect::Superseded)
        .filter_map(|(number, by)| Some((number, waivers[*by.first()?].id.clone())))
        .collect();
    waivers
        .into_iter()
        .enumerate()
        .map(|(number, waiver)| WaiverOutcome {
            waiver,
            effect: effects[number],
            used: used[number],
            superseded_by: superseded_by.remove(&number),
        })
        .collect()
}

/// Sort key by which a waiver that lasts longer compares greater.
fn duration_order(waiver: &Waiver) -> (u8, Option<Date>) {
    match waiver.end {
        WaiverEnd::Until(day) => (0, Some(day)),
        WaiverEnd::Standing { .. } | WaiverEnd::Never => (1, None),
    }
}

/// Last day of a waiver; used to choose the one that lapsed last.
fn last_day(waiver: &Waiver) -> Option<Date> {
    match waiver.end {
        WaiverEnd::Until(day) => Some(day),
        WaiverEnd::Standing { .. } | WaiverEnd::Never => None,
    }
}

/// Marks the findings that the baseline lists, for guidelines promised "from here". Returns the number of
/// marked findings by guideline index.
fn apply_baseline(
    outcome: &mut Outcome,
    promised: &HashMap<&GuidelineId, &Promise>,
    baseline: &Result<Baseline, String>,
    coverage: &Coverage,
) -> Vec<usize> {
    let mut known = vec![0usize; outcome.guidelines.len()];
    let Ok(baseline) = baseline else { return known };
    let mut known_findings = Vec::new();
    let mut start = 0;
    for findings in outcome.findings.chunk_by(|a, b| a.guideline == b.guideline) {
        let first = start;
        start += findings.len();
        let guideline = findings[0].guideline;
        let id = &outcome.guidelines[guideline].guideline.id;
        let from_here = promised.get(id).is_some_and(|promise| promise.from_here);
        let Some(part) = baseline.guidelines.get(id).filter(|_| from_here) else { continue };
        let findings: Vec<&Finding> = findings.iter().collect();
        let matched = match_baseline(&part.entries, &findings, &|path| coverage.covers_path(guideline, path));
        // A waived finding stays waived, but occupies its entry so that no other finding can match it.
        let own = (0..findings.len()).filter(|&it| matched.of_finding[it].is_some());
        let own = own.filter(|&it| findings[it].status == FindingStatus::Open).map(|it| first + it);
        let before = known_findings.len();
        known_findings.extend(own);
        known[guideline] = known_findings.len() - before;
    }
    for at in known_findings {
        outcome.findings[at].status = FindingStatus::Known;
    }
    known
}

/// Counts waived findings. If all findings of a guideline are waived, changes its verdict to waived, or to
/// "cannot tell" if something could not be assessed.
fn count_waived(outcome: &mut Outcome) {
    let mut waived = vec![0usize; outcome.guidelines.len()];
    for finding in &outcome.findings {
        waived[finding.guideline] += usize::from(matches!(finding.status, FindingStatus::Waived(_)));
    }
    for (entry, waived) in outcome.guidelines.iter_mut().zip(waived) {
        entry.waived = waived;
        if entry.verdict == Verdict::NotKept && waived == entry.findings {
            entry.verdict = if entry.blind { Verdict::CannotTell } else { Verdict::Waived };
        }
    }
}

/// Verdict on one promise.
struct PromiseJudgement {
    verdict: PromiseVerdict,
    /// Number of findings that break the promise.
    breaking: usize,
    /// Reason for [`PromiseVerdict::CannotTell`]; otherwise empty.
    why: String,
}

/// Judges a promise whose guideline is in the outcome, at `index`.
fn judge_promise(
    outcome: &Outcome,
    index: usize,
    promise: &Promise,
    baseline: &Result<Baseline, String>,
) -> PromiseJudgement {
    let own = outcome.findings.iter().filter(|finding| finding.guideline == index);
    let breaking = own.filter(|finding| finding.status == FindingStatus::Open).count();
    if let (true, Err(why)) = (promise.from_here && breaking > 0, baseline) {
        return PromiseJudgement { verdict: PromiseVerdict::CannotTell, breaking: 0, why: why.clone() };
    }
    if breaking > 0 {
        return PromiseJudgement { verdict: PromiseVerdict::Broken, breaking, why: String::new() };
    }
    if outcome.guidelines[index].blind {
        let own = |guideline: Option<usize>| guideline.is_none_or(|guideline| guideline == index);
        let paths =
            outcome.not_assessed.iter().filter(|item| item.path.is_some() && own(item.guideline)).count();
        let why = if outcome.not_assessed.iter().any(|it| it.path.is_none() && it.guideline == Some(index)) {
            "the guideline or one of its checks cannot be used in full".to_owned()
        } else if paths == 1 {
            "1 path could not be assessed".to_owned()
        } else {
            format!("{paths} paths could not be assessed")
        };
        return PromiseJudgement { verdict: PromiseVerdict::CannotTell, breaking: 0, why };
    }
    PromiseJudgement { verdict: PromiseVerdict::Kept, breaking: 0, why: String::new() }
}
