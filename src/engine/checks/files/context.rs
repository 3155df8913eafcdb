//! Input and output that all conditions share, and the creation of findings.

use std::ops::Range;

use crate::engine::file_result::{CannotTell, RawFinding};
use crate::engine::glob::Globs;
use crate::engine::tree::{EntryKind, PathEntry, ReadError, Tree};
use crate::model::{Edit, Fix, FixSpec, RepoPath};
use crate::text::Position;

/// The sorted entries of a tree.
#[derive(Clone, Copy)]
pub(super) struct SortedEntries<'a>(pub(super) &'a [PathEntry]);

impl<'a> SortedEntries<'a> {
    /// Returns the index of `path`.
    pub(super) fn find(self, path: &[u8]) -> Option<usize> {
        self.0.binary_search_by(|entry| entry.path.bytes().cmp(path)).ok()
    }

    /// Returns the indexes of all entries below `directory`; of all entries for the root (empty path).
    pub(super) fn below(self, directory: &[u8]) -> Range<usize> {
        if directory.is_empty() {
            return 0..self.0.len();
        }
        let prefix = [directory, b"/"].concat();
        let start = self.0.partition_point(|entry| entry.path.bytes() < prefix.as_slice());
        let length = self.0[start..].partition_point(|entry| entry.path.bytes().starts_with(&prefix));
        start..start + length
    }

    /// Whether the entry is a non-empty directory. Git does not track empty directories, so they count as
    /// absent; otherwise the result for a fresh clone would differ.
    pub(super) fn is_directory(self, index: usize) -> bool {
        let is_directory = |entry: &PathEntry| entry.kind == EntryKind::Directory;
        is_directory(&self.0[index])
            && self.0[self.below(self.0[index].path.bytes())].iter().any(|entry| !is_directory(entry))
    }

    /// Whether the entry counts as existing: any entry but an empty directory, including symbolic links.
    pub(super) fn exists(self, index: usize) -> bool {
        self.0[index].kind != EntryKind::Directory || self.is_directory(index)
    }

    /// Whether `path` exists.
    pub(super) fn has(self, path: &[u8]) -> bool {
        self.find(path).is_some_and(|index| self.exists(index))
    }

    /// Returns index and entry of each path that `globs` match and `except` does not.
    pub(super) fn matching(
        self,
        globs: &'a Globs,
        except: &'a Globs,
    ) -> impl Iterator<Item = (usize, &'a PathEntry)> {
        self.0.iter().enumerate().filter(move |(_, entry)| {
            globs.is_match(entry.path.bytes()) && !except.is_match(entry.path.bytes())
        })
    }
}

/// Input of a condition.
pub(super) struct ConditionContext<'a> {
    pub(super) number: u32,
    pub(super) entries: SortedEntries<'a>,
    pub(super) tree: &'a dyn Tree,
    pub(super) scope: &'a RepoPath,
    pub(super) message: Option<&'a str>,
    pub(super) fix: Option<&'a FixSpec>,
    pub(super) except: &'a Globs,
}

/// Output of a condition.
pub(super) struct FilesSink<'a> {
    pub(super) out: &'a mut Vec<(RepoPath, RawFinding)>,
    pub(super) cannot_tell: &'a mut Vec<(RepoPath, CannotTell)>,
    pub(super) mark_inspected: &'a mut dyn FnMut(usize),
}

/// Values of template placeholders, in addition to the path.
#[derive(Default)]
pub(super) struct TemplateValues {
    pub(super) missing: String,
    pub(super) suggested: String,
    pub(super) size: String,
    pub(super) limit: String,
}

impl ConditionContext<'_> {
    /// Adds a finding at `path`. `content` is the input of the fingerprint, `default` the message if the
    /// check has none, and `create` the missing file that a fix could create.
    pub(super) fn found(
        &self,
        sink: &mut FilesSink<'_>,
        path: RepoPath,
        content: String,
        default: String,
        values: &TemplateValues,
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
        let found =
            RawFinding { check: self.number, message, start, end: start, excerpt: None, content, fix };
        sink.out.push((path, found));
    }

    /// Reports that the metadata of `path` is not available.
    pub(super) fn cannot_tell(&self, sink: &mut FilesSink<'_>, path: &RepoPath, error: ReadError) {
        if path.is_within(self.scope) {
            let ReadError { reason, detail } = error;
            sink.cannot_tell.push((path.clone(), CannotTell { check: Some(self.number), reason, detail }));
        }
    }
}

/// Joins `directory` and `relative`.
pub(super) fn join(directory: &[u8], relative: &[u8]) -> Vec<u8> {
    if directory.is_empty() { relative.to_vec() } else { [directory, b"/", relative].concat() }
}

/// Converts a path to text without loss; bytes that are not UTF-8 are escaped.
pub(super) fn lossless_text(bytes: &[u8]) -> String {
    RepoPath::new(bytes).lossless().into_owned()
}

/// Replaces placeholders such as `$NAME`, and `$$` by a dollar sign. Inserted values are not expanded again.
fn render(template: &str, path: &RepoPath, values: &TemplateValues) -> String {
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
            "NAME" => out.push_str(&lossless_text(path.name())),
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
