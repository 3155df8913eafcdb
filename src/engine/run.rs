//! Runs an assessment: lists the tree, plans, runs the checks of names, then streams the files.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::assign_classes::assign_classes;
use super::budget::monotonic_time;
use super::cached_results::CachedResults;
use super::class::{ClassChecks, Classes};
use super::compiled::compile_names;
use super::focus::Focus;
use super::judge::{Comment, find_inline_comments};
use super::meter::{CheckCost, Costs};
use super::nested_projects::{find_nested_projects, project_files_above, remove_nested_projects};
use super::options::{Options, Progress};
use super::outcome::{NamesResult, OutcomeBuilder};
use super::plan::{Plan, PlanProblem};
use super::prefilter::Requirement;
use super::reading::{FileReader, PendingComments};
use super::session::{CheckSession, NoAnnounce};
use super::stream::{self, FileWork};
use super::task::{CheckFacts, Task};
use super::tools;
use super::tree::{EntryKind, Listing, ReadError, Tree};
use crate::model::{CheckTiming, FixSpec, Guideline, Outcome, RepoPath, Timings};
use crate::text::decode;

/// Result of a run.
#[derive(Debug)]
pub struct Assessment {
    /// Outcome for the reports.
    pub outcome: Outcome,
    /// Problems of guidelines, with locations in their files. Each is in the outcome as well.
    pub problems: Vec<PlanProblem>,
    /// Comments that start inline waivers, by file, for the files that were read.
    pub comments: BTreeMap<RepoPath, Vec<Comment>>,
    /// Nested projects, which were not assessed.
    pub nested_projects: Vec<RepoPath>,
    /// Timings, if requested.
    pub timings: Option<Timings>,
}

