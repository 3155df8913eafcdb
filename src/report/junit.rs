//! `--format junit`: one test case for each finding, and one for each guideline without findings.
//!
//! Only a broken promise is a `failure`, because build servers fail a build with any failure. Advice is a
//! passing case with output; waived findings and "cannot tell" are `skipped`. GitLab drops cases with equal
//! names, and rejects files of 30 MB and more, or with more than 250,000 elements.

use std::collections::HashMap;
use std::io;

use super::encode::{clip, xml};
use super::numbers::count;
use super::run::{ReportFinding, Run, RunProject, Weight};
use crate::model::{NotAssessed, PromiseVerdict, Verdict};

/// Maximum size of all cases together, in bytes.
const MAX_BYTES: usize = 28_000_000;
/// Maximum number of cases; each has at most two elements.
const MAX_CASES: usize = 100_000;
/// Maximum length of a message, in characters.
const MAX_MESSAGE: usize = 2_000;

/// A test case as XML, and its outcome.
struct TestCase {
    text: String,
    kind: CaseOutcome,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CaseOutcome {
    Passes,
    Fails,
    Skipped,
}

/// Writes one suite for each project.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write(run: &Run<'_>, mut out: impl io::Write) -> io::Result<()> {
    let mut suites = Vec::new();
    let mut budget = ReportBudget { bytes: MAX_BYTES, cases: MAX_CASES };
    for project in &run.projects {
        suites.push((project, test_cases(project, &mut budget)));
    }
    let number = |kind: Option<CaseOutcome>| {
        let all = suites.iter().flat_map(|(_, cases)| cases);
        all.filter(|case| kind.is_none_or(|kind| case.kind == kind)).count()
    };
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"stanchion\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">",
        number(None),
        number(Some(CaseOutcome::Fails)),
        number(Some(CaseOutcome::Skipped))
    )?;
    for (project, cases) in &suites {
        let number = |kind| cases.iter().filter(|case| case.kind == kind).count();
        let folder = project.folder.lossless();
        let name = if folder.is_empty() { "guidelines".into() } else { format!("guidelines in {folder}") };
        writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">",
            xml::text(&name),
            cases.len(),
            number(CaseOutcome::Fails),
            number(CaseOutcome::Skipped)
        )?;
        cases.iter().try_for_each(|case| out.write_all(case.text.as_bytes()))?;
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

/// Remaining size of the report.
struct ReportBudget {
    bytes: usize,
    cases: usize,
}

impl ReportBudget {
    /// Returns whether the case fits, and subtracts its size if it does.
    fn take_case(&mut self, case: &TestCase) -> bool {
        let fits = case.text.len() <= self.bytes && self.cases > 0;
        if fits {
            self.bytes -= case.text.len();
            self.cases -= 1;
        }
        fits
    }
}

/// Returns the cases of a project, the most important first.
fn test_cases<'r>(project: &'r RunProject<'r>, budget: &mut ReportBudget) -> Vec<TestCase> {
    let mut names = HashMap::new();
    let mut all = Vec::new();
    let mut left_out = 0usize;
    let mut add = |case: TestCase| {
        if budget.take_case(&case) {
            all.push(case);
        } else {
            left_out += 1;
        }
    };
    let not_judged = project
        .outcome
        .promises
        .iter()
        .filter(|promise| project.fails_run(promise) && promise.verdict == PromiseVerdict::CannotTell);
    for promise in not_judged {
        let body = format!(
            "      <failure type=\"promise\" message=\"{}\"/>\n",
            xml::text(&format!("cannot tell whether it is kept: {}", promise.why))
        );
        let id = promise.guideline.as_str();
        add(test_case(id, &unique_name(&format!("{id} promise"), &mut names), &body, CaseOutcome::Fails));
    }
    let mut items: Vec<ReportFinding<'_>> = project.findings().collect();
    items.sort_by_key(|item| item.weight);
    for item in items {
        add(finding_case(&item, &mut names));
    }
    for entry in project.outcome.guidelines.iter().filter(|entry| entry.verdict == Verdict::Kept) {
        let id = entry.guideline.id.as_str();
        let name = unique_name(&format!("{id}@{}", entry.guideline.version), &mut names);
        add(test_case(id, &name, "", CaseOutcome::Passes));
    }
    for item in &project.outcome.not_assessed {
        add(not_assessed_case(project, item, &mut names));
    }
    if left_out > 0 {
        let words = format!(
            "{} left out: the report would exceed the size limits of build servers",
            count(left_out, "case is", "cases are")
        );
        let body = format!("      <skipped message=\"{}\"/>\n", xml::text(&words));
        all.push(test_case("stanchion", "cases left out of this report", &body, CaseOutcome::Skipped));
    }
    all
}

