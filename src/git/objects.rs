//! The object store of a repository: loose objects, packs and alternates. Read only, bounded, and never
//! fetched: what a partial clone does not have is missing.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::file::{self, Regular};
use super::inflate::Inflater;
use super::oid::{HashKind, ObjectId};
use super::pack::Pack;
use crate::engine::tree::HEAD_BYTES;
use crate::model::named_from;

/// Most folders of objects, alternates of alternates included.
const MAX_FOLDERS: usize = 64;
/// Largest file that names alternates.
const MAX_ALTERNATES: u64 = 64 << 10;
/// Most packs of one folder.
const MAX_PACKS: usize = 10_000;
/// Room for what an object is put together from, in bytes.
const ROOM: u64 = 24 << 20;
/// Longest header of a loose object.
const MAX_HEADER: usize = 32;
/// Largest commit, tag or tree.
const MAX_STRUCTURE: u64 = 24 << 20;

/// The kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ObjectKind {
    Commit,
    Tree,
    Blob,
    Tag,
}

/// Why an object cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ObjectFault {
    /// It is not in this clone.
    Missing,
    /// It is larger than what was asked for; its first bytes, if they are known.
    TooBig { size: u64, head: Vec<u8> },
    /// It is damaged.
    Broken(&'static str),
    /// The system's words.
    System(String),
}

impl ObjectFault {
    pub(super) fn broken(why: &'static str) -> Self {
        Self::Broken(why)
    }

    pub(super) fn system(error: &io::Error) -> Self {
        Self::System(error.to_string().split(" (os error").next().unwrap_or_default().to_owned())
    }

    /// In words, after "it".
    pub(super) fn words(&self) -> String {
        match self {
            Self::Missing => "it is not in this clone, and nothing is ever fetched".to_owned(),
            Self::TooBig { size, .. } => format!("it is too big ({size} bytes)"),
            Self::Broken(why) => format!("it is damaged: {why}"),
            Self::System(words) => words.clone(),
        }
    }
}

/// Where objects are.
pub(super) struct Objects {
    hash: HashKind,
    folders: Vec<PathBuf>,
    /// The packs as first listed, and once more when something is missing: `git gc` may have come between.
    packs: [OnceLock<Vec<Pack>>; 2],
}

impl Objects {
    /// The store whose main folder is `objects`, and its alternates.
    pub(super) fn open(objects: &Path, hash: HashKind) -> Self {
        let mut folders = vec![objects.to_owned()];
        let mut seen = BTreeSet::from([objects.to_owned()]);
        let mut next = 0;
        while let Some(folder) = folders.get(next).cloned() {
            next += 1;
            let named = file::content(&folder.join("info/alternates"), MAX_ALTERNATES).ok().flatten();
            for line in named.unwrap_or_default().split(|&byte| byte == b'\n') {
                let line = line.trim_ascii();
                let line = unquoted(line);
                let Ok(text) = std::str::from_utf8(&line) else { continue };
                if text.is_empty() || text.starts_with('#') || folders.len() >= MAX_FOLDERS {
                    continue;
                }
                let Some(path) = named_from(&folder, Path::new(text)) else { continue };
                let path = path.canonicalize().unwrap_or(path);
                if seen.insert(path.clone()) {
                    folders.push(path);
                }
            }
        }
        Self { hash, folders, packs: [OnceLock::new(), OnceLock::new()] }
    }

    /// The hash that names objects.
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

    /// Kind and content of an object of at most `limit` bytes.
    pub(super) fn read(&self, id: &ObjectId, limit: u64) -> Result<(ObjectKind, Vec<u8>), ObjectFault> {
        let packed = |pack: &Pack, offset| {
            let mut content = Vec::new();
            pack.read(offset, limit, ROOM, &mut content).map(|kind| (kind, content))
        };
        self.find(id, packed, |file| read_loose(file, limit))
    }

    /// Kind and size of an object.
    pub(super) fn size(&self, id: &ObjectId) -> Result<(ObjectKind, u64), ObjectFault> {
        self.find(id, Pack::size, |file| loose_header(file).map(|(kind, size, _)| (kind, size)))
    }

    /// Asks the packs and then the loose objects; one that is damaged in one place may be whole elsewhere.
    fn find<T>(
        &self,
        id: &ObjectId,
        packed: impl Fn(&Pack, u64) -> Result<T, ObjectFault>,
        loose: impl Fn(&Regular) -> Result<T, ObjectFault>,
    ) -> Result<T, ObjectFault> {
        let mut fault = ObjectFault::Missing;
        let mut keep = |found: Result<T, ObjectFault>| match found {
            Err(found) if !matches!(found, ObjectFault::TooBig { .. }) => {
                fault = found;
                None
            }
            told => Some(told),
        };
        let name = id.to_string();
        for generation in 0..self.packs.len() {
            for pack in self.packs(generation) {
                if let Some(told) = pack.find(id).and_then(|offset| keep(packed(pack, offset))) {
                    return told;
                }
            }
            for folder in &self.folders {
                let opened = Regular::open(&folder.join(&name[..2]).join(&name[2..]));
                let found = opened.map_err(|error| ObjectFault::system(&error));
                let found = found.and_then(|file| file.map(|file| loose(&file)).transpose()).transpose();
                if let Some(told) = found.and_then(&mut keep) {
                    return told;
                }
            }
        }
        Err(fault)
    }

    /// The content of a commit, tag or tree and its kind.
    pub(super) fn structure(&self, id: &ObjectId) -> Result<(ObjectKind, Vec<u8>), ObjectFault> {
        self.read(id, MAX_STRUCTURE)
    }

    /// The objects whose names begin with `prefix` (hexadecimal, at least two digits), at most `most`.
    pub(super) fn with_prefix(&self, prefix: &str, most: usize) -> Vec<ObjectId> {
        let mut found = Vec::new();
        for pack in self.packs(0) {
            pack.with_prefix(prefix, most, &mut found);
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

/// A path as git writes it in quotes when it holds unusual characters; as it is, when it is not in quotes.
fn unquoted(line: &[u8]) -> Cow<'_, [u8]> {
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

/// Kind, size, and the stream with what of the content was read already.
type Loose<'f> = (ObjectKind, u64, (Inflater<'f>, Vec<u8>));

fn loose_header(file: &Regular) -> Result<Loose<'_>, ObjectFault> {
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
    let (kind, size, end) = header().ok_or(ObjectFault::Broken("it does not begin as an object does"))?;
    start.drain(..end);
    Ok((kind, size, (inflater, start)))
}

fn read_loose(file: &Regular, limit: u64) -> Result<(ObjectKind, Vec<u8>), ObjectFault> {
    let (kind, size, (mut inflater, mut content)) = loose_header(file)?;
    let wanted = usize::try_from(size.min(limit)).unwrap_or(usize::MAX);
    if size > limit {
        let more = wanted.min(HEAD_BYTES).saturating_sub(content.len());
        inflater.append(more, &mut content)?;
        content.truncate(HEAD_BYTES);
        return Err(ObjectFault::TooBig { size, head: content });
    }
    let more =
        wanted.checked_sub(content.len()).ok_or(ObjectFault::Broken("it is longer than its header says"))?;
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
            assert_eq!(unquoted(line.as_bytes()), expected.as_bytes(), "{line}");
        }
    }
}
