//! `--format junit`: one test case for each finding, and one for each guideline without any.
//!
//! Only a broken promise is a `failure`: servers turn a build red at any. Advice is a case that passes and says
//! what it has to say, what is waived or cannot be told is `skipped`. GitLab drops cases of the same name, refuses
//! files of 30 MB and more, and more than 250,000 elements.

use std::collections::HashMap;
use std::io;

use super::encode::{clip, xml};
use super::figures::count;
use super::run::{Item, Party, Run, Weight};
use crate::model::{NotAssessed, PromiseVerdict, Verdict};

/// Most bytes of all cases together.
const BYTES: usize = 28_000_000;
/// Most cases; each has two elements at most.
const CASES: usize = 100_000;
/// Longest message, in characters.
const MESSAGE: usize = 2_000;

/// A case as text, and what it counts as.
struct Case {
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Passes,
    Fails,
    Skipped,
}

/// Writes one suite for each party.
///
/// # Errors
/// What the writer says.
pub fn write(run: &Run<'_>, mut out: impl io::Write) -> io::Result<()> {
    let mut suites = Vec::new();
    let mut budget = Budget { bytes: BYTES, cases: CASES };
    for party in &run.parties {
        suites.push((party, cases(party, &mut budget)));
    }
    let number = |kind: Option<Kind>| {
        let all = suites.iter().flat_map(|(_, cases)| cases);
        all.filter(|case| kind.is_none_or(|kind| case.kind == kind)).count()
    };
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"stanchion\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">",
        number(None),
        number(Some(Kind::Fails)),
        number(Some(Kind::Skipped))
    )?;
    for (party, cases) in &suites {
        let number = |kind| cases.iter().filter(|case| case.kind == kind).count();
        let folder = party.folder.lossless();
        let name = if folder.is_empty() { "guidelines".into() } else { format!("guidelines in {folder}") };
        writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">",
            xml::text(&name),
            cases.len(),
            number(Kind::Fails),
            number(Kind::Skipped)
        )?;
        cases.iter().try_for_each(|case| out.write_all(case.text.as_bytes()))?;
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

/// What may still be written.
struct Budget {
    bytes: usize,
    cases: usize,
}

impl Budget {
    /// Whether this case fits; then it is taken off.
    fn takes(&mut self, case: &Case) -> bool {
        let fits = case.text.len() <= self.bytes && self.cases > 0;
        if fits {
            self.bytes -= case.text.len();
            self.cases -= 1;
        }
        fits
    }
}

/// The cases of a party, the weightiest first.
fn cases<'r>(party: &'r Party<'r>, budget: &mut Budget) -> Vec<Case> {
    let mut names = HashMap::new();
    let mut all = Vec::new();
    let mut left_out = 0usize;
    let mut add = |case: Case| {
        if budget.takes(&case) {
            all.push(case);
        } else {
            left_out += 1;
        }
    };
    let untold = party
        .outcome
        .promises
        .iter()
        .filter(|promise| party.fails(promise) && promise.verdict == PromiseVerdict::CannotTell);
    for promise in untold {
        let body = format!(
            "      <failure type=\"promise\" message=\"{}\"/>\n",
            xml::text(&format!("it cannot be told whether it is kept: {}", promise.why))
        );
        let id = promise.guideline.as_str();
        add(case(id, &unique(&format!("{id} promise"), &mut names), &body, Kind::Fails));
    }
    let mut items: Vec<Item<'_>> = party.items().collect();
    items.sort_by_key(|item| item.weight);
    for item in items {
        add(of_item(&item, &mut names));
    }
    for entry in party.outcome.guidelines.iter().filter(|entry| entry.verdict == Verdict::Kept) {
        let id = entry.guideline.id.as_str();
        let name = unique(&format!("{id}@{}", entry.guideline.version), &mut names);
        add(case(id, &name, "", Kind::Passes));
    }
    for item in &party.outcome.not_assessed {
        add(of_not_assessed(party, item, &mut names));
    }
    if left_out > 0 {
        let words = format!(
            "{} left out: the report would be too large for its readers",
            count(left_out, "case is", "cases are")
        );
        let body = format!("      <skipped message=\"{}\"/>\n", xml::text(&words));
        all.push(case("stanchion", "what does not stand in this report", &body, Kind::Skipped));
    }
    all
}

