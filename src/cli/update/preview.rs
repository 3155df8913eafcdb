//! `stanchion update --preview`: which findings newer versions would bring or take away here.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::super::Failure;
use super::super::assess::{self, How, Request};
use super::super::guidelines::Followed;
use super::super::party::Party;
use super::super::progress::Progress;
use super::super::terminal::Terminal;
use super::plan::{Step, beside};
use super::{changes, copy, with_settings};
use crate::model::{Date, Finding, Guideline, GuidelineId, Outcome};
use crate::report::escape::escape;
use crate::report::{Role, wrap};

/// Findings of each sort that are shown.
const SHOWN: usize = 5;

/// Says for each step what changed, and what it would mean here.
pub(super) fn preview(
    root: &Path,
    party: &Party,
    steps: &[Step],
    terminal: &Terminal,
) -> Result<String, Failure> {
    let of = |text: fn(&Step) -> Option<&str>| -> Vec<Arc<Guideline>> {
        let mut all: Vec<Arc<Guideline>> = steps
            .iter()
            .filter(|step| !step.is_standard)
            .filter_map(|step| with_settings(party, &step.id, text(step)?).map(Arc::new))
            .collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    };
    let (old, new) = (of(|step| step.text.as_deref()), of(|step| Some(&step.new_text)));
    let before = found(root, party, old, terminal)?;
    let after = found(root, party, new, terminal)?;
    let mut out = String::new();
    for step in steps {
        heading(&mut out, step, terminal);
        for change in changes(step) {
            out.push_str(&wrap(terminal.width, "  - ", "    ", &escape(&change)));
        }
        if !step.is_standard {
            findings(&mut out, &step.id, &before, &after, terminal);
        }
        out.push('\n');
    }
    Ok(out)
}

fn heading(out: &mut String, step: &Step, terminal: &Terminal) {
    let id = terminal.paint().text(Role::Strong, step.id.as_str());
    let text = match &step.here {
        Some(here) => {
            let kind = if !copy::same_major(here, &step.new.version) {
                "asks for more than before (a new major)"
            } else if here.minor == step.new.version.minor {
                "wording, or fewer false findings (a patch)"
            } else {
                "asks for less, or adds something optional (a minor)"
            };
            let (arrow, new) = (terminal.paint().arrow(), &step.new);
            format!("{id} {here} {arrow} {} from {}: {kind}", new.version, escape(&new.source))
        }
        None => format!("{id} {} from {}, new here", step.new.version, escape(&step.new.source)),
    };
    out.push_str(&wrap(terminal.width, "", "  ", &text));
    if step.edited {
        let beside = beside(&copy::path_of(&step.id, step.is_standard));
        let text = format!(
            "the copy was edited here: it is kept, and this would lie beside it in {}",
            beside.display()
        );
        out.push_str(&wrap(terminal.width, "  - ", "    ", &escape(&text)));
    }
}

/// What is found with these guidelines.
fn found(
    root: &Path,
    party: &Party,
    guidelines: Vec<Arc<Guideline>>,
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    if guidelines.is_empty() {
        return Ok(Outcome::default());
    }
    let followed = Followed::of(party.clone(), guidelines);
    let progress = Progress::new(terminal);
    // Nothing here depends on the day: waivers are not asked.
    let today = Date::of_unix_seconds(0);
    let request = Request { root, scopes: vec![], change: None, today, how: How::default() };
    let assessed = assess::assess(&followed, request, &progress)?;
    progress.finish();
    Ok(assessed.outcome)
}

fn of<'o>(outcome: &'o Outcome, id: &GuidelineId) -> Vec<&'o Finding> {
    let own = |finding: &&Finding| {
        outcome.guidelines.get(finding.guideline).is_some_and(|entry| entry.guideline.id == *id)
    };
    outcome.findings.iter().filter(own).collect()
}

/// Says which findings would come and which would go.
fn findings(out: &mut String, id: &GuidelineId, before: &Outcome, after: &Outcome, terminal: &Terminal) {
    let (before, after) = (of(before, id), of(after, id));
    // A place that is found by another check of the same guideline is no news.
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
            0 => "nothing is found here, before and after".to_owned(),
            1 => "the same finding here as before".to_owned(),
            number => format!("the same {number} findings here as before"),
        };
        out.push_str(&line(&same));
        return;
    }
    for (all, words) in [(come, "would come"), (go, "would go")] {
        if all.is_empty() {
            continue;
        }
        let number = if all.len() == 1 { "1 finding".to_owned() } else { format!("{} findings", all.len()) };
        out.push_str(&line(&format!("{number} {words} here:")));
        for (place, message) in all.iter().take(SHOWN) {
            out.push_str(&wrap(
                terminal.width,
                "    ",
                "      ",
                &format!("{} {}", escape(place), escape(message)),
            ));
        }
        if all.len() > SHOWN {
            out.push_str(&wrap(terminal.width, "    ", "      ", &format!("and {} more", all.len() - SHOWN)));
        }
    }
}
