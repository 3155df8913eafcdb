//! The parent's side: starts workers on demand, assigns files to them, and continues when a worker ends.
//!
//! This module assigns work, `receive` waits for answers, and `recover` handles the end of a worker. All of
//! it runs on the thread that calls [`Pool::run_turn`]: one loop over all pipes, without locks. (On Linux a
//! worker is killed when the thread that started it ends, so that thread must outlive the pool.)

mod receive;
mod recover;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use self::recover::{cannot_tell_result, crash_problem, unanswered_query};
use super::limits;
use super::process::{AssignedFile, CheckQuery, WorkerProcess};
use super::protocol::{Request, encode_request};
use crate::engine::budget::monotonic_time;
use crate::engine::file_result::{FileResult, SpecProblem};
use crate::engine::limits::Limits;
use crate::engine::meter::Costs;
use crate::engine::task::{CheckFacts, FileJob, Task};
use crate::model::{CheckKind, Reason};

/// Maximum number of files assigned to a worker at a time, and of their bytes.
const MAX_FILES: usize = 24;
const MAX_BYTES: usize = 384 << 10;
/// If every worker has this number of assigned files, or of their bytes, another worker is started.
const BUSY_FILES: usize = 6;
const BUSY_BYTES: usize = 128 << 10;
/// Memory that each byte of a dense text may need while it is parsed or loaded, in bytes (measured: 70 for
/// minified JavaScript).
const MEMORY_PER_BYTE: u64 = 72;
/// Memory that a worker needs in addition, in bytes.
const BASE_MEMORY: u64 = 16 << 20;

/// A result of one turn of the pool.
pub enum PoolEvent {
    /// Result of a file.
    File(FileResult),
    /// Facts of the check with this number.
    Facts(u32, CheckFacts),
    /// Problems of the check with this number.
    Problems(u32, Vec<SpecProblem>),
}

/// The workers of a run.
pub struct Pool {
    program: PathBuf,
    max_workers: usize,
    /// The encoded task.
    begin: Arc<Vec<u8>>,
    running: Vec<WorkerProcess>,
    /// Files that are not assigned to a worker yet.
    waiting_files: VecDeque<AssignedFile>,
    /// Files that need more memory than a share: for a single worker while no other runs.
    alone_files: VecDeque<AssignedFile>,
    /// By file class: whether its files are parsed or loaded.
    is_parsed: Vec<bool>,
    /// Limits of the work on one file.
    file_limits: Limits,
    /// Memory limit of each worker while several are working, in bytes.
    share: u64,
    /// Number of files that used up their time or were slow to parse.
    slow_files: u32,
    /// Number of files that needed too much memory even in a worker that ran alone.
    failed_alone: u32,
    /// Queries that are not sent yet.
    queries: VecDeque<CheckQuery>,
    /// Numbers of the task's checks.
    numbers: BTreeSet<u32>,
    /// Checks during whose compilation one worker ended, for any reason.
    suspected_checks: Vec<u32>,
    /// Checks during whose compilation two workers ended.
    crashing_checks: Vec<u32>,
    /// Number of consecutive workers that ended without any answer.
    ends_without_answer: usize,
    /// Reason why no worker can be started.
    start_error: Option<String>,
    done: Vec<PoolEvent>,
    /// Time of the end of the last turn.
    turned: Duration,
    /// Cost of the checks, as reported by the workers.
    pub costs: Costs,
}

impl Pool {
    /// Creates a pool of at most `max_workers` workers, which run `program` with its worker command. Does not
    /// start any worker yet.
    pub fn new(program: PathBuf, max_workers: usize, task: &Task) -> Self {
        let (begin, start_error) = match encode_request(&RequestRef::Begin(task), 0) {
            Ok(begin) => (begin, None),
            Err(error) => {
                (Vec::new(), Some(format!("the guidelines cannot be sent to a worker process: {error}")))
            }
        };
        Self {
            program,
            max_workers: max_workers.max(1),
            file_limits: task.limits,
            share: limits::memory_share(max_workers),
            is_parsed: is_parsed(task),
            alone_files: VecDeque::new(),
            slow_files: 0,
            failed_alone: 0,
            begin: Arc::new(begin),
            running: Vec::new(),
            waiting_files: VecDeque::new(),
            queries: VecDeque::new(),
            numbers: task.checks.iter().map(|(number, _)| *number).collect(),
            suspected_checks: Vec::new(),
            crashing_checks: Vec::new(),
            turned: monotonic_time(),
            ends_without_answer: 0,
            start_error,
            done: Vec::new(),
            costs: Costs::default(),
        }
    }

