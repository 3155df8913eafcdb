//! The parent's side: starts workers when there is work, gives them files, and goes on when one dies.
//!
//! Here work is handed out; `hear` waits for what workers say, and `lose` is for when one ends. Everything
//! happens on the thread that calls [`Pool::turn`]: one loop over all pipes, no locks. (On Linux a worker
//! dies with the thread that started it, so that thread must last.)

mod hear;
mod lose;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use self::lose::{cannot_tell, deadly_problem, unanswered};
use super::limits;
use super::process::{Given, Process, Question};
use super::protocol::{Request, encode_request};
use crate::engine::budget::monotonic_time;
use crate::engine::found::{FileResult, SpecProblem};
use crate::engine::limits::Limits;
use crate::engine::meter::Costs;
use crate::engine::task::{Facts, Job, Task};
use crate::model::{CheckKind, Reason};

/// A worker with so many files, or so many bytes of them, gets no more for now.
const MOST_FILES: usize = 24;
const MOST_BYTES: usize = 384 << 10;
/// Another worker is started when each has so many files, or so many bytes of them, to do.
const BUSY_FILES: usize = 6;
const BUSY_BYTES: usize = 128 << 10;
/// Bytes of memory that a dense text may take for each of its own while it is parsed or loaded (measured: 70
/// for minified JavaScript), and what a worker needs besides.
const HUNGER: u64 = 72;
const BASE_MEMORY: u64 = 16 << 20;
/// Something that came of a turn.
pub enum Progressed {
    /// A file is done.
    File(FileResult),
    /// What is known about a check.
    Facts(u32, Facts),
    /// What is wrong with a check.
    Problems(u32, Vec<SpecProblem>),
}

/// The workers of a run.
pub struct Pool {
    program: PathBuf,
    most: usize,
    /// The task as it is sent.
    begin: Arc<Vec<u8>>,
    running: Vec<Process>,
    /// Work that no worker has.
    waiting: VecDeque<Given>,
    /// Work that needs more memory than a share: for one worker while there is no other.
    alone: VecDeque<Given>,
    /// By class: whether its files are parsed or loaded.
    is_parsed: Vec<bool>,
    /// Bounds of the work on one file.
    file_limits: Limits,
    /// Memory of each worker while several are at work, in bytes.
    share: u64,
    /// Files that used up their time or were slow to parse.
    spent: u32,
    /// Files that needed too much memory also alone.
    insatiable: u32,
    questions: VecDeque<Question>,
    /// Numbers of the task's checks.
    numbers: BTreeSet<u32>,
    /// Checks during whose compilation one worker ended, for whatever reason.
    suspected: Vec<u32>,
    /// Checks that two workers did not survive.
    deadly: Vec<u32>,
    fruitless: usize,
    /// Why no worker can be started, once that is known.
    hopeless: Option<String>,
    done: Vec<Progressed>,
    /// When the last turn ended.
    turned: Duration,
    /// What checks cost, as workers said.
    pub costs: Costs,
}

impl Pool {
    /// At most `most` workers, each `program` with its worker command. None is started yet.
    pub fn new(program: PathBuf, most: usize, task: &Task) -> Self {
        let (begin, hopeless) = match encode_request(&RequestRef::Begin(task), 0) {
            Ok(begin) => (begin, None),
            Err(error) => (Vec::new(), Some(format!("the guidelines cannot be handed to a worker: {error}"))),
        };
        Self {
            program,
            most: most.max(1),
            file_limits: task.limits,
            share: limits::share(most),
            is_parsed: is_parsed(task),
            alone: VecDeque::new(),
            spent: 0,
            insatiable: 0,
            begin: Arc::new(begin),
            running: Vec::new(),
            waiting: VecDeque::new(),
            questions: VecDeque::new(),
            numbers: task.checks.iter().map(|(number, _)| *number).collect(),
            suspected: Vec::new(),
            deadly: Vec::new(),
            turned: monotonic_time(),
            fruitless: 0,
            hopeless,
            done: Vec::new(),
            costs: Costs::default(),
        }
    }

    /// Asks what is known about a check; the answer comes from a turn.
    pub fn ask_facts(&mut self, number: u32) {
        self.questions.push_back(Question::Facts(number));
    }

    /// Asks what is wrong with a check; the answer comes from a turn.
    pub fn ask_problems(&mut self, number: u32) {
        self.questions.push_back(Question::Problems(number));
    }

    /// Whether more files should be given now.
    pub fn has_room(&self) -> bool {
        self.waiting.is_empty()
            && self.alone.is_empty()
            && !self.running.iter().any(|it| it.alone)
            && (self.running.len() < self.most || self.running.iter().any(|it| !is_full(it)))
    }

