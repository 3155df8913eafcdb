//! `.stanchion/lock.toml`: version, digest and source of each copy in `.stanchion`. Written by the program.

use std::fmt::Write as _;

use schemars::JsonSchema;
use semver::Version;
use serde::Deserialize;

use super::diagnose::diagnose;
use super::parse::sort_problems;
use super::schema::{FormatVersion, check_format_version, lock_schema};
use super::source::LocatedDocument;
use super::toml_file;
use crate::data::{DocumentLimits, PointerStep};
use crate::model::{GuidelineId, Problem};
use crate::text::Span;

/// Maximum size of the file, in bytes.
const FILE_BYTES: usize = 4 << 20;
/// Maximum depth and number of values in the file.
const LIMITS: DocumentLimits = DocumentLimits { max_depth: 8, max_nodes: 200_000, aliases: false };
/// Help for an unresolved merge conflict.
const CONFLICT_HELP: &str = "remove the conflict markers (the lines of both sides may stay), then run `stanchion update` to tidy the file";

/// Contents of the lock: one entry for each copy of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// Copies of guidelines, sorted by id.
    pub guidelines: Vec<LockEntry>,
    /// Copies of standards, sorted by id.
    pub standards: Vec<LockEntry>,
}

/// One copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LockEntry {
    /// Id of the copied guideline or standard.
    pub id: GuidelineId,
    /// The version that was copied.
    pub version: Version,
    /// SHA-256 of the published bytes, in hexadecimal.
    pub sha256: String,
    /// Source of the copy: `starter`, or a registry as written in `stanchion.toml`.
    pub source: String,
}

/// The lock as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = ".stanchion/lock.toml", rename = "Lock")]
pub(super) struct RawLock {
    /// Version of this format; 1.
    #[expect(dead_code, reason = "read before decoding")]
    schema: FormatVersion,
    /// Copies of guidelines.
    #[serde(default)]
    guideline: Vec<RawLockEntry>,
    /// Copies of standards.
    #[serde(default)]
    standard: Vec<RawLockEntry>,
}

/// One copy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Locked")]
struct RawLockEntry {
    /// `namespace/slug`
    id: String,
    /// The version that was copied.
    version: String,
    /// SHA-256 of the published bytes, 64 hexadecimal digits.
    sha256: String,
    /// Source of the copy: `starter`, or a registry as written in `stanchion.toml`.
    source: String,
}

impl Lock {
    /// Renders the lock as the text of its file: equal values give equal bytes.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out =
            "# Written by `stanchion init` and `stanchion update`: the published version of each copy in \
                       .stanchion.\nschema = 1\n"
                .to_owned();
        let mut add = |kind: &str, all: &[LockEntry]| {
            let mut all: Vec<&LockEntry> = all.iter().collect();
            all.sort();
            for LockEntry { id, version, sha256, source } in all {
                let source = toml::Value::String(source.clone());
                // Writing to a String cannot fail.
                let _ = write!(
                    out,
                    "\n[[{kind}]]\nid = \"{id}\"\nversion = \"{version}\"\nsha256 = \"{sha256}\"\nsource = {source}\n"
                );
            }
        };
        add("guideline", &self.guidelines);
        add("standard", &self.standards);
        out
    }
}

/// Parses a lock.
///
/// # Errors
/// Returns every problem of the file, in order of place.
pub fn parse_lock(file: &str, text: &str) -> Result<Lock, Vec<Problem>> {
    parse(file, text, None)
}

/// Whether the existing copy matches an entry of the lock. The second argument is whether it is a standard.
pub type MatchesCopy<'f> = dyn Fn(&LockEntry, bool) -> bool + 'f;

/// Parses a lock that may have two entries with the same id after a merge.
///
/// Of two such entries, the result contains the one that matches the existing copy according to
/// `matches_copy`. If neither or both match, it contains the later version.
///
/// # Errors
/// Returns every other problem of the file, in order of place.
pub fn parse_merged_lock(
    file: &str,
    text: &str,
    matches_copy: &MatchesCopy<'_>,
) -> Result<Lock, Vec<Problem>> {
    parse(file, text, Some(matches_copy))
}

