//! Resolves references: `HEAD`, loose and packed references, and reftables.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::file;
use super::oid::{HashKind, ObjectId};
use super::reftable;
use super::{GitError, file::read_error};

/// Maximum size of a loose reference in bytes. `FETCH_HEAD` may contain many lines, of which the first
/// counts.
const MAX_LOOSE: u64 = 1 << 20;
/// Maximum size of `packed-refs` in bytes.
const MAX_PACKED: u64 = 96 << 20;
/// Maximum number of remotes searched for a branch.
const MAX_REMOTES: usize = 100;
/// Maximum depth of symbolic references.
const MAX_STEPS: usize = 5;

/// References of a work tree.
pub(super) struct Refs {
    hash: HashKind,
    /// Git directory of this work tree, with its `HEAD` and similar references.
    own: PathBuf,
    /// Git directory shared by all work trees.
    common: PathBuf,
    reftable: bool,
}

/// Target of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RefTarget {
    Object(ObjectId),
    Name(String),
}

impl Refs {
    pub(super) fn new(own: &Path, common: &Path, hash: HashKind, reftable: bool) -> Self {
        Self { hash, own: own.to_owned(), common: common.to_owned(), reftable }
    }

    /// Returns the object that `name` (a full name such as `refs/heads/main` or `HEAD`) points to; `None` if
    /// there is none, for example for a branch without commits.
    ///
    /// # Errors
    /// If references cannot be read.
    pub(super) fn resolve(&self, name: &str) -> Result<Option<ObjectId>, GitError> {
        let mut name = name.to_owned();
        for _ in 0..MAX_STEPS {
            if !is_valid_name(&name) {
                return Ok(None);
            }
            match self.read_target(&name)? {
                None => return Ok(None),
                Some(RefTarget::Object(id)) => return Ok(Some(id).filter(|id| !id.is_null())),
                Some(RefTarget::Name(next)) => name = next,
            }
        }
        Err(GitError::new(format!(
            "the symbolic references that lead to {name} have more than {MAX_STEPS} levels"
        ))
        .with_help("show or change the target of a symbolic reference with `git symbolic-ref`"))
    }

    fn read_target(&self, name: &str) -> Result<Option<RefTarget>, GitError> {
        let is_own = !name.starts_with("refs/")
            || ["refs/bisect/", "refs/worktree/", "refs/rewritten/"].iter().any(|it| name.starts_with(it));
        let place = if is_own { &self.own } else { &self.common };
        // These two remain files in repositories with reftables.
        if self.reftable && !matches!(name, "FETCH_HEAD" | "MERGE_HEAD") {
            return reftable::find_reference(&place.join("reftable"), name, self.hash);
        }
        // The folder also contains files that are not references, such as `COMMIT_EDITMSG`.
        let must_be_one = name == "HEAD" || name.starts_with("refs/");
        if let Some(found) = self.read_loose(&place.join(name), must_be_one)? {
            return Ok(Some(found));
        }
        if name.starts_with("refs/") { self.find_packed(name) } else { Ok(None) }
    }

    fn read_loose(&self, path: &Path, must_be_one: bool) -> Result<Option<RefTarget>, GitError> {
        // A folder is only a prefix of reference names.
        if path.is_dir() {
            return Ok(None);
        }
        let Some(content) = file::read_small(path, MAX_LOOSE)? else { return Ok(None) };
        let line = content.split(|&byte| byte == b'\n').next().unwrap_or_default();
        if let Some(name) = line.strip_prefix(b"ref:") {
            let name = utf8_name(name.trim_ascii())
                .ok_or_else(|| not_utf8(&path.display().to_string(), name.trim_ascii()))?;
            return Ok(Some(RefTarget::Name(name)));
        }
        let word = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        match ObjectId::from_hex(word, self.hash) {
            Some(id) => Ok(Some(RefTarget::Object(id))),
            None if !must_be_one => Ok(None),
            None => Err(read_error(path, &std::io::Error::other("not a reference"))),
        }
    }

