//! Git's index, versions 2 to 4: names, modes, object IDs and stat data. Sizes are limited, and counts and
//! lengths in the file are not trusted. Split and sparse indexes are expanded here.

use std::path::Path;

use super::GitError;
use super::cache_tree::CacheTree;
use super::file::{self, read_error};
use super::objects::Objects;
use super::oid::{HashKind, ObjectId};
use super::split;
use super::structure::mode;

/// Maximum size of an index in bytes.
const MAX_INDEX: u64 = 80 << 20;
/// Maximum length of a name in bytes; no system opens longer paths.
const MAX_NAME: usize = 4_096;
/// Maximum size of all names in bytes. Version 4 shares prefixes, so a small index could expand to very long
/// names.
const MAX_NAMES: usize = 64 << 20;
/// Number of the buffer in `contents` with the names that were put together from parts.
const NAMES_BUFFER: u8 = 3;
/// Number of bytes of an entry before its object ID.
const STAT_BYTES: usize = 40;

const INTENT_TO_ADD: u16 = 0x2000;
const SKIP_WORKTREE: u16 = 0x4000;
const EXTENDED: u16 = 0x4000;
/// Bits of the flags that contain the length of the name.
const NAME_LENGTH: u16 = 0x0fff;

/// An entry, whose fixed part remains in the buffer it was read from.
#[derive(Clone, Copy, Debug)]
struct IndexRecord {
    name: (u32, u32),
    /// Number of the buffer in `contents` that contains the name.
    named_in: u8,
    /// Offset of the fixed part in the buffer `source`.
    at: u32,
    source: u8,
    flags: u16,
    more: u16,
}

/// Stat data of a file on disk when git last found it equal to its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StatData {
    pub(super) ctime: (u32, u32),
    pub(super) mtime: (u32, u32),
    pub(super) inode: u32,
    pub(super) size: u32,
}

/// The index of a work tree, sorted by path bytes and stage.
pub(super) struct Index {
    hash: HashKind,
    /// Buffers: the index file, the shared index of a split index, synthetic entries of a sparse index, and
    /// names that were put together from parts.
    contents: [Vec<u8>; 4],
    records: Vec<IndexRecord>,
    /// Directories that are equal to a tree object; empty if unknown.
    pub(super) trees: CacheTree,
    /// Whether the index contains submodules (entries whose mode is that of a commit).
    pub(super) has_submodules: bool,
    /// Modification time of the index. A file with the same or a later modification time may have changed
    /// without a difference in its stat data.
    pub(super) written: Option<std::time::SystemTime>,
}

/// A view of an entry.
#[derive(Clone, Copy)]
pub(super) struct IndexEntry<'i> {
    index: &'i Index,
    record: &'i IndexRecord,
}

impl<'i> IndexEntry<'i> {
    pub(super) fn path(self) -> &'i [u8] {
        self.index.name(self.record)
    }

    pub(super) fn mode(self) -> u32 {
        self.stat_field(24)
    }

    pub(super) fn id(self) -> Option<ObjectId> {
        let at = self.record.at as usize + STAT_BYTES;
        ObjectId::new(
            self.index.contents[usize::from(self.record.source)].get(at..at + self.index.hash.len())?,
        )
    }

    /// Merge stage: 0, or 1 to 3 in an unresolved merge conflict.
    pub(super) fn stage(self) -> u16 {
        self.record.flags >> 12 & 3
    }

    /// Whether the entry was only added with `git add --intent-to-add`, without content to commit.
    pub(super) fn intent_to_add(self) -> bool {
        self.record.more & INTENT_TO_ADD != 0
    }

    /// Whether the entry is excluded from the work tree (sparse checkout).
    pub(super) fn skip_worktree(self) -> bool {
        self.record.more & SKIP_WORKTREE != 0
    }

    pub(super) fn stat_data(self) -> StatData {
        StatData {
            ctime: (self.stat_field(0), self.stat_field(4)),
            mtime: (self.stat_field(8), self.stat_field(12)),
            inode: self.stat_field(20),
            size: self.stat_field(36),
        }
    }

    fn stat_field(self, offset: usize) -> u32 {
        let at = self.record.at as usize + offset;
        let bytes = self.index.contents[usize::from(self.record.source)].get(at..at + 4);
        bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes)
    }
}

