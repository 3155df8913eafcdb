//! Reads the settings of a repository that describe its storage. Includes are not followed, nothing is
//! executed, and the configuration of the user and the system is not read.

use std::path::{Path, PathBuf};

use super::{GitError, file};

/// Maximum size of a configuration file in bytes.
const MAX_CONFIG: u64 = 1 << 20;
/// Extensions that do not affect the data that this module reads.
const HARMLESS: [&str; 7] = [
    "noop",
    "noop-v1",
    "preciousobjects",
    "partialclone",
    "worktreeconfig",
    "compatobjectformat",
    "relativeworktrees",
];

/// Storage settings of a repository.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of git")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct GitConfig {
    pub(super) bare: bool,
    pub(super) worktree: Option<PathBuf>,
    pub(super) sha256: bool,
    pub(super) reftable: bool,
    per_worktree: bool,
    version: u32,
    unknown: Option<String>,
}

impl GitConfig {
    /// Reads the settings in the git directory that all work trees share, and those of this work tree.
    ///
    /// # Errors
    /// If a file cannot be read, or the repository has an unsupported format.
    pub(super) fn read(common: &Path, own: &Path) -> Result<Self, GitError> {
        let mut config = Self::default();
        if let Some(text) = file::read_small(&common.join("config"), MAX_CONFIG)? {
            config.apply_settings(&text);
        }
        if common != own {
            // These settings apply to the main work tree only.
            (config.bare, config.worktree) = (false, None);
        }
        if config.per_worktree
            && let Some(text) = file::read_small(&own.join("config.worktree"), MAX_CONFIG)?
        {
            config.apply_settings(&text);
        }
        match &config.unknown {
            Some(what) if config.version > 0 => {
                Err(GitError::new(format!("unsupported repository format ({what})"))
                    .with_help("run `stanchion check` without --staged or --since"))
            }
            _ => Ok(config),
        }
    }

    fn apply_settings(&mut self, text: &[u8]) {
        for (section, key, value) in parse_settings(text) {
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

/// Parses section, key and value of every setting. Only sections without a subsection are needed; the names
/// of other sections include the subsection, and match nothing.
fn parse_settings(text: &[u8]) -> Vec<(String, String, String)> {
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
        found.push((section.clone(), key.trim().to_ascii_lowercase(), unquote_value(value)));
    }
    found
}

/// Removes quotes, escapes and the comment from a value.
fn unquote_value(value: &str) -> String {
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
        let mut config = GitConfig::default();
        config.apply_settings(text);
        assert!(config.sha256 && !config.reftable && config.bare && config.unknown.is_none());
        assert_eq!(config.worktree, Some(PathBuf::from("../../a b")));
        config.apply_settings(b"[extensions]\nnews = 1\n");
        assert_eq!(config.unknown.as_deref(), Some("extensions.news"));
    }
}
