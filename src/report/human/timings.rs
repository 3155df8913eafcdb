//! What a run cost, as a table for whoever writes guidelines.

use std::collections::BTreeMap;
use std::time::Duration;

use super::HumanStyle;
use crate::model::Timings;
use crate::report::escape::escape;
use crate::report::{Role, wrap};

/// Columns of a number in the table.
const NUMBER: usize = 10;

/// What one guideline cost.
#[derive(Default)]
struct Row {
    compile: Duration,
    look: Duration,
    files: u64,
}

/// The costs of a run, dearest guidelines first; begins with an empty line, ends with a line end.
#[must_use]
pub fn render_timings(timings: &Timings, style: &HumanStyle) -> String {
    let paint = style.paint();
    let mut out = format!("\n{}\n", paint.text(Role::Strong, "What the guidelines cost"));
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for timing in &timings.checks {
        let row = rows.entry(timing.guideline.as_str()).or_default();
        row.compile += timing.compile;
        row.look += timing.look;
        // Checks of one guideline mostly look into the same files.
        row.files = row.files.max(timing.files);
    }
    let mut rows: Vec<(&str, Row)> = rows.into_iter().collect();
    rows.sort_by(|a, b| (b.1.compile + b.1.look).cmp(&(a.1.compile + a.1.look)).then(a.0.cmp(b.0)));
    let longest = rows.iter().map(|(id, _)| id.chars().count()).max().unwrap_or(0).max("guideline".len());
    let fits = 2 + longest + 3 * NUMBER <= style.width;
    let mut line = |id: &str, numbers: [&str; 3]| {
        let [compile, look, files] = numbers.map(|text| format!("{text:>NUMBER$}"));
        let id = escape(id);
        out.push_str(&if fits {
            format!("  {id:<longest$}{compile}{look}{files}\n")
        } else {
            format!("  {id}\n  {compile}{look}{files}\n")
        });
    };
    line("guideline", ["compile", "look", "files"]);
    for (id, row) in &rows {
        line(id, [&time(row.compile), &time(row.look), &row.files.to_string()]);
    }
    let mut say = |text: &str| out.push_str(&wrap(style.width, "  ", "    ", text));
    let unfiltered: Vec<_> =
        timings.checks.iter().filter_map(|it| Some((it, it.unfiltered.as_ref()?))).collect();
    if !unfiltered.is_empty() {
        say("Checks for which every file must be looked into, as no text can be read off them:");
        for (timing, why) in unfiltered {
            say(&format!("{} {}: {}", timing.guideline, escape(&timing.check), escape(why)));
        }
    }
    out.push_str(&format!("\n{}\n", paint.text(Role::Strong, "What they share")));
    let mut say = |text: &str| out.push_str(&wrap(style.width, "  ", "    ", text));
    let (reading, read) = timings.reading;
    say(&format!("reading and filtering {read} files: {}", time(reading)));
    let (parse, parsed) = timings.parse;
    say(&format!(
        "parsing code and data: {} ({parsed} done), of {} for all work on files",
        time(parse),
        time(timings.files)
    ));
    for (step, took) in &timings.steps {
        say(&format!("{step}: {} by the clock", time(*took)));
    }
    out
}

fn time(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:02} ms", micros / 1000, micros % 1000 / 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CheckTiming, GuidelineId};

    #[test]
    fn the_dearest_comes_first_and_what_is_not_filtered_is_named() {
        let timing = |id: &str, look: u64, unfiltered: Option<&str>| CheckTiming {
            guideline: GuidelineId::new(id).expect("an id"),
            check: "odd\u{1b}[2Jid".to_owned(),
            compile: Duration::from_micros(10),
            look: Duration::from_millis(look),
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
            assert!(words.contains("listing: 5.00 ms by the clock"), "{text}");
            assert!(!text.contains('\u{1b}'), "{text:?}");
        }
    }
}
