//! A folder as a registry: every guideline or standard file in it is a version.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::failure::system_words;
use super::super::files;
use super::offers::{Offered, OfferedText};
use crate::client::RegistryEntryKind;
use crate::format;
use crate::model::{GuidelineId, Origin, Problem};

/// The guidelines and standards in a folder.
pub(super) struct FolderRegistry {
    /// Kind and versions of each name.
    pub(super) names: BTreeMap<GuidelineId, (RegistryEntryKind, Vec<Offered>)>,
}

/// Reads the folder `full`, which stanchion.toml calls `name`. Also returns messages about invalid files.
pub(super) fn read_folder(full: &Path, name: &str) -> (Result<FolderRegistry, String>, Vec<String>) {
    let found = match files::files_below(full, &["md", "toml"]) {
        Ok(found) => found,
        Err((at, error)) => {
            // The message uses the name from stanchion.toml, not the absolute path.
            let below = at.strip_prefix(full).ok().filter(|below| !below.as_os_str().is_empty());
            let place =
                below.map_or_else(|| name.to_owned(), |below| format!("{} in {name}", below.display()));
            return (Err(format!("{place} cannot be listed: {}", system_words(&error))), vec![]);
        }
    };
    let mut folder = FolderRegistry { names: BTreeMap::new() };
    let mut messages = Vec::new();
    for path in found {
        let shown = path.strip_prefix(full).unwrap_or(&path).to_string_lossy().into_owned();
        let text = match files::read(&path) {
            Ok(text) => text,
            Err(error) => {
                messages.push(format!("{shown} in {name} cannot be read: {}", system_words(&error)));
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
            messages.push(format!("{shown} in {name} cannot be used: {why}"));
        }
    }
    (Ok(folder), messages)
}

impl FolderRegistry {
    fn add_guideline(&mut self, shown: &str, text: String, source: &str) -> Result<(), String> {
        let beside = std::cell::Cell::new(false);
        let resource = |_: &str| {
            beside.set(true);
            Some("{}".to_owned())
        };
        let origin = Origin::File(shown.to_owned());
        let guideline = format::parse_guideline(shown, &text, origin, &resource)
            .map_err(|found| first_message(&found))?;
        if beside.get() {
            return Err("it uses another file, which a copy cannot have; write the schema into the check with `assert`"
                .to_owned());
        }
        let offered = offered(guideline.version, guideline.sha256, source, text);
        self.add_version(RegistryEntryKind::Guideline, &guideline.id, offered)
    }

    fn add_standard(&mut self, shown: &str, text: String, source: &str) -> Result<(), String> {
        let origin = Origin::File(shown.to_owned());
        let standard = format::parse_standard(shown, &text, origin).map_err(|found| first_message(&found))?;
        let offered = offered(standard.version, standard.sha256, source, text);
        self.add_version(RegistryEntryKind::Standard, &standard.id, offered)
    }

    fn add_version(
        &mut self,
        kind: RegistryEntryKind,
        id: &GuidelineId,
        offered: Offered,
    ) -> Result<(), String> {
        let (is, versions) = self.names.entry(id.clone()).or_insert_with(|| (kind, vec![]));
        if *is != kind {
            return Err(format!(
                "another file with the id {id} is of a different kind (guideline or standard)"
            ));
        }
        versions.push(offered);
        Ok(())
    }
}

fn offered(version: semver::Version, sha256: String, source: &str, text: String) -> Offered {
    Offered { version, sha256, source: source.to_owned(), yanked: None, text: OfferedText::Here(text) }
}

fn first_message(problems: &[Problem]) -> String {
    problems.first().map_or_else(|| "unknown problem".to_owned(), |problem| problem.message.clone())
}
