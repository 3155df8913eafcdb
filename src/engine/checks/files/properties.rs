//! `size` and `executable`: conditions on a file's metadata.

use super::context::{ConditionContext, FilesSink, TemplateValues};
use crate::engine::glob::Globs;
use crate::engine::size::format_size;
use crate::engine::tree::{EntryKind, Metadata, ReadError};
use crate::model::Reason;

/// Limits on the size, in bytes.
#[derive(Debug)]
pub(super) struct SizeCondition {
    pub(super) paths: Globs,
    pub(super) max: Option<u64>,
    pub(super) min: Option<u64>,
}

impl SizeCondition {
    pub(super) fn check(&self, context: &ConditionContext<'_>, sink: &mut FilesSink<'_>) {
        for (index, entry) in context.entries.matching(&self.paths, context.except) {
            if entry.kind != EntryKind::File || !entry.path.is_within(context.scope) {
                continue;
            }
            (sink.mark_inspected)(index);
            let size = match context.tree.metadata(&entry.path) {
                Ok(metadata) => metadata.size,
                Err(error) => {
                    context.cannot_tell(sink, &entry.path, error);
                    continue;
                }
            };
            let path = entry.path.lossless();
            let over = self.max.filter(|&max| size > max);
            let under = self.min.filter(|&min| size < min);
            let Some(limit) = over.or(under) else { continue };
            let (size, limit) = (distinct_size(size, limit), distinct_size(limit, size));
            let sentence = if over.is_some() {
                format!(
                    "`{path}` has {size}, more than {limit}: make it smaller, or keep it outside the repository"
                )
            } else {
                format!("`{path}` has {size}, less than {limit}: complete it, or remove it")
            };
            let values = TemplateValues { size, limit, ..TemplateValues::default() };
            context.found(sink, entry.path.clone(), path.into_owned(), sentence, &values, None);
        }
    }
}

/// Formats a size; in bytes if both sizes would have the same rounded text.
fn distinct_size(size: u64, other: u64) -> String {
    let words = format_size(size);
    if words == format_size(other) { format!("{size} bytes") } else { words }
}

/// Required state of the executable bit.
#[derive(Debug)]
pub(super) struct ExecutableCondition {
    pub(super) paths: Globs,
    pub(super) set: bool,
}

impl ExecutableCondition {
    pub(super) fn check(&self, context: &ConditionContext<'_>, sink: &mut FilesSink<'_>) {
        for (index, entry) in context.entries.matching(&self.paths, context.except) {
            if entry.kind != EntryKind::File || !entry.path.is_within(context.scope) {
                continue;
            }
            (sink.mark_inspected)(index);
            match context.tree.metadata(&entry.path) {
                Ok(Metadata { executable: None, .. }) => {
                    let detail = "this system has no executable bit".to_owned();
                    context.cannot_tell(sink, &entry.path, ReadError { reason: Reason::Unreadable, detail });
                }
                Ok(metadata) if metadata.executable == Some(self.set) => {}
                Ok(_) => {
                    let path = entry.path.lossless();
                    let sentence = if self.set {
                        format!("`{path}` is not executable: set the bit with `git update-index --chmod=+x`")
                    } else {
                        format!("`{path}` is executable: clear the bit with `git update-index --chmod=-x`")
                    };
                    context.found(
                        sink,
                        entry.path.clone(),
                        path.into_owned(),
                        sentence,
                        &TemplateValues::default(),
                        None,
                    );
                }
                Err(error) => context.cannot_tell(sink, &entry.path, error),
            }
        }
    }
}
