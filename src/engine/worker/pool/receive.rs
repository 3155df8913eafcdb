//! Receives and validates the answers of workers.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::super::end_reason::WorkerEnd;
use super::super::limits;
use super::super::process::{Activity, CheckQuery, WorkerProcess};
use super::super::protocol::WorkerAnswer;
use super::super::serve::{CHECK_TIME, time_with_grace};
use super::{Pool, PoolEvent};
use crate::engine::budget::monotonic_time;
use crate::engine::file_result::SpecProblem;
use crate::engine::prefilter::Requirement;
use crate::engine::task::CheckFacts;

/// Maximum real time in which a worker with work may send nothing. Its processor time is limited much more
/// tightly; this limit is for a worker that blocks forever.
const MAX_SILENCE: Duration = Duration::from_secs(20);
/// Maximum time between two turns that counts as silence: the wait of a turn ends after one second.
const MAX_TURN: Duration = Duration::from_millis(1500);
/// Maximum number of messages per file or query, in addition to two per check.
const MESSAGES_PER_REQUEST: usize = 8;

impl Pool {
    /// Waits until a worker answers or `wake` becomes readable, and handles the answers.
    pub(super) fn wait_and_receive(&mut self, wake: Option<BorrowedFd<'_>>) {
        if self.running.iter().all(WorkerProcess::is_idle) && wake.is_none() {
            return;
        }
        let ready = self.poll(wake);
        // A longer time was not spent waiting: the machine was suspended, or this process was stopped.
        let now = monotonic_time();
        let passed = now.saturating_sub(self.turned).min(MAX_TURN);
        self.turned = now;
        // In reverse order: removing a worker only moves those after it.
        for (index, ready) in ready.into_iter().enumerate().rev() {
            let worker = &mut self.running[index];
            let mut answers = Vec::new();
            let mut end = None;
            if ready {
                worker.write();
                worker.read_stderr();
                end = worker.read(&mut answers).err();
            }
            if answers.is_empty() && !worker.is_idle() {
                worker.silent_for += passed;
            } else {
                worker.reset_silence();
            }
            // Answers that arrived before the end are valid.
            if !answers.into_iter().all(|answer| self.handle_answer(index, answer)) {
                end = Some(WorkerEnd::InvalidAnswer);
            }
            if let Some(end) = end.or_else(|| self.overdue_end(index)) {
                self.recover_from_end(index, end);
            }
        }
    }

    /// Returns whether a worker has been silent for too long, by real time or processor time. Usually its own
    /// thread or the kernel's limit ends it much earlier. Both fail if that thread is broken and the caller
    /// of this program made it ignore the kernel's signal.
    fn overdue_end(&mut self, index: usize) -> Option<WorkerEnd> {
        let worker = &mut self.running[index];
        if worker.silent_for > MAX_SILENCE {
            return Some(WorkerEnd::NoAnswer);
        }
        let allowed = match worker.activity {
            Activity::Idle => return None,
            Activity::Check(_) => CHECK_TIME,
            Activity::File(_) => worker.assigned.front().map_or(CHECK_TIME, |assigned| {
                time_with_grace(self.file_limits.time_for(assigned.bytes.len(), assigned.job.earlier))
            }),
        };
        (worker.cpu_time_in_silence()? > allowed + limits::SPARE_TIME).then_some(WorkerEnd::CpuTimeExceeded)
    }

    /// Waits until a pipe is readable or writable. Returns for each worker whether it is ready; `wake` only
    /// ends the wait.
    fn poll(&self, wake: Option<BorrowedFd<'_>>) -> Vec<bool> {
        let mut fds: Vec<PollFd<'_>> = Vec::new();
        let mut owner: Vec<usize> = Vec::new();
        for (index, worker) in self.running.iter().enumerate() {
            let outputs = [Some(worker.stdout_fd()), worker.stderr_fd()].into_iter().flatten();
            fds.extend(outputs.map(|output| PollFd::from_borrowed_fd(output, PollFlags::IN)));
            let input = worker.writable_input();
            fds.extend(input.map(|input| PollFd::from_borrowed_fd(input, PollFlags::OUT)));
            owner.resize(fds.len(), index);
        }
        fds.extend(wake.map(|wake| PollFd::from_borrowed_fd(wake, PollFlags::IN)));
        let second = Timespec { tv_sec: 1, tv_nsec: 0 };
        // An interrupted wait counts as one without results.
        let _ = poll(&mut fds, Some(&second));
        let mut ready = vec![false; self.running.len()];
        for (fd, owner) in fds.iter().zip(owner) {
            ready[owner] |= !fd.revents().is_empty();
        }
        ready
    }

    /// Handles an answer. Returns false if it is invalid: then the worker is corrupted and must be
    /// terminated.
    fn handle_answer(&mut self, index: usize, answer: WorkerAnswer) -> bool {
        let worker = &mut self.running[index];
        // Each check is announced at most twice before a request is finished.
        worker.unfinished_messages += 1;
        if worker.unfinished_messages > 2 * self.numbers.len() + MESSAGES_PER_REQUEST {
            return false;
        }
        match answer {
            // Unknown check numbers are ignored when costs are shown.
            WorkerAnswer::Costs(costs) => self.costs.add(costs),
            WorkerAnswer::Compiling(number) => {
                if !self.numbers.contains(&number) {
                    return false;
                }
                worker.activity = Activity::Check(number);
            }
            WorkerAnswer::Starting(file) => {
                if worker.assigned.front().is_none_or(|assigned| assigned.job.file != file) {
                    return false;
                }
                worker.activity = Activity::File(file);
            }
            WorkerAnswer::Facts(number, facts) => {
                if worker.queries.pop_front_if(|it| *it == CheckQuery::Facts(number)).is_none() {
                    return false;
                }
                worker.finish_request();
                self.ends_without_answer = 0;
                let facts = facts.unwrap_or_else(|| CheckFacts {
                    requirement: Requirement::Anything,
                    problems: vec![SpecProblem::new(&[], "the worker process does not know this check")],
                    unsure: true,
                });
                self.done.push(PoolEvent::Facts(number, facts));
            }
            WorkerAnswer::Problems(number, problems) => {
                if worker.queries.pop_front_if(|it| *it == CheckQuery::Problems(number)).is_none() {
                    return false;
                }
                worker.finish_request();
                self.ends_without_answer = 0;
                self.done.push(PoolEvent::Problems(number, problems));
            }
            WorkerAnswer::Finished(result, is_spent) => {
                let sound = worker.assigned.front().is_some_and(|assigned| {
                    let is_active = |number: u32| assigned.job.active.contains(&number);
                    assigned.job.file == result.file
                        && result.found.iter().all(|found| {
                            is_active(found.check)
                                && found.is_sound()
                                && found.end.byte <= assigned.bytes.len() as u64
                        })
                        && result.cannot_tell.iter().all(|it| it.check.is_none_or(is_active))
                        && result.comments.is_empty()
                });
                if !sound {
                    return false;
                }
                worker.finish_request();
                self.ends_without_answer = 0;
                if let Some(assigned) = worker.assigned.pop_front() {
                    worker.assigned_bytes -= assigned.bytes.len();
                }
                self.slow_files += u32::from(is_spent);
                self.done.push(PoolEvent::File(result));
            }
        }
        true
    }
}
