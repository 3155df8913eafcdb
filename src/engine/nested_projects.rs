//! Parties below: folders with a `stanchion.toml` of their own answer for themselves.

use super::tree::{Entry, EntryKind, Listing};
use crate::model::RepoPath;

/// The file that makes a folder a party.
pub const MARK: &[u8] = b"stanchion.toml";

/// The parties that lie directly below the root: those inside another are that one's business.
#[must_use]
pub fn parties_below(entries: &[Entry]) -> Vec<RepoPath> {
    let is_mark = |entry: &&Entry| entry.kind == EntryKind::File && entry.path.name() == MARK;
    let folders = entries.iter().filter(is_mark).map(|entry| RepoPath::new(entry.path.parent()));
    let mut folders: Vec<RepoPath> = folders.filter(|folder| !folder.bytes().is_empty()).collect();
    folders.sort_by(|a, b| (a.bytes().len(), a).cmp(&(b.bytes().len(), b)));
    let mut kept: Vec<RepoPath> = Vec::new();
    for folder in folders {
        if !kept.iter().any(|above| folder.is_within(above)) {
            kept.push(folder);
        }
    }
    kept.sort();
    kept
}

/// Whether a file is what a party keeps for us (its copies of guidelines and standards, lock, waivers, baseline): the
/// examples in a guideline are no findings, and neither is what a waiver quotes.
fn is_kept_for_us(path: &RepoPath) -> bool {
    let Some(rest) = path.bytes().strip_prefix(b".stanchion/") else { return false };
    let within = |folder: &[u8], ends: &[&[u8]]| {
        rest.starts_with(folder) && ends.iter().any(|end| rest.ends_with(end))
    };
    matches!(rest, b"lock.toml" | b"waivers.toml" | b"baseline.toml")
        || within(b"guidelines/", &[b".md", b".md.published"])
        || within(b"standards/", &[b".toml", b".toml.published"])
}

/// Takes out of a listing what belongs to `parties`, and what this one keeps for us.
pub fn without(listing: &mut Listing, parties: &[RepoPath]) {
    let own = |path: &RepoPath| !is_kept_for_us(path) && !parties.iter().any(|party| path.is_within(party));
    listing.entries.retain(|entry| own(&entry.path));
    listing.problems.retain(|(path, _)| own(path));
}

/// Where a party could begin above one of `paths`, for those who list only what they ask about.
#[must_use]
pub fn marks_above(paths: &[RepoPath]) -> Vec<RepoPath> {
    let mut marks = Vec::new();
    for path in paths {
        let mut above = path.parent();
        while !above.is_empty() {
            marks.push(RepoPath::new([above, b"/", MARK].concat()));
            above = memchr::memrchr(b'/', above).map_or(&[][..], |at| &above[..at]);
        }
    }
    marks.sort();
    marks.dedup();
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parties_below_are_found() {
        let file = |path: &str| Entry { path: RepoPath::from(path), kind: EntryKind::File };
        let paths = [
            "a/b/stanchion.toml",
            "a/stanchion.toml",
            "b/x/stanchion.toml",
            "c/no-stanchion.toml",
            "stanchion.toml",
        ];
        let entries = paths.map(file);
        assert_eq!(parties_below(&entries), [RepoPath::from("a"), RepoPath::from("b/x")]);
        let mut listing = Listing { entries: entries.to_vec(), ..Listing::default() };
        without(&mut listing, &parties_below(&entries));
        assert_eq!(listing.entries, [file("c/no-stanchion.toml"), file("stanchion.toml")]);
        for (path, ours) in [
            (".stanchion/guidelines/a/b.md", true),
            (".stanchion/guidelines/a/b.md.published", true),
            (".stanchion/waivers.toml", true),
            (".stanchion/guidelines/a/b.py", false),
            (".stanchion/code.py", false),
            ("x/.stanchion/waivers.toml", false),
        ] {
            assert_eq!(is_kept_for_us(&RepoPath::from(path)), ours, "{path}");
        }
        let marks = marks_above(&[RepoPath::from("a/b/c.py"), RepoPath::from("a/d.py"), RepoPath::from("e")]);
        assert_eq!(marks, [RepoPath::from("a/b/stanchion.toml"), RepoPath::from("a/stanchion.toml")]);
    }
}
