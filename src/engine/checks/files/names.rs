//! `names`: conditions on the spelling of names.

use regex::bytes::Regex;

use super::context::{ConditionContext, FilesSink, TemplateValues, lossless_text};
use super::style::{matches_style, suggest_name};
use crate::engine::glob::Globs;
use crate::engine::tree::EntryKind;
use crate::model::{NameOf, NameStyle};

/// Required spelling of names.
#[derive(Debug)]
pub(super) struct NamesCondition {
    pub(super) paths: Globs,
    pub(super) of: NameOf,
    pub(super) rule: NameRule,
}

#[derive(Debug)]
pub(super) enum NameRule {
    Style(NameStyle),
    /// Expression that matches whole names, and its source text.
    Regex(Regex, String),
}

impl NamesCondition {
    pub(super) fn check(&self, context: &ConditionContext<'_>, sink: &mut FilesSink<'_>) {
        for (index, entry) in context.entries.matching(&self.paths, context.except) {
            let applies = match self.of {
                NameOf::Files => entry.kind != EntryKind::Directory,
                NameOf::Directories => entry.kind == EntryKind::Directory,
                NameOf::Both => true,
            };
            // Git does not track empty directories.
            if !applies || !context.entries.exists(index) {
                continue;
            }
            (sink.mark_inspected)(index);
            let name = entry.path.name();
            let Some((mismatch, suggested)) = self.rule.describe_mismatch(name) else { continue };
            let path = entry.path.lossless().into_owned();
            let advice = match &suggested {
                Some(suggested) => format!("rename it to `{suggested}`"),
                None => "rename it".to_owned(),
            };
            let sentence = format!("the name `{}` {mismatch}: {advice}", lossless_text(name));
            let values =
                TemplateValues { suggested: suggested.unwrap_or_default(), ..TemplateValues::default() };
            context.found(sink, entry.path.clone(), path, sentence, &values, None);
        }
    }
}

impl NameRule {
    /// Describes why a name does not match, and suggests a name that does; `None` if it matches.
    fn describe_mismatch(&self, name: &[u8]) -> Option<(String, Option<String>)> {
        match self {
            Self::Regex(regex, _) if regex.is_match(name) => None,
            Self::Regex(_, text) => Some((format!("does not match `{text}`"), None)),
            Self::Style(style) => {
                let mismatch = format!("is not written in {}", style.sample());
                match std::str::from_utf8(name) {
                    Ok(name) if matches_style(name, *style) => None,
                    Ok(name) => Some((mismatch, suggest_name(name, *style))),
                    Err(_) => Some((format!("is not UTF-8, so it {mismatch}"), None)),
                }
            }
        }
    }
}
