//! System calls for Unix. Everything is opened relative to the root's descriptor, without following a
//! symbolic link in any component. On Linux the kernel guarantees this (`openat2`). Elsewhere, and if a
//! sandbox forbids the call, the path is opened component by component.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::{Errno, retry_on_intr};

use crate::engine::cache::Stamp;
use crate::engine::tree::too_big;
use crate::engine::tree::{EntryKind, HEAD_BYTES, Metadata, ReadError};
use crate::model::Reason;

/// An open root directory.
#[derive(Debug)]
pub(super) struct Root {
    directory: OwnedFd,
    /// Path of the root, used only to resolve a relative `gitdir:`.
    path: PathBuf,
    /// Whether `openat2` is available.
    #[cfg_attr(not(any(target_os = "linux", target_os = "android")), allow(dead_code))]
    kernel_resolves: bool,
}

impl Root {
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()))
            .map_err(|errno| ReadError { reason: Reason::Directory, detail: error_text(errno) })?;
        let kernel_resolves = open_beneath(&directory, b".", flags).is_ok();
        Ok(Self { directory, path: path.to_owned(), kernel_resolves })
    }

    /// Calls `each` with the name and kind of every entry of a directory, in the system's order. The path of
    /// the root is empty.
    pub(super) fn read_dir(
        &self,
        path: &[u8],
        mut each: impl FnMut(&[u8], EntryKind),
    ) -> Result<(), ReadError> {
        let directory = |errno: Errno| match errno {
            Errno::NAMETOOLONG => read_error(errno),
            _ => ReadError { reason: Reason::Directory, detail: error_text(errno) },
        };
        let fd = self.open_at(path, OFlags::RDONLY | OFlags::DIRECTORY).map_err(directory)?;
        let mut entries = Dir::new(fd).map_err(directory)?;
        while let Some(entry) = entries.read() {
            let entry = entry.map_err(directory)?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let kind = match entry.file_type() {
                // Some file systems do not return the type. An entry that was removed meanwhile is skipped.
                FileType::Unknown => {
                    match statat(entries.fd().map_err(directory)?, name, AtFlags::SYMLINK_NOFOLLOW) {
                        Ok(stat) => kind_of(FileType::from_raw_mode(stat.st_mode)),
                        Err(Errno::NOENT) => continue,
                        Err(_) => EntryKind::Special,
                    }
                }
                known => kind_of(known),
            };
            each(name, kind);
        }
        Ok(())
    }

    /// See [`crate::engine::tree::Tree::read`].
    pub(super) fn read(&self, path: &[u8], limit: u64, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        self.read_stamped(path, limit, buffer).map(drop)
    }

    /// See [`crate::engine::tree::Tree::read_stamped`].
    pub(super) fn read_stamped(
        &self,
        path: &[u8],
        limit: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Stamp>, ReadError> {
        buffer.clear();
        let fd = self.open_at(path, FILE_FLAGS).map_err(read_error)?;
        read_regular(fd, limit, buffer).inspect_err(|error| keep_head(error, buffer))
    }

    /// See [`crate::engine::tree::Tree::metadata`].
    pub(super) fn metadata(&self, path: &[u8]) -> Result<Metadata, ReadError> {
        let stat = self.stat(path).map_err(read_error)?;
        Ok(Metadata {
            size: u64::try_from(stat.st_size).unwrap_or(0),
            executable: Some(
                Mode::from_raw_mode(stat.st_mode).intersects(Mode::XUSR | Mode::XGRP | Mode::XOTH),
            ),
        })
    }

    /// Returns the kind of `path`; `None` if it does not exist.
    pub(super) fn kind(&self, path: &[u8]) -> Option<EntryKind> {
        self.stat(path).ok().map(|stat| kind_of(FileType::from_raw_mode(stat.st_mode)))
    }

    /// Reads a regular file to which a `.git` file points. `place` is absolute or relative to the root
    /// directory, and may be outside of it. Used only for the index of a linked worktree or submodule.
    pub(super) fn read_outside(
        &self,
        place: &[u8],
        limit: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<(), ReadError> {
        buffer.clear();
        let path = self.path.join(std::ffi::OsStr::from_bytes(place));
        let fd = retry_on_intr(|| rustix::fs::open(&path, FILE_FLAGS | OFlags::CLOEXEC, Mode::empty()))
            .map_err(read_error)?;
        read_regular(fd, limit, buffer).map(drop).inspect_err(|error| keep_head(error, buffer))
    }

    /// Opens the directory at `path`, to read several stamps in it. The path of the root is empty.
    pub(super) fn directory(&self, path: &[u8]) -> Option<OwnedFd> {
        self.open_at(path, OFlags::RDONLY | OFlags::DIRECTORY).ok()
    }

    fn stat(&self, path: &[u8]) -> Result<Stat, Errno> {
        let slash = memchr::memrchr(b'/', path);
        let (parent, name) = slash.map_or((&b""[..], path), |at| (&path[..at], &path[at + 1..]));
        if matches!(name, b"" | b"." | b"..") {
            return Err(Errno::NOENT);
        }
        if parent.is_empty() {
            return statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW);
        }
        // The parent is opened first, so that no symbolic link in the path is followed.
        let parent = self.open_at(parent, OFlags::RDONLY | OFlags::DIRECTORY)?;
        statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)
    }

    fn open_at(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        if path.is_empty() {
            return retry_on_intr(|| openat(&self.directory, c".", flags, Mode::empty()));
        }
        if path.split(|&byte| byte == b'/').any(|component| matches!(component, b"" | b"." | b"..")) {
            return Err(Errno::NOENT);
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if self.kernel_resolves {
            return open_beneath(&self.directory, path, flags);
        }
        self.open_stepwise(path, flags)
    }

    /// Opens a path component by component. None of them may be a symbolic link.
    fn open_stepwise(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        let step = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let mut parent: Option<OwnedFd> = None;
        let mut components = path.split(|&byte| byte == b'/').peekable();
        while let Some(name) = components.next() {
            let flags = if components.peek().is_some() { step } else { flags };
            let at = parent.as_ref().unwrap_or(&self.directory);
            parent = Some(retry_on_intr(|| openat(at, name, flags, Mode::empty()))?);
        }
        parent.ok_or(Errno::NOENT)
    }

    /// A root that does not use `openat2`, to test the fallback.
    #[cfg(test)]
    pub(super) fn without_kernel_help(mut self) -> Self {
        self.kernel_resolves = false;
        self
    }
}

