//! Writes a cache file from the loaded and the new entries, up to a maximum size.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::layout::{self, Counts, FactsEntry, FileEntry, HAS_STAMP};
use super::{Added, Digest, ResultCache};

/// Maximum age of an entry; see [`FileEntry::age`]. Older entries are removed.
const OLDEST: u16 = 250;
/// Divisor of the file size for the facts: they may take at most one quarter.
const FACTS_SHARE: usize = 4;

/// An entry that may be kept in the file.
trait CacheEntry {
    /// Key for lookup and for the order in the file.
    fn name(&self) -> &[u8];
    /// Maximum size in the file, in bytes.
    fn cost(&self) -> usize;
    /// Number of writes since its last use; 0 if it is new or was used in this run.
    fn age(&self) -> u16;
}

impl CacheEntry for FileEntry<'_> {
    fn name(&self) -> &[u8] {
        self.path
    }

    fn cost(&self) -> usize {
        // Four bytes per slot and at most four slots per file. In the worst case, the file has its own class.
        layout::FILE + 16 + 32 + self.path.len() + self.result.len()
    }

    fn age(&self) -> u16 {
        self.age
    }
}

impl CacheEntry for FactsEntry<'_> {
    fn name(&self) -> &[u8] {
        self.check
    }

    fn cost(&self) -> usize {
        layout::FACT + self.facts.len()
    }

    fn age(&self) -> u16 {
        self.age
    }
}

/// Writes a file of at most `most` bytes.
pub(super) fn write(store: &ResultCache, added: &Added, most: usize) -> Vec<u8> {
    let room = most.saturating_sub(layout::HEAD + 32);
    let facts = choose(gather_facts(store, added), room / FACTS_SHARE);
    let taken: usize = facts.iter().map(CacheEntry::cost).sum();
    let files = choose(gather_files(store, added), room.saturating_sub(taken));
    lay_out(&store.key, &facts, &files)
}

/// Returns old entries before new ones, so that the last entry of a name is the current one.
fn gather_files<'a>(store: &'a ResultCache, added: &'a Added) -> Vec<FileEntry<'a>> {
    let old = store.loaded.iter().flat_map(|loaded| {
        store.used_files.iter().enumerate().filter_map(|(number, used)| {
            let file = loaded.file(number)?;
            Some(FileEntry { age: older(file.age, used), ..file })
        })
    });
    let new = added.files.iter().map(|file| FileEntry {
        path: file.path.bytes(),
        content: &file.content,
        class: &file.class,
        stamp: file.stamp.as_ref().map(|stamp| &stamp[..]),
        result: &file.result,
        age: 0,
    });
    old.chain(new).collect()
}

fn gather_facts<'a>(store: &'a ResultCache, added: &'a Added) -> Vec<FactsEntry<'a>> {
    let old = store.loaded.iter().flat_map(|loaded| {
        store.used_facts.iter().enumerate().filter_map(|(number, used)| {
            let fact = loaded.fact(number)?;
            Some(FactsEntry { age: older(fact.age, used), ..fact })
        })
    });
    let new = added.facts.iter().map(|(check, facts)| FactsEntry { check, facts, age: 0 });
    old.chain(new).collect()
}

fn older(age: u16, used: &AtomicBool) -> u16 {
    if used.load(Ordering::Relaxed) { 0 } else { age.saturating_add(1) }
}

/// Returns the last entry for each name, in order of name, without those that are too old. If `room` does not
/// suffice, keeps the most recently used entries.
fn choose<T: CacheEntry + Copy>(mut entries: Vec<T>, room: usize) -> Vec<T> {
    entries.sort_by(|a, b| a.name().cmp(b.name()));
    let mut kept: Vec<T> = Vec::with_capacity(entries.len());
    for entry in entries {
        match kept.last_mut() {
            Some(last) if last.name() == entry.name() => *last = entry,
            _ => kept.push(entry),
        }
    }
    kept.retain(|entry| entry.age() <= OLDEST);
    if kept.iter().map(CacheEntry::cost).sum::<usize>() <= room {
        return kept;
    }
    let mut order: Vec<usize> = (0..kept.len()).collect();
    order.sort_by_key(|&index| kept[index].age());
    let mut remaining = room;
    let mut keep = vec![false; kept.len()];
    for index in order {
        if let Some(rest) = remaining.checked_sub(kept[index].cost()) {
            remaining = rest;
            keep[index] = true;
        }
    }
    let mut keep = keep.into_iter();
    kept.retain(|_| keep.next().unwrap_or(false));
    kept
}

fn lay_out(key: &Digest, facts: &[FactsEntry<'_>], files: &[FileEntry<'_>]) -> Vec<u8> {
    let mut classes: Vec<&[u8]> = Vec::new();
    let mut class_numbers: HashMap<&[u8], u32> = HashMap::new();
    let mut fact_table = Vec::with_capacity(facts.len() * layout::FACT);
    let mut fact_bytes = 0;
    for fact in facts {
        fact_bytes += small(fact.facts.len());
        fact_table.extend_from_slice(fact.check);
        fact_table.extend_from_slice(&fact_bytes.to_le_bytes());
        fact_table.extend_from_slice(&u32::from(fact.age).to_le_bytes());
    }
    let mut file_table = Vec::with_capacity(files.len() * layout::FILE);
    let mut slots = vec![0; layout::slots_for(files.len())];
    let (mut path_bytes, mut result_bytes) = (0, 0);
    for (number, file) in files.iter().enumerate() {
        let class = *class_numbers.entry(file.class).or_insert_with(|| {
            classes.push(file.class);
            small(classes.len() - 1)
        });
        path_bytes += small(file.path.len());
        result_bytes += small(file.result.len());
        file_table.extend_from_slice(file.content);
        file_table.extend_from_slice(file.stamp.unwrap_or(&[0; super::Stamp::BYTES]));
        for field in [path_bytes, result_bytes, class] {
            file_table.extend_from_slice(&field.to_le_bytes());
        }
        file_table.extend_from_slice(&file.age.to_le_bytes());
        let flags = if file.stamp.is_some() { HAS_STAMP } else { 0 };
        file_table.extend_from_slice(&flags.to_le_bytes());
        layout::take_slot(&mut slots, file.path, key, small(number));
    }
    let counts = Counts {
        classes: small(classes.len()),
        facts: small(facts.len()),
        files: small(files.len()),
        slots: small(slots.len()),
        path_bytes,
        result_bytes,
        fact_bytes,
    };
    let mut out = counts.head(key);
    classes.iter().for_each(|class| out.extend_from_slice(class));
    out.extend_from_slice(&fact_table);
    out.extend_from_slice(&file_table);
    slots.iter().for_each(|slot: &u32| out.extend_from_slice(&slot.to_le_bytes()));
    files.iter().for_each(|file| out.extend_from_slice(file.path));
    files.iter().for_each(|file| out.extend_from_slice(file.result));
    facts.iter().for_each(|fact| out.extend_from_slice(fact.facts));
    let checksum = layout::checksum_of(&out);
    out.extend_from_slice(&checksum);
    out
}

/// Converts a count or offset inside a file of at most [`super::MOST_BYTES`].
fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
