//! From what was found to what counts: each finding gets its standing, each waiver its effect, each guideline
//! and each promise its verdict.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::baseline::match_baseline;
use super::cover::{Covers, Places};
use super::effect::{by_date, is_in_effect, speaks_about};
use crate::model::{
    Baseline, Date, Effect, Finding, GuidelineId, Outcome, Promise, PromiseOutcome, PromiseVerdict, RepoPath,
    Standing, Unassessed, Verdict, Waiver, WaiverEnd, WaiverOutcome,
};

/// What findings are judged by: what the repository says, and the day.
pub struct Ground<'g> {
    /// The waivers, in order: of several that cover a finding, the first counts.
    pub waivers: Vec<Waiver>,
    /// The promises, in order of guideline.
    pub promises: Vec<(GuidelineId, Promise)>,
    /// Whether what cannot be told breaks a promise.
    pub unassessed: Unassessed,
    /// What stands in the baseline, or why it cannot be read.
    pub baseline: Result<Baseline, String>,
    /// The day (UTC).
    pub today: Date,
    /// The parts of the repository that the run was about; empty is all of it.
    pub scopes: &'g [RepoPath],
    /// Why a guideline that is promised is not among those of the outcome, as a sentence.
    pub why_absent: &'g dyn Fn(&GuidelineId) -> String,
}

/// Judges what was found. The outcome has its findings in order of guideline, path and place, each open.
pub fn judge(outcome: &mut Outcome, ground: Ground<'_>) {
    let Ground { waivers, promises, unassessed, baseline, today, scopes, why_absent } = ground;
    outcome.today = Some(today);
    outcome.unassessed = unassessed;
    let promised: HashMap<&GuidelineId, &Promise> =
        promises.iter().map(|(id, promise)| (id, promise)).collect();
    for entry in &mut outcome.guidelines {
        entry.promised = promised.contains_key(&entry.guideline.id);
    }
    let sight = Sight::new(outcome, scopes);
    outcome.waivers = waive(outcome, waivers, today, &sight);
    let known = know(outcome, &promised, &baseline, &sight);
    count(outcome);
    outcome.promises = promises
        .iter()
        .map(|(id, promise)| {
            let index = outcome.guidelines.iter().position(|entry| entry.guideline.id == *id);
            let told = match index {
                Some(index) => tell(outcome, index, promise, &baseline),
                None => Told { verdict: PromiseVerdict::CannotTell, breaking: 0, why: why_absent(id) },
            };
            PromiseOutcome {
                guideline: id.clone(),
                promise: promise.clone(),
                verdict: told.verdict,
                breaking: told.breaking,
                known: index.map_or(0, |index| known[index]),
                why: told.why,
            }
        })
        .collect();
}

/// What a run could see of each guideline.
pub struct Sight {
    /// Whether every finding of the guideline is in the outcome.
    whole: Vec<bool>,
    /// Paths that some guideline could not tell about; with a guideline, that one only.
    unseen: HashSet<(Option<usize>, RepoPath)>,
}

impl Sight {
    /// What the run of `outcome` could see. `scopes` are the parts of the repository that it was about; empty is
    /// all of it.
    #[must_use]
    pub fn new(outcome: &Outcome, scopes: &[RepoPath]) -> Self {
        let mut whole: Vec<bool> = outcome
            .guidelines
            .iter()
            .map(|entry| scopes.is_empty() && (outcome.compared.is_none() || entry.promised))
            .collect();
        let mut unseen = HashSet::new();
        for item in &outcome.not_assessed {
            match (&item.path, item.guideline) {
                (Some(path), guideline) => drop(unseen.insert((guideline, path.clone()))),
                (None, Some(guideline)) => whole[guideline] = false,
                // A guideline file that cannot be used: it is not among those of the outcome.
                (None, None) => {}
            }
        }
        Self { whole, unseen }
    }

    /// Whether a finding of the guideline with this index at `path` would be in the outcome.
    #[must_use]
    pub fn reaches(&self, guideline: usize, path: &RepoPath) -> bool {
        let hidden = |path: &RepoPath| {
            self.unseen.contains(&(None, path.clone()))
                || self.unseen.contains(&(Some(guideline), path.clone()))
        };
        self.whole[guideline]
            && (self.unseen.is_empty()
                || !std::iter::successors(Some(path.clone()), |path| {
                    let above = path.parent();
                    (!above.is_empty()).then(|| RepoPath::new(above))
                })
                .any(|path| hidden(&path)))
    }

