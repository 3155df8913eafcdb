//! Encodes paths as relative URI references (RFC 3986), as SARIF requires.

use std::fmt::Write as _;

/// Encodes a path separated by `/`: all bytes except ASCII letters, digits, `-`, `.`, `_`, `~` and `/` become
/// `%NN`. This includes the colon, which would make the first part a scheme.
#[must_use]
pub fn path(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 8);
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
