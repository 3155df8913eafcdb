//! Loads the guidelines of `follow`: the starter set, folders, standards and single guidelines, in the order
//! of the entries.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use semver::VersionReq;

use super::super::failure::system_words;
use super::super::project::{CONFIG, Project};
use super::super::{Failure, links};
use super::copies::{Copies, STARTER};
use super::load;
use super::settings::ProjectSettings;
use super::{FollowedGuidelines, LoadedFile};
use crate::format::Follow;
use crate::model::{GuidelineId, Problem, path_below_root};

/// Adds every guideline that `project` follows.
///
/// # Errors
/// A folder that cannot be followed, or an invalid configuration of a parent project.
pub(super) fn add_followed(followed: &mut FollowedGuidelines, project: &Project) -> Result<(), Failure> {
    let settings = ProjectSettings::new(Some(project));
    for (depth, ancestor) in project.with_ancestors()?.iter().enumerate() {
        let (copies, problems) = Copies::read(&ancestor.root);
        followed.problems.extend(problems);
        let mut problems = Vec::new();
        for entry in &ancestor.config.follow {
            match &entry.target {
                Follow::Starter => follow_starter(followed, &copies, &settings),
                Follow::Directory(directory) => match resolve_folder(&ancestor.root, directory) {
                    Ok(full) => {
                        let shown = if depth == 0 { PathBuf::from(directory) } else { full.clone() };
                        for loaded in load::read_folder(&full, &shown, &settings)? {
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
                            "name a folder inside the repository; `--guidelines` accepts any folder"
                                .to_owned(),
                        ),
                    }),
                },
                Follow::Named { id, range } => {
                    follow_named(followed, &copies, id, range.as_ref(), &settings);
                }
            }
        }
        if !problems.is_empty() {
            return Err(Failure::Problems { message: format!("{CONFIG} cannot be used"), problems });
        }
    }
    let is_known = |id: &GuidelineId| followed.known.contains_key(id) || followed.unusable.contains_key(id);
    let idle = settings.without_guideline(is_known);
    followed.notes.extend(idle.into_iter().map(|id| {
        (
            "settings-without-guideline",
            format!("[settings.\"{id}\"] has no effect: {id} is not followed here"),
        )
    }));
    Ok(())
}

/// Adds the starter set: the project's copies, or the built-in guidelines without copies.
fn follow_starter(followed: &mut FollowedGuidelines, copies: &Copies, settings: &ProjectSettings<'_>) {
    let mut ids: Vec<GuidelineId> = copies.of_source(STARTER).into_iter().map(|it| it.id.clone()).collect();
    // Copies without a lock entry count, too.
    if ids.is_empty() && copies.has_any() {
        let own = load::starter_ids().filter(|id| copies.is_own(id));
        ids.extend(own);
    }
    if ids.is_empty() {
        load::parse_starter(settings).into_iter().for_each(|loaded| followed.add_loaded(loaded, None));
        return;
    }
    ids.iter().for_each(|id| follow_copy(followed, copies, id, None, "starter", settings));
}

/// Adds the members of a standard, or a single guideline.
fn follow_named(
    followed: &mut FollowedGuidelines,
    copies: &Copies,
    id: &GuidelineId,
    range: Option<&VersionReq>,
    settings: &ProjectSettings<'_>,
) {
    let Some(standard) = copies.standard(id) else {
        return follow_copy(followed, copies, id, range, id.as_str(), settings);
    };
    match standard {
        Ok(standard) => {
            if let Some(range) = range.filter(|range| !range.matches(&standard.version)) {
                followed.notes.push((
                    "copy-out-of-range",
                    format!(
                        "the copy of the standard {id} is version {}, but {range} is followed; run `stanchion update` \
                         to get a matching version",
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

/// Adds the copy of one guideline, which `requested_by` (a standard, the starter set or its own id) requires.
fn follow_copy(
    followed: &mut FollowedGuidelines,
    copies: &Copies,
    id: &GuidelineId,
    range: Option<&VersionReq>,
    requested_by: &str,
    settings: &ProjectSettings<'_>,
) {
    let Some(loaded) = copies.guideline(id, settings) else {
        let of = if requested_by == id.as_str() { String::new() } else { format!(" (of {requested_by})") };
        let message = format!("{id}{of} is followed but has no copy; run `stanchion update` to get it");
        return followed.missing_copies.push((id.clone(), message));
    };
    if let LoadedFile::Guideline(guideline) = &loaded {
        match copies.locked(id) {
            Some(locked) if locked.sha256 != guideline.sha256 => {
                followed.edited.insert(id.clone());
            }
            Some(_) => {}
            None => followed.notes.push((
                "copy-without-lock",
                format!(
                    "{} has no entry in the lock; run `stanchion update` to find its source",
                    guideline.origin.location()
                ),
            )),
        }
        // The first entry of `follow` decides the range.
        let is_first = !followed.known.contains_key(id);
        if let Some(range) = range.filter(|range| is_first && !range.matches(&guideline.version)) {
            followed.notes.push((
                "copy-out-of-range",
                format!(
                    "the copy of {id} is version {}, but {range} is followed; run `stanchion update` to get a matching version",
                    guideline.version
                ),
            ));
        }
    }
    followed.add_loaded(loaded, Some(id));
}

/// Resolves a folder that the configuration names, which must be inside the repository.
fn resolve_folder(root: &Path, directory: &str) -> Result<PathBuf, String> {
    // Each part must be a plain name: on Windows, `g:x` is a stream of the file `g`, and `..\x` leads
    // upwards.
    let is_name = |part: &str| path_below_root(Path::new(""), part.as_bytes()).is_some();
    if !directory.split('/').all(|part| matches!(part, "" | "." | "..") || is_name(part)) {
        return Err(format!("`{directory}` cannot be followed: not a valid folder name on this system"));
    }
    let full = links::resolve_locally(root, Path::new(directory))
        .map_err(|error| format!("`{directory}` cannot be followed: {}", system_words(&error)))?;
    if full.starts_with(root) { Ok(full) } else { Err(format!("`{directory}` is outside this repository")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_inside_the_repository_are_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let base = folder.path().canonicalize().expect("its path");
        let root = base.join("root");
        std::fs::create_dir_all(root.join("a/b")).expect("a folder");
        for directory in ["./a/b", "./a//b/", "./a/../a/b", "../root/a/b"] {
            assert_eq!(resolve_folder(&root, directory), Ok(root.join("a/b")), "{directory}");
        }
        for (directory, why) in [
            ("..", "outside this repository"),
            ("./gone", "no such file"),
            ("./a\0", "not a valid folder name"),
        ] {
            assert!(resolve_folder(&root, directory).is_err_and(|words| words.contains(why)), "{directory}");
        }
        // On Windows: a stream of a file, and a path that leads upwards.
        for directory in ["./a:b", "./a\\..\\..\\x"] {
            let words = resolve_folder(&root, directory).expect_err("it is not there");
            assert_eq!(words.contains("not a valid folder name"), cfg!(windows), "{words}");
        }
    }
}
