//! A run: list the tree, plan, ask the checks of names, then stream the files.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::budget::monotonic_time;
use super::choose::select;
use super::class::{Classes, Gate};
use super::compiled::compile_names;
use super::focus::Focus;
use super::meter::{CheckCost, Costs};
use super::options::{Options, Progress};
use super::outcome::{Assembly, NamesResult};
use super::parties::{marks_above, parties_below, without};
use super::plan::{Plan, PlanProblem};
use super::prefilter::Requirement;
use super::reading::{Aside, Reader};
use super::recall::Recall;
use super::session::{Session, Silent};
use super::stream::{self, Work};
use super::task::{Facts, Task};
use super::tools;
use super::tree::{EntryKind, Listing, ReadError, Tree};
use super::waive::{Comment, inline_comments};
use crate::model::{CheckTiming, FixSpec, Guideline, Outcome, RepoPath, Timings};
use crate::text::decode;

/// What a run found out.
#[derive(Debug)]
pub struct Assessment {
    /// For reports.
    pub outcome: Outcome,
    /// What is wrong in guidelines, for showing it in their files; each stands in the outcome too.
    pub problems: Vec<PlanProblem>,
    /// The comments that begin inline waivers, by file, as far as files were read.
    pub comments: BTreeMap<RepoPath, Vec<Comment>>,
    /// Folders below that are parties of their own, and were left alone.
    pub parties: Vec<RepoPath>,
    /// What it cost, if that was asked for.
    pub timings: Option<Timings>,
}

