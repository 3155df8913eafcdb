//! Which guidelines are followed here, read and ready. One broken file never hides the others.

mod copies;
mod double;
mod follow;
mod load;
mod settings;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::party::Party;
use super::shell::quote;
use super::{Failure, suggest};
use crate::engine::{PlanProblem, problems_of_guideline};
use crate::format;
use crate::model::{Guideline, GuidelineId, NotAssessed, Note, Origin, Outcome, Problem, Reason};
use crate::report::escape::escape;
use crate::report::{HumanStyle, Role, wrap};
pub(super) use copies::{Copies, LOCK, STARTER, is_plain};
use double::Conflict;
pub(super) use double::Double;
use load::Loaded;
pub(super) use load::as_published;
use settings::Settings;

/// What is followed.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// The party that follows; `None` where folders were named instead.
    pub(super) party: Option<Party>,
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
    /// Guidelines that are not used because they contradict one that is followed earlier.
    pub(super) conflicts: Vec<Conflict>,
    /// Guidelines whose copy is not what the lock says.
    pub(super) edited: BTreeSet<GuidelineId>,
    /// What is followed by name and has no copy here: the name, and what to do.
    pub(super) absent: Vec<(GuidelineId, String)>,
    /// Other things worth saying, with a code.
    pub(super) remarks: Vec<(&'static str, String)>,
    /// The guidelines by id, and their place in the order of following.
    known: HashMap<GuidelineId, (usize, Arc<Guideline>)>,
    /// Guidelines whose file cannot be used, with that file.
    unusable: BTreeMap<GuidelineId, String>,
    /// What `--guidelines` named, as it was written; nothing for what the repository follows.
    folders: Vec<PathBuf>,
}

impl Followed {
    /// These guidelines, in order of id, followed by `party`.
    pub(super) fn of(party: Party, guidelines: Vec<Arc<Guideline>>) -> Self {
        Self { party: Some(party), guidelines, ..Self::default() }
    }

    /// Notes that are worth saying wherever guidelines are shown: all, or those about one id. Each ends
    /// with a line end, the first is set apart by an empty line; nothing when there is none.
    pub(super) fn notes_about(&self, id: Option<&GuidelineId>, style: &HumanStyle) -> String {
        let wanted = |other: &GuidelineId| id.is_none_or(|id| id == other);
        let doubles = self.doubles.iter().filter(|it| wanted(&it.other.id)).map(Double::message);
        let conflicts = self.conflicts.iter().filter(|it| wanted(&it.other.id)).map(Conflict::message);
        let edited = self.edited.iter().filter(|it| wanted(it)).map(|id| {
            format!("{id} was edited here: its copy is not what came (`stanchion update` keeps it)")
        });
        let mut messages: Vec<String> = doubles.chain(conflicts).chain(edited).collect();
        if id.is_none() {
            messages.extend(self.absent.iter().map(|(_, message)| message.clone()));
            messages.extend(self.remarks.iter().map(|(_, message)| message.clone()));
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

    /// Why the guideline `id`, which is not among the usable ones, is not: a part of a sentence.
    pub(super) fn why_absent(&self, id: &GuidelineId) -> String {
        if let Some(conflict) = self.conflicts.iter().find(|conflict| conflict.other.id == *id) {
            return format!("it contradicts {}, which is followed earlier", conflict.first.id);
        }
        if let Some(file) = self.unusable.get(id) {
            return format!("its file cannot be used: {file}");
        }
        if self.absent.iter().any(|(absent, _)| absent == id) {
            return "it has no copy here; `stanchion update` brings it".to_owned();
        }
        "it is not followed here (any more): follow it again, or take the promise back".to_owned()
    }

    /// Adds to an outcome what could not be used, so that nothing is left out in silence.
    pub(super) fn complete(&self, outcome: &mut Outcome, found: &[PlanProblem]) {
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
            Some(in_its_file(guideline, found.clone()))
        }));
        for entry in &mut outcome.guidelines {
            entry.edited = self.edited.contains(&entry.guideline.id);
        }
        let note = |code: &str, message| Note { code: code.to_owned(), message };
        outcome.notes.extend(self.doubles.iter().map(|it| note("guideline-twice", it.message())));
        outcome.notes.extend(self.conflicts.iter().map(|it| note("guidelines-in-conflict", it.message())));
        if !self.edited.is_empty() {
            let ids: Vec<&str> = self.edited.iter().map(GuidelineId::as_str).collect();
            let message = format!("edited here, and not what was published: {}", ids.join(", "));
            outcome.notes.push(note("guidelines-edited", message));
        }
        outcome.notes.extend(self.absent.iter().map(|(_, message)| note("no-copy", message.clone())));
        outcome.notes.extend(self.remarks.iter().map(|(code, message)| note(code, message.clone())));
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

