//! The report for people in a terminal.
//!
//! Grouped by guideline, short by default, and readable without colour: every level and verdict is a
//! word. Long explanations stay in `stanchion explain`.

mod cannot_tell;
mod excerpt;
mod group;
mod summary;
mod words;

use super::paint::Paint;
use crate::model::{Outcome, Problem};

/// How the report looks.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "four independent switches of the command line")]
pub struct HumanStyle {
    /// Whether colours are used.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Findings shown for each guideline; `usize::MAX` shows all.
    pub cap: usize,
    /// Whether characters outside ASCII may be drawn.
    pub unicode: bool,
    /// How long the run took, if the reader should know.
    pub elapsed_ms: Option<u64>,
    /// Also list the guidelines about which there is nothing to say.
    pub verbose: bool,
    /// Only one line for each guideline that is not kept, and nothing at all when all are kept.
    pub quiet: bool,
}

impl Default for HumanStyle {
    /// 80 columns, no colour, line drawing characters, five findings for each guideline.
    fn default() -> Self {
        Self {
            color: false,
            width: 80,
            cap: 5,
            unicode: true,
            elapsed_ms: None,
            verbose: false,
            quiet: false,
        }
    }
}

impl HumanStyle {
    /// How text is drawn in this style.
    #[must_use]
    pub fn paint(&self) -> Paint {
        Paint { color: self.color, unicode: self.unicode }
    }
}

/// The report of `outcome`, ready for a terminal: everything from outside is escaped.
#[must_use]
pub fn render(outcome: &Outcome, style: &HumanStyle) -> String {
    let mut out = String::new();
    if style.quiet {
        summary::render_quiet(&mut out, outcome, style);
        return out;
    }
    for findings in outcome.findings.chunk_by(|a, b| a.guideline == b.guideline) {
        group::render(&mut out, outcome, findings, style);
    }
    cannot_tell::render(&mut out, outcome, style);
    summary::render(&mut out, outcome, style);
    out
}

/// Problems in files that people wrote, each pointing at the text.
#[must_use]
pub fn render_problems(problems: &[Problem], style: &HumanStyle) -> String {
    let mut out = String::new();
    cannot_tell::problems(&mut out, problems, style);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::escape::is_unsafe;
    use crate::report::sample;

    fn style(width: usize) -> HumanStyle {
        HumanStyle { width, elapsed_ms: Some(412), ..HumanStyle::default() }
    }

    #[test]
    fn the_sample_at_three_widths() {
        for width in [40, 80, 120] {
            insta::assert_snapshot!(format!("human_{width}"), render(&sample::outcome(), &style(width)));
        }
    }

    #[test]
    fn the_sample_in_other_styles() {
        let all = HumanStyle { cap: usize::MAX, unicode: false, verbose: true, ..style(80) };
        insta::assert_snapshot!("human_all_ascii_verbose", render(&sample::outcome(), &all));
        let quiet = HumanStyle { quiet: true, ..style(80) };
        insta::assert_snapshot!("human_quiet", render(&sample::outcome(), &quiet));
        insta::assert_snapshot!("human_calm", render(&sample::calm(), &style(80)));
        assert_eq!(render(&sample::calm(), &quiet), "");
    }

    #[test]
    fn nothing_from_outside_reaches_the_terminal_raw() {
        for style in [style(40), HumanStyle { cap: usize::MAX, verbose: true, ..style(100) }] {
            let text = render(&sample::outcome(), &style);
            let raw: Vec<char> = text.chars().filter(|&c| c != '\n' && is_unsafe(c)).collect();
            assert!(raw.is_empty(), "{raw:?}");
        }
    }

    #[test]
    fn colour_adds_only_colour() {
        let plain = render(&sample::outcome(), &style(80));
        let colored = render(&sample::outcome(), &HumanStyle { color: true, ..style(80) });
        assert!(colored.contains('\x1b'));
        assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain);
    }

    #[test]
    fn narrow_terminals_stay_usable() {
        let text = render(&sample::outcome(), &style(40));
        let wide: Vec<&str> = text
            .lines()
            .filter(|line| textwrap::core::display_width(line) > 40 && line.trim().contains(' '))
            // A word that is longer than the line stays whole, so that it can be copied.
            .filter(|line| line.split_whitespace().all(|word| textwrap::core::display_width(word) <= 36))
            .collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
}
