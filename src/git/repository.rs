//! Where a repository keeps what: found by walking upwards, opened without believing the environment.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::Config;
use super::file::{self, Regular, cannot_read};
use super::index::Index;
use super::objects::Objects;
use super::oid::{HashKind, ObjectId};
use super::refs::Refs;
use super::{GitError, structure};
use crate::model::named_from;

/// Largest file that points to a git directory.
const MAX_POINTER: u64 = 8 << 10;
/// Largest list of commits at which history is cut.
const MAX_SHALLOW: u64 = 16 << 20;

/// A repository with a work tree.
pub struct Repository {
    /// The top of its work tree.
    pub(super) top: PathBuf,
    /// The assessed root below the top: empty, or with a final slash.
    pub(super) prefix: Vec<u8>,
    /// What all work trees share.
    common: PathBuf,
    index: PathBuf,
    pub(super) objects: Arc<Objects>,
    pub(super) refs: Refs,
}

impl Repository {
    /// Opens the repository that the folder `root` (absolute, without links) lies in. `index` is the
    /// index that git announced to a hook (`GIT_INDEX_FILE`, absolute): it is used only if it is a
    /// regular file directly in this repository's own git directory, else it is as if it were not there.
    ///
    /// # Errors
    /// Says what cannot be used, and what to do.
    pub fn open(root: &Path, index: Option<&Path>) -> Result<Self, GitError> {
        let marked = || root.ancestors().filter(|folder| folder.join(".git").symlink_metadata().is_ok());
        // As git: a folder that only has the name is passed. Where there is no other, it is what is meant.
        let Some(top) = marked().find(|folder| !is_hollow(folder)).or_else(|| marked().next()) else {
            return Err(GitError::new(format!("{} is not in a git repository", root.display()))
                .with_help("`stanchion check` without --staged or --since assesses the folder as it is"));
        };
        let own = own_directory(top)?;
        let common = match file::content(&own.join("commondir"), MAX_POINTER)? {
            Some(content) => named(&own, &content)?,
            None => own.clone(),
        };
        if !own.join("HEAD").is_file() || !common.join("objects").is_dir() {
            return Err(GitError::new(format!("{} is not a git directory", own.display()))
                .with_help("`git init` makes one; without --staged or --since none is needed"));
        }
        let same = own.canonicalize().ok() == common.canonicalize().ok();
        let config = Config::read(&common, if same { &common } else { &own })?;
        let is_pointed_to = top.join(".git").symlink_metadata().is_ok_and(|it| !it.is_dir());
        check_work_tree(top, &own, &config, is_pointed_to)?;
        let hash = if config.sha256 { HashKind::Sha256 } else { HashKind::Sha1 };
        let prefix = root.strip_prefix(top).map(|below| below.as_os_str().as_encoded_bytes().to_vec());
        let mut prefix = prefix.unwrap_or_default();
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        if std::path::MAIN_SEPARATOR != '/' {
            let separator = u8::try_from(std::path::MAIN_SEPARATOR).unwrap_or(b'/');
            prefix.iter_mut().filter(|byte| **byte == separator).for_each(|byte| *byte = b'/');
        }
        let announced = index.filter(|path| is_own_index(path, &own)).map(Path::to_owned);
        Ok(Self {
            top: top.to_owned(),
            prefix,
            index: announced.unwrap_or_else(|| own.join("index")),
            objects: Arc::new(Objects::open(&common.join("objects"), hash)),
            refs: Refs::new(&own, &common, hash, config.reftable),
            common,
        })
    }

    /// The index.
    pub(super) fn index(&self) -> Result<Index, GitError> {
        Index::read(&self.index, &self.objects)
    }

    /// The commit that is checked out; `None` before the first one.
    pub(super) fn head(&self) -> Result<Option<ObjectId>, GitError> {
        self.refs.object("HEAD")
    }

    /// The tree of a commit.
    pub(super) fn tree_of(&self, id: &ObjectId) -> Result<ObjectId, GitError> {
        structure::commit(&self.objects, id).map(|commit| commit.tree).map_err(|fault| {
            GitError::new(format!("cannot read the commit {id}: {}", fault.words()))
                .with_help("`git fsck` says what is damaged")
        })
    }

