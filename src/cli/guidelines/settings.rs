//! The project's settings for guidelines, and their problems.

use std::sync::Arc;

use serde_json::Value;

use super::super::project::{CONFIG, Project};
use crate::format;
use crate::model::{Guideline, GuidelineId, Problem};
use crate::text::Span;

/// The settings of a project for its guidelines.
pub(super) struct ProjectSettings<'p> {
    project: Option<&'p Project>,
}

impl<'p> ProjectSettings<'p> {
    /// The settings of `project`; none without a project.
    pub(super) fn new(project: Option<&'p Project>) -> Self {
        Self { project }
    }

    /// The values for `guideline`, or the problems of invalid ones. With a problem, no value is returned:
    /// using only some of them may reverse their meaning.
    pub(super) fn values_for(&self, guideline: &Guideline) -> (Vec<(String, Value)>, Vec<Problem>) {
        let Some(project) = self.project else { return (vec![], vec![]) };
        let own = || project.config.settings.iter().filter(|setting| setting.guideline == guideline.id);
        let problems: Vec<Problem> = own()
            .filter_map(|setting| {
                let found = format::setting_problem(guideline, &setting.name, &setting.value)?;
                let known = guideline.settings.iter().any(|spec| spec.name == setting.name);
                let span = if known { setting.at } else { setting.key };
                Some(config_problem(project, span, found.message, found.help))
            })
            .collect();
        if !problems.is_empty() {
            return (vec![], problems);
        }
        (own().map(|setting| (setting.name.clone(), setting.value.clone())).collect(), problems)
    }

    /// Guidelines that have settings but are not followed, for a note that the settings have no effect.
    pub(super) fn without_guideline(&self, is_known: impl Fn(&GuidelineId) -> bool) -> Vec<GuidelineId> {
        let settings = self.project.map_or(&[][..], |project| &project.config.settings);
        let mut ids: Vec<GuidelineId> =
            settings.iter().map(|setting| setting.guideline.clone()).filter(|id| !is_known(id)).collect();
        ids.sort();
        ids.dedup();
        ids
    }
}

/// A problem in the project's `stanchion.toml`.
fn config_problem(project: &Project, span: Span, message: String, help: Option<String>) -> Problem {
    Problem {
        first_line: 1,
        file: Arc::from(CONFIG),
        text: project.text.clone().unwrap_or_else(|| Arc::from("")),
        span,
        message,
        label: "here".to_owned(),
        help,
    }
}