fn of_item(item: &Item<'_>, names: &mut HashMap<String, u32>) -> Case {
    let (finding, guideline) = (item.finding, item.guideline());
    let path = item.path();
    let id = guideline.id.as_str();
    let name = format!("{id}@{} {}:{}", guideline.version, path.lossless(), finding.start.line);
    let name = unique(&name, names);
    let message = clip(&finding.message, MESSAGE);
    let place = format!("{}:{}:{}", path.lossless(), finding.start.line, finding.start.column);
    let (kind, body) = match item.weight {
        Weight::Broken => (
            Kind::Fails,
            format!(
                "      <failure type=\"promise\" message=\"{}\">{}\n{}</failure>\n",
                xml::text(&message),
                xml::text(&place),
                xml::text(&format!("Why, and how to keep it: stanchion explain {id}")),
            ),
        ),
        Weight::Warning | Weight::Note => (
            Kind::Passes,
            format!("      <system-out>{}</system-out>\n", xml::text(&format!("advice: {message}"))),
        ),
        Weight::Known => (
            Kind::Passes,
            format!(
                "      <system-out>{}</system-out>\n",
                xml::text(&format!("known since the promise was made: {message}"))
            ),
        ),
        Weight::Waived => {
            let reason = item.waiver().map_or("", |it| it.waiver.reason.as_str());
            let words = format!("waived: {}", clip(reason, MESSAGE));
            (Kind::Skipped, format!("      <skipped message=\"{}\"/>\n", xml::text(&words)))
        }
    };
    case(id, &name, &body, kind)
}

fn of_not_assessed(party: &Party<'_>, item: &NotAssessed, names: &mut HashMap<String, u32>) -> Case {
    let entry = item.guideline.and_then(|index| party.outcome.guidelines.get(index));
    let id = entry.map_or("stanchion", |entry| entry.guideline.id.as_str());
    let place =
        item.path.as_ref().map_or_else(String::new, |path| format!(" {}", party.path(path).lossless()));
    let name = unique(&format!("cannot tell{place}"), names);
    let words = format!("cannot tell: {}: {}", item.reason.words(), clip(&item.detail, MESSAGE));
    case(id, &name, &format!("      <skipped message=\"{}\"/>\n", xml::text(&words)), Kind::Skipped)
}

/// A case; `name` is XML already.
fn case(class: &str, name: &str, body: &str, kind: Kind) -> Case {
    let class = xml::text(class);
    let text = if body.is_empty() {
        format!("    <testcase classname=\"{class}\" name=\"{name}\"/>\n")
    } else {
        format!("    <testcase classname=\"{class}\" name=\"{name}\">\n{body}    </testcase>\n")
    };
    Case { text, kind }
}

/// `name` as XML, or the same with a number, should there be one of that name.
fn unique(name: &str, names: &mut HashMap<String, u32>) -> String {
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
        insta::assert_snapshot!("junit", sample::written(|run, out| write(run, out)));
    }

    #[test]
    fn it_stays_below_what_gitlab_takes_and_says_what_is_left_out() {
        let mut many = sample::many(50_000);
        let text = sample::written_of(&[&many], |run, out| write(run, out));
        assert_eq!(text.matches("<testcase ").count(), 50_000);
        for finding in &mut many.findings {
            finding.message = format!("{} {}", finding.message, "long ".repeat(390));
        }
        let text = sample::written_of(&[&many], |run, out| write(run, out));
        assert!(text.len() < 30_000_000, "{}", text.len());
        let cases = text.matches("<testcase ").count() - 1;
        let expected = format!("{} left out", count(50_000 - cases, "case is", "cases are"));
        assert!(text.contains(&expected), "{expected}");
    }
}
