//! What a repository says of itself, in the JSON report: promises, waivers, and news about them.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use super::wire::path_bytes;
use crate::model::{News, Problem, PromiseOutcome, WaiverEnd, WaiverOutcome, WaiverReach};
use crate::text::LineIndex;

/// A promise and what the run says about it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Promise")]
pub(super) struct WirePromise<'a> {
    /// Id of the guideline.
    guideline: &'a str,
    /// The day on which it was made.
    since: String,
    /// Whether only what is new since then counts.
    from_here: bool,
    /// kept, broken or cannot_tell.
    outcome: &'static str,
    /// Number of findings that break it.
    findings: usize,
    /// Number of findings that stand in its baseline.
    known: usize,
    /// Why it cannot be told; empty otherwise.
    why: &'a str,
}

impl<'a> WirePromise<'a> {
    pub(super) fn of(promise: &'a PromiseOutcome) -> Self {
        Self {
            guideline: promise.guideline.as_str(),
            since: promise.promise.since.to_string(),
            from_here: promise.promise.from_here,
            outcome: promise.verdict.word(),
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
    /// Its id; of an inline one, its place.
    id: &'a str,
    /// Id of the guideline.
    guideline: &'a str,
    /// active, lapsing, lapsed, withdrawn, outdated, unused or superseded.
    effect: &'static str,
    /// Why, in a word.
    kind: &'static str,
    /// Why, in words.
    reason: &'a str,
    /// What is done instead.
    instead: Option<&'a str>,
    /// Who answers for it.
    owner: Option<&'a str>,
    /// The day on which it was written.
    declared: Option<String>,
    /// Last day of its effect (inclusive, UTC).
    until: Option<String>,
    /// The day on which a standing one is looked at again.
    review_on: Option<String>,
    /// The day on which it was taken back.
    withdrawn: Option<String>,
    /// The versions of the guideline that it speaks about; null is any.
    versions: Option<String>,
    /// The checks that it steps over; empty is all.
    checks: &'a [String],
    /// Globs of the paths that it covers; empty is every path, if there are no fingerprints.
    paths: Vec<Cow<'a, str>>,
    /// Fingerprints of the findings that it covers.
    fingerprints: &'a [String],
    /// The file in which it is written.
    path: Cow<'a, str>,
    /// The path's bytes in base64; only when they are not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// Its line, from 1.
    line: u32,
    /// Whether it is a comment beside the code.
    inline: bool,
    /// The line that an inline one covers; null: the whole file, or it is none.
    covers_line: Option<u32>,
    /// Findings that it covers.
    used: usize,
    /// Id of the waiver that covers what it would.
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
            effect: outcome.effect.word(),
            kind: waiver.kind.word(),
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

/// Something wrong with a waiver (or the baseline), which has no effect therefore.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WaiverProblem")]
pub(super) struct WireWaiverProblem<'a> {
    /// The file.
    path: &'a str,
    /// 1-based.
    line: u32,
    /// 1-based, in Unicode scalar values.
    column: u32,
    /// What is wrong, in one sentence.
    message: &'a str,
    /// What to do.
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

/// What a change says about promises, waivers and guidelines.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "News")]
pub(super) struct WireNews<'a> {
    /// promise-withdrawn, promise-weakened, out-of-sight, waiver-added, waiver-widened, guideline-changed,
    /// follow-changed or promise-made.
    kind: &'static str,
    /// Id of the guideline.
    guideline: Option<&'a str>,
    /// The file that shows it.
    path: Cow<'a, str>,
    /// One sentence.
    message: &'a str,
}

impl<'a> WireNews<'a> {
    pub(super) fn of(news: &'a News) -> Self {
        Self {
            kind: news.kind.word(),
            guideline: news.guideline.as_ref().map(crate::model::GuidelineId::as_str),
            path: news.path.lossless(),
            message: &news.message,
        }
    }
}

/// Waivers as one JSON document: `{ "version": 1, "waivers": […] }`, each as in the report.
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
