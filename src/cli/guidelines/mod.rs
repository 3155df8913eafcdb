//! Loads the guidelines that a project follows. An invalid file does not affect the others.

mod copies;
mod follow;
mod load;
mod settings;
mod unused;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::project::Project;
use super::shell::quote;
use super::{Failure, suggest};
use crate::engine::{PlanProblem, problems_of_guideline};
use crate::format;
use crate::model::{Guideline, GuidelineId, NotAssessed, Note, Origin, Outcome, Problem, Reason};
use crate::report::escape::escape;
use crate::report::{HumanStyle, Role, wrap};
pub(super) use copies::{Copies, LOCK, STARTER, is_plain};
use load::LoadedFile;
pub(super) use load::as_published;
use settings::ProjectSettings;
pub(super) use unused::DuplicateId;
use unused::GuidelineConflict;

/// The loaded guidelines of a project, or of the folders of `--guidelines`.
#[derive(Debug, Default)]
pub(super) struct FollowedGuidelines {
    /// The project; `None` with `--guidelines`.
    pub(super) project: Option<Project>,
    /// Valid guidelines in order of id; of two with the same id, the one that is followed first.
    pub(super) guidelines: Vec<Arc<Guideline>>,
    /// Problems of invalid files.
    pub(super) problems: Vec<Problem>,
    /// Files that require a newer version of stanchion.
    pub(super) newer: Vec<Problem>,
    /// Markdown files without front matter, which are not guidelines.
    pub(super) skipped: Vec<String>,
    /// Guidelines that are not used because of a duplicate id.
    pub(super) duplicates: Vec<DuplicateId>,
    /// Guidelines that are not used because they conflict with one that is followed earlier.
    pub(super) conflicts: Vec<GuidelineConflict>,
    /// Guidelines whose copy has local edits: its digest differs from the lock.
    pub(super) edited: BTreeSet<GuidelineId>,
    /// Guidelines that are followed by name but have no copy: id and message.
    pub(super) missing_copies: Vec<(GuidelineId, String)>,
    /// Other notes: code and message.
    pub(super) notes: Vec<(&'static str, String)>,
    /// Guidelines by id, with their position in the order of `follow`.
    known: HashMap<GuidelineId, (usize, Arc<Guideline>)>,
    /// Guidelines whose file is invalid, with the file and its first problem.
    unusable: BTreeMap<GuidelineId, String>,
    /// Folders of `--guidelines` as given; empty without the option.
    folders: Vec<PathBuf>,
}

impl FollowedGuidelines {
    /// The given guidelines, in order of id, of `project`.
    pub(super) fn of(project: Project, guidelines: Vec<Arc<Guideline>>) -> Self {
        Self { project: Some(project), guidelines, ..Self::default() }
    }

    /// Renders the notes, or those about one id, for commands that show guidelines. The result begins with an
    /// empty line and ends with a line ending; it is empty without notes.
    pub(super) fn notes_about(&self, id: Option<&GuidelineId>, style: &HumanStyle) -> String {
        let wanted = |other: &GuidelineId| id.is_none_or(|id| id == other);
        let duplicates = self.duplicates.iter().filter(|it| wanted(&it.other.id)).map(DuplicateId::message);
        let conflicts =
            self.conflicts.iter().filter(|it| wanted(&it.other.id)).map(GuidelineConflict::message);
        let edited = self.edited.iter().filter(|it| wanted(it)).map(|id| {
            format!("{id} has local edits (differs from the published text); `stanchion update` keeps them")
        });
        let mut messages: Vec<String> = duplicates.chain(conflicts).chain(edited).collect();
        if id.is_none() {
            messages.extend(self.missing_copies.iter().map(|(_, message)| message.clone()));
            messages.extend(self.notes.iter().map(|(_, message)| message.clone()));
            messages.extend(self.skipped_note());
        }
        let label = style.paint().text(Role::Note, "note:");
        let lines =
            messages.iter().map(|it| wrap(style.width, "", "      ", &format!("{label} {}", escape(it))));
        let lines: String = lines.collect();
        if lines.is_empty() { lines } else { format!("\n{lines}") }
    }

    /// The note about Markdown files without front matter, if there are any.
    pub(super) fn skipped_note(&self) -> Option<String> {
        let (first, rest) = self.skipped.split_first()?;
        Some(match rest {
            [] => format!("{first} does not begin with front matter and was skipped"),
            _ => format!(
                "{} Markdown files do not begin with front matter and were skipped, for example {first}",
                self.skipped.len()
            ),
        })
    }

