//! Editing a waiver in a comment: one word of it, and not what stands in quotes or in the reason.

use super::inline::{head, words};
use crate::model::Date;

/// `text` (from the word `waive` on) with the end moved to `until`: a standing waiver gets a new day to be looked at
/// again, and one that was taken back takes effect again.
#[must_use]
pub fn renewed_inline(text: &str, until: Date, standing: bool) -> String {
    let without = set(text, "withdrawn", None);
    set(&without, if standing { "review-on" } else { "until" }, Some(until))
}

/// `text` (from the word `waive` on) taken back on `today`.
#[must_use]
pub fn withdrawn_inline(text: &str, today: Date) -> String {
    set(text, "withdrawn", Some(today))
}

/// `text` with `key=value` in place of another value of `key`, or behind the other words; without `key` where there is
/// no value.
fn set(text: &str, key: &str, value: Option<Date>) -> String {
    let head = head(text);
    let is_key = |word: &str| word.split_once('=').is_some_and(|(own, _)| own == key);
    match (words(head).into_iter().find(|(word, _)| is_key(word)), value) {
        (Some((_, (start, end))), Some(value)) => format!("{}{key}={value}{}", &text[..start], &text[end..]),
        (Some((_, (start, end))), None) => {
            format!("{}{}", text[..start].trim_end_matches([' ', '\t']), &text[end..])
        }
        (None, Some(value)) => {
            let end = head.trim_end().len();
            format!("{} {key}={value}{}", &text[..end], &text[end..])
        }
        (None, None) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_changes_and_nothing_else() {
        let day = |text: &str| text.parse::<Date>().expect("a day");
        let quoted =
            "waive a/b owner=\"us until=2026-01-01 -- x\" until=2027-01-01 -- until=2020-01-01 said so";
        assert_eq!(
            renewed_inline(quoted, day("2028-02-03"), false),
            "waive a/b owner=\"us until=2026-01-01 -- x\" until=2028-02-03 -- until=2020-01-01 said so"
        );
        assert_eq!(
            withdrawn_inline("waive a/b instead=\"no -- yes\" -- why", day("2027-01-01")),
            "waive a/b instead=\"no -- yes\" withdrawn=2027-01-01 -- why"
        );
        assert_eq!(
            renewed_inline(
                "waive a/b withdrawn=2026-01-01 review-on=2026-02-02 -- why",
                day("2028-02-03"),
                true
            ),
            "waive a/b review-on=2028-02-03 -- why"
        );
        assert_eq!(
            renewed_inline("waive a/b kind=cost -- why", day("2028-02-03"), false),
            "waive a/b kind=cost until=2028-02-03 -- why"
        );
    }
}
