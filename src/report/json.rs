//! `--format json`: one document, serialized incrementally so that findings are not copied.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::policy_wire::{WireNews, WirePromise, WireWaiver, WireWaiverProblem};
use super::wire::{Summary, Tool, VERSION, WireFinding, WireGuideline, WireNotAssessed, WireNote};
use crate::model::{Comparison, Outcome, RepoPath};

/// A stanchion report, version 1.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Stanchion report")]
struct Report<'a> {
    /// Version of the format: 1.
    version: u32,
    /// Program that wrote the report.
    tool: Tool,
    /// Root that paths are relative to.
    root: Cow<'a, str>,
    /// Day of the run (UTC) with which dates are compared; null if nothing depends on it.
    today: Option<String>,
    /// Base of the comparison: `staged` (git's index compared with the last commit) or the ID of the merge
    /// base; null if everything was assessed.
    revision: Option<&'a str>,
    /// Counts of the run.
    summary: Summary,
    /// Changes to promises, waivers and guidelines, most important first.
    #[schemars(with = "Vec<WireNews<'a>>")]
    news: Records<'a, WireNews<'a>>,
    /// Promises of this repository, in order of guideline.
    #[schemars(with = "Vec<WirePromise<'a>>")]
    promises: Records<'a, WirePromise<'a>>,
    /// Guidelines in order of ID.
    #[schemars(with = "Vec<WireGuideline<'a>>")]
    guidelines: Records<'a, WireGuideline<'a>>,
    /// Findings in order of guideline, path and position.
    #[schemars(with = "Vec<WireFinding<'a>>")]
    findings: Records<'a, WireFinding<'a>>,
    /// Paths and guidelines that could not be assessed, in order of path.
    #[schemars(with = "Vec<WireNotAssessed<'a>>")]
    not_assessed: Records<'a, WireNotAssessed<'a>>,
    /// Waivers and their effects, in the order of the files.
    #[schemars(with = "Vec<WireWaiver<'a>>")]
    waivers: Records<'a, WireWaiver<'a>>,
    /// Problems of waivers that therefore have no effect.
    #[schemars(with = "Vec<WireWaiverProblem<'a>>")]
    waiver_problems: Records<'a, WireWaiverProblem<'a>>,
    /// Other notes about the run.
    #[schemars(with = "Vec<WireNote<'a>>")]
    notes: Records<'a, WireNote<'a>>,
    /// Reports of nested projects: folders with their own `stanchion.toml`.
    parties: Vec<Report<'a>>,
}

/// Records that are created one at a time during serialization.
struct Records<'a, T>(RefCell<Box<dyn Iterator<Item = T> + 'a>>);

impl<'a, T> Records<'a, T> {
    fn new(records: impl Iterator<Item = T> + 'a) -> Self {
        Self(RefCell::new(Box::new(records)))
    }
}

impl<T: Serialize> Serialize for Records<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&mut *self.0.borrow_mut())
    }
}

/// Writes the report of `outcome` as one JSON document with a final line end. `below` contains the folders
/// and outcomes of nested projects.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write(outcome: &Outcome, below: &[(RepoPath, &Outcome)], mut out: impl io::Write) -> io::Result<()> {
    let mut whole = report(outcome, ".".into());
    whole.parties = below.iter().map(|(folder, outcome)| report(outcome, folder.lossless())).collect();
    super::encode::json::pretty(&mut out, &whole)?;
    out.write_all(b"\n")
}

fn report<'a>(outcome: &'a Outcome, root: Cow<'a, str>) -> Report<'a> {
    Report {
        version: VERSION,
        tool: Tool::THIS,
        root,
        today: outcome.today.map(|day| day.to_string()),
        revision: outcome.compared.as_ref().map(Comparison::revision),
        summary: Summary::of(outcome),
        news: Records::new(outcome.news.iter().map(WireNews::of)),
        promises: Records::new(outcome.promises.iter().map(WirePromise::of)),
        guidelines: Records::new(outcome.guidelines.iter().map(WireGuideline::of)),
        findings: Records::new(
            outcome.findings.iter().filter_map(|finding| WireFinding::of(finding, outcome)),
        ),
        not_assessed: Records::new(
            outcome.not_assessed.iter().map(|item| WireNotAssessed::of(item, outcome)),
        ),
        waivers: Records::new(outcome.waivers.iter().map(WireWaiver::of)),
        waiver_problems: Records::new(outcome.waiver_problems.iter().map(WireWaiverProblem::of)),
        notes: Records::new(outcome.notes.iter().map(WireNote::of)),
        parties: Vec::new(),
    }
}