/// Non-blocking, so that a FIFO that replaced a file cannot block the open.
const FILE_FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

#[cfg(any(target_os = "linux", target_os = "android"))]
fn open_beneath(root: &OwnedFd, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    use rustix::fs::{ResolveFlags, openat2};
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    retry_on_intr(|| openat2(root, path, flags, Mode::empty(), resolve))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn open_beneath(_root: &OwnedFd, _path: &[u8], _flags: OFlags) -> Result<OwnedFd, Errno> {
    Err(Errno::NOSYS)
}

/// Reads a regular file. The stamp is `None` if it is uncertain whether it belongs to the bytes that were
/// read.
fn read_regular(fd: OwnedFd, limit: u64, buffer: &mut Vec<u8>) -> Result<Option<Stamp>, ReadError> {
    let before = fstat(&fd).map_err(read_error)?;
    match kind_of(FileType::from_raw_mode(before.st_mode)) {
        EntryKind::File => {}
        EntryKind::Directory => return Err(changed_error("it is now a directory")),
        EntryKind::Link => return Err(changed_error("it is now a symbolic link")),
        EntryKind::Special => {
            let detail = "a FIFO, socket or device is never read".to_owned();
            return Err(ReadError { reason: Reason::Special, detail });
        }
    }
    let size = u64::try_from(before.st_size).unwrap_or(u64::MAX);
    let mut file = File::from(fd);
    if size > limit {
        // The head only helps to detect a binary file. If it cannot be read, the file is still too big.
        let _ = (&mut file).take(HEAD_BYTES as u64).read_to_end(buffer);
        return Err(too_big(size, limit));
    }
    // The extra capacity allows detecting the end of the file without growing the buffer.
    buffer.reserve(usize::try_from(size).unwrap_or(0).saturating_add(64));
    (&mut file).take(limit.saturating_add(1)).read_to_end(buffer).map_err(|error| {
        match error.raw_os_error() {
            Some(code) => read_error(Errno::from_raw_os_error(code)),
            None => ReadError { reason: Reason::Unreadable, detail: error.to_string() },
        }
    })?;
    let after = fstat(&file).map_err(read_error)?;
    let same = (before.st_size, before.st_mtime, before.st_mtime_nsec, before.st_ino)
        == (after.st_size, after.st_mtime, after.st_mtime_nsec, after.st_ino);
    if !same || buffer.len() as u64 != size {
        return Err(changed_error("it was changed while it was read"));
    }
    // A new mode or link count does not change the content, but then the stamp is not reliable.
    let stamp = stamp_of(&after);
    Ok(stamp.filter(|stamp| stamp_of(&before) == Some(*stamp)))
}

/// Returns the stamp of the regular file `name` in an open directory.
pub(super) fn stamp_in(directory: &OwnedFd, name: &[u8]) -> Option<Stamp> {
    stamp_of(&statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).ok()?)
}

