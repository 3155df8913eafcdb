//! Finds the lines of a text that are new compared with an earlier version.

use std::collections::HashMap;

use imara_diff::{Algorithm, Diff, InternedInput};

use crate::engine::LineChanges;

/// Maximum size of a text that is compared line by line, in bytes. In a larger text, every line counts as
/// changed.
pub(super) const MAX_TEXT: usize = 4 << 20;

/// Maximum number of compared lines in both texts together, without the common lines at both ends.
const MAX_LINES: usize = 50_000;
/// Maximum number of pairs of equal lines among these, because texts with few distinct lines are slow to
/// compare.
const MAX_PAIRS: u64 = 100_000_000;

/// Returns the lines of `now` that are not in `before`, and the positions of removed lines.
pub(super) fn changed_lines(before: &[u8], now: &[u8]) -> LineChanges {
    let is_text = |bytes: &[u8]| bytes.len() <= MAX_TEXT && memchr::memchr(0, bytes).is_none();
    if !is_text(before) || !is_text(now) {
        return LineChanges::All;
    }
    let input = InternedInput::new(before, now);
    if let Some(between) = changed_range_if_too_large(&input) {
        return LineChanges::some([between]);
    }
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    // Lines count from 1, and ends are inclusive.
    LineChanges::some(diff.hunks().map(|hunk| (hunk.after.start + 1, hunk.after.end)))
}

/// Returns the range between the common lines at both ends, if it is too large to compare.
fn changed_range_if_too_large(input: &InternedInput<&[u8]>) -> Option<(u32, u32)> {
    let (before, after) = (&input.before, &input.after);
    let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let (old, new) = (&before[start..], &after[start..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    let heavy = old.len() + new.len() > MAX_LINES || {
        let mut counts = HashMap::new();
        old.iter().for_each(|line| *counts.entry(line.0).or_insert(0_u64) += 1);
        new.iter().filter_map(|line| counts.get(&line.0)).sum::<u64>() > MAX_PAIRS
    };
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    heavy.then(|| (number(start + 1), number(start + new.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_changed_and_removed_lines() {
        for (before, now, expected) in [
            ("a\nb\nc\n", "a\nB\nc\n", vec![(2, 2)]),
            ("a\nb\nc\n", "a\nb\nx\ny\nc\n", vec![(3, 4)]),
            ("a\nb\nc\n", "a\nc\n", vec![(2, 1)]),
            ("a\nb\nc\n", "a\nb\nc\n", vec![]),
            ("", "a\nb", vec![(1, 2)]),
            ("a", "a\n", vec![(1, 1)]),
        ] {
            assert_eq!(
                changed_lines(before.as_bytes(), now.as_bytes()),
                LineChanges::some(expected),
                "{before:?} {now:?}"
            );
        }
        assert_eq!(changed_lines(b"a\0", b"b"), LineChanges::All);
    }

    #[test]
    fn too_many_lines_are_all_new_between_the_common_ends() {
        let many = |word: &str| (0..30_000).map(|number| format!("{word}{number}\n")).collect::<String>();
        let (old, new) = (format!("one\n{}same\n", many("a")), format!("one\n{}same\n", many("b")));
        assert_eq!(changed_lines(old.as_bytes(), new.as_bytes()), LineChanges::some([(2, 30_001)]));
        // A single edit in a long text is still found.
        let edited = old.replacen("a17\n", "edited\n", 1);
        assert_eq!(changed_lines(old.as_bytes(), edited.as_bytes()), LineChanges::some([(19, 19)]));
        // Few distinct lines, repeated many times.
        let (old, new) = ("x\ny\n".repeat(12_000), "y\nx\nx\n".repeat(8_300));
        let LineChanges::Some(changes) = changed_lines(old.as_bytes(), new.as_bytes()) else {
            panic!("compared")
        };
        assert_eq!(changes.len(), 1);
        // All lines in the middle removed.
        let (old, new) = (format!("one\n{}{}two\n", many("a"), many("b")), "one\ntwo\n");
        assert_eq!(changed_lines(old.as_bytes(), new.as_bytes()), LineChanges::some([(2, 1)]));
    }
}
