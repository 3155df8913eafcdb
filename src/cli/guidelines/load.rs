//! Reads guideline files: from folders, single files, copies, and the built-in starter set.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::super::failure::system_words;
use super::super::{Failure, files};
use super::settings::ProjectSettings;
use crate::format;
use crate::model::{Guideline, GuidelineId, Origin, Problem, path_below_root};
use crate::text::Span;

/// Result of reading a guideline file.
pub(super) enum LoadedFile {
    Guideline(Box<Guideline>),
    Problems(Vec<Problem>),
    /// The file requires a newer version of stanchion.
    Newer(Vec<Problem>),
    /// The file is not a guideline; its name.
    Skipped(String),
}

/// Parses the built-in guidelines.
pub(super) fn parse_starter(settings: &ProjectSettings<'_>) -> Vec<LoadedFile> {
    let parse = |(name, text): (&str, &str)| parse_file(name, text, &Origin::Starter, &|_| None, settings);
    format::starter_guidelines().into_par_iter().map(parse).collect()
}

/// Reads every guideline below a folder, in order of path; `shown` is the path of the folder for messages.
pub(super) fn read_folder(
    folder: &Path,
    shown: &Path,
    settings: &ProjectSettings<'_>,
) -> Result<Vec<LoadedFile>, Failure> {
    let found = files::markdown_below(folder).map_err(|(at, error)| {
        let missing = error.kind() == std::io::ErrorKind::NotFound && at == folder;
        let at = if at == folder { shown } else { &at };
        let failure = Failure::io("list the guidelines in", at, &error);
        if missing {
            failure.with_help(
                "give a folder of guideline files, or one file; create one with `stanchion new ID`",
            )
        } else {
            failure
        }
    })?;
    let load = |path: &PathBuf| {
        let below = path.strip_prefix(folder).unwrap_or(path);
        let shown = shown.join(below).to_string_lossy().replace('\\', "/");
        let shown = shown.strip_prefix("./").unwrap_or(&shown);
        read_file(path, shown, &Origin::File(shown.to_owned()), false, settings)
    };
    // In parallel, but in order: of two guidelines with the same id, the first is used.
    Ok(found.par_iter().map(load).collect())
}

/// Reads a guideline file. A file that the user `named` is expected to be a guideline even without front
/// matter.
pub(super) fn read_file(
    path: &Path,
    shown: &str,
    origin: &Origin,
    named: bool,
    settings: &ProjectSettings<'_>,
) -> LoadedFile {
    let text = match files::read(path) {
        Ok(text) => text,
        Err(error) => return unreadable_file(shown, &error),
    };
    if !named && !starts_like_a_guideline(&text) {
        return LoadedFile::Skipped(shown.to_owned());
    }
    let folder = path.parent().unwrap_or(path);
    parse_file(shown, &text, origin, &|name: &str| read_asset(folder, name), settings)
}

/// Reads a copy; `sha256` is its published digest from the lock.
pub(super) fn read_copy(
    path: &Path,
    shown: &str,
    origin: &Origin,
    sha256: Option<&str>,
    settings: &ProjectSettings<'_>,
) -> LoadedFile {
    let text = match files::read(path) {
        Ok(text) => text,
        Err(error) => return unreadable_file(shown, &error),
    };
    let folder = path.parent().unwrap_or(path);
    let text = as_published(&text, |sha| sha256 == Some(sha));
    parse_file(shown, &text, origin, &|name: &str| read_asset(folder, name), settings)
}

fn unreadable_file(shown: &str, error: &std::io::Error) -> LoadedFile {
    let mut problem = whole_file(shown, &format!("cannot be read: {}", system_words(error)));
    let encoding = error.to_string().starts_with("not UTF-8");
    problem.help = encoding.then(|| "save the file as UTF-8".to_owned());
    LoadedFile::Problems(vec![problem])
}

/// Restores the published text of a copy, for whose digest `is_published` is true. Git may convert line
/// endings on checkout (`core.autocrlf`, which its Windows installer sets); this is not a local edit.
pub(in super::super) fn as_published(text: &str, is_published: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let is_published = |text: &str| is_published(&format::sha256_hex(text.as_bytes()));
    if text.contains('\r') && !is_published(text) {
        let plain = text.replace("\r\n", "\n");
        if is_published(&plain) {
            return Cow::Owned(plain);
        }
    }
    Cow::Borrowed(text)
}

