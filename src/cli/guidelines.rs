//! Which guidelines are followed here, read and ready. One broken file never hides the others.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::failure::system_words;
use super::pending::format;
use super::{Failure, files, suggest};
use crate::model::{Guideline, NotAssessed, Note, Origin, Outcome, Problem, Reason};
use crate::text::Span;

/// The configuration of a repository, at its root.
pub(super) const CONFIG: &str = "stanchion.toml";
/// Where a repository keeps its own copies.
const COPIES: &str = ".stanchion/guidelines";

/// What is followed.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// Usable guidelines in order of id; of two with the same id, the one that was followed first.
    pub(super) guidelines: Vec<Arc<Guideline>>,
    /// What is wrong in the other files.
    pub(super) problems: Vec<Problem>,
    /// What else is worth saying.
    notes: Vec<Note>,
}

impl Followed {
    /// Adds to an outcome what could not be used, so that nothing is left out in silence.
    pub(super) fn complete(self, outcome: &mut Outcome) {
        outcome.not_assessed.extend(self.problems.iter().map(|problem| NotAssessed {
            path: None,
            guideline: None,
            check: None,
            reason: Reason::Guideline,
            detail: format!("{}: {}", problem.file, problem.message),
        }));
        outcome.not_assessed.sort();
        outcome.problems.splice(0..0, self.problems);
        outcome.notes.extend(self.notes);
    }

    /// The guideline with this id.
    ///
    /// # Errors
    /// When there is none; advice names those with a similar id.
    pub(super) fn get(&self, id: &str) -> Result<&Arc<Guideline>, Failure> {
        if let Some(found) = self.guidelines.iter().find(|guideline| guideline.id.as_str() == id) {
            return Ok(found);
        }
        let ids = self.guidelines.iter().map(|guideline| guideline.id.as_str());
        let near = suggest::near(id, ids);
        let failure = Failure::new(format!("no guideline `{id}` is followed here"));
        Err(failure.with_help(match near.as_slice() {
            [] => "`stanchion list` shows those that are".to_owned(),
            near => format!("did you mean {}? `stanchion list` shows all", near.join(" or ")),
        }))
    }

    fn add_starter(&mut self) {
        for guideline in format::starter() {
            self.add(guideline);
        }
    }

    fn add(&mut self, guideline: Arc<Guideline>) {
        if let Some(first) = self.guidelines.iter().find(|other| other.id == guideline.id) {
            if first.sha256 != guideline.sha256 {
                self.notes.push(Note {
                    code: "guideline-twice".to_owned(),
                    message: format!(
                        "{} is followed twice: {} {} is used, {} {} is not",
                        guideline.id,
                        first.version,
                        first.origin.words(),
                        guideline.version,
                        guideline.origin.words()
                    ),
                });
            }
            return;
        }
        self.guidelines.push(guideline);
    }

    /// Adds a guideline file; one that cannot be used becomes problems.
    fn add_file(&mut self, path: &Path, shown: &str) {
        match files::read(path) {
            Err(error) => {
                self.problems.push(whole_file(shown, &format!("cannot be read: {}", system_words(&error))));
            }
            Ok(text) if !starts_like_a_guideline(&text) => {}
            Ok(text) => {
                let folder = path.parent().unwrap_or(path);
                let asset = |name: &str| asset(folder, name);
                match format::parse(shown, &text, Origin::File(shown.to_owned()), &asset) {
                    Ok(guideline) => self.add(Arc::new(guideline)),
                    Err(problems) => self.problems.extend(problems),
                }
            }
        }
    }

    /// Adds every guideline below a folder.
    fn add_folder(&mut self, folder: &Path, shown: &Path) -> Result<(), Failure> {
        let found = files::markdown_below(folder)
            .map_err(|(at, error)| Failure::io("list the guidelines in", &at, &error))?;
        for path in found {
            let below = path.strip_prefix(folder).unwrap_or(&path);
            let shown = shown.join(below).to_string_lossy().replace('\\', "/");
            self.add_file(&path, shown.strip_prefix("./").unwrap_or(&shown));
        }
        Ok(())
    }
}

