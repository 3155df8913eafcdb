//! Parses and formats sizes in bytes.

/// Parses a size: a number of bytes, or a number with a unit (`500 KiB`, `5 MiB`, `5 MB`, `1.5 GB`). The
/// space is optional and case does not matter. `K`, `M` and `G` are multiples of 1,024 like `KiB`; `kB` is
/// 1,000.
///
/// # Errors
/// Returns a sentence without a final full stop.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let trimmed = text.trim();
    let unit_at = trimmed.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(unit_at);
    let refuse =
        || format!("`{text}` is not a size: write a number of bytes, or for example `500 KiB` or `5 MiB`");
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" | "byte" | "bytes" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err(refuse()),
    };
    let number = number.trim().replace(['_', ','], "");
    let (whole, fraction) = number.split_once('.').unwrap_or((number.as_str(), ""));
    let digits = |part: &str| part.len() <= 19 && part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || number.ends_with('.') {
        return Err(refuse());
    }
    let too_large = || format!("`{text}` is too large: a file cannot be larger than 2^64 bytes");
    let bytes =
        whole.parse::<u64>().ok().and_then(|whole| whole.checked_mul(factor)).ok_or_else(too_large)?;
    let mut scale = 1_u128;
    let mut part = 0_u128;
    for digit in fraction.bytes() {
        scale *= 10;
        part = part * 10 + u128::from(digit - b'0');
    }
    let rest = u64::try_from(part * u128::from(factor) / scale).map_err(|_| too_large())?;
    bytes.checked_add(rest).ok_or_else(too_large)
}

/// Formats `bytes` with a unit and at most one decimal, rounded down, for example `512 bytes` or `1.5 MiB`.
#[must_use]
pub fn format_size(bytes: u64) -> String {
    let (unit, word) = match bytes {
        0..=1_023 => return if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") },
        1_024..=1_048_575 => (1_u64 << 10, "KiB"),
        1_048_576..=1_073_741_823 => (1 << 20, "MiB"),
        _ => (1 << 30, "GiB"),
    };
    let (whole, tenth) = (bytes / unit, bytes % unit * 10 / unit);
    if tenth == 0 { format!("{whole} {word}") } else { format!("{whole}.{tenth} {word}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_sizes() {
        let cases = [
            ("0", 0),
            ("10_000", 10_000),
            ("500 KiB", 512_000),
            ("500kib", 512_000),
            ("5 MiB", 5_242_880),
            ("5 MB", 5_000_000),
            ("1.5 kB", 1_500),
            (" 2G ", 2_147_483_648),
        ];
        for (text, bytes) in cases {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "KiB",
            "-1",
            "5 XB",
            "1.",
            "1..2",
            "5 MiB!",
            "99999999999999999999",
            "18446744073709551615 GiB",
            "٣",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn formats_sizes() {
        let cases = [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1_023, "1023 bytes"),
            (1_024, "1 KiB"),
            (1_600, "1.5 KiB"),
            (5_242_880, "5 MiB"),
            (u64::MAX, "17179869183.9 GiB"),
        ];
        for (bytes, words) in cases {
            assert_eq!(format_size(bytes), words);
        }
    }
}
