//! `--format checkstyle`: XML that many build servers and reviewdog read.
//!
//! A broken promise is an `error`, advice is `info`; waived findings are omitted.

use std::io;

use super::encode::xml;
use super::run::{ReportFinding, Run, Weight};

/// Writes the report, with one `file` element for each path.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write(run: &Run<'_>, mut out: impl io::Write) -> io::Result<()> {
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">")?;
    let mut items: Vec<(String, u32, ReportFinding<'_>)> = run
        .findings()
        .filter(|item| item.weight != Weight::Waived)
        .map(|item| {
            let (place, lines) = item.location();
            (place.lossless().into_owned(), lines.map_or(1, |lines| lines.0), item)
        })
        .collect();
    items.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    for file in items.chunk_by(|a, b| a.0 == b.0) {
        writeln!(out, "  <file name=\"{}\">", xml::text(&file[0].0))?;
        for (_, line, item) in file {
            let finding = item.finding;
            let severity = if item.weight == Weight::Broken { "error" } else { "info" };
            // The location of a missing file is a line of `stanchion.toml`, without a column.
            let elsewhere = item.project.path(&finding.path).lossless() != file[0].0;
            let column = if elsewhere { 1 } else { finding.start.column };
            let missing = if elsewhere { format!("{}: ", item.path().lossless()) } else { String::new() };
            writeln!(
                out,
                "    <error line=\"{line}\" column=\"{column}\" severity=\"{severity}\" message=\"{}\" source=\"stanchion.{}\"/>",
                xml::text(&format!("{missing}{}", finding.message)),
                item.guideline().id.as_str().replace('/', "."),
            )?;
        }
        writeln!(out, "  </file>")?;
    }
    writeln!(out, "</checkstyle>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_sample() {
        insta::assert_snapshot!("checkstyle", sample::write_sample(|run, out| write(run, out)));
    }
}
