//! Changing files on disk so that each holds the old bytes or the new ones, whatever happens.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::super::failure::system_words;
use super::super::guidelines::is_plain;
use super::super::{files, interrupt};
use crate::model::RepoPath;

/// Why a file was left alone.
pub(super) struct Refusal {
    /// A sentence.
    pub(super) words: String,
    /// Whether the system did not allow it, rather than we.
    pub(super) is_failure: bool,
}

/// Files that decide what runs, or what this repository says.
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

/// Whether a file decides what runs, or what somebody says, here or as the root of something else below. Written in
/// whatever way: somewhere that is the same file.
fn is_sensitive(name: &str) -> bool {
    let rooted = folded(&format!("/{name}"));
    SENSITIVE.iter().map(|it| folded(it)).any(|it| match it.strip_suffix('/') {
        Some(_) => rooted.contains(&format!("/{it}")),
        None => rooted.ends_with(&format!("/{it}")),
    })
}

/// A name as file systems compare it that do so without case (those of Windows and macOS): what they pass over is left
/// out (the list of HFS+, which git's `protectHFS` has, too), and letters that fold to plain ones are plain.
fn folded(name: &str) -> String {
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

/// Why a file is not to be changed; `None`: it may be.
pub(super) fn why_not(root: &Path, path: &RepoPath, sensitive: bool) -> Option<String> {
    let Some(name) = path.as_str() else { return Some("its name is not UTF-8".to_owned()) };
    let place = path.below(root).filter(|_| !name.split('/').any(|part| folded(part) == ".git"));
    let Some(place) = place.filter(|_| !name.is_empty()) else {
        return Some("it lies where nothing of the repository does".to_owned());
    };
    if path.is_ambiguous() && place.symlink_metadata().is_err() {
        return Some("Windows would take its name for something else".to_owned());
    }
    if !sensitive && is_sensitive(name) {
        return Some(
            "it decides what runs, or what this repository says; `--sensitive` changes it, too".to_owned(),
        );
    }
    if !is_plain(root, Path::new(name)) {
        return Some("it is a link, or lies behind one".to_owned());
    }
    files::is_shared(&place)
        .then(|| "it has several names (hard links), and all but one would keep the old text".to_owned())
}

/// Changes a file that holds `old`, or creates one.
pub(super) fn write(root: &Path, path: &RepoPath, old: Option<&[u8]>, new: &[u8]) -> Result<(), Refusal> {
    let failed = |error: io::Error| Refusal { words: system_words(&error), is_failure: true };
    let full = path.below(root).ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
    let changed =
        || Refusal { words: "it was changed meanwhile; run it again".to_owned(), is_failure: false };
    let Some(old) = old else {
        let text = std::str::from_utf8(new).map_err(|_| changed())?;
        return files::create(&full, text).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => changed(),
            _ => failed(error),
        });
    };
    let metadata = full.symlink_metadata().map_err(failed)?;
    if metadata.permissions().readonly() {
        let words = "it may not be written (read-only)".to_owned();
        return Err(Refusal { words, is_failure: true });
    }
    let (mut file, temporary) = files::temporary_beside(&full).map_err(failed)?;
    let mut finish = || -> Result<(), Refusal> {
        file.set_permissions(metadata.permissions()).map_err(failed)?;
        file.write_all(new).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        // Looked at again as late as can be: an editor may have saved it.
        let same = files::bytes(&full, old.len() as u64).map_err(failed)? == old;
        if !same || why_not(root, path, true).is_some() {
            return Err(changed());
        }
        fs::rename(&temporary, &full).map_err(failed)?;
        files::sync_folder(&full).map_err(failed)
    };
    let written = finish();
    if written.is_err() {
        // The first failure is the one to tell.
        let _ = fs::remove_file(&temporary);
    }
    interrupt::temporary_is_gone();
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_what_runs_is_known_at_any_depth() {
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
            assert!(why_not(root.path(), &RepoPath::from(name), true).is_some(), "{name}");
        }
        assert_eq!(why_not(root.path(), &RepoPath::from("a/x.rs"), false), None);
        for name in ["src/transaction.yml", "my.husky/x", "workflows/ci.yml", "not-stanchion.toml"] {
            assert!(!is_sensitive(name), "{name}");
        }
    }
}
