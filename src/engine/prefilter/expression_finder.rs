//! One expression over bytes, compiled, with what its places must not begin with.

use super::{DOLLAR_BORDER, Expression, bytes_regex};

/// Bytes that places which are passed by may cover, as a multiple of the text.
const MAX_COVER: usize = 8;

/// Searches for an expression, passing by the places that begin with another one.
pub(super) struct Finder {
    find: regex::bytes::Regex,
    unless: Option<regex::bytes::Regex>,
    /// Whether a match may have one byte too many before it.
    bordered: bool,
}

impl Finder {
    /// Compiles; `None` when an expression is none or too large, which says nothing.
    pub(super) fn new(expression: &Expression) -> Option<Self> {
        let find = &expression.find;
        let unless = match &expression.unless {
            Some(unless) => Some(bytes_regex(&format!("^(?:{unless})"))?),
            None => None,
        };
        let bordered = find.strip_prefix("(?-u)").is_some_and(|find| find.starts_with(DOLLAR_BORDER));
        Some(Self { find: bytes_regex(find)?, unless, bordered })
    }

    /// Whether it is found at all.
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        if self.unless.is_none() { self.find.is_match(text) } else { self.find_at(text, 0).is_some() }
    }

    /// The first place that begins at `at` or later: its first byte, and one past its last. One more may be
    /// named where the search would take too long.
    pub(super) fn find_at(&self, text: &[u8], mut at: usize) -> Option<(usize, usize)> {
        let mut cover = 0;
        while at <= text.len() {
            let found = self.find.find_at(text, at)?;
            // What it is about begins with a letter, so another byte can only be the one before.
            let before = self.bordered && !is_letter(text[found.start()]);
            let start = found.start() + usize::from(before);
            let passes = self.unless.as_ref().is_none_or(|unless| !unless.is_match(&text[start..]));
            cover += found.len();
            // Places that overlap without end are not worth the time: then one of them may hold.
            if passes || cover > MAX_COVER * text.len() {
                return Some((start, found.end()));
            }
            at = start + 1;
        }
        None
    }
}

/// The bytes that [`DOLLAR_BORDER`] does not allow.
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::prefilter::Requirement;

    #[test]
    fn places_that_overlap_without_end_are_given_up() {
        let expression = |unless: &str| Expression {
            find: "a+b".to_owned(),
            unless: Some(unless.to_owned()),
            literals: Requirement::Anything,
        };
        let finder = Finder::new(&expression("a*b")).expect("compiles");
        assert_eq!(finder.find_at(b"aab ab", 0), None);
        let text = "a".repeat(10_000) + "b";
        assert!(finder.find_at(text.as_bytes(), 0).is_some_and(|(start, _)| start < 20));
    }

    #[test]
    fn a_border_is_no_part_of_the_place() {
        let find = format!("(?-u){DOLLAR_BORDER}eval");
        let expression = Expression { find, unless: None, literals: Requirement::Anything };
        let finder = Finder::new(&expression).expect("compiles");
        let places = |text: &str| {
            let (mut at, mut all) = (0, Vec::new());
            while let Some((start, end)) = finder.find_at(text.as_bytes(), at) {
                assert_eq!(&text[start..end], "eval");
                all.push(start);
                at = start + 1;
            }
            all
        };
        assert_eq!(places("eval;eval $eval\neval.eval-éeval 1eval"), [0, 5, 16, 21, 28]);
    }
}
