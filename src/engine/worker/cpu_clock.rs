//! What a worker uses of the processor, as its parent sees it. The worker limits itself; this is for one in which
//! that does not work any more, whatever broke it.

use std::time::Duration;

/// Shortest silence between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// What one worker has used since it fell silent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    /// What it had used when it was first looked at.
    first: Option<Duration>,
    /// How long it had been silent at the last look.
    looked: Duration,
}

impl Clock {
    /// What the process has used since the first look in this silence; `None` when the last one was just
    /// now, or the system does not say.
    pub(super) fn used(&mut self, process: u32, silence: Duration) -> Option<Duration> {
        if silence < self.looked + PAUSE {
            return None;
        }
        self.looked = silence;
        let now = processor_time(process)?;
        Some(now.saturating_sub(*self.first.get_or_insert(now)))
    }
}

/// The processor time of all threads of another process.
#[cfg(target_os = "linux")]
#[expect(
    clippy::disallowed_methods,
    reason = "a file of the system about our own child, not of a repository"
)]
fn processor_time(process: u32) -> Option<Duration> {
    let stat = std::fs::read(format!("/proc/{process}/stat")).ok()?;
    from_stat(&String::from_utf8_lossy(&stat), rustix::param::clock_ticks_per_second())
}

/// Only Linux says it without a library of its own.
#[cfg(not(target_os = "linux"))]
fn processor_time(_: u32) -> Option<Duration> {
    None
}

/// From the line `pid (name) state …`: the 14th and 15th field, in ticks.
#[cfg(target_os = "linux")]
fn from_stat(line: &str, ticks_per_second: u64) -> Option<Duration> {
    // The name may hold anything, spaces and parentheses too.
    let (_, after) = line.rsplit_once(')')?;
    let mut times = after.split_ascii_whitespace().skip(11).map(str::parse::<u64>);
    let (user, system) = (times.next()?.ok()?, times.next()?.ok()?);
    let milliseconds = user.saturating_add(system).saturating_mul(1000).checked_div(ticks_per_second)?;
    Some(Duration::from_millis(milliseconds))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::engine::budget::process_time;

    #[test]
    fn the_times_are_found_behind_any_name() {
        let line = "12 (a) b (9) R 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20";
        assert_eq!(from_stat(line, 100), Some(Duration::from_secs(2)));
        assert_eq!(from_stat("12 (a) R 1 2", 100), None);
        assert_eq!(from_stat("", 100), None);
    }

    #[test]
    fn it_counts_from_the_first_look_and_looks_seldom() {
        let own = std::process::id();
        let (mut clock, start) = (Clock::default(), process_time());
        assert_eq!(clock.used(own, PAUSE / 2), None);
        assert_eq!(clock.used(own, PAUSE), Some(Duration::ZERO));
        assert_eq!(clock.used(own, PAUSE + PAUSE / 2), None);
        while process_time() < start + Duration::from_millis(200) {
            std::hint::spin_loop();
        }
        let used = clock.used(own, 2 * PAUSE).expect("known");
        assert!(used >= Duration::from_millis(100) && used <= process_time(), "{used:?}");
    }
}
