//! `.stanchion/lock.toml`: what each copy was when it came. Written by tool.

use std::fmt::Write as _;

use schemars::JsonSchema;
use semver::Version;
use serde::Deserialize;

use super::diagnose::diagnose;
use super::parse::sorted;
use super::schema::{FormatVersion, lock_schema, version};
use super::source::Document;
use super::toml_file;
use crate::data::{Limits, Step};
use crate::model::{GuidelineId, Problem};
use crate::text::Span;

/// Largest file, in bytes.
const FILE_BYTES: usize = 4 << 20;
/// How many values it may hold.
const LIMITS: Limits = Limits { max_depth: 8, max_nodes: 200_000, aliases: false };
/// What to do with a merge that is not resolved.
const CONFLICT: &str =
    "take the marks out (both sides' lines may stay); `stanchion update` then puts it in order";

/// What the copies of a party are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// Copies of guidelines, in order of id.
    pub guidelines: Vec<Locked>,
    /// Copies of standards, in order of id.
    pub standards: Vec<Locked>,
}

/// One copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Locked {
    /// What it is a copy of.
    pub id: GuidelineId,
    /// The version that was copied.
    pub version: Version,
    /// SHA-256 of the bytes that came, hexadecimal.
    pub sha256: String,
    /// Where it came from: `starter`, or a registry as stanchion.toml names it.
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
    guideline: Vec<RawLocked>,
    /// Copies of standards.
    #[serde(default)]
    standard: Vec<RawLocked>,
}

/// One copy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Locked")]
struct RawLocked {
    /// `namespace/slug`
    id: String,
    /// The version that was copied.
    version: String,
    /// SHA-256 of the bytes that came, 64 hexadecimal digits.
    sha256: String,
    /// Where it came from.
    source: String,
}

impl Lock {
    /// The lock as its file: equal values give equal bytes.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out =
            "# Written by `stanchion init` and `stanchion update`: what each copy in .stanchion was when \
                       it came.\nschema = 1\n"
                .to_owned();
        let mut add = |kind: &str, all: &[Locked]| {
            let mut all: Vec<&Locked> = all.iter().collect();
            all.sort();
            for Locked { id, version, sha256, source } in all {
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

/// Reads a lock.
///
/// # Errors
/// Every problem of the file, in order of place.
pub fn parse_lock(file: &str, text: &str) -> Result<Lock, Vec<Problem>> {
    parse(file, text, None)
}

/// Whether what lies in the place of a copy is what an entry says; the second argument: whether it is a standard.
pub type IsHere<'f> = dyn Fn(&Locked, bool) -> bool + 'f;

/// Reads a lock in which a merge may have left two entries of one name: of those the one counts of which `is_here` says
/// that it is what lies there (the second argument: whether it is a standard), else the later version.
///
/// # Errors
/// Everything else that is wrong with the file, in order of place.
pub fn parse_merged_lock(file: &str, text: &str, is_here: &IsHere<'_>) -> Result<Lock, Vec<Problem>> {
    parse(file, text, Some(is_here))
}

fn parse(file: &str, text: &str, is_here: Option<&IsHere<'_>>) -> Result<Lock, Vec<Problem>> {
    let (source, root) = toml_file::open(file, text, (&LIMITS, FILE_BYTES), CONFLICT)?;
    let document = Document { source: &source, root: &root, home: Span::at(0) };
    let mut json = root.to_json();
    let mut problems = Vec::new();
    problems.extend(version(&document, &mut json).map_err(|newer| vec![newer])?);
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
            return Err(sorted(problems));
        }
    };
    let mut read = |kind: &str, all: Vec<RawLocked>| -> Vec<Locked> {
        let mut out: Vec<Locked> = Vec::with_capacity(all.len());
        for (index, raw) in all.into_iter().enumerate() {
            let mut told = |key: &str, message: String| {
                let pointer = [Step::Key(kind.to_owned()), Step::Index(index), Step::Key(key.to_owned())];
                let help = "`stanchion update` writes this file; what was edited by hand can be taken out";
                problems.push(source.problem(
                    document.value(&pointer),
                    message,
                    "here",
                    Some(help.to_owned()),
                ));
            };
            let hex = raw.sha256.len() == 64 && raw.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
            match (GuidelineId::new(&raw.id), Version::parse(&raw.version), hex) {
                (Ok(id), _, _) if is_here.is_none() && out.iter().any(|locked| locked.id == id) => {
                    told("id", format!("{id} stands here twice"));
                }
                (Ok(id), Ok(version), true) => {
                    let locked = Locked { id, version, sha256: raw.sha256, source: raw.source };
                    let Some(other) = out.iter_mut().find(|it| it.id == locked.id) else {
                        out.push(locked);
                        continue;
                    };
                    let counts = |it: &Locked| {
                        (is_here.is_some_and(|is_here| is_here(it, kind == "standard")), it.version.clone())
                    };
                    if counts(&locked) > counts(other) {
                        *other = locked;
                    }
                }
                (Err(message), _, _) => told("id", message),
                (_, Err(error), _) => told("version", format!("no version: {error}")),
                (_, _, false) => told("sha256", "no SHA-256: 64 hexadecimal digits are expected".to_owned()),
            }
        }
        out.sort();
        out
    };
    let (guidelines, standards) = (read("guideline", raw.guideline), read("standard", raw.standard));
    if problems.is_empty() { Ok(Lock { guidelines, standards }) } else { Err(sorted(problems)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_read_as_it_was_written() {
        let locked = |id: &str, source: &str| Locked {
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
        // What a merge leaves when its marks are taken out.
        let other = text.replacen("1.2.3", "1.3.0", 1).replacen("5f", "6f", 1);
        let both = format!("{text}{}", other.split_once("schema = 1\n").map_or("", |(_, rest)| rest));
        assert!(parse_lock("l", &both).is_err_and(|all| all[0].message.contains("stands here twice")));
        let version = |is_here: &dyn Fn(&Locked, bool) -> bool| {
            parse_merged_lock("l", &both, is_here).expect("merged").guidelines[0].version.to_string()
        };
        assert_eq!(version(&|_, _| false), "1.3.0", "the later one");
        assert_eq!(version(&|locked, _| locked.sha256.starts_with("5f5f")), "1.2.3", "the one that is there");
        for (old, new, said) in [
            ("1.2.3", "1.2", "no version"),
            ("5f5f", "5g", "no SHA-256"),
            ("a/c", "a/b", "stands here twice"),
            ("a/c", "../c", "may hold"),
            ("schema = 1", "<<<<<<< HEAD\nschema = 1", "a merge is not resolved"),
            ("source", "sauce", "unknown key"),
        ] {
            let problems = parse_lock("l", &text.replacen(old, new, 1)).expect_err(new);
            assert!(problems.iter().any(|it| it.message.contains(said)), "{new}: {problems:?}");
        }
    }
}
