//! Records of the JSON report, version 1. They are separate from the internal types, so that the format is
//! stable.
//!
//! Within a version, fields may be added, but none is removed or changes its meaning. The records for
//! promises, waivers and news are in `policy_wire`.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{
    Edit, Finding, FindingStatus, Fix, GuidelineOutcome, NotAssessed, Note, Outcome, PromiseVerdict,
    RepoPath, Verdict,
};
use crate::text::Position;

/// Version of the report format.
pub(super) const VERSION: u32 = 1;

/// Program that wrote the report.
#[derive(Serialize, JsonSchema)]
pub(super) struct Tool {
    /// `stanchion`
    name: &'static str,
    /// Version of the program.
    version: &'static str,
}

impl Tool {
    pub(super) const THIS: Self = Self { name: "stanchion", version: env!("CARGO_PKG_VERSION") };
}

/// Counts of a run.
#[derive(Serialize, JsonSchema)]
pub(super) struct Summary {
    /// Number of files considered.
    files: usize,
    /// Number of guidelines followed.
    guidelines: usize,
    /// Guidelines that apply and have no findings.
    kept: usize,
    /// Guidelines with findings.
    not_kept: usize,
    /// Guidelines whose findings are all waived.
    waived: usize,
    /// Guidelines without findings for which something could not be assessed.
    cannot_tell: usize,
    /// Guidelines that do not apply.
    not_applicable: usize,
    /// Number of findings.
    findings: usize,
    /// Findings that are waived.
    findings_waived: usize,
    /// Findings in the baseline of a promise.
    findings_known: usize,
    /// Guidelines that this repository promises.
    promises: usize,
    /// Promised guidelines that are not kept.
    promises_broken: usize,
    /// Promises that could not be judged.
    promises_cannot_tell: usize,
    /// Paths by result: seen = assessed + not_applicable + cannot_tell.
    paths: Paths,
}

/// Numbers of paths by result.
#[derive(Serialize, JsonSchema)]
pub(super) struct Paths {
    /// Files, symbolic links and special files considered.
    seen: usize,
    /// Paths that at least one check examined, and that every such check could judge.
    assessed: usize,
    /// Paths to which no check applies.
    not_applicable: usize,
    /// Paths that at least one check could not judge.
    cannot_tell: usize,
    /// Paths excluded by ignore files, version-control folders and nested repositories; not part of `seen`.
    ignored: usize,
}

impl Summary {
    pub(super) fn of(outcome: &Outcome) -> Self {
        let number = |verdict| outcome.guidelines.iter().filter(|entry| entry.verdict == verdict).count();
        let promises = |verdict| outcome.promises.iter().filter(|promise| promise.verdict == verdict).count();
        let paths = outcome.paths;
        Self {
            files: paths.seen,
            guidelines: outcome.guidelines.len(),
            kept: number(Verdict::Kept),
            not_kept: number(Verdict::NotKept),
            waived: number(Verdict::Waived),
            cannot_tell: number(Verdict::CannotTell),
            not_applicable: number(Verdict::NotApplicable),
            findings: outcome.findings.len(),
            findings_waived: outcome.guidelines.iter().map(|entry| entry.waived).sum(),
            findings_known: outcome.promises.iter().map(|promise| promise.known).sum(),
            promises: outcome.promises.len(),
            promises_broken: promises(PromiseVerdict::Broken),
            promises_cannot_tell: promises(PromiseVerdict::CannotTell),
            paths: Paths {
                seen: paths.seen,
                assessed: paths.assessed,
                not_applicable: paths.not_applicable,
                cannot_tell: paths.cannot_tell,
                ignored: paths.ignored,
            },
        }
    }
}

