//! What a published text is found by: its labels, and the words of its prose.

use crate::format;
use crate::model::{Applies, Check, CheckKind, Guideline, Origin, Standard};
use crate::registry::store::{Kind, Words};

/// Longest prose that is searched, in bytes.
const BODY: usize = 64 << 10;
/// Longest value of a label that can be asked for, in characters.
pub(in crate::registry) const VALUE: usize = 64;
/// Most labels of one kind.
const LABELS: usize = 200;

/// What a text that was published is found by.
pub(in crate::registry) fn words(kind: Kind, text: &str) -> Words {
    let origin = Origin::File(String::new());
    match kind {
        Kind::Guideline => format::parse("", text, origin, &|_| None).map(|it| of_guideline(&it)),
        Kind::Standard => format::parse_standard("", text, origin).map(|it| of_standard(&it)),
    }
    .unwrap_or_default()
}

pub(super) fn of_guideline(guideline: &Guideline) -> Words {
    let mut labels = vec![format!("stage:{}", guideline.stage.word())];
    labels.extend(guideline.topics.iter().take(LABELS).map(|topic| format!("topic:{}", value(topic))));
    let mut languages = Vec::new();
    of_applies(&guideline.applies, &mut languages);
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
    Words { labels, body }
}

pub(super) fn of_standard(standard: &Standard) -> Words {
    // All of them: a guideline says in which standards it is. There are no more than a standard may have.
    let members = standard.members.iter();
    let mut labels: Vec<String> = members.map(|(id, ..)| format!("member:{id}")).collect();
    labels.sort();
    labels.dedup();
    let mut body = standard.owner.clone();
    for (id, ..) in &standard.members {
        add(&mut body, id.as_str());
    }
    Words { labels, body }
}

fn add(body: &mut String, text: &str) {
    if body.len() + text.len() < BODY {
        body.push(' ');
        body.push_str(text);
    }
}

fn of_applies(applies: &Applies, languages: &mut Vec<&'static str>) {
    languages.extend(applies.languages.iter().map(|language| language.name()));
    for inner in applies.any.iter().chain(&applies.all) {
        of_applies(inner, languages);
    }
}

/// Whether a check mends what it finds: code patterns say so in their rule.
fn has_fix(check: &Check) -> bool {
    let in_rule = match &check.kind {
        CheckKind::Code(code) => code.rule.as_ref().is_some_and(|rule| rule.contains_key("fix")),
        _ => false,
    };
    in_rule || check.fix.is_some()
}

/// The topics of a guideline as it says them, each with what it is found by where it can be.
pub(in crate::registry) fn topics(guideline: &Guideline) -> Vec<(String, Option<String>)> {
    let found = |topic: &String| Some(value(topic)).filter(|it| (1..=VALUE).contains(&it.chars().count()));
    guideline.topics.iter().map(|topic| (topic.clone(), found(topic))).collect()
}

/// A word as the value of a label: what lists and patterns of labels are written with is no part of it. Topics are asked for
/// by the same.
pub(in crate::registry) fn value(word: &str) -> String {
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
    fn topics_are_found_by_what_stands_in_their_labels() {
        let (name, text) = format::starter().into_iter().next().expect("one");
        let line = text.lines().find(|line| line.starts_with("topics: ")).expect("topics");
        let text = text.replacen(line, "topics: [\"C/C++\", error_handling, \"a,b\", \"50%\", \"!\"]", 1);
        let origin = Origin::File(name.to_owned());
        let guideline = format::parse(name, &text, origin, &|_| None).expect("a guideline");
        let labels = of_guideline(&guideline).labels;
        let topics = topics(&guideline);
        let found: Vec<Option<&str>> = topics.iter().map(|it| it.1.as_deref()).collect();
        assert_eq!(found, [Some("c c++"), Some("error handling"), Some("a b"), Some("50"), None]);
        for value in found.into_iter().flatten() {
            assert!(labels.contains(&format!("topic:{value}")), "{value} in {labels:?}");
        }
        assert_eq!(topics[0].0, "C/C++", "shown as it is said");
    }
}
