//! Bounds of the work on one file. Values only; who keeps to them stands elsewhere.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Sizes and times that bound the work on one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest file that is read, in bytes.
    pub file_bytes: u64,
    /// Largest text that is parsed as code, in bytes.
    pub code_bytes: u64,
    /// How long the checks may work on one file, whatever its size.
    pub file_time: Duration,
    /// How much longer for each MiB of it, up to `code_bytes`.
    pub mib_time: Duration,
}

/// So many files that used up their time, or were slow to parse, change nothing for the next ones: an ordinary repository
/// may have one or two.
pub(super) const FULL_TIME_FILES: u32 = 2;
/// Into how many parts [`Limits::file_time`] is divided for those after them: a quarter for the first, and so on. A
/// hostile repository has hundreds of them, and all together should cost little more than the first two.
const PARTS: [u32; 3] = [4, 16, 64];
/// A text that takes longer to parse than this, and [`SLOW_MIB`] for each MiB, is not what grammars are made for:
/// the slowest ones read a MiB of ordinary code in half a second.
const SLOW_START: Duration = Duration::from_millis(if cfg!(debug_assertions) { 200 } else { 50 });
const SLOW_MIB: Duration = Duration::from_secs(if cfg!(debug_assertions) { 8 } else { 2 });
/// A debug build takes much longer for the same work.
const FILE_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 2 } else { 1 });

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 16 << 20,
            code_bytes: 4 << 20,
            file_time: FILE_TIME,
            mib_time: Duration::from_millis(600),
        }
    }
}

impl Limits {
    /// Whether a text of `bytes` took unusually long to parse.
    #[must_use]
    pub fn is_slow(bytes: usize, parsing: Duration) -> bool {
        let kib = u32::try_from(bytes >> 10).unwrap_or(u32::MAX);
        parsing > SLOW_START + SLOW_MIB.saturating_mul(kib) / 1024
    }

    /// The processor time for a file of `bytes`, when `earlier` files before it used up theirs or were slow. What a file
    /// gets for its size is never shortened: an ordinary large file needs it.
    #[must_use]
    pub fn time_for(&self, bytes: usize, earlier: u32) -> Duration {
        let parts = match earlier.checked_sub(FULL_TIME_FILES) {
            None => 1,
            Some(late) => PARTS[PARTS.len().saturating_sub(1).min(late as usize)],
        };
        let most = usize::try_from(self.code_bytes).unwrap_or(usize::MAX);
        let kib = u32::try_from(bytes.min(most) >> 10).unwrap_or(u32::MAX);
        self.file_time / parts + self.mib_time.saturating_mul(kib) / 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_is_what_takes_long_for_its_size() {
        assert!(!Limits::is_slow(30_000, SLOW_START));
        assert!(Limits::is_slow(30_000, SLOW_START + SLOW_MIB / 30));
        assert!(!Limits::is_slow(1 << 20, SLOW_START + SLOW_MIB));
        assert!(!Limits::is_slow(usize::MAX, Duration::from_secs(9)));
    }

    #[test]
    fn time_grows_with_size_and_shrinks_after_files_that_used_theirs_up() {
        let limits = Limits {
            file_time: Duration::from_millis(1024),
            mib_time: Duration::from_millis(600),
            ..Limits::default()
        };
        let cases = [
            (0, 0, 1024),
            (0, 1, 1024),
            (0, 2, 256),
            (0, 3, 64),
            (0, 4, 16),
            (0, u32::MAX, 16),
            (1 << 20, 0, 1624),
            (1 << 20, u32::MAX, 616),
            (4 << 20, 0, 3424),
            (usize::MAX, 0, 3424),
        ];
        for (bytes, earlier, milliseconds) in cases {
            let want = Duration::from_millis(milliseconds);
            assert_eq!(limits.time_for(bytes, earlier), want, "{bytes} {earlier}");
        }
    }
}