/// Other Markdown may lie beside guidelines; only what begins with front matter is meant to be one.
fn starts_like_a_guideline(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').starts_with("---")
}

/// A file beside a guideline: its name may not lead out of the folder.
fn asset(folder: &Path, name: &str) -> Result<String, String> {
    let inside = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if !inside {
        return Err("must lie beside the guideline or below it".to_owned());
    }
    let path = folder.join(name);
    let linked = path.ancestors().take_while(|at| *at != folder).any(Path::is_symlink);
    if linked {
        return Err("is a link, and links are not followed".to_owned());
    }
    files::read(&path).map_err(|error| system_words(&error))
}

/// Loads what is followed: `folders` if there are any, else what `stanchion.toml` at `root` says, else
/// the starter guidelines.
///
/// # Errors
/// A folder that cannot be listed, a configuration that cannot be used.
pub(super) fn load(root: &Path, base: &Path, folders: &[PathBuf]) -> Result<Followed, Failure> {
    let mut followed = Followed::default();
    if folders.is_empty() {
        follow_configuration(&mut followed, root)?;
    }
    for folder in folders {
        let full = base.join(folder);
        if full.is_file() {
            followed.add_file(&full, &folder.to_string_lossy());
        } else {
            followed.add_folder(&full, folder)?;
        }
    }
    followed.guidelines.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(followed)
}

fn follow_configuration(followed: &mut Followed, root: &Path) -> Result<(), Failure> {
    let path = root.join(CONFIG);
    let text = match files::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            followed.add_starter();
            return Ok(());
        }
        Err(error) => return Err(Failure::io("read", &path, &error)),
    };
    let config = format::parse_config(CONFIG, &text)
        .map_err(|problems| Failure::Problems { what: format!("{CONFIG} cannot be used"), problems })?;
    let mut seen = BTreeSet::new();
    for entry in config.follow.iter().filter(|entry| seen.insert(entry.as_str())) {
        follow(followed, root, entry, &text)?;
    }
    Ok(())
}

/// One entry of `follow`: `starter`, a folder (`./guidelines`), or the id of a copy (`acme/logs@2`).
fn follow(followed: &mut Followed, root: &Path, entry: &str, config: &str) -> Result<(), Failure> {
    if entry == "starter" {
        followed.add_starter();
        return Ok(());
    }
    if entry.starts_with('.') || entry.starts_with('/') {
        let shown = Path::new(entry);
        let inside = root.join(shown).canonicalize().map_err(|error| Failure::io("follow", shown, &error));
        let inside = inside.map_err(|failure| failure.with_help(format!("`follow` in {CONFIG} names it")))?;
        if !inside.starts_with(root) {
            return Err(Failure::new(format!("{entry} is outside this repository")).with_help(format!(
                "`follow` in {CONFIG} may name folders inside it; `--guidelines` takes any"
            )));
        }
        return followed.add_folder(&inside, shown);
    }
    let id = entry.split_once('@').map_or(entry, |parts| parts.0);
    let shown = format!("{COPIES}/{id}.md");
    let path = root.join(&shown);
    let plain = id.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.contains('\\'));
    if plain && path.is_file() && path.canonicalize().is_ok_and(|full| full.starts_with(root)) {
        followed.add_file(&path, &shown);
        return Ok(());
    }
    let at = config.find(entry).unwrap_or(0);
    followed.problems.push(Problem {
        file: Arc::from(CONFIG),
        text: Arc::from(config),
        span: Span::new(at, if at == 0 { 0 } else { at + entry.len() }),
        message: format!("there is no copy of `{id}` in this repository"),
        label: "followed here".to_owned(),
        help: Some(format!("put its file at {shown}, or follow a folder such as \"./guidelines\"")),
    });
    Ok(())
}

fn whole_file(shown: &str, message: &str) -> Problem {
    Problem {
        file: Arc::from(shown),
        text: Arc::from(""),
        span: Span::at(0),
        message: message.to_owned(),
        label: String::new(),
        help: None,
    }
}
