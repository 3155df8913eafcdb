//! What lies in the cache's folder, and keeping it small. Only names that we give are ever removed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How the name of a cache file ends; before it stand 64 hexadecimal digits.
pub(super) const ENDING: &str = ".cache";
/// Most bytes of all cache files.
const MOST_BYTES: u64 = 256 << 20;
/// Most cache files.
const MOST_FILES: usize = 200;
/// A file that was not used for so long goes.
const UNUSED: Duration = Duration::from_hours(30 * 24);
/// A temporary file this old was left by a run that was killed.
const STALE: Duration = Duration::from_hours(1);

/// What a name in the folder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What is remembered about one repository and one set of guidelines.
    Cache,
    /// A file that is being written, or was when a run was killed.
    Temporary,
}

/// A file of ours.
#[derive(Debug)]
pub(super) struct Kept {
    /// Where.
    pub(super) path: PathBuf,
    /// What.
    pub(super) kind: Kind,
    /// Bytes.
    pub(super) size: u64,
    /// When it was last written or marked as used.
    pub(super) used: SystemTime,
}

/// The name of temporary file `number` of process `process` for the cache file `stem`.
pub(super) fn temporary_name(stem: &str, process: u32, number: usize) -> String {
    format!(".{stem}-{process}-{number}.tmp")
}

/// What a name stands for; `None` when it is not one of ours.
fn kind(name: &str) -> Option<Kind> {
    let is_stem =
        |text: &str| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(stem) = name.strip_suffix(ENDING) {
        return is_stem(stem).then_some(Kind::Cache);
    }
    let inner = name.strip_prefix('.')?.strip_suffix(".tmp")?;
    let mut parts = inner.split('-');
    let (stem, process, number) = (parts.next()?, parts.next()?, parts.next()?);
    let ours = is_stem(stem) && is_number(process) && is_number(number) && parts.next().is_none();
    ours.then_some(Kind::Temporary)
}

/// The regular files in `folder` that have names of ours, sorted by name.
///
/// # Errors
/// When the folder cannot be listed.
pub(super) fn list(folder: &Path) -> io::Result<Vec<Kept>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Some(kind) = entry.file_name().to_str().and_then(kind) else { continue };
        // Does not follow links; what vanished meanwhile is not there.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_file() {
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            all.push(Kept { path: entry.path(), kind, size: metadata.len(), used });
        }
    }
    all.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(all)
}

/// How far apart two times are: a time in the future is no newer than one as long ago.
pub(super) fn apart(a: SystemTime, b: SystemTime) -> Duration {
    a.duration_since(b).unwrap_or_else(|error| error.duration())
}

/// Removes what is too old or too much, never the file at `current`, which was just written.
pub(super) fn tidy(folder: &Path, current: &Path, now: SystemTime) {
    for path in superfluous(list(folder).unwrap_or_default(), current, now) {
        // Another run may have removed it, or holds it open: it will be tried again.
        let _ = fs::remove_file(path);
    }
}

fn superfluous(mut all: Vec<Kept>, current: &Path, now: SystemTime) -> Vec<PathBuf> {
    // What was used last comes first, and the current file before all.
    all.sort_by_key(|kept| (kept.path != current, apart(kept.used, now)));
    let (mut files, mut bytes) = (0usize, 0u64);
    let mut gone = Vec::new();
    for kept in all {
        let age = apart(kept.used, now);
        let stays = match kept.kind {
            Kind::Temporary => age <= STALE,
            Kind::Cache => {
                let fits =
                    files < MOST_FILES && bytes.saturating_add(kept.size) <= MOST_BYTES && age <= UNUSED;
                let stays = fits || kept.path == current;
                if stays {
                    files += 1;
                    bytes = bytes.saturating_add(kept.size);
                }
                stays
            }
        };
        if !stays {
            gone.push(kept.path);
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem(number: usize) -> String {
        format!("{number:064x}")
    }

    #[test]
    fn only_our_names_are_ours() {
        let hex = stem(10);
        for (name, expected) in [
            (format!("{hex}.cache"), Some(Kind::Cache)),
            (temporary_name(&hex, 12, 3), Some(Kind::Temporary)),
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
            assert_eq!(kind(&name), expected, "{name}");
        }
    }

    const NOW: Duration = Duration::from_hours(500_000);

    fn kept(number: usize, kind: Kind, size: u64, minutes_ago: i64) -> Kept {
        let now = SystemTime::UNIX_EPOCH + NOW;
        let minutes = Duration::from_mins(minutes_ago.unsigned_abs());
        let used = if minutes_ago < 0 { now + minutes } else { now - minutes };
        Kept { path: PathBuf::from(number.to_string()), kind, size, used }
    }

    fn gone(all: Vec<Kept>) -> Vec<String> {
        let gone = superfluous(all, Path::new("0"), SystemTime::UNIX_EPOCH + NOW);
        let mut gone: Vec<String> = gone.iter().map(|path| path.display().to_string()).collect();
        gone.sort();
        gone
    }

    #[test]
    fn what_is_old_or_too_much_goes() {
        let day = 24 * 60;
        let cache = |number, size, ago| kept(number, Kind::Cache, size, ago);
        let temporary = |number, ago| kept(number, Kind::Temporary, 1, ago);
        assert_eq!(
            gone(vec![cache(1, 1, 30 * day), cache(2, 1, 31 * day), cache(3, 1, -31 * day)]),
            ["2", "3"]
        );
        assert_eq!(gone(vec![temporary(1, 59), temporary(2, 61), temporary(3, -61)]), ["2", "3"]);
        // The one used longest ago goes, and never the current one.
        let half = MOST_BYTES / 2;
        assert_eq!(gone(vec![cache(0, half, 9 * day), cache(1, half, 5), cache(2, half, 1)]), ["1"]);
        assert_eq!(gone(vec![cache(0, 2 * MOST_BYTES, 99 * day), cache(1, 0, 1)]), ["1"]);
        let many = (0..=201).map(|number| cache(number, 1, i64::try_from(number).expect("small"))).collect();
        assert_eq!(gone(many), ["200", "201"]);
    }
}
