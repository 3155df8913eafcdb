//! The policy files of a project besides `stanchion.toml`: its waivers and its baseline.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::failure::system_words;
use super::files;
use super::guidelines::is_plain;
use crate::engine::judge::{Comment, MAX_COMMENTS, glob_problem};
use crate::engine::tree::{ReadError, Tree};
use crate::format;
use crate::model::{Baseline, BloomFilter, InlineComment, Problem, Reason, RepoPath, Waiver};
use crate::text::Span;

/// Path of the waivers file, relative to the project.
pub(super) const WAIVERS: &str = ".stanchion/waivers.toml";
/// Path of the baseline, relative to the project.
pub(super) const BASELINE: &str = ".stanchion/baseline.toml";
/// Maximum size of the waivers file in bytes; enough for a hundred thousand waivers.
pub(super) const MAX_WAIVERS_BYTES: u64 = 64 << 20;
/// Maximum size of the baseline in bytes.
pub(super) const MAX_BASELINE_BYTES: u64 = 64 << 20;

/// Where the files of a project are read from: the work tree or the git index.
#[derive(Clone, Copy)]
pub(super) enum PolicySource<'s> {
    /// Project folder on disk.
    Disk(&'s Path),
    /// Staged files; a file that is not staged is read from the project folder on disk.
    Staged(&'s (dyn Tree + Send + Sync), &'s Path),
}

impl PolicySource<'_> {
    /// Reads the text of a policy file; `None` if it does not exist.
    ///
    /// # Errors
    /// A message without the path.
    pub(super) fn read(self, path: &str, limit: u64) -> Result<Option<String>, String> {
        match self {
            Self::Disk(root) => {
                let full = root.join(path);
                if full.symlink_metadata().is_err() {
                    return Ok(None);
                }
                if !is_plain(root, Path::new(path)) {
                    return Err("is a symbolic link and was not read".to_owned());
                }
                match files::read_at_most(&full, limit) {
                    Ok(text) => Ok(Some(text)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(format!("cannot be read: {}", system_words(&error))),
                }
            }
            Self::Staged(tree, root) => {
                let mut bytes = Vec::new();
                match tree.read(&RepoPath::from(path), limit, &mut bytes) {
                    Ok(()) => String::from_utf8(bytes).map(Some).map_err(|error| {
                        format!("cannot be read: not UTF-8 at byte {}", error.utf8_error().valid_up_to())
                    }),
                    Err(ReadError { reason: Reason::Unmerged, detail }) => {
                        Err(format!("cannot be read: {detail}"))
                    }
                    // Not staged yet.
                    Err(_) => Self::Disk(root).read(path, limit),
                }
            }
        }
    }
}

/// Waivers and baseline of a project.
pub(super) struct PolicyFiles {
    /// Valid waivers of the waivers file, in order.
    pub(super) waivers: Vec<Waiver>,
    /// Problems of the invalid ones.
    pub(super) problems: Vec<Problem>,
    /// Text of the baseline, which is parsed when the findings are known.
    pub(super) baseline: BaselineText,
}

/// Text of a baseline; `None` without the file, an error message if it cannot be read.
pub(super) struct BaselineText(Result<Option<String>, String>);

/// Reads the waivers and the text of the baseline.
pub(super) fn read_all(source: PolicySource<'_>) -> PolicyFiles {
    let baseline = BaselineText(source.read(BASELINE, MAX_BASELINE_BYTES));
    let (waivers, problems) = parse_waivers(source.read(WAIVERS, MAX_WAIVERS_BYTES));
    PolicyFiles { waivers, problems, baseline }
}

/// Parses the waivers file into valid waivers and the problems of the others.
fn parse_waivers(text: Result<Option<String>, String>) -> (Vec<Waiver>, Vec<Problem>) {
    match text {
        Ok(None) => (vec![], vec![]),
        Ok(Some(text)) => {
            let parsed = format::parse_waivers(WAIVERS, &RepoPath::from(WAIVERS), &text);
            drop_unusable_globs(parsed.waivers, parsed.problems, &text)
        }
        Err(message) => (vec![], vec![file_problem(WAIVERS, message)]),
    }
}

