//! The baseline: which findings of today are those that were there when a promise was made "from here".
//!
//! Each entry stands for at most one finding, so that what is known never grows: a finding that moved, was
//! renamed or was edited further inside keeps its entry, and one more of the same kind is new.

use std::hash::Hash;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::model::{BaselineEntry, BaselinePart, Finding, RepoPath};

/// Which entry stands for which finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// For each finding, the number of its entry.
    pub of_finding: Vec<Option<usize>>,
    /// For each entry, the number of its finding.
    pub of_entry: Vec<Option<usize>>,
}

impl Match {
    /// Pairs what is left and has the same key, in order. Findings are few and entries are many: the entries are
    /// gone through once.
    fn pair<K: Eq + Hash>(
        &mut self,
        of_entry: impl Fn(usize) -> Option<K>,
        of_finding: impl Fn(usize) -> Option<K>,
        may: impl Fn(usize) -> bool,
    ) {
        let open = || (0..self.of_finding.len()).filter(|&it| self.of_finding[it].is_none());
        let mut waiting: HashMap<K, usize> = HashMap::with_capacity(open().count());
        // Which one waits behind each: one list for all keys, since most keys have one finding. From the last to the
        // first, so that the first of a key is in the map.
        let mut behind: Vec<Option<usize>> = vec![None; self.of_finding.len()];
        for finding in open().rev() {
            if let Some(key) = of_finding(finding) {
                behind[finding] = waiting.insert(key, finding);
            }
        }
        if waiting.is_empty() {
            return;
        }
        for entry in 0..self.of_entry.len() {
            if self.of_entry[entry].is_some() {
                continue;
            }
            let Some(key) = of_entry(entry) else { continue };
            let Some(&finding) = waiting.get(&key) else { continue };
            if may(entry) {
                match behind[finding] {
                    Some(next) => waiting.insert(key, next),
                    None => waiting.remove(&key),
                };
                self.of_finding[finding] = Some(entry);
                self.of_entry[entry] = Some(finding);
            }
        }
    }
}

/// Finds for the findings of one guideline, in order of path and place, the entries that stand for them. An
/// entry may stand for a finding in another file only if `was_looked_into` says of its own path that the
/// finding would have been seen there.
#[must_use]
pub fn match_baseline(
    entries: &[BaselineEntry],
    findings: &[&Finding],
    was_looked_into: &dyn Fn(&RepoPath) -> bool,
) -> Match {
    let mut found = Match { of_finding: vec![None; findings.len()], of_entry: vec![None; entries.len()] };
    let always = |_| true;
    // The same finding, wherever in its file.
    found.pair(|it| Some(entries[it].traces.fingerprint), |it| Some(findings[it].traces.fingerprint), always);
    // One of several equal ones in a file: another was mended, and they are counted anew.
    found.pair(
        |it| Some((entries[it].traces.content, entries[it].path.bytes())),
        |it| Some((findings[it].traces.content, findings[it].path.bytes())),
        always,
    );
    // Moved to another file. Before what follows: the same words elsewhere say more than the same beginning in the same file,
    // which another finding may have that moved there.
    found.pair(
        |it| Some(entries[it].traces.content),
        |it| Some(findings[it].traces.content),
        |it| was_looked_into(&entries[it].path),
    );
    // Edited further inside.
    found.pair(
        |it| Some((entries[it].traces.head?, entries[it].path.bytes())),
        |it| Some((findings[it].traces.head?, findings[it].path.bytes())),
        always,
    );
    found
}

/// A baseline brought up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refreshed {
    /// What is left of it: as many entries as before or fewer.
    pub part: BaselinePart,
    /// How many entries stood for something that is mended.
    pub mended: usize,
    /// How many entries were brought to where their finding is now.
    pub moved: usize,
    /// How many are kept although nothing was found, because their place was not looked into.
    pub unseen: usize,
}

/// Takes out the entries whose finding is mended, and brings the others to where it is now. An entry whose
/// place was not looked into stays.
#[must_use]
pub fn refresh(
    part: &BaselinePart,
    findings: &[&Finding],
    was_looked_into: &dyn Fn(&BaselineEntry) -> bool,
) -> Refreshed {
    let by_path = |path: &RepoPath| part.entries.iter().filter(|it| it.path == *path).all(was_looked_into);
    let matched = match_baseline(&part.entries, findings, &by_path);
    let mut refreshed = Refreshed {
        part: BaselinePart { since: part.since, entries: vec![] },
        mended: 0,
        moved: 0,
        unseen: 0,
    };
    for (entry, finding) in part.entries.iter().zip(&matched.of_entry) {
        match finding {
            Some(finding) => {
                let now = entry_of(findings[*finding]);
                refreshed.moved += usize::from(now != *entry);
                refreshed.part.entries.push(now);
            }
            None if was_looked_into(entry) => refreshed.mended += 1,
            None => {
                refreshed.unseen += 1;
                refreshed.part.entries.push(entry.clone());
            }
        }
    }
    refreshed.part.entries.sort();
    refreshed.part.entries.dedup();
    refreshed
}

/// The entry that stands for a finding.
#[must_use]
pub fn entry_of(finding: &Finding) -> BaselineEntry {
    BaselineEntry {
        path: finding.path.clone(),
        check: Arc::from(finding.check.as_str()),
        traces: finding.traces,
    }
}
