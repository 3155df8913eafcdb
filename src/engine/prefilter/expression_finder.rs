//! A compiled expression over bytes, with the expression that excludes matches.

use super::{DOLLAR_BORDER, Expression, compile_bytes_regex};

/// Maximum total length of excluded matches, as a multiple of the text's length.
const MAX_COVER: usize = 8;

/// Searches for an expression, skipping matches at whose start another expression matches.
pub(super) struct ExpressionFinder {
    find: regex::bytes::Regex,
    unless: Option<regex::bytes::Regex>,
    /// Whether a match may begin with one extra byte, from [`DOLLAR_BORDER`].
    bordered: bool,
}

impl ExpressionFinder {
    /// Compiles the expressions; `None` if one is invalid or too large. The caller must then assume a match.
    pub(super) fn new(expression: &Expression) -> Option<Self> {
        let find = &expression.find;
        let unless = match &expression.unless {
            Some(unless) => Some(compile_bytes_regex(&format!("^(?:{unless})"))?),
            None => None,
        };
        let bordered = find.strip_prefix("(?-u)").is_some_and(|find| find.starts_with(DOLLAR_BORDER));
        Some(Self { find: compile_bytes_regex(find)?, unless, bordered })
    }

    /// Whether `text` contains a match.
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        if self.unless.is_none() { self.find.is_match(text) } else { self.find_at(text, 0).is_some() }
    }

    /// Returns the start and end offset of the first match that begins at `at` or later. Returns an excluded
    /// match if the search would take too long.
    pub(super) fn find_at(&self, text: &[u8], mut at: usize) -> Option<(usize, usize)> {
        let mut cover = 0;
        while at <= text.len() {
            let found = self.find.find_at(text, at)?;
            // The wanted text begins with a letter, so any other first byte comes from the border.
            let before = self.bordered && !is_letter(text[found.start()]);
            let start = found.start() + usize::from(before);
            let passes = self.unless.as_ref().is_none_or(|unless| !unless.is_match(&text[start..]));
            cover += found.len();
            // Many overlapping excluded matches would take quadratic time: assume that one of them counts.
            if passes || cover > MAX_COVER * text.len() {
                return Some((start, found.end()));
            }
            at = start + 1;
        }
        None
    }
}

/// Whether [`DOLLAR_BORDER`] does not allow this byte.
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::prefilter::Requirement;

    #[test]
    fn a_search_among_many_overlapping_matches_gives_up() {
        let expression = |unless: &str| Expression {
            find: "a+b".to_owned(),
            unless: Some(unless.to_owned()),
            literals: Requirement::Anything,
        };
        let finder = ExpressionFinder::new(&expression("a*b")).expect("compiles");
        assert_eq!(finder.find_at(b"aab ab", 0), None);
        let text = "a".repeat(10_000) + "b";
        assert!(finder.find_at(text.as_bytes(), 0).is_some_and(|(start, _)| start < 20));
    }

    #[test]
    fn a_match_does_not_include_its_border() {
        let find = format!("(?-u){DOLLAR_BORDER}eval");
        let expression = Expression { find, unless: None, literals: Requirement::Anything };
        let finder = ExpressionFinder::new(&expression).expect("compiles");
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
