//! Writes and changes inline waivers. A comment is only written if it parses back to the intended waiver.

mod placement;

use std::collections::BTreeMap;
use std::path::Path;

use super::edit_check::{self, EditCheck};
use super::guidelines::{FollowedGuidelines, is_plain};
use super::{Failure, files, policy_files, worker};
use crate::engine::judge::{Comment, JudgeInput, find_inline_comments, judge};
use crate::engine::tree::Tree as _;
use crate::engine::{self, MemoryTree, NoProgress};
use crate::format::{self, comment_syntax};
use crate::model::{Baseline, Date, FindingStatus, RepoPath, Unassessed, Waiver, WaiverPlace, WaiverReach};
use crate::text::Span;
use placement::PlacedComment;

/// Maximum size in bytes of a file into which a comment is written.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Writes `waiver`, which covers a line or a file, as a comment. Returns the waiver that was parsed back.
///
/// # Errors
/// The file format has no comments, the file cannot be changed safely, or the comment would not parse back to
/// the waiver.
pub(super) fn write_waiver(
    root: &Path,
    waiver: &Waiver,
    followed: &FollowedGuidelines,
    today: Date,
) -> Result<Waiver, Failure> {
    let (path, line) = match &waiver.reach {
        WaiverReach::Line { path, line } => (path, Some(*line)),
        WaiverReach::File { path } => (path, None),
        WaiverReach::Paths(_) | WaiverReach::Fingerprints(_) => {
            return Err(Failure::new("an inline waiver covers one line or one file"));
        }
    };
    let in_file = "omit --inline to write the waiver to .stanchion/waivers.toml instead";
    let Some(syntax) = comment_syntax(path.bytes()) else {
        let what = format!(
            "cannot write a comment to {}: its format has no comments or is unknown",
            path.lossless()
        );
        return Err(Failure::new(what).with_help(in_file));
    };
    let comment =
        format::render_waiver_comment(waiver, syntax).map_err(|why| Failure::new(why).with_help(in_file))?;
    let text = read_text(root, path)?;
    let refused = |why: &str| {
        let place =
            line.map_or_else(|| path.lossless().into_owned(), |line| format!("{}:{line}", path.lossless()));
        Failure::new(format!("cannot write a comment at {place}: {why}")).with_help(in_file)
    };
    let placed = placement::insert_comment(path, &text, line, &comment).map_err(|why| refused(&why))?;
    let PlacedComment { text: new, line: at } = placed;
    check_edit(path, &text, &new, at).map_err(refused)?;
    let back = waivers_in_line(path, &new, at).into_iter().next_back();
    let back = back.ok_or_else(|| refused("it would not be recognized as a waiver there"))?;
    if let Some(line) = line
        && !covers_line(followed, path, &new, line + 1, &back, today)
    {
        let what = format!("a comment above line {line} would not cover the findings on that line");
        return Err(Failure::new(what).with_help(in_file));
    }
    replace_text(root, path, &text, &new)?;
    Ok(back)
}

/// Changes the comment of an inline waiver: `change` edits its text from the word `waive` on. Nothing is
/// written unless the result parses to `wanted`.
///
/// # Errors
/// The waiver is no longer there, or the file cannot be changed safely.
pub(super) fn edit_waiver(
    root: &Path,
    waiver: &Waiver,
    wanted: &Waiver,
    change: impl FnOnce(&str) -> String,
) -> Result<(), Failure> {
    let path = &waiver.place.path;
    let line = waiver.place.line;
    let text = read_text(root, path)?;
    // A line may contain several waivers.
    let is_it = |comment: &Comment| comment.line == line && comment.at as usize == waiver.place.span.start;
    let Some(comment) = find_inline_comments(path.bytes(), &text).into_iter().find(is_it) else {
        return Err(Failure::new(format!("{} has changed: the waiver is no longer there", waiver.id)));
    };
    let start = text.split_inclusive('\n').take(comment.line as usize - 1).map(str::len).sum::<usize>();
    let start = start + comment.at as usize;
    let end = start + comment.text.len();
    let new = format!("{}{}{}", &text[..start], change(&text[start..end]), &text[end..]);
    let by_hand = |why: &str| {
        Failure::new(format!("cannot change {} automatically: {why}", waiver.id))
            .with_help("edit the comment by hand, before its ` -- `; nothing was written")
    };
    let is_wanted = |back: &Waiver| back.id == waiver.id && is_same_waiver(back, wanted);
    if !waivers_in_line(path, &new, line).iter().any(is_wanted) {
        return Err(by_hand("the changed comment would not parse to the intended waiver"));
    }
    check_edit(path, &text, &new, line).map_err(by_hand)?;
    replace_text(root, path, &text, &new)
}

