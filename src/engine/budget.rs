//! Time budgets: the only place in the engine that measures time.

use std::time::{Duration, Instant};

/// How long the assessment of one file may take, by the wall clock.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    end: Option<Instant>,
    length: Duration,
}

impl Budget {
    /// A budget that starts now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that measures time for budgets")]
    pub fn starting_now(length: Duration) -> Self {
        Self { end: Instant::now().checked_add(length), length }
    }

    /// A budget that never runs out.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { end: None, length: Duration::ZERO }
    }

    /// Whether it has run out.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that measures time for budgets")]
    pub fn is_spent(&self) -> bool {
        self.end.is_some_and(|end| Instant::now() >= end)
    }

    /// Its length in words.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} ms", self.length.as_millis())
    }
}
