//! Fingerprints: the identity of a finding over time.

use sha2::{Digest, Sha256};

use crate::model::{Fingerprint, GuidelineId, RepoPath};

/// Folds runs of white space to one blank, so that re-indenting changes nothing.
#[must_use]
pub fn fold(content: &str) -> String {
    let mut out = String::with_capacity(content.len().min(256));
    for word in content.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// SHA-256 over length-prefixed parts, the first 16 bytes as 32 hexadecimal digits.
#[must_use]
pub fn digest(parts: &[&[u8]]) -> String {
    use std::fmt::Write as _;
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()[..16].iter().fold(String::with_capacity(32), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The fingerprint of the `occurrence`-th finding (from 0) with this content in this file.
/// The version is left out on purpose: a new wording of a guideline is not a new finding.
#[must_use]
pub fn fingerprint(
    guideline: &GuidelineId,
    check: &str,
    path: &RepoPath,
    content: &str,
    occurrence: usize,
) -> Fingerprint {
    let occurrence = (occurrence as u64).to_le_bytes();
    Fingerprint(digest(&[
        guideline.as_str().as_bytes(),
        check.as_bytes(),
        path.bytes(),
        fold(content).as_bytes(),
        &occurrence,
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stands_on_content_not_on_layout() {
        let id = GuidelineId::new("a/b").expect("an id");
        let of = |path: &str, content: &str, n| fingerprint(&id, "c", &RepoPath::from(path), content, n);
        assert_eq!(of("x", "f(\n   1)", 0), of("x", " f( 1)", 0));
        let all = [of("x", "f()", 0), of("x", "f()", 1), of("y", "f()", 0), of("x", "g()", 0)];
        for (at, one) in all.iter().enumerate() {
            assert_eq!(one.0.len(), 32);
            assert!(all[at + 1..].iter().all(|other| other != one));
        }
    }
}
