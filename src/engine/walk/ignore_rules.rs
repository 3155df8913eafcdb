//! Reads `.gitignore` files. The `ignore` crate is used only for matching: it would follow symbolic links,
//! read files without a size limit, and search outside the repository.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::ignore_line::{rewrite_line, trim_line};
use super::system::{Root, as_path};
use crate::engine::size::format_size;
use crate::engine::tree::{EntryKind, ReadError};
use crate::model::Reason;

/// Largest ignore file in bytes.
const MAX_FILE: u64 = 256 << 10;
/// Maximum number of patterns in one ignore file.
const MAX_PATTERNS: usize = 4_096;
/// Longest pattern in bytes; no supported system can open a longer path.
const MAX_LINE: usize = 4 << 10;
/// Maximum total size of all ignore files in bytes.
const MAX_TOTAL: usize = 1 << 20;

/// The ignore rules of a directory: those of its own ignore file and of the directories above it.
#[derive(Debug)]
pub(super) struct IgnoreRules {
    above: Option<Arc<IgnoreRules>>,
    /// Length of the directory's path including its final slash, which is removed from a path before
    /// matching.
    base: usize,
    matcher: Gitignore,
}

impl IgnoreRules {
    /// Whether `path` is ignored. As in git, the deepest ignore file with a matching rule decides.
    pub(super) fn ignores(&self, path: &[u8], is_directory: bool) -> bool {
        let mut rules = Some(self);
        while let Some(here) = rules {
            let found = here.matcher.matched(as_path(&path[here.base..]), is_directory);
            if !found.is_none() {
                return found.is_ignore();
            }
            rules = here.above.as_deref();
        }
        false
    }
}

/// Total size of the ignore files read so far, in bytes.
#[derive(Debug, Default)]
pub(super) struct IgnoreFileBudget(AtomicUsize);

/// Result of loading an ignore file.
#[derive(Debug)]
pub(super) enum LoadedIgnoreFile {
    /// Its rules, and the 1-based numbers of skipped lines with the reasons.
    Rules(Arc<IgnoreRules>, Vec<(usize, &'static str)>),
    /// The file is unusable.
    Problem(ReadError),
    /// The ignore files exceed their total limit.
    OverBudget,
}

/// Loads the `.gitignore` at `path`, which is of `kind`. `base` is the length of its directory's path
/// including the final slash.
pub(super) fn load_ignore_file(
    root: &Root,
    path: &[u8],
    kind: EntryKind,
    base: usize,
    above: Option<Arc<IgnoreRules>>,
    budget: &IgnoreFileBudget,
) -> LoadedIgnoreFile {
    let not_used =
        |detail: String| LoadedIgnoreFile::Problem(ReadError { reason: Reason::IgnoreFile, detail });
    match kind {
        EntryKind::Link => {
            return not_used("it is a symbolic link; neither stanchion nor git follows it".to_owned());
        }
        EntryKind::Special => {
            return not_used("it is a FIFO, socket or device, which is never opened".to_owned());
        }
        EntryKind::File | EntryKind::Directory => {}
    }
    let mut content = Vec::new();
    if let Err(error) = root.read(path, MAX_FILE, &mut content) {
        return not_used(error.detail);
    }
    // Counted before parsing, so that the parsed input is bounded as well.
    if budget.0.fetch_add(content.len(), Ordering::Relaxed) + content.len() > MAX_TOTAL {
        budget.0.fetch_sub(content.len(), Ordering::Relaxed);
        return LoadedIgnoreFile::OverBudget;
    }
    parse(&content, base, above)
}

/// Parses an ignore file with this content; see [`load_ignore_file`].
pub(super) fn parse(content: &[u8], base: usize, above: Option<Arc<IgnoreRules>>) -> LoadedIgnoreFile {
    let not_used = |detail: &str| {
        LoadedIgnoreFile::Problem(ReadError { reason: Reason::IgnoreFile, detail: detail.to_owned() })
    };
    let mut builder = GitignoreBuilder::new("");
    let mut patterns = 0;
    let mut left_out = Vec::new();
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = trim_line(line);
        if line.is_empty() || line.first() == Some(&b'#') {
            continue;
        }
        patterns += 1;
        if patterns > MAX_PATTERNS {
            return not_used("it contains more than 4,096 patterns");
        }
        if line.len() > MAX_LINE {
            left_out.push((index + 1, "is longer than 4 KiB"));
            continue;
        }
        match std::str::from_utf8(line) {
            // An invalid glob matches nothing, as in git.
            Ok(line) => {
                rewrite_line(line).map(|line| builder.add_line(None, &line).is_ok());
            }
            Err(_) => left_out.push((index + 1, "is not UTF-8")),
        }
    }
    match builder.build() {
        Ok(matcher) => LoadedIgnoreFile::Rules(Arc::new(IgnoreRules { above, base, matcher }), left_out),
        Err(_) => not_used("its patterns are too complex in total"),
    }
}

/// Returns the error for an ignore file beyond the total limit.
pub(super) fn over_budget_error() -> ReadError {
    let detail =
        format!("the ignore files of the repository exceed {} in total", format_size(MAX_TOTAL as u64));
    ReadError { reason: Reason::IgnoreFile, detail }
}

/// Whether `path` is ignored under `rules`.
pub(super) fn is_ignored(rules: Option<&Arc<IgnoreRules>>, path: &[u8], kind: EntryKind) -> bool {
    rules.is_some_and(|rules| rules.ignores(path, kind == EntryKind::Directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_line_is_accepted(line in r"[a:\[\]{}!^\\*/-]{0,20}|\PC{0,20}") {
            let mut builder = GitignoreBuilder::new("");
            if let Some(line) = rewrite_line(&line) {
                proptest::prop_assert!(builder.add_line(None, &line).is_ok(), "{}", line);
            }
            proptest::prop_assert!(builder.build().is_ok());
        }
    }
}
