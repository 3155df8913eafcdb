//! What a guideline file still lacks: nothing that keeps it from being used, all that its author
//! wants to know.

use std::sync::Arc;

use super::prose::{self, Fence, Heading, Prose};
use super::source::{Source, keys};
use super::{examples, front, parse, suggest};
use crate::model::{Expectation, Guideline, Problem};
use crate::text::Span;

/// The headings that every guideline has.
const HEADINGS: [&str; 3] = ["Why", "How to keep it", "When to step over"];

/// What the author of `guideline` may want to add, in order of place: missing or empty headings,
/// checks without a good or a bad example, no consequences, fences that look like a misspelt example or
/// have no end.
#[must_use]
pub fn advice(guideline: &Guideline) -> Vec<Problem> {
    let source = Source { file: parse::file_name(guideline), text: Arc::clone(&guideline.text) };
    let (opening, body) =
        front::split(&source.text).map_or((Span::at(0), 0), |parts| (parts.opening, parts.body));
    let prose = prose::read(&source.text, body);
    let mut told = Vec::new();
    headings(&source, &prose, &mut told);
    missing_examples(&source, guideline, &mut told);
    told.extend(prose.fences.iter().filter_map(|fence| misspelt(&source, fence)));
    told.extend(prose.fences.iter().filter(|fence| fence.is_open(&source.text)).map(|fence| {
        let help = "close it with a line of the same marks; until then everything below belongs to it";
        let message = "this fence has no end, so it takes in the rest of the file";
        source.problem(fence.head(), message, "opened here", Some(help.to_owned()))
    }));
    if guideline.consequences.is_empty() {
        let help = "add `consequences`: what follows naturally from not keeping it, as facts";
        let message = "the guideline says nothing about consequences";
        told.push(source.problem(opening, message, "no `consequences`", Some(help.to_owned())));
    }
    parse::sorted(told)
}

fn headings(source: &Source, prose: &Prose, told: &mut Vec<Problem>) {
    let end = Span::at(source.text.trim_end().len());
    let missing = HEADINGS.iter().filter(|wanted| !prose.sections.iter().any(|s| same(s, wanted)));
    let mut taken = Vec::new();
    for wanted in missing {
        let message = format!("the heading `## {wanted}` is missing");
        let near = prose.sections.iter().position(|section| {
            !HEADINGS.iter().any(|known| same(section, known))
                && suggest::nearest(&section.words, [*wanted]).is_some()
        });
        match near.filter(|near| !taken.contains(near)) {
            Some(near) => {
                taken.push(near);
                let help = Some(format!("did you mean `## {wanted}`?"));
                told.push(source.problem(prose.sections[near].span, message, "this one?", help));
            }
            None => told.push(source.problem(end, message, "add it", None)),
        }
    }
    for section in &prose.sections {
        let below = source.text.get(section.below.start..section.below.end).unwrap_or("");
        if HEADINGS.iter().any(|known| same(section, known)) && below.trim().is_empty() {
            let message = format!("nothing stands below `## {}`", section.words);
            told.push(source.problem(section.span, message, "empty", None));
        }
    }
}

fn same(section: &Heading, wanted: &str) -> bool {
    section.words.eq_ignore_ascii_case(wanted)
}

fn missing_examples(source: &Source, guideline: &Guideline, told: &mut Vec<Problem>) {
    for (index, check) in guideline.checks.iter().enumerate() {
        for (word, expects) in [("good", Expectation::Good), ("bad", Expectation::Bad)] {
            let is_there = guideline
                .examples
                .iter()
                .any(|it| it.expects == expects && (it.checks.is_empty() || it.checks.contains(&check.id)));
            if is_there {
                continue;
            }
            let mut pointer = keys(&["checks"]);
            pointer.push(crate::data::Step::Index(index));
            pointer.extend(keys(&["id"]));
            let span = parse::locate(&source.text, &pointer);
            let message = format!("the check `{}` has no {word} example", check.id);
            let help = format!(
                "add a fence such as ```` ```python {word} ```` below \"How to keep it\"; examples are tests"
            );
            told.push(source.problem(span, message, format!("no {word} example"), Some(help)));
        }
    }
}

/// A fence whose second word is nearly `good` or `bad`.
fn misspelt(source: &Source, fence: &Fence) -> Option<Problem> {
    if examples::is_example(fence) {
        return None;
    }
    let near = |word: &&prose::Word| {
        ["good", "bad"].iter().find(|known| {
            let lower = word.text.to_lowercase();
            lower == **known || strsim::osa_distance(&lower, known) == 1
        })
    };
    let word = fence.info.iter().skip(1).find(|word| near(word).is_some())?;
    let meant = near(&word)?;
    let message = format!("`{}` makes this fence no example", word.text);
    Some(source.problem(word.span, message, "not known here", Some(format!("did you mean `{meant}`?"))))
}
