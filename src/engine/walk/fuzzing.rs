//! Ways in for `fuzz/`, which cannot reach what is private. Only there when cargo-fuzz builds the library.
//! Nothing of the product may use it.

use std::sync::Arc;

use super::git_index;
use super::ignore_rules::{Loaded, Rules, parse};

/// Reads `content` as git's index.
pub fn git_index(content: &[u8]) {
    let _ = git_index::parse(content);
}

/// Reads `content` as a `.gitignore` of the root and asks it about `path`.
pub fn ignore_file(path: &[u8], content: &[u8]) {
    let Loaded::Rules(rules, _) = parse(content, 0, None) else { return };
    let rules: &Arc<Rules> = &rules;
    for is_directory in [false, true] {
        rules.ignores(path, is_directory);
    }
}
