//! Cache of results of earlier runs, so that an unchanged file is not assessed (or not even read) again.
//!
//! The module converts from and to bytes, and must not depend on the file system, the clock or the
//! environment; the command line stores the bytes. Cached results are verified: a different build, different
//! checks, a different state of the file, a flipped bit or corrupt data are a cache miss. A miss costs time
//! but never changes a verdict.

mod layout;
mod result;
mod stamp;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::file_result::FileResult;
use crate::model::RepoPath;
use layout::CacheFile;
pub use stamp::Stamp;

/// A SHA-256 digest.
pub type Digest = [u8; 32];

/// Largest cache file that is written or worth reading, in bytes.
pub const MOST_BYTES: usize = 64 << 20;
/// Largest facts of one check that are stored, in bytes.
const MOST_FACTS: usize = 4 << 20;
/// Longest path that is stored, in bytes.
const LONGEST_PATH: usize = 16 << 10;

/// Cached results of files and facts about checks. Shared between threads.
///
/// Lookups use the loaded entries. Entries that are stored during a run are for the next run.
pub struct ResultCache {
    key: Digest,
    loaded: Option<CacheFile>,
    /// Which files and facts of `loaded` were used in this run.
    used_files: Vec<AtomicBool>,
    used_facts: Vec<AtomicBool>,
    added: Mutex<Added>,
}

/// Entries that are new in this run.
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

/// Statistics of a cache file, for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheSummary {
    /// Number of files with a result.
    pub files: usize,
    /// Number of those whose result is not empty.
    pub with_findings: usize,
    /// Number of checks with facts.
    pub checks: usize,
}

impl ResultCache {
    /// Creates an empty cache. `key` identifies everything that must be equal for the entries to be valid,
    /// such as the build of the program and the repository.
    #[must_use]
    pub fn empty(key: Digest) -> Self {
        Self { key, loaded: None, used_files: Vec::new(), used_facts: Vec::new(), added: Mutex::default() }
    }

    /// Loads `bytes` from [`ResultCache::encode`]. Returns `None` unless they are a complete cache file of
    /// this version with this key.
    #[must_use]
    pub fn decode(bytes: Vec<u8>, key: Digest) -> Option<Self> {
        let loaded = CacheFile::new(bytes).filter(|loaded| *loaded.key() == key)?;
        let unused = |count: u32| (0..count).map(|_| AtomicBool::new(false)).collect();
        Some(Self {
            used_files: unused(loaded.counts.files),
            used_facts: unused(loaded.counts.facts),
            loaded: Some(loaded),
            ..Self::empty(key)
        })
    }

    /// Returns the result for the file at `path` with this stamp, for the checks with the digest `class`. Its
    /// file number is 0.
    #[must_use]
    pub fn by_stamp(&self, path: &RepoPath, stamp: &Stamp, class: &Digest) -> Option<FileResult> {
        let stamp = stamp.to_bytes()?;
        self.result(path, |file| file.stamp == Some(&stamp[..]) && file.class == class)
    }

    /// As [`ResultCache::by_stamp`], but by the content of the file, regardless of its stamp.
    #[must_use]
    pub fn by_content(&self, path: &RepoPath, content: &Digest, class: &Digest) -> Option<FileResult> {
        self.result(path, |file| file.content == content && file.class == class)
    }

    fn result(&self, path: &RepoPath, fits: impl Fn(&layout::FileEntry<'_>) -> bool) -> Option<FileResult> {
        let loaded = self.loaded.as_ref()?;
        let number = loaded.find(path.bytes())?;
        let file = loaded.file(number).filter(fits)?;
        let result = result::decode(file.result)?;
        self.used_files.get(number)?.store(true, Ordering::Relaxed);
        Some(result)
    }

    /// Stores `result` for the file at `path`, replacing an earlier one. `stamp` is the stamp of the assessed
    /// bytes if it is settled ([`Stamp::is_settled`]), otherwise `None`.
    ///
    /// A result that may differ in another run is not stored: an exceeded budget, a crashed parser, or a file
    /// that changed or could not be read.
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
        if self.contains(path, stamp.as_ref(), &content, &class, &result) {
            return;
        }
        self.added().files.push(NewFile { path: path.clone(), content, class, stamp, result });
    }

    /// Whether exactly this entry was loaded. If so, marks it as used.
    fn contains(
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

    /// Returns the stored facts about a check: opaque bytes that the caller must validate.
    #[must_use]
    pub fn facts(&self, check: &Digest) -> Option<Vec<u8>> {
        let loaded = self.loaded.as_ref()?;
        let number = loaded.find_fact(check)?;
        let facts = loaded.fact(number)?.facts.to_vec();
        self.used_facts.get(number)?.store(true, Ordering::Relaxed);
        Some(facts)
    }

    /// Stores facts about a check. Facts larger than 4 MiB are not stored.
    pub fn store_facts(&self, check: Digest, facts: Vec<u8>) {
        if facts.len() <= MOST_FACTS && self.facts(&check).as_ref() != Some(&facts) {
            self.added().facts.insert(check, facts);
        }
    }

    /// Returns the bytes to store for the next run; `None` if nothing is new. Entries that were not used in
    /// this run are kept, unless they do not fit into [`MOST_BYTES`] or were unused for too many runs.
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

impl CacheSummary {
    /// Returns the statistics of `bytes` with any key; `None` unless they are a complete cache file of this
    /// version.
    #[must_use]
    pub fn of(bytes: Vec<u8>) -> Option<Self> {
        let loaded = CacheFile::new(bytes)?;
        let files = usize::try_from(loaded.counts.files).ok()?;
        let has_findings = |&number: &usize| loaded.file(number).is_some_and(|file| !file.result.is_empty());
        Some(Self {
            files,
            with_findings: (0..files).filter(has_findings).count(),
            checks: usize::try_from(loaded.counts.facts).ok()?,
        })
    }
}