impl Index {
    /// Creates an index without entries.
    pub(super) fn empty(hash: HashKind) -> Self {
        Self {
            hash,
            contents: Default::default(),
            records: Vec::new(),
            trees: CacheTree::default(),
            has_submodules: false,
            written: None,
        }
    }

    /// Reads the index at `path`; a missing file is an empty index.
    ///
    /// # Errors
    /// If the index cannot be read or used. The message states the reason, the help what to do.
    pub(super) fn read(path: &Path, objects: &Objects) -> Result<Self, GitError> {
        let hash = objects.hash();
        let file = file::RegularFile::open(path).map_err(|error| read_error(path, &error))?;
        let Some(file) = file else { return Ok(Self::empty(hash)) };
        let content = file.read_all(MAX_INDEX).map_err(|error| read_error(path, &error))?;
        let unusable = |why: &str| {
            GitError::new(format!("cannot use git's index {}: {why}", path.display()))
                .with_help("run `git status` to check whether git can read it")
        };
        let mut index = Self::empty(hash);
        index.written = file.modified();
        let mut parsed = index.parse(content, 0).map_err(unusable)?;
        let is_split = parsed.link.is_some();
        if let Some(link) = parsed.link {
            let name = format!("sharedindex.{}", link.shared);
            let shared = path.with_file_name(&name);
            let content = file::read_small(&shared, MAX_INDEX)?
                .ok_or_else(|| unusable(&format!("its shared index {name} is missing")))?;
            let own = std::mem::take(&mut index.records);
            parsed.sparse |= index.parse(content, 1).map_err(unusable)?.sparse;
            index.records =
                split::merge_entries(&index.records, &own, &link, |record| record.name.0 == record.name.1)
                    .ok_or_else(|| unusable("it does not match its shared index"))?
                    .into_iter()
                    .map(|(own, name)| IndexRecord { name: name.name, named_in: name.named_in, ..own })
                    .collect();
        }
        if parsed.sparse {
            index.expand_sparse(objects).map_err(|why| unusable(&why))?;
        }
        if !parsed.sorted || parsed.sparse || is_split {
            index.sort();
        }
        // The tree cache of a sparse index counts the entries before the expansion, and no longer matches.
        index.trees = if parsed.sparse { CacheTree::default() } else { parsed.trees };
        Ok(index)
    }

