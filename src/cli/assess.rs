//! Assessing a party and judging what was found by what it says: the same for every command that does it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::change::Change;
use super::guidelines::{self, Followed};
use super::party::{CONFIG, Party};
use super::says::{self, Source};
use super::tool_results::ToolResults;
use super::{Failure, cache, root, worker};
use crate::engine::tree::{Entry, EntryKind, Tree};
use crate::engine::waive::{Comment, Ground, inline_comments, judge};
use crate::engine::{self, Progress};
use crate::model::{
    Date, GuidelineId, Outcome, Promise, RepoPath, Timings, TraceSieve, Traces, Unassessed, Waiver,
};
use crate::news::{Sides, news};
use crate::text::decode;

/// What is assessed, and how.
pub(super) struct Request<'r> {
    /// The folder of the party, absolute.
    pub(super) root: &'r Path,
    /// Parts of it; empty is all.
    pub(super) scopes: Vec<RepoPath>,
    /// The change that is looked at instead of everything.
    pub(super) change: Option<&'r Change>,
    /// The day.
    pub(super) today: Date,
    /// How to look.
    pub(super) how: How,
}

/// How files are looked into.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of the command line")]
pub(super) struct How {
    /// Threads; 0 is one for each processor.
    pub(super) threads: usize,
    /// Whether the prefilter is used.
    pub(super) prefilter: bool,
    /// Whether files are looked into in processes of their own.
    pub(super) worker: bool,
    /// Whether the cache is used.
    pub(super) cache: bool,
    /// Whether costs are measured.
    pub(super) timings: bool,
    /// Whether comments of waivers are looked for in every file, not only in those that are looked into anyway.
    pub(super) every_comment: bool,
    /// Whether all findings are wanted of guidelines that are not promised, too.
    pub(super) every_finding: bool,
    /// What other linters found.
    pub(super) tools: ToolResults,
}

impl Default for How {
    /// As fast and as safe as can be, measuring nothing.
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

/// What came of it.
pub(super) struct Assessed {
    /// What was found and judged.
    pub(super) outcome: Outcome,
    /// Parties below, which were left alone.
    pub(super) parties: Vec<RepoPath>,
    /// The paths that changed, those of parties below included; none without a change.
    pub(super) changed: Vec<RepoPath>,
    /// What it cost, if that was asked for.
    pub(super) timings: Option<Timings>,
    /// The cache that was used, to be kept after the report; or why there is none. `None` where none was wanted.
    pub(super) lane: Option<Result<cache::Lane, cache::Refusal>>,
}

/// Reads the configuration again where what is staged has another one than the folder.
///
/// # Errors
/// A configuration that cannot be used.
pub(super) fn as_staged(followed: Followed, change: Option<&Change>) -> Result<Followed, Failure> {
    let Some(change) = change.filter(|change| change.is_staged()) else { return Ok(followed) };
    let Some(party) = &followed.party else { return Ok(followed) };
    let staged = Source::Staged(change.tree.as_ref(), &party.root).read(CONFIG, 1 << 20);
    match staged {
        Ok(Some(text)) if party.text.as_deref() != Some(text.strip_prefix('\u{feff}').unwrap_or(&text)) => {
            guidelines::load_party(Party::parse(&party.root, &text)?)
        }
        Ok(_) => Ok(followed),
        Err(words) => Err(Failure::new(format!("{CONFIG} {words}"))),
    }
}

/// Assesses and judges.
///
/// # Errors
/// When the tree cannot be listed.
pub(super) fn assess(
    followed: &Followed,
    request: Request<'_>,
    progress: &dyn Progress,
) -> Result<Assessed, Failure> {
    let Request { root, scopes, change, today, how } = request;
    let promises = followed.party.as_ref().map(Party::promises).unwrap_or_default();
    let whole: BTreeSet<_> = promises.iter().map(|(id, _)| id.clone()).collect();
    let lane = lane(&how, root, followed, change);
    let counted = if how.every_finding {
        followed.guidelines.iter().map(|guideline| guideline.id.clone()).collect()
    } else {
        whole.clone()
    };
    let options = engine::Options {
        memory: lane.as_ref().and_then(|lane| lane.as_ref().ok()).map(cache::Lane::memory),
        focus: change.map(|change| change.focus.judging_whole(whole)),
        scopes: scopes.clone(),
        threads: how.threads,
        prefilter: how.prefilter,
        timings: how.timings,
        worker: if how.worker { worker::program() } else { None },
        parties: true,
        promised: counted,
        tools: how.tools.for_party(root),
        ..engine::Options::default()
    };
    let tree: Arc<dyn Tree + Send + Sync> = match change {
        Some(change) => Arc::clone(&change.tree),
        None => Arc::new(root::open(root)?),
    };
    let source = match change.filter(|change| change.is_staged()) {
        Some(change) => Source::Staged(change.tree.as_ref(), root),
        None => Source::Disk(root),
    };
    // Ten thousand waivers are read while the files are looked into.
    let (assessed, says) = rayon::join(
        || engine::assess(&followed.guidelines, tree.as_ref(), &options, progress),
        || says::read(source),
    );
    let engine::Assessment { mut outcome, problems, mut comments, parties, timings } = assessed
        .map_err(|error| Failure::new(format!("cannot assess {}: {}", root.display(), error.detail)))?;
    if how.every_comment {
        add_comments(tree.as_ref(), &parties, &mut comments);
    }
    outcome.compared = change.map(|change| change.compared.clone());
    followed.complete(&mut outcome, &problems);
    let sieve = sieve(&outcome, &promises);
    let ((inline, wrong), (baseline, slips)) =
        rayon::join(|| says::inline(&comments), || says.baseline.entries_for(&sieve));
    let mut waivers: Vec<Waiver> = says.waivers;
    waivers.extend(inline);
    if followed.party.is_none() {
        // Guidelines that were named by hand: what is said about others does not matter now.
        let known: HashSet<&GuidelineId> =
            followed.guidelines.iter().map(|guideline| &guideline.id).collect();
        waivers.retain(|waiver| known.contains(&waiver.guideline));
    }
    outcome.waiver_problems = says.problems;
    outcome.waiver_problems.extend(slips);
    outcome.waiver_problems.extend(wrong);
    let unassessed = followed.party.as_ref().map_or(Unassessed::default(), |party| party.config.unassessed);
    let ground = Ground {
        waivers,
        promises,
        unassessed,
        baseline,
        today,
        scopes: &scopes,
        why_absent: &|id| followed.why_absent(id),
    };
    judge(&mut outcome, ground);
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
        let new_parties: Vec<RepoPath> = parties.iter().filter(is_new).cloned().collect();
        let own: Vec<engine::Change> = change.focus.without(&parties).changes().to_vec();
        let sides = Sides {
            changes: &own,
            before: &|path| change.focus.before_change(path, limit),
            now: &now,
            guidelines: &followed.guidelines,
            outcome: &outcome,
            new_parties: &new_parties,
        };
        outcome.news = news(&sides);
    }
    let changed = change
        .map_or_else(Vec::new, |change| change.focus.changes().iter().map(|it| it.path.clone()).collect());
    Ok(Assessed { outcome, parties, changed, timings, lane })
}

