//! Compares an index with a tree. Directories that the index's cache of trees marks as equal are not read, so
//! the cost depends on the size of the change, not of the repository.

use std::ops::Range;

use super::GitError;
use super::index::{Index, IndexEntry};
use super::objects::{ObjectFault, ObjectKind, Objects};
use super::oid::ObjectId;
use super::structure::{mode, tree_entries};

/// Maximum number of trees read in one comparison; only trees that differ are read.
const MAX_TREES: usize = 18_000;
/// Maximum number of differences.
const MAX_DIFFERENCES: usize = 500_000;
/// Maximum size in bytes of all paths in memory (differences and pending directories). Each path counts
/// [`PATH_OVERHEAD`] bytes more.
const MAX_PATH_BYTES: usize = 96 << 20;
const PATH_OVERHEAD: usize = 96;
/// Maximum length of a path in bytes; no system opens longer paths.
const MAX_PATH: usize = 4_096;

/// Mode and object of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PathState {
    pub(super) mode: u32,
    pub(super) id: ObjectId,
}

/// A path at which tree and index differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) path: Vec<u8>,
    /// State in the tree, if it contains the path.
    pub(super) base: Option<PathState>,
    /// Whether the index contains the path, with or without a merge conflict.
    pub(super) in_index: bool,
}

/// A directory that has not been compared yet.
struct PendingDirectory {
    /// Path with a final slash; empty for the root.
    prefix: Vec<u8>,
    /// Range of its entries in the index.
    range: Range<usize>,
    /// Node in the cache of trees.
    node: Option<usize>,
    tree: ObjectId,
}

/// Returns the differences between `tree` (`None` before the first commit) and `index`, sorted by path.
///
/// # Errors
/// If a tree cannot be read, or a limit is exceeded.
pub(super) fn find_differences(
    objects: &Objects,
    tree: Option<ObjectId>,
    index: &Index,
) -> Result<Vec<Difference>, GitError> {
    let mut found = DifferenceCollector { index, differences: Vec::new(), path_bytes: 0 };
    let mut jobs = Vec::new();
    match tree {
        None => found.add_index_only(0..index.len())?,
        Some(tree) => {
            let node = index.trees.root();
            found.reserve(0)?;
            jobs.push(PendingDirectory { prefix: Vec::new(), range: 0..index.len(), node, tree });
        }
    }
    let mut read = 0;
    while let Some(job) = jobs.pop() {
        found.path_bytes -= job.prefix.len() + PATH_OVERHEAD;
        let known = job.node.and_then(|node| index.trees.tree(node, job.range.len()));
        if known == Some(job.tree) {
            continue;
        }
        read += 1;
        if read > MAX_TREES {
            return Err(too_large());
        }
        let content = tree_content(objects, &job.tree)?;
        found.compare_directory(&job, &content, objects, &mut jobs)?;
    }
    found.differences.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found.differences)
}

struct DifferenceCollector<'i> {
    index: &'i Index,
    differences: Vec<Difference>,
    /// Memory used for paths, in bytes.
    path_bytes: usize,
}

impl DifferenceCollector<'_> {
    /// Compares one directory. Both sides are sorted by name, with a slash appended to the names of
    /// directories.
    fn compare_directory(
        &mut self,
        job: &PendingDirectory,
        content: &[u8],
        objects: &Objects,
        jobs: &mut Vec<PendingDirectory>,
    ) -> Result<(), GitError> {
        let base = job.prefix.len();
        let mut at = job.range.start;
        let mut path = job.prefix.clone();
        for entry in tree_entries(content, objects.hash()) {
            let entry = entry.map_err(|fault| tree_fault(&job.tree, &fault))?;
            let is_tree = mode::kind(entry.mode) == mode::TREE;
            path.truncate(base);
            path.extend_from_slice(entry.name);
            if is_tree {
                path.push(b'/');
            }
            if path.len() > MAX_PATH {
                return Err(too_large());
            }
            // Index entries before this name are not in the tree.
            let before = at;
            while at < job.range.end && first_component(self.index.get(at).path(), base) < &path[base..] {
                at += 1;
            }
            self.add_index_only(before..at)?;
            let here =
                at < job.range.end && first_component(self.index.get(at).path(), base) == &path[base..];
            if is_tree {
                let trees = &self.index.trees;
                let node = job.node.and_then(|node| trees.child(node, entry.name));
                let guess = node.and_then(|node| trees.entry_count(node));
                let end = if here { self.index.end_of(&path, at, guess).min(job.range.end) } else { at };
                // Most directories are unchanged.
                if node.and_then(|node| trees.tree(node, end - at)) != Some(entry.id) {
                    self.reserve(path.len())?;
                    jobs.push(PendingDirectory {
                        prefix: path.clone(),
                        range: at..end,
                        node,
                        tree: entry.id,
                    });
                }
                at = end;
            } else {
                let start = at;
                while at < job.range.end && self.index.get(at).path() == path {
                    at += 1;
                }
                let base = PathState { mode: entry.mode, id: entry.id };
                let same = |now: IndexEntry<'_>| {
                    now.stage() == 0 && now.id() == Some(base.id) && same_mode(now.mode(), base.mode)
                };
                let mut counts = (start..at).map(|at| self.index.get(at)).filter(|&it| is_present(it));
                let now = counts.next();
                if now.is_none_or(|now| !same(now)) {
                    self.push(path.clone(), Some(base), now.is_some())?;
                }
            }
        }
        self.add_index_only(at..job.range.end)
    }

    /// Adds all entries of `range`, which are only in the index.
    fn add_index_only(&mut self, range: Range<usize>) -> Result<(), GitError> {
        for at in range {
            let entry = self.index.get(at);
            let again = self.differences.last().is_some_and(|last| last.path == entry.path());
            if is_present(entry) && !again {
                self.push(entry.path().to_vec(), None, true)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, path: Vec<u8>, base: Option<PathState>, in_index: bool) -> Result<(), GitError> {
        if self.differences.len() >= MAX_DIFFERENCES {
            return Err(too_large());
        }
        self.reserve(path.len())?;
        self.differences.push(Difference { path, base, in_index });
        Ok(())
    }
}

impl DifferenceCollector<'_> {
    /// Counts the memory of a path of `bytes` bytes, and fails if the limit is exceeded.
    fn reserve(&mut self, bytes: usize) -> Result<(), GitError> {
        self.path_bytes += bytes + PATH_OVERHEAD;
        if self.path_bytes > MAX_PATH_BYTES { Err(too_large()) } else { Ok(()) }
    }
}