    /// Returns the number of entries.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns the entry at `at`.
    pub(super) fn get(&self, at: usize) -> IndexEntry<'_> {
        IndexEntry { index: self, record: &self.records[at] }
    }

    /// Returns all entries.
    pub(super) fn iter(&self) -> impl Iterator<Item = IndexEntry<'_>> {
        self.records.iter().map(|record| IndexEntry { index: self, record })
    }

    /// Returns the entries from `start` on.
    pub(super) fn iter_from(&self, start: usize) -> impl Iterator<Item = IndexEntry<'_>> {
        self.records.get(start..).unwrap_or_default().iter().map(|record| IndexEntry { index: self, record })
    }

    /// Returns the first entry with this path at any stage.
    pub(super) fn find(&self, path: &[u8]) -> Option<IndexEntry<'_>> {
        let at = self.records.partition_point(|record| self.name(record) < path);
        self.records.get(at).filter(|record| self.name(record) == path).map(|_| self.get(at))
    }

    /// Returns the index of the first entry whose path begins with `prefix` or is greater.
    pub(super) fn start_of(&self, prefix: &[u8]) -> usize {
        self.records.partition_point(|record| self.name(record) < prefix)
    }

    /// Returns the end of the entries from `from` on that begin with `prefix`. `guess` is their expected
    /// number.
    pub(super) fn end_of(&self, prefix: &[u8], from: usize, guess: Option<usize>) -> usize {
        let begins = |at: usize| self.records.get(at).is_some_and(|it| self.name(it).starts_with(prefix));
        if let Some(end) = guess.filter(|&count| count > 0).and_then(|count| from.checked_add(count))
            && begins(end - 1)
            && !begins(end)
        {
            return end;
        }
        from + self.records[from..].partition_point(|record| {
            let name = self.name(record);
            name.starts_with(prefix) || name < prefix
        })
    }

    fn name(&self, record: &IndexRecord) -> &[u8] {
        &self.contents[usize::from(record.named_in)][record.name.0 as usize..record.name.1 as usize]
    }

    fn sort(&mut self) {
        let Self { contents, records, .. } = self;
        let key = |record: &IndexRecord| {
            let names = &contents[usize::from(record.named_in)];
            (&names[record.name.0 as usize..record.name.1 as usize], record.flags >> 12 & 3)
        };
        if !records.is_sorted_by(|a, b| key(a) <= key(b)) {
            records.sort_by(|a, b| key(a).cmp(&key(b)));
        }
    }

    /// Parses `content` and replaces the records. After an error, the records are incomplete.
    fn parse(&mut self, content: Vec<u8>, source: u8) -> Result<IndexExtensions, &'static str> {
        let mut reader = IndexReader { content: &content, at: 0 };
        if reader.take(4)? != b"DIRC" {
            return Err("it is not an index");
        }
        let version = reader.u32()?;
        if !(2..=4).contains(&version) {
            return Err("unsupported version (supported: 2, 3 and 4)");
        }
        let count = reader.u32()? as usize;
        // An entry has at least 62 bytes, so a wrong count cannot allocate much memory.
        self.records = Vec::with_capacity(count.min(content.len() / 62));
        let mut last = (0, 0);
        let (mut sparse, mut sorted) = (false, true);
        let mut last_stage = 0;
        for _ in 0..count {
            let record = self.parse_record(&mut reader, version, source, last)?;
            // Checks the order here, while both names are in the processor cache; a second pass would be
            // slower.
            let names = if record.named_in == NAMES_BUFFER {
                &self.contents[usize::from(NAMES_BUFFER)]
            } else {
                &content
            };
            let name = |(start, end): (u32, u32)| &names[start as usize..end as usize];
            let stage = record.flags >> 12 & 3;
            sorted &= (name(last), last_stage) <= (name(record.name), stage);
            (last, last_stage) = (record.name, stage);
            match mode::kind(reader.mode_at(record.at)?) {
                mode::TREE => sparse = true,
                mode::COMMIT => self.has_submodules = true,
                _ => {}
            }
            self.records.push(record);
        }
        let parsed = IndexExtensions { sparse, sorted, ..self.parse_extensions(&mut reader)? };
        self.contents[usize::from(source)] = content;
        Ok(parsed)
    }

    fn parse_record(
        &mut self,
        reader: &mut IndexReader<'_>,
        version: u32,
        source: u8,
        last: (u32, u32),
    ) -> Result<IndexRecord, &'static str> {
        let start = reader.at;
        reader.take(STAT_BYTES + self.hash.len())?;
        let flags = reader.u16()?;
        let more = match (flags & EXTENDED != 0, version) {
            (true, 3..) => reader.u16()?,
            (true, _) => return Err(MALFORMED),
            (false, _) => 0,
        };
        let names = &mut self.contents[usize::from(NAMES_BUFFER)];
        let begin = names.len();
        if version == 4 {
            let kept = ((last.1 - last.0) as usize).checked_sub(reader.offset()?).ok_or(MALFORMED)?;
            names.extend_from_within(last.0 as usize..last.0 as usize + kept);
        }
        let own = reader.at;
        // The flags contain the length of the name if it fits. In version 4 that is the length of the whole
        // name, not of the stored suffix.
        let stated = usize::from(flags & NAME_LENGTH);
        let end = if version < 4 && stated < usize::from(NAME_LENGTH) && reader.rest().get(stated) == Some(&0)
        {
            stated
        } else {
            memchr::memchr(0, reader.rest()).ok_or(MALFORMED)?
        };
        let name = reader.take(end)?;
        let (named_in, range) = if version == 4 {
            names.extend_from_slice(name);
            (NAMES_BUFFER, begin..names.len())
        } else {
            (source, own..own + name.len())
        };
        if range.len() > MAX_NAME {
            return Err("a name is longer than 4,096 bytes");
        }
        if names.len() > MAX_NAMES {
            return Err("its names exceed 64 MiB in total");
        }
        // Up to version 3, an entry is padded with 1 to 8 NUL bytes to a multiple of eight bytes.
        reader.take(if version == 4 { 1 } else { 8 - (reader.at - start) % 8 })?;
        let place = |at: usize| u32::try_from(at).map_err(|_| MALFORMED);
        Ok(IndexRecord {
            name: (place(range.start)?, place(range.end)?),
            named_in,
            at: place(start)?,
            source,
            flags,
            more,
        })
    }

    /// Parses the extensions that this module uses. The last extension must end exactly at the checksum.
    fn parse_extensions(&self, reader: &mut IndexReader<'_>) -> Result<IndexExtensions, &'static str> {
        let mut parsed = IndexExtensions::default();
        while reader.rest().len() > self.hash.len() {
            let signature = reader.take(4)?;
            let length = reader.u32()? as usize;
            let body = reader.take(length)?;
            match signature {
                b"TREE" => parsed.trees = CacheTree::parse(body, self.hash).unwrap_or_default(),
                b"link" => {
                    parsed.link = Some(split::SplitIndexLink::parse(body, self.hash).ok_or(MALFORMED)?);
                }
                // Extensions with a capital first letter are optional; git also fails on unknown others.
                b"sdir" | [b'A'..=b'Z', ..] => {}
                _ => return Err("unknown required extension"),
            }
        }
        if reader.rest().len() == self.hash.len() { Ok(parsed) } else { Err(MALFORMED) }
    }

    /// Replaces the directory entries of a sparse index with the files in their trees.
    fn expand_sparse(&mut self, objects: &Objects) -> Result<(), String> {
        let records = std::mem::take(&mut self.records);
        for record in records {
            let entry = IndexEntry { index: self, record: &record };
            if mode::kind(entry.mode()) != mode::TREE {
                self.records.push(record);
                continue;
            }
            let prefix = entry.path().to_vec();
            let Some(tree) = entry.id() else { return Err(MALFORMED.to_owned()) };
            super::compare::files_below(objects, prefix, tree, &mut |path, mode, id| {
                self.has_submodules |= mode::kind(mode) == mode::COMMIT;
                let names = &mut self.contents[usize::from(NAMES_BUFFER)];
                let begin = names.len();
                names.extend_from_slice(path);
                let end = names.len();
                let synthetic = &mut self.contents[2];
                let at = synthetic.len();
                synthetic.extend([0; STAT_BYTES]);
                synthetic[at + 24..at + 28].copy_from_slice(&mode.to_be_bytes());
                synthetic.extend_from_slice(id.raw());
                let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                self.records.push(IndexRecord {
                    name: (place(begin), place(end)),
                    named_in: NAMES_BUFFER,
                    at: place(at),
                    source: 2,
                    flags: 0,
                    more: SKIP_WORKTREE,
                });
                end <= MAX_NAMES
            })
            .map_err(|fault| format!("cannot read a tree of a sparse folder: {}", fault.message))?;
        }
        Ok(())
    }
}

