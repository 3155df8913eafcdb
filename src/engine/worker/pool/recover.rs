//! Handles the end of a worker: reports the file or check it was processing, reassigns its other work, and
//! decides which work is retried.

use super::super::end_reason::{self, WorkerEnd};
use super::super::process::{Activity, AssignedFile, CheckQuery};
use super::{Pool, PoolEvent};
use crate::engine::file_result::{CannotTell, FileResult, SpecProblem};
use crate::engine::prefilter::Requirement;
use crate::engine::task::{CheckFacts, FileJob};
use crate::model::Reason;

/// Number of consecutive workers that end without any answer after which no worker is started any more.
const MAX_ENDS_WITHOUT_ANSWER: usize = 50;
/// Number of files that exceeded the memory of a worker alone after which no file is retried alone.
const MAX_FAILED_ALONE: u32 = 8;

impl Pool {
    /// Handles a file whose worker ended: retries it in a worker that runs alone if the memory was
    /// insufficient.
    fn retry_or_give_up(&mut self, assigned: AssignedFile, was_alone: bool, reason: Reason, detail: String) {
        let needs_memory = detail == end_reason::OUT_OF_MEMORY;
        self.slow_files += u32::from(reason == Reason::Budget);
        self.failed_alone += u32::from(needs_memory && was_alone);
        if needs_memory && !was_alone && self.failed_alone < MAX_FAILED_ALONE {
            return self.alone_files.push_back(assigned);
        }
        let detail = if needs_memory && !was_alone {
            let earlier = self.failed_alone;
            format!(
                "{detail} while other files are processed (not retried alone: {earlier} earlier files exceeded it alone)"
            )
        } else {
            detail
        };
        self.done.push(cannot_tell_result(&assigned.job, reason, detail));
    }

    /// Removes a worker that ended or must end: reports what it was processing, and reassigns its other work.
    pub(super) fn recover_from_end(&mut self, index: usize, end: WorkerEnd) {
        let hung = end == WorkerEnd::NoAnswer;
        let mut worker = self.running.remove(index);
        let (reason, detail) = worker.terminate(end);
        if !worker.answered {
            self.ends_without_answer += 1;
        }
        let at = match (worker.activity, worker.assigned.front(), worker.queries.front()) {
            // It hangs without an announcement since its last answer: the first assigned file or query counts as
            // the cause.
            (Activity::Idle, Some(assigned), _) if hung => Activity::File(assigned.job.file),
            (Activity::Idle, None, Some(query)) if hung => Activity::Check(query.number()),
            (at, _, _) => at,
        };
        let mut assigned = std::mem::take(&mut worker.assigned);
        match at {
            Activity::File(file) => {
                if let Some(at) = assigned.iter().position(|assigned| assigned.job.file == file)
                    && let Some(assigned) = assigned.remove(at)
                {
                    self.retry_or_give_up(assigned, worker.alone, reason, detail.clone());
                }
            }
            // A single end may have an external cause; the second one at the same check does not.
            Activity::Check(number) if !self.suspected_checks.contains(&number) => {
                self.suspected_checks.push(number);
            }
            Activity::Check(number) => {
                self.crashing_checks.push(number);
                let known = worker.queries.iter().position(|query| query.number() == number);
                match known.and_then(|at| worker.queries.remove(at)) {
                    Some(query) => self.done.push(unanswered_query(query, crash_problem(&detail))),
                    // The facts were answered before, when the check still compiled. This event reports the
                    // problem to the run, which is already using the check.
                    None => {
                        self.done.push(unanswered_query(CheckQuery::Facts(number), crash_problem(&detail)));
                    }
                }
            }
            Activity::Idle => {}
        }
        self.waiting_files.extend(assigned);
        self.queries.extend(worker.queries.drain(..));
        if self.ends_without_answer >= MAX_ENDS_WITHOUT_ANSWER {
            self.start_error = Some(format!(
                "{MAX_ENDS_WITHOUT_ANSWER} worker processes in a row ended without an answer: {detail}"
            ));
        }
    }
}

/// Returns the event for a query that cannot be answered.
pub(super) fn unanswered_query(query: CheckQuery, problem: SpecProblem) -> PoolEvent {
    let problems = vec![problem];
    match query {
        CheckQuery::Facts(number) => PoolEvent::Facts(
            number,
            CheckFacts { requirement: Requirement::Anything, problems, unsure: true },
        ),
        CheckQuery::Problems(number) => PoolEvent::Problems(number, problems),
    }
}

/// Returns the event for a file that cannot be assessed.
pub(super) fn cannot_tell_result(job: &FileJob, reason: Reason, detail: String) -> PoolEvent {
    let cannot_tell = vec![CannotTell { check: None, reason, detail }];
    PoolEvent::File(FileResult::unknown(job.file, cannot_tell))
}

/// Returns the problem of a check during whose compilation two workers ended.
pub(super) fn crash_problem(detail: &str) -> SpecProblem {
    let why = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
    SpecProblem::new(&[], format!("two worker processes ended while compiling this check{why}"))
        .with_help("simplify its patterns; `stanchion test` shows which check it is")
}
