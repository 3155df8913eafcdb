//! Writing a cache file: what is new over what was loaded, within a bound.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::layout::{self, Counts, Fact, File, HAS_STAMP};
use super::{Added, Digest, Store};

/// An entry that was not used the last so many times the file was written is left out.
const OLDEST: u16 = 250;
/// Most of the room that facts may take, as a divisor.
const FACTS_SHARE: usize = 4;

/// Something that may be kept.
trait Kept {
    /// What it is found by, for the order in the file.
    fn name(&self) -> &[u8];
    /// Bytes it takes, at most.
    fn cost(&self) -> usize;
    /// 0: new or used in this run; else how many writes ago it was used.
    fn age(&self) -> u16;
}

impl Kept for File<'_> {
    fn name(&self) -> &[u8] {
        self.path
    }

    fn cost(&self) -> usize {
        // Four bytes a slot, at most four slots a file; a class of its own in the worst case.
        layout::FILE + 16 + 32 + self.path.len() + self.result.len()
    }

    fn age(&self) -> u16 {
        self.age
    }
}

impl Kept for Fact<'_> {
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

/// The bytes of a file of at most `most` bytes.
pub(super) fn write(store: &Store, added: &Added, most: usize) -> Vec<u8> {
    let room = most.saturating_sub(layout::HEAD + 32);
    let facts = choose(gather_facts(store, added), room / FACTS_SHARE);
    let taken: usize = facts.iter().map(Kept::cost).sum();
    let files = choose(gather_files(store, added), room.saturating_sub(taken));
    lay_out(&store.key, &facts, &files)
}

/// Old entries before new ones, so that the last of a name is the one that counts.
fn gather_files<'a>(store: &'a Store, added: &'a Added) -> Vec<File<'a>> {
    let old = store.loaded.iter().flat_map(|loaded| {
        store.used_files.iter().enumerate().filter_map(|(number, used)| {
            let file = loaded.file(number)?;
            Some(File { age: older(file.age, used), ..file })
        })
    });
    let new = added.files.iter().map(|file| File {
        path: file.path.bytes(),
        content: &file.content,
        class: &file.class,
        stamp: file.stamp.as_ref().map(|stamp| &stamp[..]),
        result: &file.result,
        age: 0,
    });
    old.chain(new).collect()
}

fn gather_facts<'a>(store: &'a Store, added: &'a Added) -> Vec<Fact<'a>> {
    let old = store.loaded.iter().flat_map(|loaded| {
        store.used_facts.iter().enumerate().filter_map(|(number, used)| {
            let fact = loaded.fact(number)?;
            Some(Fact { age: older(fact.age, used), ..fact })
        })
    });
    let new = added.facts.iter().map(|(check, facts)| Fact { check, facts, age: 0 });
    old.chain(new).collect()
}

fn older(age: u16, used: &AtomicBool) -> u16 {
    if used.load(Ordering::Relaxed) { 0 } else { age.saturating_add(1) }
}

/// One entry for each name (the last), in order of name, without the forgotten ones; of the others those
/// that were used last, as far as there is room.
fn choose<T: Kept + Copy>(mut entries: Vec<T>, room: usize) -> Vec<T> {
    entries.sort_by(|a, b| a.name().cmp(b.name()));
    let mut kept: Vec<T> = Vec::with_capacity(entries.len());
    for entry in entries {
        match kept.last_mut() {
            Some(last) if last.name() == entry.name() => *last = entry,
            _ => kept.push(entry),
        }
    }
    kept.retain(|entry| entry.age() <= OLDEST);
    if kept.iter().map(Kept::cost).sum::<usize>() <= room {
        return kept;
    }
    let mut order: Vec<usize> = (0..kept.len()).collect();
    order.sort_by_key(|&index| kept[index].age());
    let mut left = room;
    let mut stays = vec![false; kept.len()];
    for index in order {
        if let Some(rest) = left.checked_sub(kept[index].cost()) {
            left = rest;
            stays[index] = true;
        }
    }
    let mut stays = stays.into_iter();
    kept.retain(|_| stays.next().unwrap_or(false));
    kept
}

fn lay_out(key: &Digest, facts: &[Fact<'_>], files: &[File<'_>]) -> Vec<u8> {
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

/// A count or offset inside a file of at most [`super::MOST_BYTES`].
fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
