//! Entry points for `fuzz/`, which cannot call private functions. Compiled only when cargo-fuzz builds the
//! library. The product must not use them.

use std::sync::Arc;

use super::git_index;
use super::ignore_rules::{IgnoreRules, LoadedIgnoreFile, parse};

/// Parses `content` as a git index.
pub fn git_index(content: &[u8]) {
    let _ = git_index::parse(content);
}

/// Parses `content` as a `.gitignore` in the root and matches `path`.
pub fn ignore_file(path: &[u8], content: &[u8]) {
    let LoadedIgnoreFile::Rules(rules, _) = parse(content, 0, None) else { return };
    let rules: &Arc<IgnoreRules> = &rules;
    for is_directory in [false, true] {
        rules.ignores(path, is_directory);
    }
}
