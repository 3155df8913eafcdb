//! Files that people wrote for stanchion: found, read within limits, written without half measures.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Largest guideline or configuration file that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;
/// Deepest folder below a folder of guidelines.
const DEEPEST: usize = 16;

/// The text of a regular file of at most 1 MiB.
///
/// # Errors
/// In words, without the path: not there, not a regular file, too big, not UTF-8.
pub(super) fn read(path: &Path) -> io::Result<String> {
    // Looked at before it is opened: opening a FIFO would wait for a writer.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    #[expect(clippy::disallowed_methods, reason = "people's own files, after a look at what they are")]
    let file = fs::File::open(path)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other("larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        io::Error::other(format!("not UTF-8 at byte {at}"))
    })
}

/// Every `.md` file below `folder` but `README.md` (in any case), sorted. Links are not followed.
///
/// # Errors
/// When `folder` or a folder below it cannot be listed; the path says which.
pub(super) fn markdown_below(folder: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_path_buf(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| (folder.clone(), error))?;
        for entry in entries {
            let entry = entry.map_err(|error| (folder.clone(), error))?;
            let kind = entry.file_type().map_err(|error| (entry.path(), error))?;
            let path = entry.path();
            if kind.is_dir() && depth < DEEPEST && entry.file_name() != ".git" {
                open.push((path, depth + 1));
            } else if kind.is_file() && is_guideline_name(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_guideline_name(path: &Path) -> bool {
    let markdown = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("md"));
    let readme = path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("README.md"));
    markdown && !readme
}

/// Writes a file so that a reader sees the old one or the whole new one: a new file in the same folder,
/// then a rename.
///
/// # Errors
/// What the system says; nothing is left behind.
pub(super) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::other("not the name of a file"))?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(temporary);
    let file = fs::OpenOptions::new().write(true).create_new(true).open(&temporary)?;
    let mut out = io::BufWriter::new(file);
    let written = write(&mut out).and_then(|()| out.flush()).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first failure is the one to tell.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Writes a new file, with the folders above it. Never overwrites.
///
/// # Errors
/// `AlreadyExists` when something is there; else what the system says.
pub(super) fn create(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
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
    fn a_report_is_whole_or_not_there() {
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
    fn only_modest_text_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(read(folder.path()).expect_err("refused").to_string(), "not a regular file");
        let path = folder.path().join("latin1");
        fs::write(&path, b"caf\xe9").expect("written");
        assert_eq!(read(&path).expect_err("refused").to_string(), "not UTF-8 at byte 3");
        fs::write(&path, vec![b'x'; 1024 * 1024 + 1]).expect("written");
        assert_eq!(read(&path).expect_err("refused").to_string(), "larger than 1 MiB");
    }
}