/// Assesses `tree` against `guidelines`, which must be sorted by id.
///
/// # Errors
/// Only if the root of the tree cannot be listed. All other problems are in the outcome.
pub fn assess(
    guidelines: &[Arc<Guideline>],
    tree: &dyn Tree,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Assessment, ReadError> {
    let mut steps = Steps::default();
    // With only a few changed files, listing the whole tree is avoided.
    let wanted = options.focus.as_ref().and_then(|focus| focus.needed_paths(guidelines));
    let wanted = wanted.map(|mut paths| {
        if options.skip_nested_projects {
            paths.extend(project_files_above(&paths));
            paths.sort();
            paths.dedup();
        }
        paths
    });
    let mut listing = wanted.map_or_else(|| tree.list(), |paths| tree.list_paths(&paths))?;
    let nested = if options.skip_nested_projects { find_nested_projects(&listing.entries) } else { vec![] };
    if options.skip_nested_projects {
        remove_nested_projects(&mut listing, &nested);
    }
    let listing = listing;
    let focus = options.focus.as_ref().map(|focus| focus.without_nested(&nested));
    let focus = focus.as_ref();
    steps.end("listing files");
    let mut plan = Plan::new(guidelines, &listing.entries, options.assume_exists, focus);
    let in_scope = |path: &RepoPath| {
        options.scopes.is_empty() || options.scopes.iter().any(|scope| path.is_within(scope))
    };
    let names = assess_names(guidelines, &mut plan, &listing, tree, &in_scope, (options, focus));
    let (classes, class_of) = assign_classes(guidelines, &plan, &listing.entries, &in_scope, focus);
    let task = Arc::new(build_task(guidelines, &plan, classes, options));
    steps.end("selecting files and checking names");
    let cached = options.cache.as_ref();
    let cached =
        cached.map(|cache| CachedResults::new(cache, &task, |number| names_its_files(&plan, number)));
    let mut runner = CheckRunner::new(&task, options);
    let facts = collect_facts(&task, &mut runner, cached.as_ref());
    steps.end("starting workers and compiling checks");
    for (&number, facts) in &facts {
        plan.report_number(number, facts.problems.clone());
    }
    let classes = prepare_classes(&plan, &task, &facts, options.prefilter);

    let mut builder = OutcomeBuilder::new(guidelines, &plan, &listing, &in_scope, focus, &options.promised);
    builder.add_names(names);
    let mut files = Vec::new();
    for (file, class) in class_of {
        let numbers = &classes[class as usize].numbers;
        if numbers.is_empty() {
            continue;
        }
        builder.add_selected_file(file, numbers);
        if listing.entries[file as usize].kind == EntryKind::Special {
            builder.add_special(file, numbers);
        } else {
            files.push((file, class));
        }
    }
    if let Some(cached) = &cached {
        let known = cached.find_unchanged(&files, &listing.entries, tree);
        let mut known = known.into_iter();
        files.retain(|_| known.next().flatten().map(|result| builder.add(result)).is_none());
    }
    progress.start(files.len());
    let pending_comments = PendingComments::default();
    let reader = FileReader {
        tree,
        limit: options.limits.file_bytes,
        cached: cached.as_ref(),
        pending_comments: &pending_comments,
    };
    let work =
        FileWork::new(&files, &classes, &listing.entries, reader, thread_count(options), &task, progress);
    let (late, costs) = runner.stream(&work, &mut |mut result| {
        if let Some(comments) = pending_comments.take(result.file) {
            result.comments = comments;
        }
        if let Some(cached) = &cached {
            cached.store_result(&listing.entries[result.file as usize].path, &result);
        }
        builder.add(result);
    });
    tools::assess_tool_checks(&mut builder, guidelines, &plan, (&listing, &nested), tree, options);
    let mut problems = plan.problems.clone();
    for (number, facts) in late {
        let found = plan.problems_at(number, facts.problems);
        found.iter().for_each(|problem| builder.plan_problem(problem));
        problems.extend(found);
    }
    steps.end("reading, filtering and checking files");
    let timings = options.timings.then(|| {
        let reading = (work.reading(), files.len() as u64);
        collect_timings(guidelines, &plan, costs, reading, steps)
    });
    let comments = collect_comments(&mut builder, &listing, tree, options.limits.file_bytes);
    Ok(Assessment { outcome: builder.finish(), problems, comments, nested_projects: nested, timings })
}

/// Collects the comments that start inline waivers, of files that were read and of files with findings of
/// checks of names only.
fn collect_comments(
    builder: &mut OutcomeBuilder<'_>,
    listing: &Listing,
    tree: &dyn Tree,
    limit: u64,
) -> BTreeMap<RepoPath, Vec<Comment>> {
    let mut comments = builder.take_comments();
    let mut bytes = Vec::new();
    for path in builder.paths_with_findings() {
        let unread = |at: usize| listing.entries[at].kind == EntryKind::File && !builder.was_read(at);
        let listed = listing.entries.binary_search_by(|entry| entry.path.cmp(path)).is_ok_and(unread);
        if listed && tree.read(path, limit, &mut bytes).is_ok() {
            let found = decode(&bytes)
                .map(|decoded| find_inline_comments(path.bytes(), &decoded.text))
                .unwrap_or_default();
            if !found.is_empty() {
                comments.insert(path.clone(), found);
            }
        }
    }
    comments
}

/// Returns the facts about every check of the task, from earlier runs or by compiling it.
fn collect_facts(
    task: &Task,
    runner: &mut CheckRunner,
    cached: Option<&CachedResults<'_>>,
) -> BTreeMap<u32, CheckFacts> {
    let mut all = BTreeMap::new();
    let mut unknown = Vec::new();
    for (number, _) in &task.checks {
        match cached.and_then(|cached| cached.facts(*number)) {
            Some(facts) => drop(all.insert(*number, facts)),
            None => unknown.push(*number),
        }
    }
    for (number, facts) in runner.facts(&unknown) {
        if let Some(cached) = cached {
            cached.store_check_facts(number, &facts);
        }
        all.insert(number, facts);
    }
    all
}

/// Default maximum of reading threads and of workers.
const MOST_THREADS: usize = 8;

fn thread_count(options: &Options) -> usize {
    match options.threads {
        // More threads would wait for the single thread that collects results, and each of them needs memory.
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MOST_THREADS),
        threads => threads.min(4 * MOST_THREADS),
    }
}

