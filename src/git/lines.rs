//! Which lines of a text are new, compared with an earlier one.

use imara_diff::{Algorithm, Diff, InternedInput};

use crate::engine::Lines;

/// Largest text that is compared line by line, in bytes; of a larger one every line counts as changed.
pub(super) const MAX_TEXT: usize = 4 << 20;

/// The lines of `now` that are not in `before`, and the places where lines were taken away.
pub(super) fn changed(before: &[u8], now: &[u8]) -> Lines {
    let is_text = |bytes: &[u8]| bytes.len() <= MAX_TEXT && memchr::memchr(0, bytes).is_none();
    if !is_text(before) || !is_text(now) {
        return Lines::All;
    }
    let input = InternedInput::new(before, now);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    // Counted from 1, and the end is the last line that belongs to it.
    Lines::some(diff.hunks().map(|hunk| (hunk.after.start + 1, hunk.after.end)))
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
}
