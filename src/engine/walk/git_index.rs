//! Reads the names of tracked files from `.git/index` (versions 2, 3 and 4). The parser has limits on its
//! input. Git is never started, and only the names are used.
//!
//! Hashes have 20 bytes (SHA-1) or 32 bytes (SHA-256), which the index does not specify. Only with the
//! correct length do all entries and extensions end where they should, so both are tried.

use super::system::Root;
use crate::engine::tree::{EntryKind, ReadError};
use crate::model::Note;

/// Largest index in bytes.
const MAX_INDEX: u64 = 256 << 20;
/// Largest `.git` file in bytes.
const MAX_GIT_FILE: u64 = 8 << 10;
/// Longest name in bytes; no supported system can open a longer path.
const MAX_NAME: usize = 4_096;
/// Maximum total size of all names in bytes. Version 4 compresses shared prefixes, so a small index could
/// expand to very large names.
const MAX_NAMES: usize = 256 << 20;

/// The tracked files, sorted by the bytes of their names.
#[derive(Debug, Default)]
pub(super) struct TrackedFiles {
    names: TrackedNames,
    /// Explanation for the report, if there is an index that could not be read.
    pub(super) note: Option<Note>,
}

/// Names stored in one buffer.
#[derive(Debug, Default)]
pub(super) struct TrackedNames {
    bytes: Vec<u8>,
    /// Start and end of each name in `bytes`.
    ranges: Vec<(u32, u32)>,
}

impl TrackedNames {
    fn get(&self, range: (u32, u32)) -> &[u8] {
        &self.bytes[range.0 as usize..range.1 as usize]
    }
}

impl TrackedFiles {
    /// Reads the index of the repository at `root`. Without a repository, no file is tracked.
    pub(super) fn read(root: &Root) -> Self {
        let content = match read_index(root) {
            Ok(Some(content)) => content,
            Ok(None) => return Self::default(),
            Err(error) => return Self::unknown(&error.detail),
        };
        match parse(&content) {
            Ok(names) => Self { names, note: None },
            Err(why) => Self::unknown(why),
        }
    }

    fn unknown(why: &str) -> Self {
        let message = format!(
            "the git index cannot be read ({why}); tracked files that match an ignore rule are not assessed"
        );
        Self { names: TrackedNames::default(), note: Some(Note { code: "git-index".to_owned(), message }) }
    }

    /// Whether git tracks `path` itself.
    pub(super) fn contains(&self, path: &[u8]) -> bool {
        self.names.ranges.binary_search_by(|&range| self.names.get(range).cmp(path)).is_ok()
    }

    /// Whether git tracks a file below the directory `path`.
    pub(super) fn contains_below(&self, path: &[u8]) -> bool {
        let mut prefix = path.to_vec();
        prefix.push(b'/');
        let first = self.names.ranges.partition_point(|&range| self.names.get(range) < prefix.as_slice());
        self.names.ranges.get(first).is_some_and(|&range| self.names.get(range).starts_with(&prefix))
    }
}

/// Reads the bytes of the index; `None` if it does not exist (no repository, or nothing was ever added).
fn read_index(root: &Root) -> Result<Option<Vec<u8>>, ReadError> {
    let mut content = Vec::new();
    match root.kind(b".git") {
        Some(EntryKind::Directory) => {
            if root.kind(b".git/index").is_none() {
                return Ok(None);
            }
            root.read(b".git/index", MAX_INDEX, &mut content)?;
        }
        Some(EntryKind::File) => {
            root.read(b".git", MAX_GIT_FILE, &mut content)?;
            let Some(folder) = content.strip_prefix(b"gitdir:") else { return Ok(None) };
            let mut index = folder.trim_ascii().to_vec();
            if index.is_empty() || index.contains(&0) {
                return Ok(None);
            }
            index.extend_from_slice(b"/index");
            root.read_outside(&index, MAX_INDEX, &mut content)?;
        }
        // A symbolic link is not followed, so the index is unknown and no file counts as tracked.
        _ => return Ok(None),
    }
    Ok(Some(content))
}

