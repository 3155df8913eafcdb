//! Streaming files: some threads read and filter, and what needs a closer look goes to the workers, or is
//! assessed by the reading thread itself where there are none.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use super::budget::thread_time;
use super::class::Gate;
use super::found::{CannotTell, FileResult};
use super::options::Progress;
use super::reading::{Read, Reader, Scratch, read_file};
use super::session::{Session, Silent};
use super::task::Task;
use super::tree::Entry;
use crate::model::Reason;

/// Files to look into and how.
pub struct Work<'r> {
    /// Number of the file in the list of entries, and index of its class.
    pub files: &'r [(u32, u32)],
    /// The gates of the classes.
    pub gates: &'r [Gate<'r>],
    /// Every entry.
    pub entries: &'r [Entry],
    /// Where to read.
    pub reader: Reader<'r>,
    /// Threads that read.
    pub threads: usize,
    /// What is asked.
    pub task: &'r Arc<Task>,
    /// Is told of each file that is done.
    pub progress: &'r dyn Progress,
    next: AtomicUsize,
    reading: AtomicU64,
}

impl<'r> Work<'r> {
    /// All of `files`.
    pub fn new(
        files: &'r [(u32, u32)],
        gates: &'r [Gate<'r>],
        entries: &'r [Entry],
        reader: Reader<'r>,
        threads: usize,
        task: &'r Arc<Task>,
        progress: &'r dyn Progress,
    ) -> Self {
        let threads = threads.clamp(1, files.len().max(1));
        Self {
            files,
            gates,
            entries,
            reader,
            threads,
            task,
            progress,
            next: AtomicUsize::new(0),
            reading: AtomicU64::new(0),
        }
    }

    /// Processor time that reading and filtering took, if that is asked for.
    pub fn reading(&self) -> Duration {
        Duration::from_nanos(self.reading.load(Ordering::Relaxed))
    }

    /// Reads the next file; `None` when all are read.
    fn read_next(&self, scratch: &mut Scratch) -> Option<Read> {
        let &(file, class) = self.files.get(self.next.fetch_add(1, Ordering::Relaxed))?;
        let path = &self.entries[file as usize].path;
        let gate = &self.gates[class as usize];
        let start = self.task.timings.then(thread_time);
        let reading = AssertUnwindSafe(|| read_file(self.reader, gate, class, path, file, scratch));
        let read = catch_unwind(reading);
        if let Some(start) = start {
            let nanos = thread_time().saturating_sub(start).as_nanos();
            self.reading.fetch_add(u64::try_from(nanos).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        Some(read.unwrap_or_else(|_| {
            // Whatever was half done there is not used again.
            *scratch = Scratch::default();
            let detail = "reading this file panicked; this is a defect of stanchion, please report it";
            let cannot_tell = CannotTell { check: None, reason: Reason::Died, detail: detail.to_owned() };
            Read::Done(FileResult::unknown(file, vec![cannot_tell]))
        }))
    }
}

/// Does all of `work` in this process. `sink` gets each result on this thread, in any order.
pub fn in_process(work: &Work<'_>, session: Session, mut sink: impl FnMut(FileResult)) {
    let run = |mut session: Session, give: &mut dyn FnMut(FileResult)| {
        let mut scratch = Scratch::default();
        while let Some(read) = work.read_next(&mut scratch) {
            give(match read {
                Read::Done(result) => result,
                Read::Needs(job, bytes) => session.assess(&job, &bytes, &mut Silent),
            });
            work.progress.step();
        }
    };
    if work.threads <= 1 {
        return run(session, &mut sink);
    }
    std::thread::scope(|scope| {
        // Bounded, so that findings do not pile up when they come faster than they are put in order.
        let (sender, receiver) = mpsc::sync_channel::<FileResult>(256);
        let mut sessions = vec![session];
        let meter = sessions[0].meter().clone();
        let more = || Session::new(Arc::clone(work.task)).measured_by(meter.clone());
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
pub use processes::in_processes;

#[cfg(unix)]
mod processes {
    use std::collections::VecDeque;
    use std::io::{self, PipeWriter, Read as _, Write as _};
    use std::os::fd::AsFd as _;
    use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

    use super::{FileResult, Read, Scratch, Work};
    use crate::engine::found::Found;
    use crate::engine::task::Facts;
    use crate::engine::worker::{Pool, Progressed};

    /// Most bytes of files that wait for a worker, unless a single one is larger.
    const WAITING_BYTES: usize = 4 << 20;

    /// Does all of `work` with the workers of `pool`. `sink` gets each result on this thread, in any
    /// order; `late` is told of checks that turn out to be unusable.
    ///
    /// # Errors
    /// When the system gives no pipe.
    pub fn in_processes(
        work: &Work<'_>,
        pool: &mut Pool,
        mut sink: impl FnMut(FileResult),
        mut late: impl FnMut(u32, Facts),
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
            // A panic here must not leave the others waiting for room that nobody makes.
            let _closing = Closing(&queue);
            loop {
                let finished = queue.drain(pool, &mut sink);
                if finished && pool.is_idle() {
                    return;
                }
                // With all files read, only workers have something to say.
                for done in pool.turn((!finished).then_some(woken.as_fd())) {
                    match done {
                        Progressed::File(result) => {
                            sink(result);
                            work.progress.step();
                        }
                        Progressed::Facts(number, facts) => late(number, facts),
                        Progressed::Problems(..) => {}
                    }
                }
                let mut bytes = [0; 64];
                while matches!(woken.read(&mut bytes), Ok(1..)) {}
            }
        });
        Ok(())
    }

    /// What the reading threads hand to the thread that talks to the workers.
    struct Queue {
        state: Mutex<State>,
        space: Condvar,
        wake: PipeWriter,
    }

    struct State {
        reads: VecDeque<Read>,
        bytes: usize,
        readers: usize,
        /// Nobody takes anything any more.
        closed: bool,
    }

    /// Closes the queue when the thread that empties it leaves, in whatever way.
    struct Closing<'q>(&'q Queue);

    impl Drop for Closing<'_> {
        fn drop(&mut self) {
            self.0.lock().closed = true;
            self.0.space.notify_all();
        }
    }

    /// Counts a reading thread off when it leaves, in whatever way: the other side waits for all of them.
    struct Leaving<'q>(&'q Queue);

    impl Drop for Leaving<'_> {
        fn drop(&mut self) {
            self.0.lock().readers -= 1;
            self.0.wake();
        }
    }

    impl Queue {
        fn new(readers: usize, wake: PipeWriter) -> Self {
            let state = State { reads: VecDeque::new(), bytes: 0, readers, closed: false };
            Self { state: Mutex::new(state), space: Condvar::new(), wake }
        }

        fn lock(&self) -> MutexGuard<'_, State> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Reads files until there are no more, or nobody takes them. A file about which there is nothing to say
        /// is only counted.
        fn fill(&self, work: &Work<'_>) {
            let _leaving = Leaving(self);
            let mut scratch = Scratch::default();
            while let Some(read) = work.read_next(&mut scratch) {
                let size = match &read {
                    Read::Done(result) => {
                        work.progress.step();
                        if result.is_empty() {
                            continue;
                        }
                        result.found.iter().map(Found::weight).sum()
                    }
                    Read::Needs(_, bytes) => bytes.len(),
                };
                if !self.push(read, size) {
                    return;
                }
            }
        }

        /// Hands something over as soon as there is room. Returns whether anybody will take it.
        fn push(&self, read: Read, size: usize) -> bool {
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
            // A full pipe wakes as well.
            let _ = (&self.wake).write(&[0]);
        }

        /// Takes what there is, while the workers have room for more. Returns whether all files are read
        /// and taken.
        fn drain(&self, pool: &mut Pool, sink: &mut impl FnMut(FileResult)) -> bool {
            loop {
                let mut state = self.lock();
                if matches!(state.reads.front(), Some(Read::Needs(..))) && !pool.has_room() {
                    return false;
                }
                match state.reads.pop_front() {
                    None => return state.readers == 0,
                    Some(Read::Done(result)) => {
                        state.bytes -= result.found.iter().map(Found::weight).sum::<usize>();
                        drop(state);
                        self.space.notify_all();
                        sink(result);
                    }
                    Some(Read::Needs(job, bytes)) => {
                        state.bytes -= bytes.len();
                        drop(state);
                        self.space.notify_all();
                        pool.give(job, bytes);
                        pool.hand_out();
                    }
                }
            }
        }
    }
}
