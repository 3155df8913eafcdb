//! `--format sarif`: SARIF 2.1.0, for GitHub code scanning and other tools.
//!
//! Standard: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>; requirements and limits of GitHub:
//! <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>.
//! Advice is a `note`, a broken promise is an `error`; no result has a security severity. Waived findings are
//! only included on request, because GitHub opens alerts for suppressed results.

mod line_hash;
mod rules;
mod size;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use serde_json::{Map, Value, json};

pub use self::line_hash::line_hashes;
use super::encode::{clip, json as encode, uri};
use super::escape::escape;
use super::numbers::format_number;
use super::run::{ReportFinding, Run, Weight};
use crate::model::{PromiseVerdict, RepoPath, WaiverEnd};

/// Maximum number of results in a run that GitHub accepts.
const MAX_RESULTS: usize = 25_000;
/// Maximum number of notifications.
const MAX_NOTIFICATIONS: usize = 1_000;
/// Maximum compressed size in bytes. GitHub accepts 10 MB; the difference is reserved for the notifications.
const MAX_PACKED_BYTES: usize = 9_400_000;
/// Maximum length of a message, in characters.
const MAX_MESSAGE: usize = 1_000;
/// URL of the schema of the standard.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Base that paths are relative to.
const ROOT: &str = "%SRCROOT%";

/// Options of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SarifStyle {
    /// Whether waived findings are included as suppressed results.
    pub suppressed: bool,
}

/// Writes the report: one run with one result per line, the most important first.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write(run: &Run<'_>, style: SarifStyle, mut out: impl io::Write) -> io::Result<()> {
    let rules = rules::SarifRules::new(run);
    let driver = json!({
        "name": "stanchion",
        "version": env!("CARGO_PKG_VERSION"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "shortDescription": { "text": "Assesses repositories against versioned guidelines, as advice" },
        "rules": rules.all,
    });
    let head = json!({
        "tool": { "driver": driver },
        // The final `/` marks a category without a run ID.
        "automationDetails": { "id": "stanchion/" },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": { ROOT: { "description": { "text": "The root of the repository" } } },
    });
    let mut text = Vec::new();
    encode::compact(&mut text, &head)?;
    // The object stays open, because results and invocations follow.
    text.pop();
    let opening = format!("{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[");
    let mut gauge = size::PackedSize::new();
    gauge.add(&text);
    out.write_all(opening.as_bytes())?;
    out.write_all(&text)?;
    out.write_all(b",\"results\":[")?;
    let items: Vec<ReportFinding<'_>> = run
        .findings_by_weight()
        .into_iter()
        .filter(|item| style.suppressed || item.weight != Weight::Waived)
        .collect();
    let hashes = hash_lines(run, &items[..items.len().min(MAX_RESULTS)]);
    let mut written = 0;
    for item in items.iter().take(MAX_RESULTS) {
        text.clear();
        text.extend_from_slice(if written == 0 { b"\n" } else { b",\n" });
        encode::compact(&mut text, &sarif_result(item, &rules, &hashes, style))?;
        if gauge.add(&text) > MAX_PACKED_BYTES {
            break;
        }
        out.write_all(&text)?;
        written += 1;
    }
    out.write_all(b"\n],\"invocations\":[")?;
    let invocation = json!({
        "executionSuccessful": true,
        "toolExecutionNotifications": notifications(run, items.len() - written, written),
    });
    encode::compact(&mut out, &invocation)?;
    out.write_all(b"]}]}\n")
}

