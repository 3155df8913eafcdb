//! Looks up references in reftables, the reference storage of newer repositories.

use std::path::Path;

use super::oid::{HashKind, ObjectId};
use super::refs::RefTarget;
use super::{GitError, file};

/// Maximum size of a table in bytes.
const MAX_TABLE: u64 = 64 << 20;
/// Maximum number of tables in a stack.
const MAX_TABLES: usize = 4_096;

/// Returns the target of `name` from the newest table in `folder` that contains the name.
///
/// # Errors
/// If the list of tables or one of the tables cannot be read.
pub(super) fn find_reference(
    folder: &Path,
    name: &str,
    hash: HashKind,
) -> Result<Option<RefTarget>, GitError> {
    let list = folder.join("tables.list");
    let Some(tables) = file::read_small(&list, 1 << 20)? else { return Ok(None) };
    let tables = String::from_utf8_lossy(&tables).into_owned();
    for table in tables.lines().rev().take(MAX_TABLES).filter(|table| !table.is_empty()) {
        let path = folder.join(table);
        let plain = Path::new(table).components().count() == 1 && !table.starts_with('.');
        let content = if plain { file::read_small(&path, MAX_TABLE)? } else { None };
        let found = content.as_deref().and_then(|content| search_table(content, name.as_bytes(), hash));
        match found {
            Some(TableLookup::Missing) => {}
            Some(TableLookup::Deleted) => return Ok(None),
            Some(TableLookup::Target(target)) => return Ok(Some(target)),
            None => {
                return Err(GitError::new(format!("the reftable {} is damaged", path.display()))
                    .with_help("run `git refs verify` to find the damage"));
            }
        }
    }
    Ok(None)
}

/// Result of a lookup in one table.
enum TableLookup {
    Missing,
    Deleted,
    Target(RefTarget),
}

/// Searches a table; returns `None` if the table is malformed.
fn search_table(table: &[u8], name: &[u8], hash: HashKind) -> Option<TableLookup> {
    let header = match table.strip_prefix(b"REFT")?.first()? {
        1 => 24,
        2 => 28,
        _ => return None,
    };
    let aligned = parse_u24(table.get(5..8)?);
    let mut at = 0;
    // Reference blocks come first; any other block ends the search.
    loop {
        let head = if at == 0 { header } else { 0 };
        let Some(&[b'r', ..]) = table.get(at + head..) else { return Some(TableLookup::Missing) };
        let length = parse_u24(table.get(at + head + 1..at + head + 4)?);
        let block = table.get(at..at + length)?;
        match search_block(block.get(head + 4..)?, name, hash)? {
            TableLookup::Missing => {}
            found => return Some(found),
        }
        at += if aligned > 0 { aligned.max(length) } else { length.max(1) };
    }
}

/// Searches a block: records, then restart offsets (three bytes each) and their number (two bytes).
fn search_block(block: &[u8], name: &[u8], hash: HashKind) -> Option<TableLookup> {
    let (_, count) = block.split_last_chunk::<2>()?;
    let restarts = usize::from(u16::from_be_bytes(*count)) * 3 + 2;
    let mut rest = block.get(..block.len().checked_sub(restarts)?)?;
    let mut key: Vec<u8> = Vec::new();
    while !rest.is_empty() {
        let shared = parse_offset_varint(&mut rest)?;
        let kind_and_length = parse_offset_varint(&mut rest)?;
        key.truncate(shared);
        key.extend_from_slice(take_bytes(&mut rest, kind_and_length >> 3)?);
        parse_offset_varint(&mut rest)?;
        let lookup = match kind_and_length & 7 {
            0 => TableLookup::Deleted,
            1 => TableLookup::Target(RefTarget::Object(ObjectId::new(take_bytes(&mut rest, hash.len())?)?)),
            2 => {
                let id = ObjectId::new(take_bytes(&mut rest, hash.len())?)?;
                take_bytes(&mut rest, hash.len())?;
                TableLookup::Target(RefTarget::Object(id))
            }
            3 => {
                let length = parse_offset_varint(&mut rest)?;
                let target = std::str::from_utf8(take_bytes(&mut rest, length)?).ok()?;
                TableLookup::Target(RefTarget::Name(target.to_owned()))
            }
            _ => return None,
        };
        if key == name {
            return Some(lookup);
        }
    }
    Some(TableLookup::Missing)
}

fn parse_u24(three: &[u8]) -> usize {
    three.iter().fold(0, |size, &byte| size << 8 | usize::from(byte))
}

fn take_bytes<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

/// Parses a variable-length number, encoded like the offsets of pack files.
fn parse_offset_varint(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    for step in 0..5 {
        let byte = take_bytes(rest, 1)?[0];
        value = value.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
        value += usize::from(step < 4);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn bytes_never_panic(length in 0_usize..300, body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let mut table = b"REFT\x01\x00\x00\x00".to_vec();
            table.extend([0; 16]);
            table.push(b'r');
            table.extend(&u32::try_from(length).expect("short").to_be_bytes()[1..]);
            table.extend(body);
            let _ = search_table(&table, b"refs/heads/main", HashKind::Sha1);
        }
    }
}
