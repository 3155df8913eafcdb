//! What earlier runs found, so that an unchanged file is not looked into (or not even read) again.
//!
//! Bytes in, bytes out: no file system, clock or environment may enter here; where the bytes lie is the
//! command line's affair. A cache can only ever be a hint that is checked: whatever is not exactly what
//! was asked for (another build, other checks, another state of the file, a flipped bit, nonsense) is a
//! miss, and a miss costs time, never a verdict.

mod layout;
mod result;
mod stamp;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::found::FileResult;
use crate::model::RepoPath;
use layout::Loaded;
pub use stamp::Stamp;

/// A SHA-256.
pub type Digest = [u8; 32];

/// Largest cache file that is written or worth reading, in bytes.
pub const MOST_BYTES: usize = 64 << 20;
/// Largest facts of one check that are kept, in bytes.
const MOST_FACTS: usize = 4 << 20;
/// Longest path that is remembered, in bytes.
const LONGEST_PATH: usize = 16 << 10;

/// What is known of files and checks. Shared between threads.
///
/// Answers come from what was loaded; what is stored during a run is for the next one.
pub struct Store {
    key: Digest,
    loaded: Option<Loaded>,
    /// Which files and facts of `loaded` were asked for.
    used_files: Vec<AtomicBool>,
    used_facts: Vec<AtomicBool>,
    added: Mutex<Added>,
}

/// What is new in this run.
#[derive(Default)]
struct Added {
    files: Vec<NewFile>,
    facts: BTreeMap<Digest, Vec<u8>>,
}

struct NewFile {
    path: RepoPath,
    content: Digest,
    class: Digest,
    stamp: Option<[u8; Stamp::BYTES]>,
    result: Vec<u8>,
}

/// How much a cache file holds, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Number of files with a result.
    pub files: usize,
    /// Number of those whose result is not empty.
    pub with_findings: usize,
    /// Number of checks with facts.
    pub checks: usize,
}

impl Store {
    /// A store that knows nothing. `key` is what the file as a whole belongs to: the build of the program,
    /// the repository, whatever else must be the same for anything in it to be of use.
    #[must_use]
    pub fn empty(key: Digest) -> Self {
        Self { key, loaded: None, used_files: Vec::new(), used_facts: Vec::new(), added: Mutex::default() }
    }

    /// What `bytes` (of [`Store::encode`]) hold. `None` when they are not a whole cache file of this
    /// version with this key: truncated, a bit flipped, another build's, nonsense.
    #[must_use]
    pub fn decode(bytes: Vec<u8>, key: Digest) -> Option<Self> {
        let loaded = Loaded::new(bytes).filter(|loaded| *loaded.key() == key)?;
        let unused = |count: u32| (0..count).map(|_| AtomicBool::new(false)).collect();
        Some(Self {
            used_files: unused(loaded.counts.files),
            used_facts: unused(loaded.counts.facts),
            loaded: Some(loaded),
            ..Self::empty(key)
        })
    }

    /// The result (file number 0) for the file at `path` in the state that `stamp` tells, by the checks
    /// that `class` is a digest of.
    #[must_use]
    pub fn by_stamp(&self, path: &RepoPath, stamp: &Stamp, class: &Digest) -> Option<FileResult> {
        let stamp = stamp.to_bytes()?;
        self.result(path, |file| file.stamp == Some(&stamp[..]) && file.class == class)
    }

    /// The same for the file at `path` with this content, whatever its stamp.
    #[must_use]
    pub fn by_content(&self, path: &RepoPath, content: &Digest, class: &Digest) -> Option<FileResult> {
        self.result(path, |file| file.content == content && file.class == class)
    }

    fn result(&self, path: &RepoPath, fits: impl Fn(&layout::File<'_>) -> bool) -> Option<FileResult> {
        let loaded = self.loaded.as_ref()?;
        let number = loaded.find(path.bytes())?;
        let file = loaded.file(number).filter(fits)?;
        let result = result::decode(file.result)?;
        self.used_files.get(number)?.store(true, Ordering::Relaxed);
        Some(result)
    }

    /// Remembers `result` for the file at `path`: one result for each path, the last one. `stamp` is that
    /// of exactly the bytes that were assessed and settled ([`Stamp::is_settled`]), else `None`.
    ///
    /// A result that another try could answer differently (a budget, a parser that died, a file that
    /// changed or could not be read) is not remembered.
    pub fn store(
        &self,
        path: &RepoPath,
        stamp: Option<Stamp>,
        content: Digest,
        class: Digest,
        result: &FileResult,
    ) {
        if path.bytes().len() > LONGEST_PATH {
            return;
        }
        let Some(result) = result::encode(result) else { return };
        let stamp = stamp.and_then(Stamp::to_bytes);
        if self.knows(path, stamp.as_ref(), &content, &class, &result) {
            return;
        }
        self.added().files.push(NewFile { path: path.clone(), content, class, stamp, result });
    }

    /// Whether exactly this was loaded; it counts as used then.
    fn knows(
        &self,
        path: &RepoPath,
        stamp: Option<&[u8; Stamp::BYTES]>,
        content: &Digest,
        class: &Digest,
        result: &[u8],
    ) -> bool {
        let known = self.loaded.as_ref().and_then(|loaded| {
            let number = loaded.find(path.bytes())?;
            let file = loaded.file(number)?;
            let same = file.content == content
                && file.class == class
                && file.result == result
                && stamp.is_none_or(|stamp| file.stamp == Some(&stamp[..]));
            same.then_some(number)
        });
        if let Some(used) = known.and_then(|number| self.used_files.get(number)) {
            used.store(true, Ordering::Relaxed);
        }
        known.is_some()
    }

    /// What was stored about a check: bytes that only the caller understands, and must check.
    #[must_use]
    pub fn facts(&self, check: &Digest) -> Option<Vec<u8>> {
        let loaded = self.loaded.as_ref()?;
        let number = loaded.find_fact(check)?;
        let facts = loaded.fact(number)?.facts.to_vec();
        self.used_facts.get(number)?.store(true, Ordering::Relaxed);
        Some(facts)
    }

    /// Remembers facts of a check. More than 4 MiB are not remembered.
    pub fn store_facts(&self, check: Digest, facts: Vec<u8>) {
        if facts.len() <= MOST_FACTS && self.facts(&check).as_ref() != Some(&facts) {
            self.added().facts.insert(check, facts);
        }
    }

    /// The bytes to keep for the next run; `None` when nothing is new. What was not used in this run stays,
    /// unless there is no room below [`MOST_BYTES`] or it was not used for long.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        self.encode_within(MOST_BYTES)
    }

    fn encode_within(&self, most: usize) -> Option<Vec<u8>> {
        let added = self.added();
        if added.files.is_empty() && added.facts.is_empty() {
            return None;
        }
        Some(write::write(self, &added, most))
    }

    fn added(&self) -> std::sync::MutexGuard<'_, Added> {
        self.added.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    /// What `bytes` of any key hold; `None` when they are no whole cache file of this version.
    #[must_use]
    pub fn of(bytes: Vec<u8>) -> Option<Self> {
        let loaded = Loaded::new(bytes)?;
        let files = usize::try_from(loaded.counts.files).ok()?;
        let has_findings = |&number: &usize| loaded.file(number).is_some_and(|file| !file.result.is_empty());
        Some(Self {
            files,
            with_findings: (0..files).filter(has_findings).count(),
            checks: usize::try_from(loaded.counts.facts).ok()?,
        })
    }
}
