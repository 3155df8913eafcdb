//! Puts directories that were listed on their own, each in order of name, into one list in order of path.
//!
//! No file system may enter here.

use std::iter::Peekable;

use crate::engine::tree::{Entry, EntryKind};
use crate::model::RepoPath;

/// What a directory holds, by name.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) entries: Vec<Entry>,
    /// The numbers of its directories, in the same order.
    pub(super) below: Vec<usize>,
}

/// A directory whose entries are being put in place.
struct Open {
    entries: Peekable<std::vec::IntoIter<Entry>>,
    below: std::vec::IntoIter<usize>,
    /// Its directories whose turn has not come: where they stand among all entries, and what they hold.
    waiting: Vec<(usize, Listed)>,
}

impl Open {
    fn new(listed: Listed) -> Self {
        let (entries, below) = (listed.entries.into_iter().peekable(), listed.below.into_iter());
        Self { entries, below, waiting: Vec::new() }
    }
}

/// All entries in order of path, from directories that are in order each. What `a` holds comes behind
/// `a-b`, because `/` comes behind `-`; so a directory waits until nothing beside it comes before.
pub(super) fn in_order(mut listed: Vec<Option<Listed>>) -> Vec<Entry> {
    let mut all: Vec<Entry> =
        Vec::with_capacity(listed.iter().flatten().map(|directory| directory.entries.len()).sum());
    let root = listed.first_mut().and_then(Option::take).unwrap_or_default();
    let mut open = vec![Open::new(root)];
    while let Some(here) = open.last_mut() {
        let next = here.entries.peek();
        let is_due = |at: usize| next.is_none_or(|next| holds_less(&all[at].path, &next.path));
        if let Some((_, below)) = here.waiting.pop_if(|(at, _)| is_due(*at)) {
            open.push(Open::new(below));
            continue;
        }
        let Some(entry) = here.entries.next() else {
            open.pop();
            continue;
        };
        if entry.kind == EntryKind::Directory {
            let number = here.below.next();
            // A nested repository holds nothing of ours, and is no entry itself.
            let Some(below) = number.and_then(|number| listed.get_mut(number)?.take()) else { continue };
            here.waiting.push((all.len(), below));
        }
        all.push(entry);
    }
    all
}

/// Whether everything in `directory` comes before `other`, which is beside it and comes behind it.
fn holds_less(directory: &RepoPath, other: &RepoPath) -> bool {
    let (directory, other) = (directory.bytes(), other.bytes());
    match other.strip_prefix(directory) {
        Some(rest) => rest.first().is_some_and(|&byte| byte > b'/'),
        None => directory < other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks `paths` (which end with `/` for directories) as a traversal would list them.
    fn walked(paths: &std::collections::BTreeSet<Vec<u8>>) -> Vec<Entry> {
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
        let mut listed: Vec<Option<Listed>> = numbers.iter().map(|_| Some(Listed::default())).collect();
        for (path, &kind) in &kinds {
            let path = RepoPath::new(path.to_vec());
            let parent = listed[numbers[path.parent()]].as_mut().expect("listed");
            parent.below.extend(numbers.get(path.bytes()).filter(|_| kind == EntryKind::Directory));
            parent.entries.push(Entry { path, kind });
        }
        in_order(listed)
    }

    #[test]
    fn a_nested_repository_is_no_entry() {
        let entry = |path: &str, kind| Entry { path: RepoPath::from(path), kind };
        let entries = vec![entry("a", EntryKind::Directory), entry("b", EntryKind::File)];
        let listed = vec![Some(Listed { entries, below: vec![1] }), None];
        assert_eq!(in_order(listed), [entry("b", EntryKind::File)]);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_put_together_is_sorted(paths in proptest::collection::vec("[a.0-]{1,2}(/[a.0-]{1,2}){0,3}", 0..40)) {
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
