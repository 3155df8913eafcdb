//! Ends a worker from inside: a thread checks the processor time, for code that does not check its budget.
//! The kernel's limit, in whole seconds, is the fallback. Where the kernel has no memory limit, the thread
//! checks the memory, too.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::engine::budget::process_time;

/// Beginning of the last line on standard error if the time ran out. The milliseconds and the number of
/// earlier files follow.
pub(super) const OUT_OF_TIME: &str = "stanchion worker: out of time:";
/// Maximum pause between two checks. Starting a file does not wake the thread, so a file may exceed its time
/// by this pause, which is about the shortest time limit of a file. A check costs some microseconds.
const MAX_PAUSE: Duration = Duration::from_millis(8);
/// Stack size of the watching thread, in bytes.
const STACK_BYTES: usize = 64 << 10;

/// Processor time at which this process aborts, and the figures of its last message.
#[derive(Debug)]
pub(super) struct TimeWatch {
    /// Processor time of the process, in nanoseconds; `u64::MAX` for no limit.
    end: AtomicU64,
    milliseconds: AtomicU64,
    earlier: AtomicU32,
}

impl TimeWatch {
    /// Starts the watching thread. If that fails, only the kernel's limit remains.
    pub(super) fn start() -> Arc<Self> {
        let watch = Arc::new(Self {
            end: AtomicU64::new(u64::MAX),
            milliseconds: AtomicU64::new(0),
            earlier: AtomicU32::new(0),
        });
        let watched = Arc::clone(&watch);
        let _ = std::thread::Builder::new().name("watch".into()).stack_size(STACK_BYTES).spawn(move || {
            loop {
                watched.check_limits();
            }
        });
        watch
    }

    /// Lets this process use `time` from now on; `earlier` files exceeded their time before.
    pub(super) fn arm(&self, time: Duration, earlier: u32) {
        self.milliseconds.store(nanoseconds(time) / 1_000_000, Ordering::Relaxed);
        self.earlier.store(earlier, Ordering::Relaxed);
        self.end.store(nanoseconds(process_time() + time), Ordering::Release);
    }

    /// Removes the limit while the worker waits for requests.
    pub(super) fn disarm(&self) {
        self.end.store(u64::MAX, Ordering::Release);
    }

    fn check_limits(&self) {
        #[cfg(any(target_os = "macos", all(test, unix)))]
        super::memory_limit::abort_if_exceeded();
        let end = self.end.load(Ordering::Acquire);
        let left = Duration::from_nanos(end.saturating_sub(nanoseconds(process_time())));
        if left.is_zero() && self.end.load(Ordering::Acquire) == end {
            let (milliseconds, earlier) = (&self.milliseconds, &self.earlier);
            let (milliseconds, earlier) =
                (milliseconds.load(Ordering::Relaxed), earlier.load(Ordering::Relaxed));
            let _ = writeln!(std::io::stderr(), "{OUT_OF_TIME} {milliseconds} {earlier}");
            std::process::abort();
        }
        std::thread::sleep(left.clamp(Duration::from_millis(2), MAX_PAUSE));
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX - 1)
}
