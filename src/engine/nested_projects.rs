//! Nested projects: folders with their own `stanchion.toml`, which are assessed separately.

use super::tree::{EntryKind, Listing, PathEntry};
use crate::model::RepoPath;

/// Name of the file that makes a folder a project.
pub const PROJECT_FILE: &[u8] = b"stanchion.toml";

/// Returns the outermost nested projects. Projects inside another one belong to that project.
#[must_use]
pub fn find_nested_projects(entries: &[PathEntry]) -> Vec<RepoPath> {
    let is_project_file =
        |entry: &&PathEntry| entry.kind == EntryKind::File && entry.path.name() == PROJECT_FILE;
    let folders = entries.iter().filter(is_project_file).map(|entry| RepoPath::new(entry.path.parent()));
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

/// Whether a file is maintained by stanchion: copies of guidelines and standards, lock, waivers and baseline.
/// These are not assessed: examples in a guideline are not findings, and neither is code quoted in a waiver.
fn is_policy_copy(path: &RepoPath) -> bool {
    let Some(rest) = path.bytes().strip_prefix(b".stanchion/") else { return false };
    let within = |folder: &[u8], ends: &[&[u8]]| {
        rest.starts_with(folder) && ends.iter().any(|end| rest.ends_with(end))
    };
    matches!(rest, b"lock.toml" | b"waivers.toml" | b"baseline.toml")
        || within(b"guidelines/", &[b".md", b".md.published"])
        || within(b"standards/", &[b".toml", b".toml.published"])
}

/// Removes the entries of `nested` projects and this project's policy copies from a listing.
pub fn remove_nested_projects(listing: &mut Listing, nested: &[RepoPath]) {
    let own =
        |path: &RepoPath| !is_policy_copy(path) && !nested.iter().any(|project| path.is_within(project));
    listing.entries.retain(|entry| own(&entry.path));
    listing.problems.retain(|(path, _)| own(path));
}

/// Returns the possible project files in the folders above `paths`, for callers that list only some paths.
#[must_use]
pub fn project_files_above(paths: &[RepoPath]) -> Vec<RepoPath> {
    let mut files = Vec::new();
    for path in paths {
        let mut above = path.parent();
        while !above.is_empty() {
            files.push(RepoPath::new([above, b"/", PROJECT_FILE].concat()));
            above = memchr::memrchr(b'/', above).map_or(&[][..], |at| &above[..at]);
        }
    }
    files.sort();
    files.dedup();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_nested_projects_are_found() {
        let file = |path: &str| PathEntry { path: RepoPath::from(path), kind: EntryKind::File };
        let paths = [
            "a/b/stanchion.toml",
            "a/stanchion.toml",
            "b/x/stanchion.toml",
            "c/no-stanchion.toml",
            "stanchion.toml",
        ];
        let entries = paths.map(file);
        assert_eq!(find_nested_projects(&entries), [RepoPath::from("a"), RepoPath::from("b/x")]);
        let mut listing = Listing { entries: entries.to_vec(), ..Listing::default() };
        remove_nested_projects(&mut listing, &find_nested_projects(&entries));
        assert_eq!(listing.entries, [file("c/no-stanchion.toml"), file("stanchion.toml")]);
        for (path, ours) in [
            (".stanchion/guidelines/a/b.md", true),
            (".stanchion/guidelines/a/b.md.published", true),
            (".stanchion/waivers.toml", true),
            (".stanchion/guidelines/a/b.py", false),
            (".stanchion/code.py", false),
            ("x/.stanchion/waivers.toml", false),
        ] {
            assert_eq!(is_policy_copy(&RepoPath::from(path)), ours, "{path}");
        }
        let files =
            project_files_above(&[RepoPath::from("a/b/c.py"), RepoPath::from("a/d.py"), RepoPath::from("e")]);
        assert_eq!(files, [RepoPath::from("a/b/stanchion.toml"), RepoPath::from("a/stanchion.toml")]);
    }
}