    fn add(&mut self, guideline: Arc<Guideline>) {
        let place = self.known.len();
        match self.known.entry(guideline.id.clone()) {
            Entry::Occupied(first) if first.get().1.sha256 != guideline.sha256 => {
                self.doubles.push(Double { first: Arc::clone(&first.get().1), other: guideline });
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(vacant) => {
                vacant.insert((place, Arc::clone(&guideline)));
                self.guidelines.push(guideline);
            }
        }
    }

    /// Adds what became of a guideline file, of which the id may be known before it is read.
    fn add_loaded(&mut self, loaded: Loaded, id: Option<&GuidelineId>) {
        let problems = match loaded {
            Loaded::Guideline(guideline) => return self.add(Arc::new(*guideline)),
            Loaded::Aside(shown) => return self.aside.push(shown),
            Loaded::Problems(problems) => {
                self.problems.extend(problems.iter().cloned());
                problems
            }
            Loaded::Newer(problems) => {
                self.newer.extend(problems.iter().cloned());
                problems
            }
        };
        let Some(first) = problems.first() else { return };
        if let Some(id) = id.cloned().or_else(|| claimed_id(&first.text)) {
            self.unusable.entry(id).or_insert_with(|| format!("{}: {}", first.file, first.message));
        }
    }

    /// Takes out guidelines that contradict one that is followed earlier, and puts the rest in order of id.
    fn settle(&mut self) {
        let mut in_order: Vec<(usize, Arc<Guideline>)> = self.known.drain().map(|(_, known)| known).collect();
        in_order.sort_by_key(|(place, _)| *place);
        let mut kept: Vec<Arc<Guideline>> = Vec::with_capacity(in_order.len());
        let contradicts = |a: &Guideline, b: &Guideline| {
            a.conflicts_with.contains(&b.id) || b.conflicts_with.contains(&a.id)
        };
        let any = in_order.iter().any(|(_, guideline)| !guideline.conflicts_with.is_empty());
        for (_, guideline) in in_order {
            match kept.iter().find(|first| any && contradicts(first, &guideline)) {
                Some(first) => self.conflicts.push(Conflict { first: Arc::clone(first), other: guideline }),
                None => kept.push(guideline),
            }
        }
        kept.sort_by(|a, b| a.id.cmp(&b.id));
        self.guidelines = kept;
    }
}

/// The id that a file which cannot be used says it has.
fn claimed_id(text: &str) -> Option<GuidelineId> {
    let line = text.lines().take(200).find_map(|line| line.strip_prefix("guideline:"))?;
    GuidelineId::new(line.split('#').next()?.trim().trim_matches(['"', '\''])).ok()
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
            first_line: 1,
            file: Arc::from(guideline.origin.words()),
            text: Arc::clone(&guideline.text),
            span: format::locate(&guideline.text, &problem.at),
            message: problem.message,
            label: "here".to_owned(),
            help: problem.help,
        },
    }
}

/// Loads what is followed: `folders` if there are any, else what `stanchion.toml` at `root` says, else
/// the starter guidelines.
///
/// # Errors
/// A folder that cannot be listed, a configuration that cannot be used.
pub(super) fn load(root: &Path, base: &Path, folders: &[PathBuf]) -> Result<Followed, Failure> {
    if folders.is_empty() {
        return load_party(Party::read(root)?);
    }
    let mut followed = Followed { folders: folders.to_vec(), ..Followed::default() };
    let none = Settings::new(None);
    for folder in folders {
        let full = base.join(folder);
        if full.is_file() {
            let shown = folder.to_string_lossy();
            let origin = Origin::File(shown.to_string());
            followed.add_loaded(load::file(&full, &shown, &origin, true, &none), None);
        } else {
            for loaded in load::folder(&full, folder, &none)? {
                followed.add_loaded(loaded, None);
            }
        }
    }
    followed.settle();
    Ok(followed)
}

/// Loads what a party follows.
///
/// # Errors
/// A folder that cannot be listed or lies outside the repository, a configuration above it that cannot be used.
pub(super) fn load_party(party: Party) -> Result<Followed, Failure> {
    let mut followed = Followed::default();
    follow::follow(&mut followed, &party)?;
    followed.settle();
    followed.party = Some(party);
    Ok(followed)
}