/// Assesses `tree` against `guidelines`, which must be in order of id.
///
/// # Errors
/// Only when the tree itself cannot be listed. Everything else is in the outcome.
pub fn assess(
    guidelines: &[Arc<Guideline>],
    tree: &dyn Tree,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Assessment, ReadError> {
    let mut steps = Steps::default();
    // A few changed files are not worth a list of all.
    let wanted = options.focus.as_ref().and_then(|focus| focus.asks_only_about(guidelines));
    let wanted = wanted.map(|mut paths| {
        if options.parties {
            paths.extend(marks_above(&paths));
            paths.sort();
            paths.dedup();
        }
        paths
    });
    let mut listing = wanted.map_or_else(|| tree.list(), |paths| tree.list_some(&paths))?;
    let parties = if options.parties { parties_below(&listing.entries) } else { vec![] };
    if options.parties {
        without(&mut listing, &parties);
    }
    let listing = listing;
    let focus = options.focus.as_ref().map(|focus| focus.without(&parties));
    let focus = focus.as_ref();
    steps.end("finding what is there");
    let mut plan = Plan::new(guidelines, &listing.entries, options.assume_exists, focus);
    let in_scope = |path: &RepoPath| {
        options.scopes.is_empty() || options.scopes.iter().any(|scope| path.is_within(scope))
    };
    let names = names(guidelines, &mut plan, &listing, tree, &in_scope, (options, focus));
    let (classes, class_of) = select(guidelines, &plan, &listing.entries, &in_scope, focus);
    let task = Arc::new(task(guidelines, &plan, classes, options));
    steps.end("choosing files and asking about names");
    let recall = options.memory.as_ref();
    let recall = recall.map(|memory| Recall::new(memory, &task, |number| names_its_files(&plan, number)));
    let mut crew = Crew::new(&task, options);
    let facts = facts(&task, &mut crew, recall.as_ref());
    steps.end("starting workers and compiling checks");
    for (&number, facts) in &facts {
        plan.report_number(number, facts.problems.clone());
    }
    let gates = gates(&plan, &task, &facts, options.prefilter);

    let mut assembly = Assembly::new(guidelines, &plan, &listing, &in_scope, focus, &options.promised);
    assembly.add_names(names);
    let mut files = Vec::new();
    for (file, class) in class_of {
        let numbers = &gates[class as usize].numbers;
        if numbers.is_empty() {
            continue;
        }
        assembly.add_look(file, numbers);
        if listing.entries[file as usize].kind == EntryKind::Special {
            assembly.add_special(file, numbers);
        } else {
            files.push((file, class));
        }
    }
    if let Some(recall) = &recall {
        let known = recall.unchanged(&files, &listing.entries, tree);
        let mut known = known.into_iter();
        files.retain(|_| known.next().flatten().map(|result| assembly.add(result)).is_none());
    }
    progress.start(files.len());
    let aside = Aside::default();
    let reader = Reader { tree, limit: options.limits.file_bytes, recall: recall.as_ref(), aside: &aside };
    let work = Work::new(&files, &gates, &listing.entries, reader, threads(options), &task, progress);
    let (late, costs) = crew.stream(&work, &mut |mut result| {
        if let Some(comments) = aside.take(result.file) {
            result.comments = comments;
        }
        if let Some(recall) = &recall {
            recall.remember(&listing.entries[result.file as usize].path, &result);
        }
        assembly.add(result);
    });
    tools::ask(&mut assembly, guidelines, &plan, (&listing, &parties), tree, options);
    let mut problems = plan.problems.clone();
    for (number, facts) in late {
        let found = plan.problems_at(number, facts.problems);
        found.iter().for_each(|problem| assembly.plan_problem(problem));
        problems.extend(found);
    }
    steps.end("reading, filtering and looking into files");
    let timings = options.timings.then(|| {
        let reading = (work.reading(), files.len() as u64);
        timings(guidelines, &plan, costs, reading, steps)
    });
    let comments = comments(&mut assembly, &listing, tree, options.limits.file_bytes);
    Ok(Assessment { outcome: assembly.finish(), problems, comments, parties, timings })
}

/// The comments that begin inline waivers: those of files that were read, and of those about which only checks
/// of names said something.
fn comments(
    assembly: &mut Assembly<'_>,
    listing: &Listing,
    tree: &dyn Tree,
    limit: u64,
) -> BTreeMap<RepoPath, Vec<Comment>> {
    let mut comments = assembly.take_comments();
    let mut bytes = Vec::new();
    for path in assembly.paths_with_findings() {
        let unread = |at: usize| listing.entries[at].kind == EntryKind::File && !assembly.was_read(at);
        let listed = listing.entries.binary_search_by(|entry| entry.path.cmp(path)).is_ok_and(unread);
        if listed && tree.read(path, limit, &mut bytes).is_ok() {
            let found = decode(&bytes)
                .map(|decoded| inline_comments(path.bytes(), &decoded.text))
                .unwrap_or_default();
            if !found.is_empty() {
                comments.insert(path.clone(), found);
            }
        }
    }
    comments
}

/// What is known about every check of the task: from earlier runs, or by asking.
fn facts(task: &Task, crew: &mut Crew, recall: Option<&Recall<'_>>) -> BTreeMap<u32, Facts> {
    let mut all = BTreeMap::new();
    let mut unknown = Vec::new();
    for (number, _) in &task.checks {
        match recall.and_then(|recall| recall.facts(*number)) {
            Some(facts) => drop(all.insert(*number, facts)),
            None => unknown.push(*number),
        }
    }
    for (number, facts) in crew.facts(&unknown) {
        if let Some(recall) = recall {
            recall.remember_facts(number, &facts);
        }
        all.insert(number, facts);
    }
    all
}

/// Most threads that read, and most workers, unless more are asked for.
const MOST_THREADS: usize = 8;

fn threads(options: &Options) -> usize {
    match options.threads {
        // More would be held up by the one thread that puts results in order, and each takes memory.
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MOST_THREADS),
        threads => threads.min(4 * MOST_THREADS),
    }
}

/// The part of the plan that those who look into files must know: only checks that some file asks for.
fn task(guidelines: &[Arc<Guideline>], plan: &Plan, classes: Classes, options: &Options) -> Task {
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

/// Whether the check with this number says by name which files it wants.
fn names_its_files(plan: &Plan, number: u32) -> bool {
    let planned = &plan.checks[number as usize];
    let condition = plan.conditions[planned.guideline].as_ref();
    let both = planned.selector.as_ref().zip(condition);
    both.is_some_and(|(selector, condition)| selector.names_its_files(condition))
}

fn gates<'f>(plan: &Plan, task: &Task, facts: &'f BTreeMap<u32, Facts>, filter: bool) -> Vec<Gate<'f>> {
    let requirement_of = |number: u32| {
        let facts = facts.get(&number).filter(|facts| facts.problems.is_empty())?;
        Some(if filter { &facts.requirement } else { &Requirement::Anything })
    };
    task.classes
        .iter()
        .map(|spec| Gate::new(spec, requirement_of, |number| names_its_files(plan, number)))
        .collect()
}