/// Whether an entry represents a file. Intent-to-add entries do not. The common ancestor of a merge conflict
/// (stage 1) does not either: without another stage, both sides have deleted the file.
pub(super) fn is_present(entry: IndexEntry<'_>) -> bool {
    !entry.intent_to_add() && entry.stage() != 1
}

/// Whether two modes are equivalent. Old trees contain modes such as 100664, which mean 100644.
fn same_mode(a: u32, b: u32) -> bool {
    mode::kind(a) == mode::kind(b) && mode::executable(a) == mode::executable(b)
}

/// Returns the first component of `path` after `base` bytes, with a slash if it is a directory.
fn first_component(path: &[u8], base: usize) -> &[u8] {
    let rest = &path[base..];
    memchr::memchr(b'/', rest).map_or(rest, |slash| &rest[..=slash])
}

/// Calls `each` with every file below `tree`, until it returns `false`. `prefix` ends with a slash.
///
/// # Errors
/// If a tree cannot be read, or a limit is exceeded.
pub(super) fn files_below(
    objects: &Objects,
    prefix: Vec<u8>,
    tree: ObjectId,
    each: &mut dyn FnMut(&[u8], u32, ObjectId) -> bool,
) -> Result<(), GitError> {
    let mut path_bytes = prefix.len() + PATH_OVERHEAD;
    let mut jobs = vec![(prefix, tree)];
    let mut read = 0;
    while let Some((prefix, tree)) = jobs.pop() {
        path_bytes -= prefix.len() + PATH_OVERHEAD;
        read += 1;
        if read > MAX_TREES {
            return Err(too_large());
        }
        let content = tree_content(objects, &tree)?;
        for entry in tree_entries(&content, objects.hash()) {
            let entry = entry.map_err(|fault| tree_fault(&tree, &fault))?;
            let mut path = [prefix.as_slice(), entry.name].concat();
            if path.len() >= MAX_PATH {
                return Err(too_large());
            }
            if mode::kind(entry.mode) == mode::TREE {
                path.push(b'/');
                path_bytes += path.len() + PATH_OVERHEAD;
                if path_bytes > MAX_PATH_BYTES {
                    return Err(too_large());
                }
                jobs.push((path, entry.id));
            } else if !each(&path, entry.mode, entry.id) {
                return Err(too_large());
            }
        }
    }
    Ok(())
}

fn tree_content(objects: &Objects, tree: &ObjectId) -> Result<Vec<u8>, GitError> {
    match objects.read_structure(tree) {
        Ok((ObjectKind::Tree, content)) => Ok(content),
        Ok(_) => Err(tree_fault(tree, &ObjectFault::Broken("not a tree"))),
        Err(fault) => Err(tree_fault(tree, &fault)),
    }
}

fn tree_fault(tree: &ObjectId, fault: &ObjectFault) -> GitError {
    let help = match fault {
        ObjectFault::Missing => "in a partial clone, fetch the missing trees with `git ls-tree -r HEAD`",
        _ => "run `git fsck` to find the damage",
    };
    GitError::new(format!("cannot read the tree {tree}: {}", fault.describe())).with_help(help)
}

fn too_large() -> GitError {
    GitError::new("the trees of the repository are too large to compare")
        .with_help("run `git fsck` to check them for damage")
}
