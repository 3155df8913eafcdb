//! From `follow` to guidelines: the starter set, folders, standards and single guidelines, in the order in which
//! the party names them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use semver::VersionReq;

use super::super::failure::system_words;
use super::super::party::{CONFIG, Party};
use super::super::{Failure, links};
use super::copies::{Copies, STARTER};
use super::load;
use super::settings::Settings;
use super::{Followed, Loaded};
use crate::format::Follow;
use crate::model::{GuidelineId, Problem, place_below};

/// Adds everything that `party` follows.
///
/// # Errors
/// A folder that cannot be followed, a configuration above that cannot be used.
pub(super) fn follow(followed: &mut Followed, party: &Party) -> Result<(), Failure> {
    let settings = Settings::new(Some(party));
    for (depth, ancestor) in party.lineage()?.iter().enumerate() {
        let (copies, problems) = Copies::read(&ancestor.root);
        followed.problems.extend(problems);
        let mut problems = Vec::new();
        for entry in &ancestor.config.follow {
            match &entry.what {
                Follow::Starter => follow_starter(followed, &copies, &settings),
                Follow::Directory(directory) => match inside(&ancestor.root, directory) {
                    Ok(full) => {
                        let shown = if depth == 0 { PathBuf::from(directory) } else { full.clone() };
                        for loaded in load::folder(&full, &shown, &settings)? {
                            followed.add_loaded(loaded, None);
                        }
                    }
                    Err(message) => problems.push(Problem {
                        first_line: 1,
                        file: Arc::from(CONFIG),
                        text: ancestor.text.clone().unwrap_or_else(|| Arc::from("")),
                        span: entry.span,
                        message,
                        label: "followed here".to_owned(),
                        help: Some(
                            "name a folder inside the repository; `--guidelines` takes any".to_owned(),
                        ),
                    }),
                },
                Follow::Named { id, range } => {
                    follow_named(followed, &copies, id, range.as_ref(), &settings);
                }
            }
        }
        if !problems.is_empty() {
            return Err(Failure::Problems { what: format!("{CONFIG} cannot be used"), problems });
        }
    }
    let is_known = |id: &GuidelineId| followed.known.contains_key(id) || followed.unusable.contains_key(id);
    let idle = settings.without_guideline(is_known);
    followed.remarks.extend(idle.into_iter().map(|id| {
        ("settings-without-guideline", format!("[settings.\"{id}\"] does nothing: {id} is not followed here"))
    }));
    Ok(())
}

/// The starter set: the party's copies of it, else what is built in.
fn follow_starter(followed: &mut Followed, copies: &Copies, settings: &Settings<'_>) {
    let mut ids: Vec<GuidelineId> = copies.of_source(STARTER).into_iter().map(|it| it.id.clone()).collect();
    // Without a lock, or with one that lost some, copies are copies all the same.
    if ids.is_empty() && copies.has_any() {
        let own = load::starter_ids().filter(|id| copies.is_own(id));
        ids.extend(own);
    }
    if ids.is_empty() {
        load::starter(settings).into_iter().for_each(|loaded| followed.add_loaded(loaded, None));
        return;
    }
    ids.iter().for_each(|id| follow_copy(followed, copies, id, None, "starter", settings));
}

/// A standard with its members, or one guideline.
fn follow_named(
    followed: &mut Followed,
    copies: &Copies,
    id: &GuidelineId,
    range: Option<&VersionReq>,
    settings: &Settings<'_>,
) {
    let Some(standard) = copies.standard(id) else {
        return follow_copy(followed, copies, id, range, id.as_str(), settings);
    };
    match standard {
        Ok(standard) => {
            if let Some(range) = range.filter(|range| !range.matches(&standard.version)) {
                followed.remarks.push((
                    "copy-out-of-range",
                    format!(
                        "the copy of the standard {id} is {}, and {range} is followed: `stanchion update` brings \
                         one that fits",
                        standard.version
                    ),
                ));
            }
            for (member, range, _) in &standard.members {
                follow_copy(followed, copies, member, Some(range), id.as_str(), settings);
            }
        }
        Err(problems) => followed.problems.extend(problems),
    }
}

/// The copy of one guideline, which `asker` asks for.
fn follow_copy(
    followed: &mut Followed,
    copies: &Copies,
    id: &GuidelineId,
    range: Option<&VersionReq>,
    asker: &str,
    settings: &Settings<'_>,
) {
    let Some(loaded) = copies.guideline(id, settings) else {
        let of = if asker == id.as_str() { String::new() } else { format!(" (of {asker})") };
        let message = format!("{id}{of} is followed, but has no copy here: `stanchion update` brings it");
        return followed.absent.push((id.clone(), message));
    };
    if let Loaded::Guideline(guideline) = &loaded {
        match copies.locked(id) {
            Some(locked) if locked.sha256 != guideline.sha256 => {
                followed.edited.insert(id.clone());
            }
            Some(_) => {}
            None => followed.remarks.push((
                "copy-without-lock",
                format!(
                    "{} is not in the lock: `stanchion update` says where it could come from",
                    guideline.origin.words()
                ),
            )),
        }
        // Whoever is named first decides in which range it is.
        let is_first = !followed.known.contains_key(id);
        if let Some(range) = range.filter(|range| is_first && !range.matches(&guideline.version)) {
            followed.remarks.push((
                "copy-out-of-range",
                format!(
                    "the copy of {id} is {}, and {range} is followed: `stanchion update` brings one that fits",
                    guideline.version
                ),
            ));
        }
    }
    followed.add_loaded(loaded, Some(id));
}

/// A folder that the configuration names, which must lie inside the repository.
fn inside(root: &Path, directory: &str) -> Result<PathBuf, String> {
    // Each part must be one name: elsewhere `g:x` is a stream of the file `g`, and `..\x` leads upwards.
    let is_name = |part: &str| place_below(Path::new(""), part.as_bytes()).is_some();
    if !directory.split('/').all(|part| matches!(part, "" | "." | "..") || is_name(part)) {
        return Err(format!("`{directory}` cannot be followed: this system has no folder of this name"));
    }
    let full = links::found_without_asking(root, Path::new(directory))
        .map_err(|error| format!("`{directory}` cannot be followed: {}", system_words(&error)))?;
    if full.starts_with(root) { Ok(full) } else { Err(format!("`{directory}` is outside this repository")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_followed_by_names_and_inside() {
        let folder = tempfile::tempdir().expect("a folder");
        let base = folder.path().canonicalize().expect("its path");
        let root = base.join("root");
        std::fs::create_dir_all(root.join("a/b")).expect("a folder");
        for directory in ["./a/b", "./a//b/", "./a/../a/b", "../root/a/b"] {
            assert_eq!(inside(&root, directory), Ok(root.join("a/b")), "{directory}");
        }
        for (directory, why) in [
            ("..", "outside this repository"),
            ("./gone", "no such file"),
            ("./a\0", "no folder of this name"),
        ] {
            assert!(inside(&root, directory).is_err_and(|words| words.contains(why)), "{directory}");
        }
        // A stream of a file, and a way upwards, where the system has them.
        for directory in ["./a:b", "./a\\..\\..\\x"] {
            let words = inside(&root, directory).expect_err("it is not there");
            assert_eq!(words.contains("no folder of this name"), cfg!(windows), "{words}");
        }
    }
}
