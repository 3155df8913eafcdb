//! Words and lines for people: counts and times.

use super::HumanStyle;
pub(super) use crate::report::figures::{count, figure};

/// A duration in a unit that people read at a glance.
pub(super) fn time(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds / 1_000 % 60),
    }
}

/// `3 days ago`, `5 months ago`.
pub(super) fn age(days: i32) -> String {
    match usize::try_from(days).unwrap_or(0) {
        0 => "today".to_owned(),
        days @ 1..60 => format!("{} ago", count(days, "day", "days")),
        days @ 60..730 => format!("{} months ago", days / 30),
        days => format!("{} years ago", days / 365),
    }
}

/// `text` without what lies beyond `limit` characters.
pub(super) fn clip(text: &str, limit: usize, ellipsis: &str) -> String {
    match text.char_indices().nth(limit) {
        Some((at, _)) => format!("{}{ellipsis}", &text[..at]),
        None => text.to_owned(),
    }
}

/// `text` wrapped to the terminal's width.
pub(super) fn wrap(style: &HumanStyle, first: &str, rest: &str, text: &str) -> String {
    crate::report::wrap(style.width, first, rest, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(count(1, "file", "files"), "1 file");
        assert_eq!(count(1_234_567, "file", "files"), "1,234,567 files");
        assert_eq!(figure(123), "123");
        for (ms, expected) in [(7, "7 ms"), (1_250, "1.2 s"), (61_000, "1 min 1 s")] {
            assert_eq!(time(ms), expected);
        }
        assert_eq!(clip("añb", 2, "…"), "añ…");
    }
}
