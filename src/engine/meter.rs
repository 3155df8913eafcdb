//! Measures the cost of each check, only with `check --timings`.
//!
//! Costs are processor time of the working thread. Measuring must not change findings.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::budget::thread_time;

/// Cost of one check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckCost {
    /// Time for compiling it.
    pub compile: Duration,
    /// Time for searching texts, values and syntax trees, without parsing.
    pub search: Duration,
    /// Number of files that passed the prefilter.
    pub files: u64,
    /// Reason why it cannot be prefiltered.
    pub unfiltered: Option<String>,
}

/// Costs of all checks by number, and the costs that they share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    /// Costs of each check.
    pub checks: BTreeMap<u32, CheckCost>,
    /// Time for parsing code and data.
    pub parse: Duration,
    /// Number of parses.
    pub parsed: u64,
    /// Total time for assessing files: decoding, parsing and every check.
    pub files: Duration,
}

impl Costs {
    /// Adds costs measured elsewhere.
    pub fn add(&mut self, other: Self) {
        for (number, cost) in other.checks {
            let own = self.checks.entry(number).or_default();
            own.compile = own.compile.saturating_add(cost.compile);
            own.search = own.search.saturating_add(cost.search);
            own.files = own.files.saturating_add(cost.files);
            own.unfiltered = cost.unfiltered.or(own.unfiltered.take());
        }
        self.parse = self.parse.saturating_add(other.parse);
        self.parsed = self.parsed.saturating_add(other.parsed);
        self.files = self.files.saturating_add(other.files);
    }
}

/// Measures costs if enabled, and otherwise does nothing. Clones add to the same costs.
#[derive(Clone, Default)]
pub struct Meter(Option<Arc<Mutex<Costs>>>);

impl Meter {
    /// A meter that measures if `enabled`.
    #[must_use]
    pub fn new(enabled: bool) -> Self {
        Self(enabled.then(Arc::default))
    }

    /// Runs `work` and passes its time to `put`.
    fn measure<T>(&self, work: impl FnOnce() -> T, put: impl FnOnce(&mut Costs, Duration)) -> T {
        let Some(costs) = &self.0 else { return work() };
        let start = thread_time();
        let done = work();
        put(&mut lock(costs), thread_time().saturating_sub(start));
        done
    }

    /// Runs `work` as compilation of the check with this number.
    pub fn compile<T>(&self, number: u32, work: impl FnOnce() -> T) -> T {
        self.measure(work, |costs, time| costs.checks.entry(number).or_default().compile += time)
    }

    /// Runs `work` as a search of the check with this number.
    pub fn search<T>(&self, number: u32, work: impl FnOnce() -> T) -> T {
        self.measure(work, |costs, time| costs.checks.entry(number).or_default().search += time)
    }

    /// Runs `work` as parsing of code or data.
    pub fn parse<T>(&self, work: impl FnOnce() -> T) -> T {
        self.measure(work, |costs, time| {
            costs.parse += time;
            costs.parsed += 1;
        })
    }

    /// Runs `work` as the assessment of one file by the checks with these numbers.
    pub fn file<T>(&self, numbers: &[u32], work: impl FnOnce() -> T) -> T {
        self.measure(work, |costs, time| {
            costs.files += time;
            for &number in numbers {
                costs.checks.entry(number).or_default().files += 1;
            }
        })
    }

    /// Records why a check cannot be prefiltered. `why` is called only if the meter is enabled.
    pub fn unfiltered(&self, number: u32, why: impl FnOnce() -> Option<String>) {
        if let Some(costs) = &self.0
            && let Some(why) = why()
        {
            lock(costs).checks.entry(number).or_default().unfiltered = Some(why);
        }
    }

    /// Returns the costs since the last call and resets them; `None` if the meter is disabled.
    #[must_use]
    pub fn take(&self) -> Option<Costs> {
        self.0.as_ref().map(|costs| std::mem::take(&mut *lock(costs)))
    }
}

fn lock(costs: &Mutex<Costs>) -> MutexGuard<'_, Costs> {
    costs.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_summed_and_a_disabled_meter_records_nothing() {
        let (on, off) = (Meter::new(true), Meter::new(false));
        for meter in [&on, &off] {
            assert_eq!(meter.file(&[1, 2], || meter.search(2, || 7)), 7);
            meter.unfiltered(2, || Some("why".to_owned()));
        }
        assert_eq!(off.take(), None);
        let mut all = Costs::default();
        let taken = on.take().expect("measured");
        all.add(taken.clone());
        all.add(taken);
        assert_eq!((all.checks[&1].files, all.checks[&2].files), (2, 2));
        assert_eq!(all.checks[&2].unfiltered.as_deref(), Some("why"));
        assert_eq!(on.take(), Some(Costs::default()));
    }
}
