//! Time budgets: the only place in the engine that measures time.
//!
//! By the processor time of the thread, so that a busy machine does not change what can be told.

use std::time::Duration;

/// How long the assessment of one file may take, in processor time of the thread that made it.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// The thread's clock at which it has run out.
    end: Option<Duration>,
    length: Duration,
}

impl Budget {
    /// A budget that starts now, on this thread.
    #[must_use]
    pub fn starting_now(length: Duration) -> Self {
        Self { end: thread_time().checked_add(length), length }
    }

    /// A budget that never runs out.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { end: None, length: Duration::ZERO }
    }

    /// Whether it has run out. To be asked on the thread that made it.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.end.is_some_and(|end| thread_time() >= end)
    }

    /// Its length in words.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} ms", self.length.as_millis())
    }
}

/// Processor time that this thread has used.
#[cfg(unix)]
fn thread_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let nanoseconds = u32::try_from(now.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), nanoseconds)
}

/// Without a clock for threads: the time since the first call.
#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "the one place that measures time for budgets")]
fn thread_time() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}
