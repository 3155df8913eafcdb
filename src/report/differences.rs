//! Describes the changes between two versions of a guideline in words.

use std::collections::HashMap;

use crate::model::{Check, Guideline, Section, SettingSpec};

/// Returns one sentence for each change between two versions, with changed requirements first. Not escaped.
#[must_use]
pub fn describe_differences(old: &Guideline, new: &Guideline) -> Vec<String> {
    let mut out = Vec::new();
    check_changes(&old.checks, &new.checks, &mut out);
    if old.applies != new.applies {
        out.push("it applies to different files or repositories".to_owned());
    }
    setting_changes(&old.settings, &new.settings, &mut out);
    for (what, old, new) in [
        ("title", old.title.as_str(), new.title.as_str()),
        ("summary", old.summary.as_str(), new.summary.as_str()),
        ("stage", old.stage.as_str(), new.stage.as_str()),
        ("level", old.level.as_str(), new.level.as_str()),
        ("owner", old.owner.as_str(), new.owner.as_str()),
    ] {
        if old != new {
            out.push(format!("its {what} is now: {new}"));
        }
    }
    if old.conflicts_with != new.conflicts_with {
        out.push("it conflicts with different guidelines".to_owned());
    }
    if old.consequences != new.consequences {
        out.push("its consequences have changed".to_owned());
    }
    if old.offers != new.offers {
        out.push("its offers have changed".to_owned());
    }
    let (was, is) = (by_heading(old), by_heading(new));
    for (heading, section) in number_sections(new) {
        match was.get(&heading) {
            None => out.push(format!("new section: {}", section.heading)),
            Some(was) if was.markdown != section.markdown => {
                out.push(format!("changed section: {}", section.heading));
            }
            Some(_) => {}
        }
    }
    for (_, section) in number_sections(old).filter(|(heading, _)| !is.contains_key(heading)) {
        out.push(format!("removed section: {}", section.heading));
    }
    out
}

/// A heading, and the number of earlier sections with the same heading.
pub type NthHeading<'g> = (&'g str, usize);

/// Returns the sections of a guideline, each with its [`NthHeading`], because a heading may occur several
/// times.
pub fn number_sections(guideline: &Guideline) -> impl Iterator<Item = (NthHeading<'_>, &Section)> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    guideline.sections.iter().map(move |section| {
        let nth = seen.entry(section.heading.as_str()).or_default();
        *nth += 1;
        ((section.heading.as_str(), *nth - 1), section)
    })
}

/// Maps headings to sections. A map, because a guideline may have many thousands of sections.
fn by_heading(guideline: &Guideline) -> HashMap<NthHeading<'_>, &Section> {
    number_sections(guideline).collect()
}

fn check_changes(old: &[Check], new: &[Check], out: &mut Vec<String>) {
    for check in new {
        match old.iter().find(|it| it.id == check.id) {
            None => out.push(format!("new check `{}` ({})", check.id, check.kind.as_str())),
            Some(was) if was.kind != check.kind => {
                out.push(format!("the check `{}` matches differently", check.id));
            }
            Some(was) if was.message != check.message => {
                out.push(format!("the check `{}` has a new message", check.id));
            }
            Some(was) if was.fix != check.fix => {
                out.push(format!("the check `{}` has a different fix", check.id));
            }
            Some(_) => {}
        }
    }
    for check in old.iter().filter(|it| !new.iter().any(|new| new.id == it.id)) {
        out.push(format!("removed check `{}`", check.id));
    }
}

fn setting_changes(old: &[SettingSpec], new: &[SettingSpec], out: &mut Vec<String>) {
    for setting in new {
        match old.iter().find(|it| it.name == setting.name) {
            None => out.push(format!("new setting `{}`: {}", setting.name, setting.about)),
            Some(was) if was.default != setting.default => {
                out.push(format!(
                    "the default of the setting `{}` is now {}, previously {}",
                    setting.name, setting.default, was.default
                ));
            }
            Some(was) if was != setting => {
                out.push(format!("the setting `{}` accepts different values", setting.name));
            }
            Some(_) => {}
        }
    }
    for setting in old.iter().filter(|it| !new.iter().any(|new| new.name == it.name)) {
        out.push(format!("removed setting `{}`", setting.name));
    }
}
