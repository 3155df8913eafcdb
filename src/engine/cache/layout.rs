//! Layout of a cache file, and lookups directly in its bytes.
//!
//! ```text
//! magic and version 8 │ key 32 │ seven counts of 4 │ 4 zero bytes
//! classes  32 bytes each
//! facts    digest 32, end of its bytes 4, age 4; sorted by digest
//! files    content 32, stamp 40, end of its path 4, end of its result 4, class 4, age 2, flags 2
//! slots    4 bytes each: 0, or the number of a file plus one
//! paths    concatenated
//! results  concatenated; most are empty
//! bytes of the facts, concatenated
//! SHA-256 of everything before it
//! ```
//! Numbers are little-endian. Loading a file verifies only the lengths, the order of the offsets and the
//! checksum. Every later step treats the bytes as untrusted: it returns `None` for invalid data and never
//! panics.

use sha2::{Digest as _, Sha256};

use super::Digest;

/// First bytes of a file of this version. The last byte is the version.
const MAGIC: [u8; 8] = *b"stnchn\0\x02";
/// Size of a digest in bytes.
const DIGEST: usize = 32;
/// Size of the head, before the first section, in bytes.
pub(super) const HEAD: usize = 72;
/// Size of an entry for the facts of one check, in bytes.
pub(super) const FACT: usize = 40;
/// Size of an entry for one file, in bytes.
pub(super) const FILE: usize = 88;
/// Maximum number of slots that are probed for one path.
const PROBES: usize = 256;
/// Flag of a file entry that has a stamp.
pub(super) const HAS_STAMP: u16 = 1;

/// The counts in the head, in the order in which they are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) classes: u32,
    pub(super) facts: u32,
    pub(super) files: u32,
    /// A power of two, or 0.
    pub(super) slots: u32,
    pub(super) path_bytes: u32,
    pub(super) result_bytes: u32,
    pub(super) fact_bytes: u32,
}

impl Counts {
    fn fields(self) -> [u32; 7] {
        [
            self.classes,
            self.facts,
            self.files,
            self.slots,
            self.path_bytes,
            self.result_bytes,
            self.fact_bytes,
        ]
    }

    /// Returns the lengths of the sections in bytes.
    fn lengths(self) -> [usize; 7] {
        let units = [DIGEST, FACT, FILE, 4, 1, 1, 1];
        let mut lengths = [0; 7];
        for ((length, unit), count) in lengths.iter_mut().zip(units).zip(self.fields()) {
            *length = unit.saturating_mul(usize::try_from(count).unwrap_or(usize::MAX));
        }
        lengths
    }

    /// Writes the head of a file with these counts.
    pub(super) fn head(self, key: &Digest) -> Vec<u8> {
        let total = self.lengths().iter().sum::<usize>() + HEAD + DIGEST;
        let mut out = Vec::with_capacity(total);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(key);
        self.fields().iter().for_each(|field| out.extend_from_slice(&field.to_le_bytes()));
        out.extend_from_slice(&[0; 4]);
        out
    }
}

/// A loaded cache file.
pub(super) struct CacheFile {
    bytes: Vec<u8>,
    pub(super) counts: Counts,
    key: Digest,
    /// Offset of each section.
    starts: [usize; 7],
}

/// The entry of an assessed file.
#[derive(Clone, Copy)]
pub(super) struct FileEntry<'a> {
    pub(super) path: &'a [u8],
    pub(super) content: &'a [u8],
    pub(super) class: &'a [u8],
    /// Stamp in the format of [`super::Stamp::to_bytes`].
    pub(super) stamp: Option<&'a [u8]>,
    pub(super) result: &'a [u8],
    /// Number of times the cache file was written since the last use of this entry.
    pub(super) age: u16,
}

/// The entry for the facts of one check.
#[derive(Clone, Copy)]
pub(super) struct FactsEntry<'a> {
    pub(super) check: &'a [u8],
    pub(super) facts: &'a [u8],
    /// See [`FileEntry::age`].
    pub(super) age: u16,
}

impl CacheFile {
    /// Loads `bytes` if they are a complete file of this version.
    pub(super) fn new(bytes: Vec<u8>) -> Option<Self> {
        if bytes.get(..MAGIC.len())? != MAGIC {
            return None;
        }
        let key = digest_at(&bytes, 8)?;
        let field = |index: usize| u32_at(&bytes, 40 + 4 * index);
        let counts = Counts {
            classes: field(0)?,
            facts: field(1)?,
            files: field(2)?,
            slots: field(3)?,
            path_bytes: field(4)?,
            result_bytes: field(5)?,
            fact_bytes: field(6)?,
        };
        let mut starts = [0; 7];
        let mut at = HEAD;
        for (start, length) in starts.iter_mut().zip(counts.lengths()) {
            *start = at;
            at = at.checked_add(length)?;
        }
        let (body, checksum) = bytes.split_at_checked(at)?;
        let whole = field(7)? == 0
            && (counts.slots == 0 || counts.slots.is_power_of_two())
            && checksum.len() == DIGEST
            && checksum == checksum_of(body);
        let loaded = whole.then_some(Self { bytes, counts, key, starts })?;
        loaded.is_ordered().then_some(loaded)
    }

    /// Whether no two entries share bytes of a section. Otherwise a small file could expand to a very large
    /// one.
    fn is_ordered(&self) -> bool {
        let ascend = |table: usize, entry: usize, field: usize, count: u32, length: u32| {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            let mut last = 0;
            (0..count).all(|number| {
                let end = u32_at(&self.bytes, table + entry * number + field).unwrap_or(0);
                let fits = end >= last;
                last = end;
                fits
            }) && last == length
        };
        let Counts { facts, files, path_bytes, result_bytes, fact_bytes, .. } = self.counts;
        ascend(self.starts[1], FACT, DIGEST, facts, fact_bytes)
            && ascend(self.starts[2], FILE, 72, files, path_bytes)
            && ascend(self.starts[2], FILE, 76, files, result_bytes)
    }

