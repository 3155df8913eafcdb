//! Use of the cache in a run: finds results of earlier runs that are still valid, and adds those of this run.
//!
//! A result is valid for a path, its content and everything that produced it: the definitions of the checks,
//! the language, the limits and, through the key of the cache, the build of the program.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::cache::{Digest, ResultCache, Stamp};
use super::file_result::FileResult;
use super::task::{CheckFacts, Task};
use super::tree::{PathEntry, Tree};
use crate::model::RepoPath;

/// A cache for a run, with the time that decides whether a file's timestamps are old enough to be reliable.
#[derive(Clone)]
pub struct CacheHandle {
    /// Results of earlier runs, to which this run adds its own.
    pub store: Arc<ResultCache>,
    /// Start of the run, in nanoseconds since 1970.
    pub now: i128,
}

impl std::fmt::Debug for CacheHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CacheHandle").field("now", &self.now).finish_non_exhaustive()
    }
}

/// Identity of the content of a file that was read and whose result is pending.
#[derive(Clone, Copy)]
struct ReadContent {
    content: Digest,
    stamp: Option<Stamp>,
}

/// The cache as one run sees it.
pub struct CachedResults<'r> {
    cache: &'r CacheHandle,
    task: &'r Task,
    checks: HashMap<u32, Digest>,
    classes: Vec<Digest>,
    state: Mutex<PendingState>,
}

/// State that changes during a run.
struct PendingState {
    /// Files whose result is pending, by number, with their class and content.
    pending: HashMap<u32, (u32, ReadContent)>,
    /// For each class, whether a check failed for a reason that may be temporary. Its results are not cached.
    unreliable: Vec<bool>,
}

impl<'r> CachedResults<'r> {
    /// Uses `cache` for the checks of `task`. `names_its_files` returns for a check's number whether it
    /// reports a binary file as "cannot tell"; this is part of a result as well.
    pub fn new(cache: &'r CacheHandle, task: &'r Task, names_its_files: impl Fn(u32) -> bool) -> Self {
        let digest = |value: &dyn Fn() -> Result<Vec<u8>, rmp_serde::encode::Error>| -> Digest {
            // A value that cannot be encoded cannot be sent to a worker either, so it never has a result.
            Sha256::digest(value().unwrap_or_default()).into()
        };
        let checks: HashMap<u32, Digest> = task
            .checks
            .iter()
            .map(|(number, check)| (*number, digest(&|| rmp_serde::to_vec_named(check))))
            .collect();
        let class = |spec: &super::task::ClassSpec| {
            let identity = |number: &u32| (checks.get(number), names_its_files(*number));
            let digests: Vec<(Option<&Digest>, bool)> = spec.numbers.iter().map(identity).collect();
            digest(&|| rmp_serde::to_vec(&(task.limits, spec.language, &digests)))
        };
        let classes = task.classes.iter().map(class).collect();
        let state = PendingState { pending: HashMap::new(), unreliable: vec![false; task.classes.len()] };
        Self { cache, task, checks, classes, state: Mutex::new(state) }
    }

    /// Returns the facts about a check from an earlier run.
    pub fn facts(&self, number: u32) -> Option<CheckFacts> {
        rmp_serde::from_slice(&self.cache.store.facts(self.checks.get(&number)?)?).ok()
    }

    /// Stores the facts about a check, unless they are unreliable.
    pub fn store_check_facts(&self, number: u32, facts: &CheckFacts) {
        if facts.unsure {
            return self.mark_unreliable(number);
        }
        if let (Some(check), Ok(bytes)) = (self.checks.get(&number), rmp_serde::to_vec_named(facts)) {
            self.cache.store.store_facts(*check, bytes);
        }
    }

    /// Returns, for each of `files` (number and class), the stored result if the stamp is unchanged since the
    /// file was assessed.
    pub fn find_unchanged(
        &self,
        files: &[(u32, u32)],
        entries: &[PathEntry],
        tree: &dyn Tree,
    ) -> Vec<Option<FileResult>> {
        let paths: Vec<&RepoPath> = files.iter().map(|(file, _)| &entries[*file as usize].path).collect();
        let stamps = tree.stamps(&paths);
        let one = |((&(file, class), path), stamp): ((&(u32, u32), &RepoPath), Option<Stamp>)| {
            let found = self.cache.store.by_stamp(path, &stamp?, &self.classes[class as usize])?;
            self.renumber(found, file, class)
        };
        files.par_iter().zip(paths).zip(stamps).map(one).collect()
    }

    /// Returns the result of a file with the content `bytes`, if it was assessed before. Otherwise registers
    /// the file, so that [`CachedResults::store_result`] stores its result.
    pub fn find_by_content(
        &self,
        file: u32,
        class: u32,
        path: &RepoPath,
        bytes: &[u8],
        stamp: Option<Stamp>,
    ) -> Option<FileResult> {
        let content: Digest = Sha256::digest(bytes).into();
        let stamp = stamp.filter(|stamp| stamp.is_settled(self.cache.now));
        let digest = &self.classes[class as usize];
        let store = &self.cache.store;
        if let Some(known) = store.by_content(path, &content, digest) {
            store.store(path, stamp, content, *digest, &known);
            return self.renumber(known, file, class);
        }
        self.lock_state().pending.insert(file, (class, ReadContent { content, stamp }));
        None
    }

    /// Stores the result of a file that was read in this run.
    pub fn store_result(&self, path: &RepoPath, result: &FileResult) {
        let mut state = self.lock_state();
        let Some((class, read)) = state.pending.remove(&result.file) else { return };
        if state.unreliable[class as usize] {
            return;
        }
        drop(state);
        let numbers = &self.task.classes[class as usize].numbers;
        let place = |number: u32| numbers.binary_search(&number).ok().and_then(|at| u32::try_from(at).ok());
        if let Some(placed) = with_checks(result.clone(), 0, place) {
            let digest = self.classes[class as usize];
            self.cache.store.store(path, read.stamp, read.content, digest, &placed);
        }
    }

    /// Converts a stored result to the check numbers of this run.
    fn renumber(&self, result: FileResult, file: u32, class: u32) -> Option<FileResult> {
        let numbers = &self.task.classes[class as usize].numbers;
        with_checks(result, file, |place| numbers.get(place as usize).copied())
    }

    /// Marks a check that is unusable in this run but perhaps not in another. Results without it are not
    /// stored.
    pub fn mark_unreliable(&self, number: u32) {
        let mut state = self.lock_state();
        for (spec, unreliable) in self.task.classes.iter().zip(&mut state.unreliable) {
            *unreliable |= spec.numbers.contains(&number);
        }
    }

    fn lock_state(&self) -> std::sync::MutexGuard<'_, PendingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns `result` for `file` with each check's number replaced; `None` if `change` returns `None` for one.
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