    /// Requests the facts of a check; a later turn returns them.
    pub fn request_facts(&mut self, number: u32) {
        self.queries.push_back(CheckQuery::Facts(number));
    }

    /// Requests the problems of a check; a later turn returns them.
    pub fn request_problems(&mut self, number: u32) {
        self.queries.push_back(CheckQuery::Problems(number));
    }

    /// Whether the pool can take more files now.
    pub fn has_room(&self) -> bool {
        self.waiting_files.is_empty()
            && self.alone_files.is_empty()
            && !self.running.iter().any(|it| it.alone)
            && (self.running.len() < self.max_workers || self.running.iter().any(|it| !is_full(it)))
    }

    /// Whether all files and queries are answered.
    pub fn is_idle(&self) -> bool {
        self.waiting_files.is_empty()
            && self.alone_files.is_empty()
            && self.queries.is_empty()
            && self.done.is_empty()
            && self.running.iter().all(|it| it.assigned.is_empty() && it.queries.is_empty())
    }

    /// Adds a file to assess.
    pub fn assign(&mut self, job: FileJob, bytes: Vec<u8>) {
        let is_parsed = self.is_parsed.get(job.class as usize).is_some_and(|it| *it);
        let needs_memory = bytes.len() as u64 * MEMORY_PER_BYTE + BASE_MEMORY > self.share;
        let queue = if is_parsed && needs_memory { &mut self.alone_files } else { &mut self.waiting_files };
        queue.push_back(AssignedFile { job, bytes: Arc::new(bytes) });
    }

    /// Assigns work, waits until a worker answers or `wake` becomes readable, and returns the results.
    pub fn run_turn(&mut self, wake: Option<BorrowedFd<'_>>) -> Vec<PoolEvent> {
        self.assign_work();
        if self.done.is_empty() {
            self.wait_and_receive(wake);
        }
        std::mem::take(&mut self.done)
    }

    /// Sends waiting queries and files to workers that have room.
    pub fn assign_work(&mut self) {
        while let Some(&query) = self.queries.front() {
            if self.crashing_checks.contains(&query.number()) {
                self.done.push(unanswered_query(query, crash_problem("")));
            } else if let Some(worker) = self.least_busy_worker(|_| true) {
                let worker = &mut self.running[worker];
                let request = match query {
                    CheckQuery::Facts(number) => Request::Facts(number),
                    CheckQuery::Problems(number) => Request::Problems(number),
                };
                worker.expect_answer();
                worker.queries.push_back(query);
                worker.send(Arc::new(encode_request(&request, 0).unwrap_or_default()));
            } else {
                self.done.push(unanswered_query(query, SpecProblem::new(&[], self.start_error_text())));
            }
            self.queries.pop_front();
        }
        if !self.assign_alone_files() {
            return;
        }
        while let Some(assigned) = self.waiting_files.front() {
            let size = assigned.bytes.len();
            if self.start_error.is_some() {
                let detail = self.start_error_text();
                if let Some(assigned) = self.waiting_files.pop_front() {
                    self.done.push(cannot_tell_result(&assigned.job, Reason::Died, detail));
                }
                continue;
            }
            let Some(index) = self.least_busy_worker(|it| {
                !is_full(it) && (it.assigned_bytes + size <= MAX_BYTES || it.assigned_bytes == 0)
            }) else {
                if self.start_error.is_some() {
                    continue;
                }
                break;
            };
            let Some(mut assigned) = self.waiting_files.pop_front() else { break };
            assigned.job.active.retain(|number| !self.crashing_checks.contains(number));
            assigned.job.memory = self.share;
            self.send_file(index, assigned);
        }
    }

