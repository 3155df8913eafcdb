//! `--format jsonl`: the records of the JSON report, one a line, each with its `type`.

use std::io;

use serde::Serialize;

use super::wire::{Summary, Tool, VERSION, WireFinding, WireGuideline, WireNotAssessed, WireNote};
use crate::model::{Compared, Outcome};

/// One line. The first is `run`, the last is `summary`: a reader that sees no summary has a cut report.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Run { version: u32, tool: Tool, root: &'static str, revision: Option<&'a str> },
    Guideline(WireGuideline<'a>),
    Finding(WireFinding<'a>),
    NotAssessed(WireNotAssessed<'a>),
    Note(WireNote<'a>),
    Summary(Summary),
}

/// Writes the report of `outcome`, one JSON record a line.
///
/// # Errors
/// What the writer says.
pub fn write(outcome: &Outcome, mut out: impl io::Write) -> io::Result<()> {
    let revision = outcome.compared.as_ref().map(Compared::revision);
    let head = Line::Run { version: VERSION, tool: Tool::THIS, root: ".", revision };
    let guidelines = outcome.guidelines.iter().map(|entry| Line::Guideline(WireGuideline::of(entry)));
    let findings =
        outcome.findings.iter().filter_map(|finding| WireFinding::of(finding, outcome)).map(Line::Finding);
    let unknown =
        outcome.not_assessed.iter().map(|item| Line::NotAssessed(WireNotAssessed::of(item, outcome)));
    let notes = outcome.notes.iter().map(|note| Line::Note(WireNote::of(note)));
    let tail = std::iter::once_with(|| Line::Summary(Summary::of(outcome)));
    for line in
        std::iter::once(head).chain(guidelines).chain(findings).chain(unknown).chain(notes).chain(tail)
    {
        serde_json::to_writer(&mut out, &line)?;
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
        write(&sample::outcome(), &mut out).expect("a Vec takes everything");
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
        json::write(&sample::outcome(), &mut out).expect("a Vec takes everything");
        let report: Value = serde_json::from_slice(&out).expect("JSON");
        for (kind, key) in [
            ("guideline", "guidelines"),
            ("finding", "findings"),
            ("not_assessed", "not_assessed"),
            ("note", "notes"),
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
