//! Finds every problem of a guideline, for authors, including problems of checks that no file needs.

use std::path::Path;
use std::sync::Arc;

use super::applies::Condition;
use super::checks::tool;
use super::compiled::compile_names;
use super::plan::PlanProblem;
use super::select::Selector;
use super::session::{CheckSession, NoAnnounce};
use super::task::Task;
#[cfg(unix)]
use super::worker::{Pool, PoolEvent};
use super::{Limits, SpecProblem};
use crate::model::{Check, CheckKind, Guideline};

/// Compiles every check of a guideline and returns all problems, without assessing a file. `worker` is the
/// program that compiles them in a child process (see [`super::Options::worker`]).
#[must_use]
pub fn problems_of_guideline(guideline: &Arc<Guideline>, worker: Option<&Path>) -> Vec<PlanProblem> {
    let at = |check: Option<usize>| move |problem| PlanProblem { guideline: 0, check, problem };
    let mut all: Vec<PlanProblem> =
        Condition::new(&guideline.applies).err().into_iter().flatten().map(at(None)).collect();
    let mut contents = content_check_problems(guideline, worker);
    for (index, check) in guideline.checks.iter().enumerate() {
        let names = [Selector::new(check).map(|_| ()), compile_names(check).map(|_| ())];
        let mut problems: Vec<SpecProblem> = names.into_iter().filter_map(Result::err).flatten().collect();
        problems.append(&mut contents[index]);
        if let CheckKind::Tool(spec) = &check.kind {
            problems.extend(tool::find_problems(spec));
        }
        problems.dedup();
        all.extend(problems.into_iter().map(at(Some(index))));
    }
    all
}

/// Returns the problems of the checks of contents, one list per check.
fn content_check_problems(guideline: &Guideline, worker: Option<&Path>) -> Vec<Vec<SpecProblem>> {
    let mut all = vec![Vec::new(); guideline.checks.len()];
    let numbered = guideline.checks.iter().zip(0u32..);
    let checks: Vec<(u32, Check)> = numbered
        .filter(|(check, _)| !matches!(check.kind, CheckKind::Files(_) | CheckKind::Tool(_)))
        .map(|(check, number)| (number, check.clone()))
        .collect();
    let task =
        Arc::new(Task { limits: Limits::default(), checks, classes: vec![], filter: true, timings: false });
    #[cfg(unix)]
    if let Some(program) = worker {
        let mut pool = Pool::new(program.to_path_buf(), 1, &task);
        task.checks.iter().for_each(|(number, _)| pool.request_problems(*number));
        while !pool.is_idle() {
            for done in pool.run_turn(None) {
                if let PoolEvent::Problems(number, problems) = done {
                    all[number as usize] = problems;
                }
            }
        }
        return all;
    }
    let _ = worker;
    let mut session = CheckSession::new(Arc::clone(&task));
    for (number, _) in &task.checks {
        all[*number as usize] = session.problems(*number, &mut NoAnnounce);
    }
    all
}
