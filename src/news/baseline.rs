//! News about the baseline. It shrinks over time; only an edit makes it grow.

use std::collections::{HashMap, HashSet};

use super::{ChangeContext, news_item};
use crate::format::parse_baseline;
use crate::model::{Baseline, BaselinePart, ContentHash, News, NewsKind};

const BASELINE: &str = ".stanchion/baseline.toml";

pub(super) fn collect_news(context: &ChangeContext<'_>, all: &mut Vec<News>) {
    let Some((path, before, now)) = context.changed_texts(BASELINE) else { return };
    let read = |text: Option<String>| match text {
        Some(text) => parse_baseline(BASELINE, &text).ok(),
        None => Some(Baseline::default()),
    };
    let (Some(before), Some(now)) = (read(before), read(now)) else { return };
    for (id, part) in &now.guidelines {
        // A new promise comes with its baseline.
        let new =
            all.iter().any(|news| news.kind == NewsKind::PromiseMade && news.guideline.as_ref() == Some(id));
        let grown = count_new_entries(before.guidelines.get(id), part);
        if grown > 0 && !new {
            let was = before.guidelines.get(id).map_or(0, |part| part.entries.len());
            let message = format!(
                "the baseline of {id} has grown: {grown} new, {} in total, {was} before",
                part.entries.len()
            );
            all.push(news_item(NewsKind::PromiseWeakened, Some(id), &path, message));
        }
    }
}

/// Number of new entries that match no finding of the previous entries.
fn count_new_entries(before: Option<&BaselinePart>, now: &BaselinePart) -> usize {
    let mut left: HashMap<ContentHash, usize> = HashMap::new();
    for entry in before.into_iter().flat_map(|part| &part.entries) {
        *left.entry(entry.hashes.content).or_default() += 1;
    }
    let mut heads: HashSet<ContentHash> = HashSet::new();
    for entry in before.into_iter().flat_map(|part| &part.entries) {
        heads.extend(entry.hashes.head);
    }
    let mut grown = 0;
    for entry in &now.entries {
        match left.get_mut(&entry.hashes.content).filter(|left| **left > 0) {
            Some(left) => *left -= 1,
            // The same finding with an updated hash, after an edit of its later lines.
            None if entry.hashes.head.is_some_and(|head| heads.contains(&head)) => {}
            None => grown += 1,
        }
    }
    let before = before.map_or(0, |part| part.entries.len());
    grown.max(now.entries.len().saturating_sub(before))
}
