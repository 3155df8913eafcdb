//! `names`: how names are written.

use regex::bytes::Regex;

use super::ask::{Ask, Sink, Values, lossless};
use super::style::{fits, suggest};
use crate::engine::glob::Globs;
use crate::engine::tree::EntryKind;
use crate::model::{NameOf, NameStyle};

/// How names are written.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) paths: Globs,
    pub(super) of: NameOf,
    pub(super) rule: NameRule,
}

#[derive(Debug)]
pub(super) enum NameRule {
    Style(NameStyle),
    /// Matches whole names; the text is as written.
    Regex(Regex, String),
}

impl Names {
    pub(super) fn ask(&self, ask: &Ask<'_>, sink: &mut Sink<'_>) {
        for (index, entry) in ask.entries.matching(&self.paths, ask.except) {
            let asked = match self.of {
                NameOf::Files => entry.kind != EntryKind::Directory,
                NameOf::Directories => entry.kind == EntryKind::Directory,
                NameOf::Both => true,
            };
            // An empty directory is not in git.
            if !asked || !ask.entries.exists(index) {
                continue;
            }
            (sink.looked)(index);
            let name = entry.path.name();
            let Some((what, suggested)) = self.rule.misfit(name) else { continue };
            let path = entry.path.lossless().into_owned();
            let advice = match &suggested {
                Some(suggested) => format!("rename it to `{suggested}`"),
                None => "rename it".to_owned(),
            };
            let sentence = format!("the name `{}` {what}: {advice}", lossless(name));
            let values = Values { suggested: suggested.unwrap_or_default(), ..Values::default() };
            ask.found(sink, entry.path.clone(), path, sentence, &values, None);
        }
    }
}

impl NameRule {
    /// What is to be said of a name that does not fit, and a name that would.
    fn misfit(&self, name: &[u8]) -> Option<(String, Option<String>)> {
        match self {
            Self::Regex(regex, _) if regex.is_match(name) => None,
            Self::Regex(_, text) => Some((format!("does not match `{text}`"), None)),
            Self::Style(style) => {
                let what = format!("is not written in {}", style.sample());
                match std::str::from_utf8(name) {
                    Ok(name) if fits(name, *style) => None,
                    Ok(name) => Some((what, suggest(name, *style))),
                    Err(_) => Some((format!("is not UTF-8, so it {what}"), None)),
                }
            }
        }
    }
}
