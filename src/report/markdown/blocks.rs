//! The parts that both reports are made of, each as a list of lines or rows that can be cut between two of them.

use std::fmt::Write as _;

use crate::model::{PromiseVerdict, WaiverEnd};
use crate::report::encode::{clip, markdown, xml};
use crate::report::figures::count;
use crate::report::run::{Item, Run, Weight};

/// Longest message in a row, in characters.
const MESSAGE: usize = 300;
/// Longest path in a row, in characters.
const PATH: usize = 200;

/// The heading: whether promises are kept, and the run in numbers.
pub(super) fn heading(run: &Run<'_>) -> String {
    let tally = run.tally();
    let head = match (tally.promises_broken, tally.advice) {
        (0, 0) => "✅ Nothing to say".to_owned(),
        (0, advice) => format!("💡 {}", count(advice, "piece of advice", "pieces of advice")),
        (broken, _) => format!("❌ {} not kept", count(broken, "promise is", "promises are")),
    };
    format!("### stanchion: {head}\n\n{}\n", tally.sentence())
}

/// What the change says about promises, waivers and guidelines: a line each.
pub(super) fn news(run: &Run<'_>) -> Vec<String> {
    let told = run.parties.iter().flat_map(|party| party.outcome.news.iter());
    told.map(|news| format!("- {}\n", markdown::text(&clip(&news.message, MESSAGE)))).collect()
}

/// Promises that fail the run: a line each.
pub(super) fn broken(run: &Run<'_>) -> Vec<String> {
    run.broken_promises()
        .map(|(party, promise)| {
            let folder = party.folder.lossless();
            let home =
                if folder.is_empty() { String::new() } else { format!(" in {}", markdown::code(&folder)) };
            let id = &promise.guideline;
            let since = promise.promise.since;
            if promise.verdict == PromiseVerdict::CannotTell {
                format!("- **{id}**{home}, promised since {since}: it cannot be told, and here that breaks it: {}\n", markdown::text(&promise.why))
            } else {
                let found = count(promise.breaking, "finding", "findings");
                format!("- **{id}**{home}, promised since {since}: {found}. How to keep it: `stanchion explain {id}`; to step over it with a reason: `stanchion waive {id}`\n")
            }
        })
        .collect()
}

/// The head of a table of findings.
pub(super) const TABLE: &str = "| Where | What |\n| :--- | :--- |\n";

/// A finding as a row.
pub(super) fn row(item: &Item<'_>) -> String {
    let finding = item.finding;
    let mut place = clip(&item.path().lossless(), PATH).into_owned();
    if finding.excerpt.is_some() {
        // Writing to a String cannot fail.
        let _ = write!(place, ":{}", finding.start.line);
    }
    let mut what = markdown::cell(&clip(&finding.message, MESSAGE));
    let lapsed = finding.lapsed.and_then(|index| item.party.outcome.waivers.get(index));
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

/// The title of a guideline and its number of findings, as HTML for a `<summary>`: Markdown means nothing there.
pub(super) fn summary(items: &[Item<'_>]) -> String {
    let Some(item) = items.first() else { return String::new() };
    let guideline = item.guideline();
    format!(
        "{}<b>{}</b> <code>{} {}</code>, {}",
        mark(item),
        xml::text(&guideline.title),
        guideline.id,
        guideline.version,
        count(items.len(), "finding", "findings")
    )
}

/// The same as a heading.
pub(super) fn section(items: &[Item<'_>]) -> String {
    let Some(item) = items.first() else { return String::new() };
    let guideline = item.guideline();
    format!(
        "#### {}{} (`{} {}`, {})",
        mark(item),
        markdown::text(&guideline.title),
        guideline.id,
        guideline.version,
        count(items.len(), "finding", "findings")
    )
}

fn mark(item: &Item<'_>) -> &'static str {
    if item.weight == Weight::Broken { "❌ promise not kept: " } else { "" }
}

/// The words below the title: why, and where to read more.
pub(super) fn about(item: &Item<'_>) -> String {
    let guideline = item.guideline();
    let summary = markdown::text(&clip(&guideline.summary, MESSAGE));
    format!("{summary} Read more: `stanchion explain {}`\n", guideline.id)
}

/// What could not be assessed, by reason: a line each.
pub(super) fn cannot_tell(run: &Run<'_>) -> Vec<String> {
    let mut reasons: std::collections::BTreeMap<_, Vec<String>> = std::collections::BTreeMap::new();
    for (party, item) in run.not_assessed() {
        let shown = match &item.path {
            Some(path) => markdown::code(&clip(&party.path(path).lossless(), PATH)),
            None => markdown::text(&clip(&item.detail, MESSAGE)),
        };
        reasons.entry(item.reason.words()).or_default().push(shown);
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
