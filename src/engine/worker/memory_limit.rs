//! Memory limit of a worker where the kernel has none (macOS). The thread that watches the time also checks
//! the memory, and the worker checks it after each file. This is weaker than a kernel limit: between two
//! checks, a worker can exceed it.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::resource::{UsageWho, getrusage};

/// Upper bound of the memory of the program itself and the grammars, in bytes; the system includes it.
const PROGRAM_BYTES: u64 = 96 << 20;
/// Unit of `max_rss`, in bytes.
const MAXRSS_UNIT: u64 = if cfg!(target_os = "macos") { 1 } else { 1024 };

/// Limit on the peak memory of this process, in bytes.
#[derive(Debug)]
pub(super) struct PeakMemoryLimit(AtomicU64);

/// Limit of this process.
pub(super) static PEAK_MEMORY: PeakMemoryLimit = PeakMemoryLimit(AtomicU64::new(u64::MAX));

/// Aborts this process if it has exceeded its limit. The parent attributes that to the file being processed.
pub(super) fn abort_if_exceeded() {
    if PEAK_MEMORY.is_exceeded() {
        let _ = writeln!(std::io::stderr(), "stanchion worker: out of memory");
        std::process::abort();
    }
}

impl PeakMemoryLimit {
    /// Sets the limit to `bytes` for files, plus the program itself.
    pub(super) fn allow(&self, bytes: u64) {
        self.0.store(bytes.saturating_add(PROGRAM_BYTES), Ordering::Release);
    }

    /// Whether the peak memory of this process has exceeded the limit.
    pub(super) fn is_exceeded(&self) -> bool {
        let peak =
            getrusage(UsageWho::RUSAGE_SELF).ok().and_then(|usage| u64::try_from(usage.max_rss()).ok());
        peak.is_some_and(|peak| peak.saturating_mul(MAXRSS_UNIT) > self.0.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_counts() {
        let most = PeakMemoryLimit(AtomicU64::new(u64::MAX));
        assert!(!most.is_exceeded(), "no limit was set yet");
        most.allow(4 << 30);
        assert!(!most.is_exceeded(), "tests use less memory");
        let held =
            std::hint::black_box(vec![1u8; usize::try_from(PROGRAM_BYTES).expect("small") + (64 << 20)]);
        most.allow(1 << 20);
        assert!(most.is_exceeded(), "{} bytes are held", held.len());
        drop(held);
        assert!(most.is_exceeded(), "the peak counts");
    }
}
