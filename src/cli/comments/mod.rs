//! Waivers in comments: written into a file, and changed there. Nothing is written that would not be read as a comment.

mod place;

use std::collections::BTreeMap;
use std::path::Path;

use super::guidelines::{Followed, is_plain};
use super::proof::{self, Proof};
use super::{Failure, files, says, worker};
use crate::engine::tree::Tree as _;
use crate::engine::waive::{Comment, Ground, inline_comments, judge};
use crate::engine::{self, MemoryTree, NoProgress};
use crate::format::{self, comment_syntax};
use crate::model::{Baseline, Date, RepoPath, Standing, Unassessed, Waiver, WaiverPlace, WaiverReach};
use crate::text::Span;
use place::Placed;

/// Largest file into which a comment is written, in bytes.
const LARGEST: u64 = 16 << 20;

/// Writes `waiver`, which covers a line or a file, as a comment. Returns it as it is read back.
///
/// # Errors
/// When the file's format has no comments, the file cannot be changed safely, or the comment would not be what it
/// should be.
pub(super) fn write(
    root: &Path,
    waiver: &Waiver,
    followed: &Followed,
    today: Date,
) -> Result<Waiver, Failure> {
    let (path, line) = match &waiver.reach {
        WaiverReach::Line { path, line } => (path, Some(*line)),
        WaiverReach::File { path } => (path, None),
        WaiverReach::Paths(_) | WaiverReach::Fingerprints(_) => {
            return Err(Failure::new("a comment steps over one line or one file"));
        }
    };
    let in_file = "without --inline it is written into .stanchion/waivers.toml, which always works";
    let Some(syntax) = comment_syntax(path.bytes()) else {
        let what =
            format!("no comment is known for {}: its format has none, or is not known", path.lossless());
        return Err(Failure::new(what).with_help(in_file));
    };
    let comment = format::inline_line(waiver, syntax).map_err(|why| Failure::new(why).with_help(in_file))?;
    let text = read(root, path)?;
    let refused = |why: &str| {
        let place =
            line.map_or_else(|| path.lossless().into_owned(), |line| format!("{}:{line}", path.lossless()));
        Failure::new(format!("no comment can be written at {place}: {why}")).with_help(in_file)
    };
    let placed = place::insert(path, &text, line, &comment).map_err(|why| refused(&why))?;
    let Placed { text: new, line: at } = placed;
    is_still_right(path, &text, &new, at).map_err(refused)?;
    let back = find(path, &new, at).into_iter().next_back();
    let back = back.ok_or_else(|| refused("it would not be read as a waiver there"))?;
    if let Some(line) = line
        && !covers(followed, path, &new, line + 1, &back, today)
    {
        let what = format!("a comment above line {line} would not step over what is found there");
        return Err(Failure::new(what).with_help(in_file));
    }
    replace(root, path, &text, &new)?;
    Ok(back)
}

/// Changes the comment of an inline waiver, so that it says what `wanted` does: `change` edits it, from the word `waive`
/// on. Nothing is written unless `wanted` is what is read back.
///
/// # Errors
/// When it is not where it was, or the file cannot be changed safely.
pub(super) fn edit(
    root: &Path,
    waiver: &Waiver,
    wanted: &Waiver,
    change: impl FnOnce(&str) -> String,
) -> Result<(), Failure> {
    let path = &waiver.place.path;
    let line = waiver.place.line;
    let text = read(root, path)?;
    // Several may stand in one line.
    let is_it = |comment: &Comment| comment.line == line && comment.at as usize == waiver.place.span.start;
    let Some(comment) = inline_comments(path.bytes(), &text).into_iter().find(is_it) else {
        return Err(Failure::new(format!("{} has changed: the waiver is not there any more", waiver.id)));
    };
    let start = text.split_inclusive('\n').take(comment.line as usize - 1).map(str::len).sum::<usize>();
    let start = start + comment.at as usize;
    let end = start + comment.text.len();
    let new = format!("{}{}{}", &text[..start], change(&text[start..end]), &text[end..]);
    let by_hand = |why: &str| {
        Failure::new(format!("{} cannot be changed by tool: {why}", waiver.id))
            .with_help("change the comment by hand, before its ` -- `; nothing was written")
    };
    let is_wanted = |back: &Waiver| back.id == waiver.id && says_the_same(back, wanted);
    if !find(path, &new, line).iter().any(is_wanted) {
        return Err(by_hand("it would not say what it should"));
    }
    is_still_right(path, &text, &new, line).map_err(by_hand)?;
    replace(root, path, &text, &new)
}

