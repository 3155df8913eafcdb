//! Which guidelines are followed here, read and ready. One broken file never hides the others.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::failure::system_words;
use super::shell::quote;
use super::{Failure, files, suggest};
use crate::engine::{PlanProblem, problems_of_guideline};
use crate::format::{self, Follow};
use crate::model::{Guideline, GuidelineId, NotAssessed, Note, Origin, Outcome, Problem, Reason};
use crate::report::escape::escape;
use crate::report::{HumanStyle, Role, wrap};
use crate::text::Span;

/// The configuration of a repository, at its root.
pub(super) const CONFIG: &str = "stanchion.toml";

/// What is followed.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// Usable guidelines in order of id; of two with the same id, the one that was followed first.
    pub(super) guidelines: Vec<Arc<Guideline>>,
    /// What is wrong in the other files.
    pub(super) problems: Vec<Problem>,
    /// Files that are not wrong, but for a newer stanchion.
    pub(super) newer: Vec<Problem>,
    /// Markdown beside the guidelines that is not meant to be one.
    pub(super) aside: Vec<String>,
    /// Guidelines that are not used because another with their id is.
    pub(super) doubles: Vec<Double>,
    /// The guidelines by id.
    known: HashMap<GuidelineId, Arc<Guideline>>,
    /// What `--guidelines` named, as it was written; nothing for what the repository follows.
    folders: Vec<PathBuf>,
}

/// A guideline whose id another one has, which was followed first and is used.
#[derive(Debug)]
pub(super) struct Double {
    /// The one that is used.
    first: Arc<Guideline>,
    /// The other one.
    pub(super) other: Arc<Guideline>,
}

impl Double {
    fn message(&self) -> String {
        let Self { first, other } = self;
        format!(
            "{} is followed twice: {} {} is used, {} {} is not",
            first.id,
            first.version,
            first.origin.words(),
            other.version,
            other.origin.words()
        )
    }

    /// The same as a problem in the other's file. A file may take the place of a starter guideline, or be
    /// behind one: that is none.
    pub(super) fn problem(&self) -> Option<Problem> {
        let (Origin::File(first), Origin::File(other)) = (&self.first.origin, &self.other.origin) else {
            return None;
        };
        let text = &self.other.text;
        let id = self.other.id.as_str();
        let at = text.find("guideline:").and_then(|key| text[key..].find(id).map(|at| key + at));
        Some(Problem {
            file: Arc::from(other.as_str()),
            text: Arc::clone(text),
            span: at.map_or(Span::at(0), |at| Span::new(at, at + id.len())),
            message: format!("{first} has this id too, and is used instead of this file"),
            label: "the same id".to_owned(),
            help: Some("give one of them another id, or remove it".to_owned()),
        })
    }
}

impl Followed {
    /// Notes that are worth saying wherever guidelines are shown: all, or those about one id. Each ends
    /// with a line end, the first is set apart by an empty line; nothing when there is none.
    pub(super) fn notes_about(&self, id: Option<&GuidelineId>, style: &HumanStyle) -> String {
        let wanted = |double: &&Double| id.is_none_or(|id| *id == double.other.id);
        let mut messages: Vec<String> = self.doubles.iter().filter(wanted).map(Double::message).collect();
        if id.is_none() {
            messages.extend(self.left_out());
        }
        let label = style.paint().text(Role::Note, "note:");
        let lines =
            messages.iter().map(|it| wrap(style.width, "", "      ", &format!("{label} {}", escape(it))));
        let lines: String = lines.collect();
        if lines.is_empty() { lines } else { format!("\n{lines}") }
    }

    /// That Markdown was left out, if any was.
    pub(super) fn left_out(&self) -> Option<String> {
        let (first, rest) = self.aside.split_first()?;
        Some(match rest {
            [] => format!("{first} does not begin with front matter and was left out"),
            _ => format!(
                "{} Markdown files do not begin with front matter and were left out, for example {first}",
                self.aside.len()
            ),
        })
    }

