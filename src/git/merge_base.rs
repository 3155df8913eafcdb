//! The commit where two lines of history parted.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use super::objects::{ObjectFault, Objects};
use super::oid::ObjectId;
use super::structure::{Commit, commit};

/// Reached from the first commit.
const FIRST: u8 = 1;
/// Reached from the second.
const SECOND: u8 = 2;
/// Below a commit that both reach.
const STALE: u8 = 4;
/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// The best commit that both reach; of several as good, the youngest.
    Commit(ObjectId),
    /// They share nothing. Whether history was cut on the way (a shallow clone).
    None { cut: bool },
}

/// The merge base of `a` and `b`. Parents of the commits in `shallow` are not there.
pub(super) fn merge_base(
    objects: &Objects,
    a: ObjectId,
    b: ObjectId,
    shallow: &BTreeSet<ObjectId>,
) -> Result<Base, (ObjectId, ObjectFault)> {
    if a == b {
        return Ok(Base::Commit(a));
    }
    let mut known = HashMap::new();
    let mut queue = BinaryHeap::new();
    let mut cut = false;
    let mut reach = |id: ObjectId, given: u8, known: &mut HashMap<_, Node>, queue: &mut BinaryHeap<_>| {
        let node = match known.entry(id) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let Commit { parents, time, .. } = commit(objects, &id).map_err(|fault| (id, fault))?;
                cut |= shallow.contains(&id);
                let parents = if shallow.contains(&id) { Vec::new() } else { parents };
                entry.insert(Node { flags: 0, time, parents })
            }
        };
        if node.flags & given != given {
            node.flags |= given;
            queue.push((node.time, id));
        }
        Ok(())
    };
    reach(a, FIRST, &mut known, &mut queue)?;
    reach(b, SECOND, &mut known, &mut queue)?;
    let mut results = BTreeSet::new();
    // When everything that is left is below a result, nothing better can come.
    while queue.iter().any(|(_, id)| known.get(id).is_some_and(|node| node.flags & STALE == 0)) {
        let Some((time, id)) = queue.pop() else { break };
        let Some(node) = known.get(&id) else { continue };
        let mut given = node.flags;
        if given == FIRST | SECOND {
            results.insert((time, id));
            given |= STALE;
        }
        for parent in node.parents.clone() {
            reach(parent, given, &mut known, &mut queue)?;
        }
    }
    results.retain(|(_, id)| known.get(id).is_some_and(|node| node.flags & STALE == 0));
    Ok(results.pop_last().map_or(Base::None { cut }, |(_, id)| Base::Commit(id)))
}

/// A commit that was reached.
struct Node {
    flags: u8,
    time: i64,
    parents: Vec<ObjectId>,
}