/// Whether two waivers are equal apart from their location, id and renewals.
fn is_same_waiver(a: &Waiver, b: &Waiver) -> bool {
    let bare = |waiver: &Waiver| Waiver {
        id: String::new(),
        renewed: vec![],
        place: WaiverPlace { path: waiver.place.path.clone(), line: 0, span: Span::at(0), inline: true },
        ..waiver.clone()
    };
    bare(a) == bare(b)
}

/// Checks that the text in `line` is a comment, and that the file parses as well as before. Returns the
/// reason if not.
fn check_edit(path: &RepoPath, old: &str, new: &str, line: u32) -> Result<(), &'static str> {
    let worker = worker::worker_program();
    let one = |text: &str| BTreeMap::from([(path.clone(), text.as_bytes().to_vec())]);
    if edit_check::is_comment(path, new, line, worker.as_deref()) == Some(false) {
        return Err("it would be part of a string there, not a comment");
    }
    match EditCheck::new(&one(old), &one(new), worker.as_deref()).problem_in(path) {
        Some(_) => Err("the file would no longer parse"),
        None => Ok(()),
    }
}

/// Reads a file into which a comment may be written.
fn read_text(root: &Path, path: &RepoPath) -> Result<String, Failure> {
    let name = path.as_str().ok_or_else(|| Failure::new("the file's name is not UTF-8"))?;
    let full =
        path.below(root).ok_or_else(|| Failure::new(format!("{name} is not a file of this repository")))?;
    if !is_plain(root, Path::new(name)) {
        return Err(Failure::new(format!("{name} is a symbolic link and was not written")));
    }
    if files::is_shared(&full) {
        return Err(Failure::new(format!("{name} has several hard links and was not written")).with_help(
            "writing would separate it from the other links; copy the file first if you want that",
        ));
    }
    files::read_at_most(&full, MAX_FILE_BYTES).map_err(|error| Failure::io("read", Path::new(name), &error))
}

/// Writes the file if its content has not changed since it was read.
fn replace_text(root: &Path, path: &RepoPath, old: &str, new: &str) -> Result<(), Failure> {
    let name = path.as_str().unwrap_or_default();
    if read_text(root, path)? != old {
        return Err(Failure::new(format!("{name} was changed by another process and was not written")));
    }
    let full = path.below(root).unwrap_or_else(|| root.join(name));
    files::write_whole(&full, |out| out.write_all(new.as_bytes()))
        .map_err(|error| Failure::io("write", Path::new(name), &error))
}

/// Parses the inline waivers in a line.
fn waivers_in_line(path: &RepoPath, text: &str, line: u32) -> Vec<Waiver> {
    let comments =
        find_inline_comments(path.bytes(), text).into_iter().filter(|comment| comment.line == line).collect();
    policy_files::parse_inline_waivers([(path, &comments)]).0
}

/// Whether the waiver covers every finding in `line` of the new text.
fn covers_line(
    followed: &FollowedGuidelines,
    path: &RepoPath,
    text: &str,
    line: u32,
    waiver: &Waiver,
    today: Date,
) -> bool {
    let tree = MemoryTree::new([(path.clone(), text.as_bytes().to_vec())]);
    debug_assert!(tree.list().is_ok(), "a tree in memory can be listed");
    let options = engine::Options {
        assume_exists: true,
        worker: worker::worker_program(),
        ..engine::Options::default()
    };
    let Ok(assessed) = engine::assess(&followed.guidelines, &tree, &options, &NoProgress) else {
        return false;
    };
    let mut outcome = assessed.outcome;
    let input = JudgeInput {
        waivers: vec![waiver.clone()],
        promises: vec![],
        unassessed: Unassessed::Note,
        baseline: Ok(Baseline::default()),
        today,
        scopes: &[],
        why_absent: &|_| String::new(),
    };
    judge(&mut outcome, input);
    let is_covered = |check: &str| waiver.checks.is_empty() || waiver.checks.iter().any(|own| own == check);
    let here = |finding: &&crate::model::Finding| {
        (finding.start.line == line || finding.end.line == line) && is_covered(&finding.check)
    };
    let mut here = outcome.findings.iter().filter(here).peekable();
    here.peek().is_some() && here.all(|finding| matches!(finding.status, FindingStatus::Waived(_)))
}
