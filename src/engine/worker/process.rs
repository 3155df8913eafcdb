//! One worker as its parent sees it: its pipes, what was asked of it and what it is at.

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
use super::clock::Clock;
use super::ending::{self, End};
use super::inbox::{Inbox, LastWords};
use super::protocol::Answer;
use crate::engine::task::Job;
use crate::model::Reason;

/// The first descriptor that is not one of the three of every process.
const FIRST_INHERITED: i32 = 3;

/// Settings of glibc's allocator: memory that one tree leaves is for the next, not given back in between.
const ALLOCATOR: [(&str, &str); 4] = [
    ("MALLOC_ARENA_MAX", "1"),
    ("MALLOC_MMAP_THRESHOLD_", "33554432"),
    ("MALLOC_TOP_PAD_", "1048576"),
    ("MALLOC_TRIM_THRESHOLD_", "67108864"),
];

/// A file that was given to a worker. The content is kept until the answer: another may need it.
pub(super) struct Given {
    /// What is asked.
    pub(super) job: Job,
    /// The file's content.
    pub(super) bytes: Arc<Vec<u8>>,
}

/// What is asked about a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// What is known about it?
    Facts(u32),
    /// What is wrong with it?
    Problems(u32),
}

impl Question {
    /// The check's number.
    pub(super) fn number(self) -> u32 {
        match self {
            Self::Facts(number) | Self::Problems(number) => number,
        }
    }
}

/// What a worker is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// Nothing that could have harmed it.
    Nothing,
    /// Compiling this check.
    Check(u32),
    /// Looking into this file.
    File(u32),
}

/// A running worker.
pub(super) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
    /// Until it is closed: a worker may live on without.
    complaints: Option<ChildStderr>,
    /// The end of what it complained.
    last_words: LastWords,
    outbox: VecDeque<Arc<Vec<u8>>>,
    /// Bytes of the first of `outbox` that are sent.
    sent: usize,
    inbox: Inbox,
    /// What it was given and has not answered, in order.
    pub(super) given: VecDeque<Given>,
    /// Bytes of content in `given`.
    pub(super) load: usize,
    /// Whether it may use what otherwise all may together.
    pub(super) alone: bool,
    /// What it was asked about checks and has not answered, in order.
    pub(super) questions: VecDeque<Question>,
    /// What it is at.
    pub(super) at: At,
    /// Whether it ever answered.
    pub(super) answered: bool,
    /// For how long it has had something to do and said nothing.
    pub(super) silence: Duration,
    /// What it used of the processor during that silence.
    pub(super) clock: Clock,
    /// How often it said what it is about to do, or what it cost, without finishing anything.
    pub(super) talk: usize,
}

impl Process {
    /// Starts `program` as a worker.
    ///
    /// # Errors
    /// When the system does not start it.
    #[expect(clippy::disallowed_methods, reason = "the one place that starts a process: this program itself")]
    pub(super) fn start(program: &Path) -> io::Result<Self> {
        use std::os::unix::process::CommandExt as _;
        keep_what_was_inherited();
        let mut child = Command::new(program)
            .arg(COMMAND)
            .env_clear()
            .envs(ALLOCATOR)
            .current_dir("/")
            // Ctrl-C is for the parent, whose end is the worker's too.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(input), Some(output), Some(complaints)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("a pipe is missing"));
        };
        for pipe in [input.as_fd(), output.as_fd(), complaints.as_fd()] {
            fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
        }
        Ok(Self {
            child,
            input: Some(input),
            output,
            complaints: Some(complaints),
            last_words: LastWords::default(),
            outbox: VecDeque::new(),
            sent: 0,
            inbox: Inbox::default(),
            given: VecDeque::new(),
            load: 0,
            alone: false,
            questions: VecDeque::new(),
            at: At::Nothing,
            answered: false,
            silence: Duration::ZERO,
            clock: Clock::default(),
            talk: 0,
        })
    }

    /// Whether nothing is asked of it.
    pub(super) fn is_idle(&self) -> bool {
        self.given.is_empty() && self.questions.is_empty()
    }

    /// From now on it has something to answer.
    pub(super) fn expect_answer(&mut self) {
        if self.is_idle() {
            self.has_spoken();
        }
    }

    /// Its silence begins anew.
    pub(super) fn has_spoken(&mut self) {
        self.silence = Duration::ZERO;
        self.clock = Clock::default();
    }

    /// What it was asked for first is answered.
    pub(super) fn has_finished(&mut self) {
        self.at = At::Nothing;
        self.answered = true;
        self.talk = 0;
    }

    /// What it has used of the processor since it fell silent, or somewhat less; `None` when it is not time
    /// to look at that, or it cannot be known.
    pub(super) fn used_in_silence(&mut self) -> Option<Duration> {
        self.clock.used(self.child.id(), self.silence)
    }

    /// Appends bytes to what it is sent.
    pub(super) fn send(&mut self, bytes: Arc<Vec<u8>>) {
        if !bytes.is_empty() {
            self.outbox.push_back(bytes);
        }
    }

    /// Where it can be written to, while there is something to write.
    pub(super) fn wants_to_write(&self) -> Option<BorrowedFd<'_>> {
        self.input.as_ref().filter(|_| !self.outbox.is_empty()).map(AsFd::as_fd)
    }

    /// Where its answers come from.
    pub(super) fn answers(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    /// Where it complains, as long as it can.
    pub(super) fn complaints(&self) -> Option<BorrowedFd<'_>> {
        self.complaints.as_ref().map(AsFd::as_fd)
    }

    /// Listens to its complaints, so that it can go on complaining.
    pub(super) fn listen(&mut self) {
        // A closed pipe is always ready: it must not be waited for again.
        self.complaints.take_if(|complaints| !self.last_words.read_from(complaints));
    }

    /// Writes as much as fits now. A worker that is gone shows when its answers are read.
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

    /// Reads what there is, up to a bound.
    ///
    /// # Errors
    /// Why it is not to be listened to any more.
    pub(super) fn read(&mut self, answers: &mut Vec<Answer>) -> Result<(), End> {
        self.inbox.read_from(&mut self.output, answers)
    }

    /// Ends it, if it has not ended, and says why it did.
    pub(super) fn end(&mut self, end: End) -> (Reason, String) {
        self.input = None;
        // One that is ending already keeps its own reason.
        let _ = self.child.kill();
        let status = self.child.wait().ok();
        self.listen();
        ending::by_parent(end).unwrap_or_else(|| ending::reason(status, self.last_words.bytes()))
    }
}

/// Sees to it that no worker gets what the caller left open in this process: one line of a shell (`exec 9<file`)
/// is enough for that. What this program opens itself is never inherited.
fn keep_what_was_inherited() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        // One call to the system. Where it has none, each number is asked; the library's other way, through
        // the list in /proc, makes references that reach past the end of their buffer.
        CloseFdsBuilder::new().allow_filesystem(false).cloexecfrom(FIRST_INHERITED);
    });
}

impl Drop for Process {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
