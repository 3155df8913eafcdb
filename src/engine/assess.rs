//! One file: read once, filter once, decode, load and parse at most once, ask every check.
//!
//! Takes a class of checks and a path, gives back plain values. Nothing is shared between files, so a
//! process boundary can be put around this.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::budget::Budget;
use super::checks::code;
use super::checks::data;
use super::class::Class;
use super::found::{CannotTell, FileResult};
use super::options::Limits;
use super::places::Places;
use super::prefilter::Seen;
use super::tree::Tree;
use crate::data::Format;
use crate::model::{Reason, RepoPath};
use crate::text::{Decoded, Undecodable, decode};

/// What a thread uses again for each file.
#[derive(Default)]
pub struct Scratch {
    bytes: Vec<u8>,
    seen: Seen,
    active: Vec<bool>,
}

/// Assesses the file at `path`, which is number `file`. A panic in a check or a library is "cannot
/// tell" for this file and ends nothing else.
pub fn assess_file(
    class: &Class<'_>,
    tree: &dyn Tree,
    path: &RepoPath,
    file: u32,
    limits: &Limits,
    scratch: &mut Scratch,
) -> FileResult {
    let work = AssertUnwindSafe(|| assess_or_panic(class, tree, path, file, limits, scratch));
    catch_unwind(work).unwrap_or_else(|_| {
        // Whatever was half done there is not used again.
        *scratch = Scratch::default();
        let detail =
            "a check panicked in this file; this is a defect of stanchion, please report it".to_owned();
        let cannot_tell = vec![CannotTell { check: None, reason: Reason::Died, detail }];
        FileResult { file, found: Vec::new(), cannot_tell }
    })
}

fn assess_or_panic(
    class: &Class<'_>,
    tree: &dyn Tree,
    path: &RepoPath,
    file: u32,
    limits: &Limits,
    scratch: &mut Scratch,
) -> FileResult {
    let mut result = FileResult { file, ..FileResult::default() };
    if let Err(error) = tree.read(path, limits.file_bytes, &mut scratch.bytes) {
        // A large binary is no more the business of a check of every text than a small one.
        if error.reason == Reason::TooBig && matches!(decode(&scratch.bytes), Err(Undecodable::Binary(_))) {
            let refuse = |&number| CannotTell {
                check: Some(number),
                reason: error.reason,
                detail: error.detail.clone(),
            };
            result.cannot_tell.extend(class.named.iter().map(refuse));
            return result;
        }
        result.cannot_tell.push(CannotTell { check: None, reason: error.reason, detail: error.detail });
        return result;
    }
    let decoded = match decode(&scratch.bytes) {
        Ok(decoded) => decoded,
        Err(Undecodable::Binary(at)) => {
            let detail = format!("not text (seen at byte {at})");
            let refuse =
                |&number| CannotTell { check: Some(number), reason: Reason::Binary, detail: detail.clone() };
            result.cannot_tell.extend(class.named.iter().map(refuse));
            return result;
        }
        Err(Undecodable::Encoding(at)) => {
            let detail =
                format!("the byte at offset {at} is not UTF-8, and no byte order mark says what it is");
            result.cannot_tell.push(CannotTell { check: None, reason: Reason::Encoding, detail });
            return result;
        }
    };
    // The automaton searches the text's own bytes: for UTF-8 these are the file's.
    let any = class.prefilter.may_match(decoded.text.as_bytes(), &mut scratch.seen, &mut scratch.active);
    if any || !class.data.is_empty() {
        let budget = Budget::starting_now(limits.file_time);
        look(class, path, &decoded, &scratch.active, limits, &budget, &mut result);
    }
    result.found.sort_by_key(|a| (a.start.byte, a.end.byte, a.check));
    result
}

fn look(
    class: &Class<'_>,
    path: &RepoPath,
    decoded: &Decoded<'_>,
    active: &[bool],
    limits: &Limits,
    budget: &Budget,
    result: &mut FileResult,
) {
    let places = Places::new(decoded);
    let (text_active, code_active) = active.split_at(class.text.len());
    for ((number, check), active) in class.text.iter().zip(text_active) {
        if *active {
            check.assess(*number, &places, budget, &mut result.found, &mut result.cannot_tell);
        }
    }
    look_at_data(class, path, &places, result);
    let Some(grammar) = class.grammar else { return };
    if !code_active.contains(&true) {
        return;
    }
    if decoded.text.len() as u64 > limits.code_bytes {
        for ((number, _), _) in class.code.checks().iter().zip(code_active).filter(|(_, active)| **active) {
            let detail = format!("{} bytes; code is parsed up to {}", decoded.text.len(), limits.code_bytes);
            result.cannot_tell.push(CannotTell { check: Some(*number), reason: Reason::TooBig, detail });
        }
        return;
    }
    code::scan(
        &class.code,
        code_active,
        grammar,
        &places,
        budget,
        &mut result.found,
        &mut result.cannot_tell,
    );
}

/// The documents of a file in one format, or why they could not be read.
type LoadedOrNot = Result<Vec<data::Loaded>, (Reason, String)>;

fn look_at_data(class: &Class<'_>, path: &RepoPath, places: &Places<'_>, result: &mut FileResult) {
    let mut loaded: Vec<(Format, LoadedOrNot)> = Vec::new();
    for (number, check) in &class.data {
        let Some(format) = check.format(path.bytes()) else {
            let detail =
                "its name does not say which data format it is; the check can say `format:`".to_owned();
            result.cannot_tell.push(CannotTell { check: Some(*number), reason: Reason::Format, detail });
            continue;
        };
        if !loaded.iter().any(|(known, _)| *known == format) {
            loaded.push((format, data::load(format, places.text())));
        }
        match loaded.iter().find(|(known, _)| *known == format) {
            Some((_, Ok(documents))) => {
                if let Err((reason, detail)) = check.assess(*number, documents, places, &mut result.found) {
                    result.cannot_tell.push(CannotTell { check: Some(*number), reason, detail });
                }
            }
            Some((_, Err((reason, detail)))) => {
                let (reason, detail) = (*reason, detail.clone());
                result.cannot_tell.push(CannotTell { check: Some(*number), reason, detail });
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tree::{Listing, Metadata, ReadError};
    use crate::model::Language;

    /// A tree in which reading one file panics, as a defect in a check would.
    struct Panics;

    impl Tree for Panics {
        fn list(&self) -> Result<Listing, ReadError> {
            Ok(Listing::default())
        }

        fn read(&self, path: &RepoPath, _: u64, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
            assert!(path.bytes() != b"bad", "a defect");
            buffer.clear();
            Ok(())
        }

        fn metadata(&self, _: &RepoPath) -> Result<Metadata, ReadError> {
            Ok(Metadata { size: 0, executable: false })
        }
    }

    #[test]
    fn a_panic_is_the_end_of_one_file_only() {
        let compiled = std::collections::HashMap::new();
        let class = Class::new(&[], Some(Language::Go), &compiled, &|_| false, true);
        let mut scratch = Scratch::default();
        let mut assess = |path: &str| {
            assess_file(&class, &Panics, &RepoPath::from(path), 7, &Limits::default(), &mut scratch)
        };
        let bad = assess("bad");
        assert_eq!((bad.file, bad.cannot_tell[0].reason), (7, Reason::Died));
        assert_eq!(assess("good").cannot_tell, []);
    }
}
