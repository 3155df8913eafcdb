//! The baseline: finds the findings that already existed when a promise was made "from here".
//!
//! Each entry matches at most one finding, so the number of known findings never grows. A finding keeps its
//! entry if it moved, if its file was renamed or if a later part of it was edited. One more equal finding is
//! new.

use std::hash::Hash;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::model::{BaselineEntry, BaselinePart, Finding, RepoPath};

/// Pairs of baseline entries and findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineMatch {
    /// For each finding, the index of its entry.
    pub of_finding: Vec<Option<usize>>,
    /// For each entry, the index of its finding.
    pub of_entry: Vec<Option<usize>>,
}

impl BaselineMatch {
    /// Pairs unmatched entries and findings with equal keys, in order. Findings are few and entries are many,
    /// so this iterates over the entries once.
    fn pair_by_key<K: Eq + Hash>(
        &mut self,
        of_entry: impl Fn(usize) -> Option<K>,
        of_finding: impl Fn(usize) -> Option<K>,
        may_pair: impl Fn(usize) -> bool,
    ) {
        let open = || (0..self.of_finding.len()).filter(|&it| self.of_finding[it].is_none());
        let mut first_by_key: HashMap<K, usize> = HashMap::with_capacity(open().count());
        // The next finding with the same key. One list serves all keys, since most keys have a single
        // finding. It is built in reverse, so that the map ends with the first finding of each key.
        let mut next_of_key: Vec<Option<usize>> = vec![None; self.of_finding.len()];
        for finding in open().rev() {
            if let Some(key) = of_finding(finding) {
                next_of_key[finding] = first_by_key.insert(key, finding);
            }
        }
        if first_by_key.is_empty() {
            return;
        }
        for entry in 0..self.of_entry.len() {
            if self.of_entry[entry].is_some() {
                continue;
            }
            let Some(key) = of_entry(entry) else { continue };
            let Some(&finding) = first_by_key.get(&key) else { continue };
            if may_pair(entry) {
                match next_of_key[finding] {
                    Some(next) => first_by_key.insert(key, next),
                    None => first_by_key.remove(&key),
                };
                self.of_finding[finding] = Some(entry);
                self.of_entry[entry] = Some(finding);
            }
        }
    }
}

/// Matches the findings of one guideline, ordered by path and position, with baseline entries. An entry may
/// match a finding in a different file only if `was_assessed` is true for the entry's own path: otherwise the
/// original finding may still exist there.
#[must_use]
pub fn match_baseline(
    entries: &[BaselineEntry],
    findings: &[&Finding],
    was_assessed: &dyn Fn(&RepoPath) -> bool,
) -> BaselineMatch {
    let mut found =
        BaselineMatch { of_finding: vec![None; findings.len()], of_entry: vec![None; entries.len()] };
    let always = |_| true;
    // The same finding, anywhere in its file.
    found.pair_by_key(
        |it| Some(entries[it].hashes.fingerprint),
        |it| Some(findings[it].hashes.fingerprint),
        always,
    );
    // Equal findings in one file: their numbering changes when one of them is fixed.
    found.pair_by_key(
        |it| Some((entries[it].hashes.content, entries[it].path.bytes())),
        |it| Some((findings[it].hashes.content, findings[it].path.bytes())),
        always,
    );
    // Moved to another file. This precedes the last rule: equal content in another file is stronger evidence
    // than an equal beginning in the same file, which a finding that moved there may share.
    found.pair_by_key(
        |it| Some(entries[it].hashes.content),
        |it| Some(findings[it].hashes.content),
        |it| was_assessed(&entries[it].path),
    );
    // Edited after its beginning.
    found.pair_by_key(
        |it| Some((entries[it].hashes.head?, entries[it].path.bytes())),
        |it| Some((findings[it].hashes.head?, findings[it].path.bytes())),
        always,
    );
    found
}

/// Updated baseline of one guideline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshedPart {
    /// The remaining entries: never more than before.
    pub part: BaselinePart,
    /// Number of removed entries, whose finding no longer exists.
    pub fixed: usize,
    /// Number of entries that were updated to the current place of their finding.
    pub moved: usize,
    /// Number of entries that are kept without a finding, because their path was not assessed.
    pub unseen: usize,
}

/// Removes the entries whose finding no longer exists, and updates the others to its current place. An entry
/// whose path was not assessed is kept.
#[must_use]
pub fn refresh_baseline_part(
    part: &BaselinePart,
    findings: &[&Finding],
    was_assessed: &dyn Fn(&BaselineEntry) -> bool,
) -> RefreshedPart {
    let by_path = |path: &RepoPath| part.entries.iter().filter(|it| it.path == *path).all(was_assessed);
    let matched = match_baseline(&part.entries, findings, &by_path);
    let mut refreshed = RefreshedPart {
        part: BaselinePart { since: part.since, entries: vec![] },
        fixed: 0,
        moved: 0,
        unseen: 0,
    };
    for (entry, finding) in part.entries.iter().zip(&matched.of_entry) {
        match finding {
            Some(finding) => {
                let now = baseline_entry_for(findings[*finding]);
                refreshed.moved += usize::from(now != *entry);
                refreshed.part.entries.push(now);
            }
            None if was_assessed(entry) => refreshed.fixed += 1,
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

/// Creates the baseline entry for a finding.
#[must_use]
pub fn baseline_entry_for(finding: &Finding) -> BaselineEntry {
    BaselineEntry {
        path: finding.path.clone(),
        check: Arc::from(finding.check.as_str()),
        hashes: finding.hashes,
    }
}
