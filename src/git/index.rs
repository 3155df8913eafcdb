//! Git's index, versions 2 to 4: names, modes, object ids and what was seen on disk. Bounded, and
//! without belief in what it says about itself. Split and sparse indexes are put together here.

use std::path::Path;

use super::GitError;
use super::cache_tree::CacheTree;
use super::file::{self, cannot_read};
use super::objects::Objects;
use super::oid::{HashKind, ObjectId};
use super::split;
use super::structure::mode;

/// Largest index in bytes.
const MAX_INDEX: u64 = 80 << 20;
/// Longest name in bytes; no system opens longer ones.
const MAX_NAME: usize = 4_096;
/// Most bytes of all names: version 4 shares prefixes, so a small index could ask for very much.
const MAX_NAMES: usize = 64 << 20;
/// Which of the contents holds names that were put together.
const NAMES: u8 = 3;
/// Bytes of an entry before its object id.
const STAT: usize = 40;

const INTENT_TO_ADD: u16 = 0x2000;
const SKIP_WORKTREE: u16 = 0x4000;
const EXTENDED: u16 = 0x4000;
/// The bits of the flags that say how long the name is.
const SAID_LENGTH: u16 = 0x0fff;

/// One entry, whose fixed part stays where it was read.
#[derive(Clone, Copy, Debug)]
struct Record {
    name: (u32, u32),
    /// Where its name is: in the content it was read from, or among those put together.
    named_in: u8,
    /// Where its fixed part is in the content of its source.
    at: u32,
    source: u8,
    flags: u16,
    more: u16,
}

/// What git saw of a file on disk when it was last the same as its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) ctime: (u32, u32),
    pub(super) mtime: (u32, u32),
    pub(super) inode: u32,
    pub(super) size: u32,
}

/// The index of a work tree, sorted by path bytes and stage.
pub(super) struct Index {
    hash: HashKind,
    /// The file itself, the shared index of a split one, made-up entries of a sparse one, and names that
    /// were put together.
    contents: [Vec<u8>; 4],
    records: Vec<Record>,
    /// Which directories are as some tree has them; empty when not known.
    pub(super) trees: CacheTree,
    /// Whether it may hold other repositories (submodules).
    pub(super) holds_commits: bool,
    /// When it was written: an entry as young as that may have changed since.
    pub(super) written: Option<std::time::SystemTime>,
}

/// One entry as its readers see it.
#[derive(Clone, Copy)]
pub(super) struct Entry<'i> {
    index: &'i Index,
    record: &'i Record,
}

impl<'i> Entry<'i> {
    pub(super) fn path(self) -> &'i [u8] {
        self.index.name(self.record)
    }

    pub(super) fn mode(self) -> u32 {
        self.number(24)
    }

    pub(super) fn id(self) -> Option<ObjectId> {
        let at = self.record.at as usize + STAT;
        ObjectId::new(
            self.index.contents[usize::from(self.record.source)].get(at..at + self.index.hash.len())?,
        )
    }

    /// 0, or 1 to 3 where a merge has not been resolved.
    pub(super) fn stage(self) -> u16 {
        self.record.flags >> 12 & 3
    }

    /// Only announced with `git add --intent-to-add`: no content is going to be committed.
    pub(super) fn intent_to_add(self) -> bool {
        self.record.more & INTENT_TO_ADD != 0
    }

    /// Left out of the work tree (sparse checkout).
    pub(super) fn skip_worktree(self) -> bool {
        self.record.more & SKIP_WORKTREE != 0
    }

    pub(super) fn seen(self) -> Seen {
        Seen {
            ctime: (self.number(0), self.number(4)),
            mtime: (self.number(8), self.number(12)),
            inode: self.number(20),
            size: self.number(36),
        }
    }

    fn number(self, offset: usize) -> u32 {
        let at = self.record.at as usize + offset;
        let bytes = self.index.contents[usize::from(self.record.source)].get(at..at + 4);
        bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes)
    }
}

impl Index {
    /// No entries: nothing was ever added.
    pub(super) fn empty(hash: HashKind) -> Self {
        Self {
            hash,
            contents: Default::default(),
            records: Vec::new(),
            trees: CacheTree::default(),
            holds_commits: false,
            written: None,
        }
    }

