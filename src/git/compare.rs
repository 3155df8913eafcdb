//! How an index differs from a tree. Parts that the index's cache of trees knows to be the same are not
//! read, so the cost is that of what changed, not of the repository.

use std::ops::Range;

use super::GitError;
use super::index::{Entry, Index};
use super::objects::{ObjectFault, ObjectKind, Objects};
use super::oid::ObjectId;
use super::structure::{entries, mode};

/// Most trees that are read in one comparison: only those that differ are.
const MAX_TREES: usize = 18_000;
/// Most differences.
const MAX_DIFFERENCES: usize = 500_000;
/// Most bytes of paths that are held, of differences and of directories still to be compared; each counts
/// [`OVERHEAD`] more.
const MAX_HELD: usize = 96 << 20;
const OVERHEAD: usize = 96;
/// Longest path in bytes; no system opens longer ones.
const MAX_PATH: usize = 4_096;

/// What a tree has at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Side {
    pub(super) mode: u32,
    pub(super) id: ObjectId,
}

/// A path at which they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) path: Vec<u8>,
    /// What the tree has.
    pub(super) base: Option<Side>,
    /// Whether the index has something (an entry without a merge under way, or with one).
    pub(super) now: bool,
}

/// A directory that is still to be compared.
struct Job {
    /// With its final slash; empty for the root.
    prefix: Vec<u8>,
    /// Its entries in the index.
    range: Range<usize>,
    /// Its node in the cache of trees.
    node: Option<usize>,
    tree: ObjectId,
}

/// The differences between `tree` (`None`: there is none yet) and `index`, in order of path.
///
/// # Errors
/// A tree that cannot be read, or more than can be held.
pub(super) fn differences(
    objects: &Objects,
    tree: Option<ObjectId>,
    index: &Index,
) -> Result<Vec<Difference>, GitError> {
    let mut found = Found { index, differences: Vec::new(), held: 0 };
    let mut jobs = Vec::new();
    match tree {
        None => found.only_now(0..index.len())?,
        Some(tree) => {
            let node = index.trees.root();
            found.hold(0)?;
            jobs.push(Job { prefix: Vec::new(), range: 0..index.len(), node, tree });
        }
    }
    let mut read = 0;
    while let Some(job) = jobs.pop() {
        found.held -= job.prefix.len() + OVERHEAD;
        let known = job.node.and_then(|node| index.trees.tree(node, job.range.len()));
        if known == Some(job.tree) {
            continue;
        }
        read += 1;
        if read > MAX_TREES {
            return Err(too_much());
        }
        let content = tree_content(objects, &job.tree)?;
        found.directory(&job, &content, objects, &mut jobs)?;
    }
    found.differences.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found.differences)
}

struct Found<'i> {
    index: &'i Index,
    differences: Vec<Difference>,
    /// Bytes held in paths.
    held: usize,
}

impl Found<'_> {
    /// Compares one directory, both sides of which are in the order of names with a slash after those of
    /// directories.
    fn directory(
        &mut self,
        job: &Job,
        content: &[u8],
        objects: &Objects,
        jobs: &mut Vec<Job>,
    ) -> Result<(), GitError> {
        let base = job.prefix.len();
        let mut at = job.range.start;
        let mut path = job.prefix.clone();
        for entry in entries(content, objects.hash()) {
            let entry = entry.map_err(|fault| tree_fault(&job.tree, &fault))?;
            let is_tree = mode::kind(entry.mode) == mode::TREE;
            path.truncate(base);
            path.extend_from_slice(entry.name);
            if is_tree {
                path.push(b'/');
            }
            if path.len() > MAX_PATH {
                return Err(too_much());
            }
            // What the index has before this name, the tree does not have.
            let before = at;
            while at < job.range.end && group(self.index.get(at).path(), base) < &path[base..] {
                at += 1;
            }
            self.only_now(before..at)?;
            let here = at < job.range.end && group(self.index.get(at).path(), base) == &path[base..];
            if is_tree {
                let trees = &self.index.trees;
                let node = job.node.and_then(|node| trees.below(node, entry.name));
                let guess = node.and_then(|node| trees.count(node));
                let end = if here { self.index.end_of(&path, at, guess).min(job.range.end) } else { at };
                // Most directories are as they were.
                if node.and_then(|node| trees.tree(node, end - at)) != Some(entry.id) {
                    self.hold(path.len())?;
                    jobs.push(Job { prefix: path.clone(), range: at..end, node, tree: entry.id });
                }
                at = end;
            } else {
                let start = at;
                while at < job.range.end && self.index.get(at).path() == path {
                    at += 1;
                }
                let base = Side { mode: entry.mode, id: entry.id };
                let same = |now: Entry<'_>| {
                    now.stage() == 0 && now.id() == Some(base.id) && same_mode(now.mode(), base.mode)
                };
                let mut counts = (start..at).map(|at| self.index.get(at)).filter(|&it| is_there(it));
                let now = counts.next();
                if now.is_none_or(|now| !same(now)) {
                    self.push(path.clone(), Some(base), now.is_some())?;
                }
            }
        }
        self.only_now(at..job.range.end)
    }

    /// Everything in `range` is in the index only.
    fn only_now(&mut self, range: Range<usize>) -> Result<(), GitError> {
        for at in range {
            let entry = self.index.get(at);
            let again = self.differences.last().is_some_and(|last| last.path == entry.path());
            if is_there(entry) && !again {
                self.push(entry.path().to_vec(), None, true)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, path: Vec<u8>, base: Option<Side>, now: bool) -> Result<(), GitError> {
        if self.differences.len() >= MAX_DIFFERENCES {
            return Err(too_much());
        }
        self.hold(path.len())?;
        self.differences.push(Difference { path, base, now });
        Ok(())
    }
}

impl Found<'_> {
    /// Counts a path of so many bytes that is held.
    fn hold(&mut self, bytes: usize) -> Result<(), GitError> {
        self.held += bytes + OVERHEAD;
        if self.held > MAX_HELD { Err(too_much()) } else { Ok(()) }
    }
}

