//! Cache of trees in the index (extension `TREE`): directories that are equal to a tree object, so that
//! unchanged parts of a repository are not read.

use super::oid::{HashKind, ObjectId};

/// The cache as a list of nodes; the first node is the root.
#[derive(Debug, Default)]
pub(super) struct CacheTree {
    nodes: Vec<TreeNode>,
}

#[derive(Debug)]
struct TreeNode {
    name: Vec<u8>,
    /// Number of index entries and ID of the tree; `None` if something below has changed.
    tree: Option<(usize, ObjectId)>,
    /// Indexes of the child nodes, sorted by name.
    below: Vec<usize>,
}

impl CacheTree {
    /// Parses the extension; `None` if it is malformed, which only means that more trees are read.
    pub(super) fn parse(body: &[u8], hash: HashKind) -> Option<Self> {
        let mut nodes: Vec<TreeNode> = Vec::new();
        // Nodes with the number of children still to be parsed.
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut rest = body;
        while !rest.is_empty() {
            let name = take_until(&mut rest, 0)?.to_vec();
            let count: i64 = parse_text(take_until(&mut rest, b' ')?)?;
            let waiting: usize = parse_text(take_until(&mut rest, b'\n')?)?;
            let tree = match usize::try_from(count) {
                Ok(count) => {
                    let (id, after) = rest.split_at_checked(hash.len())?;
                    rest = after;
                    Some((count, ObjectId::new(id)?))
                }
                Err(_) => None,
            };
            let number = nodes.len();
            nodes.push(TreeNode { name, tree, below: Vec::new() });
            if let Some((parent, left)) = open.last_mut() {
                nodes[*parent].below.push(number);
                *left -= 1;
            } else if number > 0 {
                return None;
            }
            if waiting > 0 {
                open.push((number, waiting));
            }
            while open.last().is_some_and(|&(_, left)| left == 0) {
                open.pop();
            }
        }
        if !open.is_empty() {
            return None;
        }
        for number in 0..nodes.len() {
            let mut below = std::mem::take(&mut nodes[number].below);
            below.sort_by(|&a, &b| nodes[a].name.cmp(&nodes[b].name));
            nodes[number].below = below;
        }
        Some(Self { nodes })
    }

    /// Returns the root node.
    pub(super) fn root(&self) -> Option<usize> {
        (!self.nodes.is_empty()).then_some(0)
    }

    /// Returns the node of the directory `name` in `node`.
    pub(super) fn child(&self, node: usize, name: &[u8]) -> Option<usize> {
        let below = &self.nodes[node].below;
        let at = below.binary_search_by(|&number| self.nodes[number].name.as_slice().cmp(name)).ok()?;
        Some(below[at])
    }

    /// Returns the number of index entries at or below `node`, if it is known.
    pub(super) fn entry_count(&self, node: usize) -> Option<usize> {
        self.nodes[node].tree.map(|(count, _)| count)
    }

    /// Returns the tree equal to the index entries at `node`, if it is known and their number is `entries`.
    pub(super) fn tree(&self, node: usize, entries: usize) -> Option<ObjectId> {
        self.nodes[node].tree.filter(|&(count, _)| count == entries).map(|(_, id)| id)
    }
}

fn take_until<'a>(rest: &mut &'a [u8], end: u8) -> Option<&'a [u8]> {
    let at = memchr::memchr(end, rest)?;
    let taken = &rest[..at];
    *rest = &rest[at + 1..];
    Some(taken)
}

fn parse_text<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_found_by_name() {
        let mut body = b"\x00-1 2\nbb\x002 0\n".to_vec();
        body.extend([1; 20]);
        body.extend(b"a\x001 0\n");
        body.extend([2; 20]);
        let cache = CacheTree::parse(&body, HashKind::Sha1).expect("a cache");
        let root = cache.root().expect("a root");
        assert_eq!(cache.tree(root, 3), None);
        let b = cache.child(root, b"bb").expect("there");
        assert_eq!(cache.tree(b, 2), ObjectId::new(&[1; 20]));
        assert_eq!(cache.tree(b, 3), None, "another number of entries");
        assert_eq!((cache.entry_count(root), cache.entry_count(b)), (None, Some(2)));
        assert_eq!(cache.child(root, b"c"), None);
        assert!(CacheTree::parse(&body[..body.len() - 1], HashKind::Sha1).is_none());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn text_never_panics(body in "([a-c]?\x00(-1|0|1) [0-3]\n){0,8}") {
            let _ = CacheTree::parse(body.as_bytes(), HashKind::Sha1);
        }
    }
}
