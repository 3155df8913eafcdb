//! A folder with guidelines and standards, as a registry: every text in it is a version.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::failure::system_words;
use super::super::files;
use super::offers::{Offered, Text};
use crate::client::Kind;
use crate::format;
use crate::model::{GuidelineId, Origin, Problem};

/// What lies in a folder.
pub(super) struct Folder {
    /// What each name is, and its versions.
    pub(super) names: BTreeMap<GuidelineId, (Kind, Vec<Offered>)>,
}

/// Reads the folder `full`, which stanchion.toml calls `name`; and sentences about files that cannot be used.
pub(super) fn read(full: &Path, name: &str) -> (Result<Folder, String>, Vec<String>) {
    let found = match files::below(full, &["md", "toml"]) {
        Ok(found) => found,
        Err((at, error)) => {
            // As stanchion.toml calls it, not as it is found from the root of the machine.
            let below = at.strip_prefix(full).ok().filter(|below| !below.as_os_str().is_empty());
            let place =
                below.map_or_else(|| name.to_owned(), |below| format!("{} of {name}", below.display()));
            return (Err(format!("{place} cannot be listed: {}", system_words(&error))), vec![]);
        }
    };
    let mut folder = Folder { names: BTreeMap::new() };
    let mut troubles = Vec::new();
    for path in found {
        let shown = path.strip_prefix(full).unwrap_or(&path).to_string_lossy().into_owned();
        let text = match files::read(&path) {
            Ok(text) => text,
            Err(error) => {
                troubles.push(format!("{shown} of {name} cannot be read: {}", system_words(&error)));
                continue;
            }
        };
        let is_guideline = path.extension().is_some_and(|extension| extension == "md");
        let added = if is_guideline && text.trim_start_matches('\u{feff}').starts_with("---") {
            folder.add_guideline(&shown, text, name)
        } else if !is_guideline && text.contains("standard") {
            folder.add_standard(&shown, text, name)
        } else {
            Ok(())
        };
        if let Err(why) = added {
            troubles.push(format!("{shown} of {name} cannot be used: {why}"));
        }
    }
    (Ok(folder), troubles)
}

impl Folder {
    fn add_guideline(&mut self, shown: &str, text: String, source: &str) -> Result<(), String> {
        let beside = std::cell::Cell::new(false);
        let resource = |_: &str| {
            beside.set(true);
            Some("{}".to_owned())
        };
        let origin = Origin::File(shown.to_owned());
        let guideline = format::parse(shown, &text, origin, &resource).map_err(|found| first(&found))?;
        if beside.get() {
            return Err("it takes something from a file beside it, which a copy does not have; write it into the check \
                        with `assert`"
                .to_owned());
        }
        let offered = offered(guideline.version, guideline.sha256, source, text);
        self.add(Kind::Guideline, &guideline.id, offered)
    }

    fn add_standard(&mut self, shown: &str, text: String, source: &str) -> Result<(), String> {
        let origin = Origin::File(shown.to_owned());
        let standard = format::parse_standard(shown, &text, origin).map_err(|found| first(&found))?;
        let offered = offered(standard.version, standard.sha256, source, text);
        self.add(Kind::Standard, &standard.id, offered)
    }

    fn add(&mut self, kind: Kind, id: &GuidelineId, offered: Offered) -> Result<(), String> {
        let (is, versions) = self.names.entry(id.clone()).or_insert_with(|| (kind, vec![]));
        if *is != kind {
            return Err(format!("another file has the name {id}, and is another sort of text"));
        }
        versions.push(offered);
        Ok(())
    }
}

fn offered(version: semver::Version, sha256: String, source: &str, text: String) -> Offered {
    Offered { version, sha256, source: source.to_owned(), yanked: None, text: Text::Here(text) }
}

fn first(problems: &[Problem]) -> String {
    problems.first().map_or_else(|| "nobody knows why".to_owned(), |problem| problem.message.clone())
}