    /// Reads the index at `path`; a file that is not there holds nothing.
    ///
    /// # Errors
    /// Says what cannot be used, and what to do.
    pub(super) fn read(path: &Path, objects: &Objects) -> Result<Self, GitError> {
        let hash = objects.hash();
        let file = file::Regular::open(path).map_err(|error| cannot_read(path, &error))?;
        let Some(file) = file else { return Ok(Self::empty(hash)) };
        let content = file.read_all(MAX_INDEX).map_err(|error| cannot_read(path, &error))?;
        let unusable = |why: &str| {
            GitError::new(format!("git's index {} cannot be used: {why}", path.display()))
                .with_help("`git status` says whether git can read it")
        };
        let mut index = Self::empty(hash);
        index.written = file.modified();
        let mut parsed = index.parse(content, 0).map_err(unusable)?;
        let put_together = parsed.link.is_some();
        if let Some(link) = parsed.link {
            let name = format!("sharedindex.{}", link.shared);
            let shared = path.with_file_name(&name);
            let content = file::content(&shared, MAX_INDEX)?
                .ok_or_else(|| unusable(&format!("it shares entries with {name}, which is not there")))?;
            let own = std::mem::take(&mut index.records);
            parsed.sparse |= index.parse(content, 1).map_err(unusable)?.sparse;
            index.records =
                split::merged(&index.records, &own, &link, |record| record.name.0 == record.name.1)
                    .ok_or_else(|| unusable("it does not fit its shared index"))?
                    .into_iter()
                    .map(|(own, name)| Record { name: name.name, named_in: name.named_in, ..own })
                    .collect();
        }
        if parsed.sparse {
            index.expand(objects).map_err(|why| unusable(&why))?;
        }
        if !parsed.sorted || parsed.sparse || put_together {
            index.sort();
        }
        // A tree cache counts entries; after entries were put together it is about other ones.
        index.trees = if parsed.sparse { CacheTree::default() } else { parsed.trees };
        Ok(index)
    }

