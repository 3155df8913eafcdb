//! A sieve for traces: says quickly of most entries of a baseline that they stand for nothing that was found. What a
//! baseline means is not decided here.

use super::{Trace, Traces};

/// Bits for each trace that is put in: of an entry with three traces, about one in six falls through by chance.
const BITS_EACH: usize = 16;

/// Knows some traces. It never says no of a trace that was put in, and mostly no of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceSieve {
    words: Vec<u64>,
}

impl TraceSieve {
    /// A sieve that knows the traces of these.
    #[must_use]
    pub fn new<'t>(all: impl ExactSizeIterator<Item = &'t Traces>) -> Self {
        // Three of each, and at least a line of the processor's cache.
        let bits = (all.len() * 3 * BITS_EACH).next_power_of_two().max(512);
        let mut sieve = Self { words: vec![0; bits / 64] };
        for traces in all {
            for trace in each(traces) {
                let (word, bit) = sieve.place(trace);
                sieve.words[word] |= bit;
            }
        }
        sieve
    }

    /// Whether one of these traces may have been put in.
    #[must_use]
    pub fn may_know(&self, traces: &Traces) -> bool {
        each(traces).any(|trace| {
            let (word, bit) = self.place(trace);
            self.words[word] & bit != 0
        })
    }

    /// Traces are digests: their own bits are as good as a hash of them.
    fn place(&self, trace: u64) -> (usize, u64) {
        // There is at least one word, and their number is a power of two.
        let word = (trace >> 6) as usize & (self.words.len() - 1);
        (word, 1 << (trace & 63))
    }
}

/// The traces by which an entry and a finding can be found to be the same.
fn each(traces: &Traces) -> impl Iterator<Item = u64> {
    #[expect(clippy::cast_possible_truncation, reason = "the lower half tells as much")]
    let fingerprint = traces.fingerprint.0 as u64;
    let Trace(content) = traces.content;
    [Some(fingerprint), Some(content), traces.head.map(|head| head.0)].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Fingerprint;
    use super::*;

    fn any_traces() -> impl Strategy<Value = Traces> {
        // Few values, so that some are the same.
        let small = || prop_oneof![0..40_u64, any::<u64>()];
        (any::<u128>(), small(), prop::option::of(small())).prop_map(|(fingerprint, content, head)| Traces {
            fingerprint: Fingerprint(fingerprint),
            content: Trace(content),
            head: head.map(Trace),
        })
    }

    proptest! {
        #[test]
        fn what_shares_a_trace_never_falls_out(
            known in prop::collection::vec(any_traces(), 0..60),
            asked in prop::collection::vec(any_traces(), 0..60),
        ) {
            let sieve = TraceSieve::new(known.iter());
            for asked in &asked {
                let shared = known.iter().any(|known| {
                    known.fingerprint == asked.fingerprint
                        || known.content == asked.content
                        || known.head.is_some() && known.head == asked.head
                });
                prop_assert!(!shared || sieve.may_know(asked));
            }
        }
    }

    #[test]
    fn most_of_what_is_foreign_falls_out() {
        let digest = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (number << 29 | 0x55);
        let traces = |number: u64| Traces {
            fingerprint: Fingerprint(u128::from(digest(number))),
            content: Trace(digest(number + 1_000_000)),
            head: Some(Trace(digest(number + 2_000_000))),
        };
        let known: Vec<Traces> = (0..400).map(traces).collect();
        let sieve = TraceSieve::new(known.iter());
        let through = (10_000..20_000).filter(|&number| sieve.may_know(&traces(number))).count();
        assert!(through < 2_000, "{through} of 10,000");
        assert!(!TraceSieve::new([].iter()).may_know(&traces(1)));
    }
}
