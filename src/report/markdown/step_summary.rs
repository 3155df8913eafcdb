//! `--format github-summary`: step summary for `$GITHUB_STEP_SUMMARY`.
//!
//! GitHub discards a summary of more than 1 MiB completely. A longer one is therefore truncated between two
//! rows, and a last line states this.

use std::io;

use super::blocks;
use crate::report::numbers::format_number;
use crate::report::run::{ReportFinding, Run, Weight};

/// Maximum size of a step summary in bytes (`AttachmentSizeLimit` of the runner).
pub const MAX_BYTES: usize = 1024 * 1024;
/// Bytes reserved for the closing line of a truncated summary.
const CLOSING_BYTES: usize = 512;

/// Writes the summary in at most `limit` bytes, with as many findings (broken promises and advice) as fit.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write(run: &Run<'_>, limit: usize, mut out: impl io::Write) -> io::Result<()> {
    let mut text = BoundedText { text: String::new(), left: limit.saturating_sub(CLOSING_BYTES) };
    text.add(&blocks::report_heading(run));
    for (head, lines) in [
        ("\nChanges to promises, waivers and guidelines:\n\n", blocks::news_lines(run)),
        ("\nPromises that are not kept:\n\n", blocks::broken_promise_lines(run)),
    ] {
        text.list(head, &lines);
    }
    let items: Vec<ReportFinding<'_>> =
        run.findings_by_weight().into_iter().filter(|item| item.weight <= Weight::Note).collect();
    let mut shown = 0;
    let same = |a: &ReportFinding<'_>, b: &ReportFinding<'_>| std::ptr::eq(a.entry, b.entry);
    'all: for group in items.chunk_by(same) {
        let about = group.first().map(blocks::group_intro).unwrap_or_default();
        let head = format!("\n{}\n\n{about}\n{}", blocks::group_heading(group), blocks::TABLE_HEAD);
        let first = group.first().map(blocks::finding_row).unwrap_or_default();
        // A table header is only written together with its first row.
        if !text.fits(head.len() + first.len()) {
            break;
        }
        text.add(&head);
        for item in group {
            if !text.add(&blocks::finding_row(item)) {
                break 'all;
            }
            shown += 1;
        }
    }
    text.list("\nCould not be assessed:\n\n", &blocks::not_assessed_lines(run));
    out.write_all(text.text.as_bytes())?;
    if shown < items.len() {
        let (shown, all) = (format_number(shown), format_number(items.len()));
        write!(
            out,
            "\n*truncated: {shown} of {all} findings fit into a summary. `{}` shows them all.*\n",
            run.command
        )?;
    }
    Ok(())
}

/// Text with a limited number of remaining bytes.
struct BoundedText {
    text: String,
    left: usize,
}

impl BoundedText {
    fn fits(&self, length: usize) -> bool {
        length <= self.left
    }

    /// Appends `text` if it fits, and returns whether it did.
    fn add(&mut self, text: &str) -> bool {
        let fits = self.fits(text.len());
        if fits {
            self.text.push_str(text);
            self.left -= text.len();
        }
        fits
    }

    fn list(&mut self, head: &str, lines: &[String]) {
        if !lines.is_empty() && self.add(head) {
            let _ = lines.iter().all(|line| self.add(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_sample() {
        insta::assert_snapshot!("step_summary", sample::write_sample(|run, out| write(run, MAX_BYTES, out)));
    }

    #[test]
    fn a_long_summary_is_truncated_at_a_row() {
        let many = sample::outcome_with_findings(50_000);
        for limit in [MAX_BYTES, MAX_BYTES / 7, 3_000] {
            let text = sample::write_outcomes(&[&many], |run, out| write(run, limit, out));
            assert!(text.len() <= limit, "{} of {limit}", text.len());
            let last = text.lines().last().expect("a line");
            let rows = text.lines().filter(|line| line.starts_with("| `")).count();
            assert!(
                last.starts_with(&format!("*truncated: {} of 50,000 findings", format_number(rows))),
                "{last}"
            );
            assert!(text.lines().filter(|line| line.starts_with("| ")).all(|line| line.ends_with(" |")));
        }
        let few = sample::outcome_with_findings(20);
        assert!(
            !sample::write_outcomes(&[&few], |run, out| write(run, MAX_BYTES, out)).contains("truncated")
        );
    }
}