    fn find_packed(&self, name: &str) -> Result<Option<RefTarget>, GitError> {
        let Some(content) = file::read_small(&self.common.join("packed-refs"), MAX_PACKED)? else {
            return Ok(None);
        };
        let ending = [b" ", name.as_bytes()].concat();
        let found = memchr::memmem::find_iter(&content, &ending).find_map(|at| {
            let after = content.get(at + ending.len());
            let start = memchr::memrchr(b'\n', &content[..at]).map_or(0, |newline| newline + 1);
            let whole = after.is_none_or(|&byte| byte == b'\n' || byte == b'\r');
            if whole { ObjectId::from_hex(&content[start..at], self.hash) } else { None }
        });
        Ok(found.map(RefTarget::Object))
    }

    /// Returns the branches with this name on remotes in short form (`origin/main`); empty for repositories
    /// with reftables.
    ///
    /// # Errors
    /// If references cannot be read.
    pub(super) fn find_on_remotes(&self, word: &str) -> Result<Vec<String>, GitError> {
        let mut remotes = BTreeSet::new();
        for entry in std::fs::read_dir(self.common.join("refs/remotes")).into_iter().flatten().flatten() {
            remotes.extend(entry.file_name().into_string());
        }
        let packed = file::read_small(&self.common.join("packed-refs"), MAX_PACKED)?.unwrap_or_default();
        for at in memchr::memmem::find_iter(&packed, b" refs/remotes/") {
            let name =
                packed[at + b" refs/remotes/".len()..].split(|byte| matches!(byte, b'/' | b'\n')).next();
            remotes.extend(name.and_then(utf8_name));
            if remotes.len() > MAX_REMOTES {
                break;
            }
        }
        let mut found = Vec::new();
        for remote in remotes.into_iter().take(MAX_REMOTES) {
            let name = format!("refs/remotes/{remote}/{word}");
            if is_valid_name(&name) && self.resolve(&name)?.is_some() {
                found.push(format!("{remote}/{word}"));
            }
        }
        // The most common remote first.
        found.sort_by_key(|name| !name.starts_with("origin/"));
        Ok(found)
    }

    /// Returns the references that `word` may refer to by the rules of git, with their objects.
    ///
    /// # Errors
    /// If references cannot be read.
    pub(super) fn find_candidates(&self, word: &str) -> Result<Vec<(String, ObjectId)>, GitError> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let top = word.starts_with("refs/") || word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        let patterns = ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"];
        let names = patterns.iter().skip(usize::from(!top)).map(|start| format!("{start}{word}"));
        for name in names.chain([format!("refs/remotes/{word}/HEAD")]) {
            if is_valid_name(&name)
                && seen.insert(name.clone())
                && let Some(id) = self.resolve(&name)?
            {
                found.push((name, id));
            }
        }
        Ok(found)
    }
}

/// Converts a name to a string; `None` if it is not UTF-8.
fn utf8_name(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

/// Creates the error for a reference name that is not UTF-8.
pub(super) fn not_utf8(place: &str, name: &[u8]) -> GitError {
    let shown = name.escape_ascii();
    GitError::new(format!("{place} contains the reference {shown}, which is not UTF-8"))
        .with_help("rename the branch with `git branch -m NEW`")
}

/// Whether git allows `name` as a reference. Names that git forbids could lead out of the folder.
fn is_valid_name(name: &str) -> bool {
    let bad = |byte: u8| byte <= b' ' || byte == 0x7f || b"~^:?*[\\".contains(&byte);
    !name.is_empty()
        && name.len() < 1_024
        && !name.bytes().any(bad)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && (name.starts_with("refs/") || !name.contains('/'))
        && name.split('/').all(|part| {
            let lock = Path::new(part).extension().is_some_and(|extension| extension == "lock");
            !part.is_empty() && !part.starts_with('.') && !lock
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_of_the_folder_are_invalid() {
        for good in ["HEAD", "refs/heads/main", "refs/heads/feat/x-1", "FETCH_HEAD", "refs/tags/v1.0"] {
            assert!(is_valid_name(good), "{good}");
        }
        for bad in
            ["", "../x", "refs/../x", "refs/heads/.x", "a b", "refs//x", "refs/a.lock", "x/y", "refs/a\n"]
        {
            assert!(!is_valid_name(bad), "{bad:?}");
        }
    }
}
