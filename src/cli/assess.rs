//! Assesses a project and judges the findings by its policy files, for every command.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::change::ComparedChange;
use super::guidelines::{self, FollowedGuidelines};
use super::policy_files::{self, PolicySource};
use super::project::{CONFIG, Project};
use super::tool_results::ToolResults;
use super::{Failure, cache, root, worker};
use crate::engine::judge::{Comment, JudgeInput, find_inline_comments, judge};
use crate::engine::tree::{EntryKind, PathEntry, Tree};
use crate::engine::{self, Progress};
use crate::model::{
    BloomFilter, Date, FindingHashes, GuidelineId, Outcome, Promise, RepoPath, Timings, Unassessed, Waiver,
};
use crate::news::{ChangeContext, collect_news};
use crate::text::decode;

/// Parameters of an assessment.
pub(super) struct AssessRequest<'r> {
    /// Project folder, absolute.
    pub(super) root: &'r Path,
    /// Selected paths; empty selects everything.
    pub(super) scopes: Vec<RepoPath>,
    /// Change that is assessed instead of everything.
    pub(super) change: Option<&'r ComparedChange>,
    /// Date by which waivers and promises are judged.
    pub(super) today: Date,
    /// Options.
    pub(super) options: AssessOptions,
}

/// Options of an assessment.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of the command line")]
pub(super) struct AssessOptions {
    /// Number of threads; 0: one per processor.
    pub(super) threads: usize,
    /// Whether to use the prefilter.
    pub(super) prefilter: bool,
    /// Whether to assess files in child processes.
    pub(super) worker: bool,
    /// Whether to use the cache.
    pub(super) cache: bool,
    /// Whether to measure times.
    pub(super) timings: bool,
    /// Whether to search every file for inline waivers, not only the files that are read anyway.
    pub(super) every_comment: bool,
    /// Whether to return all findings even of guidelines that are not promised.
    pub(super) every_finding: bool,
    /// Findings of other linters.
    pub(super) tools: ToolResults,
}

impl Default for AssessOptions {
    /// All optimizations and child processes, without measurements.
    fn default() -> Self {
        Self {
            threads: 0,
            prefilter: true,
            worker: true,
            cache: true,
            timings: false,
            every_comment: false,
            every_finding: false,
            tools: ToolResults::default(),
        }
    }
}

/// Result of an assessment.
pub(super) struct Assessed {
    /// Judged findings.
    pub(super) outcome: Outcome,
    /// Nested projects, which were not assessed.
    pub(super) nested_projects: Vec<RepoPath>,
    /// Changed paths, including those of nested projects; empty if everything is assessed.
    pub(super) changed: Vec<RepoPath>,
    /// Times, if they were measured.
    pub(super) timings: Option<Timings>,
    /// The cache, to be written after the report, or the reason why it is unavailable. `None` if it is
    /// disabled.
    pub(super) cache: Option<Result<cache::RunCache, cache::CacheUnavailable>>,
}

/// Reloads the configuration if the staged `stanchion.toml` differs from the one on disk.
///
/// # Errors
/// An invalid configuration.
pub(super) fn reload_staged_config(
    followed: FollowedGuidelines,
    change: Option<&ComparedChange>,
) -> Result<FollowedGuidelines, Failure> {
    let Some(change) = change.filter(|change| change.is_staged()) else { return Ok(followed) };
    let Some(project) = &followed.project else { return Ok(followed) };
    let staged = PolicySource::Staged(change.tree.as_ref(), &project.root).read(CONFIG, 1 << 20);
    match staged {
        Ok(Some(text)) if project.text.as_deref() != Some(text.strip_prefix('\u{feff}').unwrap_or(&text)) => {
            guidelines::load_project(Project::parse(&project.root, &text)?)
        }
        Ok(_) => Ok(followed),
        Err(message) => Err(Failure::new(format!("{CONFIG} {message}"))),
    }
}

