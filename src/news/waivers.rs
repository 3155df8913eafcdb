//! News about waivers: added, or covering more than before.

use semver::{Version, VersionReq};

use super::{Sides, item};
use crate::engine::ChangeKind;
use crate::engine::waive::inline_comments;
use crate::format::{parse_inline, parse_waivers};
use crate::model::{InlineComment, News, NewsKind, RepoPath, Waiver, WaiverEnd, WaiverReach};

const WAIVERS: &str = ".stanchion/waivers.toml";
/// The word without which a file holds no inline waiver.
const MARK: &[u8] = b"stanchion:";
/// Globs and the like that are named in one message.
const NAMED: usize = 3;

pub(super) fn tell(sides: &Sides<'_>, all: &mut Vec<News>) {
    if let Some((path, before, now)) = sides.texts(WAIVERS) {
        let read = |text: Option<String>| {
            text.map(|text| parse_waivers(WAIVERS, &path, &text).waivers).unwrap_or_default()
        };
        compare(&read(before), &read(now), |a, b| a.id == b.id, &path, all);
    }
    for change in sides.changes.iter().filter(|change| change.kind != ChangeKind::Removed) {
        let Some(now) = (sides.now)(&change.path) else { continue };
        if memchr::memmem::find(&now, MARK).is_none() {
            continue;
        }
        let now = String::from_utf8_lossy(&now);
        let waivers = inline(&change.path, &now);
        if waivers.is_empty() {
            continue;
        }
        let before = sides.text_before(&change.path).unwrap_or_default();
        let were = inline(&change.path, &before);
        compare_inline(were, waivers, (&before, &now), &change.path, all);
    }
}

/// A waiver in a comment, and the code that it covers.
struct Inline {
    waiver: Waiver,
    /// The covered line without white space around it and without the waiver; empty for a whole file.
    code: String,
}

/// The waivers in the comments of a text.
fn inline(path: &RepoPath, text: &str) -> Vec<Inline> {
    let comments = inline_comments(path.bytes(), text).into_iter().map(|comment| InlineComment {
        path: path.clone(),
        line: comment.line,
        covers: comment.covers,
        text: comment.text,
        source: comment.source,
        at: comment.at,
    });
    let waivers = comments.filter_map(|comment| parse_inline(&path.lossless(), &comment).ok());
    let lines: Vec<&str> = text.lines().collect();
    let code = |reach: &WaiverReach| match reach {
        WaiverReach::Line { line, .. } => lines
            .get((*line as usize).saturating_sub(1))
            .map_or_else(String::new, |line| without_mark(line).to_owned()),
        _ => String::new(),
    };
    waivers.map(|waiver| Inline { code: code(&waiver.reach), waiver }).collect()
}

/// A line without a waiver at its end and without white space around it.
fn without_mark(line: &str) -> &str {
    line.find("stanchion:").map_or(line, |at| &line[..at]).trim()
}

/// Pairs waivers in comments: first those that say the same about the same code, then those that say the same, then
/// those of one guideline, in order.
fn compare_inline(
    mut before: Vec<Inline>,
    now: Vec<Inline>,
    texts: (&str, &str),
    path: &RepoPath,
    all: &mut Vec<News>,
) {
    let says = |it: &Inline| {
        let waiver = &it.waiver;
        let file = matches!(waiver.reach, WaiverReach::File { .. });
        (waiver.guideline.clone(), waiver.checks.clone(), waiver.end, waiver.withdrawn, file)
    };
    let mut pair = |now: Vec<Inline>, same: &dyn Fn(&Inline, &Inline) -> bool, pairs: &mut Vec<_>| {
        let mut left = Vec::new();
        for it in now {
            match before.iter().position(|was| same(was, &it)) {
                Some(at) => pairs.push((before.remove(at), it)),
                None => left.push(it),
            }
        }
        left
    };
    let mut pairs = Vec::new();
    let now = pair(now, &|was, is| says(was) == says(is) && was.code == is.code, &mut pairs);
    let now = pair(now, &|was, is| says(was) == says(is), &mut pairs);
    let now = pair(now, &|was, is| was.waiver.guideline == is.waiver.guideline, &mut pairs);
    for (was, is) in pairs {
        let elsewhere = covers_other_code(&was.code, &is.code, texts)
            .then(|| format!("it covers `{}` now, and covered `{}`", is.code, was.code));
        widened(&was.waiver, &is.waiver, elsewhere, path, all);
    }
    for it in now {
        added(&it.waiver, path, all);
    }
}

