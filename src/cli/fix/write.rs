//! Changes files on disk atomically: each contains either the old or the new bytes.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::super::failure::system_words;
use super::super::guidelines::is_plain;
use super::super::{files, interrupt};
use crate::model::RepoPath;

/// Reason why a file was not written.
pub(super) struct WriteRefusal {
    /// Message.
    pub(super) message: String,
    /// Whether the system prevented the write, rather than a rule of stanchion.
    pub(super) is_failure: bool,
}

/// Sensitive files: they decide what runs, or they are policy files.
const SENSITIVE: [&str; 16] = [
    ".stanchion/",
    "stanchion.toml",
    ".github/workflows/",
    ".github/actions/",
    ".gitlab-ci.yml",
    ".circleci/",
    ".husky/",
    ".githooks/",
    ".pre-commit-config.yaml",
    ".pre-commit-hooks.yaml",
    ".buildkite/",
    "action.yml",
    "action.yaml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "Jenkinsfile",
];

/// Whether a file is sensitive, at any depth: a subfolder may be the root of another project. Names are
/// compared like on a case-insensitive file system.
fn is_sensitive(name: &str) -> bool {
    let rooted = fold_name(&format!("/{name}"));
    SENSITIVE.iter().map(|it| fold_name(it)).any(|it| match it.strip_suffix('/') {
        Some(_) => rooted.contains(&format!("/{it}")),
        None => rooted.ends_with(&format!("/{it}")),
    })
}

/// Folds a name like a case-insensitive file system (Windows, macOS): removes ignored characters (the list of
/// HFS+, also used by git's `protectHFS`) and maps letters to their lower-case ASCII equivalents.
fn fold_name(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}' => {}
            '\u{17f}' => plain.push('s'),
            '\u{fb00}' => plain.push_str("ff"),
            '\u{fb01}' => plain.push_str("fi"),
            '\u{fb02}' => plain.push_str("fl"),
            '\u{fb03}' => plain.push_str("ffi"),
            '\u{fb04}' => plain.push_str("ffl"),
            '\u{fb05}' | '\u{fb06}' => plain.push_str("st"),
            letter => plain.extend(letter.to_lowercase()),
        }
    }
    plain
}

/// The reason why a file must not be changed; `None` if it may be.
pub(super) fn reason_to_skip(root: &Path, path: &RepoPath, sensitive: bool) -> Option<String> {
    let Some(name) = path.as_str() else { return Some("its name is not UTF-8".to_owned()) };
    let place = path.below(root).filter(|_| !name.split('/').any(|part| fold_name(part) == ".git"));
    let Some(place) = place.filter(|_| !name.is_empty()) else {
        return Some(
            "it is inside .git, outside the repository, or not a valid name on this system".to_owned(),
        );
    };
    if path.is_ambiguous() && place.symlink_metadata().is_err() {
        return Some("on Windows, its name could refer to another file or to a device".to_owned());
    }
    if !sensitive && is_sensitive(name) {
        return Some(
            "it is a sensitive file (workflow, hook or policy file); use --sensitive to change it".to_owned(),
        );
    }
    if !is_plain(root, Path::new(name)) {
        return Some("it is reached through a symbolic link".to_owned());
    }
    files::is_shared(&place)
        .then(|| "it has several hard links, and the others would keep the old text".to_owned())
}

/// Replaces the content `old` of a file, or creates the file.
pub(super) fn write_file(
    root: &Path,
    path: &RepoPath,
    old: Option<&[u8]>,
    new: &[u8],
) -> Result<(), WriteRefusal> {
    let failed = |error: io::Error| WriteRefusal { message: system_words(&error), is_failure: true };
    let full = path.below(root).ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
    let changed = || WriteRefusal {
        message: "it was changed by another process; run the command again".to_owned(),
        is_failure: false,
    };
    let Some(old) = old else {
        let text = std::str::from_utf8(new).map_err(|_| changed())?;
        return files::create(&full, text).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => changed(),
            _ => failed(error),
        });
    };
    let metadata = full.symlink_metadata().map_err(failed)?;
    if metadata.permissions().readonly() {
        let message = "it is read-only".to_owned();
        return Err(WriteRefusal { message, is_failure: true });
    }
    let (mut file, temporary) = files::temporary_beside(&full).map_err(failed)?;
    let mut finish = || -> Result<(), WriteRefusal> {
        file.set_permissions(metadata.permissions()).map_err(failed)?;
        file.write_all(new).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        // Checked again as late as possible: an editor may have saved the file.
        let same = files::read_bytes(&full, old.len() as u64).map_err(failed)? == old;
        if !same || reason_to_skip(root, path, true).is_some() {
            return Err(changed());
        }
        fs::rename(&temporary, &full).map_err(failed)?;
        files::sync_folder(&full).map_err(failed)
    };
    let written = finish();
    if written.is_err() {
        // The first error is the one that is reported.
        let _ = fs::remove_file(&temporary);
    }
    interrupt::forget_temporary();
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensitive_files_are_recognized_at_any_depth() {
        for name in [
            ".github/workflows/ci.yml",
            "vendor/x/.github/workflows/ci.yml",
            "actions/build/action.yml",
            "web/.husky/pre-commit",
            "web/.stanchion/waivers.toml",
            "stanchion.toml",
            ".github/stanchion.toml",
            ".GitHub/Workflows/ci.yml",
            "jenkinsfile",
            ".\u{17f}tanchion/waivers.toml",
            ".github/workflow\u{17f}/ci.yml",
            ".g\u{200c}ithub/workflows/ci.yml",
        ] {
            assert!(is_sensitive(name), "{name}");
        }
        let root = tempfile::tempdir().expect("a folder");
        for name in
            [".git/x", ".GIT/x", "a/.g\u{200c}it/hooks/x", "GIT~1/hooks/pre-commit", ".git./x", "a/aux.rs"]
        {
            assert!(reason_to_skip(root.path(), &RepoPath::from(name), true).is_some(), "{name}");
        }
        assert_eq!(reason_to_skip(root.path(), &RepoPath::from("a/x.rs"), false), None);
        for name in ["src/transaction.yml", "my.husky/x", "workflows/ci.yml", "not-stanchion.toml"] {
            assert!(!is_sensitive(name), "{name}");
        }
    }
}
