//! `--format github-summary`: the summary of a step, `$GITHUB_STEP_SUMMARY`.
//!
//! GitHub refuses a summary of more than 1 MiB as a whole, so it is cut between two rows and says so.

use std::io;

use super::blocks;
use crate::report::figures::figure;
use crate::report::run::{Item, Run, Weight};

/// Largest summary of a step, in bytes: `AttachmentSizeLimit` of the runner.
pub const LARGEST: usize = 1024 * 1024;
/// Room for what closes a summary that was cut.
const CLOSING: usize = 512;

/// Writes the summary in at most `room` bytes: every finding that counts, as far as they fit.
///
/// # Errors
/// What the writer says.
pub fn write(run: &Run<'_>, room: usize, mut out: impl io::Write) -> io::Result<()> {
    let mut text = Room { text: String::new(), left: room.saturating_sub(CLOSING) };
    text.add(&blocks::heading(run));
    for (head, lines) in [
        ("\nSaid in this change:\n\n", blocks::news(run)),
        ("\nPromises that are not kept:\n\n", blocks::broken(run)),
    ] {
        text.list(head, &lines);
    }
    let items: Vec<Item<'_>> =
        run.by_weight().into_iter().filter(|item| item.weight <= Weight::Note).collect();
    let mut told = 0;
    let same = |a: &Item<'_>, b: &Item<'_>| std::ptr::eq(a.entry, b.entry);
    'all: for group in items.chunk_by(same) {
        let about = group.first().map(blocks::about).unwrap_or_default();
        let head = format!("\n{}\n\n{about}\n{}", blocks::section(group), blocks::TABLE);
        let first = group.first().map(blocks::row).unwrap_or_default();
        // A head without a row would be odd.
        if !text.fits(head.len() + first.len()) {
            break;
        }
        text.add(&head);
        for item in group {
            if !text.add(&blocks::row(item)) {
                break 'all;
            }
            told += 1;
        }
    }
    text.list("\nCould not be assessed:\n\n", &blocks::cannot_tell(run));
    out.write_all(text.text.as_bytes())?;
    if told < items.len() {
        let (told, all) = (figure(told), figure(items.len()));
        write!(
            out,
            "\n*truncated: {told} of {all} findings fit into a summary. `{}` shows them all.*\n",
            run.command
        )?;
    }
    Ok(())
}

/// A text with room for so much more.
struct Room {
    text: String,
    left: usize,
}

impl Room {
    fn fits(&self, length: usize) -> bool {
        length <= self.left
    }

    /// Adds `text` if it fits.
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
        insta::assert_snapshot!("step_summary", sample::written(|run, out| write(run, LARGEST, out)));
    }

    #[test]
    fn it_is_cut_on_a_row_and_says_so() {
        let many = sample::many(50_000);
        for room in [LARGEST, LARGEST / 7, 3_000] {
            let text = sample::written_of(&[&many], |run, out| write(run, room, out));
            assert!(text.len() <= room, "{} of {room}", text.len());
            let last = text.lines().last().expect("a line");
            let rows = text.lines().filter(|line| line.starts_with("| `")).count();
            assert!(last.starts_with(&format!("*truncated: {} of 50,000 findings", figure(rows))), "{last}");
            assert!(text.lines().filter(|line| line.starts_with("| ")).all(|line| line.ends_with(" |")));
        }
        let few = sample::many(20);
        assert!(!sample::written_of(&[&few], |run, out| write(run, LARGEST, out)).contains("truncated"));
    }
}
