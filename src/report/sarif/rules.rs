//! Guidelines as SARIF's rules: what somebody reads who sees an alert.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::model::{Guideline, GuidelineOutcome, Verdict};
use crate::report::encode::{clip, markdown};
use crate::report::escape::{escape, escape_lines};
use crate::report::run::Run;

/// Longest name that GitHub takes, in characters.
const NAME: usize = 255;
/// Longest short and full description, in characters.
const DESCRIPTION: usize = 1_024;
/// Longest help, in characters.
const HELP: usize = 20_000;
/// Most tags that GitHub takes.
const TAGS: usize = 20;

/// The rules of a report: guidelines that ask something here, each id once.
pub(super) struct Rules {
    pub(super) all: Vec<Value>,
    index: HashMap<String, usize>,
}

impl Rules {
    pub(super) fn new(run: &Run<'_>) -> Self {
        let mut rules = Self { all: Vec::new(), index: HashMap::new() };
        let asked = |entry: &&GuidelineOutcome| entry.verdict != Verdict::NotApplicable;
        for entry in run.parties.iter().flat_map(|party| party.outcome.guidelines.iter().filter(asked)) {
            let id = entry.guideline.id.as_str();
            if !rules.index.contains_key(id) {
                rules.index.insert(id.to_owned(), rules.all.len());
                rules.all.push(rule(&entry.guideline));
            }
        }
        rules
    }

    /// The place of a rule in the list.
    pub(super) fn index(&self, id: &str) -> Option<usize> {
        self.index.get(id).copied()
    }
}

fn rule(guideline: &Guideline) -> Value {
    let tags: Vec<_> = guideline.topics.iter().take(TAGS).map(|topic| escape(topic)).collect();
    let text = |text: &str, limit| escape(&clip(text, limit)).into_owned();
    json!({
        "id": guideline.id.as_str(),
        "name": text(&guideline.title, NAME),
        "shortDescription": { "text": text(&guideline.title, DESCRIPTION) },
        "fullDescription": { "text": text(&guideline.summary, DESCRIPTION) },
        "help": { "text": clip(&plain(guideline), HELP), "markdown": clip(&formatted(guideline), HELP) },
        // Advice; whether something breaks a promise is said at each result.
        "defaultConfiguration": { "level": "note" },
        "properties": {
            "tags": tags,
            "precision": "high",
            "problem.severity": "recommendation",
            "version": guideline.version.to_string(),
            "stage": guideline.stage.word(),
            "owner": escape(&guideline.owner),
        },
    })
}

/// The sections that explain.
fn sections(guideline: &Guideline) -> impl Iterator<Item = (&str, &str)> {
    guideline.sections.iter().map(|section| (section.heading.as_str(), section.markdown.as_str()))
}

fn plain(guideline: &Guideline) -> String {
    let mut out = escape(&guideline.summary).into_owned();
    for (heading, text) in sections(guideline) {
        out.push_str(&format!("\n\n{}\n\n{}", escape(heading), escape_lines(text.trim())));
    }
    out.push_str(&format!("\n\nIn a terminal: stanchion explain {}", guideline.id));
    out
}

fn formatted(guideline: &Guideline) -> String {
    let mut out = markdown::text(&guideline.summary);
    for (heading, text) in sections(guideline) {
        out.push_str(&format!("\n\n## {}\n\n{}", markdown::text(heading), markdown::prose(text.trim())));
    }
    out.push_str(&format!("\n\nIn a terminal: `stanchion explain {}`\n", guideline.id));
    out
}
