//! Ends the worker from inside when it takes more processor time than it may and nothing asks the budget: a
//! thread of its own that looks at the clock. The kernel's limit, in whole seconds, stands behind it. Where the kernel
//! has no limit of memory, it looks at that, too.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::engine::budget::process_time;

/// What the last words begin with when time ran out; the milliseconds and the number of earlier files follow.
pub(super) const OUT_OF_TIME: &str = "stanchion worker: out of time:";
/// Longest pause between two looks. Who begins with a file does not wake the thread, so this is what a file may take
/// longer; it is about the least time that one gets. A look costs some microseconds.
const PAUSE: Duration = Duration::from_millis(8);
/// Stack of the thread that watches.
const STACK: usize = 64 << 10;

/// The processor time at which this process ends, and what to say then.
#[derive(Debug)]
pub(super) struct Watch {
    /// In nanoseconds of the process; `u64::MAX`: never.
    end: AtomicU64,
    milliseconds: AtomicU64,
    earlier: AtomicU32,
}

impl Watch {
    /// Starts watching. Without a thread, only the kernel's limit is left.
    pub(super) fn start() -> Arc<Self> {
        let watch = Arc::new(Self {
            end: AtomicU64::new(u64::MAX),
            milliseconds: AtomicU64::new(0),
            earlier: AtomicU32::new(0),
        });
        let watched = Arc::clone(&watch);
        let _ = std::thread::Builder::new().name("watch".into()).stack_size(STACK).spawn(move || {
            loop {
                watched.look();
            }
        });
        watch
    }

    /// From now on this process may use `time`; `earlier` files used up theirs before.
    pub(super) fn allow(&self, time: Duration, earlier: u32) {
        self.milliseconds.store(nanoseconds(time) / 1_000_000, Ordering::Relaxed);
        self.earlier.store(earlier, Ordering::Relaxed);
        self.end.store(nanoseconds(process_time() + time), Ordering::Release);
    }

    /// There is nothing to do that could take long.
    pub(super) fn rest(&self) {
        self.end.store(u64::MAX, Ordering::Release);
    }

    fn look(&self) {
        #[cfg(any(target_os = "macos", all(test, unix)))]
        super::memory::look();
        let end = self.end.load(Ordering::Acquire);
        let left = Duration::from_nanos(end.saturating_sub(nanoseconds(process_time())));
        if left.is_zero() && self.end.load(Ordering::Acquire) == end {
            let (milliseconds, earlier) = (&self.milliseconds, &self.earlier);
            let (milliseconds, earlier) =
                (milliseconds.load(Ordering::Relaxed), earlier.load(Ordering::Relaxed));
            let _ = writeln!(std::io::stderr(), "{OUT_OF_TIME} {milliseconds} {earlier}");
            std::process::abort();
        }
        std::thread::sleep(left.clamp(Duration::from_millis(2), PAUSE));
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX - 1)
}