/// Assesses a project and judges the findings.
///
/// # Errors
/// The tree cannot be listed.
pub(super) fn assess(
    followed: &FollowedGuidelines,
    request: AssessRequest<'_>,
    progress: &dyn Progress,
) -> Result<Assessed, Failure> {
    let AssessRequest { root, scopes, change, today, options } = request;
    let promises = followed.project.as_ref().map(Project::promises).unwrap_or_default();
    let whole: BTreeSet<_> = promises.iter().map(|(id, _)| id.clone()).collect();
    let cache = open_cache(&options, root, followed, change);
    let counted = if options.every_finding {
        followed.guidelines.iter().map(|guideline| guideline.id.clone()).collect()
    } else {
        whole.clone()
    };
    let engine_options = engine::Options {
        cache: cache.as_ref().and_then(|cache| cache.as_ref().ok()).map(cache::RunCache::handle),
        focus: change.map(|change| change.focus.judging_whole(whole)),
        scopes: scopes.clone(),
        threads: options.threads,
        prefilter: options.prefilter,
        timings: options.timings,
        worker: if options.worker { worker::worker_program() } else { None },
        skip_nested_projects: true,
        promised: counted,
        tools: options.tools.for_project(root),
        ..engine::Options::default()
    };
    let tree: Arc<dyn Tree + Send + Sync> = match change {
        Some(change) => Arc::clone(&change.tree),
        None => Arc::new(root::open(root)?),
    };
    let source = match change.filter(|change| change.is_staged()) {
        Some(change) => PolicySource::Staged(change.tree.as_ref(), root),
        None => PolicySource::Disk(root),
    };
    // Policy files may contain ten thousand waivers, so they are read while the files are assessed.
    let (assessed, policy) = rayon::join(
        || engine::assess(&followed.guidelines, tree.as_ref(), &engine_options, progress),
        || policy_files::read_all(source),
    );
    let engine::Assessment { mut outcome, problems, mut comments, nested_projects, timings } = assessed
        .map_err(|error| Failure::new(format!("cannot assess {}: {}", root.display(), error.detail)))?;
    if options.every_comment {
        add_comments(tree.as_ref(), &nested_projects, &mut comments);
    }
    outcome.compared = change.map(|change| change.compared.clone());
    followed.add_to_outcome(&mut outcome, &problems);
    let filter = baseline_filter(&outcome, &promises);
    let ((inline, inline_problems), (baseline, baseline_problems)) = rayon::join(
        || policy_files::parse_inline_waivers(&comments),
        || policy.baseline.entries_for(&filter),
    );
    let mut waivers: Vec<Waiver> = policy.waivers;
    waivers.extend(inline);
    if followed.project.is_none() {
        // With `--guidelines`, waivers of other guidelines are ignored.
        let known: HashSet<&GuidelineId> =
            followed.guidelines.iter().map(|guideline| &guideline.id).collect();
        waivers.retain(|waiver| known.contains(&waiver.guideline));
    }
    outcome.waiver_problems = policy.problems;
    outcome.waiver_problems.extend(baseline_problems);
    outcome.waiver_problems.extend(inline_problems);
    let unassessed =
        followed.project.as_ref().map_or(Unassessed::default(), |project| project.config.unassessed);
    let input = JudgeInput {
        waivers,
        promises,
        unassessed,
        baseline,
        today,
        scopes: &scopes,
        why_absent: &|id| followed.reason_absent(id),
    };
    judge(&mut outcome, input);
    if let Some(change) = change {
        let limit = engine::Limits::default().file_bytes;
        let now = |path: &RepoPath| {
            let mut bytes = Vec::new();
            tree.read(path, limit, &mut bytes).ok().map(|()| bytes)
        };
        let is_new = |folder: &&RepoPath| {
            let mark = RepoPath::new([folder.bytes(), b"/", CONFIG.as_bytes()].concat());
            let added = |it: &engine::Change| it.path == mark && it.kind == engine::ChangeKind::Added;
            change.focus.changes().iter().any(added)
        };
        let new_nested_projects: Vec<RepoPath> = nested_projects.iter().filter(is_new).cloned().collect();
        let own: Vec<engine::Change> = change.focus.without_nested(&nested_projects).changes().to_vec();
        let context = ChangeContext {
            changes: &own,
            before: &|path| change.focus.before_change(path, limit),
            now: &now,
            guidelines: &followed.guidelines,
            outcome: &outcome,
            new_nested_projects: &new_nested_projects,
        };
        outcome.news = collect_news(&context);
    }
    let changed = change
        .map_or_else(Vec::new, |change| change.focus.changes().iter().map(|it| it.path.clone()).collect());
    Ok(Assessed { outcome, nested_projects, changed, timings, cache })
}

/// Builds a filter with the hashes of findings of guidelines that are promised "from here": only these are
/// looked up in the baseline.
fn baseline_filter(outcome: &Outcome, promises: &[(GuidelineId, Promise)]) -> BloomFilter {
    let from_here: HashSet<&GuidelineId> =
        promises.iter().filter(|(_, promise)| promise.from_here).map(|(id, _)| id).collect();
    let is_from_here: Vec<bool> =
        outcome.guidelines.iter().map(|entry| from_here.contains(&entry.guideline.id)).collect();
    let hashes: Vec<&FindingHashes> =
        outcome.findings.iter().filter(|it| is_from_here[it.guideline]).map(|it| &it.hashes).collect();
    BloomFilter::new(hashes.into_iter())
}

/// Adds the inline waivers of files that were not read by any check.
fn add_comments(
    tree: &(dyn Tree + Send + Sync),
    nested_projects: &[RepoPath],
    comments: &mut BTreeMap<RepoPath, Vec<Comment>>,
) {
    let Ok(listing) = tree.list() else { return };
    let limit = engine::Limits::default().file_bytes;
    let unread = |entry: &&PathEntry| {
        entry.kind == EntryKind::File
            && !comments.contains_key(&entry.path)
            && !nested_projects.iter().any(|project| entry.path.is_within(project))
    };
    let read = |entry: &PathEntry| {
        let mut bytes = Vec::new();
        tree.read(&entry.path, limit, &mut bytes).ok()?;
        let found = find_inline_comments(entry.path.bytes(), &decode(&bytes).ok()?.text);
        (!found.is_empty()).then(|| (entry.path.clone(), found))
    };
    let entries: Vec<&PathEntry> = listing.entries.iter().filter(unread).collect();
    let found: Vec<_> = entries.into_par_iter().filter_map(read).collect();
    comments.extend(found);
}

/// Opens the cache for this run, or returns the reason why it is unavailable. `None` if it is disabled, also
/// by options that test or measure the assessment of files.
fn open_cache(
    options: &AssessOptions,
    root: &Path,
    followed: &FollowedGuidelines,
    change: Option<&ComparedChange>,
) -> Option<Result<cache::RunCache, cache::CacheUnavailable>> {
    let staged = change.is_some_and(ComparedChange::is_staged);
    let scope = if staged { cache::CacheScope::Staged } else { cache::CacheScope::Files };
    let wanted = options.cache && options.prefilter && options.worker && !options.timings;
    wanted.then(|| cache::RunCache::open(root, &followed.guidelines, scope))
}
