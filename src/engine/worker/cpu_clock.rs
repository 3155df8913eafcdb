//! Measures the processor time of a worker from its parent. Workers limit themselves; this is the fallback
//! for a broken worker whose own limit no longer works.

use std::time::Duration;

/// Minimum time between two measurements.
const MIN_INTERVAL: Duration = Duration::from_millis(500);

/// Processor time of one worker since its last message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CpuClock {
    /// Processor time of the worker at the first measurement.
    time_at_start: Option<Duration>,
    /// Duration of the silence at the last measurement.
    last_silence: Duration,
}

impl CpuClock {
    /// Returns the processor time used since the first measurement in this silence. `None` if the last
    /// measurement is too recent, or if the system does not provide the value.
    pub(super) fn used(&mut self, process: u32, silence: Duration) -> Option<Duration> {
        if silence < self.last_silence + MIN_INTERVAL {
            return None;
        }
        self.last_silence = silence;
        let now = processor_time(process)?;
        Some(now.saturating_sub(*self.time_at_start.get_or_insert(now)))
    }
}

/// Returns the processor time of all threads of another process.
#[cfg(target_os = "linux")]
#[expect(
    clippy::disallowed_methods,
    reason = "a system file about our own child process, not a repository file"
)]
fn processor_time(process: u32) -> Option<Duration> {
    let stat = std::fs::read(format!("/proc/{process}/stat")).ok()?;
    from_stat(&String::from_utf8_lossy(&stat), rustix::param::clock_ticks_per_second())
}

/// Only Linux provides it without an additional library.
#[cfg(not(target_os = "linux"))]
fn processor_time(_: u32) -> Option<Duration> {
    None
}

/// Parses the line `pid (name) state …`: user and system time are fields 14 and 15, in clock ticks.
#[cfg(target_os = "linux")]
fn from_stat(line: &str, ticks_per_second: u64) -> Option<Duration> {
    // The name may contain any character, including spaces and parentheses.
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
    fn the_times_are_found_after_any_name() {
        let line = "12 (a) b (9) R 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20";
        assert_eq!(from_stat(line, 100), Some(Duration::from_secs(2)));
        assert_eq!(from_stat("12 (a) R 1 2", 100), None);
        assert_eq!(from_stat("", 100), None);
    }

    #[test]
    fn it_counts_from_the_first_measurement_and_measures_seldom() {
        let own = std::process::id();
        let (mut clock, start) = (CpuClock::default(), process_time());
        assert_eq!(clock.used(own, MIN_INTERVAL / 2), None);
        assert_eq!(clock.used(own, MIN_INTERVAL), Some(Duration::ZERO));
        assert_eq!(clock.used(own, MIN_INTERVAL + MIN_INTERVAL / 2), None);
        while process_time() < start + Duration::from_millis(200) {
            std::hint::spin_loop();
        }
        let used = clock.used(own, 2 * MIN_INTERVAL).expect("known");
        assert!(used >= Duration::from_millis(100) && used <= process_time(), "{used:?}");
    }
}
