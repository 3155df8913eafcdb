//! Reading a file and deciding whether any check needs a closer look at it. Nothing is parsed here.

use super::class::Gate;
use super::found::{CannotTell, FileResult};
use super::prefilter::Seen;
use super::session::Job;
use super::tree::{ReadError, Tree};
use crate::model::{Reason, RepoPath};
use crate::text::{Undecodable, decode};

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

/// Reads the file at `path`, which is number `file`, of at most `limit` bytes.
pub fn read_file(
    gate: &Gate,
    class: u32,
    tree: &dyn Tree,
    path: &RepoPath,
    file: u32,
    limit: u64,
    scratch: &mut Scratch,
) -> Read {
    if let Err(error) = tree.read(path, limit, &mut scratch.bytes) {
        return Read::Done(FileResult {
            file,
            found: vec![],
            cannot_tell: unread(gate, &error, &scratch.bytes),
        });
    }
    let cannot_tell = match decode(&scratch.bytes) {
        Ok(decoded) => {
            // The requirements are about the text's own bytes: for UTF-8 these are the file's.
            let text = decoded.text.as_bytes();
            if !gate.prefilter.may_match(text, &mut scratch.seen, &mut scratch.active) {
                return Read::Done(FileResult { file, ..FileResult::default() });
            }
            let flags = gate.numbers.iter().zip(&scratch.active);
            let active = flags.filter(|(_, active)| **active).map(|(number, _)| *number).collect();
            let job = Job { file, class, active, path: path.clone() };
            return Read::Needs(job, scratch.bytes.clone());
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
    Read::Done(FileResult { file, found: vec![], cannot_tell })
}

/// A file that could not be read; `head` is what was seen of it.
fn unread(gate: &Gate, error: &ReadError, head: &[u8]) -> Vec<CannotTell> {
    // A large binary is no more the business of a check of every text than a small one.
    if error.reason == Reason::TooBig && matches!(decode(head), Err(Undecodable::Binary(_))) {
        return refuse_named(gate, error.reason, &error.detail);
    }
    vec![CannotTell { check: None, reason: error.reason, detail: error.detail.clone() }]
}

fn refuse_named(gate: &Gate, reason: Reason, detail: &str) -> Vec<CannotTell> {
    let refuse = |&number| CannotTell { check: Some(number), reason, detail: detail.to_owned() };
    gate.named.iter().map(refuse).collect()
}
