//! User-written files: finds them, reads them within limits, and writes them atomically.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::interrupt;

/// Maximum size of a guideline or configuration file in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// Maximum depth of folders below a folder of guidelines.
const MAX_FOLDER_DEPTH: usize = 16;
/// Maximum number of symbolic links followed to a file that is written.
const MAX_LINKS: usize = 40;
/// Maximum number of names tried for a temporary file.
const MAX_TEMPORARY_NAMES: usize = 100;

/// Reads the text of a regular file of at most 1 MiB.
///
/// # Errors
/// Messages without the path: not found, not a regular file, too large, not UTF-8.
pub(super) fn read(path: &Path) -> io::Result<String> {
    read_at_most(path, MAX_FILE_BYTES)
}

/// Reads the text of a regular file of at most `limit` bytes.
///
/// # Errors
/// Those of [`read`].
pub(super) fn read_at_most(path: &Path, limit: u64) -> io::Result<String> {
    // Checked before the file is opened: opening a FIFO would block until a writer appears.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    #[expect(clippy::disallowed_methods, reason = "files of the user, whose type was checked")]
    let file = fs::File::open(path)?;
    // Without the capacity, the file would be read in growing steps: six system calls instead of two.
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(limit)).unwrap_or(0) + 1);
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("larger than {} MiB", limit >> 20)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        io::Error::other(format!("not UTF-8 at byte {at}"))
    })
}

/// Reads a regular file, at most `limit` + 1 bytes: enough to detect a larger file.
///
/// # Errors
/// An I/O error.
pub(super) fn read_bytes(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "a file that is about to be changed, whose type was checked"
    )]
    let file = fs::File::open(path)?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Syncs the folder of `path`, so that a rename in it survives a power failure. Only on Unix.
///
/// # Errors
/// An I/O error.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        #[expect(clippy::disallowed_methods, reason = "a folder, which is only synced")]
        return fs::File::open(folder)?.sync_all();
    }
    let _ = path;
    Ok(())
}

