//! The JSON report, version 1, as its readers know it: a copy of what we say, never the internal values.
//!
//! Fields may be added within a version; none changes its meaning or goes. What repositories say (promises,
//! waivers, news) stands in `said`.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{
    Edit, Finding, Fix, GuidelineOutcome, NotAssessed, Note, Outcome, PromiseVerdict, RepoPath, Standing,
    Verdict,
};
use crate::text::Position;

/// The version of the report's format.
pub(super) const VERSION: u32 = 1;

/// The program that wrote the report.
#[derive(Serialize, JsonSchema)]
pub(super) struct Tool {
    /// `stanchion`
    name: &'static str,
    /// Its version.
    version: &'static str,
}

impl Tool {
    pub(super) const THIS: Self = Self { name: "stanchion", version: env!("CARGO_PKG_VERSION") };
}

/// The run in numbers.
#[derive(Serialize, JsonSchema)]
pub(super) struct Summary {
    /// Files considered.
    files: usize,
    /// Guidelines followed.
    guidelines: usize,
    /// Guidelines that apply and about which nothing was found.
    kept: usize,
    /// Guidelines with findings.
    not_kept: usize,
    /// Guidelines of which every finding is waived.
    waived: usize,
    /// Guidelines without findings for which something could not be assessed.
    cannot_tell: usize,
    /// Guidelines that ask nothing here.
    not_applicable: usize,
    /// Findings.
    findings: usize,
    /// Findings that are waived.
    findings_waived: usize,
    /// Findings that stand in the baseline of a promise.
    findings_known: usize,
    /// Guidelines that this repository promises.
    promises: usize,
    /// Promised guidelines that are not kept.
    promises_broken: usize,
    /// Promises about which it cannot be told.
    promises_cannot_tell: usize,
    /// Every path seen, by what became of it: seen = assessed + not_applicable + cannot_tell.
    paths: Paths,
}

/// Paths by what became of them.
#[derive(Serialize, JsonSchema)]
pub(super) struct Paths {
    /// Files, links and special files considered.
    seen: usize,
    /// At least one check looked, and every check that looked could tell.
    assessed: usize,
    /// No check asks anything of it.
    not_applicable: usize,
    /// At least one check could not tell.
    cannot_tell: usize,
    /// Left out by ignore files, version-control folders and nested repositories; not part of `seen`.
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

/// One guideline and what the run says about it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Guideline")]
pub(super) struct WireGuideline<'a> {
    /// `namespace/slug`
    id: &'a str,
    /// Its version.
    version: String,
    /// SHA-256 of its file, hexadecimal.
    sha256: &'a str,
    /// Where it was found: `starter`, or a path.
    source: &'a str,
    /// sketch, trial, practice, standard or retired.
    stage: &'static str,
    /// Whether this repository promises it.
    promised: bool,
    /// kept, not_kept, waived, cannot_tell or not_applicable.
    outcome: &'static str,
    /// Number of findings, however they stand.
    findings: usize,
    /// Number of findings that are waived.
    findings_waived: usize,
    /// Whether the repository's copy is not what was published.
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
            stage: guideline.stage.word(),
            promised: entry.promised,
            outcome: entry.verdict.word(),
            findings: entry.findings,
            findings_waived: entry.waived,
            edited: entry.edited,
        }
    }
}

/// A place in a file.
#[derive(Serialize, JsonSchema)]
pub(super) struct Place {
    /// 1-based.
    line: u32,
    /// 1-based, in Unicode scalar values.
    column: u32,
    /// 0-based offset in the file as stored.
    byte: u64,
}

impl From<Position> for Place {
    fn from(position: Position) -> Self {
        Self { line: position.line, column: position.column, byte: position.byte }
    }
}

