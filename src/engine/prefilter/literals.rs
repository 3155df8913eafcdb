//! Finds out which of many literals occur in a text.
//!
//! In texts with few matches, a vectorised search is many times as fast as an automaton. After many matches,
//! the literals that are still missing are searched for one by one, or by an automaton if they are many.

use std::sync::OnceLock;

use aho_corasick::packed::{Config, MatchKind as PackedKind, Searcher};
use aho_corasick::{AhoCorasick, Input, MatchKind};
use memchr::memmem;

/// Maximum number of literals for the vectorised search; with more, it has too many false candidates.
const MAX_PACKED: usize = 48;
/// Number of matches in one text after which the vectorised search stops.
const MAX_PACKED_MATCHES: usize = 16;
/// Maximum number of missing literals that are then searched for one by one.
const MAX_SINGLE_SEARCHES: usize = 24;

/// A set of literals to search for together.
pub(super) struct LiteralSet {
    all: Vec<Vec<u8>>,
    /// For each byte, the indices of the literals that begin with it.
    by_first: Vec<Vec<usize>>,
    each: Vec<memmem::Finder<'static>>,
    packed: Option<Searcher>,
    automaton: OnceLock<Option<AhoCorasick>>,
}

impl LiteralSet {
    /// Prepares a search; `None` if there are too many literals. Literals must not be empty.
    pub(super) fn new(all: Vec<Vec<u8>>) -> Option<Self> {
        let mut by_first = vec![Vec::new(); 256];
        for (number, literal) in all.iter().enumerate() {
            by_first[usize::from(*literal.first()?)].push(number);
        }
        let packed = (all.len() <= MAX_PACKED).then(|| {
            let mut config = Config::new();
            config.match_kind(PackedKind::LeftmostFirst).builder().extend(&all).build()
        });
        let each = all.iter().map(|literal| memmem::Finder::new(literal).into_owned()).collect();
        let literals = Self { all, by_first, each, packed: packed.flatten(), automaton: OnceLock::new() };
        (literals.packed.is_some() || literals.all.is_empty() || literals.automaton().is_some())
            .then_some(literals)
    }

    /// A set without literals.
    pub(super) fn empty() -> Self {
        Self {
            all: Vec::new(),
            by_first: Vec::new(),
            each: Vec::new(),
            packed: None,
            automaton: OnceLock::new(),
        }
    }

    fn automaton(&self) -> Option<&AhoCorasick> {
        let build = || AhoCorasick::builder().match_kind(MatchKind::Standard).build(&self.all).ok();
        self.automaton.get_or_init(build).as_ref()
    }

    /// Sets `seen[i]` to whether the `i`-th literal occurs in `text`.
    pub(super) fn mark_occurring(&self, text: &[u8], seen: &mut Vec<bool>) {
        seen.clear();
        seen.resize(self.all.len(), false);
        let mut missing = self.all.len();
        if missing == 0 {
            return;
        }
        let mut at = 0;
        if let Some(packed) = &self.packed {
            let mut matches = 0;
            while matches < MAX_PACKED_MATCHES {
                let Some(found) = packed.find_in(text, (at..text.len()).into()) else { return };
                // Several literals may begin at this position.
                for &number in &self.by_first[usize::from(text[found.start()])] {
                    if !seen[number] && text[found.start()..].starts_with(&self.all[number]) {
                        seen[number] = true;
                        missing -= 1;
                    }
                }
                if missing == 0 {
                    return;
                }
                at = found.start() + 1;
                matches += 1;
            }
        }
        if missing <= MAX_SINGLE_SEARCHES {
            for (finder, seen) in self.each.iter().zip(seen.iter_mut()).filter(|(_, seen)| !**seen) {
                *seen = finder.find(&text[at..]).is_some();
            }
            return;
        }
        let Some(automaton) = self.automaton() else {
            seen.fill(true);
            return;
        };
        for found in automaton.find_overlapping_iter(Input::new(text).range(at..)) {
            let seen = &mut seen[found.pattern().as_usize()];
            if !*seen {
                *seen = true;
                missing -= 1;
                if missing == 0 {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_searches_find_what_occurs(
            all in proptest::collection::hash_set("[abc]{2,5}", 1..60), text in "[abcd]{0,400}",
        ) {
            let all: Vec<Vec<u8>> = all.into_iter().map(String::into_bytes).collect();
            let literals = LiteralSet::new(all.clone()).expect("few");
            let mut seen = Vec::new();
            literals.mark_occurring(text.as_bytes(), &mut seen);
            for (literal, seen) in all.iter().zip(seen) {
                prop_assert_eq!(seen, memmem::find(text.as_bytes(), literal).is_some());
            }
        }
    }
}
