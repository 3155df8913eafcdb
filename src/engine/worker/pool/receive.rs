//! Listening to the workers: waits for what they say, and believes it only where it makes sense.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::super::ending::End;
use super::super::limits;
use super::super::process::{At, Process, Question};
use super::super::protocol::Answer;
use super::super::serve::{CHECK_TIME, with_grace};
use super::{Pool, Progressed};
use crate::engine::budget::monotonic_time;
use crate::engine::found::SpecProblem;
use crate::engine::prefilter::Requirement;
use crate::engine::task::Facts;

/// Longest silence of a worker that has work, in real time. Its processor time is limited much more
/// closely; this is for one that waits for what never comes.
const SILENCE: Duration = Duration::from_secs(20);
/// Time between two turns that counts as silence at most: the wait of a turn ends after a second.
const LONGEST_TURN: Duration = Duration::from_millis(1500);
/// What a worker says for each file or question besides what it says about each check.
const SMALL_TALK: usize = 8;

impl Pool {
    /// Waits until a worker or `wake` has something to say, and takes what the workers say.
    pub(super) fn wait(&mut self, wake: Option<BorrowedFd<'_>>) {
        if self.running.iter().all(Process::is_idle) && wake.is_none() {
            return;
        }
        let ready = self.poll(wake);
        // What no turn lasts was not waited for: the machine slept, or this process was stopped.
        let now = monotonic_time();
        let passed = now.saturating_sub(self.turned).min(LONGEST_TURN);
        self.turned = now;
        // From the end: ending one moves only those behind it.
        for (index, ready) in ready.into_iter().enumerate().rev() {
            let worker = &mut self.running[index];
            let mut answers = Vec::new();
            let mut end = None;
            if ready {
                worker.write();
                worker.listen();
                end = worker.read(&mut answers).err();
            }
            if answers.is_empty() && !worker.is_idle() {
                worker.silence += passed;
            } else {
                worker.has_spoken();
            }
            // What it said before it ended counts.
            if !answers.into_iter().all(|answer| self.take(index, answer)) {
                end = Some(End::Distrusted);
            }
            if let Some(end) = end.or_else(|| self.overdue(index)) {
                self.bury(index, end);
            }
        }
    }

    /// Whether a worker has been silent for too long, by the clock or by what it used of the processor. Long
    /// before that it is ended by its own thread or by the kernel's limit: unless that thread is broken,
    /// and whoever started this program has made it ignore the kernel's signal.
    fn overdue(&mut self, index: usize) -> Option<End> {
        let worker = &mut self.running[index];
        if worker.silence > SILENCE {
            return Some(End::Silent);
        }
        let allowed = match worker.at {
            At::Nothing => return None,
            At::Check(_) => CHECK_TIME,
            At::File(_) => worker.given.front().map_or(CHECK_TIME, |given| {
                with_grace(self.file_limits.time_for(given.bytes.len(), given.job.earlier))
            }),
        };
        (worker.used_in_silence()? > allowed + limits::SPARE).then_some(End::Spent)
    }

    /// Waits for something to read or write, and says which workers have it. `wake` only ends the wait.
    fn poll(&self, wake: Option<BorrowedFd<'_>>) -> Vec<bool> {
        let mut fds: Vec<PollFd<'_>> = Vec::new();
        let mut owner: Vec<usize> = Vec::new();
        for (index, worker) in self.running.iter().enumerate() {
            let heard = [Some(worker.answers()), worker.complaints()].into_iter().flatten();
            fds.extend(heard.map(|heard| PollFd::from_borrowed_fd(heard, PollFlags::IN)));
            let input = worker.wants_to_write();
            fds.extend(input.map(|input| PollFd::from_borrowed_fd(input, PollFlags::OUT)));
            owner.resize(fds.len(), index);
        }
        fds.extend(wake.map(|wake| PollFd::from_borrowed_fd(wake, PollFlags::IN)));
        let second = Timespec { tv_sec: 1, tv_nsec: 0 };
        // An interrupted wait is a wait that found nothing.
        let _ = poll(&mut fds, Some(&second));
        let mut ready = vec![false; self.running.len()];
        for (fd, owner) in fds.iter().zip(owner) {
            ready[owner] |= !fd.revents().is_empty();
        }
        ready
    }

    /// Takes an answer. Returns false when it makes no sense: then the worker is not to be trusted.
    fn take(&mut self, index: usize, answer: Answer) -> bool {
        let worker = &mut self.running[index];
        // Each check is announced at most twice before something is finished.
        worker.talk += 1;
        if worker.talk > 2 * self.numbers.len() + SMALL_TALK {
            return false;
        }
        match answer {
            // Numbers of no check of the task are passed over when they are shown.
            Answer::Costs(costs) => self.costs.add(costs),
            Answer::Compiling(number) => {
                if !self.numbers.contains(&number) {
                    return false;
                }
                worker.at = At::Check(number);
            }
            Answer::Starting(file) => {
                if worker.given.front().is_none_or(|given| given.job.file != file) {
                    return false;
                }
                worker.at = At::File(file);
            }
            Answer::Facts(number, facts) => {
                if worker.questions.pop_front_if(|it| *it == Question::Facts(number)).is_none() {
                    return false;
                }
                worker.has_finished();
                self.fruitless = 0;
                let facts = facts.unwrap_or_else(|| Facts {
                    requirement: Requirement::Anything,
                    problems: vec![SpecProblem::new(&[], "the worker does not know this check")],
                    unsure: true,
                });
                self.done.push(Progressed::Facts(number, facts));
            }
            Answer::Problems(number, problems) => {
                if worker.questions.pop_front_if(|it| *it == Question::Problems(number)).is_none() {
                    return false;
                }
                worker.has_finished();
                self.fruitless = 0;
                self.done.push(Progressed::Problems(number, problems));
            }
            Answer::Finished(result, is_spent) => {
                let sound = worker.given.front().is_some_and(|given| {
                    let asked = |number: u32| given.job.active.contains(&number);
                    given.job.file == result.file
                        && result.found.iter().all(|found| {
                            asked(found.check)
                                && found.is_sound()
                                && found.end.byte <= given.bytes.len() as u64
                        })
                        && result.cannot_tell.iter().all(|it| it.check.is_none_or(asked))
                        && result.comments.is_empty()
                });
                if !sound {
                    return false;
                }
                worker.has_finished();
                self.fruitless = 0;
                if let Some(given) = worker.given.pop_front() {
                    worker.load -= given.bytes.len();
                }
                self.spent += u32::from(is_spent);
                self.done.push(Progressed::File(result));
            }
        }
        true
    }
}