/// Parses the names in an index with this content.
///
/// # Errors
/// Returns the reason why the index is unusable.
pub(super) fn parse(content: &[u8]) -> Result<TrackedNames, &'static str> {
    let mut failed = "it is truncated";
    for hash in [20, 32] {
        match parse_with_hash_length(content, hash) {
            Ok(names) => return Ok(names),
            Err(why @ (NOT_AN_INDEX | UNKNOWN_VERSION | SPLIT)) => return Err(why),
            Err(why) => failed = why,
        }
    }
    Err(failed)
}

const NOT_AN_INDEX: &str = "it is not an index";
const UNKNOWN_VERSION: &str = "its version is not 2, 3 or 4";
const SPLIT: &str = "it is a split index: run `git update-index --no-split-index`";
const MALFORMED: &str = "it is malformed";

fn parse_with_hash_length(content: &[u8], hash: usize) -> Result<TrackedNames, &'static str> {
    let Some(rest) = content.strip_prefix(b"DIRC") else { return Err(NOT_AN_INDEX) };
    let mut reader = NamesReader { rest };
    let version = reader.u32()?;
    if !(2..=4).contains(&version) {
        return Err(UNKNOWN_VERSION);
    }
    let count = reader.u32()? as usize;
    let mut names = TrackedNames::default();
    // An entry takes at least 62 bytes, so a wrong count cannot allocate too much memory.
    names.ranges.reserve(count.min(content.len() / 62));
    let mut sorted = true;
    let mut name: Vec<u8> = Vec::new();
    for _ in 0..count {
        read_entry(&mut reader, version, hash, &mut name)?;
        let start = names.bytes.len();
        if start + name.len() > MAX_NAMES {
            return Err("its names exceed 256 MiB in total");
        }
        if let Some(&last) = names.ranges.last() {
            sorted &= names.get(last) <= name.as_slice();
        }
        names.bytes.extend_from_slice(&name);
        let offset = |at: usize| u32::try_from(at).map_err(|_| MALFORMED);
        names.ranges.push((offset(start)?, offset(names.bytes.len())?));
    }
    skip_extensions(&mut reader, hash)?;
    if !sorted {
        let TrackedNames { bytes, ranges } = &mut names;
        ranges.sort_by(|a, b| bytes[a.0 as usize..a.1 as usize].cmp(&bytes[b.0 as usize..b.1 as usize]));
    }
    Ok(names)
}

/// Reads one entry. `name` contains the previous name and is replaced with this entry's name.
fn read_entry(
    reader: &mut NamesReader<'_>,
    version: u32,
    hash: usize,
    name: &mut Vec<u8>,
) -> Result<(), &'static str> {
    let before = reader.rest.len();
    reader.skip(40 + hash)?;
    let flags = reader.u16()?;
    if version >= 3 && flags & 0x4000 != 0 {
        reader.skip(2)?;
    } else if flags & 0x4000 != 0 {
        return Err(MALFORMED);
    }
    let kept = if version == 4 { name.len().checked_sub(reader.offset()?).ok_or(MALFORMED)? } else { 0 };
    name.truncate(kept);
    let end = memchr::memchr(0, reader.rest).ok_or(MALFORMED)?;
    if end > MAX_NAME || kept + end > MAX_NAME {
        return Err("it contains a name longer than 4,096 bytes");
    }
    name.extend_from_slice(&reader.rest[..end]);
    let length = usize::from(flags & 0x0fff);
    if name.is_empty()
        || (length < 0x0fff && length != name.len())
        || (length == 0x0fff && name.len() < length)
    {
        return Err(MALFORMED);
    }
    reader.skip(end)?;
    // Up to version 3, an entry is padded with 1 to 8 NULs to a multiple of eight bytes.
    let taken = before - reader.rest.len();
    let padding = if version == 4 { 1 } else { 8 - taken % 8 };
    if reader.rest.len() < padding || reader.rest[..padding].iter().any(|&byte| byte != 0) {
        return Err(MALFORMED);
    }
    reader.skip(padding)
}