    /// Assigns files that need much memory, one at a time, to a worker that runs alone. Returns whether other
    /// files may be assigned.
    fn assign_alone_files(&mut self) -> bool {
        let has_finished_alone = |it: &WorkerProcess| it.is_idle() && it.alone;
        if self.running.iter().any(has_finished_alone) || !self.alone_files.is_empty() {
            if self.running.iter().any(|it| !it.is_idle()) {
                return false;
            }
            // Idle workers may still hold memory.
            self.running.clear();
        }
        while let Some(mut assigned) = self.alone_files.pop_front() {
            assigned.job.active.retain(|number| !self.crashing_checks.contains(number));
            assigned.job.memory = limits::ALONE_BYTES;
            self.start();
            let Some(worker) = self.running.first_mut() else {
                let detail = self.start_error_text();
                self.done.push(cannot_tell_result(&assigned.job, Reason::Died, detail));
                continue;
            };
            worker.alone = true;
            self.send_file(0, assigned);
            // A file that could not be sent is already answered.
            if self.running.iter().any(|it| !it.is_idle()) {
                return false;
            }
        }
        !self.running.iter().any(|it| it.alone && !it.is_idle())
    }

    /// Sends a file to the worker with this index.
    fn send_file(&mut self, index: usize, mut assigned: AssignedFile) {
        assigned.job.earlier = self.slow_files;
        let worker = &mut self.running[index];
        let head = encode_request(&RequestRef::File(&assigned.job), assigned.bytes.len());
        let Ok(head) = head else {
            let detail = "it is too large to be sent to a worker process".to_owned();
            return self.done.push(cannot_tell_result(&assigned.job, Reason::TooBig, detail));
        };
        worker.expect_answer();
        worker.send(Arc::new(head));
        worker.send(Arc::clone(&assigned.bytes));
        worker.assigned_bytes += assigned.bytes.len();
        worker.assigned.push_back(assigned);
        // Writes as much as fits immediately, without another poll of all pipes.
        worker.write();
    }

    /// Returns the index of the least busy worker that satisfies `can`. Starts another worker if all are
    /// busy.
    fn least_busy_worker(&mut self, can: impl Fn(&WorkerProcess) -> bool) -> Option<usize> {
        let busy = |it: &WorkerProcess| it.assigned.len() >= BUSY_FILES || it.assigned_bytes >= BUSY_BYTES;
        if self.running.len() < self.max_workers && self.running.iter().all(busy) {
            self.start();
        }
        let able = self.running.iter().enumerate().filter(|(_, it)| can(it));
        able.min_by_key(|(_, it)| it.assigned_bytes + it.assigned.len()).map(|(index, _)| index)
    }

    fn start(&mut self) {
        if self.start_error.is_some() {
            return;
        }
        match WorkerProcess::start(&self.program) {
            Ok(mut worker) => {
                worker.send(Arc::clone(&self.begin));
                self.running.push(worker);
            }
            // If at least one worker is running, the pool continues with those.
            Err(error) if self.running.is_empty() => {
                self.start_error = Some(format!("the worker process could not be started: {error}"));
            }
            Err(_) => self.max_workers = self.running.len(),
        }
    }

    fn start_error_text(&self) -> String {
        self.start_error.clone().unwrap_or_else(|| "no worker process could be started".to_owned())
    }
}

/// [`Request`] with borrowed contents.
#[derive(serde::Serialize)]
enum RequestRef<'a> {
    Begin(&'a Task),
    File(&'a FileJob),
}

/// Returns for each class whether one of its checks parses or loads files.
fn is_parsed(task: &Task) -> Vec<bool> {
    let parses = |kind: &CheckKind| matches!(kind, CheckKind::Code(_) | CheckKind::Data(_));
    let parsing: Vec<u32> =
        task.checks.iter().filter(|(_, it)| parses(&it.kind)).map(|(number, _)| *number).collect();
    let classes = task.classes.iter();
    classes.map(|spec| spec.numbers.iter().any(|number| parsing.contains(number))).collect()
}

fn is_full(worker: &WorkerProcess) -> bool {
    worker.assigned.len() >= MAX_FILES || worker.assigned_bytes >= MAX_BYTES
}