fn finding_case(item: &ReportFinding<'_>, names: &mut HashMap<String, u32>) -> TestCase {
    let (finding, guideline) = (item.finding, item.guideline());
    let path = item.path();
    let id = guideline.id.as_str();
    let name = format!("{id}@{} {}:{}", guideline.version, path.lossless(), finding.start.line);
    let name = unique_name(&name, names);
    let message = clip(&finding.message, MAX_MESSAGE);
    let place = format!("{}:{}:{}", path.lossless(), finding.start.line, finding.start.column);
    let (kind, body) = match item.weight {
        Weight::Broken => (
            CaseOutcome::Fails,
            format!(
                "      <failure type=\"promise\" message=\"{}\">{}\n{}</failure>\n",
                xml::text(&message),
                xml::text(&place),
                xml::text(&format!("Why, and how to keep it: stanchion explain {id}")),
            ),
        ),
        Weight::Warning | Weight::Note => (
            CaseOutcome::Passes,
            format!("      <system-out>{}</system-out>\n", xml::text(&format!("advice: {message}"))),
        ),
        Weight::Known => (
            CaseOutcome::Passes,
            format!(
                "      <system-out>{}</system-out>\n",
                xml::text(&format!("known since the promise was made: {message}"))
            ),
        ),
        Weight::Waived => {
            let reason = item.waiver().map_or("", |it| it.waiver.reason.as_str());
            let words = format!("waived: {}", clip(reason, MAX_MESSAGE));
            (CaseOutcome::Skipped, format!("      <skipped message=\"{}\"/>\n", xml::text(&words)))
        }
    };
    test_case(id, &name, &body, kind)
}

fn not_assessed_case(
    project: &RunProject<'_>,
    item: &NotAssessed,
    names: &mut HashMap<String, u32>,
) -> TestCase {
    let entry = item.guideline.and_then(|index| project.outcome.guidelines.get(index));
    let id = entry.map_or("stanchion", |entry| entry.guideline.id.as_str());
    let place =
        item.path.as_ref().map_or_else(String::new, |path| format!(" {}", project.path(path).lossless()));
    let name = unique_name(&format!("cannot tell{place}"), names);
    let words = format!("cannot tell: {}: {}", item.reason.label(), clip(&item.detail, MAX_MESSAGE));
    test_case(
        id,
        &name,
        &format!("      <skipped message=\"{}\"/>\n", xml::text(&words)),
        CaseOutcome::Skipped,
    )
}

/// Returns a case; `name` is already escaped for XML.
fn test_case(class: &str, name: &str, body: &str, kind: CaseOutcome) -> TestCase {
    let class = xml::text(class);
    let text = if body.is_empty() {
        format!("    <testcase classname=\"{class}\" name=\"{name}\"/>\n")
    } else {
        format!("    <testcase classname=\"{class}\" name=\"{name}\">\n{body}    </testcase>\n")
    };
    TestCase { text, kind }
}

/// Escapes `name` for XML, and appends a number if the name is already used.
fn unique_name(name: &str, names: &mut HashMap<String, u32>) -> String {
    let name = xml::text(name);
    let mut candidate = name.clone();
    while names.contains_key(&candidate) {
        let number = names.entry(name.clone()).or_insert(1);
        *number += 1;
        candidate = format!("{name} #{number}");
    }
    names.insert(candidate.clone(), 1);
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_sample() {
        insta::assert_snapshot!("junit", sample::write_sample(|run, out| write(run, out)));
    }

    #[test]
    fn a_large_report_respects_the_limits_of_gitlab() {
        let mut many = sample::outcome_with_findings(50_000);
        let text = sample::write_outcomes(&[&many], |run, out| write(run, out));
        assert_eq!(text.matches("<testcase ").count(), 50_000);
        for finding in &mut many.findings {
            finding.message = format!("{} {}", finding.message, "long ".repeat(390));
        }
        let text = sample::write_outcomes(&[&many], |run, out| write(run, out));
        assert!(text.len() < 30_000_000, "{}", text.len());
        let cases = text.matches("<testcase ").count() - 1;
        let expected = format!("{} left out", count(50_000 - cases, "case is", "cases are"));
        assert!(text.contains(&expected), "{expected}");
    }
}
