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
    // Fillers of Hangul count as letters, and nobody sees them.
    let seen =
        |c: &char| c.is_alphanumeric() && !matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}');
    if reason.chars().filter(seen).take(SHORTEST_REASON).count() < SHORTEST_REASON {
        return Some("a waiver needs a reason in words: it is what others read in a year".to_owned());
    }
    if reason.len() > LONGEST_REASON && reason.chars().count() > LONGEST_REASON {
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
    if text.starts_with(NO_DAY) {
        return Err("there is no such day".to_owned());
    }
    text.parse()
}

/// What a date that is none was replaced by, see [`without_impossible_days`].
const NO_DAY: &str = "no day";

/// The text with every day that the calendar does not have as a text of the same length: one such day would make the
/// whole file unreadable, and with it every other waiver. `None` where there is none.
pub(super) fn without_impossible_days(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut changed = false;
    for line in text.split_inclusive('\n') {
        let value = line.split_once(" = ").map_or("", |(_, value)| value);
        let day = value.split([' ', '#', '\r', '\n']).next().unwrap_or_default();
        let shaped = day.len() == 10
            && day
                .bytes()
                .enumerate()
                .all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
        if shaped && day.parse::<Date>().is_err() {
            changed = true;
            // As long as the day, quotes included.
            out.push_str(&line.replacen(day, "\"no day  \"", 1));
        } else {
            out.push_str(line);
        }
    }
    changed.then_some(out)
}

/// Why `text` cannot be the id of a waiver, or `None`.
pub(super) fn id_problem(text: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (text.is_empty() || text.len() > 64 || !text.bytes().map(char::from).all(fits))
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