    /// Whether everything that was asked is answered.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty()
            && self.alone.is_empty()
            && self.questions.is_empty()
            && self.done.is_empty()
            && self.running.iter().all(|it| it.given.is_empty() && it.questions.is_empty())
    }

    /// Takes a file to assess.
    pub fn give(&mut self, job: Job, bytes: Vec<u8>) {
        let is_parsed = self.is_parsed.get(job.class as usize).is_some_and(|it| *it);
        let hungry = bytes.len() as u64 * HUNGER + BASE_MEMORY > self.share;
        let queue = if is_parsed && hungry { &mut self.alone } else { &mut self.waiting };
        queue.push_back(Given { job, bytes: Arc::new(bytes) });
    }

    /// Hands out work, waits until a worker or `wake` has something to say, and returns what came of it.
    pub fn turn(&mut self, wake: Option<BorrowedFd<'_>>) -> Vec<Progressed> {
        self.hand_out();
        if self.done.is_empty() {
            self.wait(wake);
        }
        std::mem::take(&mut self.done)
    }

    /// Gives what is waiting to workers that have room.
    pub fn hand_out(&mut self) {
        while let Some(&question) = self.questions.front() {
            if self.deadly.contains(&question.number()) {
                self.done.push(unanswered(question, deadly_problem("")));
            } else if let Some(worker) = self.worker(|_| true) {
                let worker = &mut self.running[worker];
                let request = match question {
                    Question::Facts(number) => Request::Facts(number),
                    Question::Problems(number) => Request::Problems(number),
                };
                worker.expect_answer();
                worker.questions.push_back(question);
                worker.send(Arc::new(encode_request(&request, 0).unwrap_or_default()));
            } else {
                self.done.push(unanswered(question, SpecProblem::new(&[], self.hopeless_words())));
            }
            self.questions.pop_front();
        }
        if !self.hand_out_alone() {
            return;
        }
        while let Some(given) = self.waiting.front() {
            let size = given.bytes.len();
            if self.hopeless.is_some() {
                let detail = self.hopeless_words();
                if let Some(given) = self.waiting.pop_front() {
                    self.done.push(cannot_tell(&given.job, Reason::Died, detail));
                }
                continue;
            }
            let Some(index) =
                self.worker(|it| !is_full(it) && (it.load + size <= MOST_BYTES || it.load == 0))
            else {
                if self.hopeless.is_some() {
                    continue;
                }
                break;
            };
            let Some(mut given) = self.waiting.pop_front() else { break };
            given.job.active.retain(|number| !self.deadly.contains(number));
            given.job.memory = self.share;
            self.hand_to(index, given);
        }
    }

    /// Gives a hungry file to a worker while there is no other. Returns whether others may work, too.
    fn hand_out_alone(&mut self) -> bool {
        let is_over = |it: &Process| it.is_idle() && it.alone;
        if self.running.iter().any(is_over) || !self.alone.is_empty() {
            if self.running.iter().any(|it| !it.is_idle()) {
                return false;
            }
            // They may hold memory that they do not need any more.
            self.running.clear();
        }
        while let Some(mut given) = self.alone.pop_front() {
            given.job.active.retain(|number| !self.deadly.contains(number));
            given.job.memory = limits::ALONE;
            self.start();
            let Some(worker) = self.running.first_mut() else {
                let detail = self.hopeless_words();
                self.done.push(cannot_tell(&given.job, Reason::Died, detail));
                continue;
            };
            worker.alone = true;
            self.hand_to(0, given);
            // What could not be handed over is done.
            if self.running.iter().any(|it| !it.is_idle()) {
                return false;
            }
        }
        !self.running.iter().any(|it| it.alone && !it.is_idle())
    }

    fn hand_to(&mut self, index: usize, mut given: Given) {
        given.job.earlier = self.spent;
        let worker = &mut self.running[index];
        let head = encode_request(&RequestRef::File(&given.job), given.bytes.len());
        let Ok(head) = head else {
            let detail = "it is too large to be handed to a worker".to_owned();
            return self.done.push(cannot_tell(&given.job, Reason::TooBig, detail));
        };
        worker.expect_answer();
        worker.send(Arc::new(head));
        worker.send(Arc::clone(&given.bytes));
        worker.load += given.bytes.len();
        worker.given.push_back(given);
        // What fits goes at once, without another look at all pipes.
        worker.write();
    }

    /// The least busy worker that `can` take something; another is started if all are busy.
    fn worker(&mut self, can: impl Fn(&Process) -> bool) -> Option<usize> {
        let busy = |it: &Process| it.given.len() >= BUSY_FILES || it.load >= BUSY_BYTES;
        if self.running.len() < self.most && self.running.iter().all(busy) {
            self.start();
        }
        let able = self.running.iter().enumerate().filter(|(_, it)| can(it));
        able.min_by_key(|(_, it)| it.load + it.given.len()).map(|(index, _)| index)
    }

    fn start(&mut self) {
        if self.hopeless.is_some() {
            return;
        }
        match Process::start(&self.program) {
            Ok(mut worker) => {
                worker.send(Arc::clone(&self.begin));
                self.running.push(worker);
            }
            // With one running, the run goes on.
            Err(error) if self.running.is_empty() => {
                self.hopeless = Some(format!("the worker process could not be started: {error}"));
            }
            Err(_) => self.most = self.running.len(),
        }
    }

    fn hopeless_words(&self) -> String {
        self.hopeless.clone().unwrap_or_else(|| "no worker process could be started".to_owned())
    }
}

/// A request without a copy of what it is about.
#[derive(serde::Serialize)]
enum RequestRef<'a> {
    Begin(&'a Task),
    File(&'a Job),
}

/// Which classes have checks that parse or load their files.
fn is_parsed(task: &Task) -> Vec<bool> {
    let parses = |kind: &CheckKind| matches!(kind, CheckKind::Code(_) | CheckKind::Data(_));
    let parsing: Vec<u32> =
        task.checks.iter().filter(|(_, it)| parses(&it.kind)).map(|(number, _)| *number).collect();
    let classes = task.classes.iter();
    classes.map(|spec| spec.numbers.iter().any(|number| parsing.contains(number))).collect()
}

fn is_full(worker: &Process) -> bool {
    worker.given.len() >= MOST_FILES || worker.load >= MOST_BYTES
}
