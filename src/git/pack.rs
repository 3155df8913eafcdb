//! Pack files with their indexes (version 2), read by offset. No file stays open between two objects.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::delta;
use super::file::RegularFile;
use super::inflate::Inflater;
use super::objects::{ObjectFault, ObjectKind};
use super::oid::ObjectId;

/// Maximum length of a delta chain; git creates at most 4,095.
const MAX_CHAIN: usize = 4_096;
/// Maximum number of bytes produced while one object is reconstructed from deltas.
const MAX_WORK: u64 = 256 << 20;
/// Offset of the object IDs in a pack index.
const NAMES_OFFSET: u64 = 8 + 1_024;
/// Number of IDs at which the binary search changes to a linear search.
const LINEAR_SEARCH: u64 = 256;

/// A pack file with its index.
pub(super) struct Pack {
    index: PathBuf,
    data: PathBuf,
    hash: usize,
    fanout: OnceLock<Option<Box<[u32]>>>,
}

impl Pack {
    /// Creates the pack with the index file `index`, without opening it.
    pub(super) fn new(index: &Path, hash: usize) -> Self {
        let data = index.with_extension("pack");
        Self { index: index.to_owned(), data, hash, fanout: OnceLock::new() }
    }

    /// Returns the offset of an object in the pack; `None` if it is missing, or the index cannot be used.
    pub(super) fn find(&self, id: &ObjectId) -> Option<u64> {
        let fanout = self.fanout.get_or_init(|| self.read_fanout()).as_deref()?;
        let (low, high) = fanout_range(fanout, id.raw()[0]);
        if low == high {
            return None;
        }
        let file = self.open_index()?;
        let number = self.search_names(&file, id.raw(), low, high)?;
        let count = u64::from(*fanout.last()?);
        let hash = self.hash as u64;
        let mut four = [0; 4];
        read_exactly(&file, NAMES_OFFSET + count * (hash + 4) + number * 4, &mut four)?;
        let offset = u32::from_be_bytes(four);
        if offset & 0x8000_0000 == 0 {
            return Some(u64::from(offset));
        }
        let mut eight = [0; 8];
        let place = u64::from(offset & 0x7fff_ffff) * 8;
        read_exactly(&file, NAMES_OFFSET + count * (hash + 8) + place, &mut eight)?;
        Some(u64::from_be_bytes(eight))
    }

    /// Appends IDs that begin with the hexadecimal digits `prefix`, until `out` has `most` entries.
    pub(super) fn find_by_prefix(&self, prefix: &str, most: usize, out: &mut Vec<ObjectId>) {
        let Some(fanout) = self.fanout.get_or_init(|| self.read_fanout()).as_deref() else { return };
        let Some(first) = prefix.get(..2).and_then(|two| u8::from_str_radix(two, 16).ok()) else { return };
        let (low, high) = fanout_range(fanout, first);
        let Some(file) = self.open_index() else { return };
        let mut name = vec![0; self.hash];
        for number in low..high {
            let place = NAMES_OFFSET + number * self.hash as u64;
            let (Some(()), true) = (read_exactly(&file, place, &mut name), out.len() < most) else { return };
            if let Some(id) = ObjectId::new(&name).filter(|id| id.to_string().starts_with(prefix)) {
                out.push(id);
            }
        }
    }

    fn open_index(&self) -> Option<RegularFile> {
        RegularFile::open(&self.index).ok().flatten()
    }

    fn read_fanout(&self) -> Option<Box<[u32]>> {
        let file = self.open_index()?;
        let mut head = [0; 8 + 1_024];
        read_exactly(&file, 0, &mut head)?;
        let body = head.strip_prefix(b"\xfftOc\0\0\0\x02")?;
        let mut fanout = Vec::with_capacity(256);
        for four in body.chunks_exact(4) {
            let value = u32::from_be_bytes([four[0], four[1], four[2], four[3]]);
            if fanout.last().is_some_and(|&last| last > value) {
                return None;
            }
            fanout.push(value);
        }
        Some(fanout.into())
    }

    fn search_names(&self, file: &RegularFile, id: &[u8], mut low: u64, mut high: u64) -> Option<u64> {
        let hash = self.hash as u64;
        let mut name = vec![0; self.hash];
        while high - low > LINEAR_SEARCH {
            let middle = low + (high - low) / 2;
            read_exactly(file, NAMES_OFFSET + middle * hash, &mut name)?;
            if name.as_slice() <= id {
                low = middle;
            } else {
                high = middle;
            }
        }
        let mut names = vec![0; usize::try_from((high - low) * hash).ok()?];
        read_exactly(file, NAMES_OFFSET + low * hash, &mut names)?;
        let at = names.chunks_exact(self.hash).position(|name| name == id)?;
        Some(low + at as u64)
    }