/// Whether the file has several hard links. Always `false` on systems other than Unix.
pub(super) fn is_shared(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        path.symlink_metadata().is_ok_and(|metadata| metadata.nlink() > 1)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Lists every `.md` file below `folder` except `README.md` (in any case), sorted. Symbolic links are not
/// followed.
///
/// # Errors
/// The path of the folder that cannot be listed, and the I/O error.
pub(super) fn markdown_below(folder: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    files_below(folder, &["md"])
}

/// Lists every file below `folder` with one of these extensions except `README.md`, sorted. Symbolic links
/// are not followed.
///
/// # Errors
/// Those of [`markdown_below`].
pub(super) fn files_below(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_path_buf(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| (folder.clone(), error))?;
        for entry in entries {
            let entry = entry.map_err(|error| (folder.clone(), error))?;
            let kind = entry.file_type().map_err(|error| (entry.path(), error))?;
            let path = entry.path();
            if kind.is_dir() && depth < MAX_FOLDER_DEPTH && entry.file_name() != ".git" {
                open.push((path, depth + 1));
            } else if kind.is_file() && is_wanted(&path, extensions) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_wanted(path: &Path, extensions: &[&str]) -> bool {
    let own = path.extension().and_then(std::ffi::OsStr::to_str);
    let wanted =
        own.is_some_and(|own| extensions.iter().any(|extension| own.eq_ignore_ascii_case(extension)));
    let readme = path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("README.md"));
    wanted && !readme
}

/// Writes a file atomically, so that readers see the old content or the complete new content: creates a
/// temporary file in the same folder and renames it. The target of a symbolic link is written; an existing
/// file keeps its mode. A file that is not regular (a FIFO, a device) is written directly.
///
/// # Errors
/// An I/O error; the temporary file is removed.
pub(super) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    let old = match fs::metadata(path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    // Links below /dev and /proc point to open streams, which cannot be replaced by a rename.
    let stream = path.starts_with("/dev") || path.starts_with("/proc");
    if stream || old.as_ref().is_some_and(|old| !old.is_file()) {
        let mut out = io::BufWriter::new(fs::OpenOptions::new().write(true).truncate(true).open(path)?);
        return write(&mut out).and_then(|()| out.flush());
    }
    let path = resolve_target(path)?;
    let (file, temporary) = temporary_beside(&path)?;
    let finish = |file: fs::File| {
        if let Some(old) = old {
            file.set_permissions(old.permissions())?;
        }
        let mut out = io::BufWriter::new(file);
        write(&mut out).and_then(|()| out.flush())?;
        fs::rename(&temporary, &path)
    };
    let written = finish(file);
    if written.is_err() {
        // The first error is the one that is reported.
        let _ = fs::remove_file(&temporary);
    }
    interrupt::forget_temporary();
    written
}

/// Creates the parent folders and writes a file atomically.
///
/// # Errors
/// An I/O error; the temporary file is removed.
pub(super) fn write_with_folders(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    write_whole(path, |out| out.write_all(content))
}

/// Resolves a chain of symbolic links; the final target may be missing.
fn resolve_target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        if !path.is_symlink() {
            return Ok(path);
        }
        let link = fs::read_link(&path)?;
        path = path.parent().unwrap_or(Path::new("")).join(link);
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Creates a temporary file in the same folder, which Ctrl-C removes until [`interrupt::forget_temporary`].
/// Several names are tried: a killed run may have left one, and process ids repeat in containers.
pub(super) fn temporary_beside(path: &Path) -> io::Result<(fs::File, PathBuf)> {
    if path.file_name().is_none() {
        return Err(io::Error::other("not a file name"));
    }
    let mut number = 0;
    loop {
        let name = format!(".stanchion-{}-{number}.tmp", std::process::id());
        let temporary = path.with_file_name(name);
        let opened = interrupt::create_temporary(&temporary, || {
            fs::OpenOptions::new().write(true).create_new(true).open(&temporary)
        });
        match opened {
            Ok(file) => return Ok((file, temporary)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < MAX_TEMPORARY_NAMES => {
                number += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Creates a new file with its parent folders. Never overwrites a file; removes the file if writing fails.
///
/// # Errors
/// `AlreadyExists`, or another I/O error.
pub(super) fn create(path: &Path, text: &str) -> io::Result<()> {
    create_with(path, |file| file.write_all(text.as_bytes()))
}

fn create_with(path: &Path, write: impl FnOnce(&mut fs::File) -> io::Result<()>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        // A parent that is a file gets its own message: the system's message could be about the new file.
        if let Some(file) = folder.ancestors().find(|at| at.metadata().is_ok_and(|at| !at.is_dir())) {
            let message = format!("{} is not a folder", file.display());
            return Err(io::Error::new(io::ErrorKind::NotADirectory, message));
        }
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = write(&mut file);
    if written.is_err() {
        // The first error is the one that is reported.
        let _ = fs::remove_file(path);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guideline_files_are_found_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in ["b/two.md", "a/one.md", "a/README.md", "a/readme.md", "a/x.txt", ".git/x.md"] {
            create(&folder.path().join(path), "").expect("written");
        }
        let found = markdown_below(folder.path()).expect("listed");
        let names: Vec<_> =
            found.iter().map(|path| path.strip_prefix(folder.path()).expect("below")).collect();
        assert_eq!(names, [Path::new("a/one.md"), Path::new("b/two.md")]);
    }

    #[test]
    fn a_file_is_written_completely_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.json");
        write_whole(&path, |out| out.write_all(b"old")).expect("written");
        let failed = write_whole(&path, |out| {
            out.write_all(b"ne")?;
            Err(io::Error::other("full"))
        });
        assert!(failed.is_err());
        assert_eq!(read(&path).expect("still there"), "old");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1, "something was left behind");
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x/y.md");
        create(&path, "mine").expect("written");
        assert_eq!(create(&path, "yours").expect_err("refused").kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_partially_written_file_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new.md");
        let failed = create_with(&path, |file| {
            file.write_all(b"ha")?;
            Err(io::Error::other("full"))
        });
        assert_eq!(failed.expect_err("full").to_string(), "full");
        assert!(!path.exists(), "half a file is left");
    }

    #[test]
    fn a_parent_that_is_a_file_is_reported() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("guidelines");
        create(&file, "").expect("written");
        for path in ["guidelines/x.md", "guidelines/a/x.md"] {
            let error = create(&folder.path().join(path), "").expect_err("in the way");
            assert_eq!(error.to_string(), format!("{} is not a folder", file.display()));
            assert_ne!(error.kind(), io::ErrorKind::AlreadyExists);
        }
    }

    #[test]
    fn a_leftover_temporary_file_is_skipped() {
        let folder = tempfile::tempdir().expect("a folder");
        let left = format!(".stanchion-{}-0.tmp", std::process::id());
        create(&folder.path().join(&left), "left").expect("written");
        let path = folder.path().join("report.json");
        write_whole(&path, |out| out.write_all(b"new")).expect("written");
        assert_eq!(read(&path).expect("there"), "new");
    }

    #[test]
    fn only_regular_utf8_files_within_the_limit_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(read(folder.path()).expect_err("refused").to_string(), "not a regular file");
        let path = folder.path().join("latin1");
        fs::write(&path, b"caf\xe9").expect("written");
        assert_eq!(read(&path).expect_err("refused").to_string(), "not UTF-8 at byte 3");
        fs::write(&path, vec![b'x'; 1024 * 1024 + 1]).expect("written");
        assert_eq!(read(&path).expect_err("refused").to_string(), "larger than 1 MiB");
    }
}