/// Converts a finding to a SARIF result.
fn sarif_result(
    item: &ReportFinding<'_>,
    rules: &rules::SarifRules,
    hashes: &LineHashes,
    style: SarifStyle,
) -> Value {
    let (finding, id) = (item.finding, item.guideline().id.as_str());
    let (path, lines) = item.location();
    let own = *path == *item.path();
    let message = clip(&finding.message, MAX_MESSAGE);
    let message = if own {
        escape(&message)
    } else {
        escape(&format!("{}: {message}", item.path().lossless())).into_owned().into()
    };
    let region = match lines {
        Some(_) if own => json!({
            "startLine": finding.start.line,
            "startColumn": finding.start.column,
            "endLine": finding.end.line,
            "endColumn": finding.end.column,
        }),
        // GitHub requires all four numbers.
        _ => {
            let line = lines.map_or(1, |lines| lines.0);
            json!({ "startLine": line, "startColumn": 1, "endLine": line, "endColumn": 1 })
        }
    };
    let mut fingerprints = Map::new();
    if let Some(hash) = hashes.get(&*path).and_then(|of_file| of_file.get(&lines.map_or(1, |lines| lines.0)))
    {
        fingerprints.insert("primaryLocationLineHash".to_owned(), hash.as_str().into());
    }
    fingerprints.insert("stanchion/v1".to_owned(), finding.hashes.fingerprint.to_string().into());
    let mut properties = json!({
        "check": escape(&finding.check),
        "version": item.guideline().version.to_string(),
        "promised": item.entry.promised,
    });
    if item.weight == Weight::Known {
        properties["known"] = true.into();
    }
    let mut result = json!({
        "ruleId": id,
        "level": if item.weight == Weight::Broken { "error" } else { "note" },
        "message": { "text": message },
        "locations": [{ "physicalLocation": { "artifactLocation": artifact_location(&path), "region": region } }],
        "partialFingerprints": fingerprints,
        "properties": properties,
    });
    if let Some(index) = rules.index(id) {
        result["ruleIndex"] = index.into();
    }
    if style.suppressed {
        // An empty list states that the result was reviewed and is not suppressed.
        result["suppressions"] = suppressions(item);
    }
    result
}

/// Returns the waiver of a finding as a SARIF suppression.
fn suppressions(item: &ReportFinding<'_>) -> Value {
    let Some(outcome) = item.waiver() else { return json!([]) };
    let waiver = &outcome.waiver;
    let place = item.project.path(&waiver.place.path);
    json!([{
        "kind": if waiver.place.inline { "inSource" } else { "external" },
        "status": "accepted",
        "justification": escape(&clip(&waiver.reason, MAX_MESSAGE)),
        "location": { "physicalLocation": {
            "artifactLocation": artifact_location(&place),
            "region": { "startLine": waiver.place.line },
        } },
        "properties": {
            "waiverId": escape(&waiver.id),
            "waiverKind": waiver.kind.as_str(),
            "owner": waiver.owner.as_deref().map(escape),
            "until": match waiver.end {
                WaiverEnd::Until(day) => Some(day.to_string()),
                _ => None,
            },
        },
    }])
}

fn artifact_location(path: &RepoPath) -> Value {
    json!({ "uri": uri::path(path.bytes()), "uriBaseId": ROOT })
}

/// Hashes of the lines that results refer to, by file and line.
type LineHashes = HashMap<RepoPath, BTreeMap<u32, String>>;

fn hash_lines(run: &Run<'_>, items: &[ReportFinding<'_>]) -> LineHashes {
    let mut wanted: BTreeMap<RepoPath, BTreeSet<u32>> = BTreeMap::new();
    for item in items {
        let (path, lines) = item.location();
        wanted.entry(path.into_owned()).or_default().insert(lines.map_or(1, |lines| lines.0));
    }
    let hashed = |(path, lines): (RepoPath, BTreeSet<u32>)| {
        let all = line_hashes(&(run.contents)(&path)?);
        let nth =
            |line: u32| all.get(usize::try_from(line).ok()?.checked_sub(1)?).map(|hash| (line, hash.clone()));
        Some((path, lines.into_iter().filter_map(nth).collect()))
    };
    wanted.into_iter().filter_map(hashed).collect()
}

