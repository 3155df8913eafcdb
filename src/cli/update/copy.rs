//! Copies: which are wanted, which version is best, and writing them into `.stanchion` with a lock that says what they
//! were.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};

use super::super::guidelines::{Copies, LOCK, is_plain};
use super::super::party::Party;
use super::super::{Failure, files};
use super::offers::{Offered, Offers};
use crate::format::{self, Follow, Lock, Locked};
use crate::model::GuidelineId;

/// What is wanted of one guideline or standard.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// The versions that are followed; `None` is any of the major that is there, or any at all where there is none.
    pub(super) range: Option<VersionReq>,
    /// The only source from which it may come; `None` is any.
    pub(super) source: Option<&'static str>,
    /// The standard that asks for it; `None` is the party itself.
    pub(super) asker: Option<GuidelineId>,
}

/// What a party follows by name.
pub(super) fn named(party: &Party) -> BTreeSet<GuidelineId> {
    let name = |what: &Follow| match what {
        Follow::Named { id, .. } => Some(id.clone()),
        Follow::Starter | Follow::Directory(_) => None,
    };
    party.config.follow.iter().filter_map(|entry| name(&entry.what)).collect()
}

/// The guidelines of the starter set of which a party has copies, or should have: all of them, where it has one.
pub(super) fn starter(offers: &Offers, copies: &Copies) -> Vec<GuidelineId> {
    if copies.has_starter(offers.starter_ids()) { offers.starter_ids().cloned().collect() } else { vec![] }
}

/// The best version for what is wanted, and a later one that is out of its range.
pub(super) fn choose<'o>(
    offered: &'o [Offered],
    wanted: &Wanted,
    now: Option<&Version>,
) -> (Option<&'o Offered>, Option<&'o Offered>) {
    let fits = |it: &&Offered| {
        let source = wanted.source.is_none_or(|source| it.source == source);
        let range = match (&wanted.range, now) {
            (Some(range), _) => range.matches(&it.version),
            // Without a range, a new major needs saying.
            (None, Some(now)) => same_major(now, &it.version),
            (None, None) => true,
        };
        // A version that is tried out is taken only by name.
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

/// Whether a version that is here may stay.
pub(super) fn fits(here: &Version, wanted: &Wanted) -> bool {
    wanted.range.as_ref().is_none_or(|range| range.matches(here))
}

/// A version as `follow` names all those that ask for no more.
pub(super) fn major(version: &Version) -> String {
    if version.major > 0 { version.major.to_string() } else { format!("0.{}", version.minor) }
}

/// Whether two versions promise the same to those who keep them: in 0.x the second number is the major.
pub(super) fn same_major(a: &Version, b: &Version) -> bool {
    a.major == b.major && (a.major > 0 || a.minor == b.minor)
}

/// Where the copy of a guideline (or of a standard) lies, relative to the party.
pub(super) fn path_of(id: &GuidelineId, is_standard: bool) -> PathBuf {
    if is_standard { Copies::standard_path(id) } else { Copies::guideline_path(id) }
}

/// The text of a copy; `None` where there is none.
///
/// # Errors
/// When it cannot be read, or is a link.
pub(super) fn read(root: &Path, path: &Path) -> Result<Option<String>, Failure> {
    let full = root.join(path);
    if full.symlink_metadata().is_err() {
        return Ok(None);
    }
    if !is_plain(root, path) {
        return Err(Failure::new(format!("{} is a link, and is left as it is", path.display())));
    }
    files::read(&full).map(Some).map_err(|error| Failure::io("read", path, &error))
}

/// Writes a copy, byte for byte.
///
/// # Errors
/// What the system says.
pub(super) fn write(root: &Path, path: &Path, text: &str) -> Result<(), Failure> {
    if !is_plain(root, path) {
        return Err(Failure::new(format!("{} is a link, and is left as it is", path.display())));
    }
    files::write_own(&root.join(path), text.as_bytes()).map_err(|error| Failure::io("write", path, &error))
}

/// Writes the lock, if it changed.
///
/// # Errors
/// What the system says.
pub(super) fn write_lock(root: &Path, before: &Lock, lock: &Lock) -> Result<(), Failure> {
    // Written anew only where it says something else, or not as it should.
    let is_same = |text: String| format::parse_lock(LOCK, &text).is_ok_and(|is| is == *lock);
    if before == lock && files::read(&root.join(LOCK)).is_ok_and(is_same) {
        return Ok(());
    }
    write(root, Path::new(LOCK), &lock.render())
}

/// What the lock says of a copy that was just made.
pub(super) fn locked(id: &GuidelineId, offered: &Offered) -> Locked {
    Locked {
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
    fn ranges_are_respected_and_majors_need_saying() {
        let all = ["3.0.0", "2.2.0-beta", "2.1.0", "2.0.0", "1.5.0", "1.0.0"].map(Offered::example);
        let version = |text: &str| text.parse::<Version>().expect("a version");
        let chosen = |range: Option<&str>, now: Option<&str>| {
            let wanted =
                Wanted { range: range.map(|it| it.parse().expect("a range")), source: None, asker: None };
            let now = now.map(version);
            let (best, beyond) = choose(&all, &wanted, now.as_ref());
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
