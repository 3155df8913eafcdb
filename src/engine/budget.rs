//! Time budgets. This is the only module of the engine that reads the system's clocks.
//!
//! Budgets are measured in processor time of the thread, so that the load of the machine does not change
//! results.

use std::time::Duration;

use super::limits::FULL_TIME_FILES;

/// Time limit for the assessment of one file, in processor time of the thread that created the budget.
#[derive(Clone, Copy, Debug)]
pub struct TimeBudget {
    /// Processor time of the thread at which the budget is spent; `None` is unlimited.
    end: Option<Duration>,
    length: Duration,
    /// Number of earlier files that used up their budget. From [`FULL_TIME_FILES`] on, budgets are shorter.
    earlier: u32,
}

impl TimeBudget {
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

    /// Records that `earlier` files used up their budget, for [`TimeBudget::describe`].
    #[must_use]
    pub fn after(self, earlier: u32) -> Self {
        Self { earlier, ..self }
    }

    /// Whether the budget is spent. Must be called on the thread that created it.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.end.is_some_and(|end| thread_time() >= end)
    }

    /// Formats the length for messages.
    #[must_use]
    pub fn describe(&self) -> String {
        describe_time(self.length, self.earlier)
    }
}

/// Time of a monotonic clock.
#[cfg(not(unix))]
pub fn monotonic_time() -> Duration {
    thread_time()
}

/// Formats the budget of one file, with the reason if `earlier` files that used up theirs have shortened it.
#[must_use]
pub fn describe_time(length: Duration, earlier: u32) -> String {
    let time = format!("{} ms", length.as_millis());
    if earlier < FULL_TIME_FILES {
        return time;
    }
    format!("{time} (reduced because {earlier} earlier files took too long)")
}

/// Processor time used by all threads of this process.
#[cfg(unix)]
pub fn process_time() -> Duration {
    as_duration(rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime))
}

/// Processor time of this process. Without such a clock, the time of the thread.
#[cfg(not(unix))]
pub fn process_time() -> Duration {
    thread_time()
}

/// Time of a monotonic clock, for waiting.
#[cfg(unix)]
pub fn monotonic_time() -> Duration {
    as_duration(rustix::time::clock_gettime(rustix::time::ClockId::Monotonic))
}

#[cfg(unix)]
fn as_duration(time: rustix::time::Timespec) -> Duration {
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Processor time used by this thread.
#[cfg(unix)]
pub fn thread_time() -> Duration {
    as_duration(rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime))
}

/// Processor time of this thread. Without such a clock, the time since the first call.
#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "the one place that measures time for budgets")]
pub fn thread_time() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}
