//! System calls for systems without `openat` (Windows). They use full paths, of which no component may be a
//! symbolic link or a junction. Components are checked before opening, which is weaker if the tree changes
//! during the run; the opened file is checked again.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::engine::cache::Stamp;
use crate::engine::tree::too_big;
use crate::engine::tree::{EntryKind, HEAD_BYTES, Metadata, ReadError};
use crate::model::{Reason, join_unless_remote, path_below_root};

/// The root directory.
#[derive(Debug)]
pub(super) struct Root {
    /// Canonical path of the system (`\\?\C:\work`). Below such a path names are taken literally, so that a
    /// file `aux.rs` is not a device, and paths may be long.
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
        if self.is_redirected(&place) {
            let detail = "it redirects to another folder, which is not followed".to_owned();
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

    /// Returns no stamp: nothing here identifies reliably the file that was read.
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
        let Some(path) = join_unless_remote(&self.path, &as_path(place)) else {
            let detail = "it is on another machine, which is not accessed".to_owned();
            return Err(ReadError { reason: Reason::Unreadable, detail });
        };
        read_regular(&path, limit, buffer)
    }

    /// Whether the system resolves `place` to a different path. Symbolic links and junctions are detected
    /// earlier; this detects other kinds of redirection.
    fn is_redirected(&self, place: &Path) -> bool {
        let depth = |path: &Path| path.components().count();
        place
            .canonicalize()
            .is_ok_and(|found| !found.starts_with(&self.path) || depth(&found) != depth(place))
    }

    /// Returns the full path. Of its components below the root only the last may be a symbolic link.
    fn place(&self, path: &[u8]) -> Result<PathBuf, ReadError> {
        let changed = |detail: &str| ReadError { reason: Reason::Changed, detail: detail.to_owned() };
        let Some(place) = path_below_root(&self.path, path) else {
            return Err(changed("a file of this name cannot exist on this system"));
        };
        for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            let above = path_below_root(&self.path, &path[..at]);
            if above.is_none_or(|above| fs::symlink_metadata(above).is_ok_and(|it| it.is_symlink())) {
                return Err(changed("a parent directory is now a symbolic link"));
            }
        }
        Ok(place)
    }
}

fn read_regular(place: &Path, limit: u64, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
    buffer.clear();
    // Checked before it is opened, because opening a device may have effects, and again when it is open.
    let found = fs::symlink_metadata(place).map_err(|error| unreadable(&error))?;
    is_regular(&found)?;
    let file = open(place, &found).map_err(|error| unreadable(&error))?;
    let before = file.metadata().map_err(|error| unreadable(&error))?;
    is_regular(&before)?;
    if before.len() > limit {
        // The head only helps to detect a binary file. If it cannot be read, the file is still too big.
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
    Err(ReadError { reason: Reason::Changed, detail: "it was changed while it was read".to_owned() })
}

fn is_regular(found: &fs::Metadata) -> Result<(), ReadError> {
    let (reason, detail) = match kind_of(found.file_type()) {
        EntryKind::File => return Ok(()),
        EntryKind::Directory => (Reason::Changed, "it is now a directory"),
        EntryKind::Link => (Reason::Changed, "it is now a symbolic link"),
        EntryKind::Special => (Reason::Special, "a device is never read"),
    };
    Err(ReadError { reason, detail: detail.to_owned() })
}

/// Opens a file with the metadata `found`. If a symbolic link replaced it meanwhile, the link itself is
/// opened.
#[cfg(windows)]
fn open(place: &Path, found: &fs::Metadata) -> std::io::Result<File> {
    use std::os::windows::fs::{MetadataExt as _, OpenOptionsExt as _};
    const FILE_ATTRIBUTE_REPARSE_POINT: u32 = 0x0000_0400;
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    // Cloud files and files compressed by a driver are reparse points but not links. Their content is
    // available only if they are opened normally.
    let normally = found.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0;
    let flags = if normally { 0 } else { FILE_FLAG_OPEN_REPARSE_POINT };
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

/// Converts `bytes` to a path.
pub(super) fn as_path(bytes: &[u8]) -> Cow<'_, Path> {
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) => Path::new(text).into(),
        Cow::Owned(text) => PathBuf::from(text).into(),
    }
}

fn unreadable(error: &std::io::Error) -> ReadError {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            ReadError { reason: Reason::Changed, detail: "it was deleted during the run".to_owned() }
        }
        _ => failed(Reason::Unreadable, error),
    }
}

/// Returns the error with the text of the system, without the number that Rust appends.
fn failed(reason: Reason, error: &std::io::Error) -> ReadError {
    let text = error.to_string();
    ReadError { reason, detail: text.split(" (os error").next().unwrap_or_default().to_owned() }
}