/// Builds the task for sessions from the plan, with only those checks that select a file.
fn build_task(guidelines: &[Arc<Guideline>], plan: &Plan, classes: Classes, options: &Options) -> Task {
    let mut wanted: Vec<u32> = classes.specs.iter().flat_map(|spec| spec.numbers.iter().copied()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let check = |number: u32| {
        let planned = &plan.checks[number as usize];
        (number, guidelines[planned.guideline].checks[planned.check].clone())
    };
    let checks = wanted.into_iter().map(check).collect();
    Task {
        limits: options.limits,
        checks,
        classes: classes.specs,
        filter: options.prefilter,
        timings: options.timings,
    }
}

/// Whether the check with this number selects files by name or language.
fn names_its_files(plan: &Plan, number: u32) -> bool {
    let planned = &plan.checks[number as usize];
    let condition = plan.conditions[planned.guideline].as_ref();
    let both = planned.selector.as_ref().zip(condition);
    both.is_some_and(|(selector, condition)| selector.names_its_files(condition))
}

fn prepare_classes<'f>(
    plan: &Plan,
    task: &Task,
    facts: &'f BTreeMap<u32, CheckFacts>,
    filter: bool,
) -> Vec<ClassChecks<'f>> {
    let requirement_of = |number: u32| {
        let facts = facts.get(&number).filter(|facts| facts.problems.is_empty())?;
        Some(if filter { &facts.requirement } else { &Requirement::Anything })
    };
    task.classes
        .iter()
        .map(|spec| ClassChecks::new(spec, requirement_of, |number| names_its_files(plan, number)))
        .collect()
}

/// Runs checks on files, in workers or in this process.
enum CheckRunner {
    InProcess(Box<CheckSession>),
    #[cfg(unix)]
    Workers(Box<super::worker::Pool>),
}

impl CheckRunner {
    fn new(task: &Arc<Task>, options: &Options) -> Self {
        #[cfg(unix)]
        if let Some(program) = &options.worker {
            let pool = super::worker::Pool::new(program.clone(), thread_count(options), task);
            return Self::Workers(Box::new(pool));
        }
        let _ = options;
        Self::InProcess(Box::new(CheckSession::new(Arc::clone(task))))
    }

    /// Returns the facts about these checks.
    fn facts(&mut self, numbers: &[u32]) -> BTreeMap<u32, CheckFacts> {
        let numbers = numbers.iter().copied();
        match self {
            Self::InProcess(session) => {
                numbers.filter_map(|number| Some((number, session.facts(number, &mut NoAnnounce)?))).collect()
            }
            #[cfg(unix)]
            Self::Workers(pool) => {
                numbers.for_each(|number| pool.request_facts(number));
                let mut all = BTreeMap::new();
                while !pool.is_idle() {
                    for done in pool.run_turn(None) {
                        if let super::worker::PoolEvent::Facts(number, facts) = done {
                            all.insert(number, facts);
                        }
                    }
                }
                all
            }
        }
    }

    /// Assesses the files of `work`. Returns the checks that turned out to crash workers, and the costs.
    fn stream(
        self,
        work: &FileWork<'_>,
        sink: &mut dyn FnMut(super::FileResult),
    ) -> (Vec<(u32, CheckFacts)>, Costs) {
        match self {
            Self::InProcess(session) => {
                let meter = session.meter().clone();
                stream::stream_in_process(work, *session, sink);
                (Vec::new(), meter.take().unwrap_or_default())
            }
            #[cfg(unix)]
            Self::Workers(mut pool) => {
                let mut late = Vec::new();
                let streamed = stream::stream_to_workers(work, &mut pool, &mut *sink, |number, facts| {
                    if let Some(cached) = work.reader.cached {
                        cached.mark_unreliable(number);
                    }
                    late.push((number, facts));
                });
                if let Err(error) = streamed {
                    let detail =
                        format!("cannot create the pipe between reading threads and workers: {error}");
                    for &(file, _) in work.files {
                        let reason = crate::model::Reason::Died;
                        let cannot_tell = super::CannotTell { check: None, reason, detail: detail.clone() };
                        sink(super::FileResult::unknown(file, vec![cannot_tell]));
                    }
                }
                (late, std::mem::take(&mut pool.costs))
            }
        }
    }
}

