//! Reading a file and deciding whether any check needs a closer look at it. Nothing is parsed here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::class::Gate;
use super::found::{CannotTell, FileResult};
use super::prefilter::Seen;
use super::recall::Recall;
use super::task::Job;
use super::tree::{ReadError, Tree};
use super::waive::{Comment, inline_comments};
use crate::model::{Reason, RepoPath};
use crate::text::{Undecodable, decode};

/// A buffer of more bytes is not kept for the next file.
const LARGE: usize = 1 << 20;

/// What a thread uses again for each file.
#[derive(Default)]
pub struct Scratch {
    bytes: Vec<u8>,
    seen: Seen,
    active: Vec<bool>,
}

/// What reading a file led to.
pub enum Read {
    /// Everything is said about it.
    Done(FileResult),
    /// Some checks may find something in these bytes.
    Needs(Job, Vec<u8>),
}

/// Where and how files are read.
#[derive(Clone, Copy)]
pub struct Reader<'r> {
    /// The tree.
    pub tree: &'r dyn Tree,
    /// Most bytes of a file.
    pub limit: u64,
    /// What earlier runs found.
    pub recall: Option<&'r Recall<'r>>,
    /// Comments of files that are looked into elsewhere, kept until their result comes.
    pub aside: &'r Aside,
}

/// Comments that begin inline waivers, by number of their file: few files have some.
#[derive(Default)]
pub struct Aside(Mutex<HashMap<u32, Vec<Comment>>>);

impl Aside {
    fn put(&self, file: u32, comments: Vec<Comment>) {
        if !comments.is_empty() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(file, comments);
        }
    }

    /// Takes what was put aside for a file.
    pub fn take(&self, file: u32) -> Option<Vec<Comment>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&file)
    }
}

/// Reads the file at `path`, which is number `file`.
pub fn read_file(
    reader: Reader<'_>,
    gate: &Gate<'_>,
    class: u32,
    path: &RepoPath,
    file: u32,
    scratch: &mut Scratch,
) -> Read {
    if scratch.bytes.capacity() > LARGE {
        scratch.bytes = Vec::new();
    }
    let stamp = match reader.tree.read_stamped(path, reader.limit, &mut scratch.bytes) {
        Ok(stamp) => stamp,
        Err(error) => {
            let cannot_tell = unread(gate, &error, &scratch.bytes);
            return Read::Done(FileResult::unknown(file, cannot_tell));
        }
    };
    let known = |recall: &Recall<'_>| recall.same_content(file, class, path, &scratch.bytes, stamp);
    if let Some(result) = reader.recall.and_then(known) {
        return Read::Done(result);
    }
    let read = look_at_text(reader, gate, class, path, file, scratch);
    if let (Read::Done(result), Some(recall)) = (&read, reader.recall) {
        recall.remember(path, result);
    }
    read
}

/// Decides by the bytes that were read whether a closer look is needed.
fn look_at_text(
    reader: Reader<'_>,
    gate: &Gate<'_>,
    class: u32,
    path: &RepoPath,
    file: u32,
    scratch: &mut Scratch,
) -> Read {
    let cannot_tell = match decode(&scratch.bytes) {
        Ok(decoded) => {
            // The requirements are about the text's own bytes: for UTF-8 these are the file's.
            let text = decoded.text.as_bytes();
            let comments = inline_comments(path.bytes(), &decoded.text);
            if !gate.prefilter().may_match(text, &mut scratch.seen, &mut scratch.active) {
                return Read::Done(FileResult { file, comments, ..FileResult::default() });
            }
            let flags = gate.numbers.iter().zip(&scratch.active);
            let active = flags.filter(|(_, active)| **active).map(|(number, _)| *number).collect();
            let job = Job { file, class, active, path: path.clone(), earlier: 0, memory: 0 };
            reader.aside.put(file, comments);
            // A large buffer is given away: it would be kept for all the small files that follow.
            let large = scratch.bytes.capacity() > LARGE;
            let bytes = if large { std::mem::take(&mut scratch.bytes) } else { scratch.bytes.clone() };
            return Read::Needs(job, bytes);
        }
        Err(Undecodable::Binary(at)) => {
            refuse_named(gate, Reason::Binary, &format!("not text (seen at byte {at})"))
        }
        Err(Undecodable::Encoding(at)) => {
            let detail =
                format!("the byte at offset {at} is not UTF-8, and no byte order mark says what it is");
            vec![CannotTell { check: None, reason: Reason::Encoding, detail }]
        }
    };
    Read::Done(FileResult::unknown(file, cannot_tell))
}

/// A file that could not be read; `head` is what was seen of it.
fn unread(gate: &Gate<'_>, error: &ReadError, head: &[u8]) -> Vec<CannotTell> {
    // A large binary is no more the business of a check of every text than a small one.
    if error.reason == Reason::TooBig && matches!(decode(head), Err(Undecodable::Binary(_))) {
        return refuse_named(gate, error.reason, &error.detail);
    }
    vec![CannotTell { check: None, reason: error.reason, detail: error.detail.clone() }]
}

fn refuse_named(gate: &Gate<'_>, reason: Reason, detail: &str) -> Vec<CannotTell> {
    let refuse = |&number| CannotTell { check: Some(number), reason, detail: detail.to_owned() };
    gate.named.iter().map(refuse).collect()
}
