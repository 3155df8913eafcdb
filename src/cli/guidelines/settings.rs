//! The repository's settings of guidelines, and what is wrong with them.

use std::sync::Arc;

use serde_json::Value;

use super::super::party::{CONFIG, Party};
use crate::format;
use crate::model::{Guideline, GuidelineId, Problem};
use crate::text::Span;

/// The settings that a party has for guidelines.
pub(super) struct Settings<'p> {
    party: Option<&'p Party>,
}

impl<'p> Settings<'p> {
    /// Those of `party`; none without one.
    pub(super) fn new(party: Option<&'p Party>) -> Self {
        Self { party }
    }

    /// The values for `guideline` that fit, and what is wrong with the others. Where something is wrong, none is
    /// used: half of what was meant may be the opposite.
    pub(super) fn of(&self, guideline: &Guideline) -> (Vec<(String, Value)>, Vec<Problem>) {
        let Some(party) = self.party else { return (vec![], vec![]) };
        let own = || party.config.settings.iter().filter(|setting| setting.guideline == guideline.id);
        let slips: Vec<Problem> = own()
            .filter_map(|setting| {
                let slip = format::setting_problem(guideline, &setting.name, &setting.value)?;
                let known = guideline.settings.iter().any(|spec| spec.name == setting.name);
                let span = if known { setting.at } else { setting.key };
                Some(problem(party, span, slip.message, slip.help))
            })
            .collect();
        if !slips.is_empty() {
            return (vec![], slips);
        }
        (own().map(|setting| (setting.name.clone(), setting.value.clone())).collect(), slips)
    }

    /// Settings of guidelines that are not followed: they do nothing, and that is said.
    pub(super) fn without_guideline(&self, is_known: impl Fn(&GuidelineId) -> bool) -> Vec<GuidelineId> {
        let settings = self.party.map_or(&[][..], |party| &party.config.settings);
        let mut ids: Vec<GuidelineId> =
            settings.iter().map(|setting| setting.guideline.clone()).filter(|id| !is_known(id)).collect();
        ids.sort();
        ids.dedup();
        ids
    }
}

/// A problem in the party's `stanchion.toml`.
pub(super) fn problem(party: &Party, span: Span, message: String, help: Option<String>) -> Problem {
    Problem {
        first_line: 1,
        file: Arc::from(CONFIG),
        text: party.text.clone().unwrap_or_else(|| Arc::from("")),
        span,
        message,
        label: "here".to_owned(),
        help,
    }
}
