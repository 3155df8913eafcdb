//! `--format jsonl`: records of the JSON report, one per line, each with its `type`.

use std::borrow::Cow;
use std::io;

use serde::Serialize;

use super::policy_wire::{WireNews, WirePromise, WireWaiver, WireWaiverProblem};
use super::wire::{Summary, Tool, VERSION, WireFinding, WireGuideline, WireNotAssessed, WireNote};
use crate::model::{Comparison, Outcome, RepoPath};

/// One line. The first is `run`, the last is `summary`; a report without a summary is truncated.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum JsonlRecord<'a> {
    Run { version: u32, tool: Tool, root: Cow<'a, str>, today: Option<String>, revision: Option<&'a str> },
    News(WireNews<'a>),
    Promise(WirePromise<'a>),
    Guideline(WireGuideline<'a>),
    Finding(WireFinding<'a>),
    NotAssessed(WireNotAssessed<'a>),
    Waiver(WireWaiver<'a>),
    WaiverProblem(WireWaiverProblem<'a>),
    Note(WireNote<'a>),
    Summary(Summary),
}

/// Writes the report of `outcome`, one JSON record per line. `root` is the folder of the project; empty for
/// the root.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write(outcome: &Outcome, root: &RepoPath, mut out: impl io::Write) -> io::Result<()> {
    let revision = outcome.compared.as_ref().map(Comparison::revision);
    let root = if root.bytes().is_empty() { ".".into() } else { root.lossless() };
    let today = outcome.today.map(|day| day.to_string());
    let head = JsonlRecord::Run { version: VERSION, tool: Tool::THIS, root, today, revision };
    let news = outcome.news.iter().map(|news| JsonlRecord::News(WireNews::of(news)));
    let promises = outcome.promises.iter().map(|promise| JsonlRecord::Promise(WirePromise::of(promise)));
    let guidelines = outcome.guidelines.iter().map(|entry| JsonlRecord::Guideline(WireGuideline::of(entry)));
    let findings = outcome
        .findings
        .iter()
        .filter_map(|finding| WireFinding::of(finding, outcome))
        .map(JsonlRecord::Finding);
    let unknown =
        outcome.not_assessed.iter().map(|item| JsonlRecord::NotAssessed(WireNotAssessed::of(item, outcome)));
    let waivers = outcome.waivers.iter().map(|waiver| JsonlRecord::Waiver(WireWaiver::of(waiver)));
    let wrong = outcome.waiver_problems.iter();
    let wrong = wrong.map(|problem| JsonlRecord::WaiverProblem(WireWaiverProblem::of(problem)));
    let notes = outcome.notes.iter().map(|note| JsonlRecord::Note(WireNote::of(note)));
    let tail = std::iter::once_with(|| JsonlRecord::Summary(Summary::of(outcome)));
    let head = std::iter::once(head).chain(news).chain(promises);
    let policy = waivers.chain(wrong).chain(notes);
    for line in head.chain(guidelines).chain(findings).chain(unknown).chain(policy).chain(tail) {
        super::encode::json::compact(&mut out, &line)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::{json, sample};

    fn lines() -> Vec<Value> {
        let mut out = Vec::new();
        write(&sample::policy_outcome(), &RepoPath::from(""), &mut out).expect("a Vec takes everything");
        let text = String::from_utf8(out).expect("UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("each line is a record")).collect()
    }

    #[test]
    fn the_sample() {
        let mut lines = lines();
        lines[0]["tool"]["version"] = "[version]".into();
        let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!("jsonl", text.join("\n"));
    }

    #[test]
    fn the_records_are_those_of_the_json_report() {
        let mut out = Vec::new();
        json::write(&sample::policy_outcome(), &[], &mut out).expect("a Vec takes everything");
        let report: Value = serde_json::from_slice(&out).expect("JSON");
        for (kind, key) in [
            ("guideline", "guidelines"),
            ("finding", "findings"),
            ("not_assessed", "not_assessed"),
            ("note", "notes"),
            ("news", "news"),
            ("promise", "promises"),
            ("waiver", "waivers"),
            ("waiver_problem", "waiver_problems"),
        ] {
            let mut records: Vec<Value> = lines().into_iter().filter(|line| line["type"] == kind).collect();
            for record in &mut records {
                record.as_object_mut().expect("object").shift_remove("type");
            }
            assert_eq!(Value::Array(records), report[key], "{kind}");
        }
        assert_eq!(lines().last().map(|line| line["type"].clone()), Some("summary".into()));
    }
}
