//! Lists the cache folder and keeps it small. Only files with names that stanchion creates are removed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Extension of a cache file, after 64 hexadecimal digits.
pub(super) const ENDING: &str = ".cache";
/// Maximum total size of all cache files in bytes.
const MAX_BYTES: u64 = 256 << 20;
/// Maximum number of cache files.
const MAX_FILES: usize = 200;
/// Time after which an unused file is removed.
const UNUSED: Duration = Duration::from_hours(30 * 24);
/// Age at which a temporary file counts as left by a killed process.
const STALE: Duration = Duration::from_hours(1);

/// Kinds of files in the cache folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CacheFileKind {
    /// Results for one repository and one set of guidelines, or the index of a registry.
    Cache,
    /// A file that is being written, or was left by a killed process.
    Temporary,
}

/// A file in the cache folder.
#[derive(Debug)]
pub(super) struct CacheFolderFile {
    /// Path.
    pub(super) path: PathBuf,
    /// Kind.
    pub(super) kind: CacheFileKind,
    /// Size in bytes.
    pub(super) size: u64,
    /// Time of the last use: its modification time.
    pub(super) used: SystemTime,
}

/// Name of temporary file `number` of process `process` for the cache file `stem`.
pub(super) fn temporary_name(stem: &str, process: u32, number: usize) -> String {
    format!(".{stem}-{process}-{number}.tmp")
}

/// Kind of a file name; `None` for other files.
fn kind_of_name(name: &str) -> Option<CacheFileKind> {
    let is_stem =
        |text: &str| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(stem) = name.strip_suffix(ENDING) {
        return is_stem(stem).then_some(CacheFileKind::Cache);
    }
    let inner = name.strip_prefix('.')?.strip_suffix(".tmp")?;
    let mut parts = inner.split('-');
    let (stem, process, number) = (parts.next()?, parts.next()?, parts.next()?);
    let ours = is_stem(stem) && is_number(process) && is_number(number) && parts.next().is_none();
    ours.then_some(CacheFileKind::Temporary)
}

/// Lists the regular cache files in `folder`, sorted by name.
///
/// # Errors
/// The folder cannot be listed.
pub(super) fn list_files(folder: &Path) -> io::Result<Vec<CacheFolderFile>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Some(kind) = entry.file_name().to_str().and_then(kind_of_name) else { continue };
        // Does not follow symbolic links; skips files that were removed in the meantime.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_file() {
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            all.push(CacheFolderFile { path: entry.path(), kind, size: metadata.len(), used });
        }
    }
    all.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(all)
}

/// Absolute difference of two times: a time in the future counts as old as one equally far in the past.
pub(super) fn time_between(a: SystemTime, b: SystemTime) -> Duration {
    a.duration_since(b).unwrap_or_else(|error| error.duration())
}

/// Removes files that are too old or exceed the limits, but never the file at `current`, which was just
/// written.
pub(super) fn clean_up(folder: &Path, current: &Path, now: SystemTime) {
    for path in files_to_remove(list_files(folder).unwrap_or_default(), current, now) {
        // Another process may have removed it or has it open; the next run tries again.
        let _ = fs::remove_file(path);
    }
}

fn files_to_remove(mut all: Vec<CacheFolderFile>, current: &Path, now: SystemTime) -> Vec<PathBuf> {
    // Most recently used first, after the current file.
    all.sort_by_key(|file| (file.path != current, time_between(file.used, now)));
    let (mut files, mut bytes) = (0usize, 0u64);
    let mut removed = Vec::new();
    for file in all {
        let age = time_between(file.used, now);
        let stays = match file.kind {
            CacheFileKind::Temporary => age <= STALE,
            CacheFileKind::Cache => {
                let fits = files < MAX_FILES && bytes.saturating_add(file.size) <= MAX_BYTES && age <= UNUSED;
                let stays = fits || file.path == current;
                if stays {
                    files += 1;
                    bytes = bytes.saturating_add(file.size);
                }
                stays
            }
        };
        if !stays {
            removed.push(file.path);
        }
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem(number: usize) -> String {
        format!("{number:064x}")
    }

    #[test]
    fn only_names_of_cache_files_are_recognized() {
        let hex = stem(10);
        for (name, expected) in [
            (format!("{hex}.cache"), Some(CacheFileKind::Cache)),
            (temporary_name(&hex, 12, 3), Some(CacheFileKind::Temporary)),
            (format!("{hex}.cache~"), None),
            (format!("{}.cache", hex.to_uppercase()), None),
            (format!("{}.cache", &hex[1..]), None),
            (format!("x{}.cache", &hex[1..]), None),
            (format!(".{hex}-12.tmp"), None),
            (format!(".{hex}-12-3-4.tmp"), None),
            (format!(".{hex}-12-x.tmp"), None),
            (format!("{hex}-12-3.tmp"), None),
            ("CACHEDIR.TAG".to_owned(), None),
            (".cache".to_owned(), None),
        ] {
            assert_eq!(kind_of_name(&name), expected, "{name}");
        }
    }

    const NOW: Duration = Duration::from_hours(500_000);

    fn cache_file(number: usize, kind: CacheFileKind, size: u64, minutes_ago: i64) -> CacheFolderFile {
        let now = SystemTime::UNIX_EPOCH + NOW;
        let minutes = Duration::from_mins(minutes_ago.unsigned_abs());
        let used = if minutes_ago < 0 { now + minutes } else { now - minutes };
        CacheFolderFile { path: PathBuf::from(number.to_string()), kind, size, used }
    }

    fn removed(all: Vec<CacheFolderFile>) -> Vec<String> {
        let removed = files_to_remove(all, Path::new("0"), SystemTime::UNIX_EPOCH + NOW);
        let mut removed: Vec<String> = removed.iter().map(|path| path.display().to_string()).collect();
        removed.sort();
        removed
    }

    #[test]
    fn old_and_excess_files_are_removed() {
        let day = 24 * 60;
        let cache = |number, size, ago| cache_file(number, CacheFileKind::Cache, size, ago);
        let temporary = |number, ago| cache_file(number, CacheFileKind::Temporary, 1, ago);
        assert_eq!(
            removed(vec![cache(1, 1, 30 * day), cache(2, 1, 31 * day), cache(3, 1, -31 * day)]),
            ["2", "3"]
        );
        assert_eq!(removed(vec![temporary(1, 59), temporary(2, 61), temporary(3, -61)]), ["2", "3"]);
        // The least recently used file is removed, but never the current one.
        let half = MAX_BYTES / 2;
        assert_eq!(removed(vec![cache(0, half, 9 * day), cache(1, half, 5), cache(2, half, 1)]), ["1"]);
        assert_eq!(removed(vec![cache(0, 2 * MAX_BYTES, 99 * day), cache(1, 0, 1)]), ["1"]);
        let many = (0..=201).map(|number| cache(number, 1, i64::try_from(number).expect("small"))).collect();
        assert_eq!(removed(many), ["200", "201"]);
    }
}
