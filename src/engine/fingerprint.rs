//! Fingerprints, which identify a finding across runs.

use sha2::{Digest, Sha256};

use crate::model::{ContentHash, FindingHashes, Fingerprint, GuidelineId, RepoPath};

/// Replaces each run of white space with one space, so that re-indenting does not change a fingerprint.
#[must_use]
pub fn fold_whitespace(content: &str) -> String {
    let mut out = String::with_capacity(content.len().min(256));
    for word in content.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Returns the first 16 bytes of the SHA-256 over the length-prefixed parts, as 32 hexadecimal digits.
#[must_use]
pub fn hash_parts(parts: &[&[u8]]) -> String {
    format!("{:032x}", hash_number(parts))
}

/// As [`hash_parts`], as a number.
fn hash_number(parts: &[&[u8]]) -> u128 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()[..16].iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// Computes the hashes of the `occurrence`-th finding (from 0) with this content in this file.
///
/// `first_line` is the first line of a finding that spans several lines. The version of the guideline is not
/// included, so that new wording does not turn a known finding into a new one.
#[must_use]
pub fn hash_finding(
    guideline: &GuidelineId,
    check: &str,
    path: &RepoPath,
    content: &str,
    first_line: Option<&str>,
    occurrence: usize,
) -> FindingHashes {
    let occurrence = (occurrence as u64).to_le_bytes();
    let (guideline, check) = (guideline.as_str().as_bytes(), check.as_bytes());
    let content = fold_whitespace(content);
    let short = |what: &[u8], text: &str| {
        let hash = hash_number(&[what, guideline, check, text.as_bytes()]);
        // The upper 64 bits, which are the first 16 hexadecimal digits.
        ContentHash(u64::try_from(hash >> 64).unwrap_or(u64::MAX))
    };
    FindingHashes {
        fingerprint: Fingerprint(hash_number(&[
            guideline,
            check,
            path.bytes(),
            content.as_bytes(),
            &occurrence,
        ])),
        content: short(b"content", &content),
        head: first_line.map(|line| short(b"head", &fold_whitespace(line))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depends_on_content_not_on_layout() {
        let id = GuidelineId::new("a/b").expect("an id");
        let of =
            |path: &str, content: &str, n| hash_finding(&id, "c", &RepoPath::from(path), content, None, n);
        assert_eq!(of("x", "f(\n   1)", 0), of("x", " f( 1)", 0));
        let all = [of("x", "f()", 0), of("x", "f()", 1), of("y", "f()", 0), of("x", "g()", 0)];
        for (at, one) in all.iter().enumerate() {
            assert_eq!((one.fingerprint.to_string().len(), one.content.to_string().len()), (32, 16));
            assert!(all[at + 1..].iter().all(|other| other.fingerprint != one.fingerprint));
        }
        assert!(all[..3].iter().all(|it| it.content == all[0].content) && all[3].content != all[0].content);
        let tall = |line: &str| hash_finding(&id, "c", &RepoPath::from("x"), line, Some(line), 0).head;
        assert_eq!(tall("def  f():"), tall("def f():"));
        assert_ne!(tall("def f():"), tall("def g():"));
    }
}