    /// Number of entries.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// The entry at `at`.
    pub(super) fn get(&self, at: usize) -> Entry<'_> {
        Entry { index: self, record: &self.records[at] }
    }

    /// Every entry.
    pub(super) fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.records.iter().map(|record| Entry { index: self, record })
    }

    /// Every entry from the one at `start` on.
    pub(super) fn iter_from(&self, start: usize) -> impl Iterator<Item = Entry<'_>> {
        self.records.get(start..).unwrap_or_default().iter().map(|record| Entry { index: self, record })
    }

    /// The first entry with this path, whatever its stage.
    pub(super) fn find(&self, path: &[u8]) -> Option<Entry<'_>> {
        let at = self.records.partition_point(|record| self.name(record) < path);
        self.records.get(at).filter(|record| self.name(record) == path).map(|_| self.get(at))
    }

    /// The first entry whose path begins with `prefix`, or comes after it.
    pub(super) fn start_of(&self, prefix: &[u8]) -> usize {
        self.records.partition_point(|record| self.name(record) < prefix)
    }

    /// Where the entries after `from` stop beginning with `prefix`. `guess` is how many there may be.
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

    fn name(&self, record: &Record) -> &[u8] {
        &self.contents[usize::from(record.named_in)][record.name.0 as usize..record.name.1 as usize]
    }

    fn sort(&mut self) {
        let Self { contents, records, .. } = self;
        let key = |record: &Record| {
            let names = &contents[usize::from(record.named_in)];
            (&names[record.name.0 as usize..record.name.1 as usize], record.flags >> 12 & 3)
        };
        if !records.is_sorted_by(|a, b| key(a) <= key(b)) {
            records.sort_by(|a, b| key(a).cmp(&key(b)));
        }
    }

    /// Parses `content` into the records, which are replaced. After an error they are of no use.
    fn parse(&mut self, content: Vec<u8>, source: u8) -> Result<Parsed, &'static str> {
        let mut reader = Reader { content: &content, at: 0 };
        if reader.take(4)? != b"DIRC" {
            return Err("it is not an index");
        }
        let version = reader.u32()?;
        if !(2..=4).contains(&version) {
            return Err("its version is not 2, 3 or 4");
        }
        let count = reader.u32()? as usize;
        // An entry takes at least 62 bytes, so a lie about the count cannot ask for much memory.
        self.records = Vec::with_capacity(count.min(content.len() / 62));
        let mut last = (0, 0);
        let (mut sparse, mut sorted) = (false, true);
        let mut last_stage = 0;
        for _ in 0..count {
            let record = self.record(&mut reader, version, source, last)?;
            // While both names are near: a pass of its own would fetch every entry again.
            let names = if record.named_in == NAMES { &self.contents[usize::from(NAMES)] } else { &content };
            let name = |(start, end): (u32, u32)| &names[start as usize..end as usize];
            let stage = record.flags >> 12 & 3;
            sorted &= (name(last), last_stage) <= (name(record.name), stage);
            (last, last_stage) = (record.name, stage);
            match mode::kind(reader.mode_at(record.at)?) {
                mode::TREE => sparse = true,
                mode::COMMIT => self.holds_commits = true,
                _ => {}
            }
            self.records.push(record);
        }
        let parsed = Parsed { sparse, sorted, ..self.extensions(&mut reader)? };
        self.contents[usize::from(source)] = content;
        Ok(parsed)
    }

    fn record(
        &mut self,
        reader: &mut Reader<'_>,
        version: u32,
        source: u8,
        last: (u32, u32),
    ) -> Result<Record, &'static str> {
        let start = reader.at;
        reader.take(STAT + self.hash.len())?;
        let flags = reader.u16()?;
        let more = match (flags & EXTENDED != 0, version) {
            (true, 3..) => reader.u16()?,
            (true, _) => return Err(MALFORMED),
            (false, _) => 0,
        };
        let names = &mut self.contents[usize::from(NAMES)];
        let begin = names.len();
        if version == 4 {
            let kept = ((last.1 - last.0) as usize).checked_sub(reader.offset()?).ok_or(MALFORMED)?;
            names.extend_from_within(last.0 as usize..last.0 as usize + kept);
        }
        let own = reader.at;
        // An entry says how long its name is, if that is not too long for it; version 4 means another name.
        let said = usize::from(flags & SAID_LENGTH);
        let end = if version < 4 && said < usize::from(SAID_LENGTH) && reader.rest().get(said) == Some(&0) {
            said
        } else {
            memchr::memchr(0, reader.rest()).ok_or(MALFORMED)?
        };
        let name = reader.take(end)?;
        let (named_in, range) = if version == 4 {
            names.extend_from_slice(name);
            (NAMES, begin..names.len())
        } else {
            (source, own..own + name.len())
        };
        if range.len() > MAX_NAME {
            return Err("it holds a name longer than any system opens");
        }
        if names.len() > MAX_NAMES {
            return Err("its names are too large together");
        }
        // Up to version 3 an entry is padded with 1 to 8 NULs to a multiple of eight bytes.
        reader.take(if version == 4 { 1 } else { 8 - (reader.at - start) % 8 })?;
        let place = |at: usize| u32::try_from(at).map_err(|_| MALFORMED);
        Ok(Record {
            name: (place(range.start)?, place(range.end)?),
            named_in,
            at: place(start)?,
            source,
            flags,
            more,
        })
    }

    /// Reads the extensions that matter; they must end exactly where the checksum starts.
    fn extensions(&self, reader: &mut Reader<'_>) -> Result<Parsed, &'static str> {
        let mut parsed = Parsed::default();
        while reader.rest().len() > self.hash.len() {
            let signature = reader.take(4)?;
            let length = reader.u32()? as usize;
            let body = reader.take(length)?;
            match signature {
                b"TREE" => parsed.trees = CacheTree::parse(body, self.hash).unwrap_or_default(),
                b"link" => parsed.link = Some(split::Link::parse(body, self.hash).ok_or(MALFORMED)?),
                // What begins with a capital may be passed over; git refuses the others, too.
                b"sdir" | [b'A'..=b'Z', ..] => {}
                _ => return Err("it has an extension that stanchion does not know"),
            }
        }
        if reader.rest().len() == self.hash.len() { Ok(parsed) } else { Err(MALFORMED) }
    }

    /// Puts the files of the trees of a sparse index in their place.
    fn expand(&mut self, objects: &Objects) -> Result<(), String> {
        let records = std::mem::take(&mut self.records);
        for record in records {
            let entry = Entry { index: self, record: &record };
            if mode::kind(entry.mode()) != mode::TREE {
                self.records.push(record);
                continue;
            }
            let prefix = entry.path().to_vec();
            let Some(tree) = entry.id() else { return Err(MALFORMED.to_owned()) };
            super::compare::files_below(objects, prefix, tree, &mut |path, mode, id| {
                self.holds_commits |= mode::kind(mode) == mode::COMMIT;
                let names = &mut self.contents[usize::from(NAMES)];
                let begin = names.len();
                names.extend_from_slice(path);
                let end = names.len();
                let made_up = &mut self.contents[2];
                let at = made_up.len();
                made_up.extend([0; STAT]);
                made_up[at + 24..at + 28].copy_from_slice(&mode.to_be_bytes());
                made_up.extend_from_slice(id.raw());
                let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                self.records.push(Record {
                    name: (place(begin), place(end)),
                    named_in: NAMES,
                    at: place(at),
                    source: 2,
                    flags: 0,
                    more: SKIP_WORKTREE,
                });
                end <= MAX_NAMES
            })
            .map_err(|fault| format!("a tree of its sparse folders cannot be read: {}", fault.what))?;
        }
        Ok(())
    }
}

const MALFORMED: &str = "it is malformed";

#[derive(Default)]
struct Parsed {
    trees: CacheTree,
    link: Option<split::Link>,
    sparse: bool,
    sorted: bool,
}

/// Reads an index from the front.
struct Reader<'a> {
    content: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.content[self.at..]
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], &'static str> {
        let (taken, _) = self.rest().split_at_checked(count).ok_or("it is cut short")?;
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

    /// The variable-length number of version 4, as in pack files' offsets.
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
