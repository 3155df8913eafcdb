//! `--format gitlab`: Code Quality report, which GitLab shows in merge requests.
//! Format: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.
//!
//! A broken promise is `major`, advice is `info`; waived findings are omitted. GitLab merges entries with the
//! same fingerprint, so each entry has a unique one.

use std::collections::HashSet;
use std::io;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::encode::json;
use super::escape::escape;
use super::run::{ReportFinding, Run, Weight};

#[derive(Serialize)]
struct CodeQualityEntry<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: LocationLines,
}

#[derive(Serialize)]
struct LocationLines {
    begin: u32,
}

/// Writes the report: an array with one entry per line.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write(run: &Run<'_>, mut out: impl io::Write) -> io::Result<()> {
    let mut taken = HashSet::new();
    let mut separator = "[\n";
    for item in run.findings_by_weight().iter().filter(|item| item.weight != Weight::Waived) {
        out.write_all(separator.as_bytes())?;
        json::compact(&mut out, &quality_entry(item, &mut taken))?;
        separator = ",\n";
    }
    out.write_all(if separator == "[\n" { b"[]\n" } else { b"\n]\n" })
}

fn quality_entry<'a>(item: &ReportFinding<'a>, taken: &mut HashSet<String>) -> CodeQualityEntry<'a> {
    let (place, lines) = item.location();
    let guideline = item.guideline();
    let about = format!("{} ({} {})", item.finding.message, guideline.title, guideline.version);
    let elsewhere = *place != *item.path();
    let about = if elsewhere { format!("{}: {about}", item.path().lossless()) } else { about };
    CodeQualityEntry {
        description: escape(&about).into_owned(),
        check_name: guideline.id.as_str(),
        fingerprint: unique_fingerprint(item, taken),
        severity: if item.weight == Weight::Broken { "major" } else { "info" },
        location: Location {
            path: escape(&place.lossless()).into_owned(),
            lines: LocationLines { begin: lines.map_or(1, |lines| lines.0) },
        },
    }
}

/// Returns a fingerprint derived from the finding's own and its project, with a salt if it is already taken.
fn unique_fingerprint(item: &ReportFinding<'_>, taken: &mut HashSet<String>) -> String {
    let own = item.finding.hashes.fingerprint.to_string();
    let mut salt = 0u32;
    loop {
        let mut hash = Sha256::new_with_prefix(item.project.folder.bytes());
        hash.update([0]);
        hash.update(&own);
        if salt > 0 {
            hash.update(salt.to_be_bytes());
        }
        let digits: String = hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        if taken.insert(digits.clone()) {
            return digits;
        }
        salt += 1;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::sample;

    #[test]
    fn the_sample() {
        insta::assert_snapshot!("gitlab", sample::write_sample(|run, out| write(run, out)));
        let calm = sample::all_kept_outcome();
        assert_eq!(sample::write_outcomes(&[&calm], |run, out| write(run, out)), "[]\n");
    }

    #[test]
    fn no_two_entries_share_a_fingerprint() {
        let mut twice = sample::outcome_with_findings(200);
        for finding in &mut twice.findings {
            finding.hashes.fingerprint = crate::model::Fingerprint(7);
        }
        let text = sample::write_outcomes(&[&twice], |run, out| write(run, out));
        let entries: Vec<Value> = serde_json::from_str(&text).expect("JSON");
        let different: HashSet<&str> =
            entries.iter().filter_map(|entry| entry["fingerprint"].as_str()).collect();
        assert_eq!(different.len(), 200);
    }
}
