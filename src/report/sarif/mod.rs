//! `--format sarif`: SARIF 2.1.0, for GitHub's code scanning and everything else that reads it.
//!
//! Standard: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>; what GitHub asks for and takes:
//! <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>.
//! Advice is a `note`, a broken promise an `error`; nothing is ever a security severity. What is waived is left out,
//! since GitHub opens alerts for what is suppressed, unless it is asked for.

mod line_hash;
mod rules;
mod size;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use serde_json::{Map, Value, json};

pub use self::line_hash::line_hashes;
use super::encode::{clip, json as encode, uri};
use super::escape::escape;
use super::figures::figure;
use super::run::{Item, Run, Weight};
use crate::model::{PromiseVerdict, RepoPath, WaiverEnd};

/// Most results of a run that GitHub takes.
const RESULTS: usize = 25_000;
/// Most notifications.
const NOTIFICATIONS: usize = 1_000;
/// Most bytes, packed: GitHub takes 10 MB; the rest is room for what follows the results.
const PACKED: usize = 9_400_000;
/// Longest message, in characters.
const MESSAGE: usize = 1_000;
/// Where the standard's own schema is.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The folder that paths are relative to.
const ROOT: &str = "%SRCROOT%";

/// What may be asked of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SarifStyle {
    /// Whether what is waived is in it, as suppressed.
    pub suppressed: bool,
}

