//! Object store of a repository: loose objects, packs and alternates. Read-only and with limits. Objects are
//! never fetched, so objects that a partial clone does not contain are missing.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::file::{self, RegularFile};
use super::inflate::Inflater;
use super::oid::{HashKind, ObjectId};
use super::pack::Pack;
use crate::engine::tree::HEAD_BYTES;
use crate::model::join_unless_remote;

/// Maximum number of object folders, including alternates of alternates.
const MAX_FOLDERS: usize = 64;
/// Maximum size of `info/alternates` in bytes.
const MAX_ALTERNATES: u64 = 64 << 10;
/// Maximum number of packs in one folder.
const MAX_PACKS: usize = 10_000;
/// Maximum size of each base, delta and intermediate result of an object, in bytes.
const MAX_INTERMEDIATE: u64 = 24 << 20;
/// Maximum length of the header of a loose object.
const MAX_HEADER: usize = 32;
/// Maximum size of a commit, tag or tree in bytes.
const MAX_STRUCTURE: u64 = 24 << 20;

/// Type of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ObjectKind {
    Commit,
    Tree,
    Blob,
    Tag,
}

/// Reason why an object cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ObjectFault {
    /// The clone does not contain the object.
    Missing,
    /// The object exceeds the limit; with its size, and its first bytes if they are available.
    TooBig { size: u64, head: Vec<u8> },
    /// The object is damaged.
    Broken(&'static str),
    /// The operating system reported this error.
    System(String),
}

impl ObjectFault {
    pub(super) fn broken(why: &'static str) -> Self {
        Self::Broken(why)
    }

    pub(super) fn system(error: &io::Error) -> Self {
        Self::System(error.to_string().split(" (os error").next().unwrap_or_default().to_owned())
    }

    /// Describes the fault in words.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Missing => "it is not in this clone, and stanchion never fetches objects".to_owned(),
            Self::TooBig { size, .. } => format!("it is too large ({size} bytes)"),
            Self::Broken(why) => format!("it is damaged: {why}"),
            Self::System(words) => words.clone(),
        }
    }
}

/// Object folders and packs of a repository.
pub(super) struct Objects {
    hash: HashKind,
    folders: Vec<PathBuf>,
    /// Packs as first listed, and as listed again if an object is missing: `git gc` may have run in between.
    packs: [OnceLock<Vec<Pack>>; 2],
}

impl Objects {
    /// Opens the store with the main folder `objects`, and its alternates.
    pub(super) fn open(objects: &Path, hash: HashKind) -> Self {
        let mut folders = vec![objects.to_owned()];
        let mut seen = BTreeSet::from([objects.to_owned()]);
        let mut next = 0;
        while let Some(folder) = folders.get(next).cloned() {
            next += 1;
            let named = file::read_small(&folder.join("info/alternates"), MAX_ALTERNATES).ok().flatten();
            for line in named.unwrap_or_default().split(|&byte| byte == b'\n') {
                let line = line.trim_ascii();
                let line = unquote_path(line);
                let Ok(text) = std::str::from_utf8(&line) else { continue };
                if text.is_empty() || text.starts_with('#') || folders.len() >= MAX_FOLDERS {
                    continue;
                }
                let Some(path) = join_unless_remote(&folder, Path::new(text)) else { continue };
                let path = path.canonicalize().unwrap_or(path);
                if seen.insert(path.clone()) {
                    folders.push(path);
                }
            }
        }
        Self { hash, folders, packs: [OnceLock::new(), OnceLock::new()] }
    }

    /// Returns the hash algorithm of the object IDs.
    pub(super) fn hash(&self) -> HashKind {
        self.hash
    }

    fn packs(&self, generation: usize) -> &[Pack] {
        self.packs[generation].get_or_init(|| {
            let mut packs = Vec::new();
            for folder in &self.folders {
                let Ok(listed) = std::fs::read_dir(folder.join("pack")) else { continue };
                let mut indexes: Vec<PathBuf> = listed
                    .filter_map(|entry| Some(entry.ok()?.path()))
                    .filter(|path| path.extension().is_some_and(|extension| extension == "idx"))
                    .take(MAX_PACKS)
                    .collect();
                indexes.sort();
                packs.extend(indexes.iter().map(|path| Pack::new(path, self.hash.len())));
            }
            packs
        })
    }

    /// Reads type and content of an object of at most `limit` bytes.
    pub(super) fn read(&self, id: &ObjectId, limit: u64) -> Result<(ObjectKind, Vec<u8>), ObjectFault> {
        let packed = |pack: &Pack, offset| {
            let mut content = Vec::new();
            pack.read(offset, limit, MAX_INTERMEDIATE, &mut content).map(|kind| (kind, content))
        };
        self.look_up(id, packed, |file| read_loose(file, limit))
    }

    /// Reads type and size of an object.
    pub(super) fn size(&self, id: &ObjectId) -> Result<(ObjectKind, u64), ObjectFault> {
        self.look_up(id, Pack::size, |file| read_loose_header(file).map(|(kind, size, _)| (kind, size)))
    }

