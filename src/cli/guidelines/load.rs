//! Reading guideline files: from folders, one by one, and those that are built in.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::super::failure::system_words;
use super::super::{Failure, files};
use super::settings::Settings;
use crate::format;
use crate::model::{Guideline, GuidelineId, Origin, Problem, place_below};
use crate::text::Span;

/// What becomes of a guideline file.
pub(super) enum Loaded {
    Guideline(Box<Guideline>),
    Problems(Vec<Problem>),
    /// It is for a newer program.
    Newer(Vec<Problem>),
    /// It is not meant to be one; its name.
    Aside(String),
}

/// The guidelines that are built in.
pub(super) fn starter(settings: &Settings<'_>) -> Vec<Loaded> {
    let parse = |(name, text): (&str, &str)| understand(name, text, &Origin::Starter, &|_| None, settings);
    format::starter().into_par_iter().map(parse).collect()
}

/// Every guideline below a folder, in order of path; `shown` is how its name is told.
pub(super) fn folder(folder: &Path, shown: &Path, settings: &Settings<'_>) -> Result<Vec<Loaded>, Failure> {
    let found = files::markdown_below(folder).map_err(|(at, error)| {
        let missing = error.kind() == std::io::ErrorKind::NotFound && at == folder;
        let at = if at == folder { shown } else { &at };
        let failure = Failure::io("list the guidelines in", at, &error);
        if missing {
            failure.with_help("name a folder of guideline files, or one file; `stanchion new ID` writes one")
        } else {
            failure
        }
    })?;
    let load = |path: &PathBuf| {
        let below = path.strip_prefix(folder).unwrap_or(path);
        let shown = shown.join(below).to_string_lossy().replace('\\', "/");
        let shown = shown.strip_prefix("./").unwrap_or(&shown);
        file(path, shown, &Origin::File(shown.to_owned()), false, settings)
    };
    // Side by side, but taken in order: of two with one id the first is used.
    Ok(found.par_iter().map(load).collect())
}

/// Reads a guideline file. Only a file that was `named` is expected to be a guideline whatever it begins
/// with.
pub(super) fn file(
    path: &Path,
    shown: &str,
    origin: &Origin,
    named: bool,
    settings: &Settings<'_>,
) -> Loaded {
    let text = match files::read(path) {
        Ok(text) => text,
        Err(error) => return unreadable(shown, &error),
    };
    if !named && !starts_like_a_guideline(&text) {
        return Loaded::Aside(shown.to_owned());
    }
    let folder = path.parent().unwrap_or(path);
    understand(shown, &text, origin, &|name: &str| asset(folder, name), settings)
}

/// Reads a copy, of which the lock says that it was published with this digest.
pub(super) fn copy(
    path: &Path,
    shown: &str,
    origin: &Origin,
    sha256: Option<&str>,
    settings: &Settings<'_>,
) -> Loaded {
    let text = match files::read(path) {
        Ok(text) => text,
        Err(error) => return unreadable(shown, &error),
    };
    let folder = path.parent().unwrap_or(path);
    let text = as_published(&text, |sha| sha256 == Some(sha));
    understand(shown, &text, origin, &|name: &str| asset(folder, name), settings)
}

fn unreadable(shown: &str, error: &std::io::Error) -> Loaded {
    let mut problem = whole_file(shown, &format!("cannot be read: {}", system_words(error)));
    let encoding = error.to_string().starts_with("not UTF-8");
    problem.help = encoding.then(|| "save the file as UTF-8".to_owned());
    Loaded::Problems(vec![problem])
}

/// The text of a copy as it was published, with a digest of which this is true. Git writes other line ends where it is
/// told to (`core.autocrlf`, which its installer for Windows sets); nobody edited the copy then.
pub(in super::super) fn as_published(text: &str, is_published: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let is_published = |text: &str| is_published(&format::digest(text.as_bytes()));
    if text.contains('\r') && !is_published(text) {
        let plain = text.replace("\r\n", "\n");
        if is_published(&plain) {
            return Cow::Owned(plain);
        }
    }
    Cow::Borrowed(text)
}

/// Parses a guideline, and once more with the repository's settings if it has some for it.
fn understand(
    shown: &str,
    text: &str,
    origin: &Origin,
    asset: &dyn Fn(&str) -> Option<String>,
    settings: &Settings<'_>,
) -> Loaded {
    let sorted = |problems: Vec<Problem>| {
        if format::needs_newer(&problems) { Loaded::Newer(problems) } else { Loaded::Problems(problems) }
    };
    let guideline = match format::parse(shown, text, origin.clone(), asset) {
        Ok(guideline) => guideline,
        Err(problems) => return sorted(problems),
    };
    let (values, slips) = settings.of(&guideline);
    if !slips.is_empty() {
        // With the defaults it would say something that nobody meant.
        return Loaded::Problems(slips);
    }
    if values.is_empty() {
        return Loaded::Guideline(Box::new(guideline));
    }
    match format::parse_with(shown, text, origin.clone(), asset, &values) {
        Ok(guideline) => Loaded::Guideline(Box::new(guideline)),
        Err(problems) => sorted(problems),
    }
}

/// Lines in which front matter that is meant begins, and in which it shows that it is one.
const BEGINNING: usize = 20;

/// Other Markdown may lie beside guidelines. What begins with front matter is meant to be one; so is an
/// empty file, which is no prose either, and one whose front matter stands too low to be used: their
/// authors hear about it.
fn starts_like_a_guideline(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    if text.starts_with("---") || text.trim().is_empty() {
        return true;
    }
    // Behind a code fence it is prose that shows a guideline.
    let lines: Vec<&str> = text.lines().take(2 * BEGINNING).collect();
    let prose = lines.iter().position(|line| line.starts_with("```") || line.starts_with("~~~"));
    let lines = &lines[..prose.unwrap_or(lines.len())];
    let Some(at) = lines.iter().take(BEGINNING).position(|line| line.trim() == "---") else { return false };
    lines[at..].iter().any(|line| line.starts_with("guideline:") || line.starts_with("schema:"))
}

/// A file beside a guideline or below it, for `assert-file`. Links are not followed, and a name cannot
/// lead out of the folder.
fn asset(folder: &Path, name: &str) -> Option<String> {
    let inside = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    // Written as `a//b` or `a/./b`, it is the same file.
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let path = place_below(folder, parts.join("/").as_bytes())?;
    let linked = path.ancestors().take_while(|at| *at != folder).any(Path::is_symlink);
    if inside && !linked { files::read(&path).ok() } else { None }
}

/// The ids of the starter set.
pub(super) fn starter_ids() -> impl Iterator<Item = GuidelineId> {
    format::starter().into_iter().filter_map(|(name, _)| GuidelineId::new(name.strip_suffix(".md")?).ok())
}

/// A problem of a file as a whole.
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
    fn what_is_taken_from_beside_a_guideline_is_below_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = folder.path().join("guidelines");
        files::create(&folder.path().join("up.json"), "up").expect("written");
        files::create(&below.join("a/b.json"), "b").expect("written");
        for name in ["a/b.json", "a//b.json", "a/./b.json"] {
            assert_eq!(asset(&below, name).as_deref(), Some("b"), "{name}");
        }
        let up = folder.path().join("up.json");
        for name in
            ["../up.json", "a/../../up.json", &up.to_string_lossy(), "a", "", "a/b.json\0", "gone.json"]
        {
            assert_eq!(asset(&below, name), None, "{name}");
        }
    }
}
