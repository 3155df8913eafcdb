//! News about files that a promise no longer covers: they moved, or cannot be assessed any more.

use std::collections::HashSet;

use super::{ChangeContext, news_item};
use crate::engine::{ChangeKind, selects_path};
use crate::model::{Guideline, GuidelineId, News, NewsKind, RepoPath};

/// Maximum number of removed and of added files that are compared.
const MAX_COMPARED_FILES: usize = 200;
/// Percentage of lines of a removed file that an added file must share to count as its new location.
const RENAME_SIMILARITY_PERCENT: usize = 50;

pub(super) fn collect_news(context: &ChangeContext<'_>, all: &mut Vec<News>) {
    let promised: Vec<&Guideline> = context
        .guidelines
        .iter()
        .zip(&context.outcome.guidelines)
        .filter(|(_, entry)| entry.promised)
        .map(|(guideline, _)| &**guideline)
        .collect();
    collect_unassessed_files(context, all);
    for folder in context.new_nested_projects {
        let folder = folder.lossless();
        let path = RepoPath::from(format!("{folder}/stanchion.toml").as_str());
        let (kind, message) = if promised.is_empty() {
            (NewsKind::FollowChanged, format!("{folder} is now a nested project"))
        } else {
            let message =
                format!("{folder} is now a nested project: the promises of this project no longer cover it");
            (NewsKind::OutOfSight, message)
        };
        all.push(news_item(kind, None, &path, message));
    }
    if promised.is_empty() {
        return;
    }
    let of = |kind| {
        context
            .changes
            .iter()
            .filter(move |change| change.kind == kind)
            .map(|change| &change.path)
            .take(MAX_COMPARED_FILES)
    };
    let removed: Vec<&RepoPath> = of(ChangeKind::Removed).collect();
    let added: Vec<&RepoPath> = of(ChangeKind::Added).collect();
    for old in removed {
        let covering: Vec<&&Guideline> = promised.iter().filter(|it| selects_path(it, old)).collect();
        if covering.is_empty() {
            continue;
        }
        let Some(text) = (context.before)(old) else { continue };
        for new in &added {
            let uncovered: Vec<&GuidelineId> =
                covering.iter().filter(|it| !selects_path(it, new)).map(|it| &it.id).collect();
            let Some(first) = uncovered.first() else { continue };
            if !(context.now)(new).is_some_and(|now| is_similar_file(&text, &now)) {
                continue;
            }
            let names: Vec<&str> = uncovered.iter().map(|id| id.as_str()).collect();
            let message = format!(
                "{} was moved to {}, which {} does not cover",
                old.lossless(),
                new.lossless(),
                names.join(", ")
            );
            all.push(news_item(NewsKind::OutOfSight, Some(first), new, message));
        }
    }
}

/// Collects changed files for which a promised guideline gives "cannot tell".
fn collect_unassessed_files(context: &ChangeContext<'_>, all: &mut Vec<News>) {
    for unknown in &context.outcome.not_assessed {
        let Some(path) = &unknown.path else { continue };
        let changed = context.changes.binary_search_by(|change| change.path.cmp(path)).is_ok();
        if !changed {
            continue;
        }
        let promised =
            |index: usize| context.outcome.guidelines.get(index).is_some_and(|entry| entry.promised);
        let mut affected: Vec<&GuidelineId> = match unknown.guideline {
            Some(index) if promised(index) => vec![&context.outcome.guidelines[index].guideline.id],
            Some(_) => vec![],
            None => {
                let is_selected = |guideline: &Guideline| selects_path(guideline, path);
                let entries = context.outcome.guidelines.iter().filter(|entry| entry.promised);
                entries
                    .filter(|entry| is_selected(&entry.guideline))
                    .map(|entry| &entry.guideline.id)
                    .collect()
            }
        };
        affected.sort();
        if let Some(first) = affected.first() {
            let message =
                format!("{first} cannot tell about {}: {}", path.lossless(), unknown.reason.label());
            all.push(news_item(NewsKind::OutOfSight, Some(first), path, message));
        }
    }
}

/// Whether enough lines of the old file are in the new one.
fn is_similar_file(old: &[u8], new: &[u8]) -> bool {
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
    !old.is_empty() && common * 100 >= old.len() * RENAME_SIMILARITY_PERCENT
}
