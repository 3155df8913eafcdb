//! News: what a change says about promises, waivers and guidelines, told before everything else.
//!
//! Pure: the texts before and after come in, news come out. No git, no file system, no output enters here. Nothing
//! in here decides an outcome: a change may take any promise back, but not unseen.

mod baseline;
mod config;
mod guidelines;
mod sight;
mod waivers;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::engine::Change;
use crate::model::{Guideline, GuidelineId, News, NewsKind, Outcome, RepoPath};

/// A change, and what it is told by.
pub struct Sides<'s> {
    /// What happened to paths, in order of path.
    pub changes: &'s [Change],
    /// What a changed file held before; `None` where it was not there.
    pub before: &'s dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    /// What a file holds now; `None` where it is not there.
    pub now: &'s dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    /// The guidelines that are followed now.
    pub guidelines: &'s [Arc<Guideline>],
    /// What was found, and judged.
    pub outcome: &'s Outcome,
    /// Folders that answer for themselves since this change.
    pub new_parties: &'s [RepoPath],
}

impl Sides<'_> {
    fn text_before(&self, path: &RepoPath) -> Option<String> {
        (self.before)(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn text_now(&self, path: &RepoPath) -> Option<String> {
        (self.now)(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Both texts of a file that changed; `None` where it did not.
    fn texts(&self, path: &str) -> Option<(RepoPath, Option<String>, Option<String>)> {
        let path = RepoPath::from(path);
        self.changes.binary_search_by(|change| change.path.cmp(&path)).ok()?;
        let (before, now) = (self.text_before(&path), self.text_now(&path));
        Some((path, before, now))
    }
}

/// The news of a change, most important first.
#[must_use]
pub fn news(sides: &Sides<'_>) -> Vec<News> {
    let mut all = Vec::new();
    config::tell(sides, &mut all);
    baseline::tell(sides, &mut all);
    sight::tell(sides, &mut all);
    waivers::tell(sides, &mut all);
    guidelines::tell(sides, &mut all);
    all.sort();
    all.dedup();
    all
}

fn item(kind: NewsKind, guideline: Option<&GuidelineId>, path: &RepoPath, message: String) -> News {
    News { kind, guideline: guideline.cloned(), path: path.clone(), message }
}
