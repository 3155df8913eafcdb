//! One expression over bytes, compiled, with what its places must not begin with.

use super::bytes_regex;

/// Searches for an expression, passing by the places that begin with another one.
pub(super) struct Finder {
    find: regex::bytes::Regex,
    unless: Option<regex::bytes::Regex>,
}

impl Finder {
    /// Compiles; `None` when an expression is none or too large, which says nothing.
    pub(super) fn new(find: &str, unless: Option<&str>) -> Option<Self> {
        let unless = match unless {
            Some(unless) => Some(bytes_regex(&format!("^(?:{unless})"))?),
            None => None,
        };
        Some(Self { find: bytes_regex(find)?, unless })
    }

    /// Whether it is found at all.
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        if self.unless.is_none() { self.find.is_match(text) } else { self.find_at(text, 0).is_some() }
    }

    /// The first place that begins at `at` or later: its first byte, and one past its last.
    pub(super) fn find_at(&self, text: &[u8], mut at: usize) -> Option<(usize, usize)> {
        while at <= text.len() {
            let found = self.find.find_at(text, at)?;
            let passes = self.unless.as_ref().is_none_or(|unless| !unless.is_match(&text[found.start()..]));
            if passes {
                return Some((found.start(), found.end()));
            }
            at = found.start() + 1;
        }
        None
    }
}
