//! Using the cache in a run: which results of earlier runs still hold, and what this one adds.
//!
//! A result belongs to a path, its content and everything that made it: the texts of the checks, the
//! language, the bounds (and, by the store's key, the build of the program).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::cache::{Digest, Stamp, Store};
use super::found::FileResult;
use super::task::{Facts, Task};
use super::tree::{Entry, Tree};
use crate::model::RepoPath;

/// A cache to use, and the time by which it judges whether a file has settled.
#[derive(Clone)]
pub struct Memory {
    /// What earlier runs left and this one adds.
    pub store: Arc<Store>,
    /// Nanoseconds since 1970 at the start of the run.
    pub now: i128,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("now", &self.now).finish_non_exhaustive()
    }
}

/// What was read of a file whose result is not known yet.
#[derive(Clone, Copy)]
struct Seen {
    content: Digest,
    stamp: Option<Stamp>,
}

/// The cache as one run sees it.
pub struct Recall<'r> {
    memory: &'r Memory,
    task: &'r Task,
    checks: HashMap<u32, Digest>,
    classes: Vec<Digest>,
    state: Mutex<State>,
}

/// What changes during a run.
struct State {
    /// Files that were read, by number: their class and what was seen.
    pending: HashMap<u32, (u32, Seen)>,
    /// Classes of which a check could not be used for a reason that may pass.
    distrusted: Vec<bool>,
}

impl<'r> Recall<'r> {
    /// The cache `memory` for what `task` asks. `names_its_files` says of a check's number whether a file
    /// that is no text is a question left open: that is part of a result, too.
    pub fn new(memory: &'r Memory, task: &'r Task, names_its_files: impl Fn(u32) -> bool) -> Self {
        let digest = |value: &dyn Fn() -> Result<Vec<u8>, rmp_serde::encode::Error>| -> Digest {
            // What cannot be encoded cannot be sent to a worker either; it never comes to a result.
            Sha256::digest(value().unwrap_or_default()).into()
        };
        let checks: HashMap<u32, Digest> = task
            .checks
            .iter()
            .map(|(number, check)| (*number, digest(&|| rmp_serde::to_vec_named(check))))
            .collect();
        let class = |spec: &super::task::ClassSpec| {
            let asked = |number: &u32| (checks.get(number), names_its_files(*number));
            let digests: Vec<(Option<&Digest>, bool)> = spec.numbers.iter().map(asked).collect();
            digest(&|| rmp_serde::to_vec(&(task.limits, spec.language, &digests)))
        };
        let classes = task.classes.iter().map(class).collect();
        let state = State { pending: HashMap::new(), distrusted: vec![false; task.classes.len()] };
        Self { memory, task, checks, classes, state: Mutex::new(state) }
    }

    /// What is known about a check from an earlier run.
    pub fn facts(&self, number: u32) -> Option<Facts> {
        rmp_serde::from_slice(&self.memory.store.facts(self.checks.get(&number)?)?).ok()
    }

    /// Remembers what is known about a check.
    pub fn remember_facts(&self, number: u32, facts: &Facts) {
        if facts.unsure {
            return self.distrust(number);
        }
        if let (Some(check), Ok(bytes)) = (self.checks.get(&number), rmp_serde::to_vec_named(facts)) {
            self.memory.store.store_facts(*check, bytes);
        }
    }

    /// For each of `files` (number and class), its result when it has not changed since it was assessed.
    pub fn unchanged(
        &self,
        files: &[(u32, u32)],
        entries: &[Entry],
        tree: &dyn Tree,
    ) -> Vec<Option<FileResult>> {
        let paths: Vec<&RepoPath> = files.iter().map(|(file, _)| &entries[*file as usize].path).collect();
        let stamps = tree.stamps(&paths);
        let one = |((&(file, class), path), stamp): ((&(u32, u32), &RepoPath), Option<Stamp>)| {
            let found = self.memory.store.by_stamp(path, &stamp?, &self.classes[class as usize])?;
            self.renumbered(found, file, class)
        };
        files.par_iter().zip(paths).zip(stamps).map(one).collect()
    }

    /// The result of a file that holds `bytes`, if they were assessed before. Else its result is
    /// remembered when [`Recall::remember`] gets it.
    pub fn same_content(
        &self,
        file: u32,
        class: u32,
        path: &RepoPath,
        bytes: &[u8],
        stamp: Option<Stamp>,
    ) -> Option<FileResult> {
        let content: Digest = Sha256::digest(bytes).into();
        let stamp = stamp.filter(|stamp| stamp.is_settled(self.memory.now));
        let digest = &self.classes[class as usize];
        let store = &self.memory.store;
        if let Some(known) = store.by_content(path, &content, digest) {
            store.store(path, stamp, content, *digest, &known);
            return self.renumbered(known, file, class);
        }
        self.state().pending.insert(file, (class, Seen { content, stamp }));
        None
    }

    /// Remembers the result of a file that was read in this run.
    pub fn remember(&self, path: &RepoPath, result: &FileResult) {
        let mut state = self.state();
        let Some((class, seen)) = state.pending.remove(&result.file) else { return };
        if state.distrusted[class as usize] {
            return;
        }
        drop(state);
        let numbers = &self.task.classes[class as usize].numbers;
        let place = |number: u32| numbers.binary_search(&number).ok().and_then(|at| u32::try_from(at).ok());
        if let Some(placed) = with_checks(result.clone(), 0, place) {
            let digest = self.classes[class as usize];
            self.memory.store.store(path, seen.stamp, seen.content, digest, &placed);
        }
    }

    /// A stored result with the numbers of this run.
    fn renumbered(&self, result: FileResult, file: u32, class: u32) -> Option<FileResult> {
        let numbers = &self.task.classes[class as usize].numbers;
        with_checks(result, file, |place| numbers.get(place as usize).copied())
    }

    /// A check cannot be used in this run, and perhaps in another: results without it are not remembered.
    pub fn distrust(&self, number: u32) {
        let mut state = self.state();
        for (spec, distrusted) in self.task.classes.iter().zip(&mut state.distrusted) {
            *distrusted |= spec.numbers.contains(&number);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `result` about `file`, with each check's number changed; `None` when one has no other number.
fn with_checks(mut result: FileResult, file: u32, change: impl Fn(u32) -> Option<u32>) -> Option<FileResult> {
    result.file = file;
    for found in &mut result.found {
        found.check = change(found.check)?;
    }
    for cannot_tell in &mut result.cannot_tell {
        if let Some(number) = cannot_tell.check {
            cannot_tell.check = Some(change(number)?);
        }
    }
    Some(result)
}
