//! Word-by-word comparison of two texts.

use imara_diff::{Algorithm, Diff, InternedInput};

/// Limits of one comparison, in bytes and in words of both texts. Text beyond them is shown as removed and
/// added. (The time for a few repeated words is quadratic in their number.)
const MAX_BYTES: usize = 128 << 10;
const MAX_WORDS: usize = 8_000;
/// Number of unchanged words shown around a change.
const CONTEXT_WORDS: usize = 30;

/// Part of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DiffPart {
    /// In both texts.
    Same(String),
    /// Only in the earlier text.
    Gone(String),
    /// Only in the later text.
    New(String),
    /// In both texts, but omitted.
    Skipped,
}

/// Splits a text into words, each with the white space after it.
fn split_words(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let (mut start, mut blank) = (0, false);
    for (at, c) in text.char_indices() {
        if blank && !c.is_whitespace() {
            all.push(&text[start..at]);
            start = at;
        }
        blank = c.is_whitespace();
    }
    if start < text.len() {
        all.push(&text[start..]);
    }
    all
}

/// Remaining budget of a comparison, in bytes and in words.
pub(super) struct DiffBudget(usize, usize);

impl DiffBudget {
    pub(super) fn new() -> Self {
        Self(MAX_BYTES, MAX_WORDS)
    }
}

/// Compares two texts within the remaining budget.
pub(super) fn compare(old: &str, new: &str, budget: &mut DiffBudget) -> Vec<DiffPart> {
    if old == new {
        return vec![];
    }
    let (was, is) = (split_words(old), split_words(new));
    let remaining =
        budget.0.checked_sub(old.len() + new.len()).zip(budget.1.checked_sub(was.len() + is.len()));
    let Some(remaining) = remaining else {
        let parts = [(DiffPart::Gone as fn(String) -> DiffPart, old), (DiffPart::New, new)];
        let not_empty = parts.into_iter().filter(|(_, text)| !text.is_empty());
        return not_empty.map(|(part, text)| part(text.to_owned())).collect();
    };
    *budget = DiffBudget(remaining.0, remaining.1);
    let (old, new) = (was, is);
    let mut input = InternedInput::default();
    input.update_before(old.iter().copied());
    input.update_after(new.iter().copied());
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_no_heuristic(&input);
    let mut parts = Vec::new();
    let mut at = 0;
    for hunk in diff.hunks() {
        let (from, to) = (hunk.before.start as usize, hunk.before.end as usize);
        push_unchanged(&mut parts, &old[at..from], at == 0, false);
        if from < to {
            parts.push(DiffPart::Gone(old[from..to].concat()));
        }
        let (from, end) = (hunk.after.start as usize, hunk.after.end as usize);
        if from < end {
            parts.push(DiffPart::New(new[from..end].concat()));
        }
        at = to;
    }
    push_unchanged(&mut parts, &old[at..], false, true);
    parts
}

/// Adds unchanged words and shortens long runs.
fn push_unchanged(parts: &mut Vec<DiffPart>, words: &[&str], is_first: bool, is_last: bool) {
    let (head, tail) = (if is_first { 0 } else { CONTEXT_WORDS }, if is_last { 0 } else { CONTEXT_WORDS });
    if words.is_empty() {
        return;
    }
    if words.len() <= head + tail + CONTEXT_WORDS {
        return parts.push(DiffPart::Same(words.concat()));
    }
    if head > 0 {
        parts.push(DiffPart::Same(words[..head].concat()));
    }
    parts.push(DiffPart::Skipped);
    if tail > 0 {
        parts.push(DiffPart::Same(words[words.len() - tail..].concat()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compare(old: &str, new: &str) -> Vec<DiffPart> {
        super::compare(old, new, &mut DiffBudget::new())
    }

    #[test]
    fn sections_share_one_budget() {
        let (mut budget, text) = (DiffBudget::new(), "word ".repeat(MAX_WORDS / 3));
        let parts = super::compare(&format!("{text}a"), &format!("{text}b"), &mut budget);
        assert_eq!(parts.len(), 4, "omitted, same, removed, added");
        let whole = super::compare(&format!("{text}a"), &format!("{text}b"), &mut budget);
        assert!(matches!(&whole[..], [DiffPart::Gone(_), DiffPart::New(_)]), "{}", whole.len());
        assert_eq!(super::compare("a", "b", &mut budget).len(), 2, "a small text is within the budget");
    }

    #[test]
    fn changed_words_are_shown_and_long_unchanged_runs_omitted() {
        let parts = compare("one two three", "one 2 three four");
        assert_eq!(
            parts,
            [
                DiffPart::Same("one ".into()),
                DiffPart::Gone("two three".into()),
                DiffPart::New("2 three four".into()),
            ]
        );
        let long = "word ".repeat(200);
        let parts = compare(&format!("{long}end"), &format!("{long}END"));
        assert_eq!(parts.len(), 4, "{parts:?}");
        assert_eq!(parts[0], DiffPart::Skipped);
        assert_eq!(compare("a", "a"), []);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_reconstructed(old in "[ab \n]{0,40}", new in "[ab \n]{0,40}") {
            let parts = compare(&old, &new);
            if old != new {
                let read = |other: fn(&DiffPart) -> bool| -> String {
                    parts.iter().filter(|part| !other(part)).map(|part| match part {
                        DiffPart::Same(text) | DiffPart::Gone(text) | DiffPart::New(text) => text.as_str(),
                        DiffPart::Skipped => "",
                    }).collect()
                };
                prop_assert_eq!(read(|part| matches!(part, DiffPart::New(_))), old);
                prop_assert_eq!(read(|part| matches!(part, DiffPart::Gone(_))), new);
            }
        }
    }
}
