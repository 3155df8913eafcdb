//! What every question is given, and how a finding is made.

use std::ops::Range;

use crate::engine::found::{CannotTell, Found};
use crate::engine::glob::Globs;
use crate::engine::tree::{Entry, EntryKind, ReadError, Tree};
use crate::model::{Edit, Fix, FixSpec, RepoPath};
use crate::text::Position;

/// The sorted entries of a tree.
#[derive(Clone, Copy)]
pub(super) struct Entries<'a>(pub(super) &'a [Entry]);

impl<'a> Entries<'a> {
    /// The index of `path`.
    pub(super) fn find(self, path: &[u8]) -> Option<usize> {
        self.0.binary_search_by(|entry| entry.path.bytes().cmp(path)).ok()
    }

    /// The indexes of everything below `directory`; everything for the root (empty).
    pub(super) fn below(self, directory: &[u8]) -> Range<usize> {
        if directory.is_empty() {
            return 0..self.0.len();
        }
        let prefix = [directory, b"/"].concat();
        let start = self.0.partition_point(|entry| entry.path.bytes() < prefix.as_slice());
        let length = self.0[start..].partition_point(|entry| entry.path.bytes().starts_with(&prefix));
        start..start + length
    }

    /// Whether the entry is a directory with something in it. Empty ones are not in git, so they count
    /// as absent: otherwise a fresh clone would be assessed differently.
    pub(super) fn is_directory(self, index: usize) -> bool {
        let is_directory = |entry: &Entry| entry.kind == EntryKind::Directory;
        is_directory(&self.0[index])
            && self.0[self.below(self.0[index].path.bytes())].iter().any(|entry| !is_directory(entry))
    }

    /// Whether the entry counts as existing: anything but an empty directory. Links count.
    pub(super) fn exists(self, index: usize) -> bool {
        self.0[index].kind != EntryKind::Directory || self.is_directory(index)
    }

    /// Whether `path` is there.
    pub(super) fn has(self, path: &[u8]) -> bool {
        self.find(path).is_some_and(|index| self.exists(index))
    }

    /// Index and entry of each path that `globs` match and `except` does not.
    pub(super) fn matching(
        self,
        globs: &'a Globs,
        except: &'a Globs,
    ) -> impl Iterator<Item = (usize, &'a Entry)> {
        self.0.iter().enumerate().filter(move |(_, entry)| {
            globs.is_match(entry.path.bytes()) && !except.is_match(entry.path.bytes())
        })
    }
}

/// What a question is asked about.
pub(super) struct Ask<'a> {
    pub(super) number: u32,
    pub(super) entries: Entries<'a>,
    pub(super) tree: &'a dyn Tree,
    pub(super) scope: &'a RepoPath,
    pub(super) message: Option<&'a str>,
    pub(super) fix: Option<&'a FixSpec>,
    pub(super) except: &'a Globs,
}

/// Where answers go.
pub(super) struct Sink<'a> {
    pub(super) out: &'a mut Vec<(RepoPath, Found)>,
    pub(super) cannot_tell: &'a mut Vec<(RepoPath, CannotTell)>,
    pub(super) looked: &'a mut dyn FnMut(usize),
}

/// What templates can name beside the path.
#[derive(Default)]
pub(super) struct Values {
    pub(super) missing: String,
    pub(super) suggested: String,
    pub(super) size: String,
    pub(super) limit: String,
}

impl Ask<'_> {
    /// A finding at `path`. `content` is the subject for the fingerprint, `default` the sentence when
    /// the check has none of its own, `create` the missing file that a fix could create.
    pub(super) fn found(
        &self,
        sink: &mut Sink<'_>,
        path: RepoPath,
        content: String,
        default: String,
        values: &Values,
        create: Option<RepoPath>,
    ) {
        if !path.is_within(self.scope) {
            return;
        }
        let message = self.message.map_or(default, |template| render(template, &path, values));
        let fix = create.zip(self.fix).and_then(|(path, spec)| {
            let content = spec.create.clone()?;
            Some(Fix { title: spec.title.clone(), edits: vec![Edit::Create { path, content }] })
        });
        let start = Position::START;
        let found = Found { check: self.number, message, start, end: start, excerpt: None, content, fix };
        sink.out.push((path, found));
    }

    /// The system does not tell what is asked about `path`.
    pub(super) fn cannot_tell(&self, sink: &mut Sink<'_>, path: &RepoPath, error: ReadError) {
        if path.is_within(self.scope) {
            let ReadError { reason, detail } = error;
            sink.cannot_tell.push((path.clone(), CannotTell { check: Some(self.number), reason, detail }));
        }
    }
}

/// `relative` below `directory`.
pub(super) fn join(directory: &[u8], relative: &[u8]) -> Vec<u8> {
    if directory.is_empty() { relative.to_vec() } else { [directory, b"/", relative].concat() }
}

/// Bytes of a name as text.
pub(super) fn lossless(bytes: &[u8]) -> String {
    RepoPath::new(bytes).lossless().into_owned()
}

/// Replaces `$NAME`-like words once, and `$$` by a dollar sign; what is put in is not looked at again.
fn render(template: &str, path: &RepoPath, values: &Values) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let end = after.find(|c: char| !c.is_ascii_uppercase() && c != '_').unwrap_or(after.len());
        match &after[..end] {
            "PATH" => out.push_str(&path.lossless()),
            "NAME" => out.push_str(&lossless(path.name())),
            "MISSING" => out.push_str(&values.missing),
            "SUGGESTED" => out.push_str(&values.suggested),
            "SIZE" => out.push_str(&values.size),
            "LIMIT" => out.push_str(&values.limit),
            unknown => {
                out.push('$');
                out.push_str(unknown);
            }
        }
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}
