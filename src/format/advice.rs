//! Advice for the author of a guideline: missing parts that do not prevent its use.

use std::sync::Arc;

use super::prose::{self, Fence, Heading, Prose};
use super::source::{SourceFile, pointer_to};
use super::{examples, front_matter, parse, suggest};
use crate::model::{Expectation, Guideline, Problem};
use crate::text::Span;

/// Headings that every guideline should have.
const HEADINGS: [&str; 3] = ["Why", "How to keep it", "When to step over"];

/// Collects advice for the author of `guideline`, in order of place.
///
/// Reports missing or empty sections, checks without a good or a bad example, missing consequences, and
/// fences that look like a misspelt example or are not closed.
#[must_use]
pub fn collect_advice(guideline: &Guideline) -> Vec<Problem> {
    let source = SourceFile { file: parse::file_name(guideline), text: Arc::clone(&guideline.text) };
    let (opening, body) = front_matter::split_front_matter(&source.text)
        .map_or((Span::at(0), 0), |parts| (parts.opening, parts.body));
    let prose = prose::read_prose(&source.text, body);
    let mut notes = Vec::new();
    check_headings(&source, &prose, &mut notes);
    find_missing_examples(&source, guideline, &mut notes);
    notes.extend(prose.fences.iter().filter_map(|fence| find_misspelt_word(&source, fence)));
    notes.extend(prose.fences.iter().filter(|fence| fence.is_open(&source.text)).map(|fence| {
        let help = "close it with a line of the same fence characters";
        let message = "this fence is not closed, so it contains the rest of the file";
        source.problem(fence.head(), message, "opened here", Some(help.to_owned()))
    }));
    if guideline.consequences.is_empty() {
        let help = "add `consequences`: facts about what happens if the guideline is not kept";
        let message = "the guideline lists no consequences";
        notes.push(source.problem(opening, message, "no `consequences`", Some(help.to_owned())));
    }
    parse::sort_problems(notes)
}

fn check_headings(source: &SourceFile, prose: &Prose, notes: &mut Vec<Problem>) {
    let end = Span::at(source.text.trim_end().len());
    let missing =
        HEADINGS.iter().filter(|expected| !prose.sections.iter().any(|section| has_title(section, expected)));
    let mut taken = Vec::new();
    for expected in missing {
        let message = format!("the heading `## {expected}` is missing");
        let near = prose.sections.iter().position(|section| {
            !HEADINGS.iter().any(|known| has_title(section, known))
                && suggest::nearest(&section.title, [*expected]).is_some()
        });
        match near.filter(|near| !taken.contains(near)) {
            Some(near) => {
                taken.push(near);
                let help = Some(format!("did you mean `## {expected}`?"));
                notes.push(source.problem(prose.sections[near].span, message, "this one?", help));
            }
            None => notes.push(source.problem(end, message, "add it", None)),
        }
    }
    for section in &prose.sections {
        let below = source.text.get(section.below.start..section.below.end).unwrap_or("");
        if HEADINGS.iter().any(|known| has_title(section, known)) && below.trim().is_empty() {
            let message = format!("the section `## {}` is empty", section.title);
            notes.push(source.problem(section.span, message, "empty", None));
        }
    }
}

/// Whether the heading has this title, ignoring case.
fn has_title(section: &Heading, title: &str) -> bool {
    section.title.eq_ignore_ascii_case(title)
}

fn find_missing_examples(source: &SourceFile, guideline: &Guideline, notes: &mut Vec<Problem>) {
    for (index, check) in guideline.checks.iter().enumerate() {
        for (word, expects) in [("good", Expectation::Good), ("bad", Expectation::Bad)] {
            let is_there = guideline
                .examples
                .iter()
                .any(|it| it.expects == expects && (it.checks.is_empty() || it.checks.contains(&check.id)));
            if is_there {
                continue;
            }
            let mut pointer = pointer_to(&["checks"]);
            pointer.push(crate::data::PointerStep::Index(index));
            pointer.extend(pointer_to(&["id"]));
            let span = parse::locate_in_front_matter(&source.text, &pointer);
            let message = format!("the check `{}` has no {word} example", check.id);
            let help = format!(
                "add a fence such as ```` ```python {word} ```` below \"How to keep it\"; examples are tests"
            );
            notes.push(source.problem(span, message, format!("no {word} example"), Some(help)));
        }
    }
}

/// Reports a fence in whose info string a word after the first is almost `good` or `bad`.
fn find_misspelt_word(source: &SourceFile, fence: &Fence) -> Option<Problem> {
    if examples::is_example(fence) {
        return None;
    }
    let near = |word: &&prose::InfoWord| {
        ["good", "bad"].iter().find(|known| {
            let lower = word.text.to_lowercase();
            lower == **known || strsim::osa_distance(&lower, known) == 1
        })
    };
    let word = fence.info.iter().skip(1).find(|word| near(word).is_some())?;
    let intended = near(&word)?;
    let message = format!("unknown word `{}`: this fence is not an example", word.text);
    Some(source.problem(word.span, message, "unknown word", Some(format!("did you mean `{intended}`?"))))
}
