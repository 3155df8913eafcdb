//! `pair`: a file that asks for another.

use std::collections::BTreeSet;

use super::ask::{Ask, Sink, Values};
use crate::engine::glob::CapturingGlob;
use crate::engine::tree::EntryKind;
use crate::model::RepoPath;

/// A file that asks for another.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) every: CapturingGlob,
    pub(super) want: Template,
}

impl Pair {
    pub(super) fn ask(&self, ask: &Ask<'_>, sink: &mut Sink<'_>) {
        let mut asked_for = BTreeSet::new();
        for (index, entry) in ask.entries.0.iter().enumerate() {
            if entry.kind == EntryKind::Directory || ask.except.is_match(entry.path.bytes()) {
                continue;
            }
            let Some(captures) = self.every.captures(entry.path.bytes()) else { continue };
            (sink.looked)(index);
            let wanted = self.want.fill(&captures);
            if ask.entries.has(wanted.bytes()) {
                ask.entries.find(wanted.bytes()).into_iter().for_each(&mut *sink.looked);
                continue;
            }
            // Several files may ask for the same one: once is enough.
            if !asked_for.insert(wanted.clone()) {
                continue;
            }
            let missing = wanted.lossless().into_owned();
            let sentence = format!("`{missing}` is missing: `{}` asks for it", entry.path.lossless());
            let values = Values { missing: missing.clone(), ..Values::default() };
            ask.found(sink, wanted.clone(), missing, sentence, &values, Some(wanted));
        }
    }
}

/// A path with places for captures: `services/{1}/RUNBOOK.md`.
#[derive(Debug)]
pub(super) struct Template {
    /// Text, then the capture (0-based) that follows it.
    parts: Vec<(String, usize)>,
    end: String,
}

impl Template {
    /// Reads a template for a glob with `count` captures.
    ///
    /// # Errors
    /// A sentence without a final full stop.
    pub(super) fn new(text: &str, count: usize) -> Result<Self, String> {
        if text.len() > 1_024 {
            return Err("`want` is longer than 1,024 bytes".to_owned());
        }
        if text.contains('\0') || text.contains(['*', '?', '[', ']', '\\']) {
            return Err(format!(
                "`{text}` is a glob: `want` is one path, with `{{1}}` for what the first `*` stood for"
            ));
        }
        if text.split('/').any(|component| matches!(component, "" | "." | "..")) {
            return Err(format!(
                "`{text}` is not a path below the repository's root: leave out `.`, `..` and slashes at its ends"
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
                    "`{text}` holds braces without a number: write `{{1}}` for what the first `*` stood for"
                ));
            };
            if capture > count {
                return Err(format!("`{text}` asks for capture {capture}, and `for` has only {count}"));
            }
            parts.push((before.to_owned(), capture - 1));
            rest = after;
        }
        Ok(Self { parts, end: rest.to_owned() })
    }

    /// The path for these captures. A `**` may have stood for nothing, so empty components are dropped.
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
