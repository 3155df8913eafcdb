//! Records of the JSON report for promises, waivers, and changes to them (news).

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use super::wire::path_bytes;
use crate::model::{News, Problem, PromiseOutcome, WaiverEnd, WaiverOutcome, WaiverReach};
use crate::text::LineIndex;

/// A promise and its outcome.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Promise")]
pub(super) struct WirePromise<'a> {
    /// ID of the guideline.
    guideline: &'a str,
    /// Day on which the promise was made.
    since: String,
    /// Whether only findings that are new since that day count.
    from_here: bool,
    /// kept, broken or cannot_tell.
    outcome: &'static str,
    /// Number of findings that break the promise.
    findings: usize,
    /// Number of findings in the baseline of the promise.
    known: usize,
    /// Reason for `cannot_tell`; empty otherwise.
    why: &'a str,
}

impl<'a> WirePromise<'a> {
    pub(super) fn of(promise: &'a PromiseOutcome) -> Self {
        Self {
            guideline: promise.guideline.as_str(),
            since: promise.promise.since.to_string(),
            from_here: promise.promise.from_here,
            outcome: promise.verdict.as_str(),
            findings: promise.breaking,
            known: promise.known,
            why: &promise.why,
        }
    }
}

/// A waiver and its effect.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Waiver")]
pub(super) struct WireWaiver<'a> {
    /// ID of the waiver; for an inline waiver, its location.
    id: &'a str,
    /// ID of the guideline.
    guideline: &'a str,
    /// active, lapsing, lapsed, withdrawn, outdated, unused or superseded.
    effect: &'static str,
    /// Kind of reason, in one word.
    kind: &'static str,
    /// Reason in the author's words.
    reason: &'a str,
    /// Measure taken instead of keeping the guideline.
    instead: Option<&'a str>,
    /// Owner of the waiver.
    owner: Option<&'a str>,
    /// Day on which the waiver was written.
    declared: Option<String>,
    /// Last day of its effect (inclusive, UTC).
    until: Option<String>,
    /// Review date of a standing waiver.
    review_on: Option<String>,
    /// Day on which the waiver was withdrawn.
    withdrawn: Option<String>,
    /// Versions of the guideline that the waiver covers; null means any version.
    versions: Option<String>,
    /// Checks that the waiver steps over; empty means all checks.
    checks: &'a [String],
    /// Globs of the covered paths; empty means every path unless there are fingerprints.
    paths: Vec<Cow<'a, str>>,
    /// Fingerprints of the covered findings.
    fingerprints: &'a [String],
    /// File that contains the waiver.
    path: Cow<'a, str>,
    /// Bytes of the path in base64; only present if the path is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// Line of the waiver, 1-based.
    line: u32,
    /// Whether the waiver is an inline comment in the code.
    inline: bool,
    /// Line that an inline waiver covers; null if it covers the whole file, or is not inline.
    covers_line: Option<u32>,
    /// Number of findings that the waiver covers.
    used: usize,
    /// ID of the waiver that covers the same findings instead.
    superseded_by: Option<&'a str>,
}

impl<'a> WireWaiver<'a> {
    pub(super) fn of(outcome: &'a WaiverOutcome) -> Self {
        let waiver = &outcome.waiver;
        let (until, review_on) = match waiver.end {
            WaiverEnd::Until(day) => (Some(day.to_string()), None),
            WaiverEnd::Standing { review_on } => (None, Some(review_on.to_string())),
            WaiverEnd::Never => (None, None),
        };
        let (paths, fingerprints, covers_line) = match &waiver.reach {
            WaiverReach::Paths(paths) => {
                (paths.iter().map(|path| path.as_str().into()).collect(), &[][..], None)
            }
            WaiverReach::Fingerprints(all) => (vec![], all.as_slice(), None),
            WaiverReach::Line { path, line } => (vec![path.lossless()], &[][..], Some(*line)),
            WaiverReach::File { path } => (vec![path.lossless()], &[][..], None),
        };
        Self {
            id: &waiver.id,
            guideline: waiver.guideline.as_str(),
            effect: outcome.effect.as_str(),
            kind: waiver.kind.as_str(),
            reason: &waiver.reason,
            instead: waiver.instead.as_deref(),
            owner: waiver.owner.as_deref(),
            declared: waiver.declared.map(|day| day.to_string()),
            until,
            review_on,
            withdrawn: waiver.withdrawn.map(|day| day.to_string()),
            versions: waiver.versions.as_ref().map(ToString::to_string),
            checks: &waiver.checks,
            paths,
            fingerprints,
            path: waiver.place.path.lossless(),
            path_bytes: path_bytes(&waiver.place.path),
            line: waiver.place.line,
            inline: waiver.place.inline,
            covers_line,
            used: outcome.used,
            superseded_by: outcome.superseded_by.as_deref(),
        }
    }
}

/// Problem of a waiver or baseline, which therefore has no effect.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WaiverProblem")]
pub(super) struct WireWaiverProblem<'a> {
    /// File that contains the problem.
    path: &'a str,
    /// 1-based.
    line: u32,
    /// 1-based, in Unicode scalar values.
    column: u32,
    /// Description of the problem, in one sentence.
    message: &'a str,
    /// Suggested solution.
    help: Option<&'a str>,
}

impl<'a> WireWaiverProblem<'a> {
    pub(super) fn of(problem: &'a Problem) -> Self {
        let (line, column) = LineIndex::new(&problem.text).line_column(&problem.text, problem.span.start);
        Self {
            path: &problem.file,
            line: line + problem.first_line - 1,
            column,
            message: &problem.message,
            help: problem.help.as_deref(),
        }
    }
}

/// A change to promises, waivers or guidelines.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "News")]
pub(super) struct WireNews<'a> {
    /// promise-withdrawn, promise-weakened, out-of-sight, waiver-added, waiver-widened, guideline-changed,
    /// follow-changed or promise-made.
    kind: &'static str,
    /// ID of the guideline.
    guideline: Option<&'a str>,
    /// File that contains the change.
    path: Cow<'a, str>,
    /// Description of the change, in one sentence.
    message: &'a str,
}

impl<'a> WireNews<'a> {
    pub(super) fn of(news: &'a News) -> Self {
        Self {
            kind: news.kind.as_str(),
            guideline: news.guideline.as_ref().map(crate::model::GuidelineId::as_str),
            path: news.path.lossless(),
            message: &news.message,
        }
    }
}

/// Returns waivers as one JSON document: `{ "version": 1, "waivers": […] }`, each as in the report.
#[must_use]
pub fn waivers_json(waivers: &[&WaiverOutcome]) -> String {
    let waivers: Vec<WireWaiver<'_>> = waivers.iter().map(|it| WireWaiver::of(it)).collect();
    let document = serde_json::json!({ "version": super::wire::VERSION, "waivers": waivers });
    let mut out = Vec::new();
    // Writing to a Vec cannot fail, and JSON is UTF-8.
    let _ = super::encode::json::pretty(&mut out, &document);
    out.push(b'\n');
    String::from_utf8(out).unwrap_or_default()
}