/// Whether a waiver that covered the line `was` covers other code as `is`, and not the same line after an edit:
/// the old line still stands in the file, or most words of the new one are others.
fn covers_other_code(was: &str, is: &str, (before, now): (&str, &str)) -> bool {
    if was == is || was.is_empty() || is.is_empty() {
        return false;
    }
    let count = |text: &str| text.lines().filter(|line| without_mark(line) == was).count();
    let stands = count(now) > 0 && count(now) >= count(before);
    stands || !alike(was, is)
}

/// Whether at least half of the words of each line are in the other.
fn alike(a: &str, b: &str) -> bool {
    let words = |line: &str| -> Vec<String> {
        let parts = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        parts.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let (a, b) = (words(a), words(b));
    let common = |of: &[String], others: &[String]| of.iter().filter(|word| others.contains(word)).count();
    common(&a, &b) * 2 >= a.len() && common(&b, &a) * 2 >= b.len()
}

fn compare(
    before: &[Waiver],
    now: &[Waiver],
    same: impl Fn(&Waiver, &Waiver) -> bool,
    path: &RepoPath,
    all: &mut Vec<News>,
) {
    // Thousands may stand in the file: by id.
    let mut by_id: std::collections::HashMap<&str, &Waiver> = std::collections::HashMap::new();
    for waiver in before {
        by_id.insert(&waiver.id, waiver);
    }
    for waiver in now {
        match by_id.get(waiver.id.as_str()).filter(|was| same(was, waiver)) {
            None => added(waiver, path, all),
            Some(was) if was.guideline != waiver.guideline => added(waiver, path, all),
            Some(was) => widened(was, waiver, None, path, all),
        }
    }
}

/// What a waiver covers, in words.
fn covers(waiver: &Waiver) -> String {
    match &waiver.reach {
        WaiverReach::Paths(paths) if paths.is_empty() => "everywhere".to_owned(),
        WaiverReach::Paths(paths) => format!("in {}", some(paths)),
        WaiverReach::Fingerprints(all) if all.len() == 1 => "for one finding".to_owned(),
        WaiverReach::Fingerprints(all) => format!("for {} findings", all.len()),
        WaiverReach::Line { line, .. } => format!("in line {line}"),
        WaiverReach::File { .. } => "in the whole file".to_owned(),
    }
}

/// The first of several texts.
fn some(texts: &[String]) -> String {
    let more = texts.len().saturating_sub(NAMED);
    let named = texts.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

fn ends(waiver: &Waiver) -> String {
    let end = match waiver.end {
        WaiverEnd::Until(day) => format!("until {day}"),
        WaiverEnd::Standing { review_on } => format!("standing, to be looked at on {review_on}"),
        WaiverEnd::Never => "without an end".to_owned(),
    };
    waiver.withdrawn.map_or_else(|| end.clone(), |day| format!("{end}, taken back on {day}"))
}

fn added(waiver: &Waiver, path: &RepoPath, all: &mut Vec<News>) {
    let message = format!(
        "{} is stepped over {} ({}, {}): {}",
        waiver.guideline,
        covers(waiver),
        waiver.kind.word(),
        ends(waiver),
        waiver.reason
    );
    all.push(item(NewsKind::WaiverAdded, Some(&waiver.guideline), path, message));
}

fn widened(was: &Waiver, is: &Waiver, elsewhere: Option<String>, path: &RepoPath, all: &mut Vec<News>) {
    let mut what = Vec::new();
    match (was.end, is.end) {
        (WaiverEnd::Until(before), WaiverEnd::Until(now)) if now > before => {
            what.push(format!("it lasts until {now}, {before} before"));
        }
        (WaiverEnd::Until(before), WaiverEnd::Standing { .. } | WaiverEnd::Never) => {
            what.push(format!("it has no last day any more, {before} before"));
        }
        (WaiverEnd::Standing { review_on: before }, WaiverEnd::Standing { review_on: now })
            if now > before =>
        {
            what.push(format!("it is to be looked at again only on {now}, {before} before"));
        }
        (WaiverEnd::Standing { review_on }, WaiverEnd::Never) => {
            what.push(format!("nobody is to look at it again; it was to be on {review_on}"));
        }
        _ => {}
    }
    match (was.withdrawn, is.withdrawn) {
        (Some(_), None) => what.push("it was taken back, and is not any more".to_owned()),
        (Some(before), Some(now)) if now > before => {
            what.push(format!("it is taken back only on {now}, {before} before"));
        }
        _ => {}
    }
    what.extend(wider_reach(&was.reach, &is.reach));
    what.extend(elsewhere);
    let more: Vec<String> = is.checks.iter().filter(|check| !was.checks.contains(check)).cloned().collect();
    if !was.checks.is_empty() && (is.checks.is_empty() || !more.is_empty()) {
        let checks = if is.checks.is_empty() { "every check".to_owned() } else { some(&more) };
        what.push(format!("it covers {checks}, too"));
    }
    if speaks_about_more(was.versions.as_ref(), is.versions.as_ref()) {
        let range = is.versions.as_ref().map_or_else(|| "any version".to_owned(), ToString::to_string);
        what.push(format!("it speaks about {range}"));
    }
    if !what.is_empty() {
        let message = format!("{} of {}: {}", is.id, is.guideline, what.join("; "));
        all.push(item(NewsKind::WaiverWidened, Some(&is.guideline), path, message));
    }
}

/// Whether a range matches a version that another does not: asked of the versions around the ends of both.
fn speaks_about_more(was: Option<&VersionReq>, is: Option<&VersionReq>) -> bool {
    let Some(was) = was else { return false };
    let Some(is) = is else { return true };
    let mut around = vec![Version::new(0, 0, 0), Version::new(u64::MAX, 0, 0)];
    for end in was.comparators.iter().chain(&is.comparators) {
        let (major, minor, patch) = (end.major, end.minor.unwrap_or(0), end.patch.unwrap_or(0));
        around.extend([
            Version::new(major, minor, patch),
            Version::new(major, minor, patch.saturating_add(1)),
            Version::new(major, minor, patch.saturating_sub(1)),
            Version::new(major, minor.saturating_add(1), 0),
            Version::new(major, minor.saturating_sub(1), u64::MAX),
            Version::new(major.saturating_add(1), 0, 0),
            Version::new(major.saturating_sub(1), u64::MAX, 0),
        ]);
    }
    around.iter().any(|version| is.matches(version) && !was.matches(version))
}

/// Whether everything that a glob matches is surely matched by another: the same one, or one of all below a folder.
fn holds(old: &str, new: &str) -> bool {
    let below = old
        .strip_suffix("**")
        .filter(|folder| folder.ends_with('/') && !folder.contains(['*', '?', '[', '{', '!']));
    old == new || below.is_some_and(|folder| new.starts_with(folder) && !new.contains(".."))
}

fn wider_reach(was: &WaiverReach, is: &WaiverReach) -> Option<String> {
    match (was, is) {
        (WaiverReach::Paths(was), WaiverReach::Paths(is)) => {
            if was.is_empty() {
                return None;
            }
            if is.is_empty() {
                return Some("it covers the whole repository".to_owned());
            }
            let new: Vec<String> =
                is.iter().filter(|glob| !was.iter().any(|old| holds(old, glob))).cloned().collect();
            (!new.is_empty()).then(|| format!("it covers {}, too", some(&new)))
        }
        (WaiverReach::Fingerprints(was), WaiverReach::Fingerprints(is)) => {
            let new = is.iter().filter(|it| !was.contains(it)).count();
            (new > 0).then(|| format!("it covers {new} more findings"))
        }
        (WaiverReach::Line { .. }, WaiverReach::File { .. }) => Some("it covers the whole file".to_owned()),
        (WaiverReach::Line { .. }, WaiverReach::Line { .. })
        | (WaiverReach::File { .. }, WaiverReach::File { .. } | WaiverReach::Line { .. }) => None,
        _ => Some("it covers something else".to_owned()),
    }
}
