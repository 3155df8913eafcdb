//! Merge base of two commits.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use super::objects::{ObjectFault, Objects};
use super::oid::ObjectId;
use super::structure::{Commit, read_commit};

/// Flag: reachable from the first commit.
const FIRST: u8 = 1;
/// Flag: reachable from the second commit.
const SECOND: u8 = 2;
/// Flag: ancestor of a commit that is reachable from both.
const STALE: u8 = 4;

/// Result of the search for a merge base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MergeBase {
    /// Best common ancestor; of several equally good ones, the most recent.
    Commit(ObjectId),
    /// No common ancestor. `cut` states whether the search met the end of a shallow clone.
    None { cut: bool },
}

/// Returns the merge base of `a` and `b`. The parents of the commits in `shallow` are missing.
pub(super) fn merge_base(
    objects: &Objects,
    a: ObjectId,
    b: ObjectId,
    shallow: &BTreeSet<ObjectId>,
) -> Result<MergeBase, (ObjectId, ObjectFault)> {
    if a == b {
        return Ok(MergeBase::Commit(a));
    }
    let mut known = HashMap::new();
    let mut queue = BinaryHeap::new();
    let mut cut = false;
    let mut reach =
        |id: ObjectId, given: u8, known: &mut HashMap<_, VisitedCommit>, queue: &mut BinaryHeap<_>| {
            let node = match known.entry(id) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let Commit { parents, time, .. } =
                        read_commit(objects, &id).map_err(|fault| (id, fault))?;
                    cut |= shallow.contains(&id);
                    let parents = if shallow.contains(&id) { Vec::new() } else { parents };
                    entry.insert(VisitedCommit { flags: 0, time, parents })
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
    // If all queued commits are ancestors of a result, no better merge base can be found.
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
    Ok(results.pop_last().map_or(MergeBase::None { cut }, |(_, id)| MergeBase::Commit(id)))
}

/// A commit reached by the search.
struct VisitedCommit {
    flags: u8,
    time: i64,
    parents: Vec<ObjectId>,
}
