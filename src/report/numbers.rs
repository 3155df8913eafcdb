//! Formatting of numbers for people.

/// Formats a number with its noun: `1 file`, `2 files`, `12,345 files`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", format_number(number), if number == 1 { one } else { many })
}

/// Formats a number with commas as thousands separators.
pub(super) fn format_number(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