    /// Whether nothing about the guideline was left open.
    fn is_complete(&self, guideline: usize, outcome: &Outcome) -> bool {
        self.whole[guideline] && !outcome.guidelines[guideline].blind
    }
}

/// Gives findings their waivers, and waivers their effects.
fn waive(outcome: &mut Outcome, waivers: Vec<Waiver>, today: Date, sight: &Sight) -> Vec<WaiverOutcome> {
    let index: foldhash::HashMap<&GuidelineId, usize> =
        outcome.guidelines.iter().enumerate().map(|(at, entry)| (&entry.guideline.id, at)).collect();
    let guideline_of: Vec<Option<usize>> =
        waivers.iter().map(|waiver| index.get(&waiver.guideline).copied()).collect();
    let mut effects: Vec<Effect> = waivers
        .iter()
        .zip(&guideline_of)
        .map(|(waiver, guideline)| {
            let effect = by_date(waiver, today);
            let speaks = guideline.is_some_and(|at| speaks_about(waiver, &outcome.guidelines[at].guideline));
            if is_in_effect(effect) && !speaks { Effect::Outdated } else { effect }
        })
        .collect();
    let mut places: HashMap<usize, Places> = HashMap::new();
    for findings in outcome.findings.chunk_by(|a, b| (a.guideline, &a.path) == (b.guideline, &b.path)) {
        places.entry(findings[0].guideline).or_default().add(findings[0].path.bytes());
    }
    let mut by_guideline: HashMap<usize, Covers<'_>> = HashMap::new();
    for (number, guideline) in guideline_of.iter().enumerate() {
        // What was taken back does not come back into the talk at each finding.
        if let (Some(guideline), false) = (guideline, effects[number] == Effect::Withdrawn)
            && let Some(places) = places.get(guideline)
        {
            by_guideline.entry(*guideline).or_default().add(number, &waivers[number], places);
        }
    }
    let mut used = vec![0usize; waivers.len()];
    // Those that cover what another one would: mostly few, but there may be thousands that cover everything.
    let mut covered_by: foldhash::HashMap<usize, BTreeSet<usize>> = foldhash::HashMap::default();
    let mut last: Option<(usize, RepoPath, Vec<usize>)> = None;
    for finding in &mut outcome.findings {
        let Some(covers) = by_guideline.get(&finding.guideline) else { continue };
        let same = |(guideline, path, _): &(usize, RepoPath, Vec<usize>)| {
            *guideline == finding.guideline && *path == finding.path
        };
        if !last.as_ref().is_some_and(same) {
            last = Some((finding.guideline, finding.path.clone(), covers.of_path(finding.path.bytes())));
        }
        let of_path = last.as_ref().map_or(&[][..], |(_, _, numbers)| numbers);
        let mut covering = covers.of_finding(finding, of_path);
        covering.retain(|&number| {
            let checks = &waivers[number].checks;
            checks.is_empty() || checks.contains(&finding.check)
        });
        let mut in_effect = covering.iter().copied().filter(|&number| is_in_effect(effects[number]));
        if let Some(first) = in_effect.next() {
            finding.standing = Standing::Waived(first);
            used[first] += 1;
            for other in in_effect {
                covered_by.entry(other).or_default().insert(first);
            }
        } else {
            finding.lapsed = covering.into_iter().max_by_key(|&number| (ends(&waivers[number]), number));
        }
    }
    for number in 0..waivers.len() {
        if is_in_effect(effects[number]) && used[number] == 0 {
            let complete = || guideline_of[number].is_some_and(|at| sight.is_complete(at, outcome));
            // Of what was not looked at, nothing is known; and one that lasts longer is not superfluous yet.
            let outlasted = |by: &usize| lasts(&waivers[*by]) >= lasts(&waivers[number]);
            if !complete() {
                continue;
            }
            match covered_by.get(&number) {
                None => effects[number] = Effect::Unused,
                Some(by) if by.iter().all(outlasted) => effects[number] = Effect::Superseded,
                Some(_) => {}
            }
        }
    }
    let mut superseded_by: HashMap<usize, String> = covered_by
        .into_iter()
        .filter(|(number, by)| by.len() == 1 && effects[*number] == Effect::Superseded)
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

/// How long a waiver lasts, for comparing.
fn lasts(waiver: &Waiver) -> (u8, Option<Date>) {
    match waiver.end {
        WaiverEnd::Until(day) => (0, Some(day)),
        WaiverEnd::Standing { .. } | WaiverEnd::Never => (1, None),
    }
}

/// The last day of a waiver, for choosing the one that lapsed last.
fn ends(waiver: &Waiver) -> Option<Date> {
    match waiver.end {
        WaiverEnd::Until(day) => Some(day),
        WaiverEnd::Standing { .. } | WaiverEnd::Never => None,
    }
}

/// Gives findings of what is promised "from here" their place in the baseline. Returns how many of each
/// guideline have one.
fn know(
    outcome: &mut Outcome,
    promised: &HashMap<&GuidelineId, &Promise>,
    baseline: &Result<Baseline, String>,
    sight: &Sight,
) -> Vec<usize> {
    let mut known = vec![0usize; outcome.guidelines.len()];
    let Ok(baseline) = baseline else { return known };
    let mut standing = Vec::new();
    let mut start = 0;
    for findings in outcome.findings.chunk_by(|a, b| a.guideline == b.guideline) {
        let first = start;
        start += findings.len();
        let guideline = findings[0].guideline;
        let id = &outcome.guidelines[guideline].guideline.id;
        let from_here = promised.get(id).is_some_and(|promise| promise.from_here);
        let Some(part) = baseline.guidelines.get(id).filter(|_| from_here) else { continue };
        let findings: Vec<&Finding> = findings.iter().collect();
        let matched = match_baseline(&part.entries, &findings, &|path| sight.reaches(guideline, path));
        // What is waived keeps its entry busy, so that nothing else takes it, and is waived all the same.
        let own = (0..findings.len()).filter(|&it| matched.of_finding[it].is_some());
        let own = own.filter(|&it| findings[it].standing == Standing::Open).map(|it| first + it);
        let before = standing.len();
        standing.extend(own);
        known[guideline] = standing.len() - before;
    }
    for at in standing {
        outcome.findings[at].standing = Standing::Known;
    }
    known
}

/// Counts again, and judges guidelines.
fn count(outcome: &mut Outcome) {
    let mut waived = vec![0usize; outcome.guidelines.len()];
    for finding in &outcome.findings {
        waived[finding.guideline] += usize::from(matches!(finding.standing, Standing::Waived(_)));
    }
    for (entry, waived) in outcome.guidelines.iter_mut().zip(waived) {
        entry.waived = waived;
        if entry.verdict == Verdict::NotKept && waived == entry.findings {
            entry.verdict = if entry.blind { Verdict::CannotTell } else { Verdict::Waived };
        }
    }
}

/// What is said about a promise whose guideline is in the outcome.
struct Told {
    verdict: PromiseVerdict,
    breaking: usize,
    why: String,
}

fn tell(outcome: &Outcome, index: usize, promise: &Promise, baseline: &Result<Baseline, String>) -> Told {
    let own = outcome.findings.iter().filter(|finding| finding.guideline == index);
    let breaking = own.filter(|finding| finding.standing == Standing::Open).count();
    if let (true, Err(why)) = (promise.from_here && breaking > 0, baseline) {
        return Told { verdict: PromiseVerdict::CannotTell, breaking: 0, why: why.clone() };
    }
    if breaking > 0 {
        return Told { verdict: PromiseVerdict::Broken, breaking, why: String::new() };
    }
    if outcome.guidelines[index].blind {
        let own = |guideline: Option<usize>| guideline.is_none_or(|guideline| guideline == index);
        let paths =
            outcome.not_assessed.iter().filter(|item| item.path.is_some() && own(item.guideline)).count();
        let why = if outcome.not_assessed.iter().any(|it| it.path.is_none() && it.guideline == Some(index)) {
            "the guideline or a check of it cannot be used, or not in full".to_owned()
        } else if paths == 1 {
            "1 path could not be assessed".to_owned()
        } else {
            format!("{paths} paths could not be assessed")
        };
        return Told { verdict: PromiseVerdict::CannotTell, breaking: 0, why };
    }
    Told { verdict: PromiseVerdict::Kept, breaking: 0, why: String::new() }
}
