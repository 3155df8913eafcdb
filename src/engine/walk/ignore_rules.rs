//! `.gitignore` files, read by us and only matched by the `ignore` crate: that crate opens ignore files
//! through links, without a limit of size, and looks outside the repository (GUARANTEES M1–M3).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::ignore_line::{rewritten, trimmed};
use super::system::{Root, as_path};
use crate::engine::size::size_words;
use crate::engine::tree::{EntryKind, ReadError};
use crate::model::Reason;

/// Largest ignore file in bytes.
const MAX_FILE: u64 = 256 << 10;
/// Most patterns of one ignore file.
const MAX_PATTERNS: usize = 4_096;
/// Longest pattern in bytes; no system opens longer paths.
const MAX_LINE: usize = 4 << 10;
/// Most bytes of all ignore files together.
const MAX_TOTAL: usize = 1 << 20;

/// The ignore files that hold in a directory: its own and those above it.
#[derive(Debug)]
pub(super) struct Rules {
    above: Option<Arc<Rules>>,
    /// Length of the directory's path with its final slash: what is cut off a path before matching.
    base: usize,
    matcher: Gitignore,
}

impl Rules {
    /// Whether `path` is ignored. The deepest file that says anything decides, as in git.
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

/// Bytes of ignore files used so far.
#[derive(Debug, Default)]
pub(super) struct Budget(AtomicUsize);

/// What became of an ignore file.
#[derive(Debug)]
pub(super) enum Loaded {
    /// It is used; the numbers are 1-based lines that are left out, with why.
    Rules(Arc<Rules>, Vec<(usize, &'static str)>),
    /// It cannot be used.
    Problem(ReadError),
    /// The ignore files together are over their limit.
    OverBudget,
}

/// Reads the `.gitignore` at `path`, which is of `kind`, in the directory whose path with its final
/// slash is `base` bytes long.
pub(super) fn load(
    root: &Root,
    path: &[u8],
    kind: EntryKind,
    base: usize,
    above: Option<Arc<Rules>>,
    budget: &Budget,
) -> Loaded {
    let not_used = |detail: String| Loaded::Problem(ReadError { reason: Reason::IgnoreFile, detail });
    match kind {
        EntryKind::Link => {
            return not_used("it is a link, and links are not followed (git does not either)".to_owned());
        }
        EntryKind::Special => {
            return not_used("it is a FIFO, a socket or a device, and is not opened".to_owned());
        }
        EntryKind::File | EntryKind::Directory => {}
    }
    let mut content = Vec::new();
    if let Err(error) = root.read(path, MAX_FILE, &mut content) {
        return not_used(error.detail);
    }
    // Paid before it is parsed, so that what is parsed is bounded, too.
    if budget.0.fetch_add(content.len(), Ordering::Relaxed) + content.len() > MAX_TOTAL {
        budget.0.fetch_sub(content.len(), Ordering::Relaxed);
        return Loaded::OverBudget;
    }
    parse(&content, base, above)
}

/// The rules of an ignore file with this content; the rest as for [`load`].
pub(super) fn parse(content: &[u8], base: usize, above: Option<Arc<Rules>>) -> Loaded {
    let not_used =
        |detail: &str| Loaded::Problem(ReadError { reason: Reason::IgnoreFile, detail: detail.to_owned() });
    let mut builder = GitignoreBuilder::new("");
    let mut patterns = 0;
    let mut left_out = Vec::new();
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = trimmed(line);
        if line.is_empty() || line.first() == Some(&b'#') {
            continue;
        }
        patterns += 1;
        if patterns > MAX_PATTERNS {
            return not_used("it holds more than 4,096 patterns");
        }
        if line.len() > MAX_LINE {
            left_out.push((index + 1, "is longer than 4 KiB"));
            continue;
        }
        match std::str::from_utf8(line) {
            // What is no glob matches nothing in git; so here.
            Ok(line) => {
                rewritten(line).map(|line| builder.add_line(None, &line).is_ok());
            }
            Err(_) => left_out.push((index + 1, "is not UTF-8")),
        }
    }
    match builder.build() {
        Ok(matcher) => Loaded::Rules(Arc::new(Rules { above, base, matcher }), left_out),
        Err(_) => not_used("its patterns are too large together"),
    }
}

/// The problem of an ignore file that no longer fits into the limit of all.
pub(super) fn over_budget() -> ReadError {
    let detail = format!(
        "the ignore files of the repository hold more than {} together",
        size_words(MAX_TOTAL as u64)
    );
    ReadError { reason: Reason::IgnoreFile, detail }
}

/// Whether `path` is ignored where `rules` hold.
pub(super) fn ignored(rules: Option<&Arc<Rules>>, path: &[u8], kind: EntryKind) -> bool {
    rules.is_some_and(|rules| rules.ignores(path, kind == EntryKind::Directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_line_is_taken(line in r"[a:\[\]{}!^\\*/-]{0,20}|\PC{0,20}") {
            let mut builder = GitignoreBuilder::new("");
            if let Some(line) = rewritten(&line) {
                proptest::prop_assert!(builder.add_line(None, &line).is_ok(), "{}", line);
            }
            proptest::prop_assert!(builder.build().is_ok());
        }
    }
}
