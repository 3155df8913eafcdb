//! Edits one word of a waiver in a comment. Does not change text in quotes or in the reason.

use super::inline::{before_reason, split_words};
use crate::model::Date;

/// Moves the end of a waiver to `until`. `text` begins with the word `waive`.
///
/// A standing waiver gets a new review date, and a withdrawn waiver takes effect again.
#[must_use]
pub fn renew_inline_waiver(text: &str, until: Date, standing: bool) -> String {
    let without = set_key(text, "withdrawn", None);
    set_key(&without, if standing { "review-on" } else { "until" }, Some(until))
}

/// Marks a waiver as withdrawn on `today`. `text` begins with the word `waive`.
#[must_use]
pub fn withdraw_inline_waiver(text: &str, today: Date) -> String {
    set_key(text, "withdrawn", Some(today))
}

/// Sets `key=value` in `text`: replaces the existing value of `key`, or adds it after the other words.
/// Removes `key` if `value` is `None`.
fn set_key(text: &str, key: &str, value: Option<Date>) -> String {
    let head = before_reason(text);
    let is_key = |word: &str| word.split_once('=').is_some_and(|(own, _)| own == key);
    match (split_words(head).into_iter().find(|(word, _)| is_key(word)), value) {
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
            renew_inline_waiver(quoted, day("2028-02-03"), false),
            "waive a/b owner=\"us until=2026-01-01 -- x\" until=2028-02-03 -- until=2020-01-01 said so"
        );
        assert_eq!(
            withdraw_inline_waiver("waive a/b instead=\"no -- yes\" -- why", day("2027-01-01")),
            "waive a/b instead=\"no -- yes\" withdrawn=2027-01-01 -- why"
        );
        assert_eq!(
            renew_inline_waiver(
                "waive a/b withdrawn=2026-01-01 review-on=2026-02-02 -- why",
                day("2028-02-03"),
                true
            ),
            "waive a/b review-on=2028-02-03 -- why"
        );
        assert_eq!(
            renew_inline_waiver("waive a/b kind=cost -- why", day("2028-02-03"), false),
            "waive a/b kind=cost until=2028-02-03 -- why"
        );
    }
}
