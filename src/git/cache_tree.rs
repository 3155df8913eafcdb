//! The index's cache of trees (`TREE`): which directories are exactly as a tree object has them, so that
//! an unchanged part of a repository is never looked into.

use super::oid::{HashKind, ObjectId};

/// The cache as a list of nodes; the first is the root.
#[derive(Debug, Default)]
pub(super) struct CacheTree {
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    name: Vec<u8>,
    /// Number of entries of the index and the tree's name; `None` when something below has changed.
    tree: Option<(usize, ObjectId)>,
    /// Numbers of the nodes below, in order of name.
    below: Vec<usize>,
}

impl CacheTree {
    /// Reads the extension; `None` when it is malformed, which only means that more is looked into.
    pub(super) fn parse(body: &[u8], hash: HashKind) -> Option<Self> {
        let mut nodes: Vec<Node> = Vec::new();
        // Nodes that still wait for some below them.
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut rest = body;
        while !rest.is_empty() {
            let name = until(&mut rest, 0)?.to_vec();
            let count: i64 = text(until(&mut rest, b' ')?)?;
            let waiting: usize = text(until(&mut rest, b'\n')?)?;
            let tree = match usize::try_from(count) {
                Ok(count) => {
                    let (id, after) = rest.split_at_checked(hash.len())?;
                    rest = after;
                    Some((count, ObjectId::new(id)?))
                }
                Err(_) => None,
            };
            let number = nodes.len();
            nodes.push(Node { name, tree, below: Vec::new() });
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

    /// The node of the root.
    pub(super) fn root(&self) -> Option<usize> {
        (!self.nodes.is_empty()).then_some(0)
    }

    /// The node of the directory `name` below `node`.
    pub(super) fn below(&self, node: usize, name: &[u8]) -> Option<usize> {
        let below = &self.nodes[node].below;
        let at = below.binary_search_by(|&number| self.nodes[number].name.as_slice().cmp(name)).ok()?;
        Some(below[at])
    }

    /// How many entries of the index are at or below `node`, if that is known.
    pub(super) fn count(&self, node: usize) -> Option<usize> {
        self.nodes[node].tree.map(|(count, _)| count)
    }

    /// The tree that `entries` entries of the index at `node` are, if that is known.
    pub(super) fn tree(&self, node: usize, entries: usize) -> Option<ObjectId> {
        self.nodes[node].tree.filter(|&(count, _)| count == entries).map(|(_, id)| id)
    }
}

fn until<'a>(rest: &mut &'a [u8], end: u8) -> Option<&'a [u8]> {
    let at = memchr::memchr(end, rest)?;
    let taken = &rest[..at];
    *rest = &rest[at + 1..];
    Some(taken)
}

fn text<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
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
        let b = cache.below(root, b"bb").expect("there");
        assert_eq!(cache.tree(b, 2), ObjectId::new(&[1; 20]));
        assert_eq!(cache.tree(b, 3), None, "another number of entries");
        assert_eq!((cache.count(root), cache.count(b)), (None, Some(2)));
        assert_eq!(cache.below(root, b"c"), None);
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