/// Writes the report: one run, one result a line, the weightiest first.
///
/// # Errors
/// What the writer says.
pub fn write(run: &Run<'_>, style: SarifStyle, mut out: impl io::Write) -> io::Result<()> {
    let rules = rules::Rules::new(run);
    let driver = json!({
        "name": "stanchion",
        "version": env!("CARGO_PKG_VERSION"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "shortDescription": { "text": "Assesses repositories against versioned guidelines, as advice" },
        "rules": rules.all,
    });
    let head = json!({
        "tool": { "driver": driver },
        // A final `/`: a category without the id of a run.
        "automationDetails": { "id": "stanchion/" },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": { ROOT: { "description": { "text": "The root of the repository" } } },
    });
    let mut text = Vec::new();
    encode::compact(&mut text, &head)?;
    // The object stays open: results and what is said about them follow.
    text.pop();
    let opening = format!("{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[");
    let mut gauge = size::Gauge::new();
    gauge.add(&text);
    out.write_all(opening.as_bytes())?;
    out.write_all(&text)?;
    out.write_all(b",\"results\":[")?;
    let items: Vec<Item<'_>> = run
        .by_weight()
        .into_iter()
        .filter(|item| style.suppressed || item.weight != Weight::Waived)
        .collect();
    let hashes = hashes(run, &items[..items.len().min(RESULTS)]);
    let mut written = 0;
    for item in items.iter().take(RESULTS) {
        text.clear();
        text.extend_from_slice(if written == 0 { b"\n" } else { b",\n" });
        encode::compact(&mut text, &result(item, &rules, &hashes, style))?;
        if gauge.add(&text) > PACKED {
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

/// A finding.
fn result(item: &Item<'_>, rules: &rules::Rules, hashes: &Hashes, style: SarifStyle) -> Value {
    let (finding, id) = (item.finding, item.guideline().id.as_str());
    let (path, lines) = item.place();
    let own = *path == *item.path();
    let message = clip(&finding.message, MESSAGE);
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
        // GitHub wants every number.
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
    fingerprints.insert("stanchion/v1".to_owned(), finding.traces.fingerprint.to_string().into());
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
        "locations": [{ "physicalLocation": { "artifactLocation": artifact(&path), "region": region } }],
        "partialFingerprints": fingerprints,
        "properties": properties,
    });
    if let Some(index) = rules.index(id) {
        result["ruleIndex"] = index.into();
    }
    if style.suppressed {
        // An empty list says that it was looked at, and nothing suppresses it.
        result["suppressions"] = suppressions(item);
    }
    result
}

/// The waiver of a finding as SARIF has it.
fn suppressions(item: &Item<'_>) -> Value {
    let Some(outcome) = item.waiver() else { return json!([]) };
    let waiver = &outcome.waiver;
    let place = item.party.path(&waiver.place.path);
    json!([{
        "kind": if waiver.place.inline { "inSource" } else { "external" },
        "status": "accepted",
        "justification": escape(&clip(&waiver.reason, MESSAGE)),
        "location": { "physicalLocation": {
            "artifactLocation": artifact(&place),
            "region": { "startLine": waiver.place.line },
        } },
        "properties": {
            "waiverId": escape(&waiver.id),
            "waiverKind": waiver.kind.word(),
            "owner": waiver.owner.as_deref().map(escape),
            "until": match waiver.end {
                WaiverEnd::Until(day) => Some(day.to_string()),
                _ => None,
            },
        },
    }])
}

fn artifact(path: &RepoPath) -> Value {
    json!({ "uri": uri::path(path.bytes()), "uriBaseId": ROOT })
}

/// Hashes of the lines that results point at, by file.
type Hashes = HashMap<RepoPath, BTreeMap<u32, String>>;

fn hashes(run: &Run<'_>, items: &[Item<'_>]) -> Hashes {
    let mut wanted: BTreeMap<RepoPath, BTreeSet<u32>> = BTreeMap::new();
    for item in items {
        let (path, lines) = item.place();
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

/// What the reader should know about the run: what was left out, and what could not be assessed.
fn notifications(run: &Run<'_>, left_out: usize, written: usize) -> Vec<Value> {
    let mut all = Vec::new();
    if left_out > 0 {
        let words = format!(
            "{} of {} results are not in this file, which would be larger than GitHub takes; those that weigh most are",
            figure(left_out),
            figure(left_out + written)
        );
        all.push(
            json!({ "level": "warning", "descriptor": { "id": "left-out" }, "message": { "text": words } }),
        );
    }
    for (party, promise) in
        run.broken_promises().filter(|(_, promise)| promise.verdict == PromiseVerdict::CannotTell)
    {
        let words = format!(
            "the promise of {} cannot be told, which breaks it in {}: {}",
            promise.guideline,
            folder(party),
            promise.why
        );
        all.push(json!({ "level": "error", "descriptor": { "id": "promise" }, "message": { "text": escape(&words) } }));
    }
    let many = run.not_assessed().count();
    for (party, item) in run.not_assessed().take(NOTIFICATIONS) {
        let mut words = format!("cannot tell: {}: {}", item.reason.words(), clip(&item.detail, MESSAGE));
        if let Some(entry) = item.guideline.and_then(|index| party.outcome.guidelines.get(index)) {
            words = format!("{}: {words}", entry.guideline.id);
        }
        let mut told = json!({
            "level": "note",
            "descriptor": { "id": item.reason.word() },
            "message": { "text": escape(&words) },
        });
        if let Some(path) = &item.path {
            told["locations"] =
                json!([{ "physicalLocation": { "artifactLocation": artifact(&party.path(path)) } }]);
        }
        all.push(told);
    }
    if many > NOTIFICATIONS {
        let words = format!("{} more could not be assessed and are not listed", figure(many - NOTIFICATIONS));
        all.push(
            json!({ "level": "note", "descriptor": { "id": "left-out" }, "message": { "text": words } }),
        );
    }
    all
}

fn folder(party: &super::run::Party<'_>) -> String {
    let folder = party.folder.lossless();
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
            let text = sample::written(|run, out| write(run, SarifStyle { suppressed }, out));
            let mut report = parsed(&text);
            let driver = &mut report["runs"][0]["tool"]["driver"];
            driver["version"] = "[version]".into();
            driver["semanticVersion"] = "[version]".into();
            insta::assert_snapshot!(name, serde_json::to_string_pretty(&report).expect("JSON"));
        }
    }

    #[test]
    fn what_github_does_not_take_is_left_out_and_told() {
        let many = sample::many(50_000);
        let report = parsed(&sample::written_of(&[&many], |run, out| write(run, SarifStyle::default(), out)));
        let run = &report["runs"][0];
        let results = run["results"].as_array().expect("a list");
        assert_eq!(results.len(), 25_000);
        assert!(results.iter().all(|result| result["level"] == "error"), "advice before a broken promise");
        let told = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].as_str();
        assert!(told.is_some_and(|told| told.starts_with("25,000 of 50,000 results")), "{told:?}");
    }

    #[test]
    fn what_does_not_pack_well_is_cut_by_its_size() {
        let mut many = sample::many(25_000);
        let mut state = 1u64;
        for finding in &mut many.findings {
            finding.message = (0..900)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    char::from(b' ' + u8::try_from(state >> 33 & 0x3f).unwrap_or(0))
                })
                .collect();
        }
        let text = sample::written_of(&[&many], |run, out| write(run, SarifStyle::default(), out));
        let packed = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 6).len();
        assert!(packed < 10_000_000, "{packed}");
        let results = parsed(&text)["runs"][0]["results"].as_array().map_or(0, Vec::len);
        assert!(results > 5_000, "{results} results");
    }
}
