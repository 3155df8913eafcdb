//! `require` and `forbid`: paths that must exist, and paths that must not.

use super::context::{ConditionContext, FilesSink, SortedEntries, TemplateValues, join, lossless_text};
use crate::engine::glob::Globs;
use crate::engine::tree::EntryKind;
use crate::model::RepoPath;

/// Paths that must exist.
#[derive(Debug)]
pub(super) struct RequireCondition {
    pub(super) any: Vec<RequiredPath>,
    pub(super) all: Vec<RequiredPath>,
}

/// A path or a glob that must have a match, relative to the directory in which it is checked.
#[derive(Debug)]
pub(super) struct RequiredPath {
    /// Source text.
    pub(super) text: String,
    /// Compiled glob; `None` for a plain path.
    pub(super) glob: Option<Globs>,
}

impl RequiredPath {
    /// Returns the index of the first entry below `directory` that matches.
    fn first(&self, directory: &[u8], entries: SortedEntries<'_>, except: &Globs) -> Option<usize> {
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

    /// Returns the path where the file should exist; `None` for a glob.
    fn place(&self, directory: &[u8]) -> Option<RepoPath> {
        self.glob.is_none().then(|| RepoPath::new(join(directory, self.text.as_bytes())))
    }
}

impl RequireCondition {
    /// Checks one `directory` (empty for the root); `each` are the globs that selected it.
    pub(super) fn check_directory(
        &self,
        directory: &[u8],
        each: Option<&str>,
        context: &ConditionContext<'_>,
        sink: &mut FilesSink<'_>,
    ) {
        let why = each
            .filter(|_| !directory.is_empty())
            .map_or(String::new(), |each| format!(" (required in every directory that matches {each})"));
        let firsts: Vec<_> =
            self.any.iter().map(|wanted| wanted.first(directory, context.entries, context.except)).collect();
        for &index in firsts.iter().flatten() {
            (sink.mark_inspected)(index);
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
            report_missing(first, directory, sentence + &why, context, sink);
        }
        for wanted in &self.all {
            match wanted.first(directory, context.entries, context.except) {
                Some(index) => (sink.mark_inspected)(index),
                None => report_missing(
                    wanted,
                    directory,
                    missing_sentence(wanted, directory) + &why,
                    context,
                    sink,
                ),
            }
        }
    }
}

fn missing_sentence(wanted: &RequiredPath, directory: &[u8]) -> String {
    match wanted.place(directory) {
        Some(place) => format!("`{}` is missing: add it", place.lossless()),
        None => format!("nothing in {} matches `{}`: add a file that does", in_words(directory), wanted.text),
    }
}

fn in_words(directory: &[u8]) -> String {
    if directory.is_empty() { "the repository".to_owned() } else { format!("`{}`", lossless_text(directory)) }
}

fn report_missing(
    wanted: &RequiredPath,
    directory: &[u8],
    sentence: String,
    context: &ConditionContext<'_>,
    sink: &mut FilesSink<'_>,
) {
    let create = wanted.place(directory);
    let missing = lossless_text(&join(directory, wanted.text.as_bytes()));
    let path =
        create.clone().unwrap_or_else(|| RepoPath::new(if directory.is_empty() { b"." } else { directory }));
    let values = TemplateValues { missing: missing.clone(), ..TemplateValues::default() };
    context.found(sink, path, missing, sentence, &values, create);
}

/// Reports paths below `directory` that match `globs`. A directory itself is reported only if no path below
/// it matches (`docs/**` means the files, `node_modules` the directory).
pub(super) fn check_forbidden(
    globs: &Globs,
    directory: &[u8],
    context: &ConditionContext<'_>,
    sink: &mut FilesSink<'_>,
) {
    let cut = if directory.is_empty() { 0 } else { directory.len() + 1 };
    let entries = context.entries;
    let matches = |index: usize| globs.is_match(&entries.0[index].path.bytes()[cut..]);
    let excepted = |index: usize| context.except.is_match(entries.0[index].path.bytes());
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
        (sink.mark_inspected)(index);
        let shown = lossless_text(path);
        let sentence = format!("`{shown}` is not wanted here: remove it, rename it or move it elsewhere");
        context.found(sink, entry.path.clone(), shown, sentence, &TemplateValues::default(), None);
    }
}