const MALFORMED: &str = "it is malformed";

#[derive(Default)]
struct IndexExtensions {
    trees: CacheTree,
    link: Option<split::SplitIndexLink>,
    sparse: bool,
    sorted: bool,
}

/// Reader of the binary format of an index.
struct IndexReader<'a> {
    content: &'a [u8],
    at: usize,
}

impl<'a> IndexReader<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.content[self.at..]
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], &'static str> {
        let (taken, _) = self.rest().split_at_checked(count).ok_or("it is truncated")?;
        self.at += count;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<u16, &'static str> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn u32(&mut self) -> Result<u32, &'static str> {
        let bytes = self.take(4)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn mode_at(&self, record: u32) -> Result<u32, &'static str> {
        let at = record as usize + 24;
        let bytes = self.content.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map(u32::from_be_bytes).ok_or(MALFORMED)
    }

    /// Reads the variable-length number of version 4, encoded like the offsets of pack files.
    fn offset(&mut self) -> Result<usize, &'static str> {
        let mut value = 0_usize;
        for step in 0..4 {
            let byte = self.take(1)?[0];
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

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn bytes_never_panic(
            version in 2_u32..5, count in 0_u32..4,
            body in proptest::collection::vec(proptest::num::u8::ANY, 0..400),
        ) {
            let mut content = b"DIRC".to_vec();
            content.extend(version.to_be_bytes());
            content.extend(count.to_be_bytes());
            content.extend(body);
            for hash in [HashKind::Sha1, HashKind::Sha256] {
                let mut index = Index::empty(hash);
                if index.parse(content.clone(), 0).is_ok() {
                    index.sort();
                    let seen: usize = index.iter().map(|entry| entry.path().len()).sum();
                    proptest::prop_assert!(seen <= 4 * content.len() * content.len());
                }
            }
        }
    }
}
