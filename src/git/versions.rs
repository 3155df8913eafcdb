//! Compares two versions of a file: whether they are equal, and which lines are new.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::lines::{self, MAX_TEXT};
use super::objects::Objects;
use super::oid::ObjectId;
use crate::engine::tree::Tree;
use crate::engine::{ChangedLines, LineChanges};
use crate::model::RepoPath;

/// Maximum size of a file whose versions are compared, in bytes. A larger file counts as changed, unless its
/// stat data match the index.
pub(super) const MAX_COMPARED: u64 = 16 << 20;

/// Earlier versions of files, and the tree with their current versions.
pub(super) struct FileVersions {
    pub(super) objects: Arc<Objects>,
    /// Earlier version of each file; new files are missing.
    pub(super) before: BTreeMap<RepoPath, BaseVersion>,
    pub(super) now: Arc<dyn Tree + Send + Sync>,
}

/// Earlier version of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct BaseVersion {
    /// Object of the earlier version.
    pub(super) id: ObjectId,
    /// Object in the index, if the current version is read from disk, where git may have converted line
    /// endings.
    pub(super) indexed: Option<ObjectId>,
}

impl ChangedLines for FileVersions {
    fn lines(&self, path: &RepoPath) -> LineChanges {
        let Some(BaseVersion { id, indexed }) = self.before.get(path).copied() else {
            return LineChanges::All;
        };
        let Ok((_, before)) = self.objects.read(&id, MAX_TEXT as u64) else { return LineChanges::All };
        let mut now = Vec::new();
        if self.now.read(path, MAX_TEXT as u64, &mut now).is_err() {
            return LineChanges::All;
        }
        if has_crlf(&now) && indexed.is_some_and(|id| is_stored_without_crlf(&self.objects, &id)) {
            now = without_cr(&now);
        }
        lines::changed_lines(&before, &now)
    }

    fn before(&self, path: &RepoPath, limit: u64) -> Option<Vec<u8>> {
        let id = self.before.get(path)?.id;
        self.objects.read(&id, limit).ok().map(|(_, content)| content)
    }
}

/// Whether the stored text contains no CRLF. If so, git has added any CRLF on disk, or will not store it.
pub(super) fn is_stored_without_crlf(objects: &Objects, id: &ObjectId) -> bool {
    objects.read(id, MAX_COMPARED).is_ok_and(|(_, stored)| !has_crlf(&stored))
}

/// Whether the file on disk equals the stored content: byte by byte, with CRLF line endings, or as the file
/// of a Git LFS pointer.
pub(super) fn same_content(stored: &[u8], disk: &[u8]) -> bool {
    stored == disk
        || (has_crlf(disk) && !has_crlf(stored) && without_cr(disk) == stored)
        || lfs_pointer(stored).is_some_and(|(digest, size)| {
            size == disk.len() as u64
                && Sha256::digest(disk).iter().map(|byte| format!("{byte:02x}")).collect::<String>() == digest
        })
}

fn has_crlf(content: &[u8]) -> bool {
    memchr::memmem::find(content, b"\r\n").is_some()
}

fn without_cr(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    for (at, &byte) in content.iter().enumerate() {
        if byte != b'\r' || content.get(at + 1) != Some(&b'\n') {
            out.push(byte);
        }
    }
    out
}

/// Parses the digest and size in a Git LFS pointer.
fn lfs_pointer(content: &[u8]) -> Option<(&str, u64)> {
    let text = std::str::from_utf8(content.get(..content.len().min(1_024))?).ok()?;
    let rest = text.strip_prefix("version https://git-lfs.github.com/spec/v1\n")?;
    let value = |key: &str| rest.lines().find_map(|line| line.strip_prefix(key));
    Some((value("oid sha256:")?, value("size ")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_endings_and_lfs_pointers_are_not_changes() {
        assert!(same_content(b"a\nb\n", b"a\r\nb\r\n") && !same_content(b"a\r\nb\r\n", b"a\nb\n"));
        let digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 5\n");
        assert!(same_content(pointer.as_bytes(), b"hello") && !same_content(pointer.as_bytes(), b"hellO"));
    }
}
