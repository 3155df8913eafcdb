//! Opens files of a git directory: only regular files, without blocking on a FIFO.
//!
//! Files are read by offset and not memory-mapped, because a file that is truncated while it is mapped would
//! end the program with a signal.

use std::fs::File;
use std::io;
use std::path::Path;

use super::GitError;

/// An open regular file.
pub(super) struct RegularFile {
    file: File,
    /// Size in bytes when the file was opened.
    pub(super) size: u64,
}

impl RegularFile {
    /// Opens `path`; returns `None` if it does not exist.
    ///
    /// # Errors
    /// If `path` is not a regular file, or cannot be opened.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = match open(path) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        Ok(Some(Self { file, size: metadata.len() }))
    }

    /// Returns the modification time, if the system provides it.
    pub(super) fn modified(&self) -> Option<std::time::SystemTime> {
        self.file.metadata().and_then(|metadata| metadata.modified()).ok()
    }

    /// Reads up to `buffer.len()` bytes from `offset`; fewer only at the end of the file.
    pub(super) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match read_at(&self.file, offset + done as u64, &mut buffer[done..]) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    /// Reads the whole file; fails if it is larger than `limit` bytes.
    pub(super) fn read_all(&self, limit: u64) -> io::Result<Vec<u8>> {
        if self.size > limit {
            return Err(io::Error::other(format!("larger than {} MiB", limit >> 20)));
        }
        let size = usize::try_from(self.size).map_err(io::Error::other)?;
        let mut content = vec![0; size];
        let read = self.read_at(0, &mut content)?;
        content.truncate(read);
        Ok(content)
    }
}

/// Reads a file of at most `limit` bytes; returns `None` if it does not exist.
///
/// # Errors
/// If the file cannot be read or is too large. The message contains the path and the reason.
pub(super) fn read_small(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, GitError> {
    let read = RegularFile::open(path).and_then(|file| file.map(|file| file.read_all(limit)).transpose());
    read.map_err(|error| read_error(path, &error))
}

/// Creates the error for a file that cannot be read.
pub(super) fn read_error(path: &Path, error: &io::Error) -> GitError {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    GitError::new(format!("cannot read {}: {words}", path.display()))
        .with_help("run `git status` to check whether git can read the repository")
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    // Non-blocking, because opening a FIFO would otherwise hang.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(rustix::io::retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty())).map(File::from)?)
}

#[cfg(unix)]
fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "the one place that opens files of a git directory")]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(windows)]
fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}