    /// The commits at which history is cut (a shallow clone).
    pub(super) fn shallow(&self) -> Result<BTreeSet<ObjectId>, GitError> {
        let content = file::content(&self.common.join("shallow"), MAX_SHALLOW)?.unwrap_or_default();
        let lines = content.split(|&byte| byte == b'\n');
        Ok(lines.filter_map(|line| ObjectId::from_hex(line.trim_ascii(), self.objects.hash())).collect())
    }
}

/// Whether the `.git` in `folder` is a folder without anything of a repository.
fn is_hollow(folder: &Path) -> bool {
    let mark = folder.join(".git");
    let lacks = |name| mark.join(name).symlink_metadata().is_err();
    mark.is_dir() && lacks("HEAD") && lacks("objects")
}

/// The git directory of the work tree at `top`.
fn own_directory(top: &Path) -> Result<PathBuf, GitError> {
    let mark = top.join(".git");
    if mark.is_dir() {
        return Ok(mark);
    }
    let content = file::content(&mark, MAX_POINTER)?.unwrap_or_default();
    match content.strip_prefix(b"gitdir:") {
        Some(place) => named(top, place),
        None => Err(GitError::new(format!("{} points to no git directory", mark.display()))
            .with_help("it should hold one line: `gitdir: FOLDER`")),
    }
}

/// A git directory elsewhere must know this work tree, and one that knows another is not used: else a
/// file could lead into somebody's private repository.
fn check_work_tree(top: &Path, own: &Path, config: &Config, is_pointed_to: bool) -> Result<(), GitError> {
    let same = |path: &Path| path.canonicalize().is_ok_and(|path| path == top);
    if let Some(worktree) = &config.worktree {
        if named_from(own, worktree).is_some_and(|worktree| same(&worktree)) {
            return Ok(());
        }
        return Err(GitError::new(format!(
            "the git directory {} belongs to the work tree {} (core.worktree), not to {}",
            own.display(),
            worktree.display(),
            top.display()
        ))
        .with_help("run it there, or mend core.worktree"));
    }
    if config.bare {
        return Err(GitError::new(format!("{} is a bare repository, without a work tree", own.display()))
            .with_help("`git worktree add` makes one"));
    }
    if !is_pointed_to {
        return Ok(());
    }
    let back = file::content(&own.join("gitdir"), MAX_POINTER)?;
    let known = match &back {
        Some(back) => named(own, back)?.parent().is_some_and(same),
        // `git init --separate-git-dir` leaves no way back; but a `.git` belongs to the folder it is in.
        None => own.canonicalize().is_ok_and(|own| own.file_name() != Some(OsStr::new(".git"))),
    };
    if known {
        return Ok(());
    }
    Err(GitError::new(format!(
        "{} points to {}, which belongs to another work tree",
        top.join(".git").display(),
        own.display()
    ))
    .with_help("`git worktree repair` mends work trees that were moved"))
}

/// Whether `path` is an index directly in `own`.
fn is_own_index(path: &Path, own: &Path) -> bool {
    let inside = path.parent().and_then(|parent| parent.canonicalize().ok()) == own.canonicalize().ok();
    let plain = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    let begins = || {
        let mut start = [0; 4];
        let file = Regular::open(path).map_err(|error| cannot_read(path, &error)).ok().flatten();
        file.is_some_and(|file| file.read_at(0, &mut start).is_ok()) && &start == b"DIRC"
    };
    inside && plain && begins()
}

/// The path in a file that ends with a line end, as it is found from the folder `base`.
fn named(base: &Path, bytes: &[u8]) -> Result<PathBuf, GitError> {
    let text =
        std::str::from_utf8(bytes.trim_ascii()).ok().filter(|text| !text.is_empty() && !text.contains('\0'));
    text.and_then(|text| named_from(base, Path::new(text)))
        .ok_or_else(|| GitError::new("a file of the git directory names no usable path"))
}