/// A guideline and its outcome.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Guideline")]
pub(super) struct WireGuideline<'a> {
    /// `namespace/slug`
    id: &'a str,
    /// Version of the guideline.
    version: String,
    /// SHA-256 digest of the guideline file, in hexadecimal.
    sha256: &'a str,
    /// Source of the guideline: `starter`, or a path.
    source: &'a str,
    /// sketch, trial, practice, standard or retired.
    stage: &'static str,
    /// Whether this repository promises the guideline.
    promised: bool,
    /// kept, not_kept, waived, cannot_tell or not_applicable.
    outcome: &'static str,
    /// Number of all findings, including waived and known ones.
    findings: usize,
    /// Number of findings that are waived.
    findings_waived: usize,
    /// Whether the repository's copy differs from the published text.
    edited: bool,
}

impl<'a> WireGuideline<'a> {
    pub(super) fn of(entry: &'a GuidelineOutcome) -> Self {
        let guideline = &entry.guideline;
        Self {
            id: guideline.id.as_str(),
            version: guideline.version.to_string(),
            sha256: &guideline.sha256,
            source: guideline.origin.source(),
            stage: guideline.stage.as_str(),
            promised: entry.promised,
            outcome: entry.verdict.as_str(),
            findings: entry.findings,
            findings_waived: entry.waived,
            edited: entry.edited,
        }
    }
}

/// Position in a file.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Place")]
pub(super) struct WirePosition {
    /// 1-based.
    line: u32,
    /// 1-based, in Unicode scalar values.
    column: u32,
    /// 0-based offset in the file as stored.
    byte: u64,
}

impl From<Position> for WirePosition {
    fn from(position: Position) -> Self {
        Self { line: position.line, column: position.column, byte: position.byte }
    }
}

/// One finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
pub(super) struct WireFinding<'a> {
    /// ID of the guideline.
    guideline: &'a str,
    /// Version of the guideline.
    version: String,
    /// ID of the check within the guideline.
    check: &'a str,
    /// note or warning; affects presentation only.
    level: &'static str,
    /// Message in one line.
    message: &'a str,
    /// Path relative to the root, separated by `/`. If it is not UTF-8, it is escaped and `path_bytes` has
    /// the bytes.
    path: Cow<'a, str>,
    /// Bytes of the path in base64; only present if the path is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// Position of the first character.
    start: WirePosition,
    /// Position after the last character.
    end: WirePosition,
    /// Source lines around the position; null if the finding is about a path.
    snippet: Option<&'a str>,
    /// Identifier of the finding, stable across moved lines and unrelated edits.
    fingerprint: String,
    /// Whether this repository promises the guideline.
    promised: bool,
    /// Whether the finding is new compared with the base of the run and with the baseline of the promise;
    /// true if there is neither.
    new: bool,
    /// ID of the waiver that covers the finding.
    waiver: Option<&'a str>,
    /// Whether the finding is in the baseline of a promise.
    known: bool,
    /// ID of the waiver that covered the finding, and has lapsed or is outdated.
    lapsed_waiver: Option<&'a str>,
    /// Fix for the finding.
    fix: Option<WireFix<'a>>,
}

impl<'a> WireFinding<'a> {
    /// Returns `None` only if the outcome does not contain the guideline of the finding.
    pub(super) fn of(finding: &'a Finding, outcome: &'a Outcome) -> Option<Self> {
        let entry = outcome.guidelines.get(finding.guideline)?;
        let guideline = &entry.guideline;
        let waiver = |index: usize| outcome.waivers.get(index).map(|it| it.waiver.id.as_str());
        Some(Self {
            guideline: guideline.id.as_str(),
            version: guideline.version.to_string(),
            check: &finding.check,
            level: finding.level.as_str(),
            message: &finding.message,
            path: finding.path.lossless(),
            path_bytes: path_bytes(&finding.path),
            start: finding.start.into(),
            end: finding.end.into(),
            snippet: finding.excerpt.as_ref().map(|excerpt| excerpt.text.as_str()),
            fingerprint: finding.hashes.fingerprint.to_string(),
            promised: entry.promised,
            new: finding.status != FindingStatus::Known,
            waiver: match finding.status {
                FindingStatus::Waived(index) => waiver(index),
                FindingStatus::Open | FindingStatus::Known => None,
            },
            known: finding.status == FindingStatus::Known,
            lapsed_waiver: finding.lapsed.and_then(waiver),
            fix: finding.fix.as_ref().map(|fix| WireFix::of(fix, &finding.path)),
        })
    }
}

