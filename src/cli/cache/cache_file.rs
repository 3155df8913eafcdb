//! One cache file: read with care, written whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::place::{Folder, is_ours};
use super::tidy;
use crate::cli::interrupt;
use crate::engine::cache::{Digest, MOST_BYTES};

/// A file that is used is marked as used at most so often.
const MARKED_EVERY: Duration = Duration::from_hours(24);
/// Most names that are tried for a temporary file.
const MOST_NAMES: usize = 20;
/// Tells backup programs to leave the folder out (<https://bford.info/cachedir/>).
pub(super) const TAG: &str = "CACHEDIR.TAG";
/// What such a file must begin with.
pub(super) const TAG_BEGINS: &str = "Signature: 8a477f597d28d172789f06886806bc55";

/// The file name for what has this key, without its ending.
fn stem(key: &Digest) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The path of the file for what has this key.
pub(super) fn path(folder: &Folder, key: &Digest) -> PathBuf {
    folder.path.join(stem(key) + tidy::ENDING)
}

/// What was kept under `key`; `None` when there is nothing of ours, or too much of it.
pub(super) fn read(folder: &Folder, key: &Digest, now: SystemTime) -> Option<Vec<u8>> {
    let (file, size) = open(&path(folder, key))?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).ok()?;
    (&file).take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).ok()?;
    if bytes.len() > MOST_BYTES {
        return None;
    }
    let used = file.metadata().and_then(|metadata| metadata.modified()).ok();
    if used.is_none_or(|used| tidy::apart(used, now) > MARKED_EVERY) {
        // Without the mark it is only tidied away earlier.
        let _ = file.set_modified(now);
    }
    Some(bytes)
}

/// Opens a regular file of ours of at most [`MOST_BYTES`], and its size.
fn open(path: &Path) -> Option<(File, usize)> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // A FIFO in its place must not make us wait.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(i32::try_from(flags.bits()).ok()?);
    }
    let file = options.open(path).ok()?;
    let metadata = file.metadata().ok()?;
    let size = usize::try_from(metadata.len()).ok().filter(|size| *size <= MOST_BYTES)?;
    (metadata.is_file() && is_ours(&metadata)).then_some((file, size))
}

/// Keeps `bytes` under `key`, in a folder that [`make`] made or found: readers see the old file or the whole
/// new one.
///
/// # Errors
/// What the system says; then nothing is left behind.
pub(super) fn write(folder: &Folder, key: &Digest, bytes: &[u8]) -> io::Result<()> {
    mark(folder)?;
    let (mut file, temporary) = temporary(folder, key)?;
    let written = file.write_all(bytes).and_then(|()| {
        drop(file);
        fs::rename(&temporary, path(folder, key))
    });
    if written.is_err() {
        // The first failure is the one to tell.
        let _ = fs::remove_file(&temporary);
    }
    interrupt::temporary_is_gone();
    written
}

/// Makes the folder, for our eyes only.
///
/// # Errors
/// What the system says.
pub(super) fn make(folder: &Folder) -> io::Result<()> {
    if let Some(home) = &folder.home {
        // A home that is not there is not ours to make.
        fs::metadata(home)?;
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder.path)
}

/// Says in the folder what it is, for programs that make backups.
fn mark(folder: &Folder) -> io::Result<()> {
    let tag = folder.path.join(TAG);
    if tag.symlink_metadata().is_err() {
        let text = format!(
            "{TAG_BEGINS}\n# Made by stanchion: it remembers here what it found. `stanchion cache clear` removes it.\n"
        );
        let made = new_file(&tag).and_then(|mut file| file.write_all(text.as_bytes()));
        match made {
            // Another run was quicker.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made?,
        }
    }
    Ok(())
}

/// A new file for our eyes only, which Ctrl-C removes until [`interrupt::temporary_is_gone`].
fn temporary(folder: &Folder, key: &Digest) -> io::Result<(File, PathBuf)> {
    let mut number = 0;
    loop {
        let name = tidy::temporary_name(&stem(key), std::process::id(), number);
        let path = folder.path.join(name);
        match interrupt::making_temporary(&path, || new_file(&path)) {
            Ok(file) => return Ok((file, path)),
            // Left by a run that was killed: process numbers come again.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < MOST_NAMES => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
