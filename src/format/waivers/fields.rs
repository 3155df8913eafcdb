//! Parses the fields of a waiver, with the same rules for a file and a comment.

use semver::VersionReq;

use crate::model::{Date, GuidelineId, WaiverEnd};

/// Maximum length of a reason, in characters.
pub const MAX_REASON_CHARS: usize = 2_000;
/// Minimum number of letters and digits in a reason.
const MIN_REASON_CHARS: usize = 3;

/// Returns the problem of a reason, or `None` if it is valid.
#[must_use]
pub fn reason_problem(reason: &str) -> Option<String> {
    // Hangul fillers count as letters but are invisible.
    let is_visible =
        |c: &char| c.is_alphanumeric() && !matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}');
    if reason.chars().filter(is_visible).take(MIN_REASON_CHARS).count() < MIN_REASON_CHARS {
        return Some(
            "the reason is too short: a waiver needs a reason in words that others understand in a year"
                .to_owned(),
        );
    }
    if reason.len() > MAX_REASON_CHARS && reason.chars().count() > MAX_REASON_CHARS {
        return Some(format!(
            "the reason is longer than {MAX_REASON_CHARS} characters: link to a longer explanation"
        ));
    }
    None
}

/// Parses the id of the guideline that a waiver names.
pub(super) fn parse_guideline_id(text: &str) -> Result<GuidelineId, String> {
    if text.contains('*') || text == "all" {
        return Err("a waiver names exactly one guideline: it cannot step over several".to_owned());
    }
    GuidelineId::new(text)
}

/// Parses a version requirement.
pub(super) fn parse_version_range(text: &str) -> Result<VersionReq, String> {
    text.parse()
        .map_err(|error| format!("invalid version requirement: {error}; write \"^2\" for every 2.x.y"))
}

/// Parses a date; a time of day is an error.
pub(super) fn parse_date(text: &str) -> Result<Date, String> {
    // The replacement has at least eight characters, so it differs from the text `no day` itself.
    if text.len() >= 8 && text.trim_end_matches(' ') == IMPOSSIBLE_DATE {
        return Err("this day does not exist".to_owned());
    }
    text.parse()
}

/// Text that replaces a date that does not exist; see [`replace_impossible_dates`].
const IMPOSSIBLE_DATE: &str = "no day";

/// Replaces every date that does not exist with a text of the same length. Returns `None` if there is no such
/// date in `text`.
///
/// TOML does not allow such a date, so one of them would make the whole file and all other waivers
/// unreadable. A date follows `=`, `[` or `,`, with or without spaces. Texts in quotes and comments are not
/// changed.
pub(super) fn replace_impossible_dates(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut changed = false;
    // Quote of an open multi-line text, in which nothing is a date.
    let mut multi_line: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let mut from = 0;
        for (start, end) in unquoted_values(line, &mut multi_line) {
            let token = &line[start..end];
            let looks_like_date = token.len() >= 10
                && token.bytes().take(10).enumerate().all(|(at, byte)| match at {
                    4 | 7 => byte == b'-',
                    _ => byte.is_ascii_digit(),
                });
            if looks_like_date && token.get(..10).is_some_and(|day| day.parse::<Date>().is_err()) {
                changed = true;
                out.push_str(&line[from..start]);
                // The replacement has the length of the date, including its quotes.
                out.push_str(&format!("\"{IMPOSSIBLE_DATE:<width$}\"", width = token.len() - 2));
                from = end;
            }
        }
        out.push_str(&line[from..]);
    }
    changed.then_some(out)
}

