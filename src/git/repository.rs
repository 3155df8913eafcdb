//! Finds the repository of a folder by searching its ancestors, and opens it without using the environment.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::GitConfig;
use super::file::{self, RegularFile, read_error};
use super::index::Index;
use super::objects::Objects;
use super::oid::{HashKind, ObjectId};
use super::refs::Refs;
use super::{GitError, structure};
use crate::model::join_unless_remote;

/// Maximum size of a file that points to a git directory, in bytes.
const MAX_POINTER: u64 = 8 << 10;
/// Maximum size of the `shallow` file, in bytes.
const MAX_SHALLOW: u64 = 16 << 20;

/// A repository with a work tree.
pub struct Repository {
    /// Top folder of the work tree.
    pub(super) top: PathBuf,
    /// Assessed root below the top folder: empty, or with a final slash.
    pub(super) prefix: Vec<u8>,
    /// Git directory that all work trees share.
    common: PathBuf,
    index: PathBuf,
    pub(super) objects: Arc<Objects>,
    pub(super) refs: Refs,
}

impl Repository {
    /// Opens the repository that contains the folder `root` (absolute, without symbolic links).
    ///
    /// `index` is the index that git passed to a hook (`GIT_INDEX_FILE`, absolute). It is ignored unless it
    /// is a regular file directly in this repository's own git directory.
    ///
    /// # Errors
    /// If there is no repository, or it cannot be used. The message states the reason, the help what to do.
    pub fn open(root: &Path, index: Option<&Path>) -> Result<Self, GitError> {
        let marked = || root.ancestors().filter(|folder| folder.join(".git").symlink_metadata().is_ok());
        // Like git, skips a `.git` folder without repository data, unless there is no other candidate.
        let Some(top) = marked().find(|folder| !is_hollow(folder)).or_else(|| marked().next()) else {
            return Err(GitError::new(format!("{} is not in a git repository", root.display()))
                .with_help("run `stanchion check` without --staged or --since to assess the folder"));
        };
        let own = find_git_directory(top)?;
        let common = match file::read_small(&own.join("commondir"), MAX_POINTER)? {
            Some(content) => read_path(&own, &content)?,
            None => own.clone(),
        };
        if !own.join("HEAD").is_file() || !common.join("objects").is_dir() {
            return Err(GitError::new(format!("{} is not a git directory", own.display()))
                .with_help("run `git init`, or omit --staged and --since"));
        }
        let same = own.canonicalize().ok() == common.canonicalize().ok();
        let config = GitConfig::read(&common, if same { &common } else { &own })?;
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

    /// Reads the index.
    pub(super) fn index(&self) -> Result<Index, GitError> {
        Index::read(&self.index, &self.objects)
    }

    /// Returns the checked-out commit; `None` before the first commit.
    pub(super) fn head(&self) -> Result<Option<ObjectId>, GitError> {
        self.refs.resolve("HEAD")
    }

    /// Returns the tree of a commit.
    pub(super) fn tree_of(&self, id: &ObjectId) -> Result<ObjectId, GitError> {
        structure::read_commit(&self.objects, id).map(|commit| commit.tree).map_err(|fault| {
            GitError::new(format!("cannot read the commit {id}: {}", fault.describe()))
                .with_help("run `git fsck` to find the damage")
        })
    }

    /// Returns the commits whose parents are missing in a shallow clone.
    pub(super) fn shallow(&self) -> Result<BTreeSet<ObjectId>, GitError> {
        let content = file::read_small(&self.common.join("shallow"), MAX_SHALLOW)?.unwrap_or_default();
        let lines = content.split(|&byte| byte == b'\n');
        Ok(lines.filter_map(|line| ObjectId::from_hex(line.trim_ascii(), self.objects.hash())).collect())
    }
}

/// Whether the `.git` in `folder` is a folder without repository data.
fn is_hollow(folder: &Path) -> bool {
    let mark = folder.join(".git");
    let lacks = |name| mark.join(name).symlink_metadata().is_err();
    mark.is_dir() && lacks("HEAD") && lacks("objects")
}

/// Returns the git directory of the work tree at `top`.
fn find_git_directory(top: &Path) -> Result<PathBuf, GitError> {
    let mark = top.join(".git");
    if mark.is_dir() {
        return Ok(mark);
    }
    let content = file::read_small(&mark, MAX_POINTER)?.unwrap_or_default();
    match content.strip_prefix(b"gitdir:") {
        Some(place) => read_path(top, place),
        None => Err(GitError::new(format!("{} does not point to a git directory", mark.display()))
            .with_help("it must contain one line: `gitdir: FOLDER`")),
    }
}

/// Checks that the git directory belongs to this work tree.
///
/// A git directory in another place must refer back to this work tree, and one that refers to another work
/// tree is not used. Otherwise a `.git` file could give access to a private repository.
fn check_work_tree(top: &Path, own: &Path, config: &GitConfig, is_pointed_to: bool) -> Result<(), GitError> {
    let same = |path: &Path| path.canonicalize().is_ok_and(|path| path == top);
    if let Some(worktree) = &config.worktree {
        if join_unless_remote(own, worktree).is_some_and(|worktree| same(&worktree)) {
            return Ok(());
        }
        return Err(GitError::new(format!(
            "the git directory {} belongs to the work tree {} (core.worktree), not to {}",
            own.display(),
            worktree.display(),
            top.display()
        ))
        .with_help("run stanchion there, or correct core.worktree"));
    }
    if config.bare {
        return Err(GitError::new(format!("{} is a bare repository, without a work tree", own.display()))
            .with_help("create one with `git worktree add`"));
    }
    if !is_pointed_to {
        return Ok(());
    }
    let back = file::read_small(&own.join("gitdir"), MAX_POINTER)?;
    let known = match &back {
        Some(back) => read_path(own, back)?.parent().is_some_and(same),
        // `git init --separate-git-dir` writes no back reference; but a folder `.git` belongs to its parent
        // folder.
        None => own.canonicalize().is_ok_and(|own| own.file_name() != Some(OsStr::new(".git"))),
    };
    if known {
        return Ok(());
    }
    Err(GitError::new(format!(
        "{} points to {}, which belongs to a different work tree",
        top.join(".git").display(),
        own.display()
    ))
    .with_help("if the work tree was moved, run `git worktree repair`"))
}

/// Whether `path` is an index file directly in `own`.
fn is_own_index(path: &Path, own: &Path) -> bool {
    let inside = path.parent().and_then(|parent| parent.canonicalize().ok()) == own.canonicalize().ok();
    let plain = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    let begins = || {
        let mut start = [0; 4];
        let file = RegularFile::open(path).map_err(|error| read_error(path, &error)).ok().flatten();
        file.is_some_and(|file| file.read_at(0, &mut start).is_ok()) && &start == b"DIRC"
    };
    inside && plain && begins()
}

/// Parses the content of a file that contains one path, and resolves the path from the folder `base`.
fn read_path(base: &Path, bytes: &[u8]) -> Result<PathBuf, GitError> {
    let text =
        std::str::from_utf8(bytes.trim_ascii()).ok().filter(|text| !text.is_empty() && !text.contains('\0'));
    text.and_then(|text| join_unless_remote(base, Path::new(text))).ok_or_else(|| {
        GitError::new(format!(
            "`.git`, `commondir` or `gitdir` in {} contains an invalid path",
            base.display()
        ))
        .with_help("run `git status` to check whether git can use the repository")
    })
}
