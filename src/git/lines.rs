//! Which lines of a text are new, compared with an earlier one.

use std::collections::HashMap;

use imara_diff::{Algorithm, Diff, InternedInput};

use crate::engine::Lines;

/// Largest text that is compared line by line, in bytes; of a larger one every line counts as changed.
pub(super) const MAX_TEXT: usize = 4 << 20;

/// Most lines, of both texts together and without what is the same at both ends, that are compared.
const MAX_LINES: usize = 50_000;
/// Most pairs of equal lines among these: texts of few different lines are slow to compare.
const MAX_PAIRS: u64 = 100_000_000;

/// The lines of `now` that are not in `before`, and the places where lines were taken away.
pub(super) fn changed(before: &[u8], now: &[u8]) -> Lines {
    let is_text = |bytes: &[u8]| bytes.len() <= MAX_TEXT && memchr::memchr(0, bytes).is_none();
    if !is_text(before) || !is_text(now) {
        return Lines::All;
    }
    let input = InternedInput::new(before, now);
    if let Some(between) = too_heavy(&input) {
        return Lines::some([between]);
    }
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    // Counted from 1, and the end is the last line that belongs to it.
    Lines::some(diff.hunks().map(|hunk| (hunk.after.start + 1, hunk.after.end)))
}

/// The lines between the common ends, when there are too many to compare.
fn too_heavy(input: &InternedInput<&[u8]>) -> Option<(u32, u32)> {
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
                changed(before.as_bytes(), now.as_bytes()),
                Lines::some(expected),
                "{before:?} {now:?}"
            );
        }
        assert_eq!(changed(b"a\0", b"b"), Lines::All);
    }

    #[test]
    fn too_many_lines_are_all_new_between_the_common_ends() {
        let many = |word: &str| (0..30_000).map(|number| format!("{word}{number}\n")).collect::<String>();
        let (old, new) = (format!("one\n{}same\n", many("a")), format!("one\n{}same\n", many("b")));
        assert_eq!(changed(old.as_bytes(), new.as_bytes()), Lines::some([(2, 30_001)]));
        // One edit in a long text is found all the same.
        let edited = old.replacen("a17\n", "edited\n", 1);
        assert_eq!(changed(old.as_bytes(), edited.as_bytes()), Lines::some([(19, 19)]));
        // Few different lines, many times.
        let (old, new) = ("x\ny\n".repeat(12_000), "y\nx\nx\n".repeat(8_300));
        let Lines::Some(changes) = changed(old.as_bytes(), new.as_bytes()) else { panic!("compared") };
        assert_eq!(changes.len(), 1);
        // Everything in the middle taken away.
        let (old, new) = (format!("one\n{}{}two\n", many("a"), many("b")), "one\ntwo\n");
        assert_eq!(changed(old.as_bytes(), new.as_bytes()), Lines::some([(2, 1)]));
    }
}
