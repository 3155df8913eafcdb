//! Pack files with their indexes (version 2), read by offset; nothing stays open between two objects.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::delta;
use super::file::Regular;
use super::inflate::Inflater;
use super::objects::{ObjectFault, ObjectKind};
use super::oid::ObjectId;

/// Longest chain of deltas; git makes none over 4,095.
const MAX_CHAIN: usize = 4_096;
/// Most bytes made while one object is put together from deltas.
const MAX_WORK: u64 = 256 << 20;
/// Where the names begin in an index.
const NAMES: u64 = 8 + 1_024;
/// How many names are read at once instead of one by one.
const FEW: u64 = 256;

/// A pack.
pub(super) struct Pack {
    index: PathBuf,
    data: PathBuf,
    hash: usize,
    fanout: OnceLock<Option<Box<[u32]>>>,
}

impl Pack {
    /// The pack whose index is at `index`; nothing is opened yet.
    pub(super) fn new(index: &Path, hash: usize) -> Self {
        let data = index.with_extension("pack");
        Self { index: index.to_owned(), data, hash, fanout: OnceLock::new() }
    }

    /// Where the object lies in the pack; `None` when it is not in it, or the index cannot be used.
    pub(super) fn find(&self, id: &ObjectId) -> Option<u64> {
        let fanout = self.fanout.get_or_init(|| self.read_fanout()).as_deref()?;
        let (low, high) = range(fanout, id.raw()[0]);
        if low == high {
            return None;
        }
        let file = self.open_index()?;
        let number = self.search(&file, id.raw(), low, high)?;
        let count = u64::from(*fanout.last()?);
        let hash = self.hash as u64;
        let mut four = [0; 4];
        exactly(&file, NAMES + count * (hash + 4) + number * 4, &mut four)?;
        let offset = u32::from_be_bytes(four);
        if offset & 0x8000_0000 == 0 {
            return Some(u64::from(offset));
        }
        let mut eight = [0; 8];
        let place = u64::from(offset & 0x7fff_ffff) * 8;
        exactly(&file, NAMES + count * (hash + 8) + place, &mut eight)?;
        Some(u64::from_be_bytes(eight))
    }

    /// Adds the names that begin with the `digits` hexadecimal digits of `prefix`, at most `most`.
    pub(super) fn with_prefix(&self, prefix: &str, most: usize, out: &mut Vec<ObjectId>) {
        let Some(fanout) = self.fanout.get_or_init(|| self.read_fanout()).as_deref() else { return };
        let Some(first) = prefix.get(..2).and_then(|two| u8::from_str_radix(two, 16).ok()) else { return };
        let (low, high) = range(fanout, first);
        let Some(file) = self.open_index() else { return };
        let mut name = vec![0; self.hash];
        for number in low..high {
            let place = NAMES + number * self.hash as u64;
            let (Some(()), true) = (exactly(&file, place, &mut name), out.len() < most) else { return };
            if let Some(id) = ObjectId::new(&name).filter(|id| id.to_string().starts_with(prefix)) {
                out.push(id);
            }
        }
    }

    fn open_index(&self) -> Option<Regular> {
        Regular::open(&self.index).ok().flatten()
    }