/// Returns notifications about omitted results, promises that could not be judged, and unassessed paths.
fn notifications(run: &Run<'_>, left_out: usize, written: usize) -> Vec<Value> {
    let mut all = Vec::new();
    if left_out > 0 {
        let words = format!(
            "{} of {} results are not in this file, because GitHub limits its size. It contains the most important \
             results.",
            format_number(left_out),
            format_number(left_out + written)
        );
        all.push(
            json!({ "level": "warning", "descriptor": { "id": "left-out" }, "message": { "text": words } }),
        );
    }
    for (project, promise) in
        run.broken_promises().filter(|(_, promise)| promise.verdict == PromiseVerdict::CannotTell)
    {
        let words = format!(
            "cannot tell whether the promise of {} is kept, which counts as not kept in {}: {}",
            promise.guideline,
            project_name(project),
            promise.why
        );
        all.push(json!({ "level": "error", "descriptor": { "id": "promise" }, "message": { "text": escape(&words) } }));
    }
    let many = run.not_assessed().count();
    for (project, item) in run.not_assessed().take(MAX_NOTIFICATIONS) {
        let mut words = format!("cannot tell: {}: {}", item.reason.label(), clip(&item.detail, MAX_MESSAGE));
        if let Some(entry) = item.guideline.and_then(|index| project.outcome.guidelines.get(index)) {
            words = format!("{}: {words}", entry.guideline.id);
        }
        let mut notification = json!({
            "level": "note",
            "descriptor": { "id": item.reason.as_str() },
            "message": { "text": escape(&words) },
        });
        if let Some(path) = &item.path {
            notification["locations"] = json!([{ "physicalLocation": { "artifactLocation": artifact_location(&project.path(path)) } }]);
        }
        all.push(notification);
    }
    if many > MAX_NOTIFICATIONS {
        let words = format!(
            "{} more paths or guidelines could not be assessed and are not listed",
            format_number(many - MAX_NOTIFICATIONS)
        );
        all.push(
            json!({ "level": "note", "descriptor": { "id": "left-out" }, "message": { "text": words } }),
        );
    }
    all
}

fn project_name(project: &super::run::RunProject<'_>) -> String {
    let folder = project.folder.lossless();
    if folder.is_empty() { "this repository".to_owned() } else { folder.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn parsed(text: &str) -> Value {
        serde_json::from_str(text).expect("JSON")
    }

    #[test]
    fn the_sample() {
        for (name, suppressed) in [("sarif", false), ("sarif_suppressed", true)] {
            let text = sample::write_sample(|run, out| write(run, SarifStyle { suppressed }, out));
            let mut report = parsed(&text);
            let driver = &mut report["runs"][0]["tool"]["driver"];
            driver["version"] = "[version]".into();
            driver["semanticVersion"] = "[version]".into();
            insta::assert_snapshot!(name, serde_json::to_string_pretty(&report).expect("JSON"));
        }
    }

    #[test]
    fn results_above_the_limit_of_github_are_omitted_with_a_notification() {
        let many = sample::outcome_with_findings(50_000);
        let report =
            parsed(&sample::write_outcomes(&[&many], |run, out| write(run, SarifStyle::default(), out)));
        let run = &report["runs"][0];
        let results = run["results"].as_array().expect("a list");
        assert_eq!(results.len(), 25_000);
        assert!(results.iter().all(|result| result["level"] == "error"), "advice before a broken promise");
        let message = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].as_str();
        assert!(message.is_some_and(|text| text.starts_with("25,000 of 50,000 results")), "{message:?}");
    }

    #[test]
    fn a_report_that_compresses_badly_is_limited_by_its_size() {
        let mut many = sample::outcome_with_findings(25_000);
        let mut state = 1u64;
        for finding in &mut many.findings {
            finding.message = (0..900)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    char::from(b' ' + u8::try_from(state >> 33 & 0x3f).unwrap_or(0))
                })
                .collect();
        }
        let text = sample::write_outcomes(&[&many], |run, out| write(run, SarifStyle::default(), out));
        let packed = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 6).len();
        assert!(packed < 10_000_000, "{packed}");
        let results = parsed(&text)["runs"][0]["results"].as_array().map_or(0, Vec::len);
        assert!(results > 5_000, "{results} results");
    }
}
