//! `stanchion update --preview`: shows which findings newer versions would add or remove.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::super::Failure;
use super::super::assess::{self, AssessOptions, AssessRequest};
use super::super::guidelines::FollowedGuidelines;
use super::super::progress::ProgressDisplay;
use super::super::project::Project;
use super::super::terminal::Terminal;
use super::plan::{UpdateStep, published_path};
use super::{copy, describe_changes, parse_with_settings};
use crate::model::{Date, Finding, Guideline, GuidelineId, Outcome};
use crate::report::escape::escape;
use crate::report::{Role, wrap};

/// Maximum number of findings shown per list.
const MAX_SHOWN: usize = 5;

/// Renders the changes of each step, and their effect on the findings.
pub(super) fn render_preview(
    root: &Path,
    project: &Project,
    steps: &[UpdateStep],
    terminal: &Terminal,
) -> Result<String, Failure> {
    let of = |text: fn(&UpdateStep) -> Option<&str>| -> Vec<Arc<Guideline>> {
        let mut all: Vec<Arc<Guideline>> = steps
            .iter()
            .filter(|step| !step.is_standard)
            .filter_map(|step| parse_with_settings(project, &step.id, text(step)?).map(Arc::new))
            .collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    };
    let (old, new) = (of(|step| step.text.as_deref()), of(|step| Some(&step.new_text)));
    let before = assess_with(root, project, old, terminal)?;
    let after = assess_with(root, project, new, terminal)?;
    let mut out = String::new();
    for step in steps {
        render_heading(&mut out, step, terminal);
        for change in describe_changes(step) {
            out.push_str(&wrap(terminal.width, "  - ", "    ", &escape(&change)));
        }
        if !step.is_standard {
            render_findings(&mut out, &step.id, &before, &after, terminal);
        }
        out.push('\n');
    }
    Ok(out)
}

fn render_heading(out: &mut String, step: &UpdateStep, terminal: &Terminal) {
    let id = terminal.paint().text(Role::Strong, step.id.as_str());
    let text = match &step.here {
        Some(here) => {
            let kind = if !copy::same_major(here, &step.new.version) {
                "stricter requirements (new major version)"
            } else if here.minor == step.new.version.minor {
                "wording, or fewer false findings (patch version)"
            } else {
                "relaxed or optional requirements (minor version)"
            };
            let (arrow, new) = (terminal.paint().arrow(), &step.new);
            format!("{id} {here} {arrow} {} from {}: {kind}", new.version, escape(&new.source))
        }
        None => format!("{id} {} from {}, new", step.new.version, escape(&step.new.source)),
    };
    out.push_str(&wrap(terminal.width, "", "  ", &text));
    if step.edited {
        let beside = published_path(&copy::copy_path(&step.id, step.is_standard));
        let text = format!(
            "the copy has local edits and is kept; the new text would be written to {}",
            beside.display()
        );
        out.push_str(&wrap(terminal.width, "  - ", "    ", &escape(&text)));
    }
}

/// Assesses the project with the given guidelines.
fn assess_with(
    root: &Path,
    project: &Project,
    guidelines: Vec<Arc<Guideline>>,
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    if guidelines.is_empty() {
        return Ok(Outcome::default());
    }
    let followed = FollowedGuidelines::of(project.clone(), guidelines);
    let progress = ProgressDisplay::new(terminal);
    // The date does not matter, because waivers are ignored.
    let today = Date::of_unix_seconds(0);
    let request =
        AssessRequest { root, scopes: vec![], change: None, today, options: AssessOptions::default() };
    let assessed = assess::assess(&followed, request, &progress)?;
    progress.finish();
    Ok(assessed.outcome)
}

fn findings_of<'o>(outcome: &'o Outcome, id: &GuidelineId) -> Vec<&'o Finding> {
    let own = |finding: &&Finding| {
        outcome.guidelines.get(finding.guideline).is_some_and(|entry| entry.guideline.id == *id)
    };
    outcome.findings.iter().filter(own).collect()
}

/// Renders the findings that would appear and disappear.
fn render_findings(
    out: &mut String,
    id: &GuidelineId,
    before: &Outcome,
    after: &Outcome,
    terminal: &Terminal,
) {
    let (before, after) = (findings_of(before, id), findings_of(after, id));
    // A location found by another check of the same guideline does not count as new.
    let place = |finding: &Finding| (finding.path.clone(), finding.start.line, finding.start.column);
    let count = |all: &[&Finding]| {
        let mut counts: HashMap<_, usize> = HashMap::new();
        all.iter().for_each(|finding| *counts.entry(place(finding)).or_default() += 1);
        counts
    };
    let without = |all: &[&'_ Finding], other: &[&Finding]| -> Vec<(String, String)> {
        let mut left = count(other);
        all.iter()
            .filter(|finding| match left.get_mut(&place(finding)).filter(|left| **left > 0) {
                Some(left) => {
                    *left -= 1;
                    false
                }
                None => true,
            })
            .map(|finding| {
                let place = format!("{}:{}", finding.path.lossless(), finding.start.line);
                (place, finding.message.clone())
            })
            .collect()
    };
    let (come, go) = (without(&after, &before), without(&before, &after));
    let line = |text: &str| wrap(terminal.width, "  ", "    ", text);
    if come.is_empty() && go.is_empty() {
        let same = match after.len() {
            0 => "no findings, before and after".to_owned(),
            1 => "the same finding as before".to_owned(),
            number => format!("the same {number} findings as before"),
        };
        out.push_str(&line(&same));
        return;
    }
    for (all, words) in [(come, "would appear"), (go, "would disappear")] {
        if all.is_empty() {
            continue;
        }
        let number = if all.len() == 1 { "1 finding".to_owned() } else { format!("{} findings", all.len()) };
        out.push_str(&line(&format!("{number} {words}:")));
        for (place, message) in all.iter().take(MAX_SHOWN) {
            out.push_str(&wrap(
                terminal.width,
                "    ",
                "      ",
                &format!("{} {}", escape(place), escape(message)),
            ));
        }
        if all.len() > MAX_SHOWN {
            out.push_str(&wrap(
                terminal.width,
                "    ",
                "      ",
                &format!("and {} more", all.len() - MAX_SHOWN),
            ));
        }
    }
}