    /// Searches the packs and then the loose objects. A damaged copy is skipped, because another may be
    /// intact.
    fn look_up<T>(
        &self,
        id: &ObjectId,
        packed: impl Fn(&Pack, u64) -> Result<T, ObjectFault>,
        loose: impl Fn(&RegularFile) -> Result<T, ObjectFault>,
    ) -> Result<T, ObjectFault> {
        let mut fault = ObjectFault::Missing;
        let mut keep = |found: Result<T, ObjectFault>| match found {
            Err(found) if !matches!(found, ObjectFault::TooBig { .. }) => {
                fault = found;
                None
            }
            result => Some(result),
        };
        let name = id.to_string();
        for generation in 0..self.packs.len() {
            for pack in self.packs(generation) {
                if let Some(result) = pack.find(id).and_then(|offset| keep(packed(pack, offset))) {
                    return result;
                }
            }
            for folder in &self.folders {
                let opened = RegularFile::open(&folder.join(&name[..2]).join(&name[2..]));
                let found = opened.map_err(|error| ObjectFault::system(&error));
                let found = found.and_then(|file| file.map(|file| loose(&file)).transpose()).transpose();
                if let Some(result) = found.and_then(&mut keep) {
                    return result;
                }
            }
        }
        Err(fault)
    }

    /// Reads type and content of a commit, tag or tree.
    pub(super) fn read_structure(&self, id: &ObjectId) -> Result<(ObjectKind, Vec<u8>), ObjectFault> {
        self.read(id, MAX_STRUCTURE)
    }

    /// Returns at most `most` objects whose IDs begin with `prefix` (at least two hexadecimal digits).
    pub(super) fn find_by_prefix(&self, prefix: &str, most: usize) -> Vec<ObjectId> {
        let mut found = Vec::new();
        for pack in self.packs(0) {
            pack.find_by_prefix(prefix, most, &mut found);
        }
        for folder in &self.folders {
            let Ok(listed) = std::fs::read_dir(folder.join(&prefix[..2])) else { continue };
            for entry in listed.flatten() {
                let name = [&prefix.as_bytes()[..2], entry.file_name().as_encoded_bytes()].concat();
                let id = ObjectId::from_hex(&name, self.hash);
                found.extend(id.filter(|id| id.to_string().starts_with(prefix)));
            }
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(most);
        found
    }
}

/// Removes the quotes and escapes with which git writes unusual paths; other lines are returned unchanged.
fn unquote_path(line: &[u8]) -> Cow<'_, [u8]> {
    let inside = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\""));
    let Some(mut rest) = inside else { return line.into() };
    let mut out = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some((&letter, after)) = rest.split_first() else { return line.into() };
        rest = after;
        out.push(match letter {
            b'a' => 7,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 11,
            b'f' => 12,
            b'r' => b'\r',
            b'"' | b'\\' => letter,
            b'0'..=b'3' if matches!(rest, [b'0'..=b'7', b'0'..=b'7', ..]) => {
                let digit = |byte: u8| byte - b'0';
                let value = digit(letter) * 64 + digit(rest[0]) * 8 + digit(rest[1]);
                rest = &rest[2..];
                value
            }
            _ => return line.into(),
        });
    }
    out.into()
}

/// Type, size, and the stream with the part of the content that has been read.
type LooseObject<'f> = (ObjectKind, u64, (Inflater<'f>, Vec<u8>));

fn read_loose_header(file: &RegularFile) -> Result<LooseObject<'_>, ObjectFault> {
    let mut inflater = Inflater::new(file, 0);
    let mut start = vec![0; MAX_HEADER];
    let read = inflater.fill(&mut start)?;
    start.truncate(read);
    let header = || -> Option<(ObjectKind, u64, usize)> {
        let end = memchr::memchr(0, &start)?;
        let text = std::str::from_utf8(&start[..end]).ok()?;
        let (kind, size) = text.split_once(' ')?;
        let kind = match kind {
            "commit" => ObjectKind::Commit,
            "tree" => ObjectKind::Tree,
            "blob" => ObjectKind::Blob,
            "tag" => ObjectKind::Tag,
            _ => return None,
        };
        Some((kind, size.parse().ok()?, end + 1))
    };
    let (kind, size, end) = header().ok_or(ObjectFault::Broken("invalid object header"))?;
    start.drain(..end);
    Ok((kind, size, (inflater, start)))
}

fn read_loose(file: &RegularFile, limit: u64) -> Result<(ObjectKind, Vec<u8>), ObjectFault> {
    let (kind, size, (mut inflater, mut content)) = read_loose_header(file)?;
    let wanted = usize::try_from(size.min(limit)).unwrap_or(usize::MAX);
    if size > limit {
        let more = wanted.min(HEAD_BYTES).saturating_sub(content.len());
        inflater.append(more, &mut content)?;
        content.truncate(HEAD_BYTES);
        return Err(ObjectFault::TooBig { size, head: content });
    }
    let more = wanted
        .checked_sub(content.len())
        .ok_or(ObjectFault::Broken("it is longer than its header states"))?;
    inflater.append(more, &mut content)?;
    Ok((kind, content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternates_in_quotes() {
        for (line, expected) in [
            ("/a b", "/a b"),
            (r#""/a\303\244\tb\"c\\""#, "/aä\tb\"c\\"),
            (r#""/a\9""#, r#""/a\9""#),
            (r#""/a\""#, r#""/a\""#),
            (r#"""#, r#"""#),
        ] {
            assert_eq!(unquote_path(line.as_bytes()), expected.as_bytes(), "{line}");
        }
    }
}
