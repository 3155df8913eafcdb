//! The effect of a waiver by its own fields and the date, before its findings are known.

use semver::Version;

use crate::model::{Date, Guideline, Waiver, WaiverEffect, WaiverEnd};

/// Number of days before its last day (or review) from which a waiver counts as lapsing.
pub const LAPSING_DAYS: i32 = 30;

/// Returns the effect of a waiver on `today` by its own fields: active, lapsing, lapsed or withdrawn.
#[must_use]
pub fn effect_by_date(waiver: &Waiver, today: Date) -> WaiverEffect {
    if waiver.withdrawn.is_some_and(|day| day <= today) {
        return WaiverEffect::Withdrawn;
    }
    let soon = |day: Date| {
        if today.days_until(day) <= LAPSING_DAYS { WaiverEffect::Lapsing } else { WaiverEffect::Active }
    };
    match waiver.end {
        WaiverEnd::Until(last) if last < today => WaiverEffect::Lapsed,
        WaiverEnd::Until(last) => soon(last),
        // A standing waiver has effect until it is withdrawn. Near and after its review date it is reported
        // as lapsing.
        WaiverEnd::Standing { review_on } => soon(review_on),
        WaiverEnd::Never => WaiverEffect::Active,
    }
}

/// Whether a waiver with this effect covers findings.
#[must_use]
pub fn is_in_effect(effect: WaiverEffect) -> bool {
    matches!(effect, WaiverEffect::Active | WaiverEffect::Lapsing)
}

/// Whether the waiver applies to this version of the guideline, and lists no checks or at least one that
/// exists.
#[must_use]
pub fn applies_to(waiver: &Waiver, guideline: &Guideline) -> bool {
    let has = |id: &String| guideline.checks.iter().any(|check| check.id == *id);
    matches_version_range(waiver, &guideline.version)
        && (waiver.checks.is_empty() || waiver.checks.iter().any(has))
}

fn matches_version_range(waiver: &Waiver, version: &Version) -> bool {
    let Some(range) = &waiver.versions else { return true };
    // SemVer ranges do not match pre-releases (`2.1.0-beta`): those are compared as the release itself.
    let plain = Version::new(version.major, version.minor, version.patch);
    range.matches(version) || range.matches(&plain)
}
