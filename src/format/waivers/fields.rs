//! What the fields of a waiver mean, the same in a file and in a comment.

use semver::VersionReq;

use crate::model::{Date, GuidelineId, WaiverEnd};

/// Longest reason, in characters.
pub const LONGEST_REASON: usize = 2_000;
/// Fewest letters and digits of a reason.
const SHORTEST_REASON: usize = 3;

/// What is wrong with a reason: a sentence, or `None`.
#[must_use]
pub fn reason_problem(reason: &str) -> Option<String> {
    if reason.chars().filter(|c| c.is_alphanumeric()).count() < SHORTEST_REASON {
        return Some("a waiver needs a reason in words: it is what others read in a year".to_owned());
    }
    if reason.chars().count() > LONGEST_REASON {
        return Some(format!(
            "the reason is longer than {LONGEST_REASON} characters: link to what is longer"
        ));
    }
    None
}

/// The guideline that a waiver names.
pub(super) fn guideline(text: &str) -> Result<GuidelineId, String> {
    if text.contains('*') || text == "all" {
        return Err(
            "a waiver steps over one guideline, which it names: there is no waiver of several".to_owned()
        );
    }
    GuidelineId::new(text)
}

/// A range of versions.
pub(super) fn versions(text: &str) -> Result<VersionReq, String> {
    text.parse().map_err(|error| format!("no range of versions: {error}; write \"^2\" for every 2.x.y"))
}

/// A day; a time of day is refused.
pub(super) fn date(text: &str) -> Result<Date, String> {
    text.parse()
}

/// Why `text` cannot be the id of a waiver, or `None`.
pub(super) fn id_problem(text: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (text.is_empty() || text.len() > 64 || !text.chars().all(fits))
        .then(|| "an id holds letters, digits, `-`, `_` and `.` only, at most 64".to_owned())
}

/// Whether `text` is a fingerprint.
pub(super) fn is_fingerprint(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The end of a waiver, from what is written about it. Errors name the key that they are about.
pub(super) fn end(
    until: Option<Date>,
    standing: Option<bool>,
    review_on: Option<Date>,
) -> Result<WaiverEnd, (&'static str, String)> {
    match (until, standing, review_on) {
        (_, Some(false), _) => Err(("standing", "`standing = false` says nothing: leave it out".to_owned())),
        (Some(_), Some(true), _) => {
            Err(("standing", "it either ends (`until`) or stands (`standing`), not both".to_owned()))
        }
        (Some(_), None, Some(_)) => Err((
            "review-on",
            "`review-on` belongs to `standing = true`; this one ends with `until`".to_owned(),
        )),
        (Some(until), None, None) => Ok(WaiverEnd::Until(until)),
        (None, Some(true), Some(review_on)) => Ok(WaiverEnd::Standing { review_on }),
        (None, Some(true), None) => Err((
            "standing",
            "a standing waiver says when it is looked at again: `review-on = 2027-11-25`".to_owned(),
        )),
        (None, None, Some(_)) => {
            Err(("review-on", "`review-on` belongs to `standing = true`, which is missing".to_owned()))
        }
        (None, None, None) => Ok(WaiverEnd::Never),
    }
}
