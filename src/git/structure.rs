//! Parsers of trees, commits and tags.

use super::objects::{ObjectFault, ObjectKind, Objects};
use super::oid::{HashKind, ObjectId};

/// Modes of entries in trees and in the index.
pub(super) mod mode {
    pub(in crate::git) const TREE: u32 = 0o040_000;
    pub(in crate::git) const LINK: u32 = 0o120_000;
    pub(in crate::git) const COMMIT: u32 = 0o160_000;
    const KIND: u32 = 0o170_000;

    /// Returns the type bits of a mode: one of the constants above, or another value for a file.
    pub(in crate::git) fn kind(mode: u32) -> u32 {
        mode & KIND
    }

    /// Whether a file with this mode is executable.
    pub(in crate::git) fn executable(mode: u32) -> bool {
        mode & 0o111 != 0
    }
}

/// An entry of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TreeEntry<'t> {
    pub(super) mode: u32,
    pub(super) name: &'t [u8],
    pub(super) id: ObjectId,
}

/// Returns the entries of a tree; the last one is an error if the tree is damaged.
pub(super) fn tree_entries(
    tree: &[u8],
    hash: HashKind,
) -> impl Iterator<Item = Result<TreeEntry<'_>, ObjectFault>> {
    let mut rest = tree;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let entry = parse_tree_entry(&mut rest, hash);
        if entry.is_none() {
            rest = &[];
        }
        Some(entry.ok_or(ObjectFault::Broken("a malformed tree entry")))
    })
}

fn parse_tree_entry<'t>(rest: &mut &'t [u8], hash: HashKind) -> Option<TreeEntry<'t>> {
    let space = memchr::memchr(b' ', &rest[..rest.len().min(8)])?;
    let digits = std::str::from_utf8(&rest[..space]).ok()?;
    let mode = u32::from_str_radix(digits, 8).ok()?;
    let after = &rest[space + 1..];
    let end = memchr::memchr(0, after)?;
    let (name, after) = (&after[..end], &after[end + 1..]);
    let (id, after) = after.split_at_checked(hash.len())?;
    *rest = after;
    Some(TreeEntry { mode, name, id: ObjectId::new(id)? })
}

/// The parts of a commit that this module needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) tree: ObjectId,
    pub(super) parents: Vec<ObjectId>,
    /// Committer time in seconds since 1970.
    pub(super) time: i64,
}

/// Reads the commit `id`.
pub(super) fn read_commit(objects: &Objects, id: &ObjectId) -> Result<Commit, ObjectFault> {
    match objects.read_structure(id)? {
        (ObjectKind::Commit, content) => {
            parse_commit(&content, objects.hash()).ok_or(ObjectFault::Broken("a malformed header"))
        }
        _ => Err(ObjectFault::Broken("not a commit")),
    }
}

fn parse_commit(content: &[u8], hash: HashKind) -> Option<Commit> {
    let mut lines = content.split(|&byte| byte == b'\n').take_while(|line| !line.is_empty());
    let tree = ObjectId::from_hex(lines.next()?.strip_prefix(b"tree ")?, hash)?;
    let mut parents = Vec::new();
    let mut time = 0;
    for line in lines {
        if let Some(hex) = line.strip_prefix(b"parent ") {
            parents.push(ObjectId::from_hex(hex, hash)?);
        } else if let Some(who) = line.strip_prefix(b"committer ") {
            // Like git, treats a missing time as 0.
            let after = memchr::memrchr(b'>', who).and_then(|at| std::str::from_utf8(&who[at + 1..]).ok());
            let word = after.and_then(|words| words.split_whitespace().next());
            time = word.and_then(|word| word.parse().ok()).unwrap_or(0);
        }
    }
    Some(Commit { tree, parents, time })
}

/// Follows tags from `id` to a commit.
pub(super) fn peel_to_commit(objects: &Objects, id: ObjectId) -> Result<ObjectId, ObjectFault> {
    let mut id = id;
    for _ in 0..16 {
        match objects.read_structure(&id)? {
            (ObjectKind::Commit, _) => return Ok(id),
            (ObjectKind::Tag, content) => {
                let first = content.split(|&byte| byte == b'\n').next().unwrap_or_default();
                let hex = first.strip_prefix(b"object ").unwrap_or_default();
                id = ObjectId::from_hex(hex, objects.hash())
                    .ok_or(ObjectFault::Broken("a tag without a target"))?;
            }
            _ => return Err(ObjectFault::Broken("not a commit")),
        }
    }
    Err(ObjectFault::Broken("too many nested tags"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_and_a_tree() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let text = format!(
            "tree {id}\nparent {id}\nparent {id}\nauthor A <a> 1 +0000\ncommitter > B <b> 1700000000 +0100\n\nparent no"
        );
        let commit = parse_commit(text.as_bytes(), HashKind::Sha1).expect("a commit");
        assert_eq!((commit.parents.len(), commit.time), (2, 1_700_000_000));
        let commit = parse_commit(format!("tree {id}\ncommitter nobody\n\n").as_bytes(), HashKind::Sha1);
        assert_eq!(commit.map(|commit| commit.time), Some(0));
        let mut tree = b"100644 a.txt\0".to_vec();
        tree.extend([7; 20]);
        let all: Vec<_> =
            tree_entries(&tree, HashKind::Sha1).map(|it| it.map(|it| (it.mode, it.name))).collect();
        assert_eq!(all, [Ok((0o100_644, &b"a.txt"[..]))]);
        tree.truncate(tree.len() - 1);
        assert!(tree_entries(&tree, HashKind::Sha1).all(|entry| entry.is_err()));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn bytes_never_panic(content in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = parse_commit(&content, HashKind::Sha1);
            proptest::prop_assert!(tree_entries(&content, HashKind::Sha256).count() <= 100);
        }
    }
}