/// Parses a guideline, and again with the project's settings if there are any for it.
fn parse_file(
    shown: &str,
    text: &str,
    origin: &Origin,
    asset: &dyn Fn(&str) -> Option<String>,
    settings: &ProjectSettings<'_>,
) -> LoadedFile {
    let classify = |problems: Vec<Problem>| {
        if format::needs_newer(&problems) {
            LoadedFile::Newer(problems)
        } else {
            LoadedFile::Problems(problems)
        }
    };
    let guideline = match format::parse_guideline(shown, text, origin.clone(), asset) {
        Ok(guideline) => guideline,
        Err(problems) => return classify(problems),
    };
    let (values, problems) = settings.values_for(&guideline);
    if !problems.is_empty() {
        // With the defaults, the guideline would not do what the project intends.
        return LoadedFile::Problems(problems);
    }
    if values.is_empty() {
        return LoadedFile::Guideline(Box::new(guideline));
    }
    match format::parse_guideline_with_settings(shown, text, origin.clone(), asset, &values) {
        Ok(guideline) => LoadedFile::Guideline(Box::new(guideline)),
        Err(problems) => classify(problems),
    }
}

/// Number of lines in which misplaced front matter may begin. Twice as many lines are searched for one of its
/// keys.
const FRONT_MATTER_LINES: usize = 20;

/// Whether a Markdown file is intended as a guideline: it begins with front matter, is empty, or has its
/// front matter too far down. The last two are reported as problems. Other Markdown files may be in the same
/// folder.
fn starts_like_a_guideline(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    if text.starts_with("---") || text.trim().is_empty() {
        return true;
    }
    // After a code fence, it is prose that quotes a guideline.
    let lines: Vec<&str> = text.lines().take(2 * FRONT_MATTER_LINES).collect();
    let prose = lines.iter().position(|line| line.starts_with("```") || line.starts_with("~~~"));
    let lines = &lines[..prose.unwrap_or(lines.len())];
    let Some(at) = lines.iter().take(FRONT_MATTER_LINES).position(|line| line.trim() == "---") else {
        return false;
    };
    lines[at..].iter().any(|line| line.starts_with("guideline:") || line.starts_with("schema:"))
}

/// Reads a file in the folder of a guideline or below it, for `assert-file`. Symbolic links are not followed,
/// and the name must not lead out of the folder.
fn read_asset(folder: &Path, name: &str) -> Option<String> {
    let inside = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    // `a//b` and `a/./b` are the same file.
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let path = path_below_root(folder, parts.join("/").as_bytes())?;
    let linked = path.ancestors().take_while(|at| *at != folder).any(Path::is_symlink);
    if inside && !linked { files::read(&path).ok() } else { None }
}

/// Ids of the starter set.
pub(super) fn starter_ids() -> impl Iterator<Item = GuidelineId> {
    format::starter_guidelines()
        .into_iter()
        .filter_map(|(name, _)| GuidelineId::new(name.strip_suffix(".md")?).ok())
}

/// A problem of a whole file.
pub(super) fn whole_file(shown: &str, message: &str) -> Problem {
    Problem {
        first_line: 1,
        file: Arc::from(shown),
        text: Arc::from(""),
        span: Span::at(0),
        message: message.to_owned(),
        label: String::new(),
        help: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_inside_the_folder_of_the_guideline() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = folder.path().join("guidelines");
        files::create(&folder.path().join("up.json"), "up").expect("written");
        files::create(&below.join("a/b.json"), "b").expect("written");
        for name in ["a/b.json", "a//b.json", "a/./b.json"] {
            assert_eq!(read_asset(&below, name).as_deref(), Some("b"), "{name}");
        }
        let up = folder.path().join("up.json");
        for name in
            ["../up.json", "a/../../up.json", &up.to_string_lossy(), "a", "", "a/b.json\0", "gone.json"]
        {
            assert_eq!(read_asset(&below, name), None, "{name}");
        }
    }
}
