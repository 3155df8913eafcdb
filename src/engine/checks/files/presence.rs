//! `require` and `forbid`: what must be there and what must not.

use super::ask::{Ask, Entries, Sink, Values, join, lossless};
use crate::engine::glob::Globs;
use crate::engine::tree::EntryKind;
use crate::model::RepoPath;

/// Paths that must exist.
#[derive(Debug)]
pub(super) struct Require {
    pub(super) any: Vec<Wanted>,
    pub(super) all: Vec<Wanted>,
}

/// A path or a glob that must exist, relative to the directory in which it is asked.
#[derive(Debug)]
pub(super) struct Wanted {
    /// As written.
    pub(super) text: String,
    /// `None`: a plain path.
    pub(super) glob: Option<Globs>,
}

impl Wanted {
    /// The index of the first entry below `directory` that answers it.
    fn first(&self, directory: &[u8], entries: Entries<'_>, except: &Globs) -> Option<usize> {
        let counts =
            |&index: &usize| !except.is_match(entries.0[index].path.bytes()) && entries.exists(index);
        let Some(glob) = &self.glob else {
            return entries.find(&join(directory, self.text.as_bytes())).filter(counts);
        };
        let cut = if directory.is_empty() { 0 } else { directory.len() + 1 };
        entries
            .below(directory)
            .filter(|&index| glob.is_match(&entries.0[index].path.bytes()[cut..]))
            .find(counts)
    }

    /// Where it should be, if that is one place.
    fn place(&self, directory: &[u8]) -> Option<RepoPath> {
        self.glob.is_none().then(|| RepoPath::new(join(directory, self.text.as_bytes())))
    }
}

impl Require {
    /// Asks once, in `directory` (empty: the root); `each` are the globs that led there.
    pub(super) fn ask(&self, directory: &[u8], each: Option<&str>, ask: &Ask<'_>, sink: &mut Sink<'_>) {
        let why = each
            .filter(|_| !directory.is_empty())
            .map_or(String::new(), |each| format!(" (every directory that matches {each} is asked for it)"));
        let firsts: Vec<_> =
            self.any.iter().map(|wanted| wanted.first(directory, ask.entries, ask.except)).collect();
        for &index in firsts.iter().flatten() {
            (sink.looked)(index);
        }
        if let [first, others @ ..] = self.any.as_slice()
            && firsts.iter().all(Option::is_none)
        {
            let advice = match first.place(directory) {
                Some(place) => format!("add `{}`", place.lossless()),
                None => "add one".to_owned(),
            };
            let sentence = if others.is_empty() {
                missing_sentence(first, directory)
            } else {
                let all: Vec<String> = self.any.iter().map(|wanted| format!("`{}`", wanted.text)).collect();
                format!("none of {} is in {}: {advice}", all.join(", "), in_words(directory))
            };
            missing(first, directory, sentence + &why, ask, sink);
        }
        for wanted in &self.all {
            match wanted.first(directory, ask.entries, ask.except) {
                Some(index) => (sink.looked)(index),
                None => missing(wanted, directory, missing_sentence(wanted, directory) + &why, ask, sink),
            }
        }
    }
}

fn missing_sentence(wanted: &Wanted, directory: &[u8]) -> String {
    match wanted.place(directory) {
        Some(place) => format!("`{}` is missing: add it", place.lossless()),
        None => format!("nothing in {} matches `{}`: add a file that does", in_words(directory), wanted.text),
    }
}

fn in_words(directory: &[u8]) -> String {
    if directory.is_empty() { "the repository".to_owned() } else { format!("`{}`", lossless(directory)) }
}

fn missing(wanted: &Wanted, directory: &[u8], sentence: String, ask: &Ask<'_>, sink: &mut Sink<'_>) {
    let create = wanted.place(directory);
    let missing = lossless(&join(directory, wanted.text.as_bytes()));
    let path =
        create.clone().unwrap_or_else(|| RepoPath::new(if directory.is_empty() { b"." } else { directory }));
    let values = Values { missing: missing.clone(), ..Values::default() };
    ask.found(sink, path, missing, sentence, &values, create);
}

/// Finds what matches `globs` below `directory`. A directory is a finding of its own only when nothing
/// below it is asked about already (`docs/**` is about the files, `node_modules` about the directory).
pub(super) fn forbid(globs: &Globs, directory: &[u8], ask: &Ask<'_>, sink: &mut Sink<'_>) {
    let cut = if directory.is_empty() { 0 } else { directory.len() + 1 };
    let entries = ask.entries;
    let matches = |index: usize| globs.is_match(&entries.0[index].path.bytes()[cut..]);
    let excepted = |index: usize| ask.except.is_match(entries.0[index].path.bytes());
    for index in entries.below(directory) {
        if !matches(index) || excepted(index) {
            continue;
        }
        let entry = &entries.0[index];
        let path = entry.path.bytes();
        if entry.kind == EntryKind::Directory
            && (!entries.is_directory(index)
                || entries.below(path).any(|below| matches(below) || excepted(below)))
        {
            continue;
        }
        (sink.looked)(index);
        let shown = lossless(path);
        let sentence = format!("`{shown}` is not wanted here: remove it, rename it or move it elsewhere");
        ask.found(sink, entry.path.clone(), shown, sentence, &Values::default(), None);
    }
}
