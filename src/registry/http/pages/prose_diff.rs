//! Two texts side by side in one: what is in both, what went, what came, word by word.

use imara_diff::{Algorithm, Diff, InternedInput};

/// So much is compared word by word in one comparison, in bytes and in words of both sides: what is more is shown as gone
/// and new. (Where few words come again and again it takes the square of their number.)
const LARGEST: usize = 128 << 10;
const MOST_WORDS: usize = 8_000;
/// Most words that are kept around a change.
const AROUND: usize = 30;

/// A part of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// In both.
    Same(String),
    /// Only in the earlier one.
    Gone(String),
    /// Only in the later one.
    New(String),
    /// In both, and left out here.
    Skipped,
}

/// Words with the white space behind each.
fn words(text: &str) -> Vec<&str> {
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

/// What is left to be compared word by word in one comparison, in bytes and in words.
pub(super) struct Room(usize, usize);

impl Room {
    pub(super) fn new() -> Self {
        Self(LARGEST, MOST_WORDS)
    }
}

/// Compares two texts, as far as there is room.
pub(super) fn compare(old: &str, new: &str, room: &mut Room) -> Vec<Part> {
    if old == new {
        return vec![];
    }
    let (was, is) = (words(old), words(new));
    let left = room.0.checked_sub(old.len() + new.len()).zip(room.1.checked_sub(was.len() + is.len()));
    let Some(left) = left else {
        let parts = [(Part::Gone as fn(String) -> Part, old), (Part::New, new)];
        let there = parts.into_iter().filter(|(_, text)| !text.is_empty());
        return there.map(|(part, text)| part(text.to_owned())).collect();
    };
    *room = Room(left.0, left.1);
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
        same(&mut parts, &old[at..from], at == 0, false);
        if from < to {
            parts.push(Part::Gone(old[from..to].concat()));
        }
        let (from, end) = (hunk.after.start as usize, hunk.after.end as usize);
        if from < end {
            parts.push(Part::New(new[from..end].concat()));
        }
        at = to;
    }
    same(&mut parts, &old[at..], false, true);
    parts
}

/// Adds what is in both, shortened where it is long.
fn same(parts: &mut Vec<Part>, words: &[&str], is_first: bool, is_last: bool) {
    let (head, tail) = (if is_first { 0 } else { AROUND }, if is_last { 0 } else { AROUND });
    if words.is_empty() {
        return;
    }
    if words.len() <= head + tail + AROUND {
        return parts.push(Part::Same(words.concat()));
    }
    if head > 0 {
        parts.push(Part::Same(words[..head].concat()));
    }
    parts.push(Part::Skipped);
    if tail > 0 {
        parts.push(Part::Same(words[words.len() - tail..].concat()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compare(old: &str, new: &str) -> Vec<Part> {
        super::compare(old, new, &mut Room::new())
    }

    #[test]
    fn many_sections_are_compared_as_one() {
        let (mut room, text) = (Room::new(), "word ".repeat(MOST_WORDS / 3));
        let parts = super::compare(&format!("{text}a"), &format!("{text}b"), &mut room);
        assert_eq!(parts.len(), 4, "left out, the same, gone, new");
        let whole = super::compare(&format!("{text}a"), &format!("{text}b"), &mut room);
        assert!(matches!(&whole[..], [Part::Gone(_), Part::New(_)]), "{}", whole.len());
        assert_eq!(super::compare("a", "b", &mut room).len(), 2, "what is small still fits");
    }

    #[test]
    fn words_that_changed_are_told_and_far_ones_left_out() {
        let parts = compare("one two three", "one 2 three four");
        assert_eq!(
            parts,
            [Part::Same("one ".into()), Part::Gone("two three".into()), Part::New("2 three four".into()),]
        );
        let long = "word ".repeat(200);
        let parts = compare(&format!("{long}end"), &format!("{long}END"));
        assert_eq!(parts.len(), 4, "{parts:?}");
        assert_eq!(parts[0], Part::Skipped);
        assert_eq!(compare("a", "a"), []);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_from_it(old in "[ab \n]{0,40}", new in "[ab \n]{0,40}") {
            let parts = compare(&old, &new);
            if old != new {
                let read = |other: fn(&Part) -> bool| -> String {
                    parts.iter().filter(|part| !other(part)).map(|part| match part {
                        Part::Same(text) | Part::Gone(text) | Part::New(text) => text.as_str(),
                        Part::Skipped => "",
                    }).collect()
                };
                prop_assert_eq!(read(|part| matches!(part, Part::New(_))), old);
                prop_assert_eq!(read(|part| matches!(part, Part::Gone(_))), new);
            }
        }
    }
}