/// Who looks into files: workers, or this process.
enum Crew {
    Here(Box<Session>),
    #[cfg(unix)]
    Workers(Box<super::worker::Pool>),
}

impl Crew {
    fn new(task: &Arc<Task>, options: &Options) -> Self {
        #[cfg(unix)]
        if let Some(program) = &options.worker {
            let pool = super::worker::Pool::new(program.clone(), threads(options), task);
            return Self::Workers(Box::new(pool));
        }
        let _ = options;
        Self::Here(Box::new(Session::new(Arc::clone(task))))
    }

    /// What is known about these checks.
    fn facts(&mut self, numbers: &[u32]) -> BTreeMap<u32, Facts> {
        let numbers = numbers.iter().copied();
        match self {
            Self::Here(session) => {
                numbers.filter_map(|number| Some((number, session.facts(number, &mut Silent)?))).collect()
            }
            #[cfg(unix)]
            Self::Workers(pool) => {
                numbers.for_each(|number| pool.ask_facts(number));
                let mut all = BTreeMap::new();
                while !pool.is_idle() {
                    for done in pool.turn(None) {
                        if let super::worker::Progressed::Facts(number, facts) = done {
                            all.insert(number, facts);
                        }
                    }
                }
                all
            }
        }
    }

    /// Looks into files. Returns checks that turned out to be unusable after all, and what checks cost.
    fn stream(self, work: &Work<'_>, sink: &mut dyn FnMut(super::FileResult)) -> (Vec<(u32, Facts)>, Costs) {
        match self {
            Self::Here(session) => {
                let meter = session.meter().clone();
                stream::in_process(work, *session, sink);
                (Vec::new(), meter.take().unwrap_or_default())
            }
            #[cfg(unix)]
            Self::Workers(mut pool) => {
                let mut late = Vec::new();
                let streamed = stream::in_processes(work, &mut pool, &mut *sink, |number, facts| {
                    if let Some(recall) = work.reader.recall {
                        recall.distrust(number);
                    }
                    late.push((number, facts));
                });
                if let Err(error) = streamed {
                    let detail = format!("no pipe to the worker processes: {error}");
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

/// The steps of a run, by the clock.
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

/// What checks cost, with their names.
fn timings(
    guidelines: &[Arc<Guideline>],
    plan: &Plan,
    costs: Costs,
    reading: (Duration, u64),
    steps: Steps,
) -> Timings {
    let named = |(number, cost): (u32, CheckCost)| {
        let planned = plan.checks.get(number as usize)?;
        let guideline = &guidelines[planned.guideline];
        let CheckCost { compile, look, files, unfiltered } = cost;
        let check = guideline.checks[planned.check].id.clone();
        Some(CheckTiming { guideline: guideline.id.clone(), check, compile, look, files, unfiltered })
    };
    Timings {
        checks: costs.checks.into_iter().filter_map(named).collect(),
        parse: (costs.parse, costs.parsed),
        files: costs.files,
        reading,
        steps: steps.all,
    }
}

/// Asks the checks of names, on this thread: they need no contents.
fn names(
    guidelines: &[Arc<Guideline>],
    plan: &mut Plan,
    listing: &Listing,
    tree: &dyn Tree,
    in_scope: &impl Fn(&RepoPath) -> bool,
    (options, focus): (&Options, Option<&Focus>),
) -> NamesResult {
    let mut result = NamesResult { looked: vec![false; listing.entries.len()], ..NamesResult::default() };
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
                let mut looked_at = 0usize;
                let (message, fix): (_, Option<&FixSpec>) = (spec.message.as_deref(), spec.fix.as_ref());
                let looked = &mut result.looked;
                let (entries, found, unknown) =
                    (&listing.entries, &mut result.found, &mut result.cannot_tell);
                let mut look = |entry: usize| {
                    if in_scope(&entries[entry].path) {
                        looked[entry] = true;
                        looked_at += 1;
                    }
                };
                match focus {
                    None => {
                        let root = RepoPath::from("");
                        check.assess(number, entries, tree, &root, message, fix, found, unknown, &mut look);
                    }
                    Some(focus) => {
                        focus.ask(&check, number, entries, tree, message, fix, found, unknown, &mut look);
                    }
                }
                // A question about the whole repository is not asked of a part of it.
                let whole = options.scopes.is_empty() && focus.is_none();
                if looked_at > 0 || (whole && check.asks_of_the_whole()) {
                    result.asked.push(number);
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