impl BaselineText {
    /// Parses the baseline entries that may match a finding in `filter`. Also returns the problems of the
    /// file.
    pub(super) fn entries_for(&self, filter: &BloomFilter) -> (Result<Baseline, String>, Vec<Problem>) {
        let cannot = || Err(format!("{BASELINE} cannot be read"));
        match &self.0 {
            Ok(None) => (Ok(Baseline::default()), vec![]),
            Ok(Some(text)) => match format::parse_baseline_for(BASELINE, text, filter) {
                Ok(baseline) => (Ok(baseline), vec![]),
                Err(found) => (cannot(), found),
            },
            Err(message) => (cannot(), vec![file_problem(BASELINE, message.clone())]),
        }
    }
}

/// Removes waivers with an invalid glob and reports a problem for each.
fn drop_unusable_globs(
    mut waivers: Vec<Waiver>,
    mut problems: Vec<Problem>,
    text: &str,
) -> (Vec<Waiver>, Vec<Problem>) {
    let mut shared: Option<Arc<str>> = None;
    waivers.retain(|waiver| match glob_problem(waiver) {
        None => true,
        Some((_, message)) => {
            let text = shared.get_or_insert_with(|| Arc::from(text.strip_prefix('\u{feff}').unwrap_or(text)));
            problems.push(Problem {
                file: Arc::from(WAIVERS),
                text: Arc::clone(text),
                span: waiver.place.span,
                message: format!("the waiver `{}` has no effect: {message}", waiver.id),
                label: "in this waiver".to_owned(),
                help: None,
                first_line: 1,
            });
            false
        }
    });
    (waivers, problems)
}

fn file_problem(file: &str, message: String) -> Problem {
    Problem {
        file: Arc::from(file),
        text: Arc::from(""),
        span: Span::at(0),
        message,
        label: String::new(),
        help: None,
        first_line: 1,
    }
}

/// Parses inline waivers from comments, and returns the problems of invalid ones.
pub(super) fn parse_inline_waivers<'c>(
    comments: impl IntoIterator<Item = (&'c RepoPath, &'c Vec<Comment>)>,
) -> (Vec<Waiver>, Vec<Problem>) {
    let (mut waivers, mut problems) = (Vec::new(), Vec::new());
    for (path, comments) in comments {
        let file = path.lossless();
        if let Some(beyond) = comments.get(MAX_COMMENTS) {
            problems.push(too_many_waivers(&file, beyond));
        }
        for comment in comments.iter().take(MAX_COMMENTS) {
            let comment = InlineComment {
                path: path.clone(),
                line: comment.line,
                covers: comment.covers,
                text: comment.text.clone(),
                source: comment.source.clone(),
                at: comment.at,
            };
            match format::parse_inline(&file, &comment) {
                Ok(mut waiver) => {
                    let is_taken =
                        |last: &Waiver| last.place.path == *path && last.place.line == comment.line;
                    if waivers.last().is_some_and(is_taken) {
                        waiver.id = format!("{}:{}", waiver.id, comment.at + 1);
                    }
                    waivers.push(waiver);
                }
                Err(found) => problems.extend(found),
            }
        }
    }
    (waivers, problems)
}

/// The problem for a file with more inline waivers than are read.
fn too_many_waivers(file: &str, beyond: &Comment) -> Problem {
    let text: Arc<str> = Arc::from(beyond.source.as_str());
    let start = (beyond.at as usize).min(text.len());
    Problem {
        file: Arc::from(file),
        span: Span::new(start, text.len().min(start + "waive".len())),
        text,
        message: format!(
            "only the first {MAX_COMMENTS} inline waivers of a file are read; this and later ones have no effect"
        ),
        label: "no effect".to_owned(),
        help: Some(
            "to cover the whole file, use `waive-file` at its top or a path in .stanchion/waivers.toml"
                .to_owned(),
        ),
        first_line: beyond.line,
    }
}
