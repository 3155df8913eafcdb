//! Limits on the work for one file. This module only defines values; other modules apply them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Size and time limits for one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest file that is read, in bytes.
    pub file_bytes: u64,
    /// Largest text that is parsed as code, in bytes.
    pub code_bytes: u64,
    /// Base processor time of the checks for one file, independent of its size.
    pub file_time: Duration,
    /// Additional processor time for each MiB of the file, up to `code_bytes`.
    pub mib_time: Duration,
}

/// Number of files that may use up their time, or parse slowly, before later files get less. An ordinary
/// repository may have one or two.
pub(super) const FULL_TIME_FILES: u32 = 2;
/// Divisors of [`Limits::file_time`] for later files: a quarter for the first of them, and so on. A hostile
/// repository contains hundreds of such files; all of them together should cost little more than the first
/// two.
const PARTS: [u32; 3] = [4, 16, 64];
/// A text is slow if parsing takes longer than this plus [`SLOW_MIB`] for each MiB. For comparison: the
/// slowest grammars parse a MiB of ordinary code in half a second.
const SLOW_START: Duration = Duration::from_millis(if cfg!(debug_assertions) { 200 } else { 50 });
const SLOW_MIB: Duration = Duration::from_secs(if cfg!(debug_assertions) { 8 } else { 2 });
/// Debug builds are much slower, so they get more time.
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

    /// Processor time for a file of `bytes` bytes, after `earlier` files that used up their time or were
    /// slow. The share for the file's size is never reduced, because an ordinary large file needs it.
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
    fn slow_is_relative_to_size() {
        assert!(!Limits::is_slow(30_000, SLOW_START));
        assert!(Limits::is_slow(30_000, SLOW_START + SLOW_MIB / 30));
        assert!(!Limits::is_slow(1 << 20, SLOW_START + SLOW_MIB));
        assert!(!Limits::is_slow(usize::MAX, Duration::from_secs(9)));
    }

    #[test]
    fn time_grows_with_size_and_shrinks_after_slow_files() {
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