/// Finds the spans of values without quotes in a line, without a complete TOML parser.
///
/// `multi_line` is the quote of an open multi-line text.
fn unquoted_values(line: &str, multi_line: &mut Option<&'static str>) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    if multi_line.is_none() {
        // In a multi-line list, a value begins the line. A key is followed by `=`.
        let start = line.len() - line.trim_start().len();
        let length = line[start..].find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '#' | '='));
        let end = length.map_or(line.len(), |length| start + length);
        if line[start..].starts_with(|c: char| c.is_ascii_digit())
            && !line[end..].trim_start().starts_with('=')
        {
            found.push((start, end));
            at = end;
        }
    }
    while at < line.len() {
        let rest = &line[at..];
        if let Some(quote) = *multi_line {
            match rest.find(quote) {
                Some(end) => {
                    *multi_line = None;
                    at += end + quote.len();
                }
                None => return found,
            }
            continue;
        }
        if let Some(quote) = ["\"\"\"", "'''"].into_iter().find(|quote| rest.starts_with(quote)) {
            *multi_line = Some(quote);
            at += quote.len();
        } else if rest.starts_with('"') || rest.starts_with('\'') {
            at += quoted_length(rest);
        } else if rest.starts_with('#') {
            return found;
        } else if rest.starts_with(['=', '[', ',']) {
            let spaces = rest.len() - rest[1..].trim_start_matches([' ', '\t']).len();
            // A date begins with a digit; skip any other value.
            if !rest[spaces..].starts_with(|c: char| c.is_ascii_digit()) {
                at += spaces.max(1);
                continue;
            }
            let length =
                rest[spaces..].find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '#' | '}'));
            let end = at + spaces + length.unwrap_or(rest.len() - spaces);
            if line[at + spaces..end].starts_with(['"', '\'', '[', '{']) {
                at += spaces.max(1);
            } else {
                found.push((at + spaces, end));
                at = end.max(at + 1);
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

/// Returns the length in bytes of the quoted text at the beginning of `text`.
fn quoted_length(text: &str) -> usize {
    let quote = text.as_bytes().first().copied().unwrap_or(b'"');
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// Returns the problem of the id of a waiver, or `None` if it is valid.
pub(super) fn id_problem(text: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (text.is_empty() || text.len() > 64 || !text.bytes().map(char::from).all(fits))
        .then(|| "an id may only contain letters, digits, `-`, `_` and `.`, at most 64 characters".to_owned())
}

/// Whether `text` is a fingerprint: 32 lower-case hexadecimal digits.
pub(super) fn is_fingerprint(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Determines the end of a waiver from its keys.
///
/// # Errors
/// Returns the key with the problem, and the message.
pub(super) fn waiver_end(
    until: Option<Date>,
    standing: Option<bool>,
    review_on: Option<Date>,
) -> Result<WaiverEnd, (&'static str, String)> {
    match (until, standing, review_on) {
        (_, Some(false), _) => Err(("standing", "`standing = false` has no effect: remove it".to_owned())),
        (Some(_), Some(true), _) => {
            Err(("standing", "a waiver has either `until` or `standing`, not both".to_owned()))
        }
        (Some(_), None, Some(_)) => Err((
            "review-on",
            "`review-on` needs `standing = true`, but this waiver ends with `until`".to_owned(),
        )),
        (Some(until), None, None) => Ok(WaiverEnd::Until(until)),
        (None, Some(true), Some(review_on)) => Ok(WaiverEnd::Standing { review_on }),
        (None, Some(true), None) => Err((
            "standing",
            "a standing waiver needs a review date, for example `review-on = 2027-11-25`".to_owned(),
        )),
        (None, None, Some(_)) => {
            Err(("review-on", "`review-on` needs `standing = true`, which is missing".to_owned()))
        }
        (None, None, None) => Ok(WaiverEnd::Never),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_impossible_dates_are_replaced() {
        let without = |text: &str| replace_impossible_dates(text);
        for (text, new) in [
            ("until = 2027-02-30\n", "until = \"no day  \"\n"),
            ("until=2027-02-30\n", "until=\"no day  \"\n"),
            ("until\t=\t2027-02-30# x\r\n", "until\t=\t\"no day  \"# x\r\n"),
            ("renewed = [2026-01-01,2027-02-30]", "renewed = [2026-01-01,\"no day  \"]"),
            ("renewed = [\n  2027-02-30,\n]\n", "renewed = [\n  \"no day  \",\n]\n"),
            ("2027-02-30 = 1\n", "2027-02-30 = 1\n"),
            ("until = 2027-02-30T00:00:00Z\n", "until = \"no day            \"\n"),
            (
                "a = \"x = 2027-02-30\" # = 2027-02-30\nb = 2027-13-01",
                "a = \"x = 2027-02-30\" # = 2027-02-30\nb = \"no day  \"",
            ),
        ] {
            let found = without(text);
            assert_eq!(found.as_deref().unwrap_or(text), new);
            assert_eq!(new.len(), text.len());
        }
        for text in [
            "until = 2027-02-28\n",
            "reason = \"\"\"\nuntil = 2027-02-30\n\"\"\"\n",
            "reason = '''\nuntil = 2027-02-30\n'''\n",
            "# until = 2027-02-30\n",
            "reason = \"say \\\" = 2027-02-30\"\n",
            "= é = \u{2028}",
        ] {
            assert_eq!(without(text), None, "{text}");
        }
    }

    #[test]
    fn texts_that_resemble_the_replacement_are_not_reported_as_impossible_dates() {
        let replaced = replace_impossible_dates("until = 2027-02-30").expect("an impossible date");
        let value = replaced.trim_start_matches("until = ").trim_matches('"');
        assert_eq!(parse_date(value), Err("this day does not exist".to_owned()));
        for text in ["no day", "no day yet", "no days  ", " no day  "] {
            assert!(parse_date(text).is_err_and(|message| message.contains("YEAR-MONTH-DAY")), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_keeps_its_length(text in "(\\PC|\n|= ?|2027-02-30|\"|'|\\[|,|#|é){0,60}") {
            if let Some(new) = replace_impossible_dates(&text) {
                proptest::prop_assert_eq!(new.len(), text.len());
            }
        }
    }
}