    /// Key of the whole file; see [`super::ResultCache::empty`].
    pub(super) fn key(&self) -> &Digest {
        &self.key
    }

    /// Returns the number of the file at `path`, if it has an entry.
    pub(super) fn find(&self, path: &[u8]) -> Option<usize> {
        let slots = usize::try_from(self.counts.slots).ok()?;
        let mask = slots.checked_sub(1)?;
        let first = slot_of(path, &self.key, mask);
        for probe in 0..PROBES.min(slots) {
            let slot = (first + probe) & mask;
            let number = usize::try_from(u32_at(&self.bytes, self.starts[3] + 4 * slot)?).ok()?;
            // An empty slot ends the search.
            let number = number.checked_sub(1)?;
            if self.path(number)? == path {
                return Some(number);
            }
        }
        None
    }

    fn path(&self, number: usize) -> Option<&[u8]> {
        if number >= usize::try_from(self.counts.files).ok()? {
            return None;
        }
        self.part(self.starts[2], FILE, 72, number, self.starts[4], self.counts.path_bytes)
    }

    /// Returns the bytes of an entry in a section: from the end of the previous entry to the end of this one.
    /// The ends are stored at offset `field` of the table entries.
    fn part(
        &self,
        table: usize,
        entry: usize,
        field: usize,
        number: usize,
        section: usize,
        length: u32,
    ) -> Option<&[u8]> {
        let end_of = |number: usize| u32_at(&self.bytes, table + entry * number + field);
        let start = if number == 0 { 0 } else { end_of(number - 1)? };
        let end = end_of(number)?;
        if start > end || end > length {
            return None;
        }
        let at = |offset: u32| Some(section + usize::try_from(offset).ok()?);
        self.bytes.get(at(start)?..at(end)?)
    }

    /// Returns the entry of file `number`.
    pub(super) fn file(&self, number: usize) -> Option<FileEntry<'_>> {
        let path = self.path(number)?;
        let start = self.starts[2] + FILE * number;
        let entry = self.bytes.get(start..start + FILE)?;
        let class = u32_at(entry, 80).filter(|&class| class < self.counts.classes)?;
        let class = self.starts[0] + DIGEST * usize::try_from(class).ok()?;
        Some(FileEntry {
            path,
            content: &entry[..DIGEST],
            class: self.bytes.get(class..class + DIGEST)?,
            stamp: (u16_at(entry, 86)? & HAS_STAMP != 0).then_some(&entry[DIGEST..72]),
            result: self.part(self.starts[2], FILE, 76, number, self.starts[5], self.counts.result_bytes)?,
            age: u16_at(entry, 84)?,
        })
    }

    /// Returns the facts entry `number`.
    pub(super) fn fact(&self, number: usize) -> Option<FactsEntry<'_>> {
        if number >= usize::try_from(self.counts.facts).ok()? {
            return None;
        }
        let start = self.starts[1] + FACT * number;
        let entry = self.bytes.get(start..start + FACT)?;
        Some(FactsEntry {
            check: &entry[..DIGEST],
            facts: self.part(self.starts[1], FACT, DIGEST, number, self.starts[6], self.counts.fact_bytes)?,
            age: u16_at(entry, 36)?,
        })
    }

    /// Returns the number of the facts entry of `check`, if there is one.
    pub(super) fn find_fact(&self, check: &Digest) -> Option<usize> {
        let (mut low, mut high) = (0, usize::try_from(self.counts.facts).ok()?);
        while low < high {
            let middle = low.midpoint(high);
            match self.fact(middle)?.check.cmp(check) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

/// Returns the number of slots for `files` entries; at most half of them are occupied.
pub(super) fn slots_for(files: usize) -> usize {
    if files == 0 { 0 } else { (2 * files).next_power_of_two() }
}

/// Puts file `number` into a free slot. If all probed slots are occupied, the file gets none and is a cache
/// miss.
pub(super) fn take_slot(slots: &mut [u32], path: &[u8], key: &Digest, number: u32) {
    let Some(mask) = slots.len().checked_sub(1) else { return };
    let first = slot_of(path, key, mask);
    for probe in 0..PROBES.min(slots.len()) {
        let slot = &mut slots[(first + probe) & mask];
        if *slot == 0 {
            *slot = number + 1;
            return;
        }
    }
}

/// Returns the slot at which the search for `path` starts. For paths chosen to collide, [`PROBES`] limits the
/// search.
fn slot_of(path: &[u8], key: &Digest, mask: usize) -> usize {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let (words, rest) = path.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let seed = u64_of(key.first_chunk().copied().unwrap_or_default()) ^ path.len() as u64;
    let mixed = words.iter().chain([&last]).fold(seed, |hash, word| {
        let hash = (hash ^ u64_of(*word)).wrapping_mul(ODD);
        hash ^ (hash >> 32)
    });
    // The upper half is mixed better, and 32 bits are enough for all slots.
    let upper = mixed.wrapping_mul(ODD) >> 32;
    usize::try_from(upper).unwrap_or(0) & mask
}

fn u64_of(bytes: [u8; 8]) -> u64 {
    u64::from_le_bytes(bytes)
}

/// Computes the checksum at the end of a file.
pub(super) fn checksum_of(body: &[u8]) -> [u8; DIGEST] {
    Sha256::digest(body).into()
}

fn digest_at(bytes: &[u8], at: usize) -> Option<Digest> {
    bytes.get(at..)?.first_chunk().copied()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}
