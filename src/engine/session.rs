//! A session compiles the checks of one run on first use and runs them on files. It lives in the worker
//! process, or in this process if there is no worker.
//!
//! Inputs and outputs are plain values: nothing here opens a file or starts a process.

use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::assess::{ReadyChecks, assess_text};
use super::compiled::{Compiled, compile, problems_of};
use super::file_result::{CannotTell, FileResult, SpecProblem};
use super::meter::Meter;
use super::prefilter::Requirement;
use super::task::{CheckFacts, FileJob, Task};
use crate::model::Reason;

/// Receives a message before each step that might crash the process.
pub trait Announce {
    /// A check is about to be compiled.
    fn compiling(&mut self, number: u32);
    /// A file is about to be assessed.
    fn starting(&mut self, file: u32);
}

/// Ignores all announcements.
pub struct NoAnnounce;

impl Announce for NoAnnounce {
    fn compiling(&mut self, _: u32) {}
    fn starting(&mut self, _: u32) {}
}

/// The checks of a run, compiled on demand.
pub struct CheckSession {
    task: Arc<Task>,
    at: HashMap<u32, usize>,
    compiled: HashMap<u32, Result<Compiled, Vec<SpecProblem>>>,
    ready: Vec<Option<ReadyChecks>>,
    meter: Meter,
    /// Processor time for parsing the last file.
    parsing: Cell<Duration>,
}

impl CheckSession {
    /// Creates a session without compiling any check.
    #[must_use]
    pub fn new(task: Arc<Task>) -> Self {
        let at = task.checks.iter().enumerate().map(|(at, (number, _))| (*number, at)).collect();
        let ready = task.classes.iter().map(|_| None).collect();
        let meter = Meter::new(task.timings);
        Self { task, at, compiled: HashMap::new(), ready, meter, parsing: Cell::default() }
    }

    /// The meter for the costs of checks.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Processor time for parsing the last file.
    #[must_use]
    pub fn parsing(&self) -> Duration {
        self.parsing.get()
    }

    /// The same session, with another session's meter.
    #[must_use]
    pub fn measured_by(self, meter: Meter) -> Self {
        Self { meter, ..self }
    }

    /// Returns the facts about a check, compiling it on first use; `None` if the task does not contain it.
    pub fn facts(&mut self, number: u32, announce: &mut dyn Announce) -> Option<CheckFacts> {
        Some(match self.compile(number, announce)? {
            Ok(compiled) => {
                CheckFacts { requirement: compiled.requirement(), problems: Vec::new(), unsure: false }
            }
            Err(problems) => {
                CheckFacts { requirement: Requirement::Anything, problems: problems.clone(), unsure: false }
            }
        })
    }

    /// Returns every problem of a check, for authors.
    pub fn problems(&mut self, number: u32, announce: &mut dyn Announce) -> Vec<SpecProblem> {
        announce.compiling(number);
        let check = self.at.get(&number).map(|&at| &self.task.checks[at].1);
        check.map(problems_of).unwrap_or_default()
    }

    fn compile(
        &mut self,
        number: u32,
        announce: &mut dyn Announce,
    ) -> Option<&Result<Compiled, Vec<SpecProblem>>> {
        if !self.compiled.contains_key(&number) {
            let check = &self.task.checks[*self.at.get(&number)?].1;
            announce.compiling(number);
            let done = catch_unwind(AssertUnwindSafe(|| self.meter.compile(number, || compile(check))))
                .unwrap_or_else(|_| {
                    let message =
                        "compiling this check panicked; this is a bug in stanchion, please report it";
                    Err(vec![SpecProblem::new(&[], message)])
                });
            let done = done.transpose()?;
            self.meter.unfiltered(number, || done.as_ref().ok().and_then(Compiled::unfiltered));
            self.compiled.insert(number, done);
        }
        self.compiled.get(&number)
    }

    /// Assesses one file with the content `bytes`. A panic in a check or a library makes this file "cannot
    /// tell", and the session continues.
    pub fn assess(&mut self, job: &FileJob, bytes: &[u8], announce: &mut dyn Announce) -> FileResult {
        let class = job.class as usize;
        if class >= self.ready.len() {
            return FileResult { file: job.file, ..FileResult::default() };
        }
        let fresh = job.active.iter().filter(|number| !self.compiled.contains_key(number)).count();
        for number in &job.active {
            self.compile(*number, announce);
        }
        // Expressions are compiled lazily. Compile them now, so that the time is not charged to the file.
        for number in &job.active {
            if let Some(Ok(Compiled::Text(check))) = self.compiled.get(number)
                && !check.is_compiled()
            {
                announce.compiling(*number);
                let _ = check.compile_now();
            }
        }
        if fresh > 0 {
            // Other classes may contain the newly compiled checks as well.
            self.ready.iter_mut().for_each(|ready| *ready = None);
        }
        let spec = &self.task.classes[class];
        let (compiled, limits, filter) = (&self.compiled, &self.task.limits, self.task.filter);
        let ready = self.ready[class].get_or_insert_with(|| {
            let usable = |number: &u32| Some((*number, compiled.get(number)?.as_ref().ok()?.clone()));
            ReadyChecks::new(spec.numbers.iter().filter_map(usable), spec.language, filter)
        });
        announce.starting(job.file);
        let (meter, parsing) = (&self.meter, &self.parsing);
        parsing.set(Duration::ZERO);
        let work = || meter.file(&job.active, || assess_text(ready, job, bytes, limits, meter, parsing));
        let work = AssertUnwindSafe(work);
        catch_unwind(work).unwrap_or_else(|_| {
            let detail = "a check panicked in this file; this is a bug in stanchion, please report it";
            let cannot_tell = CannotTell { check: None, reason: Reason::Died, detail: detail.to_owned() };
            FileResult::unknown(job.file, vec![cannot_tell])
        })
    }
}
