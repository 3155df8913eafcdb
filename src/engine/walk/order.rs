//! Merges directories that were listed separately, each in order of name, into one list in order of path.
//!
//! This module must not depend on the file system.

use std::iter::Peekable;

use crate::engine::tree::{EntryKind, PathEntry};
use crate::model::RepoPath;

/// The entries of a directory, by name.
#[derive(Default)]
pub(super) struct ListedDirectory {
    pub(super) entries: Vec<PathEntry>,
    /// Numbers of its subdirectories, in the same order.
    pub(super) below: Vec<usize>,
}

/// A directory whose entries are being merged.
struct OpenDirectory {
    entries: Peekable<std::vec::IntoIter<PathEntry>>,
    below: std::vec::IntoIter<usize>,
    /// Subdirectories that are not merged yet: their index among all entries, and their own entries.
    waiting: Vec<(usize, ListedDirectory)>,
}

impl OpenDirectory {
    fn new(listed: ListedDirectory) -> Self {
        let (entries, below) = (listed.entries.into_iter().peekable(), listed.below.into_iter());
        Self { entries, below, waiting: Vec::new() }
    }
}

/// Returns all entries in order of path, from directories that are each in order. The entries of `a` come
/// after `a-b`, because `/` sorts after `-`. So a directory waits until no sibling sorts before its entries.
pub(super) fn merge_in_order(mut listed: Vec<Option<ListedDirectory>>) -> Vec<PathEntry> {
    let mut all: Vec<PathEntry> =
        Vec::with_capacity(listed.iter().flatten().map(|directory| directory.entries.len()).sum());
    let root = listed.first_mut().and_then(Option::take).unwrap_or_default();
    let mut open = vec![OpenDirectory::new(root)];
    while let Some(here) = open.last_mut() {
        let next = here.entries.peek();
        let is_due = |at: usize| next.is_none_or(|next| sorts_before(&all[at].path, &next.path));
        if let Some((_, below)) = here.waiting.pop_if(|(at, _)| is_due(*at)) {
            open.push(OpenDirectory::new(below));
            continue;
        }
        let Some(entry) = here.entries.next() else {
            open.pop();
            continue;
        };
        if entry.kind == EntryKind::Directory {
            let number = here.below.next();
            // A nested repository is left out, including the directory itself.
            let Some(below) = number.and_then(|number| listed.get_mut(number)?.take()) else { continue };
            here.waiting.push((all.len(), below));
        }
        all.push(entry);
    }
    all
}

/// Whether all entries of `directory` sort before `other`, a later sibling.
fn sorts_before(directory: &RepoPath, other: &RepoPath) -> bool {
    let (directory, other) = (directory.bytes(), other.bytes());
    match other.strip_prefix(directory) {
        Some(rest) => rest.first().is_some_and(|&byte| byte > b'/'),
        None => directory < other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Merges `paths`, listed as a traversal would. Directories end with `/`.
    fn walked(paths: &std::collections::BTreeSet<Vec<u8>>) -> Vec<PathEntry> {
        let kinds: std::collections::BTreeMap<&[u8], EntryKind> = paths
            .iter()
            .map(|path| match path.strip_suffix(b"/") {
                Some(directory) => (directory, EntryKind::Directory),
                None => (&path[..], EntryKind::File),
            })
            .collect();
        let mut numbers: std::collections::BTreeMap<&[u8], usize> = [(&b""[..], 0)].into();
        for (path, _) in kinds.iter().filter(|(_, kind)| **kind == EntryKind::Directory) {
            numbers.insert(path, numbers.len());
        }
        let mut listed: Vec<Option<ListedDirectory>> =
            numbers.iter().map(|_| Some(ListedDirectory::default())).collect();
        for (path, &kind) in &kinds {
            let path = RepoPath::new(path.to_vec());
            let parent = listed[numbers[path.parent()]].as_mut().expect("listed");
            parent.below.extend(numbers.get(path.bytes()).filter(|_| kind == EntryKind::Directory));
            parent.entries.push(PathEntry { path, kind });
        }
        merge_in_order(listed)
    }

    #[test]
    fn a_nested_repository_is_left_out() {
        let entry = |path: &str, kind| PathEntry { path: RepoPath::from(path), kind };
        let entries = vec![entry("a", EntryKind::Directory), entry("b", EntryKind::File)];
        let listed = vec![Some(ListedDirectory { entries, below: vec![1] }), None];
        assert_eq!(merge_in_order(listed), [entry("b", EntryKind::File)]);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn the_merged_list_is_sorted(paths in proptest::collection::vec("[a.0-]{1,2}(/[a.0-]{1,2}){0,3}", 0..40)) {
            let mut all: std::collections::BTreeSet<Vec<u8>> = std::collections::BTreeSet::new();
            let is_below = |path: &str| paths.iter().any(|other| other.starts_with(&format!("{path}/")));
            for path in &paths {
                for (at, _) in path.match_indices('/') {
                    all.insert([&path.as_bytes()[..at], b"/"].concat());
                }
                if !is_below(path) {
                    all.insert(path.as_bytes().to_vec());
                }
            }
            let found: Vec<Vec<u8>> = walked(&all).iter().map(|entry| entry.path.bytes().to_vec()).collect();
            let mut expected: Vec<Vec<u8>> =
                all.iter().map(|path| path.strip_suffix(b"/").unwrap_or(path).to_vec()).collect();
            expected.sort();
            proptest::prop_assert_eq!(found, expected);
        }
    }
}