/// Skips the extensions, which must end exactly where the checksum starts.
fn skip_extensions(reader: &mut NamesReader<'_>, hash: usize) -> Result<(), &'static str> {
    while reader.rest.len() > hash {
        let signature = reader.rest.get(..4).ok_or(MALFORMED)?;
        if signature == b"link" {
            return Err(SPLIT);
        }
        reader.skip(4)?;
        let length = reader.u32()? as usize;
        reader.skip(length)?;
    }
    if reader.rest.len() == hash { Ok(()) } else { Err(MALFORMED) }
}

/// Reads the fields of an index.
struct NamesReader<'a> {
    rest: &'a [u8],
}

impl NamesReader<'_> {
    fn skip(&mut self, count: usize) -> Result<(), &'static str> {
        self.rest = self.rest.get(count..).ok_or(MALFORMED)?;
        Ok(())
    }

    fn u16(&mut self) -> Result<u16, &'static str> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(MALFORMED)?;
        self.rest = rest;
        Ok(u16::from_be_bytes(*bytes))
    }

    fn u32(&mut self) -> Result<u32, &'static str> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(MALFORMED)?;
        self.rest = rest;
        Ok(u32::from_be_bytes(*bytes))
    }

    /// Reads a variable-length number of version 4, encoded like offsets in pack files.
    fn offset(&mut self) -> Result<usize, &'static str> {
        let mut value = 0_usize;
        for step in 0..4 {
            let (&byte, rest) = self.rest.split_first().ok_or(MALFORMED)?;
            self.rest = rest;
            value = (value << 7) + usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            value += usize::from(step < 3);
        }
        Err(MALFORMED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(version: u32, hash: usize, entries: &[(&str, usize)]) -> Vec<u8> {
        let mut out = b"DIRC".to_vec();
        out.extend(version.to_be_bytes());
        out.extend(u32::try_from(entries.len()).expect("few").to_be_bytes());
        for (name, dropped) in entries {
            let start = out.len();
            out.extend(vec![7; 40 + hash]);
            let whole = name.len();
            out.extend(u16::try_from(whole).expect("short").to_be_bytes());
            if version == 4 {
                out.push(u8::try_from(*dropped).expect("short"));
                out.extend(name.as_bytes());
                out.push(0);
            } else {
                out.extend(name.as_bytes());
                out.extend(vec![0; 8 - (out.len() - start) % 8]);
            }
        }
        out.extend(b"TREE\0\0\0\x02ab");
        out.extend(vec![9; hash]);
        out
    }

    #[test]
    fn names_of_both_hashes() {
        for hash in [20, 32] {
            let names = parse(&index(2, hash, &[("a/b", 0), ("a/c/d", 0), ("b", 0)])).expect("an index");
            let tracked = TrackedFiles { names, note: None };
            assert!(tracked.contains(b"a/b") && tracked.contains(b"b") && !tracked.contains(b"a"), "{hash}");
            assert!(
                tracked.contains_below(b"a")
                    && tracked.contains_below(b"a/c")
                    && !tracked.contains_below(b"b"),
                "{hash}"
            );
            assert!(!tracked.contains_below(b"a/b") && !tracked.contains_below(b"z"), "{hash}");
        }
    }

    #[test]
    fn invalid_indexes_are_explained() {
        let good = index(2, 20, &[("a", 0)]);
        assert!(parse(&good[..good.len() - 1]).is_err());
        assert_eq!(parse(b"hello").err(), Some(NOT_AN_INDEX));
        assert_eq!(parse(&index(5, 20, &[])).err(), Some(UNKNOWN_VERSION));
        let mut split = index(2, 20, &[("a", 0)]);
        let at = split.len() - 30;
        split[at..at + 4].copy_from_slice(b"link");
        assert_eq!(parse(&split).err(), Some(SPLIT));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn bytes_never_panic(
            version in 2_u32..5, hash in proptest::sample::select(vec![20_usize, 32]),
            at in 0_usize..400, byte in proptest::num::u8::ANY, cut in 0_usize..400,
        ) {
            let mut content = index(version, hash, &[("a/b", 0), ("a/c", 1), ("zz", 3)]);
            let length = content.len();
            content[at % length] = byte;
            content.truncate(length - cut % length);
            let _ = parse(&content);
        }
    }
}
