//! `--format markdown`: comment on a pull request. It is short and collapsible, and begins with a marker by
//! which the next run finds and replaces it.

use std::io;

use super::blocks;
use crate::report::numbers::{count, format_number};
use crate::report::run::{ReportFinding, Run, Weight};

/// Invisible first line that identifies the comment.
pub(super) const MARKER: &str = "<!-- stanchion report -->\n";
/// Maximum size in bytes. GitHub accepts comments of up to 65,536 characters.
const MAX_BYTES: usize = 60_000;
/// Maximum number of findings listed for each guideline.
const MAX_ROWS: usize = 10;
/// Maximum number of lines in other lists.
const MAX_LINES: usize = 20;

/// Writes the comment.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write(run: &Run<'_>, mut out: impl io::Write) -> io::Result<()> {
    let mut text = format!("{MARKER}{}", blocks::report_heading(run));
    push_list(&mut text, "\nChanges to promises, waivers and guidelines:\n\n", &blocks::news_lines(run));
    push_list(&mut text, "\nPromises that are not kept:\n\n", &blocks::broken_promise_lines(run));
    let items: Vec<ReportFinding<'_>> =
        run.findings_by_weight().into_iter().filter(|item| item.weight <= Weight::Note).collect();
    let same = |a: &ReportFinding<'_>, b: &ReportFinding<'_>| std::ptr::eq(a.entry, b.entry);
    let (mut hidden, mut left_out) = (0, 0);
    for group in items.chunk_by(same) {
        let details = guideline_details(group);
        if left_out > 0 || text.len() + details.len() > MAX_BYTES {
            left_out += 1;
            hidden += group.len();
            continue;
        }
        hidden += group.len().saturating_sub(MAX_ROWS);
        text.push_str(&details);
    }
    let unknown = blocks::not_assessed_lines(run);
    let room = MAX_BYTES.saturating_sub(text.len()) / 2;
    if !unknown.is_empty() && unknown.iter().map(String::len).sum::<usize>() < room {
        push_list(&mut text, "\nCould not be assessed:\n\n", &unknown);
    }
    if hidden > 0 {
        let more = match left_out {
            0 => String::new(),
            groups => format!(", {} among them", count(groups, "whole guideline", "whole guidelines")),
        };
        text.push_str(&format!(
            "\n{} of {} not shown here{more}: `{}` shows them all.\n",
            format_number(hidden),
            count(items.len(), "finding is", "findings are"),
            run.command
        ));
    }
    out.write_all(text.as_bytes())
}

/// Returns the section of one guideline, expanded only if its promise is not kept.
fn guideline_details(group: &[ReportFinding<'_>]) -> String {
    let Some(first) = group.first() else { return String::new() };
    let open = if first.weight == Weight::Broken { " open" } else { "" };
    let mut text = format!(
        "\n<details{open}><summary>{}</summary>\n\n{}\n{}",
        blocks::group_summary(group),
        blocks::group_intro(first),
        blocks::TABLE_HEAD
    );
    for item in group.iter().take(MAX_ROWS) {
        text.push_str(&blocks::finding_row(item));
    }
    if group.len() > MAX_ROWS {
        text.push_str(&format!("\nand {} more\n", format_number(group.len() - MAX_ROWS)));
    }
    text.push_str("\n</details>\n");
    text
}

fn push_list(text: &mut String, head: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    text.push_str(head);
    lines.iter().take(MAX_LINES).for_each(|line| text.push_str(line));
    if lines.len() > MAX_LINES {
        text.push_str(&format!("- and {} more\n", format_number(lines.len() - MAX_LINES)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_sample() {
        insta::assert_snapshot!("markdown", sample::write_sample(|run, out| write(run, out)));
        let calm = sample::all_kept_outcome();
        insta::assert_snapshot!(
            "markdown_calm",
            sample::write_outcomes(&[&calm], |run, out| write(run, out))
        );
    }

    #[test]
    fn a_comment_fits_and_states_what_it_omits() {
        let many = sample::outcome_with_findings(50_000);
        let text = sample::write_outcomes(&[&many], |run, out| write(run, out));
        assert!(text.chars().count() < 65_536);
        let rows = text.lines().filter(|line| line.starts_with("| `")).count();
        let last = text.lines().last().expect("a line");
        assert!(
            last.starts_with(&format!("{} of 50,000 findings are not shown", format_number(50_000 - rows))),
            "{last}"
        );
        assert_eq!(text.matches("<details").count(), text.matches("</details>").count());
    }
}
