//! What a worker holds in memory, where the kernel keeps no limit of it (macOS): the thread that watches over the time
//! looks at that, too, and so does whoever is done with a file. Later than a kernel would: what is taken between two looks is
//! taken.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::resource::{UsageWho, getrusage};

/// What the program itself and the grammars take at most, in bytes: the system counts them, too.
const PROGRAM: u64 = 96 << 20;
/// What the system counts the peak in, in bytes.
const UNIT: u64 = if cfg!(target_os = "macos") { 1 } else { 1024 };

/// The most that this process may ever have held, in bytes.
#[derive(Debug)]
pub(super) struct Most(AtomicU64);

/// That of this process.
pub(super) static MOST: Most = Most(AtomicU64::new(u64::MAX));

/// Ends this process when it has held more than it may: the file that was begun last is blamed for it.
pub(super) fn look() {
    if MOST.is_exceeded() {
        let _ = writeln!(std::io::stderr(), "stanchion worker: out of memory");
        std::process::abort();
    }
}

impl Most {
    /// From now on the files may take so many bytes.
    pub(super) fn allow(&self, bytes: u64) {
        self.0.store(bytes.saturating_add(PROGRAM), Ordering::Release);
    }

    /// Whether this process has held more than that.
    pub(super) fn is_exceeded(&self) -> bool {
        let peak =
            getrusage(UsageWho::RUSAGE_SELF).ok().and_then(|usage| u64::try_from(usage.max_rss()).ok());
        peak.is_some_and(|peak| peak.saturating_mul(UNIT) > self.0.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_held_counts() {
        let most = Most(AtomicU64::new(u64::MAX));
        assert!(!most.is_exceeded(), "nothing was said yet");
        most.allow(4 << 30);
        assert!(!most.is_exceeded(), "tests do not take so much");
        let held = std::hint::black_box(vec![1u8; usize::try_from(PROGRAM).expect("small") + (64 << 20)]);
        most.allow(1 << 20);
        assert!(most.is_exceeded(), "{} bytes are held", held.len());
        drop(held);
        assert!(most.is_exceeded(), "the peak counts");
    }
}