/// Whether an entry stands for a file: not what is only announced, nor what both sides of a merge dropped.
pub(super) fn is_there(entry: Entry<'_>) -> bool {
    !entry.intent_to_add() && entry.stage() != 1
}

/// Old trees hold modes such as 100664, which mean 100644.
fn same_mode(a: u32, b: u32) -> bool {
    mode::kind(a) == mode::kind(b) && mode::executable(a) == mode::executable(b)
}

/// The part of `path` after `base` bytes that names an entry of that directory.
fn group(path: &[u8], base: usize) -> &[u8] {
    let rest = &path[base..];
    memchr::memchr(b'/', rest).map_or(rest, |slash| &rest[..=slash])
}

/// Gives every file below `tree` to `each` until it says `false`. `prefix` ends with a slash.
///
/// # Errors
/// A tree that cannot be read, or more than can be held.
pub(super) fn files_below(
    objects: &Objects,
    prefix: Vec<u8>,
    tree: ObjectId,
    each: &mut dyn FnMut(&[u8], u32, ObjectId) -> bool,
) -> Result<(), GitError> {
    let mut held = prefix.len() + OVERHEAD;
    let mut jobs = vec![(prefix, tree)];
    let mut read = 0;
    while let Some((prefix, tree)) = jobs.pop() {
        held -= prefix.len() + OVERHEAD;
        read += 1;
        if read > MAX_TREES {
            return Err(too_much());
        }
        let content = tree_content(objects, &tree)?;
        for entry in entries(&content, objects.hash()) {
            let entry = entry.map_err(|fault| tree_fault(&tree, &fault))?;
            let mut path = [prefix.as_slice(), entry.name].concat();
            if path.len() >= MAX_PATH {
                return Err(too_much());
            }
            if mode::kind(entry.mode) == mode::TREE {
                path.push(b'/');
                held += path.len() + OVERHEAD;
                if held > MAX_HELD {
                    return Err(too_much());
                }
                jobs.push((path, entry.id));
            } else if !each(&path, entry.mode, entry.id) {
                return Err(too_much());
            }
        }
    }
    Ok(())
}

fn tree_content(objects: &Objects, tree: &ObjectId) -> Result<Vec<u8>, GitError> {
    match objects.structure(tree) {
        Ok((ObjectKind::Tree, content)) => Ok(content),
        Ok(_) => Err(tree_fault(tree, &ObjectFault::Broken("it is not a tree"))),
        Err(fault) => Err(tree_fault(tree, &fault)),
    }
}

fn tree_fault(tree: &ObjectId, fault: &ObjectFault) -> GitError {
    let help = match fault {
        ObjectFault::Missing => "in a partial clone, `git ls-tree -r HEAD` fetches the missing trees",
        _ => "`git fsck` says what is damaged",
    };
    GitError::new(format!("cannot read the tree {tree}: {}", fault.words())).with_help(help)
}

fn too_much() -> GitError {
    GitError::new("the trees of the repository hold more than can be compared")
        .with_help("`git fsck` says whether they are damaged")
}
