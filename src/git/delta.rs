//! Deltas of pack files, which describe an object by parts of another object.

use super::objects::ObjectFault;

/// Returns the result size that a delta declares. `start` contains the first bytes of the delta.
pub(super) fn result_size(start: &[u8]) -> Result<u64, ObjectFault> {
    let mut rest = start;
    parse_varint(&mut rest)?;
    parse_varint(&mut rest)
}

/// Applies `delta` to `base`. The result of at most `limit` bytes replaces `out`.
pub(super) fn apply(base: &[u8], delta: &[u8], limit: u64, out: &mut Vec<u8>) -> Result<(), ObjectFault> {
    let mut rest = delta;
    let (from, to) = (parse_varint(&mut rest)?, parse_varint(&mut rest)?);
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
            let start = parse_sparse_number(&mut rest, op, 4)?;
            let length = match parse_sparse_number(&mut rest, op >> 4, 3)? {
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

const BROKEN: ObjectFault = ObjectFault::Broken("invalid delta");

/// Parses a number with seven bits per byte, low bits first.
fn parse_varint(rest: &mut &[u8]) -> Result<u64, ObjectFault> {
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

/// Parses a number of at most `bytes` bytes, low bytes first. Only the bytes whose bit is set in `op` are
/// stored; the others are zero.
fn parse_sparse_number(rest: &mut &[u8], op: u8, bytes: usize) -> Result<usize, ObjectFault> {
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
