//! What changed between two versions of a guideline, in words.

use std::collections::HashMap;

use crate::model::{Check, Guideline, Section, SettingSpec};

/// One sentence for each thing that changed between two versions, what asks more or less first. Not escaped.
#[must_use]
pub fn differences(old: &Guideline, new: &Guideline) -> Vec<String> {
    let mut out = Vec::new();
    checks(&old.checks, &new.checks, &mut out);
    if old.applies != new.applies {
        out.push("it applies to other files or repositories than before".to_owned());
    }
    settings(&old.settings, &new.settings, &mut out);
    for (what, old, new) in [
        ("title", old.title.as_str(), new.title.as_str()),
        ("summary", old.summary.as_str(), new.summary.as_str()),
        ("stage", old.stage.word(), new.stage.word()),
        ("level", old.level.word(), new.level.word()),
        ("owner", old.owner.as_str(), new.owner.as_str()),
    ] {
        if old != new {
            out.push(format!("its {what} is now: {new}"));
        }
    }
    if old.conflicts_with != new.conflicts_with {
        out.push("it contradicts other guidelines than before".to_owned());
    }
    if old.consequences != new.consequences {
        out.push("it tells of other consequences".to_owned());
    }
    if old.offers != new.offers {
        out.push("it offers something else in return".to_owned());
    }
    let (was, is) = (by_heading(old), by_heading(new));
    for (heading, section) in numbered(new) {
        match was.get(&heading) {
            None => out.push(format!("a new section: {}", section.heading)),
            Some(was) if was.markdown != section.markdown => {
                out.push(format!("other words under \"{}\"", section.heading));
            }
            Some(_) => {}
        }
    }
    for (_, section) in numbered(old).filter(|(heading, _)| !is.contains_key(heading)) {
        out.push(format!("without the section: {}", section.heading));
    }
    out
}

/// A heading, and how many like it stand before it.
pub type NthHeading<'g> = (&'g str, usize);

/// The sections of a guideline, each with its heading and how many of that name stand before it: a heading may stand there
/// several times.
pub fn numbered(guideline: &Guideline) -> impl Iterator<Item = (NthHeading<'_>, &Section)> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    guideline.sections.iter().map(move |section| {
        let nth = seen.entry(section.heading.as_str()).or_default();
        *nth += 1;
        ((section.heading.as_str(), *nth - 1), section)
    })
}

/// Each section by its heading: there may be many thousands.
fn by_heading(guideline: &Guideline) -> HashMap<NthHeading<'_>, &Section> {
    numbered(guideline).collect()
}

fn checks(old: &[Check], new: &[Check], out: &mut Vec<String>) {
    for check in new {
        match old.iter().find(|it| it.id == check.id) {
            None => out.push(format!("a new check `{}` ({})", check.id, check.kind.word())),
            Some(was) if was.kind != check.kind => {
                out.push(format!("the check `{}` looks for something else", check.id));
            }
            Some(was) if was.message != check.message => {
                out.push(format!("the check `{}` says it in other words", check.id));
            }
            Some(was) if was.fix != check.fix => {
                out.push(format!("the check `{}` has another fix", check.id));
            }
            Some(_) => {}
        }
    }
    for check in old.iter().filter(|it| !new.iter().any(|new| new.id == it.id)) {
        out.push(format!("without the check `{}`", check.id));
    }
}

fn settings(old: &[SettingSpec], new: &[SettingSpec], out: &mut Vec<String>) {
    for setting in new {
        match old.iter().find(|it| it.name == setting.name) {
            None => out.push(format!("a new setting `{}`: {}", setting.name, setting.about)),
            Some(was) if was.default != setting.default => {
                out.push(format!(
                    "the setting `{}` is {} by default, {} before",
                    setting.name, setting.default, was.default
                ));
            }
            Some(was) if was != setting => {
                out.push(format!("the setting `{}` takes other values", setting.name));
            }
            Some(_) => {}
        }
    }
    for setting in old.iter().filter(|it| !new.iter().any(|new| new.name == it.name)) {
        out.push(format!("without the setting `{}`", setting.name));
    }
}
