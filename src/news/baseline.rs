//! News in the baseline: it only gets shorter, unless somebody makes it longer.

use std::collections::{HashMap, HashSet};

use super::{Sides, item};
use crate::format::parse_baseline;
use crate::model::{Baseline, BaselinePart, News, NewsKind, Trace};

const BASELINE: &str = ".stanchion/baseline.toml";

pub(super) fn tell(sides: &Sides<'_>, all: &mut Vec<News>) {
    let Some((path, before, now)) = sides.texts(BASELINE) else { return };
    let read = |text: Option<String>| match text {
        Some(text) => parse_baseline(BASELINE, &text).ok(),
        None => Some(Baseline::default()),
    };
    let (Some(before), Some(now)) = (read(before), read(now)) else { return };
    for (id, part) in &now.guidelines {
        // With a new promise comes its baseline.
        let new =
            all.iter().any(|news| news.kind == NewsKind::PromiseMade && news.guideline.as_ref() == Some(id));
        let grown = grown(before.guidelines.get(id), part);
        if grown > 0 && !new {
            let was = before.guidelines.get(id).map_or(0, |part| part.entries.len());
            let message = format!(
                "the baseline of {id} stands for {grown} more: {} entries, {was} before",
                part.entries.len()
            );
            all.push(item(NewsKind::PromiseWeakened, Some(id), &path, message));
        }
    }
}

/// How many entries have come that stand for something else than those before.
fn grown(before: Option<&BaselinePart>, now: &BaselinePart) -> usize {
    let mut left: HashMap<Trace, usize> = HashMap::new();
    for entry in before.into_iter().flat_map(|part| &part.entries) {
        *left.entry(entry.traces.content).or_default() += 1;
    }
    let mut heads: HashSet<Trace> = HashSet::new();
    for entry in before.into_iter().flat_map(|part| &part.entries) {
        heads.extend(entry.traces.head);
    }
    let mut grown = 0;
    for entry in &now.entries {
        match left.get_mut(&entry.traces.content).filter(|left| **left > 0) {
            Some(left) => *left -= 1,
            // Edited further inside, and brought up to date.
            None if entry.traces.head.is_some_and(|head| heads.contains(&head)) => {}
            None => grown += 1,
        }
    }
    let before = before.map_or(0, |part| part.entries.len());
    grown.max(now.entries.len().saturating_sub(before))
}
