//! A worker process from its parent's view: its pipes, its pending requests and its current activity.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Once};
use std::time::Duration;

use close_fds::CloseFdsBuilder;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::COMMAND;
use super::cpu_clock::CpuClock;
use super::end_reason::{self, WorkerEnd};
use super::inbox::{Inbox, StderrTail};
use super::protocol::WorkerAnswer;
use crate::engine::task::FileJob;
use crate::model::Reason;

/// First file descriptor after standard input, output and error.
const FIRST_INHERITED: i32 = 3;

/// Settings of glibc's allocator: freed memory of one tree is reused for the next instead of being returned
/// to the system.
const ALLOCATOR: [(&str, &str); 4] = [
    ("MALLOC_ARENA_MAX", "1"),
    ("MALLOC_MMAP_THRESHOLD_", "33554432"),
    ("MALLOC_TOP_PAD_", "1048576"),
    ("MALLOC_TRIM_THRESHOLD_", "67108864"),
];

/// A file for a worker. Its content is kept until the answer arrives, since another worker may need it.
pub(super) struct AssignedFile {
    /// The job to do.
    pub(super) job: FileJob,
    /// Content of the file.
    pub(super) bytes: Arc<Vec<u8>>,
}

/// A query about a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CheckQuery {
    /// Requests the facts of the check with this number.
    Facts(u32),
    /// Requests the problems of the check with this number.
    Problems(u32),
}

impl CheckQuery {
    /// Returns the number of the check.
    pub(super) fn number(self) -> u32 {
        match self {
            Self::Facts(number) | Self::Problems(number) => number,
        }
    }
}

/// Current activity of a worker, by its last announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// No work announced since its last answer.
    Idle,
    /// Compiles the check with this number.
    Check(u32),
    /// Assesses the file with this number.
    File(u32),
}

/// A running worker.
pub(super) struct WorkerProcess {
    child: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
    /// Its standard error; `None` once the worker has closed it. The worker may continue without.
    stderr: Option<ChildStderr>,
    /// End of its standard error output.
    stderr_tail: StderrTail,
    /// Messages to send.
    outbox: VecDeque<Arc<Vec<u8>>>,
    /// Number of bytes of the first message of `outbox` that are already sent.
    sent: usize,
    inbox: Inbox,
    /// Files that it has not answered yet, in order.
    pub(super) assigned: VecDeque<AssignedFile>,
    /// Bytes of content in `assigned`.
    pub(super) assigned_bytes: usize,
    /// Whether it runs alone, with the higher memory limit [`super::limits::ALONE_BYTES`].
    pub(super) alone: bool,
    /// Queries that it has not answered yet, in order.
    pub(super) queries: VecDeque<CheckQuery>,
    /// Its current activity.
    pub(super) activity: Activity,
    /// Whether it has answered any request.
    pub(super) answered: bool,
    /// Time for which it has had work and sent nothing.
    pub(super) silent_for: Duration,
    /// Processor time used during that silence.
    pub(super) clock: CpuClock,
    /// Number of messages (announcements and costs) since it last finished a request.
    pub(super) unfinished_messages: usize,
}