    /// The reason why the guideline `id` is not among the valid ones, as a clause.
    pub(super) fn reason_absent(&self, id: &GuidelineId) -> String {
        if let Some(conflict) = self.conflicts.iter().find(|conflict| conflict.other.id == *id) {
            return format!("it conflicts with {}, which is followed earlier", conflict.first.id);
        }
        if let Some(file) = self.unusable.get(id) {
            return format!("its file cannot be used: {file}");
        }
        if self.missing_copies.iter().any(|(absent, _)| absent == id) {
            return "it has no copy; run `stanchion update` to get it".to_owned();
        }
        "it is not followed here; correct its name, follow it, or withdraw the promise".to_owned()
    }

    /// Adds problems, notes and invalid files to the outcome, so that every omission is reported.
    pub(super) fn add_to_outcome(&self, outcome: &mut Outcome, found: &[PlanProblem]) {
        let files = self.problems.iter().chain(&self.newer);
        outcome.not_assessed.extend(files.map(|problem| NotAssessed {
            path: None,
            guideline: None,
            check: None,
            reason: Reason::Guideline,
            detail: format!("{}: {}", problem.file, problem.message),
        }));
        outcome.not_assessed.sort();
        outcome.problems.splice(0..0, self.problems.iter().cloned());
        outcome.problems.extend(found.iter().filter_map(|found| {
            let guideline = &outcome.guidelines.get(found.guideline)?.guideline;
            Some(locate_problem(guideline, found.clone()))
        }));
        for entry in &mut outcome.guidelines {
            entry.edited = self.edited.contains(&entry.guideline.id);
        }
        let note = |code: &str, message| Note { code: code.to_owned(), message };
        outcome.notes.extend(self.duplicates.iter().map(|it| note("guideline-twice", it.message())));
        outcome.notes.extend(self.conflicts.iter().map(|it| note("guidelines-in-conflict", it.message())));
        if !self.edited.is_empty() {
            let ids: Vec<&str> = self.edited.iter().map(GuidelineId::as_str).collect();
            let message = format!("local edits (differs from the published text): {}", ids.join(", "));
            outcome.notes.push(note("guidelines-edited", message));
        }
        outcome.notes.extend(self.missing_copies.iter().map(|(_, message)| note("no-copy", message.clone())));
        outcome.notes.extend(self.notes.iter().map(|(code, message)| note(code, message.clone())));
        // Skipped Markdown is only reported without any guideline, when it may be the cause.
        if self.guidelines.is_empty() {
            outcome.notes.extend(self.skipped_note().map(|message| note("no-front-matter", message)));
        }
    }

    /// Finds the guideline with this id.
    ///
    /// # Errors
    /// There is none; the advice lists similar ids.
    pub(super) fn get(&self, id: &str) -> Result<&Arc<Guideline>, Failure> {
        if let Some(found) = self.guidelines.iter().find(|guideline| guideline.id.as_str() == id) {
            return Ok(found);
        }
        let ids = self.guidelines.iter().map(|guideline| guideline.id.as_str());
        let near = suggest::similar_names(id, ids);
        let named: String =
            self.folders.iter().map(|folder| format!(" --guidelines {}", quote(folder))).collect();
        let failure = Failure::new(match self.folders.as_slice() {
            [] => format!("no guideline `{id}` is followed here"),
            folders => {
                let folders: Vec<_> = folders.iter().map(|it| it.display().to_string()).collect();
                format!("no guideline `{id}` in {}", folders.join(" or "))
            }
        });
        let mut help = match near.as_slice() {
            [] => format!("`stanchion list{named}` shows the available guidelines"),
            near => format!("did you mean {}? `stanchion list{named}` shows all", near.join(" or ")),
        };
        if !self.problems.is_empty() || !self.newer.is_empty() {
            help.push_str(", and the problems of invalid files");
        }
        Err(failure.with_help(help))
    }