    /// Adds to an outcome what could not be used, so that nothing is left out in silence.
    pub(super) fn complete(mut self, outcome: &mut Outcome, found: &[PlanProblem]) {
        let files = self.problems.iter().chain(&self.newer);
        outcome.not_assessed.extend(files.map(|problem| NotAssessed {
            path: None,
            guideline: None,
            check: None,
            reason: Reason::Guideline,
            detail: format!("{}: {}", problem.file, problem.message),
        }));
        outcome.not_assessed.sort();
        outcome.problems.splice(0..0, std::mem::take(&mut self.problems));
        outcome.problems.extend(found.iter().filter_map(|found| {
            let guideline = &outcome.guidelines.get(found.guideline)?.guideline;
            Some(in_its_file(guideline, found.clone()))
        }));
        let note = |code: &str, message| Note { code: code.to_owned(), message };
        outcome.notes.extend(self.doubles.iter().map(|it| note("guideline-twice", it.message())));
        // Prose beside guidelines is no news at each run, but without any guideline it may be the reason.
        if self.guidelines.is_empty() {
            outcome.notes.extend(self.left_out().map(|message| note("no-front-matter", message)));
        }
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
        let named: String =
            self.folders.iter().map(|folder| format!(" --guidelines {}", quote(folder))).collect();
        let failure = Failure::new(match self.folders.as_slice() {
            [] => format!("no guideline `{id}` is followed here"),
            folders => {
                let folders: Vec<_> = folders.iter().map(|it| it.display().to_string()).collect();
                format!("no guideline `{id}` is in {}", folders.join(" or "))
            }
        });
        let mut help = match near.as_slice() {
            [] => format!("`stanchion list{named}` shows those that are"),
            near => format!("did you mean {}? `stanchion list{named}` shows all", near.join(" or ")),
        };
        if !self.problems.is_empty() || !self.newer.is_empty() {
            help.push_str(", and why some guideline files cannot be used");
        }
        Err(failure.with_help(help))
    }

    fn add_starter(&mut self) {
        let parse = |(name, text): (&str, &str)| format::parse(name, text, Origin::Starter, &|_| None);
        let parsed: Vec<_> = format::starter().into_par_iter().map(parse).collect();
        for parsed in parsed {
            match parsed {
                Ok(guideline) => self.add(Arc::new(guideline)),
                Err(problems) => self.problems.extend(problems),
            }
        }
    }

