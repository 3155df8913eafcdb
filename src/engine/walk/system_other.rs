//! The same calls where there is no `openat` (Windows): full paths, none of whose parts may be a link or a junction. They are
//! looked at before opening, which is weaker against a tree that changes during the run; what is opened in the end is
//! looked at once more when it is open.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::engine::cache::Stamp;
use crate::engine::tree::too_big;
use crate::engine::tree::{EntryKind, HEAD_BYTES, Metadata, ReadError};
use crate::model::{Reason, named_from, place_below};

/// The root directory.
#[derive(Debug)]
pub(super) struct Root {
    /// In full, as the system writes it (`\\?\C:\work`): below such a path each name is taken as it is, so that a file
    /// called `aux.rs` is no device, and paths may be long.
    path: PathBuf,
}

impl Root {
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let path = path.canonicalize().map_err(|error| failed(Reason::Directory, &error))?;
        fs::read_dir(&path).map_err(|error| failed(Reason::Directory, &error))?;
        Ok(Self { path })
    }

    pub(super) fn read_dir(
        &self,
        path: &[u8],
        mut each: impl FnMut(&[u8], EntryKind),
    ) -> Result<(), ReadError> {
        let place = self.place(path)?;
        if self.leads_elsewhere(&place) {
            let detail = "it leads to another folder, and is not followed".to_owned();
            return Err(ReadError { reason: Reason::Directory, detail });
        }
        let entries = fs::read_dir(place).map_err(|error| failed(Reason::Directory, &error))?;
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
        let found = fs::symlink_metadata(self.place(path)?).map_err(|error| unreadable(&error))?;
        Ok(Metadata { size: found.len(), executable: None })
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
        buffer.clear();
        let Some(path) = named_from(&self.path, &as_path(place)) else {
            let detail = "it is on another machine, which is not asked".to_owned();
            return Err(ReadError { reason: Reason::Unreadable, detail });
        };
        read_regular(&path, limit, buffer)
    }

    /// Whether the system finds something else at `place` than its name says. Links and junctions are known before; this is
    /// for what leads elsewhere without saying so.
    fn leads_elsewhere(&self, place: &Path) -> bool {
        let depth = |path: &Path| path.components().count();
        place
            .canonicalize()
            .is_ok_and(|found| !found.starts_with(&self.path) || depth(&found) != depth(place))
    }

    /// The full path, of whose parts below the root none but the last is a link.
    fn place(&self, path: &[u8]) -> Result<PathBuf, ReadError> {
        let changed = |detail: &str| ReadError { reason: Reason::Changed, detail: detail.to_owned() };
        let Some(place) = place_below(&self.path, path) else {
            return Err(changed("this system has no file of this name"));
        };
        for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            let above = place_below(&self.path, &path[..at]);
            if above.is_none_or(|above| fs::symlink_metadata(above).is_ok_and(|it| it.is_symlink())) {
                return Err(changed("a directory above it is a link now"));
            }
        }
        Ok(place)
    }
}

fn read_regular(place: &Path, limit: u64, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
    buffer.clear();
    // Looked at before it is opened, as a device may answer to that, and once more when it is open.
    let found = fs::symlink_metadata(place).map_err(|error| unreadable(&error))?;
    is_regular(&found)?;
    let file = open(place, &found).map_err(|error| unreadable(&error))?;
    let before = file.metadata().map_err(|error| unreadable(&error))?;
    is_regular(&before)?;
    if before.len() > limit {
        // The head only helps to say what the file is; without it the file is as much too big.
        let _ = file.take(HEAD_BYTES as u64).read_to_end(buffer);
        return Err(too_big(before.len(), limit));
    }
    let read = (&file).take(limit.saturating_add(1)).read_to_end(buffer);
    let after = read.and_then(|_| file.metadata());
    let same = match after {
        Ok(after) => after.len() == before.len() && after.modified().ok() == before.modified().ok(),
        Err(error) => {
            buffer.clear();
            return Err(unreadable(&error));
        }
    };
    if same && buffer.len() as u64 == before.len() {
        return Ok(());
    }
    buffer.clear();
    Err(ReadError { reason: Reason::Changed, detail: "it was written to meanwhile".to_owned() })
}

fn is_regular(found: &fs::Metadata) -> Result<(), ReadError> {
    let (reason, detail) = match kind_of(found.file_type()) {
        EntryKind::File => return Ok(()),
        EntryKind::Directory => (Reason::Changed, "it is a directory now"),
        EntryKind::Link => (Reason::Changed, "it is a link now"),
        EntryKind::Special => (Reason::Special, "a device is never read"),
    };
    Err(ReadError { reason, detail: detail.to_owned() })
}

/// Opens a file of which this was `found`. Should a link take its place meanwhile, the link itself is opened.
#[cfg(windows)]
fn open(place: &Path, found: &fs::Metadata) -> std::io::Result<File> {
    use std::os::windows::fs::{MetadataExt as _, OpenOptionsExt as _};
    const FILE_ATTRIBUTE_REPARSE_POINT: u32 = 0x0000_0400;
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    // What is kept in a cloud, or compressed by a driver, is no link, but has content only when opened as usual.
    let as_usual = found.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0;
    let flags = if as_usual { 0 } else { FILE_FLAG_OPEN_REPARSE_POINT };
    File::options().read(true).custom_flags(flags).open(place)
}

#[cfg(not(windows))]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads repository files")]
fn open(place: &Path, _: &fs::Metadata) -> std::io::Result<File> {
    File::open(place)
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

fn unreadable(error: &std::io::Error) -> ReadError {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            ReadError { reason: Reason::Changed, detail: "it went away".to_owned() }
        }
        _ => failed(Reason::Unreadable, error),
    }
}

/// The system's words, without the number that Rust adds.
fn failed(reason: Reason, error: &std::io::Error) -> ReadError {
    let text = error.to_string();
    ReadError { reason, detail: text.split(" (os error").next().unwrap_or_default().to_owned() }
}
