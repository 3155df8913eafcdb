//! A run: list the tree, plan, ask the checks of names, then stream the files.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::class::{Classes, Gate};
use super::compiled::compile_names;
use super::options::{Options, Progress};
use super::outcome::{Assembly, NamesResult};
use super::plan::{Plan, PlanProblem};
use super::prefilter::Requirement;
use super::session::{Facts, Session, Silent, Task};
use super::stream::{self, Work};
use super::tree::{Entry, EntryKind, Listing, ReadError, Tree};
use crate::model::{FixSpec, Guideline, Language, Outcome, RepoPath, language_of};

/// What a run found out.
#[derive(Debug)]
pub struct Assessment {
    /// For reports.
    pub outcome: Outcome,
    /// What is wrong in guidelines, for showing it in their files; each stands in the outcome too.
    pub problems: Vec<PlanProblem>,
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
    let listing = tree.list()?;
    let mut plan = Plan::new(guidelines, &listing.entries, options.assume_exists);
    let in_scope = |path: &RepoPath| {
        options.scopes.is_empty() || options.scopes.iter().any(|scope| path.is_within(scope))
    };
    let names = names(guidelines, &mut plan, &listing, tree, &in_scope, options.scopes.is_empty());
    let (classes, class_of) = select(&plan, &listing.entries, &in_scope);
    let task = Arc::new(task(guidelines, &plan, classes, options));
    let mut crew = Crew::new(&task, options);
    let facts = crew.facts(&task);
    for (&number, facts) in &facts {
        plan.report_number(number, facts.problems.clone());
    }
    let gates = gates(&plan, &task, &facts, options.prefilter);

    let mut assembly = Assembly::new(guidelines, &plan, &listing, &in_scope);
    assembly.add_names(names);
    let work: Vec<(u32, u32)> =
        class_of.into_iter().filter(|&(_, class)| !gates[class as usize].numbers.is_empty()).collect();
    for &(file, class) in &work {
        assembly.add_look(file, &gates[class as usize].numbers);
    }
    let files: Vec<(u32, u32)> = work
        .into_iter()
        .filter(|&(file, class)| {
            let special = listing.entries[file as usize].kind == EntryKind::Special;
            if special {
                assembly.add_special(file, &gates[class as usize].numbers);
            }
            !special
        })
        .collect();
    progress.start(files.len());
    let work = Work::new(&files, &gates, &listing.entries, tree, threads(options), &task, progress);
    let mut problems = plan.problems.clone();
    for (number, facts) in crew.stream(&work, &mut |result| assembly.add(result)) {
        let found = plan.problems_at(number, facts.problems);
        found.iter().for_each(|problem| assembly.plan_problem(problem));
        problems.extend(found);
    }
    Ok(Assessment { outcome: assembly.finish(), problems })
}

