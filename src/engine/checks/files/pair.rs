//! `pair`: files that require another file.

use std::collections::BTreeSet;

use super::context::{ConditionContext, FilesSink, TemplateValues};
use crate::engine::glob::CapturingGlob;
use crate::engine::tree::EntryKind;
use crate::model::RepoPath;

/// Files that require another file.
#[derive(Debug)]
pub(super) struct PairCondition {
    pub(super) every: CapturingGlob,
    pub(super) want: PairTemplate,
}

impl PairCondition {
    pub(super) fn check(&self, context: &ConditionContext<'_>, sink: &mut FilesSink<'_>) {
        let mut reported = BTreeSet::new();
        for (index, entry) in context.entries.0.iter().enumerate() {
            if entry.kind == EntryKind::Directory || context.except.is_match(entry.path.bytes()) {
                continue;
            }
            let Some(captures) = self.every.captures(entry.path.bytes()) else { continue };
            (sink.mark_inspected)(index);
            let wanted = self.want.fill(&captures);
            if context.entries.has(wanted.bytes()) {
                context.entries.find(wanted.bytes()).into_iter().for_each(&mut *sink.mark_inspected);
                continue;
            }
            // Several files may require the same one, which is reported once.
            if !reported.insert(wanted.clone()) {
                continue;
            }
            let missing = wanted.lossless().into_owned();
            let sentence = format!("`{missing}` is missing: `{}` requires it", entry.path.lossless());
            let values = TemplateValues { missing: missing.clone(), ..TemplateValues::default() };
            context.found(sink, wanted.clone(), missing, sentence, &values, Some(wanted));
        }
    }
}

/// A path with placeholders for captures: `services/{1}/RUNBOOK.md`.
#[derive(Debug)]
pub(super) struct PairTemplate {
    /// Literal text, and the index (from 0) of the capture that follows it.
    parts: Vec<(String, usize)>,
    end: String,
}

impl PairTemplate {
    /// Parses a template for a glob with `count` captures.
    ///
    /// # Errors
    /// If the template is invalid; the error is a message without a final full stop.
    pub(super) fn new(text: &str, count: usize) -> Result<Self, String> {
        if text.len() > 1_024 {
            return Err("`want` is longer than 1,024 bytes".to_owned());
        }
        if text.contains('\0') || text.contains(['*', '?', '[', ']', '\\']) {
            return Err(format!(
                "`{text}` is a glob: `want` must be one path; write `{{1}}` for the text that the first `*` matched"
            ));
        }
        if text.split('/').any(|component| matches!(component, "" | "." | "..")) {
            return Err(format!(
                "`{text}` is not a path below the repository's root: remove `.`, `..` and slashes at its ends"
            ));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(at);
            let number = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let capture =
                number.and_then(|(number, _)| number.parse::<usize>().ok()).filter(|&number| number > 0);
            let (Some((_, after)), Some(capture)) = (number, capture) else {
                return Err(format!(
                    "`{text}` contains braces without a number: write `{{1}}` for the text that the first `*` matched"
                ));
            };
            if capture > count {
                return Err(format!("`{text}` refers to capture {capture}, but `for` has only {count}"));
            }
            parts.push((before.to_owned(), capture - 1));
            rest = after;
        }
        Ok(Self { parts, end: rest.to_owned() })
    }

    /// Returns the path for these captures. A `**` may have matched nothing, so empty components are dropped.
    fn fill(&self, captures: &[&[u8]]) -> RepoPath {
        let mut path = Vec::new();
        for (text, capture) in &self.parts {
            path.extend_from_slice(text.as_bytes());
            path.extend_from_slice(captures.get(*capture).copied().unwrap_or_default());
        }
        path.extend_from_slice(self.end.as_bytes());
        let components: Vec<&[u8]> =
            path.split(|&byte| byte == b'/').filter(|component| !component.is_empty()).collect();
        RepoPath::new(components.join(&b'/'))
    }
}
