//! Copies: chooses the version of each one, and writes it to `.stanchion` with a lock entry.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};

use super::super::guidelines::{Copies, LOCK, is_plain};
use super::super::project::Project;
use super::super::{Failure, files};
use super::offers::{Offered, Offers};
use crate::format::{self, Follow, Lock, LockEntry};
use crate::model::GuidelineId;

/// Constraints on the version of a guideline or standard.
#[derive(Clone, Debug)]
pub(super) struct WantedVersion {
    /// Followed versions; `None` allows the major version of the existing copy, or any version without a
    /// copy.
    pub(super) range: Option<VersionReq>,
    /// The only allowed source; `None` allows any.
    pub(super) source: Option<&'static str>,
    /// Standard that requires it; `None` for the project itself.
    pub(super) requested_by: Option<GuidelineId>,
}

/// Names in `follow`: guidelines and standards.
pub(super) fn followed_names(project: &Project) -> BTreeSet<GuidelineId> {
    let name = |what: &Follow| match what {
        Follow::Named { id, .. } => Some(id.clone()),
        Follow::Starter | Follow::Directory(_) => None,
    };
    project.config.follow.iter().filter_map(|entry| name(&entry.target)).collect()
}

/// The guidelines of the starter set that the project should have copies of: all of them, if it has any copy.
pub(super) fn starter_copies(offers: &Offers, copies: &Copies) -> Vec<GuidelineId> {
    if copies.has_starter(offers.starter_ids()) { offers.starter_ids().cloned().collect() } else { vec![] }
}

/// Chooses the best version that satisfies `wanted`. Also returns a later version outside its range, if there
/// is one.
pub(super) fn choose_version<'o>(
    offered: &'o [Offered],
    wanted: &WantedVersion,
    now: Option<&Version>,
) -> (Option<&'o Offered>, Option<&'o Offered>) {
    let fits = |it: &&Offered| {
        let source = wanted.source.is_none_or(|source| it.source == source);
        let range = match (&wanted.range, now) {
            (Some(range), _) => range.matches(&it.version),
            // Without a range, a new major version is only taken with `--major`.
            (None, Some(now)) => same_major(now, &it.version),
            (None, None) => true,
        };
        // A pre-release is only taken with an explicit range.
        let plain = it.version.pre.is_empty() || wanted.range.is_some();
        source && range && plain
    };
    let best = offered.iter().find(fits);
    let beyond = offered.iter().find(|it| {
        it.version.pre.is_empty()
            && wanted.source.is_none_or(|source| it.source == source)
            && best.or(None).is_none_or(|best| it.version > best.version)
            && now.is_none_or(|now| it.version > *now)
    });
    (best, beyond.filter(|beyond| best.is_none_or(|best| best.version != beyond.version)))
}

/// Whether the version of the existing copy satisfies `wanted`.
pub(super) fn fits(here: &Version, wanted: &WantedVersion) -> bool {
    wanted.range.as_ref().is_none_or(|range| range.matches(here))
}

/// The compatible range of a version, as written in `follow`: its major version, or `0.MINOR`.
pub(super) fn major_range(version: &Version) -> String {
    if version.major > 0 { version.major.to_string() } else { format!("0.{}", version.minor) }
}

/// Whether two versions are compatible: in 0.x, the minor version counts as the major version.
pub(super) fn same_major(a: &Version, b: &Version) -> bool {
    a.major == b.major && (a.major > 0 || a.minor == b.minor)
}

/// Path of the copy of a guideline or standard, relative to the project.
pub(super) fn copy_path(id: &GuidelineId, is_standard: bool) -> PathBuf {
    if is_standard { Copies::standard_path(id) } else { Copies::guideline_path(id) }
}

/// Reads the text of a copy; `None` without a copy.
///
/// # Errors
/// The copy cannot be read, or is a symbolic link.
pub(super) fn read_copy(root: &Path, path: &Path) -> Result<Option<String>, Failure> {
    let full = root.join(path);
    if full.symlink_metadata().is_err() {
        return Ok(None);
    }
    if !is_plain(root, path) {
        return Err(Failure::new(format!("{} is a symbolic link and was not changed", path.display())));
    }
    files::read(&full).map(Some).map_err(|error| Failure::io("read", path, &error))
}

/// Writes a copy, byte for byte.
///
/// # Errors
/// An I/O error, or a symbolic link.
pub(super) fn write_copy(root: &Path, path: &Path, text: &str) -> Result<(), Failure> {
    if !is_plain(root, path) {
        return Err(Failure::new(format!("{} is a symbolic link and was not changed", path.display())));
    }
    files::write_with_folders(&root.join(path), text.as_bytes())
        .map_err(|error| Failure::io("write", path, &error))
}

/// Writes the lock, if it changed.
///
/// # Errors
/// An I/O error, or a symbolic link.
pub(super) fn write_lock(root: &Path, before: &Lock, lock: &Lock) -> Result<(), Failure> {
    // Only written if its entries changed, or the existing file does not parse to them.
    let is_same = |text: String| format::parse_lock(LOCK, &text).is_ok_and(|is| is == *lock);
    if before == lock && files::read(&root.join(LOCK)).is_ok_and(is_same) {
        return Ok(());
    }
    write_copy(root, Path::new(LOCK), &lock.render())
}

/// The lock entry for a new copy.
pub(super) fn lock_entry(id: &GuidelineId, offered: &Offered) -> LockEntry {
    LockEntry {
        id: id.clone(),
        version: offered.version.clone(),
        sha256: offered.sha256.clone(),
        source: offered.source.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_respected_and_major_versions_need_a_range() {
        let all = ["3.0.0", "2.2.0-beta", "2.1.0", "2.0.0", "1.5.0", "1.0.0"].map(Offered::example);
        let version = |text: &str| text.parse::<Version>().expect("a version");
        let chosen = |range: Option<&str>, now: Option<&str>| {
            let wanted = WantedVersion {
                range: range.map(|it| it.parse().expect("a range")),
                source: None,
                requested_by: None,
            };
            let now = now.map(version);
            let (best, beyond) = choose_version(&all, &wanted, now.as_ref());
            let text = |it: Option<&Offered>| it.map(|it| it.version.to_string());
            (text(best), text(beyond))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(chosen(Some("^2"), None), (some("2.1.0"), some("3.0.0")));
        assert_eq!(chosen(Some("^2"), Some("2.0.0")), (some("2.1.0"), some("3.0.0")));
        assert_eq!(chosen(None, Some("1.0.0")), (some("1.5.0"), some("3.0.0")));
        assert_eq!(chosen(None, None), (some("3.0.0"), None));
        assert_eq!(chosen(Some("=2.2.0-beta"), None), (some("2.2.0-beta"), some("3.0.0")));
        assert_eq!(chosen(Some("^4"), None), (None, some("3.0.0")));
        assert!(
            !same_major(&version("0.1.0"), &version("0.2.0"))
                && same_major(&version("0.1.0"), &version("0.1.9"))
        );
    }
}