    fn add_guideline(&mut self, guideline: Arc<Guideline>) {
        let place = self.known.len();
        match self.known.entry(guideline.id.clone()) {
            Entry::Occupied(first) if first.get().1.sha256 != guideline.sha256 => {
                self.duplicates.push(DuplicateId { first: Arc::clone(&first.get().1), other: guideline });
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(vacant) => {
                vacant.insert((place, Arc::clone(&guideline)));
                self.guidelines.push(guideline);
            }
        }
    }

    /// Adds the result of reading a file; `id` is its expected id, if it is known.
    fn add_loaded(&mut self, loaded: LoadedFile, id: Option<&GuidelineId>) {
        let problems = match loaded {
            LoadedFile::Guideline(guideline) => return self.add_guideline(Arc::new(*guideline)),
            LoadedFile::Skipped(shown) => return self.skipped.push(shown),
            LoadedFile::Problems(problems) => {
                self.problems.extend(problems.iter().cloned());
                problems
            }
            LoadedFile::Newer(problems) => {
                self.newer.extend(problems.iter().cloned());
                problems
            }
        };
        let Some(first) = problems.first() else { return };
        if let Some(id) = id.cloned().or_else(|| claimed_id(&first.text)) {
            self.unusable.entry(id).or_insert_with(|| format!("{}: {}", first.file, first.message));
        }
    }

    /// Removes guidelines that conflict with an earlier one, and sorts the others by id.
    fn remove_conflicts(&mut self) {
        let mut in_order: Vec<(usize, Arc<Guideline>)> = self.known.drain().map(|(_, known)| known).collect();
        in_order.sort_by_key(|(place, _)| *place);
        let mut kept: Vec<Arc<Guideline>> = Vec::with_capacity(in_order.len());
        let contradicts = |a: &Guideline, b: &Guideline| {
            a.conflicts_with.contains(&b.id) || b.conflicts_with.contains(&a.id)
        };
        let any = in_order.iter().any(|(_, guideline)| !guideline.conflicts_with.is_empty());
        for (_, guideline) in in_order {
            match kept.iter().find(|first| any && contradicts(first, &guideline)) {
                Some(first) => {
                    self.conflicts.push(GuidelineConflict { first: Arc::clone(first), other: guideline });
                }
                None => kept.push(guideline),
            }
        }
        kept.sort_by(|a, b| a.id.cmp(&b.id));
        self.guidelines = kept;
    }
}

/// The id in the front matter of an invalid file.
fn claimed_id(text: &str) -> Option<GuidelineId> {
    let line = text.lines().take(200).find_map(|line| line.strip_prefix("guideline:"))?;
    GuidelineId::new(line.split('#').next()?.trim().trim_matches(['"', '\''])).ok()
}

/// Problems in the checks and conditions of a guideline, with their location in its file.
pub(super) fn compile_problems(guideline: &Arc<Guideline>, worker: Option<&Path>) -> Vec<Problem> {
    let found = problems_of_guideline(guideline, worker);
    found.into_iter().map(|found| locate_problem(guideline, found)).collect()
}

/// Adds the location in the file of `guideline` to a problem.
fn locate_problem(guideline: &Guideline, found: PlanProblem) -> Problem {
    let PlanProblem { check, problem, .. } = found;
    match check {
        Some(check) => format::problem_in_check(guideline, check, &problem.at, problem.message, problem.help),
        None => Problem {
            first_line: 1,
            file: Arc::from(guideline.origin.location()),
            text: Arc::clone(&guideline.text),
            span: format::locate_in_front_matter(&guideline.text, &problem.at),
            message: problem.message,
            label: "here".to_owned(),
            help: problem.help,
        },
    }
}

/// Loads the guidelines: those in `folders`, or else those of `stanchion.toml` at `root`, or else the starter
/// set.
///
/// # Errors
/// A folder that cannot be listed, or an invalid configuration.
pub(super) fn load(root: &Path, base: &Path, folders: &[PathBuf]) -> Result<FollowedGuidelines, Failure> {
    if folders.is_empty() {
        return load_project(Project::read(root)?);
    }
    let mut followed = FollowedGuidelines { folders: folders.to_vec(), ..FollowedGuidelines::default() };
    let none = ProjectSettings::new(None);
    for folder in folders {
        let full = base.join(folder);
        if full.is_file() {
            let shown = folder.to_string_lossy();
            let origin = Origin::File(shown.to_string());
            followed.add_loaded(load::read_file(&full, &shown, &origin, true, &none), None);
        } else {
            for loaded in load::read_folder(&full, folder, &none)? {
                followed.add_loaded(loaded, None);
            }
        }
    }
    followed.remove_conflicts();
    Ok(followed)
}

/// Loads the guidelines that a project follows.
///
/// # Errors
/// A folder that cannot be listed or is outside the repository, or an invalid configuration of a parent
/// project.
pub(super) fn load_project(project: Project) -> Result<FollowedGuidelines, Failure> {
    let mut followed = FollowedGuidelines::default();
    follow::add_followed(&mut followed, &project)?;
    followed.remove_conflicts();
    followed.project = Some(project);
    Ok(followed)
}