/// Returns the stamp of a regular file; `None` for other kinds.
fn stamp_of(stat: &Stat) -> Option<Stamp> {
    if kind_of(FileType::from_raw_mode(stat.st_mode)) != EntryKind::File {
        return None;
    }
    // The widths and signs of these fields differ between systems.
    let nanoseconds = |seconds: i128, rest: i128| seconds * 1_000_000_000 + rest;
    let bits = |number: i128| u64::try_from(number & i128::from(u64::MAX)).unwrap_or(0);
    Some(Stamp {
        size: u64::try_from(stat.st_size).ok()?,
        modified: nanoseconds(stat.st_mtime.into(), stat.st_mtime_nsec.into()),
        changed: nanoseconds(stat.st_ctime.into(), stat.st_ctime_nsec.into()),
        inode: bits(stat.st_ino.into()),
        device: bits(stat.st_dev.into()),
    })
}

/// Clears the buffer after an error, except for the head of a file that is too big.
fn keep_head(error: &ReadError, buffer: &mut Vec<u8>) {
    if error.reason != Reason::TooBig {
        buffer.clear();
    }
}

fn kind_of(file_type: FileType) -> EntryKind {
    match file_type {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::Link,
        _ => EntryKind::Special,
    }
}

/// Converts `bytes` to a path for matching.
pub(super) fn as_path(bytes: &[u8]) -> std::borrow::Cow<'_, Path> {
    Path::new(std::ffi::OsStr::from_bytes(bytes)).into()
}

fn changed_error(detail: &str) -> ReadError {
    ReadError { reason: Reason::Changed, detail: detail.to_owned() }
}

fn read_error(errno: Errno) -> ReadError {
    match errno {
        Errno::NOENT => changed_error("it was deleted during the run"),
        Errno::LOOP | Errno::NOTDIR | Errno::XDEV => {
            changed_error("it or a parent directory is now a symbolic link")
        }
        Errno::NAMETOOLONG => ReadError {
            reason: Reason::PathTooLong,
            detail: "the path is longer than the system allows".to_owned(),
        },
        Errno::NXIO | Errno::NODEV => {
            ReadError { reason: Reason::Special, detail: "a socket or device is never read".to_owned() }
        }
        other => ReadError { reason: Reason::Unreadable, detail: error_text(other) },
    }
}

/// Returns the error text of the system, without the number that Rust appends.
fn error_text(errno: Errno) -> String {
    let text = std::io::Error::from(errno).to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