/// Knows the traces of what was found of guidelines that are promised "from here": a baseline is asked about nothing
/// else.
fn sieve(outcome: &Outcome, promises: &[(GuidelineId, Promise)]) -> TraceSieve {
    let from_here: HashSet<&GuidelineId> =
        promises.iter().filter(|(_, promise)| promise.from_here).map(|(id, _)| id).collect();
    let asked: Vec<bool> =
        outcome.guidelines.iter().map(|entry| from_here.contains(&entry.guideline.id)).collect();
    let traces: Vec<&Traces> =
        outcome.findings.iter().filter(|it| asked[it.guideline]).map(|it| &it.traces).collect();
    TraceSieve::new(traces.into_iter())
}

/// Adds the comments of files that nobody looked into.
fn add_comments(
    tree: &(dyn Tree + Send + Sync),
    parties: &[RepoPath],
    comments: &mut BTreeMap<RepoPath, Vec<Comment>>,
) {
    let Ok(listing) = tree.list() else { return };
    let limit = engine::Limits::default().file_bytes;
    let unread = |entry: &&Entry| {
        entry.kind == EntryKind::File
            && !comments.contains_key(&entry.path)
            && !parties.iter().any(|party| entry.path.is_within(party))
    };
    let read = |entry: &Entry| {
        let mut bytes = Vec::new();
        tree.read(&entry.path, limit, &mut bytes).ok()?;
        let found = inline_comments(entry.path.bytes(), &decode(&bytes).ok()?.text);
        (!found.is_empty()).then(|| (entry.path.clone(), found))
    };
    let entries: Vec<&Entry> = listing.entries.iter().filter(unread).collect();
    let found: Vec<_> = entries.into_par_iter().filter_map(read).collect();
    comments.extend(found);
}

/// The cache for this run, or why there is none; `None` where it is not asked for: whoever tests how files
/// are looked into wants it done.
fn lane(
    how: &How,
    root: &Path,
    followed: &Followed,
    change: Option<&Change>,
) -> Option<Result<cache::Lane, cache::Refusal>> {
    let staged = change.is_some_and(Change::is_staged);
    let part = if staged { cache::Part::Staged } else { cache::Part::Files };
    let wanted = how.cache && how.prefilter && how.worker && !how.timings;
    wanted.then(|| cache::Lane::open(root, &followed.guidelines, part))
}