/// One finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
pub(super) struct WireFinding<'a> {
    /// Id of the guideline.
    guideline: &'a str,
    /// Its version.
    version: String,
    /// Id of the check inside the guideline.
    check: &'a str,
    /// note or warning; presentation only.
    level: &'static str,
    /// What, in one line.
    message: &'a str,
    /// Relative to the root, `/`-separated. Not UTF-8: escaped, and `path_bytes` has the bytes.
    path: Cow<'a, str>,
    /// The path's bytes in base64; only when they are not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// First character of the place.
    start: Place,
    /// One past the last character.
    end: Place,
    /// The lines of source around the place; null when the finding is about a path.
    snippet: Option<&'a str>,
    /// Identity over time: stable across line moves and unrelated edits.
    fingerprint: String,
    /// Whether this repository promises the guideline.
    promised: bool,
    /// Whether it is new: since the base that the run compares with, and since the promise was made that counts
    /// from a day on; true without either.
    new: bool,
    /// Id of the waiver that covers it.
    waiver: Option<&'a str>,
    /// Whether it stands in the baseline of a promise.
    known: bool,
    /// Id of the waiver that covered it and has lapsed or is outdated.
    lapsed_waiver: Option<&'a str>,
    /// What would mend it.
    fix: Option<WireFix<'a>>,
}

impl<'a> WireFinding<'a> {
    /// `None` only if the finding names a guideline that the outcome does not have.
    pub(super) fn of(finding: &'a Finding, outcome: &'a Outcome) -> Option<Self> {
        let entry = outcome.guidelines.get(finding.guideline)?;
        let guideline = &entry.guideline;
        let waiver = |index: usize| outcome.waivers.get(index).map(|it| it.waiver.id.as_str());
        Some(Self {
            guideline: guideline.id.as_str(),
            version: guideline.version.to_string(),
            check: &finding.check,
            level: finding.level.word(),
            message: &finding.message,
            path: finding.path.lossless(),
            path_bytes: path_bytes(&finding.path),
            start: finding.start.into(),
            end: finding.end.into(),
            snippet: finding.excerpt.as_ref().map(|excerpt| excerpt.text.as_str()),
            fingerprint: finding.traces.fingerprint.to_string(),
            promised: entry.promised,
            new: finding.standing != Standing::Known,
            waiver: match finding.standing {
                Standing::Waived(index) => waiver(index),
                Standing::Open | Standing::Known => None,
            },
            known: finding.standing == Standing::Known,
            lapsed_waiver: finding.lapsed.and_then(waiver),
            fix: finding.fix.as_ref().map(|fix| WireFix::of(fix, &finding.path)),
        })
    }
}

/// A change that would mend a finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Fix")]
pub(super) struct WireFix<'a> {
    /// What the change does, in a few words.
    title: Option<&'a str>,
    /// Edits that do not overlap.
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
        /// The file.
        path: Cow<'a, str>,
        /// The path's bytes in base64; only when they are not UTF-8.
        #[serde(skip_serializing_if = "Option::is_none")]
        path_bytes: Option<String>,
        /// First byte to replace, 0-based.
        start_byte: usize,
        /// One past the last byte.
        end_byte: usize,
        /// What to put there.
        text: &'a str,
    },
    /// Create a file that is not there.
    Create {
        /// The new file.
        path: Cow<'a, str>,
        /// The path's bytes in base64; only when they are not UTF-8.
        #[serde(skip_serializing_if = "Option::is_none")]
        path_bytes: Option<String>,
        /// Its content.
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

/// A path, or a guideline, that could not be assessed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NotAssessed")]
pub(super) struct WireNotAssessed<'a> {
    /// The path; null when a guideline could not be used at all.
    path: Option<Cow<'a, str>>,
    /// The path's bytes in base64; only when they are not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// Id of the guideline; null when every guideline is meant, or its id is not known.
    guideline: Option<&'a str>,
    /// Id of the check, where only one is meant.
    check: Option<&'a str>,
    /// The kind of reason.
    reason: &'static str,
    /// More words.
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
            reason: item.reason.word(),
            detail: &item.detail,
        }
    }
}

/// Something worth saying once about the run as a whole.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Note")]
pub(super) struct WireNote<'a> {
    /// Stable kebab-case code.
    code: &'a str,
    /// One sentence.
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

/// Standard base64 with padding (RFC 4648 §4).
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