impl WorkerProcess {
    /// Starts `program` as a worker.
    ///
    /// # Errors
    /// If the system cannot start the process.
    #[expect(clippy::disallowed_methods, reason = "the one place that starts a process: this program itself")]
    pub(super) fn start(program: &Path) -> io::Result<Self> {
        use std::os::unix::process::CommandExt as _;
        close_inherited_files_on_exec();
        let mut child = Command::new(program)
            .arg(COMMAND)
            .env_clear()
            .envs(ALLOCATOR)
            .current_dir("/")
            // Ctrl-C must reach only the parent; when the parent ends, its workers end, too.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(input), Some(output), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("a pipe is missing"));
        };
        for pipe in [input.as_fd(), output.as_fd(), stderr.as_fd()] {
            fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
        }
        Ok(Self {
            child,
            input: Some(input),
            output,
            stderr: Some(stderr),
            stderr_tail: StderrTail::default(),
            outbox: VecDeque::new(),
            sent: 0,
            inbox: Inbox::default(),
            assigned: VecDeque::new(),
            assigned_bytes: 0,
            alone: false,
            queries: VecDeque::new(),
            activity: Activity::Idle,
            answered: false,
            silent_for: Duration::ZERO,
            clock: CpuClock::default(),
            unfinished_messages: 0,
        })
    }

    /// Whether it has no pending requests.
    pub(super) fn is_idle(&self) -> bool {
        self.assigned.is_empty() && self.queries.is_empty()
    }

    /// Must be called before a request is added: the silence of an idle worker does not count.
    pub(super) fn expect_answer(&mut self) {
        if self.is_idle() {
            self.reset_silence();
        }
    }

    /// Restarts the measurement of its silence.
    pub(super) fn reset_silence(&mut self) {
        self.silent_for = Duration::ZERO;
        self.clock = CpuClock::default();
    }

    /// Records that its first pending request is answered.
    pub(super) fn finish_request(&mut self) {
        self.activity = Activity::Idle;
        self.answered = true;
        self.unfinished_messages = 0;
    }

    /// Returns the processor time used since its last message, or slightly less. `None` if the last
    /// measurement is too recent, or if the time is unknown.
    pub(super) fn cpu_time_in_silence(&mut self) -> Option<Duration> {
        self.clock.used(self.child.id(), self.silent_for)
    }

    /// Appends a message to the outbox.
    pub(super) fn send(&mut self, bytes: Arc<Vec<u8>>) {
        if !bytes.is_empty() {
            self.outbox.push_back(bytes);
        }
    }

    /// Returns its standard input if there is something to write.
    pub(super) fn writable_input(&self) -> Option<BorrowedFd<'_>> {
        self.input.as_ref().filter(|_| !self.outbox.is_empty()).map(AsFd::as_fd)
    }

    /// Returns its standard output, which carries the answers.
    pub(super) fn stdout_fd(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    /// Returns its standard error, unless the worker has closed it.
    pub(super) fn stderr_fd(&self) -> Option<BorrowedFd<'_>> {
        self.stderr.as_ref().map(AsFd::as_fd)
    }

    /// Reads its standard error, so that the pipe never fills up.
    pub(super) fn read_stderr(&mut self) {
        // A closed pipe is always readable, so it must not be polled again.
        self.stderr.take_if(|stderr| !self.stderr_tail.read_from(stderr));
    }

    /// Writes as much as fits without blocking. The end of a worker is detected when its answers are read.
    pub(super) fn write(&mut self) {
        while let (Some(input), Some(first)) = (&mut self.input, self.outbox.front()) {
            match input.write(&first[self.sent..]) {
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return self.stop_sending(),
            }
            if self.sent >= first.len() {
                self.outbox.pop_front();
                self.sent = 0;
            }
        }
    }

    fn stop_sending(&mut self) {
        self.input = None;
        self.outbox.clear();
        self.sent = 0;
    }

    /// Reads the available answers, up to a limit.
    ///
    /// # Errors
    /// If the worker has ended or sent an invalid answer.
    pub(super) fn read(&mut self, answers: &mut Vec<WorkerAnswer>) -> Result<(), WorkerEnd> {
        self.inbox.read_from(&mut self.output, answers)
    }

    /// Terminates the worker if it is still running, and returns why it ended.
    pub(super) fn terminate(&mut self, end: WorkerEnd) -> (Reason, String) {
        self.input = None;
        // A worker that has already ended keeps its own exit status.
        let _ = self.child.kill();
        let status = self.child.wait().ok();
        self.read_stderr();
        end_reason::reason_by_parent(end)
            .unwrap_or_else(|| end_reason::reason_by_status(status, self.stderr_tail.bytes()))
    }
}

/// Prevents workers from inheriting file descriptors that the caller left open in this process, such as by a
/// line of a shell (`exec 9<file`). Descriptors that this program opens itself are never inherited.
fn close_inherited_files_on_exec() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        // A single system call, or one per descriptor on systems without it. The library's other method,
        // which reads /proc, is disabled: it creates references beyond the end of their buffer.
        CloseFdsBuilder::new().allow_filesystem(false).cloexecfrom(FIRST_INHERITED);
    });
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
