//! Converts guidelines to SARIF rules, whose texts GitHub shows with an alert.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::model::{Guideline, GuidelineOutcome, Verdict};
use crate::report::encode::{clip, markdown};
use crate::report::escape::{escape, escape_lines};
use crate::report::run::Run;

/// Maximum length of a name that GitHub accepts, in characters.
const MAX_NAME: usize = 255;
/// Maximum length of the short and full description, in characters.
const MAX_DESCRIPTION: usize = 1_024;
/// Maximum length of the help text, in characters.
const MAX_HELP: usize = 20_000;
/// Maximum number of tags that GitHub accepts.
const MAX_TAGS: usize = 20;

/// Rules of a report: one for each ID of an applicable guideline.
pub(super) struct SarifRules {
    pub(super) all: Vec<Value>,
    index: HashMap<String, usize>,
}

impl SarifRules {
    pub(super) fn new(run: &Run<'_>) -> Self {
        let mut rules = Self { all: Vec::new(), index: HashMap::new() };
        let applies = |entry: &&GuidelineOutcome| entry.verdict != Verdict::NotApplicable;
        for entry in run.projects.iter().flat_map(|project| project.outcome.guidelines.iter().filter(applies))
        {
            let id = entry.guideline.id.as_str();
            if !rules.index.contains_key(id) {
                rules.index.insert(id.to_owned(), rules.all.len());
                rules.all.push(rule(&entry.guideline));
            }
        }
        rules
    }

    /// Returns the index of a rule in the list.
    pub(super) fn index(&self, id: &str) -> Option<usize> {
        self.index.get(id).copied()
    }
}

fn rule(guideline: &Guideline) -> Value {
    let tags: Vec<_> = guideline.topics.iter().take(MAX_TAGS).map(|topic| escape(topic)).collect();
    let text = |text: &str, limit| escape(&clip(text, limit)).into_owned();
    json!({
        "id": guideline.id.as_str(),
        "name": text(&guideline.title, MAX_NAME),
        "shortDescription": { "text": text(&guideline.title, MAX_DESCRIPTION) },
        "fullDescription": { "text": text(&guideline.summary, MAX_DESCRIPTION) },
        "help": { "text": clip(&plain_help(guideline), MAX_HELP), "markdown": clip(&markdown_help(guideline), MAX_HELP) },
        // The default is advice; each result states whether it breaks a promise.
        "defaultConfiguration": { "level": "note" },
        "properties": {
            "tags": tags,
            "precision": "high",
            "problem.severity": "recommendation",
            "version": guideline.version.to_string(),
            "stage": guideline.stage.as_str(),
            "owner": escape(&guideline.owner),
        },
    })
}

/// Returns heading and text of each section.
fn sections(guideline: &Guideline) -> impl Iterator<Item = (&str, &str)> {
    guideline.sections.iter().map(|section| (section.heading.as_str(), section.markdown.as_str()))
}

fn plain_help(guideline: &Guideline) -> String {
    let mut out = escape(&guideline.summary).into_owned();
    for (heading, text) in sections(guideline) {
        out.push_str(&format!("\n\n{}\n\n{}", escape(heading), escape_lines(text.trim())));
    }
    out.push_str(&format!("\n\nIn a terminal: stanchion explain {}", guideline.id));
    out
}

fn markdown_help(guideline: &Guideline) -> String {
    let mut out = markdown::text(&guideline.summary);
    for (heading, text) in sections(guideline) {
        out.push_str(&format!("\n\n## {}\n\n{}", markdown::text(heading), markdown::prose(text.trim())));
    }
    out.push_str(&format!("\n\nIn a terminal: `stanchion explain {}`\n", guideline.id));
    out
}