    fn read_fanout(&self) -> Option<Box<[u32]>> {
        let file = self.open_index()?;
        let mut head = [0; 8 + 1_024];
        exactly(&file, 0, &mut head)?;
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

    fn search(&self, file: &Regular, id: &[u8], mut low: u64, mut high: u64) -> Option<u64> {
        let hash = self.hash as u64;
        let mut name = vec![0; self.hash];
        while high - low > FEW {
            let middle = low + (high - low) / 2;
            exactly(file, NAMES + middle * hash, &mut name)?;
            if name.as_slice() <= id {
                low = middle;
            } else {
                high = middle;
            }
        }
        let mut names = vec![0; usize::try_from((high - low) * hash).ok()?];
        exactly(file, NAMES + low * hash, &mut names)?;
        let at = names.chunks_exact(self.hash).position(|name| name == id)?;
        Some(low + at as u64)
    }

    /// Reads the object at `offset` into `out` (which is cleared): at most `limit` bytes, with at most
    /// `room` for what it is put together from.
    pub(super) fn read(
        &self,
        offset: u64,
        limit: u64,
        room: u64,
        out: &mut Vec<u8>,
    ) -> Result<ObjectKind, ObjectFault> {
        out.clear();
        let file = self.open_data()?;
        let chain = self.chain(&file, offset)?;
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
        Inflater::new(&file, chain.data).append(small(chain.size)?, out)?;
        let mut work = chain.size;
        let (mut delta, mut next) = (Vec::new(), Vec::new());
        for (number, &(data, size)) in chain.deltas.iter().enumerate().rev() {
            if size > room.max(limit) {
                return Err(ObjectFault::TooBig { size, head: Vec::new() });
            }
            delta.clear();
            Inflater::new(&file, data).append(small(size)?, &mut delta)?;
            let most = if number == 0 { limit } else { room.max(limit) };
            delta::apply(out, &delta, most, &mut next)?;
            std::mem::swap(out, &mut next);
            work += size + out.len() as u64;
            if work > MAX_WORK {
                return Err(ObjectFault::Broken("putting it together from deltas takes too much work"));
            }
        }
        Ok(chain.kind)
    }

    /// Kind and size of the object at `offset`.
    pub(super) fn size(&self, offset: u64) -> Result<(ObjectKind, u64), ObjectFault> {
        let file = self.open_data()?;
        let chain = self.chain(&file, offset)?;
        let Some(&(data, size)) = chain.deltas.first() else { return Ok((chain.kind, chain.size)) };
        let mut start = Vec::new();
        Inflater::new(&file, data).append(small(size.min(32))?, &mut start)?;
        Ok((chain.kind, delta::result_size(&start)?))
    }

    fn open_data(&self) -> Result<Regular, ObjectFault> {
        Regular::open(&self.data).map_err(|error| ObjectFault::system(&error))?.ok_or(ObjectFault::Missing)
    }

    /// Follows deltas down to the object that is stored whole.
    fn chain(&self, file: &Regular, mut offset: u64) -> Result<Chain, ObjectFault> {
        let mut deltas = Vec::new();
        loop {
            if deltas.len() > MAX_CHAIN {
                return Err(ObjectFault::Broken("its chain of deltas does not end"));
            }
            let mut head = [0; 64];
            let read = file.read_at(offset, &mut head).map_err(|error| ObjectFault::system(&error))?;
            let mut rest = &head[..read];
            let (kind, size) = entry_header(&mut rest).ok_or(SHORT)?;
            let taken = |rest: &[u8]| offset + (read - rest.len()) as u64;
            let kind = match kind {
                1 => ObjectKind::Commit,
                2 => ObjectKind::Tree,
                3 => ObjectKind::Blob,
                4 => ObjectKind::Tag,
                6 => {
                    let back = distance(&mut rest).ok_or(SHORT)?;
                    deltas.push((taken(rest), size));
                    offset = offset.checked_sub(back).filter(|_| back > 0).ok_or(SHORT)?;
                    continue;
                }
                7 => {
                    let (name, rest) = rest.split_at_checked(self.hash).ok_or(SHORT)?;
                    deltas.push((taken(rest), size));
                    let base = ObjectId::new(name).and_then(|id| self.find(&id));
                    offset = base.ok_or(ObjectFault::Broken("the base of its delta is not in its pack"))?;
                    continue;
                }
                _ => return Err(ObjectFault::Broken("it is of a kind that git does not know")),
            };
            return Ok(Chain { kind, data: taken(rest), size, deltas });
        }
    }
}

const SHORT: ObjectFault = ObjectFault::Broken("its pack is cut short or malformed");

/// An object stored whole, and the deltas on top of it, the last first.
struct Chain {
    kind: ObjectKind,
    data: u64,
    size: u64,
    deltas: Vec<(u64, u64)>,
}

fn range(fanout: &[u32], first: u8) -> (u64, u64) {
    let at = usize::from(first);
    let low = if at == 0 { 0 } else { fanout[at - 1] };
    (u64::from(low), u64::from(fanout[at]))
}

fn exactly(file: &Regular, offset: u64, buffer: &mut [u8]) -> Option<()> {
    (file.read_at(offset, buffer).ok()? == buffer.len()).then_some(())
}

fn small(size: u64) -> Result<usize, ObjectFault> {
    usize::try_from(size).map_err(|_| SHORT)
}

/// Kind and size before an object.
fn entry_header(rest: &mut &[u8]) -> Option<(u8, u64)> {
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

/// How far back the base of a delta lies.
fn distance(rest: &mut &[u8]) -> Option<u64> {
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
