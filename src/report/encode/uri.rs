//! Paths as relative URI references (RFC 3986), as SARIF wants them.

use std::fmt::Write as _;

/// The bytes of a path, `/`-separated: everything but letters, digits, `-`, `.`, `_`, `~` and `/` as `%NN`. A
/// colon would make the first part a scheme, so it is written in digits, too.
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