    fn add(&mut self, guideline: Arc<Guideline>) {
        match self.known.entry(guideline.id.clone()) {
            Entry::Occupied(first) if first.get().sha256 != guideline.sha256 => {
                self.doubles.push(Double { first: Arc::clone(first.get()), other: guideline });
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(place) => {
                place.insert(Arc::clone(&guideline));
                self.guidelines.push(guideline);
            }
        }
    }

    /// Adds what became of a guideline file.
    fn add_loaded(&mut self, loaded: Loaded) {
        match loaded {
            Loaded::Guideline(guideline) => self.add(Arc::new(*guideline)),
            Loaded::Problems(problems) => self.problems.extend(problems),
            Loaded::Newer(problems) => self.newer.extend(problems),
            Loaded::Aside(shown) => self.aside.push(shown),
        }
    }

    /// Adds every guideline below a folder.
    fn add_folder(&mut self, folder: &Path, shown: &Path) -> Result<(), Failure> {
        let found = files::markdown_below(folder).map_err(|(at, error)| {
            let missing = error.kind() == std::io::ErrorKind::NotFound && at == folder;
            let at = if at == folder { shown } else { &at };
            let failure = Failure::io("list the guidelines in", at, &error);
            if missing {
                failure
                    .with_help("name a folder of guideline files, or one file; `stanchion new ID` writes one")
            } else {
                failure
            }
        })?;
        let load = |path: &PathBuf| {
            let below = path.strip_prefix(folder).unwrap_or(path);
            let shown = shown.join(below).to_string_lossy().replace('\\', "/");
            load_file(path, shown.strip_prefix("./").unwrap_or(&shown), false)
        };
        // Side by side, but taken in order: of two with one id the first is used.
        let loaded: Vec<Loaded> = found.par_iter().map(load).collect();
        loaded.into_iter().for_each(|loaded| self.add_loaded(loaded));
        Ok(())
    }
}

/// What becomes of a guideline file.
enum Loaded {
    Guideline(Box<Guideline>),
    Problems(Vec<Problem>),
    /// It is for a newer program.
    Newer(Vec<Problem>),
    /// It is not meant to be one; its name.
    Aside(String),
}

/// Reads a guideline file. Only a file that was `named` is expected to be a guideline whatever it begins
/// with.
fn load_file(path: &Path, shown: &str, named: bool) -> Loaded {
    let text = match files::read(path) {
        Ok(text) => text,
        Err(error) => {
            let mut problem = whole_file(shown, &format!("cannot be read: {}", system_words(&error)));
            let encoding = error.to_string().starts_with("not UTF-8");
            problem.help = encoding.then(|| "save the file as UTF-8".to_owned());
            return Loaded::Problems(vec![problem]);
        }
    };
    if !named && !starts_like_a_guideline(&text) {
        return Loaded::Aside(shown.to_owned());
    }
    let folder = path.parent().unwrap_or(path);
    let asset = |name: &str| asset(folder, name);
    match format::parse(shown, &text, Origin::File(shown.to_owned()), &asset) {
        Ok(guideline) => Loaded::Guideline(Box::new(guideline)),
        Err(problems) if format::needs_newer(&problems) => Loaded::Newer(problems),
        Err(problems) => Loaded::Problems(problems),
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

/// What is wrong in the checks and conditions of a guideline, each pointing at the text.
pub(super) fn compile_problems(guideline: &Arc<Guideline>, worker: Option<&Path>) -> Vec<Problem> {
    let found = problems_of_guideline(guideline, worker);
    found.into_iter().map(|found| in_its_file(guideline, found)).collect()
}

/// A problem of `guideline`, pointing at the text.
fn in_its_file(guideline: &Guideline, found: PlanProblem) -> Problem {
    let PlanProblem { check, problem, .. } = found;
    match check {
        Some(check) => format::problem(guideline, check, &problem.at, problem.message, problem.help),
        None => Problem {
            file: Arc::from(guideline.origin.words()),
            text: Arc::clone(&guideline.text),
            span: format::locate(&guideline.text, &problem.at),
            message: problem.message,
            label: "here".to_owned(),
            help: problem.help,
        },
    }
}

/// A file beside a guideline or below it, for `assert-file`. Links are not followed, and a name cannot
/// lead out of the folder.
fn asset(folder: &Path, name: &str) -> Option<String> {
    let inside = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    let path = folder.join(name);
    let linked = path.ancestors().take_while(|at| *at != folder).any(Path::is_symlink);
    if inside && !linked { files::read(&path).ok() } else { None }
}

/// Loads what is followed: `folders` if there are any, else what `stanchion.toml` at `root` says, else
/// the starter guidelines.
///
/// # Errors
/// A folder that cannot be listed, a configuration that cannot be used.
pub(super) fn load(root: &Path, base: &Path, folders: &[PathBuf]) -> Result<Followed, Failure> {
    let mut followed = Followed { folders: folders.to_vec(), ..Followed::default() };
    if folders.is_empty() {
        follow_configuration(&mut followed, root)?;
    }
    for folder in folders {
        let full = base.join(folder);
        if full.is_file() {
            followed.add_loaded(load_file(&full, &folder.to_string_lossy(), true));
        } else {
            followed.add_folder(&full, folder)?;
        }
    }
    followed.guidelines.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(followed)
}

fn follow_configuration(followed: &mut Followed, root: &Path) -> Result<(), Failure> {
    let path = root.join(CONFIG);
    // What a problem shows of the file must be the repository's own.
    if path.is_symlink() && !path.canonicalize().is_ok_and(|target| target.starts_with(root)) {
        let message = format!("{CONFIG} is a link that leads out of this repository, and is not read");
        return Err(Failure::new(message).with_help("put the file itself there"));
    }
    let text = match files::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            followed.add_starter();
            return Ok(());
        }
        Err(error) => return Err(Failure::io("read", &path, &error)),
    };
    // Nobody sees a byte order mark; places below count without it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let unusable = |problems| Failure::Problems { what: format!("{CONFIG} cannot be used"), problems };
    let config = format::parse_config(CONFIG, text).map_err(unusable)?;
    let mut problems = Vec::new();
    for entry in &config.follow {
        let directory = match &entry.what {
            Follow::Starter => {
                followed.add_starter();
                continue;
            }
            Follow::Directory(directory) => directory,
        };
        match inside(root, directory) {
            Ok(full) => followed.add_folder(&full, Path::new(directory))?,
            Err(message) => problems.push(Problem {
                file: Arc::from(CONFIG),
                text: Arc::from(text),
                span: entry.span,
                message,
                label: "followed here".to_owned(),
                help: Some("name a folder inside the repository; `--guidelines` takes any".to_owned()),
            }),
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(unusable(problems)) }
}

/// A folder that the configuration names, which must lie inside the repository.
fn inside(root: &Path, directory: &str) -> Result<PathBuf, String> {
    let full = root
        .join(directory)
        .canonicalize()
        .map_err(|error| format!("`{directory}` cannot be followed: {}", system_words(&error)))?;
    if full.starts_with(root) { Ok(full) } else { Err(format!("`{directory}` is outside this repository")) }
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
