//! What a party says besides its `stanchion.toml`: its waivers and its baseline.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::failure::system_words;
use super::files;
use super::guidelines::is_plain;
use crate::engine::tree::{ReadError, Tree};
use crate::engine::waive::{Comment, MOST_COMMENTS, glob_problem};
use crate::format;
use crate::model::{Baseline, InlineComment, Problem, Reason, RepoPath, TraceSieve, Waiver};
use crate::text::Span;

/// The file of waivers, relative to the party.
pub(super) const WAIVERS: &str = ".stanchion/waivers.toml";
/// The baseline, relative to the party.
pub(super) const BASELINE: &str = ".stanchion/baseline.toml";
/// Largest file of waivers, in bytes: a hundred thousand of them.
pub(super) const LARGEST_WAIVERS: u64 = 64 << 20;
/// Largest baseline, in bytes.
pub(super) const LARGEST_BASELINE: u64 = 64 << 20;

/// Where the files of a party are read: on disk, or in what is staged.
#[derive(Clone, Copy)]
pub(super) enum Source<'s> {
    /// The folder of the party.
    Disk(&'s Path),
    /// What is going to be committed; what it does not have is read from the folder.
    Staged(&'s (dyn Tree + Send + Sync), &'s Path),
}

impl Source<'_> {
    /// The text of a file of the party; `None` where there is none.
    ///
    /// # Errors
    /// In words, without the path.
    pub(super) fn read(self, path: &str, limit: u64) -> Result<Option<String>, String> {
        match self {
            Self::Disk(root) => {
                let full = root.join(path);
                if full.symlink_metadata().is_err() {
                    return Ok(None);
                }
                if !is_plain(root, Path::new(path)) {
                    return Err("is a link, and is not read".to_owned());
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
                    // Nobody has staged it yet.
                    Err(_) => Self::Disk(root).read(path, limit),
                }
            }
        }
    }
}

/// Waivers and baseline.
pub(super) struct Says {
    /// The waivers of the file that can be used, in order.
    pub(super) waivers: Vec<Waiver>,
    /// What is wrong with the others.
    pub(super) problems: Vec<Problem>,
    /// The file of the baseline, which is understood when it is known what was found.
    pub(super) baseline: BaselineText,
}

/// The text of a baseline, if there is one; else why it cannot be read.
pub(super) struct BaselineText(Result<Option<String>, String>);

/// Reads both.
pub(super) fn read(source: Source<'_>) -> Says {
    let baseline = BaselineText(source.read(BASELINE, LARGEST_BASELINE));
    let (waivers, problems) = of_waivers(source.read(WAIVERS, LARGEST_WAIVERS));
    Says { waivers, problems, baseline }
}

/// The waivers that can be used, and what is wrong with the others.
fn of_waivers(text: Result<Option<String>, String>) -> (Vec<Waiver>, Vec<Problem>) {
    match text {
        Ok(None) => (vec![], vec![]),
        Ok(Some(text)) => {
            let parsed = format::parse_waivers(WAIVERS, &RepoPath::from(WAIVERS), &text);
            with_usable_globs(parsed.waivers, parsed.problems, &text)
        }
        Err(words) => (vec![], vec![whole(WAIVERS, words)]),
    }
}

impl BaselineText {
    /// The entries of the baseline that may stand for something that `sieve` knows, and what is wrong with the file.
    pub(super) fn entries_for(&self, sieve: &TraceSieve) -> (Result<Baseline, String>, Vec<Problem>) {
        let cannot = || Err(format!("{BASELINE} cannot be read"));
        match &self.0 {
            Ok(None) => (Ok(Baseline::default()), vec![]),
            Ok(Some(text)) => match format::parse_baseline_for(BASELINE, text, sieve) {
                Ok(baseline) => (Ok(baseline), vec![]),
                Err(found) => (cannot(), found),
            },
            Err(words) => (cannot(), vec![whole(BASELINE, words.clone())]),
        }
    }
}

/// Takes out waivers with a glob that cannot be used, and says so.
fn with_usable_globs(
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

fn whole(file: &str, message: String) -> Problem {
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

/// The waivers that stand in comments, and what is wrong with those that are meant to be some.
pub(super) fn inline<'c>(
    comments: impl IntoIterator<Item = (&'c RepoPath, &'c Vec<Comment>)>,
) -> (Vec<Waiver>, Vec<Problem>) {
    let (mut waivers, mut problems) = (Vec::new(), Vec::new());
    for (path, comments) in comments {
        let file = path.lossless();
        if let Some(beyond) = comments.get(MOST_COMMENTS) {
            problems.push(too_many(&file, beyond));
        }
        for comment in comments.iter().take(MOST_COMMENTS) {
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

/// That a file holds more waivers than are looked at.
fn too_many(file: &str, beyond: &Comment) -> Problem {
    let text: Arc<str> = Arc::from(beyond.source.as_str());
    let start = (beyond.at as usize).min(text.len());
    Problem {
        file: Arc::from(file),
        span: Span::new(start, text.len().min(start + "waive".len())),
        text,
        message: format!(
            "at most {MOST_COMMENTS} waivers are read in the comments of one file: from this one on they have no effect"
        ),
        label: "no effect".to_owned(),
        help: Some(
            "`waive-file` at the top covers all of a file, and so does a path in .stanchion/waivers.toml"
                .to_owned(),
        ),
        first_line: beyond.line,
    }
}
