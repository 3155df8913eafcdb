//! `--format markdown`: the comment of a pull request. Short and collapsible, and it begins with a mark by which
//! the next one finds and replaces it.

use std::io;

use super::blocks;
use crate::report::figures::{count, figure};
use crate::report::run::{Item, Run, Weight};

/// The first line: invisible, and always the same.
pub(super) const MARK: &str = "<!-- stanchion report -->\n";
/// Most bytes: GitHub takes comments of 65,536 characters.
const LARGEST: usize = 60_000;
/// Most findings of a guideline.
const ROWS: usize = 10;
/// Most lines of other lists.
const LINES: usize = 20;

/// Writes the comment.
///
/// # Errors
/// What the writer says.
pub fn write(run: &Run<'_>, mut out: impl io::Write) -> io::Result<()> {
    let mut text = format!("{MARK}{}", blocks::heading(run));
    list(&mut text, "\nSaid in this change:\n\n", &blocks::news(run));
    list(&mut text, "\nPromises that are not kept:\n\n", &blocks::broken(run));
    let items: Vec<Item<'_>> =
        run.by_weight().into_iter().filter(|item| item.weight <= Weight::Note).collect();
    let same = |a: &Item<'_>, b: &Item<'_>| std::ptr::eq(a.entry, b.entry);
    let (mut hidden, mut left_out) = (0, 0);
    for group in items.chunk_by(same) {
        let details = details(group);
        if left_out > 0 || text.len() + details.len() > LARGEST {
            left_out += 1;
            hidden += group.len();
            continue;
        }
        hidden += group.len().saturating_sub(ROWS);
        text.push_str(&details);
    }
    let unknown = blocks::cannot_tell(run);
    let room = LARGEST.saturating_sub(text.len()) / 2;
    if !unknown.is_empty() && unknown.iter().map(String::len).sum::<usize>() < room {
        list(&mut text, "\nCould not be assessed:\n\n", &unknown);
    }
    if hidden > 0 {
        let more = match left_out {
            0 => String::new(),
            groups => format!(", {} among them", count(groups, "whole guideline", "whole guidelines")),
        };
        text.push_str(&format!(
            "\n{} of {} not shown here{more}: `{}` shows them all.\n",
            figure(hidden),
            count(items.len(), "finding is", "findings are"),
            run.command
        ));
    }
    out.write_all(text.as_bytes())
}

/// One guideline, closed unless it is promised.
fn details(group: &[Item<'_>]) -> String {
    let Some(first) = group.first() else { return String::new() };
    let open = if first.weight == Weight::Broken { " open" } else { "" };
    let mut text = format!(
        "\n<details{open}><summary>{}</summary>\n\n{}\n{}",
        blocks::summary(group),
        blocks::about(first),
        blocks::TABLE
    );
    for item in group.iter().take(ROWS) {
        text.push_str(&blocks::row(item));
    }
    if group.len() > ROWS {
        text.push_str(&format!("\nand {} more\n", figure(group.len() - ROWS)));
    }
    text.push_str("\n</details>\n");
    text
}

fn list(text: &mut String, head: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    text.push_str(head);
    lines.iter().take(LINES).for_each(|line| text.push_str(line));
    if lines.len() > LINES {
        text.push_str(&format!("- and {} more\n", figure(lines.len() - LINES)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_sample() {
        insta::assert_snapshot!("markdown", sample::written(|run, out| write(run, out)));
        let calm = sample::calm();
        insta::assert_snapshot!("markdown_calm", sample::written_of(&[&calm], |run, out| write(run, out)));
    }

    #[test]
    fn a_comment_fits_and_tells_what_it_leaves_out() {
        let many = sample::many(50_000);
        let text = sample::written_of(&[&many], |run, out| write(run, out));
        assert!(text.chars().count() < 65_536);
        let rows = text.lines().filter(|line| line.starts_with("| `")).count();
        let last = text.lines().last().expect("a line");
        assert!(
            last.starts_with(&format!("{} of 50,000 findings are not shown", figure(50_000 - rows))),
            "{last}"
        );
        assert_eq!(text.matches("<details").count(), text.matches("</details>").count());
    }
}
