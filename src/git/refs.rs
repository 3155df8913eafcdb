//! What names point to: `HEAD`, loose and packed references, and reftables.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::file;
use super::oid::{HashKind, ObjectId};
use super::reftable;
use super::{GitError, file::cannot_read};

/// Largest loose reference; `FETCH_HEAD` may hold many lines, of which the first counts.
const MAX_LOOSE: u64 = 1 << 20;
/// Largest `packed-refs`.
const MAX_PACKED: u64 = 96 << 20;
/// Most remotes that are asked for a branch.
const MOST_REMOTES: usize = 100;
/// How often a reference may name another one.
const MAX_STEPS: usize = 5;

/// The references of a work tree.
pub(super) struct Refs {
    hash: HashKind,
    /// Of this work tree: its `HEAD` and the like.
    own: PathBuf,
    /// Of all work trees.
    common: PathBuf,
    reftable: bool,
}

/// What a reference says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Object(ObjectId),
    Name(String),
}

impl Refs {
    pub(super) fn new(own: &Path, common: &Path, hash: HashKind, reftable: bool) -> Self {
        Self { hash, own: own.to_owned(), common: common.to_owned(), reftable }
    }

    /// The object that `name` (in full, such as `refs/heads/main` or `HEAD`) points to; `None` when
    /// there is none, as for a branch without commits.
    ///
    /// # Errors
    /// When references cannot be read.
    pub(super) fn object(&self, name: &str) -> Result<Option<ObjectId>, GitError> {
        let mut name = name.to_owned();
        for _ in 0..MAX_STEPS {
            if !is_name(&name) {
                return Ok(None);
            }
            match self.target(&name)? {
                None => return Ok(None),
                Some(Target::Object(id)) => return Ok(Some(id).filter(|id| !id.is_null())),
                Some(Target::Name(next)) => name = next,
            }
        }
        Err(GitError::new(format!("the reference {name} names others without end"))
            .with_help("`git symbolic-ref` shows and changes what a reference names"))
    }

    fn target(&self, name: &str) -> Result<Option<Target>, GitError> {
        let is_own = !name.starts_with("refs/")
            || ["refs/bisect/", "refs/worktree/", "refs/rewritten/"].iter().any(|it| name.starts_with(it));
        let place = if is_own { &self.own } else { &self.common };
        // These two are files even where the others are in tables.
        if self.reftable && !matches!(name, "FETCH_HEAD" | "MERGE_HEAD") {
            return reftable::find(&place.join("reftable"), name, self.hash);
        }
        // Other files lie beside these: `COMMIT_EDITMSG` is none.
        let must_be_one = name == "HEAD" || name.starts_with("refs/");
        if let Some(found) = self.loose(&place.join(name), must_be_one)? {
            return Ok(Some(found));
        }
        if name.starts_with("refs/") { self.packed(name) } else { Ok(None) }
    }

    fn loose(&self, path: &Path, must_be_one: bool) -> Result<Option<Target>, GitError> {
        // A folder is a prefix of other names, not a reference.
        if path.is_dir() {
            return Ok(None);
        }
        let Some(content) = file::content(path, MAX_LOOSE)? else { return Ok(None) };
        let line = content.split(|&byte| byte == b'\n').next().unwrap_or_default();
        if let Some(name) = line.strip_prefix(b"ref:") {
            let name = name_from(name.trim_ascii())
                .ok_or_else(|| not_utf8(&path.display().to_string(), name.trim_ascii()))?;
            return Ok(Some(Target::Name(name)));
        }
        let word = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        match ObjectId::from_hex(word, self.hash) {
            Some(id) => Ok(Some(Target::Object(id))),
            None if !must_be_one => Ok(None),
            None => Err(cannot_read(path, &std::io::Error::other("it is not a reference"))),
        }
    }

    fn packed(&self, name: &str) -> Result<Option<Target>, GitError> {
        let Some(content) = file::content(&self.common.join("packed-refs"), MAX_PACKED)? else {
            return Ok(None);
        };
        let ending = [b" ", name.as_bytes()].concat();
        let found = memchr::memmem::find_iter(&content, &ending).find_map(|at| {
            let after = content.get(at + ending.len());
            let start = memchr::memrchr(b'\n', &content[..at]).map_or(0, |newline| newline + 1);
            let whole = after.is_none_or(|&byte| byte == b'\n' || byte == b'\r');
            if whole { ObjectId::from_hex(&content[start..at], self.hash) } else { None }
        });
        Ok(found.map(Target::Object))
    }

    /// The branches of this name on remotes, as people write them (`origin/main`); none where references
    /// are in tables.
    ///
    /// # Errors
    /// When references cannot be read.
    pub(super) fn on_remotes(&self, word: &str) -> Result<Vec<String>, GitError> {
        let mut remotes = BTreeSet::new();
        for entry in std::fs::read_dir(self.common.join("refs/remotes")).into_iter().flatten().flatten() {
            remotes.extend(entry.file_name().into_string());
        }
        let packed = file::content(&self.common.join("packed-refs"), MAX_PACKED)?.unwrap_or_default();
        for at in memchr::memmem::find_iter(&packed, b" refs/remotes/") {
            let name =
                packed[at + b" refs/remotes/".len()..].split(|byte| matches!(byte, b'/' | b'\n')).next();
            remotes.extend(name.and_then(name_from));
            if remotes.len() > MOST_REMOTES {
                break;
            }
        }
        let mut found = Vec::new();
        for remote in remotes.into_iter().take(MOST_REMOTES) {
            let name = format!("refs/remotes/{remote}/{word}");
            if is_name(&name) && self.object(&name)?.is_some() {
                found.push(format!("{remote}/{word}"));
            }
        }
        // The usual one first.
        found.sort_by_key(|name| !name.starts_with("origin/"));
        Ok(found)
    }

    /// The references that `word` may mean, as git reads it, with what they point to.
    ///
    /// # Errors
    /// When references cannot be read.
    pub(super) fn candidates(&self, word: &str) -> Result<Vec<(String, ObjectId)>, GitError> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let top = word.starts_with("refs/") || word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        let patterns = ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"];
        let names = patterns.iter().skip(usize::from(!top)).map(|start| format!("{start}{word}"));
        for name in names.chain([format!("refs/remotes/{word}/HEAD")]) {
            if is_name(&name)
                && seen.insert(name.clone())
                && let Some(id) = self.object(&name)?
            {
                found.push((name, id));
            }
        }
        Ok(found)
    }
}

/// The name in these bytes, if it is UTF-8.
fn name_from(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

/// A branch whose name cannot be written here.
pub(super) fn not_utf8(place: &str, name: &[u8]) -> GitError {
    let shown = name.escape_ascii();
    GitError::new(format!("{place} names the reference {shown}, which is not UTF-8"))
        .with_help("give the branch another name (`git branch -m NEW`)")
}

/// Whether `name` may be a reference: what git forbids could lead out of the folder.
fn is_name(name: &str) -> bool {
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
    fn names_that_could_lead_elsewhere_are_none() {
        for good in ["HEAD", "refs/heads/main", "refs/heads/feat/x-1", "FETCH_HEAD", "refs/tags/v1.0"] {
            assert!(is_name(good), "{good}");
        }
        for bad in
            ["", "../x", "refs/../x", "refs/heads/.x", "a b", "refs//x", "refs/a.lock", "x/y", "refs/a\n"]
        {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
