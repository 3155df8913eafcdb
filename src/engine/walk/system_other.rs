//! The same calls where there is no `openat`: plain paths, links looked for before opening. Weaker
//! against a tree that changes during the run; good enough to build and use.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::engine::cache::Stamp;
use crate::engine::tree::too_big;
use crate::engine::tree::{EntryKind, HEAD_BYTES, Metadata, ReadError};
use crate::model::Reason;

/// The root directory.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
}

impl Root {
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        fs::read_dir(path).map_err(|error| failed(Reason::Directory, &error))?;
        Ok(Self { path: path.to_owned() })
    }

    pub(super) fn read_dir(
        &self,
        path: &[u8],
        mut each: impl FnMut(&[u8], EntryKind),
    ) -> Result<(), ReadError> {
        let entries = fs::read_dir(self.place(path)?).map_err(|error| failed(Reason::Directory, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| failed(Reason::Directory, &error))?;
            let kind = entry.file_type().map_or(EntryKind::Special, kind_of);
            each(entry.file_name().as_encoded_bytes(), kind);
        }
        Ok(())
    }

    pub(super) fn read(&self, path: &[u8], limit: u64, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        read_regular(&self.place(path)?, limit, buffer)
    }

    /// Nothing here tells surely whether a file is the one that was read: there are no stamps.
    pub(super) fn read_stamped(
        &self,
        path: &[u8],
        limit: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Stamp>, ReadError> {
        self.read(path, limit, buffer).map(|()| None)
    }

    pub(super) fn metadata(&self, path: &[u8]) -> Result<Metadata, ReadError> {
        let found =
            fs::symlink_metadata(self.place(path)?).map_err(|error| failed(Reason::Unreadable, &error))?;
        Ok(Metadata { size: found.len(), executable: false })
    }

    pub(super) fn kind(&self, path: &[u8]) -> Option<EntryKind> {
        fs::symlink_metadata(self.place(path).ok()?).ok().map(|found| kind_of(found.file_type()))
    }

    pub(super) fn read_outside(
        &self,
        place: &[u8],
        limit: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        read_regular(&self.path.join(&*as_path(place)), limit, buffer)
    }

    /// The full path, none of whose parts below the root is a link.
    fn place(&self, path: &[u8]) -> Result<PathBuf, ReadError> {
        let mut place = self.path.clone();
        for component in path.split(|&byte| byte == b'/').filter(|component| !component.is_empty()) {
            place.push(&*as_path(component));
            if component == b".." || fs::symlink_metadata(&place).is_ok_and(|found| found.is_symlink()) {
                return Err(ReadError {
                    reason: Reason::Changed,
                    detail: "links are not followed".to_owned(),
                });
            }
        }
        Ok(place)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads repository files")]
fn read_regular(place: &Path, limit: u64, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
    buffer.clear();
    let found = fs::symlink_metadata(place).map_err(|error| failed(Reason::Unreadable, &error))?;
    if !found.is_file() {
        return Err(ReadError { reason: Reason::Special, detail: "not a regular file".to_owned() });
    }
    let file = File::open(place).map_err(|error| failed(Reason::Unreadable, &error))?;
    if found.len() > limit {
        // The head only helps to say what the file is; without it the file is as much too big.
        let _ = file.take(HEAD_BYTES as u64).read_to_end(buffer);
        return Err(too_big(found.len(), limit));
    }
    file.take(limit.saturating_add(1))
        .read_to_end(buffer)
        .map_err(|error| failed(Reason::Unreadable, &error))?;
    if buffer.len() as u64 == found.len() {
        return Ok(());
    }
    buffer.clear();
    Err(ReadError { reason: Reason::Changed, detail: "it was written to meanwhile".to_owned() })
}

fn kind_of(file_type: fs::FileType) -> EntryKind {
    match () {
        () if file_type.is_symlink() => EntryKind::Link,
        () if file_type.is_dir() => EntryKind::Directory,
        () if file_type.is_file() => EntryKind::File,
        () => EntryKind::Special,
    }
}

/// `bytes` as a path.
pub(super) fn as_path(bytes: &[u8]) -> Cow<'_, Path> {
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) => Path::new(text).into(),
        Cow::Owned(text) => PathBuf::from(text).into(),
    }
}

fn failed(reason: Reason, error: &std::io::Error) -> ReadError {
    ReadError { reason, detail: error.to_string() }
}
