//! Conversion of number literals to JSON numbers.

use serde_json::Number;

/// Parses the decimal number `text`: exact for integers of 64 bits, otherwise the nearest double. `None` if
/// it is not a number or too large for a double. The caller has checked the notation.
pub(super) fn parse_decimal(text: &str) -> Option<Number> {
    // `-0` becomes a double: an integer would lose its sign.
    if text != "-0" {
        if let Ok(value) = text.parse::<i64>() {
            return Some(value.into());
        }
        if let Ok(value) = text.parse::<u64>() {
            return Some(value.into());
        }
    }
    Number::from_f64(text.parse().ok()?)
}

/// Parses the digits of an integer in `radix`, without sign and prefix: exact up to 64 bits, otherwise the
/// nearest double. `None` if a digit is invalid.
pub(super) fn parse_integer(digits: &str, radix: u32) -> Option<Number> {
    if digits.is_empty() {
        return None;
    }
    if let Ok(value) = u64::from_str_radix(digits, radix) {
        return Some(value.into());
    }
    let value = digits
        .chars()
        .try_fold(0_f64, |sum, digit| Some(sum * f64::from(radix) + f64::from(digit.to_digit(radix)?)))?;
    Number::from_f64(value)
}
