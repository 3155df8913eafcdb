//! Reads and writes one cache file. Files are checked before they are read, and written atomically.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::cache_folder::{CacheFolder, belongs_to_user};
use super::cleanup;
use crate::cli::interrupt;
use crate::engine::cache::{Digest, MOST_BYTES};

/// Minimum time between two updates of the modification time of a used file.
const TOUCH_INTERVAL: Duration = Duration::from_hours(24);
/// Maximum number of names tried for a temporary file.
const MAX_TEMPORARY_NAMES: usize = 20;
/// Name of the file that makes backup programs skip the folder (<https://bford.info/cachedir/>).
pub(super) const TAG: &str = "CACHEDIR.TAG";
/// Required beginning of that file.
pub(super) const TAG_SIGNATURE: &str = "Signature: 8a477f597d28d172789f06886806bc55";

/// File name for a key, without extension.
fn file_stem(key: &Digest) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Path of the file for a key.
pub(super) fn path(folder: &CacheFolder, key: &Digest) -> PathBuf {
    folder.path.join(file_stem(key) + cleanup::ENDING)
}

/// Reads the content for `key`; `None` if there is no file of this user, or it is too large.
pub(super) fn read(folder: &CacheFolder, key: &Digest, now: SystemTime) -> Option<Vec<u8>> {
    let (file, size) = open_cache_file(&path(folder, key))?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).ok()?;
    (&file).take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).ok()?;
    if bytes.len() > MOST_BYTES {
        return None;
    }
    let used = file.metadata().and_then(|metadata| metadata.modified()).ok();
    if used.is_none_or(|used| cleanup::time_between(used, now) > TOUCH_INTERVAL) {
        // Without this update, the file is only removed earlier.
        let _ = file.set_modified(now);
    }
    Some(bytes)
}

/// Opens a regular file of this user of at most [`MOST_BYTES`], and returns its size.
fn open_cache_file(path: &Path) -> Option<(File, usize)> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // Opening a FIFO in its place must not block.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(i32::try_from(flags.bits()).ok()?);
    }
    let file = options.open(path).ok()?;
    let metadata = file.metadata().ok()?;
    let size = usize::try_from(metadata.len()).ok().filter(|size| *size <= MOST_BYTES)?;
    (metadata.is_file() && belongs_to_user(&metadata)).then_some((file, size))
}

/// Writes `bytes` for `key` atomically, in a folder that [`create_folder`] has created or found.
///
/// # Errors
/// An I/O error; the temporary file is removed.
pub(super) fn write(folder: &CacheFolder, key: &Digest, bytes: &[u8]) -> io::Result<()> {
    write_tag(folder)?;
    let (mut file, temporary) = temporary_file(folder, key)?;
    let written = file.write_all(bytes).and_then(|()| {
        drop(file);
        fs::rename(&temporary, path(folder, key))
    });
    if written.is_err() {
        // The first error is the one that is reported.
        let _ = fs::remove_file(&temporary);
    }
    interrupt::forget_temporary();
    written
}

/// Creates the folder, readable only by this user.
///
/// # Errors
/// An I/O error.
pub(super) fn create_folder(folder: &CacheFolder) -> io::Result<()> {
    if let Some(home) = &folder.home {
        // A missing home folder must not be created.
        fs::metadata(home)?;
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder.path)
}

/// Writes the tag file for backup programs.
fn write_tag(folder: &CacheFolder) -> io::Result<()> {
    let tag = folder.path.join(TAG);
    if tag.symlink_metadata().is_err() {
        let text = format!(
            "{TAG_SIGNATURE}\n# Created by stanchion for cached results. `stanchion cache clear` removes it.\n"
        );
        let made = new_file(&tag).and_then(|mut file| file.write_all(text.as_bytes()));
        match made {
            // Another process created it first.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made?,
        }
    }
    Ok(())
}

/// Creates a temporary file, readable only by this user, which Ctrl-C removes until
/// [`interrupt::forget_temporary`].
fn temporary_file(folder: &CacheFolder, key: &Digest) -> io::Result<(File, PathBuf)> {
    let mut number = 0;
    loop {
        let name = cleanup::temporary_name(&file_stem(key), std::process::id(), number);
        let path = folder.path.join(name);
        match interrupt::create_temporary(&path, || new_file(&path)) {
            Ok(file) => return Ok((file, path)),
            // Left by a killed process: process ids repeat.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < MAX_TEMPORARY_NAMES => {
                number += 1;
            }
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
