//! Reads a file and decides by prefilter whether any check has to run on it. Nothing is parsed here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::cached_results::CachedResults;
use super::class::ClassChecks;
use super::file_result::{CannotTell, FileResult};
use super::judge::{Comment, find_inline_comments};
use super::prefilter::PrefilterState;
use super::task::FileJob;
use super::tree::{ReadError, Tree};
use crate::model::{Reason, RepoPath};
use crate::text::{Undecodable, decode};

/// Largest buffer that is reused for the next file, in bytes.
const LARGE: usize = 1 << 20;

/// Buffers that a reading thread reuses for each file.
#[derive(Default)]
pub struct Scratch {
    bytes: Vec<u8>,
    prefilter: PrefilterState,
    active: Vec<bool>,
}

/// Outcome of reading a file.
pub enum ReadOutcome {
    /// The result is complete.
    Done(FileResult),
    /// Some checks have to run on these bytes.
    NeedsChecks(FileJob, Vec<u8>),
}

/// Context for reading the files of a run.
#[derive(Clone, Copy)]
pub struct FileReader<'r> {
    /// Tree to read from.
    pub tree: &'r dyn Tree,
    /// Largest file that is read, in bytes.
    pub limit: u64,
    /// Results of earlier runs.
    pub cached: Option<&'r CachedResults<'r>>,
    /// Comments of files that workers assess, stored until their result arrives.
    pub pending_comments: &'r PendingComments,
}

/// Comments that start inline waivers, by number of their file. Few files contain any.
#[derive(Default)]
pub struct PendingComments(Mutex<HashMap<u32, Vec<Comment>>>);

impl PendingComments {
    fn put(&self, file: u32, comments: Vec<Comment>) {
        if !comments.is_empty() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(file, comments);
        }
    }

    /// Removes and returns the comments of a file.
    pub fn take(&self, file: u32) -> Option<Vec<Comment>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&file)
    }
}

/// Reads the file at `path`, which has the number `file` in the list of entries.
pub fn read_file(
    reader: FileReader<'_>,
    class_checks: &ClassChecks<'_>,
    class: u32,
    path: &RepoPath,
    file: u32,
    scratch: &mut Scratch,
) -> ReadOutcome {
    if scratch.bytes.capacity() > LARGE {
        scratch.bytes = Vec::new();
    }
    let stamp = match reader.tree.read_stamped(path, reader.limit, &mut scratch.bytes) {
        Ok(stamp) => stamp,
        Err(error) => {
            let cannot_tell = unreadable_file(class_checks, &error, &scratch.bytes);
            return ReadOutcome::Done(FileResult::unknown(file, cannot_tell));
        }
    };
    let known = |cached: &CachedResults<'_>| cached.find_by_content(file, class, path, &scratch.bytes, stamp);
    if let Some(result) = reader.cached.and_then(known) {
        return ReadOutcome::Done(result);
    }
    let read = prefilter_text(reader, class_checks, class, path, file, scratch);
    if let (ReadOutcome::Done(result), Some(cached)) = (&read, reader.cached) {
        cached.store_result(path, result);
    }
    read
}

/// Decides by the bytes that were read whether checks have to run.
fn prefilter_text(
    reader: FileReader<'_>,
    class_checks: &ClassChecks<'_>,
    class: u32,
    path: &RepoPath,
    file: u32,
    scratch: &mut Scratch,
) -> ReadOutcome {
    let cannot_tell = match decode(&scratch.bytes) {
        Ok(decoded) => {
            // The prefilter works on the decoded text. For UTF-8 its bytes are those of the file.
            let text = decoded.text.as_bytes();
            let comments = find_inline_comments(path.bytes(), &decoded.text);
            if !class_checks.prefilter().may_match(text, &mut scratch.prefilter, &mut scratch.active) {
                return ReadOutcome::Done(FileResult { file, comments, ..FileResult::default() });
            }
            let flags = class_checks.numbers.iter().zip(&scratch.active);
            let active = flags.filter(|(_, active)| **active).map(|(number, _)| *number).collect();
            let job = FileJob { file, class, active, path: path.clone(), earlier: 0, memory: 0 };
            reader.pending_comments.put(file, comments);
            // A large buffer is moved instead of copied; otherwise it would stay allocated for the small
            // files that follow.
            let large = scratch.bytes.capacity() > LARGE;
            let bytes = if large { std::mem::take(&mut scratch.bytes) } else { scratch.bytes.clone() };
            return ReadOutcome::NeedsChecks(job, bytes);
        }
        Err(Undecodable::Binary(at)) => {
            named_cannot_tell(class_checks, Reason::Binary, &format!("binary file (byte {at} is not text)"))
        }
        Err(Undecodable::Encoding(at)) => {
            let detail = format!("invalid UTF-8 at byte {at}, and no byte order mark of another encoding");
            vec![CannotTell { check: None, reason: Reason::Encoding, detail }]
        }
    };
    ReadOutcome::Done(FileResult::unknown(file, cannot_tell))
}

/// Returns the entries of "cannot tell" for a file that could not be read. `head` is its beginning, if known.
fn unreadable_file(class_checks: &ClassChecks<'_>, error: &ReadError, head: &[u8]) -> Vec<CannotTell> {
    // A large binary file is treated as a small one: only checks that select it by name cannot tell.
    if error.reason == Reason::TooBig && matches!(decode(head), Err(Undecodable::Binary(_))) {
        return named_cannot_tell(class_checks, error.reason, &error.detail);
    }
    vec![CannotTell { check: None, reason: error.reason, detail: error.detail.clone() }]
}

fn named_cannot_tell(class_checks: &ClassChecks<'_>, reason: Reason, detail: &str) -> Vec<CannotTell> {
    let cannot_tell = |&number| CannotTell { check: Some(number), reason, detail: detail.to_owned() };
    class_checks.named.iter().map(cannot_tell).collect()
}
