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
///
/// A day stands behind `=`, `[` or `,`, with or without blanks; what stands in quotes or in a comment is left alone.
pub(super) fn without_impossible_days(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut changed = false;
    // Of a text in several lines nothing is a day.
    let mut long: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let mut from = 0;
        for (start, end) in values(line, &mut long) {
            let token = &line[start..end];
            let shaped = token.len() >= 10
                && token.bytes().take(10).enumerate().all(|(at, byte)| match at {
                    4 | 7 => byte == b'-',
                    _ => byte.is_ascii_digit(),
                });
            if shaped && token.get(..10).is_some_and(|day| day.parse::<Date>().is_err()) {
                changed = true;
                out.push_str(&line[from..start]);
                // As long as what stands there, quotes included.
                out.push_str(&format!("\"{NO_DAY:<width$}\"", width = token.len() - 2));
                from = end;
            }
        }
        out.push_str(&line[from..]);
    }
    changed.then_some(out)
}

/// Where the values without quotes of a line stand, as far as one can see without reading all of TOML; `long` is the
/// quote of a text in several lines that is open.
fn values(line: &str, long: &mut Option<&'static str>) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    if long.is_none() {
        // In a list of several lines a value begins the line; a key goes on with `=`.
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
        if let Some(quote) = *long {
            match rest.find(quote) {
                Some(end) => {
                    *long = None;
                    at += end + quote.len();
                }
                None => return found,
            }
            continue;
        }
        if let Some(quote) = ["\"\"\"", "'''"].into_iter().find(|quote| rest.starts_with(quote)) {
            *long = Some(quote);
            at += quote.len();
        } else if rest.starts_with('"') || rest.starts_with('\'') {
            at += quoted(rest);
        } else if rest.starts_with('#') {
            return found;
        } else if rest.starts_with(['=', '[', ',']) {
            let blanks = rest.len() - rest[1..].trim_start_matches([' ', '\t']).len();
            // Only a digit begins a day; and whatever has no end near is none.
            if !rest[blanks..].starts_with(|c: char| c.is_ascii_digit()) {
                at += blanks.max(1);
                continue;
            }
            let length =
                rest[blanks..].find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '#' | '}'));
            let end = at + blanks + length.unwrap_or(rest.len() - blanks);
            if line[at + blanks..end].starts_with(['"', '\'', '[', '{']) {
                at += blanks.max(1);
            } else {
                found.push((at + blanks, end));
                at = end.max(at + 1);
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

/// How long the text in quotes is that `text` begins with.
fn quoted(text: &str) -> usize {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_day_that_is_none_gives_way() {
        let without = |text: &str| without_impossible_days(text);
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

    proptest::proptest! {
        #[test]
        fn any_text_keeps_its_length(text in "(\\PC|\n|= ?|2027-02-30|\"|'|\\[|,|#|é){0,60}") {
            if let Some(new) = without_impossible_days(&text) {
                proptest::prop_assert_eq!(new.len(), text.len());
            }
        }
    }
}
