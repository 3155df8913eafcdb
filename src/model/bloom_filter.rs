//! Bloom filter over the hashes of findings: it quickly excludes most entries of a baseline that match no
//! finding. It does not decide what a baseline entry means.

use super::{ContentHash, FindingHashes};

/// Bits for each inserted hash. An unrelated entry with three hashes passes with a probability of about one
/// in six.
const BITS_PER_HASH: usize = 16;

/// Set of hashes with false positives, but no false negatives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BloomFilter {
    words: Vec<u64>,
}

impl BloomFilter {
    /// Creates a filter that contains the hashes of all the given findings.
    #[must_use]
    pub fn new<'t>(all: impl ExactSizeIterator<Item = &'t FindingHashes>) -> Self {
        // Three hashes for each finding; at least one processor cache line.
        let bits = (all.len() * 3 * BITS_PER_HASH).next_power_of_two().max(512);
        let mut filter = Self { words: vec![0; bits / 64] };
        for hashes in all {
            for hash in hashes_of(hashes) {
                let (word, bit) = filter.bit_of(hash);
                filter.words[word] |= bit;
            }
        }
        filter
    }

    /// Whether any of these hashes may be in the filter.
    #[must_use]
    pub fn may_contain(&self, hashes: &FindingHashes) -> bool {
        hashes_of(hashes).any(|hash| {
            let (word, bit) = self.bit_of(hash);
            self.words[word] & bit != 0
        })
    }

    /// Index of the word and the bit mask of a hash. The hashes are parts of a digest, so their own bits need
    /// no further hashing.
    fn bit_of(&self, hash: u64) -> (usize, u64) {
        // The number of words is a power of two, and at least one.
        let word = (hash >> 6) as usize & (self.words.len() - 1);
        (word, 1 << (hash & 63))
    }
}

/// Hashes by which a baseline entry can match a finding.
fn hashes_of(hashes: &FindingHashes) -> impl Iterator<Item = u64> {
    #[expect(clippy::cast_possible_truncation, reason = "half of the digest is distinctive enough")]
    let fingerprint = hashes.fingerprint.0 as u64;
    let ContentHash(content) = hashes.content;
    [Some(fingerprint), Some(content), hashes.head.map(|head| head.0)].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Fingerprint;
    use super::*;

    fn any_hashes() -> impl Strategy<Value = FindingHashes> {
        // Few different values, so that some are equal.
        let small = || prop_oneof![0..40_u64, any::<u64>()];
        (any::<u128>(), small(), prop::option::of(small())).prop_map(|(fingerprint, content, head)| {
            FindingHashes {
                fingerprint: Fingerprint(fingerprint),
                content: ContentHash(content),
                head: head.map(ContentHash),
            }
        })
    }

    proptest! {
        #[test]
        fn an_entry_that_shares_a_hash_always_passes(
            known in prop::collection::vec(any_hashes(), 0..60),
            probes in prop::collection::vec(any_hashes(), 0..60),
        ) {
            let filter = BloomFilter::new(known.iter());
            for probe in &probes {
                let shared = known.iter().any(|known| {
                    known.fingerprint == probe.fingerprint
                        || known.content == probe.content
                        || known.head.is_some() && known.head == probe.head
                });
                prop_assert!(!shared || filter.may_contain(probe));
            }
        }
    }

    #[test]
    fn most_unrelated_entries_are_excluded() {
        let digest = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (number << 29 | 0x55);
        let hashes = |number: u64| FindingHashes {
            fingerprint: Fingerprint(u128::from(digest(number))),
            content: ContentHash(digest(number + 1_000_000)),
            head: Some(ContentHash(digest(number + 2_000_000))),
        };
        let known: Vec<FindingHashes> = (0..400).map(hashes).collect();
        let filter = BloomFilter::new(known.iter());
        let through = (10_000..20_000).filter(|&number| filter.may_contain(&hashes(number))).count();
        assert!(through < 2_000, "{through} of 10,000");
        assert!(!BloomFilter::new([].iter()).may_contain(&hashes(1)));
    }
}