/// Returns the JSON Schema (draft 2020-12) of the report.
#[must_use]
pub fn report_schema() -> serde_json::Value {
    let generator = schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<Report<'static>>().to_value()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::sample;

    fn sample() -> Value {
        let mut out = Vec::new();
        write(&sample::policy_outcome(), &[], &mut out).expect("a Vec takes everything");
        serde_json::from_slice(&out).expect("JSON")
    }

    #[test]
    fn the_sample() {
        let mut report = sample();
        report["tool"]["version"] = "[version]".into();
        insta::assert_snapshot!("json", serde_json::to_string_pretty(&report).expect("JSON"));
    }

    #[test]
    fn every_field_of_the_design_is_there() {
        let report = sample();
        for pointer in [
            "/version",
            "/tool/name",
            "/tool/version",
            "/root",
            "/revision",
            "/summary/files",
            "/summary/guidelines",
            "/summary/kept",
            "/summary/not_kept",
            "/summary/waived",
            "/summary/cannot_tell",
            "/summary/not_applicable",
            "/summary/findings",
            "/summary/findings_waived",
            "/summary/promises",
            "/summary/promises_broken",
            "/summary/paths/seen",
            "/guidelines/0/id",
            "/guidelines/0/version",
            "/guidelines/0/sha256",
            "/guidelines/0/source",
            "/guidelines/0/stage",
            "/guidelines/0/promised",
            "/guidelines/0/outcome",
            "/guidelines/0/findings",
            "/findings/0/guideline",
            "/findings/0/version",
            "/findings/0/check",
            "/findings/0/level",
            "/findings/0/message",
            "/findings/0/path",
            "/findings/0/start/line",
            "/findings/0/start/column",
            "/findings/0/start/byte",
            "/findings/0/end/byte",
            "/findings/0/snippet",
            "/findings/0/fingerprint",
            "/findings/0/promised",
            "/findings/0/new",
            "/findings/0/waiver",
            "/findings/0/fix",
            "/not_assessed/0/path",
            "/not_assessed/0/guideline",
            "/not_assessed/0/reason",
            "/not_assessed/0/detail",
            "/news/0/kind",
            "/promises/0/outcome",
            "/waivers/0/effect",
            "/waivers/0/until",
            "/waivers/0/used",
            "/waiver_problems/0/line",
            "/notes/0/code",
        ] {
            assert!(report.pointer(pointer).is_some(), "{pointer} is missing");
        }
    }

    #[test]
    fn the_schema_describes_the_report() {
        let schema = report_schema();
        let validator = jsonschema::validator_for(&schema).expect("a valid schema");
        let problems: Vec<String> = validator
            .iter_errors(&sample())
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{problems:#?}");
        let mut wrong = sample();
        wrong["findings"][0]["start"]["line"] = "one".into();
        assert!(!validator.is_valid(&wrong), "the schema lets anything through");
        wrong = sample();
        wrong["findings"][0].as_object_mut().expect("object").remove("waiver");
        assert!(!validator.is_valid(&wrong), "a missing field goes unnoticed");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "compares a file of our own documentation")]
    fn the_documented_schema_is_the_real_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/report.schema.json");
        let mut schema = serde_json::to_string_pretty(&report_schema()).expect("JSON");
        schema.push('\n');
        if std::env::var_os("STANCHION_BLESS").is_some() {
            std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema")).expect("folder");
            std::fs::write(path, &schema).expect("written");
        }
        let documented = std::fs::read_to_string(path).unwrap_or_default();
        assert!(documented == schema, "{path} is stale: run the tests once with STANCHION_BLESS=1");
    }
}