fn parse(file: &str, text: &str, matches_copy: Option<&MatchesCopy<'_>>) -> Result<Lock, Vec<Problem>> {
    let (source, root) = toml_file::parse_toml(file, text, (&LIMITS, FILE_BYTES), CONFLICT_HELP)?;
    let document = LocatedDocument { source: &source, root: &root, home: Span::at(0) };
    let mut json = root.to_json();
    let mut problems = Vec::new();
    problems.extend(check_format_version(&document, &mut json).map_err(|newer| vec![newer])?);
    let raw = match RawLock::deserialize(&json) {
        Ok(raw) => raw,
        Err(error) => {
            problems.extend(diagnose(&lock_schema(), &document, &json));
            if problems.is_empty() {
                problems.push(source.problem(
                    Span::at(0),
                    format!("the file cannot be read: {error}"),
                    "",
                    None,
                ));
            }
            return Err(sort_problems(problems));
        }
    };
    let mut read_entries = |kind: &str, all: Vec<RawLockEntry>| -> Vec<LockEntry> {
        let mut out: Vec<LockEntry> = Vec::with_capacity(all.len());
        for (index, raw) in all.into_iter().enumerate() {
            let mut report = |key: &str, message: String| {
                let pointer = [
                    PointerStep::Key(kind.to_owned()),
                    PointerStep::Index(index),
                    PointerStep::Key(key.to_owned()),
                ];
                let help = "`stanchion update` writes this file; undo manual edits";
                problems.push(source.problem(
                    document.value_span(&pointer),
                    message,
                    "here",
                    Some(help.to_owned()),
                ));
            };
            let hex = raw.sha256.len() == 64 && raw.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
            match (GuidelineId::new(&raw.id), Version::parse(&raw.version), hex) {
                (Ok(id), _, _) if matches_copy.is_none() && out.iter().any(|locked| locked.id == id) => {
                    report("id", format!("{id} is listed twice"));
                }
                (Ok(id), Ok(version), true) => {
                    let locked = LockEntry { id, version, sha256: raw.sha256, source: raw.source };
                    let Some(other) = out.iter_mut().find(|it| it.id == locked.id) else {
                        out.push(locked);
                        continue;
                    };
                    let rank = |it: &LockEntry| {
                        (
                            matches_copy.is_some_and(|matches_copy| matches_copy(it, kind == "standard")),
                            it.version.clone(),
                        )
                    };
                    if rank(&locked) > rank(other) {
                        *other = locked;
                    }
                }
                (Err(message), _, _) => report("id", message),
                (_, Err(error), _) => report("version", format!("invalid version: {error}")),
                (_, _, false) => {
                    report("sha256", "invalid SHA-256 digest: expected 64 hexadecimal digits".to_owned());
                }
            }
        }
        out.sort();
        out
    };
    let guidelines = read_entries("guideline", raw.guideline);
    let standards = read_entries("standard", raw.standard);
    if problems.is_empty() { Ok(Lock { guidelines, standards }) } else { Err(sort_problems(problems)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_read_as_it_was_written() {
        let locked = |id: &str, source: &str| LockEntry {
            id: GuidelineId::new(id).expect("an id"),
            version: Version::new(1, 2, 3),
            sha256: "5f".repeat(32),
            source: source.to_owned(),
        };
        let lock = Lock {
            guidelines: vec![locked("a/b", "starter"), locked("a/c", "./mirror \"of\\\n us")],
            standards: vec![locked("a/b", "https://x")],
        };
        let text = lock.render();
        assert_eq!(parse_lock("lock.toml", &text), Ok(lock));
        assert_eq!(parse_lock("l", &Lock::default().render()), Ok(Lock::default()));
        // Result of a merge after its conflict markers were removed.
        let other = text.replacen("1.2.3", "1.3.0", 1).replacen("5f", "6f", 1);
        let both = format!("{text}{}", other.split_once("schema = 1\n").map_or("", |(_, rest)| rest));
        assert!(parse_lock("l", &both).is_err_and(|all| all[0].message.contains("is listed twice")));
        let version = |matches_copy: &dyn Fn(&LockEntry, bool) -> bool| {
            parse_merged_lock("l", &both, matches_copy).expect("merged").guidelines[0].version.to_string()
        };
        assert_eq!(version(&|_, _| false), "1.3.0", "the later one");
        assert_eq!(version(&|locked, _| locked.sha256.starts_with("5f5f")), "1.2.3", "the existing copy");
        for (old, new, expected) in [
            ("1.2.3", "1.2", "invalid version"),
            ("5f5f", "5g", "invalid SHA-256 digest"),
            ("a/c", "a/b", "is listed twice"),
            ("a/c", "../c", "may contain only"),
            ("schema = 1", "<<<<<<< HEAD\nschema = 1", "unresolved merge conflict"),
            ("source", "sauce", "unknown key"),
        ] {
            let problems = parse_lock("l", &text.replacen(old, new, 1)).expect_err(new);
            assert!(problems.iter().any(|it| it.message.contains(expected)), "{new}: {problems:?}");
        }
    }
}