/// Elapsed (wall-clock) time of the steps of a run.
struct Steps {
    last: Duration,
    all: Vec<(&'static str, Duration)>,
}

impl Default for Steps {
    fn default() -> Self {
        Self { last: monotonic_time(), all: Vec::new() }
    }
}

impl Steps {
    fn end(&mut self, step: &'static str) {
        let now = monotonic_time();
        self.all.push((step, now.saturating_sub(self.last)));
        self.last = now;
    }
}

/// Combines the costs of checks with the names of the checks.
fn collect_timings(
    guidelines: &[Arc<Guideline>],
    plan: &Plan,
    costs: Costs,
    reading: (Duration, u64),
    steps: Steps,
) -> Timings {
    let named = |(number, cost): (u32, CheckCost)| {
        let planned = plan.checks.get(number as usize)?;
        let guideline = &guidelines[planned.guideline];
        let CheckCost { compile, search, files, unfiltered } = cost;
        let check = guideline.checks[planned.check].id.clone();
        Some(CheckTiming { guideline: guideline.id.clone(), check, compile, search, files, unfiltered })
    };
    Timings {
        checks: costs.checks.into_iter().filter_map(named).collect(),
        parse: (costs.parse, costs.parsed),
        files: costs.files,
        reading,
        steps: steps.all,
    }
}

/// Runs the checks of names on this thread. They need no file contents.
fn assess_names(
    guidelines: &[Arc<Guideline>],
    plan: &mut Plan,
    listing: &Listing,
    tree: &dyn Tree,
    in_scope: &impl Fn(&RepoPath) -> bool,
    (options, focus): (&Options, Option<&Focus>),
) -> NamesResult {
    let mut result = NamesResult { inspected: vec![false; listing.entries.len()], ..NamesResult::default() };
    let mut problems = Vec::new();
    for (number, planned) in plan.checks.iter().enumerate() {
        if planned.selector.is_some() || !plan.applies[planned.guideline] {
            continue;
        }
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let guideline = &guidelines[planned.guideline];
        let spec = &guideline.checks[planned.check];
        let focus = focus.filter(|focus| !focus.judges_whole(&guideline.id));
        match compile_names(spec) {
            Ok(Some(check)) => {
                let mut inspected_count = 0usize;
                let (message, fix): (_, Option<&FixSpec>) = (spec.message.as_deref(), spec.fix.as_ref());
                let inspected = &mut result.inspected;
                let (entries, found, unknown) =
                    (&listing.entries, &mut result.found, &mut result.cannot_tell);
                let mut mark_inspected = |entry: usize| {
                    if in_scope(&entries[entry].path) {
                        inspected[entry] = true;
                        inspected_count += 1;
                    }
                };
                match focus {
                    None => {
                        let root = RepoPath::from("");
                        check.assess(
                            number,
                            entries,
                            tree,
                            &root,
                            message,
                            fix,
                            found,
                            unknown,
                            &mut mark_inspected,
                        );
                    }
                    Some(focus) => {
                        focus.assess_names(
                            &check,
                            number,
                            entries,
                            tree,
                            message,
                            fix,
                            found,
                            unknown,
                            &mut mark_inspected,
                        );
                    }
                }
                // A check that inspects no path has run only if it concerns the whole repository and the whole
                // repository is assessed.
                let whole = options.scopes.is_empty() && focus.is_none();
                if inspected_count > 0 || (whole && check.applies_to_whole_repository()) {
                    result.ran.push(number);
                }
            }
            Ok(None) => {}
            Err(found) => problems.push((planned.guideline, planned.check, found)),
        }
    }
    for (guideline, check, found) in problems {
        plan.report(guideline, Some(check), found);
    }
    result
}
