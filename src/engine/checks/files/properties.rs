//! `size` and `executable`: what a look at a file's metadata tells.

use super::ask::{Ask, Sink, Values};
use crate::engine::glob::Globs;
use crate::engine::size::size_words;
use crate::engine::tree::{EntryKind, Metadata, ReadError};
use crate::model::Reason;

/// Limits of size in bytes.
#[derive(Debug)]
pub(super) struct Size {
    pub(super) paths: Globs,
    pub(super) max: Option<u64>,
    pub(super) min: Option<u64>,
}

impl Size {
    pub(super) fn ask(&self, ask: &Ask<'_>, sink: &mut Sink<'_>) {
        for (index, entry) in ask.entries.matching(&self.paths, ask.except) {
            if entry.kind != EntryKind::File || !entry.path.is_within(ask.scope) {
                continue;
            }
            (sink.looked)(index);
            let size = match ask.tree.metadata(&entry.path) {
                Ok(metadata) => metadata.size,
                Err(error) => {
                    ask.cannot_tell(sink, &entry.path, error);
                    continue;
                }
            };
            let path = entry.path.lossless();
            let over = self.max.filter(|&max| size > max);
            let under = self.min.filter(|&min| size < min);
            let Some(limit) = over.or(under) else { continue };
            let (size, limit) = (exact(size, limit), exact(limit, size));
            let sentence = if over.is_some() {
                format!(
                    "`{path}` has {size}, more than {limit}: make it smaller, or keep it outside the repository"
                )
            } else {
                format!("`{path}` has {size}, less than {limit}: complete it, or remove it")
            };
            let values = Values { size, limit, ..Values::default() };
            ask.found(sink, entry.path.clone(), path.into_owned(), sentence, &values, None);
        }
    }
}

/// A size in words; in bytes when the words for both sizes would be the same.
fn exact(size: u64, other: u64) -> String {
    let words = size_words(size);
    if words == size_words(other) { format!("{size} bytes") } else { words }
}

/// Whether the executable bit should be set.
#[derive(Debug)]
pub(super) struct Executable {
    pub(super) paths: Globs,
    pub(super) set: bool,
}

impl Executable {
    pub(super) fn ask(&self, ask: &Ask<'_>, sink: &mut Sink<'_>) {
        for (index, entry) in ask.entries.matching(&self.paths, ask.except) {
            if entry.kind != EntryKind::File || !entry.path.is_within(ask.scope) {
                continue;
            }
            (sink.looked)(index);
            match ask.tree.metadata(&entry.path) {
                Ok(Metadata { executable: None, .. }) => {
                    let detail = "this system does not say who may execute a file".to_owned();
                    ask.cannot_tell(sink, &entry.path, ReadError { reason: Reason::Unreadable, detail });
                }
                Ok(metadata) if metadata.executable == Some(self.set) => {}
                Ok(_) => {
                    let path = entry.path.lossless();
                    let sentence = if self.set {
                        format!("`{path}` is not executable: set the bit with `git update-index --chmod=+x`")
                    } else {
                        format!("`{path}` is executable: clear the bit with `git update-index --chmod=-x`")
                    };
                    ask.found(
                        sink,
                        entry.path.clone(),
                        path.into_owned(),
                        sentence,
                        &Values::default(),
                        None,
                    );
                }
                Err(error) => ask.cannot_tell(sink, &entry.path, error),
            }
        }
    }
}
