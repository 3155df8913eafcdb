//! Split index (extension `link`): entries of a shared index, some of them deleted or replaced, plus own
//! entries.

use super::oid::{HashKind, ObjectId};

/// Content of the extension.
#[derive(Debug)]
pub(super) struct SplitIndexLink {
    /// Hash in the file name of the shared index.
    pub(super) shared: ObjectId,
    deleted: Bitmap,
    replaced: Bitmap,
}

impl SplitIndexLink {
    /// Parses the extension; `None` if it is malformed.
    pub(super) fn parse(body: &[u8], hash: HashKind) -> Option<Self> {
        let (id, mut rest) = body.split_at_checked(hash.len())?;
        let shared = ObjectId::new(id)?;
        if rest.is_empty() {
            return Some(Self { shared, deleted: Bitmap::default(), replaced: Bitmap::default() });
        }
        Some(Self { shared, deleted: Bitmap::parse(&mut rest)?, replaced: Bitmap::parse(&mut rest)? })
    }
}

/// Merges shared and own entries. Returns each resulting record with the record that contains its name, or
/// `None` if the indexes do not match.
pub(super) fn merge_entries<R: Copy>(
    shared: &[R],
    own: &[R],
    link: &SplitIndexLink,
    is_nameless: impl Fn(&R) -> bool,
) -> Option<Vec<(R, R)>> {
    let mut own = own.iter().copied().peekable();
    let mut all = Vec::with_capacity(shared.len());
    for (at, &record) in shared.iter().enumerate() {
        let replaced = link.replaced.contains(at);
        // Replacements come first, without names, in the order of the replaced entries.
        let now = if replaced { own.next_if(&is_nameless)? } else { record };
        if !link.deleted.contains(at) {
            all.push((now, record));
        }
    }
    for record in own {
        if is_nameless(&record) {
            return None;
        }
        all.push((record, record));
    }
    Some(all)
}

/// A decompressed EWAH bitmap.
#[derive(Debug, Default)]
struct Bitmap(Vec<u64>);

/// Maximum number of bits: more than an index can have entries.
const MAX_BITS: usize = 16 << 20;

impl Bitmap {
    fn contains(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 != 0)
    }

    /// Parses bit count, word count, words and the position of the last marker. Literal words follow their
    /// marker.
    fn parse(rest: &mut &[u8]) -> Option<Self> {
        let bits = parse_u32(rest)?;
        let count = parse_u32(rest)?;
        if bits > MAX_BITS {
            return None;
        }
        let (words, after) = rest.split_at_checked(count.checked_mul(8)?)?;
        *rest = after;
        parse_u32(rest)?;
        let mut words = words
            .chunks_exact(8)
            .map(|eight| eight.iter().fold(0_u64, |word, &byte| word << 8 | u64::from(byte)));
        let mut out = Vec::new();
        let most = bits.div_ceil(64);
        while let Some(marker) = words.next() {
            let run = usize::try_from(marker >> 1 & 0xffff_ffff).ok()?;
            if run > most - out.len() {
                return None;
            }
            out.resize(out.len() + run, if marker & 1 != 0 { u64::MAX } else { 0 });
            for _ in 0..marker >> 33 {
                if out.len() >= most {
                    return None;
                }
                out.push(words.next()?);
            }
        }
        Some(Self(out))
    }
}

fn parse_u32(rest: &mut &[u8]) -> Option<usize> {
    let (four, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    usize::try_from(u32::from_be_bytes(*four)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(words: &[u64], count: u32) -> Vec<u8> {
        let mut out = count.to_be_bytes().to_vec();
        out.extend(u32::try_from(words.len()).expect("few").to_be_bytes());
        words.iter().for_each(|word| out.extend(word.to_be_bytes()));
        out.extend([0; 4]);
        out
    }

    #[test]
    fn replaced_deleted_and_added() {
        let mut body = vec![5; 20];
        body.extend(bits(&[1 << 33, 0b001], 3)); // One literal word: the first is deleted.
        body.extend(bits(&[1 << 33, 0b100], 3)); // The third is replaced.
        let link = SplitIndexLink::parse(&body, HashKind::Sha1).expect("a link");
        let all = merge_entries(&["a", "b", "c"], &["", "d"], &link, |name| name.is_empty());
        assert_eq!(all, Some(vec![("b", "b"), ("", "c"), ("d", "d")]));
        assert_eq!(merge_entries(&["a", "b", "c"], &["d"], &link, |name| name.is_empty()), None);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn bytes_never_panic(body in proptest::collection::vec(proptest::num::u8::ANY, 0..100)) {
            let _ = SplitIndexLink::parse(&body, HashKind::Sha1);
            let mut rest = body.as_slice();
            let _ = Bitmap::parse(&mut rest);
        }
    }
}
