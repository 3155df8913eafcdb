//! Deltas of pack files: a new object made of pieces of another one.

use super::objects::ObjectFault;

/// The size that a delta says its result has; `start` holds its first bytes.
pub(super) fn result_size(start: &[u8]) -> Result<u64, ObjectFault> {
    let mut rest = start;
    number(&mut rest)?;
    number(&mut rest)
}

/// Applies `delta` to `base`; the result, of at most `limit` bytes, replaces `out`.
pub(super) fn apply(base: &[u8], delta: &[u8], limit: u64, out: &mut Vec<u8>) -> Result<(), ObjectFault> {
    let mut rest = delta;
    let (from, to) = (number(&mut rest)?, number(&mut rest)?);
    if from != base.len() as u64 {
        return Err(BROKEN);
    }
    if to > limit {
        return Err(ObjectFault::TooBig { size: to, head: Vec::new() });
    }
    let end = usize::try_from(to).map_err(|_| BROKEN)?;
    out.clear();
    while let Some((&op, after)) = rest.split_first() {
        rest = after;
        let piece = if op & 0x80 != 0 {
            let start = bits(&mut rest, op, 4)?;
            let length = match bits(&mut rest, op >> 4, 3)? {
                0 => 0x1_0000,
                length => length,
            };
            base.get(start..start + length).ok_or(BROKEN)?
        } else if op != 0 {
            let (piece, after) = rest.split_at_checked(usize::from(op)).ok_or(BROKEN)?;
            rest = after;
            piece
        } else {
            return Err(BROKEN);
        };
        if out.len() + piece.len() > end {
            return Err(BROKEN);
        }
        out.extend_from_slice(piece);
    }
    if out.len() == end { Ok(()) } else { Err(BROKEN) }
}

const BROKEN: ObjectFault = ObjectFault::Broken("a delta does not fit");

/// A number of seven bits a byte, low ones first.
fn number(rest: &mut &[u8]) -> Result<u64, ObjectFault> {
    let mut value = 0_u64;
    for shift in (0..63).step_by(7) {
        let (&byte, after) = rest.split_first().ok_or(BROKEN)?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(BROKEN)
}

/// A number whose bytes are there where the bits of `op` are set.
fn bits(rest: &mut &[u8], op: u8, bytes: usize) -> Result<usize, ObjectFault> {
    let mut value = 0;
    for at in 0..bytes {
        if op & (1 << at) != 0 {
            let (&byte, after) = rest.split_first().ok_or(BROKEN)?;
            *rest = after;
            value |= usize::from(byte) << (8 * at);
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_and_inserts() {
        // From 5 to 7 bytes: copy 3 from 1, insert "xyz", copy 1 from 0.
        let delta = [5, 7, 0x91, 1, 3, 3, b'x', b'y', b'z', 0x90, 1];
        let mut out = Vec::new();
        apply(b"hello", &delta, 100, &mut out).expect("fits");
        assert_eq!(out, b"ellxyzh");
        assert_eq!(result_size(&delta), Ok(7));
        assert!(matches!(apply(b"hello", &delta, 6, &mut out), Err(ObjectFault::TooBig { size: 7, .. })));
        assert_eq!(apply(b"hell", &delta, 100, &mut out), Err(BROKEN));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn bytes_never_panic_and_never_grow(
            base in proptest::collection::vec(proptest::num::u8::ANY, 0..64),
            mut delta in proptest::collection::vec(proptest::num::u8::ANY, 0..64),
        ) {
            if let Some(first) = delta.first_mut() {
                *first = u8::try_from(base.len()).expect("short");
            }
            let mut out = Vec::new();
            let _ = apply(&base, &delta, 1_000, &mut out);
            proptest::prop_assert!(out.len() <= 1_000);
        }
    }
}
