//! What each check costs, measured only when somebody asks (`check --timings`).
//!
//! By the processor time of the thread that works. Nothing here may change what is found.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::budget::thread_time;

/// What one check cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckCost {
    /// Compiling it.
    pub compile: Duration,
    /// Looking for it in texts, values and syntax trees, without parsing.
    pub look: Duration,
    /// Files that the prefilter left for it.
    pub files: u64,
    /// Why it cannot be prefiltered.
    pub unfiltered: Option<String>,
}

/// What checks cost, by their numbers, and what they share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    /// Of each check.
    pub checks: BTreeMap<u32, CheckCost>,
    /// Parsing code and data.
    pub parse: Duration,
    /// How often that was done.
    pub parsed: u64,
    /// Looking at files in all: decoding, parsing, every check.
    pub files: Duration,
}

impl Costs {
    /// Adds what was measured elsewhere.
    pub fn add(&mut self, other: Self) {
        for (number, cost) in other.checks {
            let own = self.checks.entry(number).or_default();
            own.compile = own.compile.saturating_add(cost.compile);
            own.look = own.look.saturating_add(cost.look);
            own.files = own.files.saturating_add(cost.files);
            own.unfiltered = cost.unfiltered.or(own.unfiltered.take());
        }
        self.parse = self.parse.saturating_add(other.parse);
        self.parsed = self.parsed.saturating_add(other.parsed);
        self.files = self.files.saturating_add(other.files);
    }
}

/// Measures, or does nothing. Clones measure into the same costs.
#[derive(Clone, Default)]
pub struct Meter(Option<Arc<Mutex<Costs>>>);

impl Meter {
    /// A meter that measures if `asked`.
    #[must_use]
    pub fn new(asked: bool) -> Self {
        Self(asked.then(Arc::default))
    }

    /// Does `work`; its time is handed to `put`.
    fn measure<T>(&self, work: impl FnOnce() -> T, put: impl FnOnce(&mut Costs, Duration)) -> T {
        let Some(costs) = &self.0 else { return work() };
        let start = thread_time();
        let done = work();
        put(&mut lock(costs), thread_time().saturating_sub(start));
        done
    }

    /// Compiles the check with this number.
    pub fn compile<T>(&self, number: u32, work: impl FnOnce() -> T) -> T {
        self.measure(work, |costs, time| costs.checks.entry(number).or_default().compile += time)
    }

    /// Looks for what the check with this number asks for.
    pub fn look<T>(&self, number: u32, work: impl FnOnce() -> T) -> T {
        self.measure(work, |costs, time| costs.checks.entry(number).or_default().look += time)
    }

    /// Parses code or data.
    pub fn parse<T>(&self, work: impl FnOnce() -> T) -> T {
        self.measure(work, |costs, time| {
            costs.parse += time;
            costs.parsed += 1;
        })
    }

    /// Looks into one file, for the checks with these numbers.
    pub fn file<T>(&self, numbers: &[u32], work: impl FnOnce() -> T) -> T {
        self.measure(work, |costs, time| {
            costs.files += time;
            for &number in numbers {
                costs.checks.entry(number).or_default().files += 1;
            }
        })
    }

    /// Notes why a check cannot be prefiltered; `why` is asked only when somebody wants to know.
    pub fn unfiltered(&self, number: u32, why: impl FnOnce() -> Option<String>) {
        if let Some(costs) = &self.0
            && let Some(why) = why()
        {
            lock(costs).checks.entry(number).or_default().unfiltered = Some(why);
        }
    }

    /// What was measured since it was last taken; `None` when nothing is measured.
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
    fn costs_are_summed_and_nothing_is_kept_unasked() {
        let (on, off) = (Meter::new(true), Meter::new(false));
        for meter in [&on, &off] {
            assert_eq!(meter.file(&[1, 2], || meter.look(2, || 7)), 7);
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
