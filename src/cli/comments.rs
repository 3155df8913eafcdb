//! Waivers in comments: written into a file, and changed there.

use std::path::Path;

use super::guidelines::{Followed, is_plain};
use super::{Failure, files, says};
use crate::engine::tree::Tree as _;
use crate::engine::waive::{Ground, inline_comments, judge};
use crate::engine::{self, MemoryTree, NoProgress};
use crate::format::{self, comment_syntax};
use crate::model::{Baseline, Date, RepoPath, Standing, Unassessed, Waiver, WaiverReach};

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
    let (new, at) = insert(&text, line, &comment)
        .ok_or_else(|| Failure::new(format!("{} has no line {}", path.lossless(), line.unwrap_or(1))))?;
    let back = find(path, &new, at)
        .ok_or_else(|| Failure::new("the comment would not be read as a waiver").with_help(in_file))?;
    if let Some(line) = line
        && !covers(followed, path, &new, line + 1, &back, today)
    {
        let what = format!("a comment above line {line} would not step over what is found there");
        return Err(Failure::new(what).with_help(in_file));
    }
    replace(root, path, &text, &new)?;
    Ok(back)
}

/// Changes the comment of an inline waiver: sets `key=value` in it, in place of another value of `key`.
///
/// # Errors
/// When it is not where it was, or the file cannot be changed safely.
pub(super) fn set(root: &Path, waiver: &Waiver, key: &str, value: &str) -> Result<(), Failure> {
    let path = &waiver.place.path;
    let text = read(root, path)?;
    let comment =
        inline_comments(path.bytes(), &text).into_iter().find(|comment| comment.line == waiver.place.line);
    let Some(comment) = comment else {
        return Err(Failure::new(format!("{} has changed: the waiver is not there any more", waiver.id)));
    };
    let start = text.split_inclusive('\n').take(comment.line as usize - 1).map(str::len).sum::<usize>();
    let start = start + comment.at as usize;
    let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let part = &text[start..end];
    let head = part.find(" -- ").unwrap_or(part.len());
    let marked = format!(" {key}=");
    let changed = match part[..head].find(&marked) {
        Some(at) => {
            let value_at = at + marked.len();
            let rest = &part[value_at..];
            let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
            format!("{}{value}{}", &part[..value_at], &rest[length..])
        }
        None => format!("{}{marked}{value}{}", &part[..head], &part[head..]),
    };
    let new = format!("{}{changed}{}", &text[..start], &text[end..]);
    if find(path, &new, comment.line).is_none() {
        return Err(Failure::new(format!("{} cannot be changed by tool", waiver.id))
            .with_help(format!("write {key}={value} into the comment by hand, before the ` -- `")));
    }
    replace(root, path, &text, &new)
}

/// The text of a file into which a comment may be written.
fn read(root: &Path, path: &RepoPath) -> Result<String, Failure> {
    let name = path.as_str().ok_or_else(|| Failure::new("the file's name is not UTF-8"))?;
    let full = root.join(name);
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
    files::write_whole(&root.join(name), |out| out.write_all(new.as_bytes()))
        .map_err(|error| Failure::io("write", Path::new(name), &error))
}

/// The text with the comment in a line of its own above `line`, indented alike; or at the top, behind what must
/// stay the first (`#!`, `<?xml`, `<!doctype`, the front matter of Markdown). Returns the line of the comment, too.
fn insert(text: &str, line: Option<u32>, comment: &str) -> Option<(String, u32)> {
    let at = line.unwrap_or_else(|| top(text, comment));
    let index = at.checked_sub(1)? as usize;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    if index > lines.len() || (index == lines.len() && line.is_some()) {
        return None;
    }
    let start: usize = lines[..index].iter().map(|line| line.len()).sum();
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let indent: String = match (line, lines.get(index)) {
        (Some(_), Some(next)) => next.chars().take_while(|c| matches!(c, ' ' | '\t')).collect(),
        _ => String::new(),
    };
    let gap = if start > 0 && !text[..start].ends_with('\n') { end } else { "" };
    Some((format!("{}{gap}{indent}{comment}{end}{}", &text[..start], &text[start..]), at))
}

/// The line at which a comment about the whole file can stand.
fn top(text: &str, comment: &str) -> u32 {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    // What stands between two rows of dashes is YAML, in which markup is no comment.
    if first.trim_end() == "---" && comment.starts_with("<!--") {
        let end = lines.position(|line| matches!(line.trim_end(), "---" | "..."));
        return end.and_then(|end| u32::try_from(end + 3).ok()).unwrap_or(1);
    }
    let fixed =
        ["#!", "<?", "<!DOCTYPE", "<!doctype", "---", "\u{feff}"].iter().any(|it| first.starts_with(it));
    if fixed { 2 } else { 1 }
}

/// The waiver that is read in this line.
fn find(path: &RepoPath, text: &str, line: u32) -> Option<Waiver> {
    let comments =
        inline_comments(path.bytes(), text).into_iter().filter(|comment| comment.line == line).collect();
    let (mut waivers, _) = says::inline([(path, &comments)]);
    waivers.pop()
}

/// Whether, with the new text, what is found in `line` is covered by the waiver.
fn covers(followed: &Followed, path: &RepoPath, text: &str, line: u32, waiver: &Waiver, today: Date) -> bool {
    let tree = MemoryTree::new([(path.clone(), text.as_bytes().to_vec())]);
    debug_assert!(tree.list().is_ok(), "a tree in memory can be listed");
    let options = engine::Options {
        assume_exists: true,
        worker: super::worker::program(),
        ..engine::Options::default()
    };
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
    let here = |finding: &&crate::model::Finding| finding.start.line == line || finding.end.line == line;
    let mut here = outcome.findings.iter().filter(here).peekable();
    here.peek().is_some() && here.all(|finding| matches!(finding.standing, Standing::Waived(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_stands_above_its_line() {
        let insert =
            |text: &str, line| insert(text, line, "# c").map(|(text, at)| (text.replace('\r', "␍"), at));
        assert_eq!(insert("a\n  b\n", Some(2)), Some(("a\n  # c\n  b\n".to_owned(), 2)));
        assert_eq!(insert("a\r\n\tb", Some(2)), Some(("a␍\n\t# c␍\n\tb".to_owned(), 2)));
        assert_eq!(insert("#!/bin/sh\na\n", None), Some(("#!/bin/sh\n# c\na\n".to_owned(), 2)));
        assert_eq!(insert("a\n", None), Some(("# c\na\n".to_owned(), 1)));
        assert_eq!(insert("#!/bin/sh", None), Some(("#!/bin/sh\n# c\n".to_owned(), 2)));
        let markup = |text: &str| super::insert(text, None, "<!-- c -->").map(|(_, at)| at);
        assert_eq!(markup("---\ntitle: x\n---\n# A\n"), Some(4));
        assert_eq!(markup("---\n\n# A\n"), Some(1));
        assert_eq!(markup("<!DOCTYPE html>\n<p>\n"), Some(2));
        assert_eq!(insert("---\na: 1\n", None), Some(("---\n# c\na: 1\n".to_owned(), 2)));
        assert_eq!(insert("a\n", Some(2)), None);
        assert_eq!(insert("a\n", Some(0)), None);
    }
}
