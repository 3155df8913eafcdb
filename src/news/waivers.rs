//! News about waivers that were added, or cover more than before.

use semver::{Version, VersionReq};

use super::{ChangeContext, news_item};
use crate::engine::ChangeKind;
use crate::engine::judge::find_inline_comments;
use crate::format::{parse_inline, parse_waivers};
use crate::model::{InlineComment, News, NewsKind, RepoPath, Waiver, WaiverEnd, WaiverReach};

const WAIVERS: &str = ".stanchion/waivers.toml";
/// Text that every inline waiver contains.
const MARKER: &[u8] = b"stanchion:";
/// Maximum number of globs or checks that one message lists.
const MAX_LISTED: usize = 3;

pub(super) fn collect_news(context: &ChangeContext<'_>, all: &mut Vec<News>) {
    if let Some((path, before, now)) = context.changed_texts(WAIVERS) {
        let read = |text: Option<String>| {
            text.map(|text| parse_waivers(WAIVERS, &path, &text).waivers).unwrap_or_default()
        };
        compare_file_waivers(&read(before), &read(now), |a, b| a.id == b.id, &path, all);
    }
    for change in context.changes.iter().filter(|change| change.kind != ChangeKind::Removed) {
        let Some(now) = (context.now)(&change.path) else { continue };
        if memchr::memmem::find(&now, MARKER).is_none() {
            continue;
        }
        let now = String::from_utf8_lossy(&now);
        let waivers = read_inline_waivers(&change.path, &now);
        if waivers.is_empty() {
            continue;
        }
        let before = context.text_before(&change.path).unwrap_or_default();
        let were = read_inline_waivers(&change.path, &before);
        compare_inline_waivers(were, waivers, (&before, &now), &change.path, all);
    }
}

/// An inline waiver, and the code that it covers.
struct CoveredInlineWaiver {
    waiver: Waiver,
    /// The covered line, without surrounding white space and without the waiver; empty for a waiver of a
    /// whole file.
    code: String,
}

