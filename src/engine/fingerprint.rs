//! Fingerprints: the identity of a finding over time.

use sha2::{Digest, Sha256};

use crate::model::{Fingerprint, GuidelineId, RepoPath, Trace, Traces};

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
    format!("{:032x}", number(parts))
}

/// The same as a number.
fn number(parts: &[&[u8]]) -> u128 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()[..16].iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// The traces of the `occurrence`-th finding (from 0) with this content in this file; `first_line` is that of
/// a place with several. The version is left out on purpose: a new wording of a guideline is not a new finding.
#[must_use]
pub fn traces(
    guideline: &GuidelineId,
    check: &str,
    path: &RepoPath,
    content: &str,
    first_line: Option<&str>,
    occurrence: usize,
) -> Traces {
    let occurrence = (occurrence as u64).to_le_bytes();
    let (guideline, check) = (guideline.as_str().as_bytes(), check.as_bytes());
    let content = fold(content);
    let short = |what: &[u8], text: &str| {
        let hash = number(&[what, guideline, check, text.as_bytes()]);
        // The first half of the digits.
        Trace(u64::try_from(hash >> 64).unwrap_or(u64::MAX))
    };
    Traces {
        fingerprint: Fingerprint(number(&[guideline, check, path.bytes(), content.as_bytes(), &occurrence])),
        content: short(b"content", &content),
        head: first_line.map(|line| short(b"head", &fold(line))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stands_on_content_not_on_layout() {
        let id = GuidelineId::new("a/b").expect("an id");
        let of = |path: &str, content: &str, n| traces(&id, "c", &RepoPath::from(path), content, None, n);
        assert_eq!(of("x", "f(\n   1)", 0), of("x", " f( 1)", 0));
        let all = [of("x", "f()", 0), of("x", "f()", 1), of("y", "f()", 0), of("x", "g()", 0)];
        for (at, one) in all.iter().enumerate() {
            assert_eq!((one.fingerprint.to_string().len(), one.content.to_string().len()), (32, 16));
            assert!(all[at + 1..].iter().all(|other| other.fingerprint != one.fingerprint));
        }
        assert!(all[..3].iter().all(|it| it.content == all[0].content) && all[3].content != all[0].content);
        let tall = |line: &str| traces(&id, "c", &RepoPath::from("x"), line, Some(line), 0).head;
        assert_eq!(tall("def  f():"), tall("def f():"));
        assert_ne!(tall("def f():"), tall("def g():"));
    }
}
