//! Streams files: several threads read and prefilter them. Files on which checks have to run go to the
//! workers, or are assessed by the reading thread itself if there are no workers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use super::budget::thread_time;
use super::class::ClassChecks;
use super::file_result::{CannotTell, FileResult};
use super::options::Progress;
use super::reading::{FileReader, ReadOutcome, Scratch, read_file};
use super::session::{CheckSession, NoAnnounce};
use super::task::Task;
use super::tree::PathEntry;
use crate::model::Reason;

/// The files to assess and how to read them.
pub struct FileWork<'r> {
    /// Number of each file in the list of entries, and index of its class.
    pub files: &'r [(u32, u32)],
    /// The checks of each class.
    pub classes: &'r [ClassChecks<'r>],
    /// All entries of the tree.
    pub entries: &'r [PathEntry],
    /// Context for reading.
    pub reader: FileReader<'r>,
    /// Number of reading threads.
    pub threads: usize,
    /// Task for the sessions.
    pub task: &'r Arc<Task>,
    /// Receives a step for each finished file.
    pub progress: &'r dyn Progress,
    next: AtomicUsize,
    reading: AtomicU64,
}

impl<'r> FileWork<'r> {
    /// Prepares to read all of `files`.
    pub fn new(
        files: &'r [(u32, u32)],
        classes: &'r [ClassChecks<'r>],
        entries: &'r [PathEntry],
        reader: FileReader<'r>,
        threads: usize,
        task: &'r Arc<Task>,
        progress: &'r dyn Progress,
    ) -> Self {
        let threads = threads.clamp(1, files.len().max(1));
        Self {
            files,
            classes,
            entries,
            reader,
            threads,
            task,
            progress,
            next: AtomicUsize::new(0),
            reading: AtomicU64::new(0),
        }
    }

    /// Processor time for reading and prefiltering; zero unless timings are measured.
    pub fn reading(&self) -> Duration {
        Duration::from_nanos(self.reading.load(Ordering::Relaxed))
    }

    /// Reads the next file. Returns `None` after the last one.
    fn read_next(&self, scratch: &mut Scratch) -> Option<ReadOutcome> {
        let &(file, class) = self.files.get(self.next.fetch_add(1, Ordering::Relaxed))?;
        let path = &self.entries[file as usize].path;
        let class_checks = &self.classes[class as usize];
        let start = self.task.timings.then(thread_time);
        let reading = AssertUnwindSafe(|| read_file(self.reader, class_checks, class, path, file, scratch));
        let read = catch_unwind(reading);
        if let Some(start) = start {
            let nanos = thread_time().saturating_sub(start).as_nanos();
            self.reading.fetch_add(u64::try_from(nanos).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        Some(read.unwrap_or_else(|_| {
            // The buffers may be in an inconsistent state, so they are replaced.
            *scratch = Scratch::default();
            let detail = "reading this file panicked; this is a bug in stanchion, please report it";
            let cannot_tell = CannotTell { check: None, reason: Reason::Died, detail: detail.to_owned() };
            ReadOutcome::Done(FileResult::unknown(file, vec![cannot_tell]))
        }))
    }
}

/// Assesses all files of `work` in this process. `sink` receives the results on this thread, in any order.
pub fn stream_in_process(work: &FileWork<'_>, session: CheckSession, mut sink: impl FnMut(FileResult)) {
    let run = |mut session: CheckSession, give: &mut dyn FnMut(FileResult)| {
        let mut scratch = Scratch::default();
        while let Some(read) = work.read_next(&mut scratch) {
            give(match read {
                ReadOutcome::Done(result) => result,
                ReadOutcome::NeedsChecks(job, bytes) => session.assess(&job, &bytes, &mut NoAnnounce),
            });
            work.progress.step();
        }
    };
    if work.threads <= 1 {
        return run(session, &mut sink);
    }
    std::thread::scope(|scope| {
        // Bounded, so that findings do not accumulate in memory if they arrive faster than `sink` consumes
        // them.
        let (sender, receiver) = mpsc::sync_channel::<FileResult>(256);
        let mut sessions = vec![session];
        let meter = sessions[0].meter().clone();
        let more = || CheckSession::new(Arc::clone(work.task)).measured_by(meter.clone());
        sessions.resize_with(work.threads, more);
        for session in sessions {
            let (sender, run) = (sender.clone(), &run);
            scope.spawn(move || run(session, &mut |result| drop(sender.send(result))));
        }
        drop(sender);
        receiver.into_iter().for_each(&mut sink);
    });
}

#[cfg(unix)]
pub use processes::stream_to_workers;

#[cfg(unix)]
mod processes {
    use std::collections::VecDeque;
    use std::io::{self, PipeWriter, Read as _, Write as _};
    use std::os::fd::AsFd as _;
    use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

    use super::{FileResult, FileWork, ReadOutcome, Scratch};
    use crate::engine::file_result::RawFinding;
    use crate::engine::task::CheckFacts;
    use crate::engine::worker::{Pool, PoolEvent};

    /// Maximum number of bytes of files that wait for a worker, unless a single file is larger.
    const WAITING_BYTES: usize = 4 << 20;

    /// Assesses all files of `work` with the workers of `pool`. `sink` receives the results on this thread,
    /// in any order. `late` receives checks that turn out to crash workers.
    ///
    /// # Errors
    /// If the system cannot create a pipe.
    pub fn stream_to_workers(
        work: &FileWork<'_>,
        pool: &mut Pool,
        mut sink: impl FnMut(FileResult),
        mut late: impl FnMut(u32, CheckFacts),
    ) -> io::Result<()> {
        let (mut woken, wake) = io::pipe()?;
        for end in [woken.as_fd(), wake.as_fd()] {
            fcntl_setfl(end, fcntl_getfl(end)? | OFlags::NONBLOCK)?;
        }
        let queue = Queue::new(work.threads, wake);
        std::thread::scope(|scope| {
            for _ in 0..work.threads {
                scope.spawn(|| queue.fill(work));
            }
            // After a panic here, the reading threads must not wait forever for space in the queue.
            let _closing = CloseOnDrop(&queue);
            loop {
                let finished = queue.drain(pool, &mut sink);
                if finished && pool.is_idle() {
                    return;
                }
                // After all files are read, only workers send messages.
                for done in pool.run_turn((!finished).then_some(woken.as_fd())) {
                    match done {
                        PoolEvent::File(result) => {
                            sink(result);
                            work.progress.step();
                        }
                        PoolEvent::Facts(number, facts) => late(number, facts),
                        PoolEvent::Problems(..) => {}
                    }
                }
                let mut bytes = [0; 64];
                while matches!(woken.read(&mut bytes), Ok(1..)) {}
            }
        });
        Ok(())
    }

    /// Queue from the reading threads to the thread that talks to the workers.
    struct Queue {
        state: Mutex<QueueState>,
        space: Condvar,
        wake: PipeWriter,
    }

    struct QueueState {
        reads: VecDeque<ReadOutcome>,
        bytes: usize,
        readers: usize,
        /// Whether the receiving thread has stopped.
        closed: bool,
    }

    /// Closes the queue when the receiving thread stops, also after a panic.
    struct CloseOnDrop<'q>(&'q Queue);

    impl Drop for CloseOnDrop<'_> {
        fn drop(&mut self) {
            self.0.lock().closed = true;
            self.0.space.notify_all();
        }
    }

    /// Decrements the number of reading threads when one stops, also after a panic, because the receiver
    /// waits for all of them.
    struct LeaveOnDrop<'q>(&'q Queue);

    impl Drop for LeaveOnDrop<'_> {
        fn drop(&mut self) {
            self.0.lock().readers -= 1;
            self.0.wake();
        }
    }

    impl Queue {
        fn new(readers: usize, wake: PipeWriter) -> Self {
            let state = QueueState { reads: VecDeque::new(), bytes: 0, readers, closed: false };
            Self { state: Mutex::new(state), space: Condvar::new(), wake }
        }

        fn lock(&self) -> MutexGuard<'_, QueueState> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Reads files until none are left or the queue is closed. Empty results are counted but not queued.
        fn fill(&self, work: &FileWork<'_>) {
            let _leaving = LeaveOnDrop(self);
            let mut scratch = Scratch::default();
            while let Some(read) = work.read_next(&mut scratch) {
                let size = match &read {
                    ReadOutcome::Done(result) => {
                        work.progress.step();
                        if result.is_empty() {
                            continue;
                        }
                        result.found.iter().map(RawFinding::weight).sum()
                    }
                    ReadOutcome::NeedsChecks(_, bytes) => bytes.len(),
                };
                if !self.push(read, size) {
                    return;
                }
            }
        }

        /// Appends `read` as soon as there is space. Returns false if the queue is closed.
        fn push(&self, read: ReadOutcome, size: usize) -> bool {
            let mut state = self.lock();
            while !state.closed && state.bytes > 0 && state.bytes + size > WAITING_BYTES {
                state = self.space.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.closed {
                return false;
            }
            let was_empty = state.reads.is_empty();
            state.bytes += size;
            state.reads.push_back(read);
            drop(state);
            if was_empty {
                self.wake();
            }
            true
        }

        fn wake(&self) {
            // If the pipe is full, the receiver wakes up anyway.
            let _ = (&self.wake).write(&[0]);
        }

        /// Takes queued results while the workers have room for more. Returns whether all files were read and
        /// taken.
        fn drain(&self, pool: &mut Pool, sink: &mut impl FnMut(FileResult)) -> bool {
            loop {
                let mut state = self.lock();
                if matches!(state.reads.front(), Some(ReadOutcome::NeedsChecks(..))) && !pool.has_room() {
                    return false;
                }
                match state.reads.pop_front() {
                    None => return state.readers == 0,
                    Some(ReadOutcome::Done(result)) => {
                        state.bytes -= result.found.iter().map(RawFinding::weight).sum::<usize>();
                        drop(state);
                        self.space.notify_all();
                        sink(result);
                    }
                    Some(ReadOutcome::NeedsChecks(job, bytes)) => {
                        state.bytes -= bytes.len();
                        drop(state);
                        self.space.notify_all();
                        pool.assign(job, bytes);
                        pool.assign_work();
                    }
                }
            }
        }
    }
}
