//! News about what a promise no longer sees: files that moved out of its view, or cannot be assessed any more.

use std::collections::HashSet;

use super::{Sides, item};
use crate::engine::{ChangeKind, looks_into};
use crate::model::{Guideline, GuidelineId, News, NewsKind, RepoPath};

/// Most files on each side that are compared.
const MOST: usize = 200;
/// A file is another one's if so many of a hundred of its lines are.
const ALIKE: usize = 50;

pub(super) fn tell(sides: &Sides<'_>, all: &mut Vec<News>) {
    let promised: Vec<&Guideline> = sides
        .guidelines
        .iter()
        .zip(&sides.outcome.guidelines)
        .filter(|(_, entry)| entry.promised)
        .map(|(guideline, _)| &**guideline)
        .collect();
    unassessed(sides, all);
    for folder in sides.new_parties {
        let folder = folder.lossless();
        let path = RepoPath::from(format!("{folder}/stanchion.toml").as_str());
        let (kind, message) = if promised.is_empty() {
            (NewsKind::FollowChanged, format!("{folder} answers for itself now"))
        } else {
            let message =
                format!("{folder} answers for itself now: the promises made here do not look there any more");
            (NewsKind::OutOfSight, message)
        };
        all.push(item(kind, None, &path, message));
    }
    if promised.is_empty() {
        return;
    }
    let of = |kind| {
        sides.changes.iter().filter(move |change| change.kind == kind).map(|change| &change.path).take(MOST)
    };
    let removed: Vec<&RepoPath> = of(ChangeKind::Removed).collect();
    let added: Vec<&RepoPath> = of(ChangeKind::Added).collect();
    for old in removed {
        let watching: Vec<&&Guideline> = promised.iter().filter(|it| looks_into(it, old)).collect();
        if watching.is_empty() {
            continue;
        }
        let Some(text) = (sides.before)(old) else { continue };
        for new in &added {
            let blind: Vec<&GuidelineId> =
                watching.iter().filter(|it| !looks_into(it, new)).map(|it| &it.id).collect();
            let Some(first) = blind.first() else { continue };
            if !(sides.now)(new).is_some_and(|now| alike(&text, &now)) {
                continue;
            }
            let names: Vec<&str> = blind.iter().map(|id| id.as_str()).collect();
            let message = format!(
                "{} is {} now, where {} does not look",
                old.lossless(),
                new.lossless(),
                names.join(", ")
            );
            all.push(item(NewsKind::OutOfSight, Some(first), new, message));
        }
    }
}

/// Files of the change that a promise cannot tell about.
fn unassessed(sides: &Sides<'_>, all: &mut Vec<News>) {
    for unknown in &sides.outcome.not_assessed {
        let Some(path) = &unknown.path else { continue };
        let changed = sides.changes.binary_search_by(|change| change.path.cmp(path)).is_ok();
        if !changed {
            continue;
        }
        let promised = |index: usize| sides.outcome.guidelines.get(index).is_some_and(|entry| entry.promised);
        let mut blind: Vec<&GuidelineId> = match unknown.guideline {
            Some(index) if promised(index) => vec![&sides.outcome.guidelines[index].guideline.id],
            Some(_) => vec![],
            None => {
                let own = |guideline: &Guideline| looks_into(guideline, path);
                let entries = sides.outcome.guidelines.iter().filter(|entry| entry.promised);
                entries.filter(|entry| own(&entry.guideline)).map(|entry| &entry.guideline.id).collect()
            }
        };
        blind.sort();
        if let Some(first) = blind.first() {
            let message =
                format!("{first} cannot tell about {}: {}", path.lossless(), unknown.reason.words());
            all.push(item(NewsKind::OutOfSight, Some(first), path, message));
        }
    }
}

/// Whether most lines of a file are another's.
fn alike(old: &[u8], new: &[u8]) -> bool {
    if old == new {
        return true;
    }
    let lines = |bytes: &'_ [u8]| -> HashSet<Vec<u8>> {
        bytes
            .split(|&byte| byte == b'\n')
            .map(|line| line.trim_ascii().to_vec())
            .filter(|it| !it.is_empty())
            .collect()
    };
    let (old, new) = (lines(old), lines(new));
    let common = old.intersection(&new).count();
    !old.is_empty() && common * 100 >= old.len() * ALIKE
}
