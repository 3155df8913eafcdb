//! Building blocks of both Markdown reports: lists of lines or rows that can be truncated between two
//! entries.

use std::fmt::Write as _;

use crate::model::{PromiseVerdict, WaiverEnd};
use crate::report::encode::{clip, markdown, xml};
use crate::report::numbers::count;
use crate::report::run::{ReportFinding, Run, Weight};

/// Maximum length of a message in a row, in characters.
const MAX_MESSAGE: usize = 300;
/// Maximum length of a path in a row, in characters.
const MAX_PATH: usize = 200;

/// Returns the heading of the report and its one-line summary.
pub(super) fn report_heading(run: &Run<'_>) -> String {
    let tally = run.tally();
    let head = match (tally.promises_broken, tally.advice) {
        (0, 0) => "✅ Nothing to report".to_owned(),
        (0, advice) => format!("💡 {}", count(advice, "piece of advice", "pieces of advice")),
        (broken, _) => format!("❌ {} not kept", count(broken, "promise is", "promises are")),
    };
    format!("### stanchion: {head}\n\n{}\n", tally.sentence())
}

/// Returns the changes to promises, waivers and guidelines (news), one line each.
pub(super) fn news_lines(run: &Run<'_>) -> Vec<String> {
    let news = run.projects.iter().flat_map(|project| project.outcome.news.iter());
    news.map(|news| format!("- {}\n", markdown::text(&clip(&news.message, MAX_MESSAGE)))).collect()
}

/// Returns the promises that fail the run, one line each.
pub(super) fn broken_promise_lines(run: &Run<'_>) -> Vec<String> {
    run.broken_promises()
        .map(|(project, promise)| {
            let folder = project.folder.lossless();
            let home =
                if folder.is_empty() { String::new() } else { format!(" in {}", markdown::code(&folder)) };
            let id = &promise.guideline;
            let since = promise.promise.since;
            if promise.verdict == PromiseVerdict::CannotTell {
                format!("- **{id}**{home}, promised since {since}: cannot tell, which counts as not kept in this repository: {}\n", markdown::text(&promise.why))
            } else {
                let found = count(promise.breaking, "finding", "findings");
                format!("- **{id}**{home}, promised since {since}: {found}. To keep it: `stanchion explain {id}`. To step over it with a reason: `stanchion waive {id} FILE:LINE`.\n")
            }
        })
        .collect()
}

/// Header of a table of findings.
pub(super) const TABLE_HEAD: &str = "| Where | What |\n| :--- | :--- |\n";

/// Returns a finding as a table row.
pub(super) fn finding_row(item: &ReportFinding<'_>) -> String {
    let finding = item.finding;
    let mut place = clip(&item.path().lossless(), MAX_PATH).into_owned();
    if finding.excerpt.is_some() {
        // Writing to a String cannot fail.
        let _ = write!(place, ":{}", finding.start.line);
    }
    let mut what = markdown::cell(&clip(&finding.message, MAX_MESSAGE));
    let lapsed = finding.lapsed.and_then(|index| item.project.outcome.waivers.get(index));
    if let Some(lapsed) = lapsed {
        what.push_str(" (the waiver ");
        what.push_str(&markdown::cell_code(&lapsed.waiver.id));
        what.push_str(match lapsed.waiver.end {
            WaiverEnd::Until(_) => " has lapsed)",
            WaiverEnd::Standing { .. } | WaiverEnd::Never => " no longer covers it)",
        });
    }
    format!("| {} | {what} |\n", markdown::cell_code(&place))
}

/// Returns the title of a guideline and its number of findings as HTML for `<summary>`, where Markdown is not
/// interpreted.
pub(super) fn group_summary(items: &[ReportFinding<'_>]) -> String {
    let Some(item) = items.first() else { return String::new() };
    let guideline = item.guideline();
    format!(
        "{}<b>{}</b> <code>{} {}</code>, {}",
        broken_mark(item),
        xml::text(&guideline.title),
        guideline.id,
        guideline.version,
        count(items.len(), "finding", "findings")
    )
}

/// Returns the title of a guideline and its number of findings as a Markdown heading.
pub(super) fn group_heading(items: &[ReportFinding<'_>]) -> String {
    let Some(item) = items.first() else { return String::new() };
    let guideline = item.guideline();
    format!(
        "#### {}{} (`{} {}`, {})",
        broken_mark(item),
        markdown::text(&guideline.title),
        guideline.id,
        guideline.version,
        count(items.len(), "finding", "findings")
    )
}

fn broken_mark(item: &ReportFinding<'_>) -> &'static str {
    if item.weight == Weight::Broken { "❌ promise not kept: " } else { "" }
}

/// Returns the summary of the guideline and the command that explains it.
pub(super) fn group_intro(item: &ReportFinding<'_>) -> String {
    let guideline = item.guideline();
    let summary = markdown::text(&clip(&guideline.summary, MAX_MESSAGE));
    format!("{summary} Read more: `stanchion explain {}`\n", guideline.id)
}

/// Returns the paths and guidelines that could not be assessed, one line for each reason.
pub(super) fn not_assessed_lines(run: &Run<'_>) -> Vec<String> {
    let mut reasons: std::collections::BTreeMap<_, Vec<String>> = std::collections::BTreeMap::new();
    for (project, item) in run.not_assessed() {
        let shown = match &item.path {
            Some(path) => markdown::code(&clip(&project.path(path).lossless(), MAX_PATH)),
            None => markdown::text(&clip(&item.detail, MAX_MESSAGE)),
        };
        reasons.entry(item.reason.label()).or_default().push(shown);
    }
    reasons
        .into_iter()
        .map(|(words, mut paths)| {
            paths.dedup();
            let many = paths.len();
            paths.truncate(5);
            let more = if many > 5 { format!(" and {} more", many - 5) } else { String::new() };
            format!("- {words}: {}{more}\n", paths.join(", "))
        })
        .collect()
}