    /// Reads the object at `offset` into `out`, which is cleared first.
    ///
    /// The object has at most `limit` bytes. Each base, delta and intermediate result has at most the larger
    /// of `room` and `limit` bytes.
    pub(super) fn read(
        &self,
        offset: u64,
        limit: u64,
        room: u64,
        out: &mut Vec<u8>,
    ) -> Result<ObjectKind, ObjectFault> {
        out.clear();
        let file = self.open_data()?;
        let chain = self.read_chain(&file, offset)?;
        let (base_limit, is_delta) =
            if chain.deltas.is_empty() { (limit, false) } else { (room.max(limit), true) };
        if chain.size > base_limit {
            let mut head = Vec::new();
            if !is_delta {
                let size =
                    usize::try_from(chain.size).unwrap_or(usize::MAX).min(crate::engine::tree::HEAD_BYTES);
                Inflater::new(&file, chain.data).append(size, &mut head)?;
            }
            return Err(ObjectFault::TooBig { size: chain.size, head });
        }
        Inflater::new(&file, chain.data).append(to_usize(chain.size)?, out)?;
        let mut work = chain.size;
        let (mut delta, mut next) = (Vec::new(), Vec::new());
        for (number, &(data, size)) in chain.deltas.iter().enumerate().rev() {
            if size > room.max(limit) {
                return Err(ObjectFault::TooBig { size, head: Vec::new() });
            }
            delta.clear();
            Inflater::new(&file, data).append(to_usize(size)?, &mut delta)?;
            let most = if number == 0 { limit } else { room.max(limit) };
            delta::apply(out, &delta, most, &mut next)?;
            std::mem::swap(out, &mut next);
            work += size + out.len() as u64;
            if work > MAX_WORK {
                return Err(ObjectFault::Broken(
                    "reconstructing it from deltas exceeds the limit of 256 MiB",
                ));
            }
        }
        Ok(chain.kind)
    }

    /// Reads type and size of the object at `offset`.
    pub(super) fn size(&self, offset: u64) -> Result<(ObjectKind, u64), ObjectFault> {
        let file = self.open_data()?;
        let chain = self.read_chain(&file, offset)?;
        let Some(&(data, size)) = chain.deltas.first() else { return Ok((chain.kind, chain.size)) };
        let mut start = Vec::new();
        Inflater::new(&file, data).append(to_usize(size.min(32))?, &mut start)?;
        Ok((chain.kind, delta::result_size(&start)?))
    }

    fn open_data(&self) -> Result<RegularFile, ObjectFault> {
        RegularFile::open(&self.data)
            .map_err(|error| ObjectFault::system(&error))?
            .ok_or(ObjectFault::Missing)
    }

    /// Follows the delta chain to its base object.
    fn read_chain(&self, file: &RegularFile, mut offset: u64) -> Result<DeltaChain, ObjectFault> {
        let mut deltas = Vec::new();
        loop {
            if deltas.len() > MAX_CHAIN {
                return Err(ObjectFault::Broken("its chain of deltas is too long"));
            }
            let mut head = [0; 64];
            let read = file.read_at(offset, &mut head).map_err(|error| ObjectFault::system(&error))?;
            let mut rest = &head[..read];
            let (kind, size) = parse_entry_header(&mut rest).ok_or(MALFORMED_PACK)?;
            let taken = |rest: &[u8]| offset + (read - rest.len()) as u64;
            let kind = match kind {
                1 => ObjectKind::Commit,
                2 => ObjectKind::Tree,
                3 => ObjectKind::Blob,
                4 => ObjectKind::Tag,
                6 => {
                    let back = parse_base_distance(&mut rest).ok_or(MALFORMED_PACK)?;
                    deltas.push((taken(rest), size));
                    offset = offset.checked_sub(back).filter(|_| back > 0).ok_or(MALFORMED_PACK)?;
                    continue;
                }
                7 => {
                    let (name, rest) = rest.split_at_checked(self.hash).ok_or(MALFORMED_PACK)?;
                    deltas.push((taken(rest), size));
                    let base = ObjectId::new(name).and_then(|id| self.find(&id));
                    offset = base.ok_or(ObjectFault::Broken("the base of its delta is not in its pack"))?;
                    continue;
                }
                _ => return Err(ObjectFault::Broken("unknown object type")),
            };
            return Ok(DeltaChain { kind, data: taken(rest), size, deltas });
        }
    }
}

const MALFORMED_PACK: ObjectFault = ObjectFault::Broken("its pack is truncated or malformed");

/// A base object, and offset and size of the deltas on top of it, the last first.
struct DeltaChain {
    kind: ObjectKind,
    data: u64,
    size: u64,
    deltas: Vec<(u64, u64)>,
}

fn fanout_range(fanout: &[u32], first: u8) -> (u64, u64) {
    let at = usize::from(first);
    let low = if at == 0 { 0 } else { fanout[at - 1] };
    (u64::from(low), u64::from(fanout[at]))
}

fn read_exactly(file: &RegularFile, offset: u64, buffer: &mut [u8]) -> Option<()> {
    (file.read_at(offset, buffer).ok()? == buffer.len()).then_some(())
}

fn to_usize(size: u64) -> Result<usize, ObjectFault> {
    usize::try_from(size).map_err(|_| MALFORMED_PACK)
}

/// Parses the type and size before an object.
fn parse_entry_header(rest: &mut &[u8]) -> Option<(u8, u64)> {
    let (&first, after) = rest.split_first()?;
    *rest = after;
    let mut size = u64::from(first & 15);
    let (mut byte, mut shift) = (first, 4_u32);
    while byte & 0x80 != 0 {
        let (&next, after) = rest.split_first()?;
        *rest = after;
        if shift > 56 {
            return None;
        }
        size |= u64::from(next & 0x7f) << shift;
        shift += 7;
        byte = next;
    }
    Some((first >> 4 & 7, size))
}

/// Parses the distance to the base of a delta.
fn parse_base_distance(rest: &mut &[u8]) -> Option<u64> {
    let (&first, after) = rest.split_first()?;
    *rest = after;
    let mut value = u64::from(first & 0x7f);
    let mut byte = first;
    while byte & 0x80 != 0 {
        let (&next, after) = rest.split_first()?;
        *rest = after;
        value = (value.checked_add(1)?).checked_mul(128)? | u64::from(next & 0x7f);
        byte = next;
    }
    Some(value)
}