fn threads(options: &Options) -> usize {
    match options.threads {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        threads => threads,
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
    Task { limits: options.limits, checks, classes: classes.specs }
}

fn gates(plan: &Plan, task: &Task, facts: &BTreeMap<u32, Facts>, filter: bool) -> Vec<Gate> {
    let names_its_files = |number: u32| {
        let planned = &plan.checks[number as usize];
        let condition = plan.conditions[planned.guideline].as_ref();
        let both = planned.selector.as_ref().zip(condition);
        both.is_some_and(|(selector, condition)| selector.names_its_files(condition))
    };
    let requirement_of = |number: u32| {
        let facts = facts.get(&number).filter(|facts| facts.problems.is_empty())?;
        Some(if filter { &facts.requirement } else { &Requirement::Anything })
    };
    task.classes.iter().map(|spec| Gate::new(spec, requirement_of, names_its_files)).collect()
}

/// Who looks into files: workers, or this process.
enum Crew {
    Here(Box<Session>),
    #[cfg(unix)]
    Workers(super::worker::Pool),
}

impl Crew {
    fn new(task: &Arc<Task>, options: &Options) -> Self {
        #[cfg(unix)]
        if let Some(program) = &options.worker {
            return Self::Workers(super::worker::Pool::new(program.clone(), threads(options), task));
        }
        let _ = options;
        Self::Here(Box::new(Session::new(Arc::clone(task))))
    }

    /// What is known about every check of the task.
    fn facts(&mut self, task: &Task) -> BTreeMap<u32, Facts> {
        let numbers = task.checks.iter().map(|(number, _)| *number);
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

    /// Looks into files. Returns checks that turned out to be unusable after all.
    fn stream(self, work: &Work<'_>, sink: &mut dyn FnMut(super::FileResult)) -> Vec<(u32, Facts)> {
        match self {
            Self::Here(session) => {
                stream::in_process(work, *session, sink);
                Vec::new()
            }
            #[cfg(unix)]
            Self::Workers(mut pool) => {
                let mut late = Vec::new();
                let streamed = stream::in_processes(work, &mut pool, &mut *sink, |number, facts| {
                    late.push((number, facts))
                });
                if let Err(error) = streamed {
                    let detail = format!("no pipe to the worker processes: {error}");
                    for &(file, _) in work.files {
                        let reason = crate::model::Reason::Died;
                        let cannot_tell = super::CannotTell { check: None, reason, detail: detail.clone() };
                        sink(super::FileResult { file, found: vec![], cannot_tell: vec![cannot_tell] });
                    }
                }
                late
            }
        }
    }
}

/// Asks the checks of names, on this thread: they need no contents.
fn names(
    guidelines: &[Arc<Guideline>],
    plan: &mut Plan,
    listing: &Listing,
    tree: &dyn Tree,
    in_scope: &impl Fn(&RepoPath) -> bool,
    whole: bool,
) -> NamesResult {
    let mut result = NamesResult { looked: vec![false; listing.entries.len()], ..NamesResult::default() };
    let mut problems = Vec::new();
    for (number, planned) in plan.checks.iter().enumerate() {
        if planned.selector.is_some() || !plan.applies[planned.guideline] {
            continue;
        }
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let spec = &guidelines[planned.guideline].checks[planned.check];
        match compile_names(spec) {
            Ok(Some(check)) => {
                let mut looked_at = 0usize;
                let (message, fix): (_, Option<&FixSpec>) = (spec.message.as_deref(), spec.fix.as_ref());
                let looked = &mut result.looked;
                check.assess(
                    number,
                    &listing.entries,
                    tree,
                    &RepoPath::from(""),
                    message,
                    fix,
                    &mut result.found,
                    &mut result.cannot_tell,
                    &mut |entry| {
                        if in_scope(&listing.entries[entry].path) {
                            looked[entry] = true;
                            looked_at += 1;
                        }
                    },
                );
                // A question about the whole repository is not asked of a part of it.
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

/// Puts every file that some check looks into in a class.
fn select(
    plan: &Plan,
    entries: &[Entry],
    in_scope: &(impl Fn(&RepoPath) -> bool + Sync),
) -> (Classes, Vec<(u32, u32)>) {
    let checks_of = |entry: &Entry| -> Option<(Vec<u32>, Option<Language>)> {
        let content = matches!(entry.kind, EntryKind::File | EntryKind::Special);
        if !content || !in_scope(&entry.path) {
            return None;
        }
        let path = entry.path.bytes();
        let language = language_of(path);
        let mut holds: Vec<Option<bool>> = vec![None; plan.conditions.len()];
        let mut numbers = Vec::new();
        for (number, planned) in plan.checks.iter().enumerate() {
            let (Some(selector), Some(condition)) = (&planned.selector, &plan.conditions[planned.guideline])
            else {
                continue;
            };
            if !plan.applies[planned.guideline] || !selector.selects(path, language) {
                continue;
            }
            if *holds[planned.guideline].get_or_insert_with(|| condition.holds_for(path, language)) {
                numbers.push(u32::try_from(number).unwrap_or(u32::MAX));
            }
        }
        (!numbers.is_empty()).then_some((numbers, language))
    };
    let chosen: Vec<_> = entries.par_iter().map(checks_of).collect();
    let mut classes = Classes::default();
    let mut class_of = Vec::new();
    for (file, chosen) in chosen.into_iter().enumerate() {
        if let Some((numbers, language)) = chosen {
            class_of.push((u32::try_from(file).unwrap_or(u32::MAX), classes.of(numbers, language)));
        }
    }
    (classes, class_of)
}
