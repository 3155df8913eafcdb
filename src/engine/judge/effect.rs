//! The effect of a waiver by its own words and the day, before it is asked what it covers.

use semver::Version;

use crate::model::{Date, Effect, Guideline, Waiver, WaiverEnd};

/// A waiver lapses soon when its last day is at most so many days away.
pub const LAPSING_DAYS: i32 = 30;

/// What a waiver does on `today`, as far as its own text tells: it is active, lapsing, lapsed or withdrawn.
#[must_use]
pub fn by_date(waiver: &Waiver, today: Date) -> Effect {
    if waiver.withdrawn.is_some_and(|day| day <= today) {
        return Effect::Withdrawn;
    }
    let soon =
        |day: Date| if today.days_until(day) <= LAPSING_DAYS { Effect::Lapsing } else { Effect::Active };
    match waiver.end {
        WaiverEnd::Until(last) if last < today => Effect::Lapsed,
        WaiverEnd::Until(last) => soon(last),
        // It stands until somebody takes it back; that a look at it is due is said as long as it is.
        WaiverEnd::Standing { review_on } => soon(review_on),
        WaiverEnd::Never => Effect::Active,
    }
}

/// Whether a waiver with this effect covers anything.
#[must_use]
pub fn is_in_effect(effect: Effect) -> bool {
    matches!(effect, Effect::Active | Effect::Lapsing)
}

/// Whether the waiver speaks about this version of the guideline, and names a check that it has (or none).
#[must_use]
pub fn speaks_about(waiver: &Waiver, guideline: &Guideline) -> bool {
    let has = |id: &String| guideline.checks.iter().any(|check| check.id == *id);
    is_in_range(waiver, &guideline.version) && (waiver.checks.is_empty() || waiver.checks.iter().any(has))
}

fn is_in_range(waiver: &Waiver, version: &Version) -> bool {
    let Some(range) = &waiver.versions else { return true };
    // A range says nothing about what comes before a version (`2.1.0-beta`): it is read as that version.
    let plain = Version::new(version.major, version.minor, version.patch);
    range.matches(version) || range.matches(&plain)
}
