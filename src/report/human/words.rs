//! Formatting of counts, durations and ages.

use super::HumanStyle;
pub(super) use crate::report::numbers::{count, format_number};

/// Formats a duration in a readable unit.
pub(super) fn format_duration(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds / 1_000 % 60),
    }
}

/// Formats an age: `today`, `3 days ago`, `5 months ago`.
pub(super) fn format_age(days: i32) -> String {
    match usize::try_from(days).unwrap_or(0) {
        0 => "today".to_owned(),
        days @ 1..60 => format!("{} ago", count(days, "day", "days")),
        days @ 60..730 => format!("{} months ago", days / 30),
        days => format!("{} years ago", days / 365),
    }
}

/// Truncates `text` to `limit` characters and appends `ellipsis` if it was longer.
pub(super) fn clip(text: &str, limit: usize, ellipsis: &str) -> String {
    match text.char_indices().nth(limit) {
        Some((at, _)) => format!("{}{ellipsis}", &text[..at]),
        None => text.to_owned(),
    }
}

/// Wraps `text` to the width of the terminal.
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
        assert_eq!(format_number(123), "123");
        for (ms, expected) in [(7, "7 ms"), (1_250, "1.2 s"), (61_000, "1 min 1 s")] {
            assert_eq!(format_duration(ms), expected);
        }
        assert_eq!(clip("añb", 2, "…"), "añ…");
    }
}