/// Reads the inline waivers of a text.
fn read_inline_waivers(path: &RepoPath, text: &str) -> Vec<CoveredInlineWaiver> {
    let comments = find_inline_comments(path.bytes(), text).into_iter().map(|comment| InlineComment {
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
            .map_or_else(String::new, |line| strip_waiver(line).to_owned()),
        _ => String::new(),
    };
    waivers.map(|waiver| CoveredInlineWaiver { code: code(&waiver.reach), waiver }).collect()
}

/// Removes a waiver at the end of a line, and surrounding white space.
fn strip_waiver(line: &str) -> &str {
    line.find("stanchion:").map_or(line, |at| &line[..at]).trim()
}

/// Compares inline waivers in pairs: first those with equal terms and equal code, then those with equal
/// terms, then those of the same guideline, in order.
fn compare_inline_waivers(
    mut before: Vec<CoveredInlineWaiver>,
    now: Vec<CoveredInlineWaiver>,
    texts: (&str, &str),
    path: &RepoPath,
    all: &mut Vec<News>,
) {
    let terms = |it: &CoveredInlineWaiver| {
        let waiver = &it.waiver;
        let file = matches!(waiver.reach, WaiverReach::File { .. });
        (waiver.guideline.clone(), waiver.checks.clone(), waiver.end, waiver.withdrawn, file)
    };
    let mut pair = |now: Vec<CoveredInlineWaiver>,
                    same: &dyn Fn(&CoveredInlineWaiver, &CoveredInlineWaiver) -> bool,
                    pairs: &mut Vec<_>| {
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
    let now = pair(now, &|was, is| terms(was) == terms(is) && was.code == is.code, &mut pairs);
    let now = pair(now, &|was, is| terms(was) == terms(is), &mut pairs);
    let now = pair(now, &|was, is| was.waiver.guideline == is.waiver.guideline, &mut pairs);
    for (was, is) in pairs {
        let elsewhere = covers_other_code(&was.code, &is.code, texts)
            .then(|| format!("it now covers `{}` instead of `{}`", is.code, was.code));
        push_widened(&was.waiver, &is.waiver, elsewhere, path, all);
    }
    for it in now {
        push_added(&it.waiver, path, all);
    }
}

/// Whether a waiver that covered the line `was` now covers different code `is`, not the same line after an
/// edit: the old line is still in the file, or most words of the new line are different.
fn covers_other_code(was: &str, is: &str, (before, now): (&str, &str)) -> bool {
    if was == is || was.is_empty() || is.is_empty() {
        return false;
    }
    let count = |text: &str| text.lines().filter(|line| strip_waiver(line) == was).count();
    let is_still_there = count(now) > 0 && count(now) >= count(before);
    is_still_there || !are_similar_lines(was, is)
}

/// Whether at least half of the words of each line are in the other line.
fn are_similar_lines(a: &str, b: &str) -> bool {
    let words = |line: &str| -> Vec<String> {
        let parts = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        parts.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let (a, b) = (words(a), words(b));
    let common = |of: &[String], others: &[String]| of.iter().filter(|word| others.contains(word)).count();
    common(&a, &b) * 2 >= a.len() && common(&b, &a) * 2 >= b.len()
}

fn compare_file_waivers(
    before: &[Waiver],
    now: &[Waiver],
    same: impl Fn(&Waiver, &Waiver) -> bool,
    path: &RepoPath,
    all: &mut Vec<News>,
) {
    // A map by id, since the file may contain thousands of waivers.
    let mut by_id: std::collections::HashMap<&str, &Waiver> = std::collections::HashMap::new();
    for waiver in before {
        by_id.insert(&waiver.id, waiver);
    }
    for waiver in now {
        match by_id.get(waiver.id.as_str()).filter(|was| same(was, waiver)) {
            None => push_added(waiver, path, all),
            Some(was) if was.guideline != waiver.guideline => push_added(waiver, path, all),
            Some(was) => push_widened(was, waiver, None, path, all),
        }
    }
}

/// Describes the reach of a waiver for people.
fn describe_reach(waiver: &Waiver) -> String {
    match &waiver.reach {
        WaiverReach::Paths(paths) if paths.is_empty() => "everywhere".to_owned(),
        WaiverReach::Paths(paths) => format!("in {}", join_first(paths)),
        WaiverReach::Fingerprints(all) if all.len() == 1 => "for one finding".to_owned(),
        WaiverReach::Fingerprints(all) => format!("for {} findings", all.len()),
        WaiverReach::Line { line, .. } => format!("in line {line}"),
        WaiverReach::File { .. } => "in the whole file".to_owned(),
    }
}

/// Joins the first of several texts, with the number of further ones.
fn join_first(texts: &[String]) -> String {
    let more = texts.len().saturating_sub(MAX_LISTED);
    let named = texts.iter().take(MAX_LISTED).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

fn describe_end(waiver: &Waiver) -> String {
    let end = match waiver.end {
        WaiverEnd::Until(day) => format!("until {day}"),
        WaiverEnd::Standing { review_on } => format!("standing, review on {review_on}"),
        WaiverEnd::Never => "without an end".to_owned(),
    };
    waiver.withdrawn.map_or_else(|| end.clone(), |day| format!("{end}, withdrawn on {day}"))
}

fn push_added(waiver: &Waiver, path: &RepoPath, all: &mut Vec<News>) {
    let message = format!(
        "{} is stepped over {} ({}, {}): {}",
        waiver.guideline,
        describe_reach(waiver),
        waiver.kind.as_str(),
        describe_end(waiver),
        waiver.reason
    );
    all.push(news_item(NewsKind::WaiverAdded, Some(&waiver.guideline), path, message));
}

fn push_widened(was: &Waiver, is: &Waiver, elsewhere: Option<String>, path: &RepoPath, all: &mut Vec<News>) {
    let mut widened = Vec::new();
    match (was.end, is.end) {
        (WaiverEnd::Until(before), WaiverEnd::Until(now)) if now > before => {
            widened.push(format!("it lasts until {now} instead of {before}"));
        }
        (WaiverEnd::Until(before), WaiverEnd::Standing { .. } | WaiverEnd::Never) => {
            widened.push(format!("it no longer has a last day (was {before})"));
        }
        (WaiverEnd::Standing { review_on: before }, WaiverEnd::Standing { review_on: now })
            if now > before =>
        {
            widened.push(format!("its review is on {now} instead of {before}"));
        }
        (WaiverEnd::Standing { review_on }, WaiverEnd::Never) => {
            widened.push(format!("it no longer has a review (was on {review_on})"));
        }
        _ => {}
    }
    match (was.withdrawn, is.withdrawn) {
        (Some(_), None) => widened.push("it is no longer withdrawn".to_owned()),
        (Some(before), Some(now)) if now > before => {
            widened.push(format!("it is withdrawn on {now} instead of {before}"));
        }
        _ => {}
    }
    widened.extend(describe_wider_reach(&was.reach, &is.reach));
    widened.extend(elsewhere);
    let more: Vec<String> = is.checks.iter().filter(|check| !was.checks.contains(check)).cloned().collect();
    if !was.checks.is_empty() && (is.checks.is_empty() || !more.is_empty()) {
        let checks = if is.checks.is_empty() { "every check".to_owned() } else { join_first(&more) };
        widened.push(format!("it also covers {checks}"));
    }
    if matches_more_versions(was.versions.as_ref(), is.versions.as_ref()) {
        let range = is.versions.as_ref().map_or_else(
            || "any version of the guideline".to_owned(),
            |range| format!("guideline versions {range}"),
        );
        widened.push(format!("it covers {range}"));
    }
    if !widened.is_empty() {
        let message = format!("{} of {}: {}", is.id, is.guideline, widened.join("; "));
        all.push(news_item(NewsKind::WaiverWidened, Some(&is.guideline), path, message));
    }
}

/// Whether the new range matches a version that the old one does not. It checks the versions around the
/// bounds of both ranges.
fn matches_more_versions(was: Option<&VersionReq>, is: Option<&VersionReq>) -> bool {
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

/// Whether the old glob certainly matches everything that the new one matches: they are equal, or the old one
/// is `folder/**` (without other wildcards) and the new one is below that folder.
fn contains_glob(old: &str, new: &str) -> bool {
    let below = old
        .strip_suffix("**")
        .filter(|folder| folder.ends_with('/') && !folder.contains(['*', '?', '[', '{', '!']));
    old == new || below.is_some_and(|folder| new.starts_with(folder) && !new.contains(".."))
}

fn describe_wider_reach(was: &WaiverReach, is: &WaiverReach) -> Option<String> {
    match (was, is) {
        (WaiverReach::Paths(was), WaiverReach::Paths(is)) => {
            if was.is_empty() {
                return None;
            }
            if is.is_empty() {
                return Some("it covers the whole repository".to_owned());
            }
            let new: Vec<String> =
                is.iter().filter(|glob| !was.iter().any(|old| contains_glob(old, glob))).cloned().collect();
            (!new.is_empty()).then(|| format!("it also covers {}", join_first(&new)))
        }
        (WaiverReach::Fingerprints(was), WaiverReach::Fingerprints(is)) => {
            let new = is.iter().filter(|it| !was.contains(it)).count();
            (new > 0).then(|| format!("it covers {new} more findings"))
        }
        (WaiverReach::Line { .. }, WaiverReach::File { .. }) => Some("it covers the whole file".to_owned()),
        (WaiverReach::Line { .. }, WaiverReach::Line { .. })
        | (WaiverReach::File { .. }, WaiverReach::File { .. } | WaiverReach::Line { .. }) => None,
        _ => Some("it covers different findings".to_owned()),
    }
}