/// Whether two waivers differ in nothing but where they stand.
fn says_the_same(a: &Waiver, b: &Waiver) -> bool {
    let bare = |waiver: &Waiver| Waiver {
        id: String::new(),
        renewed: vec![],
        place: WaiverPlace { path: waiver.place.path.clone(), line: 0, span: Span::at(0), inline: true },
        ..waiver.clone()
    };
    bare(a) == bare(b)
}

/// Whether a file with a new comment in `line` is what it was, and the comment is one: why not, else.
fn is_still_right(path: &RepoPath, old: &str, new: &str, line: u32) -> Result<(), &'static str> {
    let worker = worker::program();
    let one = |text: &str| BTreeMap::from([(path.clone(), text.as_bytes().to_vec())]);
    if proof::is_comment(path, new, line, worker.as_deref()) == Some(false) {
        return Err("it would be part of a text there, and no comment");
    }
    match Proof::new(&one(old), &one(new), worker.as_deref()).broken(path) {
        Some(_) => Err("the file would not parse any more"),
        None => Ok(()),
    }
}

/// The text of a file into which a comment may be written.
fn read(root: &Path, path: &RepoPath) -> Result<String, Failure> {
    let name = path.as_str().ok_or_else(|| Failure::new("the file's name is not UTF-8"))?;
    let full =
        path.below(root).ok_or_else(|| Failure::new(format!("{name} is no file of this repository")))?;
    if !is_plain(root, Path::new(name)) {
        return Err(Failure::new(format!("{name} is a link, and is not written")));
    }
    if files::is_shared(&full) {
        return Err(Failure::new(format!(
            "{name} is one of several names of a file (a hard link), and is not written"
        ))
        .with_help("it would be a file of its own afterwards; copy it first if that is what you want"));
    }
    files::read_at_most(&full, LARGEST).map_err(|error| Failure::io("read", Path::new(name), &error))
}

/// Writes the file, if it still holds what was read.
fn replace(root: &Path, path: &RepoPath, old: &str, new: &str) -> Result<(), Failure> {
    let name = path.as_str().unwrap_or_default();
    if read(root, path)? != old {
        return Err(Failure::new(format!("{name} was changed meanwhile, and is left as it is")));
    }
    let full = path.below(root).unwrap_or_else(|| root.join(name));
    files::write_whole(&full, |out| out.write_all(new.as_bytes()))
        .map_err(|error| Failure::io("write", Path::new(name), &error))
}

/// The waivers that are read in this line.
fn find(path: &RepoPath, text: &str, line: u32) -> Vec<Waiver> {
    let comments =
        inline_comments(path.bytes(), text).into_iter().filter(|comment| comment.line == line).collect();
    says::inline([(path, &comments)]).0
}

/// Whether, with the new text, what is found in `line` is covered by the waiver.
fn covers(followed: &Followed, path: &RepoPath, text: &str, line: u32, waiver: &Waiver, today: Date) -> bool {
    let tree = MemoryTree::new([(path.clone(), text.as_bytes().to_vec())]);
    debug_assert!(tree.list().is_ok(), "a tree in memory can be listed");
    let options =
        engine::Options { assume_exists: true, worker: worker::program(), ..engine::Options::default() };
    let Ok(assessed) = engine::assess(&followed.guidelines, &tree, &options, &NoProgress) else {
        return false;
    };
    let mut outcome = assessed.outcome;
    let ground = Ground {
        waivers: vec![waiver.clone()],
        promises: vec![],
        unassessed: Unassessed::Note,
        baseline: Ok(Baseline::default()),
        today,
        scopes: &[],
        why_absent: &|_| String::new(),
    };
    judge(&mut outcome, ground);
    let asked = |check: &str| waiver.checks.is_empty() || waiver.checks.iter().any(|own| own == check);
    let here = |finding: &&crate::model::Finding| {
        (finding.start.line == line || finding.end.line == line) && asked(&finding.check)
    };
    let mut here = outcome.findings.iter().filter(here).peekable();
    here.peek().is_some() && here.all(|finding| matches!(finding.standing, Standing::Waived(_)))
}
