//! News: effects of a change on promises, waivers and guidelines. Reports show them first.
//!
//! This module is pure: it compares the texts before and after a change. It does not use git, the file system
//! or an output format. News never decide an outcome: a change may withdraw any promise, but not unnoticed.

mod baseline;
mod config;
mod coverage;
mod guidelines;
mod waivers;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::engine::Change;
use crate::model::{Guideline, GuidelineId, News, NewsKind, Outcome, RepoPath};

/// A change, with the data from which its news are computed.
pub struct ChangeContext<'s> {
    /// Changes of paths, in order of path.
    pub changes: &'s [Change],
    /// Returns the content of a file before the change; `None` if it did not exist.
    pub before: &'s dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    /// Returns the content of a file after the change; `None` if it does not exist.
    pub now: &'s dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    /// Guidelines that are followed after the change.
    pub guidelines: &'s [Arc<Guideline>],
    /// Outcome of the run after the change, with waivers and promises applied.
    pub outcome: &'s Outcome,
    /// Folders that became nested projects in this change.
    pub new_nested_projects: &'s [RepoPath],
}

impl ChangeContext<'_> {
    fn text_before(&self, path: &RepoPath) -> Option<String> {
        (self.before)(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn text_now(&self, path: &RepoPath) -> Option<String> {
        (self.now)(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Path and both texts of a changed file; `None` if the file did not change.
    fn changed_texts(&self, path: &str) -> Option<(RepoPath, Option<String>, Option<String>)> {
        let path = RepoPath::from(path);
        self.changes.binary_search_by(|change| change.path.cmp(&path)).ok()?;
        let (before, now) = (self.text_before(&path), self.text_now(&path));
        Some((path, before, now))
    }
}

/// Collects the news of a change, most important first.
#[must_use]
pub fn collect_news(context: &ChangeContext<'_>) -> Vec<News> {
    let mut all = Vec::new();
    config::collect_news(context, &mut all);
    baseline::collect_news(context, &mut all);
    coverage::collect_news(context, &mut all);
    waivers::collect_news(context, &mut all);
    guidelines::collect_news(context, &mut all);
    all.sort();
    all.dedup();
    all
}

fn news_item(kind: NewsKind, guideline: Option<&GuidelineId>, path: &RepoPath, message: String) -> News {
    News { kind, guideline: guideline.cloned(), path: path.clone(), message }
}
