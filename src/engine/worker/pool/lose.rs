//! When a worker ends: says what it was at, gives what else it had to others, and decides what is tried again.

use super::super::ending::{self, End};
use super::super::process::{At, Given, Question};
use super::{Pool, Progressed};
use crate::engine::found::{CannotTell, FileResult, SpecProblem};
use crate::engine::prefilter::Requirement;
use crate::engine::task::{Facts, Job};
use crate::model::Reason;

/// Deaths in a row without any answer after which no worker is started any more.
const FRUITLESS: usize = 50;
/// Files that did not survive alone after which none gets a second chance.
const MOST_SECOND_CHANCES: u32 = 8;

impl Pool {
    /// A worker did not survive this file: it gets a second chance alone when the memory did not suffice.
    fn give_up(&mut self, given: Given, was_alone: bool, reason: Reason, detail: String) {
        let hungry = detail == ending::NO_MEMORY;
        self.spent += u32::from(reason == Reason::Budget);
        self.insatiable += u32::from(hungry && was_alone);
        if hungry && !was_alone && self.insatiable < MOST_SECOND_CHANCES {
            return self.alone.push_back(given);
        }
        let detail = if hungry && !was_alone {
            let tried = self.insatiable;
            format!(
                "{detail} beside others (not tried alone: {tried} files before it needed too much also alone)"
            )
        } else {
            detail
        };
        self.done.push(cannot_tell(&given.job, reason, detail));
    }

    /// Says what a dead worker was at, and gives what else it had to others.
    pub(super) fn bury(&mut self, index: usize, end: End) {
        let hung = end == End::Silent;
        let mut worker = self.running.remove(index);
        let (reason, detail) = worker.end(end);
        if !worker.answered {
            self.fruitless += 1;
        }
        let at = match (worker.at, worker.given.front(), worker.questions.front()) {
            // It took what it was given and said nothing more: the first is what it hangs at.
            (At::Nothing, Some(given), _) if hung => At::File(given.job.file),
            (At::Nothing, None, Some(question)) if hung => At::Check(question.number()),
            (at, _, _) => at,
        };
        let mut given = std::mem::take(&mut worker.given);
        match at {
            At::File(file) => {
                if let Some(at) = given.iter().position(|given| given.job.file == file)
                    && let Some(given) = given.remove(at)
                {
                    self.give_up(given, worker.alone, reason, detail.clone());
                }
            }
            // One end may come from outside; the same check twice does not.
            At::Check(number) if !self.suspected.contains(&number) => self.suspected.push(number),
            At::Check(number) => {
                self.deadly.push(number);
                let known = worker.questions.iter().position(|question| question.number() == number);
                match known.and_then(|at| worker.questions.remove(at)) {
                    Some(question) => self.done.push(unanswered(question, deadly_problem(&detail))),
                    // It compiled in the first worker and does not here: whoever asks is told.
                    None => self.done.push(unanswered(Question::Facts(number), deadly_problem(&detail))),
                }
            }
            At::Nothing => {}
        }
        self.waiting.extend(given);
        self.questions.extend(worker.questions.drain(..));
        if self.fruitless >= FRUITLESS {
            self.hopeless = Some(format!("no worker process lives long enough: {detail}"));
        }
    }
}

/// The answer when a question cannot be answered.
pub(super) fn unanswered(question: Question, problem: SpecProblem) -> Progressed {
    let problems = vec![problem];
    match question {
        Question::Facts(number) => {
            Progressed::Facts(number, Facts { requirement: Requirement::Anything, problems, unsure: true })
        }
        Question::Problems(number) => Progressed::Problems(number, problems),
    }
}

/// A file about which nothing can be told.
pub(super) fn cannot_tell(job: &Job, reason: Reason, detail: String) -> Progressed {
    let cannot_tell = vec![CannotTell { check: None, reason, detail }];
    Progressed::File(FileResult::unknown(job.file, cannot_tell))
}

/// What is wrong with a check that workers do not survive.
pub(super) fn deadly_problem(detail: &str) -> SpecProblem {
    let why = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
    SpecProblem::new(&[], format!("a worker process did not survive compiling this check{why}"))
        .with_help("simplify its patterns; `stanchion test` shows which one it is")
}
