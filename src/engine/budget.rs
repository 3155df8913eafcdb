//! Time budgets: the only place in the engine that measures time.
//!
//! By the processor time of the thread, so that a busy machine does not change what can be told.

use std::time::Duration;

use super::limits::FULL_TIME_FILES;

/// How long the assessment of one file may take, in processor time of the thread that made it.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// The thread's clock at which it has run out.
    end: Option<Duration>,
    length: Duration,
    /// Files before this one that used up theirs, for which it may have been shortened.
    earlier: u32,
}

impl Budget {
    /// A budget that starts now, on this thread.
    #[must_use]
    pub fn starting_now(length: Duration) -> Self {
        Self { end: thread_time().checked_add(length), length, earlier: 0 }
    }

    /// A budget that never runs out.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { end: None, length: Duration::ZERO, earlier: 0 }
    }

    /// The same budget, which says that `earlier` files before this one used up theirs.
    #[must_use]
    pub fn after(self, earlier: u32) -> Self {
        Self { earlier, ..self }
    }

    /// Whether it has run out. To be asked on the thread that made it.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.end.is_some_and(|end| thread_time() >= end)
    }

    /// Its length in words.
    #[must_use]
    pub fn words(&self) -> String {
        time_words(self.length, self.earlier)
    }
}

/// A clock that only goes forward.
#[cfg(not(unix))]
pub fn monotonic_time() -> Duration {
    thread_time()
}

/// A time for one file in words, and why it is shorter than usual after `earlier` files that used up theirs.
#[must_use]
pub fn time_words(length: Duration, earlier: u32) -> String {
    let time = format!("{} ms", length.as_millis());
    if earlier < FULL_TIME_FILES {
        return time;
    }
    format!("{time} (less than usual: {earlier} files before it took too long)")
}

/// Processor time that this process has used, all threads together.
#[cfg(unix)]
pub fn process_time() -> Duration {
    as_duration(rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime))
}

/// Without such a clock: that of the thread.
#[cfg(not(unix))]
pub fn process_time() -> Duration {
    thread_time()
}

/// A clock that only goes forward, for waiting.
#[cfg(unix)]
pub fn monotonic_time() -> Duration {
    as_duration(rustix::time::clock_gettime(rustix::time::ClockId::Monotonic))
}

#[cfg(unix)]
fn as_duration(time: rustix::time::Timespec) -> Duration {
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Processor time that this thread has used.
#[cfg(unix)]
pub fn thread_time() -> Duration {
    as_duration(rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime))
}

/// Without a clock for threads: the time since the first call.
#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "the one place that measures time for budgets")]
pub fn thread_time() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}
