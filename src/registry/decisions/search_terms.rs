//! Search terms of a published text: labels and words.

use crate::format;
use crate::model::{Applies, Check, CheckKind, Guideline, Origin, Standard};
use crate::registry::store::{PublishedKind, SearchTerms};

/// Longest text that is indexed for search, in bytes.
const MAX_BODY_BYTES: usize = 64 << 10;
/// Longest label value that can be queried, in characters.
pub(in crate::registry) const MAX_VALUE_CHARS: usize = 64;
/// Largest number of topic labels.
const MAX_LABELS: usize = 200;

/// Search terms of a published text.
pub(in crate::registry) fn search_terms(kind: PublishedKind, text: &str) -> SearchTerms {
    let origin = Origin::File(String::new());
    match kind {
        PublishedKind::Guideline => {
            format::parse_guideline("", text, origin, &|_| None).map(|it| guideline_terms(&it))
        }
        PublishedKind::Standard => format::parse_standard("", text, origin).map(|it| standard_terms(&it)),
    }
    .unwrap_or_default()
}

pub(super) fn guideline_terms(guideline: &Guideline) -> SearchTerms {
    let mut labels = vec![format!("stage:{}", guideline.stage.as_str())];
    labels.extend(
        guideline.topics.iter().take(MAX_LABELS).map(|topic| format!("topic:{}", label_value(topic))),
    );
    let mut languages = Vec::new();
    add_languages(&guideline.applies, &mut languages);
    for check in &guideline.checks {
        if let CheckKind::Code(code) = &check.kind {
            languages.push(code.language.name());
        }
    }
    labels.extend(languages.iter().map(|language| format!("language:{language}")));
    if guideline.checks.iter().any(has_fix) {
        labels.push("fix:yes".to_owned());
    }
    labels.sort();
    labels.dedup();
    let mut body = String::new();
    for text in guideline.topics.iter().chain([&guideline.owner]).map(String::as_str).chain(
        guideline.sections.iter().flat_map(|section| [section.heading.as_str(), section.markdown.as_str()]),
    ) {
        add(&mut body, text);
    }
    SearchTerms { labels, body }
}

pub(super) fn standard_terms(standard: &Standard) -> SearchTerms {
    // Includes all members: a guideline's page lists the standards that contain it. The format limits their
    // number.
    let members = standard.members.iter();
    let mut labels: Vec<String> = members.map(|(id, ..)| format!("member:{id}")).collect();
    labels.sort();
    labels.dedup();
    let mut body = standard.owner.clone();
    for (id, ..) in &standard.members {
        add(&mut body, id.as_str());
    }
    SearchTerms { labels, body }
}

fn add(body: &mut String, text: &str) {
    if body.len() + text.len() < MAX_BODY_BYTES {
        body.push(' ');
        body.push_str(text);
    }
}

fn add_languages(applies: &Applies, languages: &mut Vec<&'static str>) {
    languages.extend(applies.languages.iter().map(|language| language.name()));
    for inner in applies.any.iter().chain(&applies.all) {
        add_languages(inner, languages);
    }
}

/// Whether a check has an automatic fix. Code patterns define it in their rule.
fn has_fix(check: &Check) -> bool {
    let in_rule = match &check.kind {
        CheckKind::Code(code) => code.rule.as_ref().is_some_and(|rule| rule.contains_key("fix")),
        _ => false,
    };
    in_rule || check.fix.is_some()
}

/// Topics of a guideline, each with its label value; `None` if it has no valid label value.
pub(in crate::registry) fn topics_with_labels(guideline: &Guideline) -> Vec<(String, Option<String>)> {
    let found = |topic: &String| {
        Some(label_value(topic)).filter(|it| (1..=MAX_VALUE_CHARS).contains(&it.chars().count()))
    };
    guideline.topics.iter().map(|topic| (topic.clone(), found(topic))).collect()
}

/// Normalizes a word to a label value: lower case, without characters that have a meaning in lists and
/// patterns. Topics in queries are normalized the same way.
pub(in crate::registry) fn label_value(word: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '+' | '#' | '.') { c } else { ' ' };
    word.to_lowercase()
        .chars()
        .map(plain)
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_found_by_their_label_values() {
        let (name, text) = format::starter_guidelines().into_iter().next().expect("one");
        let line = text.lines().find(|line| line.starts_with("topics: ")).expect("topics");
        let text = text.replacen(line, "topics: [\"C/C++\", error_handling, \"a,b\", \"50%\", \"!\"]", 1);
        let origin = Origin::File(name.to_owned());
        let guideline = format::parse_guideline(name, &text, origin, &|_| None).expect("a guideline");
        let labels = guideline_terms(&guideline).labels;
        let topics = topics_with_labels(&guideline);
        let found: Vec<Option<&str>> = topics.iter().map(|it| it.1.as_deref()).collect();
        assert_eq!(found, [Some("c c++"), Some("error handling"), Some("a b"), Some("50"), None]);
        for value in found.into_iter().flatten() {
            assert!(labels.contains(&format!("topic:{value}")), "{value} in {labels:?}");
        }
        assert_eq!(topics[0].0, "C/C++", "shown as written");
    }
}
