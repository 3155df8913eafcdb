//! The few settings of a repository that say how it is stored. Nothing is included, nothing is run, and
//! the user's and the machine's configuration are not looked at.

use std::path::{Path, PathBuf};

use super::{GitError, file};

/// Largest configuration in bytes.
const MAX_CONFIG: u64 = 1 << 20;
/// Extensions that change nothing about what is read here.
const HARMLESS: [&str; 7] = [
    "noop",
    "noop-v1",
    "preciousobjects",
    "partialclone",
    "worktreeconfig",
    "compatobjectformat",
    "relativeworktrees",
];

/// How a repository is stored.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of git")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Config {
    pub(super) bare: bool,
    pub(super) worktree: Option<PathBuf>,
    pub(super) sha256: bool,
    pub(super) reftable: bool,
    per_worktree: bool,
    version: u32,
    unknown: Option<String>,
}

impl Config {
    /// Reads the settings in the git directory that all work trees share, and those of this one.
    ///
    /// # Errors
    /// A file that cannot be read, and a repository of a kind that stanchion does not know.
    pub(super) fn read(common: &Path, own: &Path) -> Result<Self, GitError> {
        let mut config = Self::default();
        if let Some(text) = file::content(&common.join("config"), MAX_CONFIG)? {
            config.take(&text);
        }
        if common != own {
            // They are about the main work tree.
            (config.bare, config.worktree) = (false, None);
        }
        if config.per_worktree
            && let Some(text) = file::content(&own.join("config.worktree"), MAX_CONFIG)?
        {
            config.take(&text);
        }
        match &config.unknown {
            Some(what) if config.version > 0 => Err(GitError::new(format!(
                "this repository is stored in a way that stanchion does not know ({what})"
            ))
            .with_help("`stanchion check` without --staged or --since does not need to know")),
            _ => Ok(config),
        }
    }

    fn take(&mut self, text: &[u8]) {
        for (section, key, value) in settings(text) {
            let yes = matches!(value.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "1" | "");
            match (section.as_str(), key.as_str()) {
                ("core", "bare") => self.bare = yes,
                ("core", "worktree") => self.worktree = Some(PathBuf::from(value)),
                ("core", "repositoryformatversion") => {
                    self.version = value.parse().unwrap_or(u32::MAX);
                    if self.version > 1 {
                        self.unknown = Some(format!("core.repositoryFormatVersion {value}"));
                    }
                }
                ("extensions", "objectformat") => match value.as_str() {
                    "sha1" => self.sha256 = false,
                    "sha256" => self.sha256 = true,
                    _ => self.unknown = Some(format!("extensions.objectFormat {value}")),
                },
                ("extensions", "refstorage") => match value.as_str() {
                    "files" => self.reftable = false,
                    "reftable" => self.reftable = true,
                    _ => self.unknown = Some(format!("extensions.refStorage {value}")),
                },
                ("extensions", key) => {
                    self.per_worktree |= key == "worktreeconfig" && yes;
                    if !HARMLESS.contains(&key) {
                        self.unknown = Some(format!("extensions.{key}"));
                    }
                }
                _ => {}
            }
        }
    }
}

/// Section (without subsection), key and value of every setting. Only sections without a subsection are
/// of use here; the others come with a name that nobody asks for.
fn settings(text: &[u8]) -> Vec<(String, String, String)> {
    let text = String::from_utf8_lossy(text);
    let mut section = String::new();
    let mut found = Vec::new();
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").lines() {
        let mut line = line.trim();
        if let Some(rest) = line.strip_prefix('[') {
            let Some((name, rest)) = rest.split_once(']') else { continue };
            section = name.trim().to_ascii_lowercase();
            line = rest.trim();
        }
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        found.push((section.clone(), key.trim().to_ascii_lowercase(), plain(value)));
    }
    found
}

/// A value without its quotes, escapes and comment.
fn plain(value: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    let mut letters = value.trim().chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted = !quoted,
            '#' | ';' if !quoted => break,
            '\\' => out.extend(letters.next().map(|escaped| match escaped {
                'n' => '\n',
                't' => '\t',
                other => other,
            })),
            other => out.push(other),
        }
    }
    if quoted { out } else { out.trim_end().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_as_git_writes_them() {
        let text =
            b"[core]\n\trepositoryformatversion = 1\n\tbare = false # no\n\tworktree = \"../../a b\"\n\
            [remote \"origin\"]\n\tbare = true\n[extensions]\n\tobjectFormat=sha256\n\trefStorage = files\n\
            [include]\n\tpath = /etc/passwd\n[Core] bare\n";
        let mut config = Config::default();
        config.take(text);
        assert!(config.sha256 && !config.reftable && config.bare && config.unknown.is_none());
        assert_eq!(config.worktree, Some(PathBuf::from("../../a b")));
        config.take(b"[extensions]\nnews = 1\n");
        assert_eq!(config.unknown.as_deref(), Some("extensions.news"));
    }
}
