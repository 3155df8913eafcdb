//! Table of the time that a run spent, for authors of guidelines.

use std::collections::BTreeMap;
use std::time::Duration;

use super::HumanStyle;
use crate::model::Timings;
use crate::report::escape::escape;
use crate::report::{Role, wrap};

/// Width of a number column.
const NUMBER_WIDTH: usize = 10;

/// Time spent on one guideline.
#[derive(Default)]
struct TimingRow {
    compile: Duration,
    search: Duration,
    files: u64,
}

/// Renders the timings of a run, slowest guidelines first. Begins with an empty line and ends with a line
/// end.
#[must_use]
pub fn render_timings(timings: &Timings, style: &HumanStyle) -> String {
    let paint = style.paint();
    let mut out = format!("\n{}\n", paint.text(Role::Strong, "Time per guideline, slowest first"));
    let mut rows: BTreeMap<&str, TimingRow> = BTreeMap::new();
    for timing in &timings.checks {
        let row = rows.entry(timing.guideline.as_str()).or_default();
        row.compile += timing.compile;
        row.search += timing.search;
        // The checks of one guideline mostly read the same files, so their numbers are not added.
        row.files = row.files.max(timing.files);
    }
    let mut rows: Vec<(&str, TimingRow)> = rows.into_iter().collect();
    rows.sort_by(|a, b| (b.1.compile + b.1.search).cmp(&(a.1.compile + a.1.search)).then(a.0.cmp(b.0)));
    let longest = rows.iter().map(|(id, _)| id.chars().count()).max().unwrap_or(0).max("guideline".len());
    let fits = 2 + longest + 3 * NUMBER_WIDTH <= style.width;
    let mut line = |id: &str, numbers: [&str; 3]| {
        let [compile, search, files] = numbers.map(|text| format!("{text:>NUMBER_WIDTH$}"));
        let id = escape(id);
        out.push_str(&if fits {
            format!("  {id:<longest$}{compile}{search}{files}\n")
        } else {
            format!("  {id}\n  {compile}{search}{files}\n")
        });
    };
    line("guideline", ["compile", "check", "files"]);
    for (id, row) in &rows {
        line(id, [&milliseconds(row.compile), &milliseconds(row.search), &row.files.to_string()]);
    }
    let mut add_line = |text: &str| out.push_str(&wrap(style.width, "  ", "    ", text));
    let unfiltered: Vec<_> =
        timings.checks.iter().filter_map(|it| Some((it, it.unfiltered.as_ref()?))).collect();
    if !unfiltered.is_empty() {
        add_line("Checks without a prefilter, which search every file:");
        for (timing, why) in unfiltered {
            add_line(&format!("{} {}: {}", timing.guideline, escape(&timing.check), escape(why)));
        }
    }
    out.push_str(&format!("\n{}\n", paint.text(Role::Strong, "Shared work")));
    let mut add_line = |text: &str| out.push_str(&wrap(style.width, "  ", "    ", text));
    let (reading, read) = timings.reading;
    add_line(&format!("reading and filtering {read} files: {}", milliseconds(reading)));
    let (parse, parsed) = timings.parse;
    add_line(&format!(
        "parsing code and data: {} ({parsed} times), out of {} for all work on files",
        milliseconds(parse),
        milliseconds(timings.files)
    ));
    for (step, took) in &timings.steps {
        add_line(&format!("{step}: {} elapsed", milliseconds(*took)));
    }
    out
}

fn milliseconds(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:02} ms", micros / 1000, micros % 1000 / 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CheckTiming, GuidelineId};

    #[test]
    fn slowest_guidelines_come_first_and_unfiltered_checks_are_named() {
        let timing = |id: &str, search: u64, unfiltered: Option<&str>| CheckTiming {
            guideline: GuidelineId::new(id).expect("an id"),
            check: "odd\u{1b}[2Jid".to_owned(),
            compile: Duration::from_micros(10),
            search: Duration::from_millis(search),
            files: 3,
            unfiltered: unfiltered.map(str::to_owned),
        };
        let checks = vec![timing("a/cheap", 1, None), timing("a/dear", 20, Some("it may be anything"))];
        let timings =
            Timings { checks, steps: vec![("listing", Duration::from_millis(5))], ..Timings::default() };
        for width in [24, 80] {
            let text = render_timings(&timings, &HumanStyle { width, ..HumanStyle::default() });
            assert!(text.find("a/dear") < text.find("a/cheap"), "{text}");
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains("20.00 ms") && words.contains("it may be anything"), "{text}");
            assert!(words.contains("listing: 5.00 ms elapsed"), "{text}");
            assert!(!text.contains('\u{1b}'), "{text:?}");
        }
    }
}