/// A change that fixes a finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Fix")]
pub(super) struct WireFix<'a> {
    /// Short description of the change.
    title: Option<&'a str>,
    /// Edits, which do not overlap.
    edits: Vec<WireEdit<'a>>,
}

impl<'a> WireFix<'a> {
    fn of(fix: &'a Fix, path: &'a RepoPath) -> Self {
        let edits = fix.edits.iter().map(|edit| WireEdit::of(edit, path)).collect();
        Self { title: fix.title.as_deref(), edits }
    }
}

/// One edit of a fix.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schemars(rename = "Edit")]
pub(super) enum WireEdit<'a> {
    /// Replace bytes of a file.
    Replace {
        /// File to edit.
        path: Cow<'a, str>,
        /// Bytes of the path in base64; only present if the path is not UTF-8.
        #[serde(skip_serializing_if = "Option::is_none")]
        path_bytes: Option<String>,
        /// First byte to replace, 0-based.
        start_byte: usize,
        /// Offset after the last byte to replace, 0-based.
        end_byte: usize,
        /// Replacement text.
        text: &'a str,
    },
    /// Create a missing file.
    Create {
        /// Path of the new file.
        path: Cow<'a, str>,
        /// Bytes of the path in base64; only present if the path is not UTF-8.
        #[serde(skip_serializing_if = "Option::is_none")]
        path_bytes: Option<String>,
        /// Content of the new file.
        text: &'a str,
    },
}

impl<'a> WireEdit<'a> {
    fn of(edit: &'a Edit, own: &'a RepoPath) -> Self {
        match edit {
            Edit::Replace { span, with } => Self::Replace {
                path: own.lossless(),
                path_bytes: path_bytes(own),
                start_byte: span.start,
                end_byte: span.end,
                text: with,
            },
            Edit::Create { path, content } => {
                Self::Create { path: path.lossless(), path_bytes: path_bytes(path), text: content }
            }
        }
    }
}

/// A path or guideline that could not be assessed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NotAssessed")]
pub(super) struct WireNotAssessed<'a> {
    /// Path that could not be assessed; null if a guideline could not be used at all.
    path: Option<Cow<'a, str>>,
    /// Bytes of the path in base64; only present if the path is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// ID of the guideline; null if all guidelines are affected, or the ID is unknown.
    guideline: Option<&'a str>,
    /// ID of the check, if only one is affected.
    check: Option<&'a str>,
    /// Kind of reason.
    reason: &'static str,
    /// Details.
    detail: &'a str,
}

impl<'a> WireNotAssessed<'a> {
    pub(super) fn of(item: &'a NotAssessed, outcome: &'a Outcome) -> Self {
        let guideline = item.guideline.and_then(|index| outcome.guidelines.get(index));
        Self {
            path: item.path.as_ref().map(RepoPath::lossless),
            path_bytes: item.path.as_ref().and_then(path_bytes),
            guideline: guideline.map(|entry| entry.guideline.id.as_str()),
            check: item.check.as_deref(),
            reason: item.reason.as_str(),
            detail: &item.detail,
        }
    }
}

/// A note about the run as a whole.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Note")]
pub(super) struct WireNote<'a> {
    /// Stable kebab-case code.
    code: &'a str,
    /// Text of the note, in one sentence.
    message: &'a str,
}

impl<'a> WireNote<'a> {
    pub(super) fn of(note: &'a Note) -> Self {
        Self { code: &note.code, message: &note.message }
    }
}

pub(super) fn path_bytes(path: &RepoPath) -> Option<String> {
    path.as_str().is_none().then(|| base64(path.bytes()))
}

/// Encodes bytes as standard base64 with padding (RFC 4648 §4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            if index <= chunk.len() {
                let digit = (group >> (18 - 6 * index)) & 63;
                out.push(char::from(ALPHABET[digit as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_in_the_rfc() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xff, 0xfe, 0xfd]), "//79");
    }
}
