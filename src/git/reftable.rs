//! References in tables (`reftable`), the format of newer repositories: only looking one up.

use std::path::Path;

use super::oid::{HashKind, ObjectId};
use super::refs::Target;
use super::{GitError, file};

/// Largest table in bytes.
const MAX_TABLE: u64 = 64 << 20;
/// Most tables on top of each other.
const MAX_TABLES: usize = 4_096;

/// What the tables in `folder` say about `name`; the newest that says anything decides.
///
/// # Errors
/// When the list of tables or one of them cannot be read.
pub(super) fn find(folder: &Path, name: &str, hash: HashKind) -> Result<Option<Target>, GitError> {
    let list = folder.join("tables.list");
    let Some(tables) = file::content(&list, 1 << 20)? else { return Ok(None) };
    let tables = String::from_utf8_lossy(&tables).into_owned();
    for table in tables.lines().rev().take(MAX_TABLES).filter(|table| !table.is_empty()) {
        let path = folder.join(table);
        let plain = Path::new(table).components().count() == 1 && !table.starts_with('.');
        let content = if plain { file::content(&path, MAX_TABLE)? } else { None };
        let found = content.as_deref().and_then(|content| search(content, name.as_bytes(), hash));
        match found {
            Some(Said::Nothing) => {}
            Some(Said::Deleted) => return Ok(None),
            Some(Said::Target(target)) => return Ok(Some(target)),
            None => {
                return Err(GitError::new(format!("the table of references {} is damaged", path.display()))
                    .with_help("`git refs verify` says what is wrong"));
            }
        }
    }
    Ok(None)
}

/// What one table says.
enum Said {
    Nothing,
    Deleted,
    Target(Target),
}

/// `None` when the table is malformed.
fn search(table: &[u8], name: &[u8], hash: HashKind) -> Option<Said> {
    let header = match table.strip_prefix(b"REFT")?.first()? {
        1 => 24,
        2 => 28,
        _ => return None,
    };
    let aligned = size(table.get(5..8)?);
    let mut at = 0;
    // References come first; any other block ends them.
    loop {
        let head = if at == 0 { header } else { 0 };
        let Some(&[b'r', ..]) = table.get(at + head..) else { return Some(Said::Nothing) };
        let length = size(table.get(at + head + 1..at + head + 4)?);
        let block = table.get(at..at + length)?;
        match search_block(block.get(head + 4..)?, name, hash)? {
            Said::Nothing => {}
            said => return Some(said),
        }
        at += if aligned > 0 { aligned.max(length) } else { length.max(1) };
    }
}

/// Records, then places of restarts (three bytes each) and their number (two).
fn search_block(block: &[u8], name: &[u8], hash: HashKind) -> Option<Said> {
    let (_, count) = block.split_last_chunk::<2>()?;
    let restarts = usize::from(u16::from_be_bytes(*count)) * 3 + 2;
    let mut rest = block.get(..block.len().checked_sub(restarts)?)?;
    let mut key: Vec<u8> = Vec::new();
    while !rest.is_empty() {
        let shared = number(&mut rest)?;
        let kind_and_length = number(&mut rest)?;
        key.truncate(shared);
        key.extend_from_slice(take(&mut rest, kind_and_length >> 3)?);
        number(&mut rest)?;
        let said = match kind_and_length & 7 {
            0 => Said::Deleted,
            1 => Said::Target(Target::Object(ObjectId::new(take(&mut rest, hash.len())?)?)),
            2 => {
                let id = ObjectId::new(take(&mut rest, hash.len())?)?;
                take(&mut rest, hash.len())?;
                Said::Target(Target::Object(id))
            }
            3 => {
                let length = number(&mut rest)?;
                let target = std::str::from_utf8(take(&mut rest, length)?).ok()?;
                Said::Target(Target::Name(target.to_owned()))
            }
            _ => return None,
        };
        if key == name {
            return Some(said);
        }
    }
    Some(Said::Nothing)
}

fn size(three: &[u8]) -> usize {
    three.iter().fold(0, |size, &byte| size << 8 | usize::from(byte))
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

/// The variable-length number of pack files' offsets.
fn number(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    for step in 0..5 {
        let byte = take(rest, 1)?[0];
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
            let _ = search(&table, b"refs/heads/main", HashKind::Sha1);
        }
    }
}
