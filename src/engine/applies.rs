//! Where a guideline applies: facts about the repository and about each file.

use std::cell::OnceCell;
use std::collections::HashSet;

use super::SpecProblem;
use super::glob::Globs;
use super::tree::{Entry, EntryKind};
use crate::data::Step;
use crate::model::{Applies, Language, RepoPath, language_of};

/// What most conditions and checks ask of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kind<'p> {
    /// What follows the last `.` of the name.
    pub extension: Option<&'p [u8]>,
    /// The language.
    pub language: Option<Language>,
}

impl<'p> Kind<'p> {
    /// The kind of the file at `path`.
    #[must_use]
    pub fn of(path: &'p [u8]) -> Self {
        let name = &path[memchr::memrchr(b'/', path).map_or(0, |at| at + 1)..];
        let extension = memchr::memrchr(b'.', name).map(|at| &name[at + 1..]);
        Self { extension, language: language_of(path) }
    }
}

/// The sorted entries of a tree, and one path of each kind of file in it, found at the first question.
pub struct Ground<'e> {
    entries: &'e [Entry],
    kinds: OnceCell<Vec<(&'e [u8], Option<Language>)>>,
}

impl<'e> Ground<'e> {
    /// The ground of `entries`.
    #[must_use]
    pub fn new(entries: &'e [Entry]) -> Self {
        Self { entries, kinds: OnceCell::new() }
    }

    fn kinds(&self) -> &[(&'e [u8], Option<Language>)] {
        self.kinds.get_or_init(|| {
            let mut seen = HashSet::new();
            let files = self.entries.iter().filter(|entry| entry.kind != EntryKind::Directory);
            let kinds = files.map(|entry| (entry.path.bytes(), Kind::of(entry.path.bytes())));
            kinds.filter(|(_, kind)| seen.insert(*kind)).map(|(path, kind)| (path, kind.language)).collect()
        })
    }
}

/// An `applies` with its globs compiled and its facts about the repository settled.
pub struct Condition {
    languages: Vec<Language>,
    files: Option<(Vec<String>, Globs)>,
    exists: Option<(Vec<String>, Globs, Option<RepoPath>, bool)>,
    any: Vec<Condition>,
    all: Vec<Condition>,
    not: Option<Box<Condition>>,
}

/// One line of the answer to "why does it apply?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// How deep it is nested, from 0.
    pub depth: usize,
    /// The condition in words.
    pub what: String,
    /// Whether it holds.
    pub holds: bool,
    /// A path that shows it.
    pub example: Option<RepoPath>,
}

impl Condition {
    /// Compiles `applies`.
    ///
    /// # Errors
    /// Every glob that cannot be used; places count from the guideline's front matter.
    pub fn new(applies: &Applies) -> Result<Self, Vec<SpecProblem>> {
        let mut problems = Vec::new();
        let condition = compile(applies, &mut vec![Step::Key("applies".to_owned())], &mut problems);
        if problems.is_empty() { Ok(condition) } else { Err(problems) }
    }

    /// Settles the facts about the repository, whose `entries` are sorted. With `assume`, whatever must exist is taken as given.
    pub fn settle(&mut self, entries: &[Entry], assume: bool) {
        self.settle_part(entries, assume.then_some(true));
    }

    /// `given` is the answer that is taken as given, if any: below a `not` it is the other one.
    fn settle_part(&mut self, entries: &[Entry], given: Option<bool>) {
        if let Some((_, globs, example, holds)) = &mut self.exists {
            // A directory without anything in it is not in git, so it would not be there in a clone.
            let counts = |at: usize| entries[at].kind != EntryKind::Directory || holds_something(entries, at);
            let place = match globs.paths() {
                Some(paths) => {
                    let find =
                        |path: &[u8]| entries.binary_search_by(|entry| entry.path.bytes().cmp(path)).ok();
                    paths.into_iter().filter_map(find).filter(|&at| counts(at)).min()
                }
                None => (0..entries.len()).find(|&at| globs.is_match(entries[at].path.bytes()) && counts(at)),
            };
            *example = place.map(|at| entries[at].path.clone());
            *holds = given.unwrap_or(example.is_some());
        }
        for part in self.any.iter_mut().chain(&mut self.all) {
            part.settle_part(entries, given);
        }
        if let Some(part) = &mut self.not {
            part.settle_part(entries, given.map(|given| !given));
        }
    }

    /// Whether some part asks about single files.
    #[must_use]
    pub fn asks_about_files(&self) -> bool {
        !self.languages.is_empty()
            || self.files.is_some()
            || self.any.iter().chain(&self.all).chain(self.not.as_deref()).any(Self::asks_about_files)
    }

    /// Whether it says by name which files are meant. Leaving some out (`not`) names none.
    #[must_use]
    pub fn names_files(&self) -> bool {
        !self.languages.is_empty()
            || self.files.is_some()
            || self.all.iter().any(Self::names_files)
            || (!self.any.is_empty() && self.any.iter().all(Self::names_files))
    }

    /// Whether it holds for the file at `path`, whose language is `language`.
    #[must_use]
    pub fn holds_for(&self, path: &[u8], language: Option<Language>) -> bool {
        (self.languages.is_empty() || language.is_some_and(|language| self.languages.contains(&language)))
            && self.files.as_ref().is_none_or(|(_, globs)| globs.is_match(path))
            && self.exists.as_ref().is_none_or(|exists| exists.3)
            && (self.any.is_empty() || self.any.iter().any(|part| part.holds_for(path, language)))
            && self.all.iter().all(|part| part.holds_for(path, language))
            && self.not.as_ref().is_none_or(|part| !part.holds_for(path, language))
    }

    /// Whether the answer for a file depends on its [`Kind`] alone.
    #[must_use]
    pub fn asks_by_kind(&self) -> bool {
        self.files.as_ref().is_none_or(|(_, globs)| globs.asks_by_extension())
            && self.any.iter().chain(&self.all).chain(self.not.as_deref()).all(Self::asks_by_kind)
    }

    /// Whether it holds for the repository: for some file, or without looking at files at all.
    #[must_use]
    pub fn holds_somewhere(&self, entries: &[Entry]) -> bool {
        self.holds_in(&Ground::new(entries))
    }

    /// The same where many conditions are asked about one tree.
    #[must_use]
    pub fn holds_in(&self, ground: &Ground<'_>) -> bool {
        if !self.asks_about_files() {
            return self.holds_for(b"", None);
        }
        if self.asks_by_kind() {
            return ground.kinds().iter().any(|(path, language)| self.holds_for(path, *language));
        }
        ground
            .entries
            .iter()
            .filter(|entry| entry.kind != EntryKind::Directory)
            .any(|entry| self.holds_for(entry.path.bytes(), language_of(entry.path.bytes())))
    }

    /// The conditions one by one, for the repository or for one path of it.
    #[must_use]
    pub fn facts(&self, entries: &[Entry], path: Option<&RepoPath>) -> Vec<Fact> {
        let mut facts = Vec::new();
        self.explain(0, entries, path, &mut facts);
        facts
    }

    fn explain(&self, depth: usize, entries: &[Entry], path: Option<&RepoPath>, out: &mut Vec<Fact>) {
        let example = |matches: &dyn Fn(&[u8]) -> bool| match path {
            Some(path) => matches(path.bytes()).then(|| path.clone()),
            None => entries
                .iter()
                .find(|entry| entry.kind != EntryKind::Directory && matches(entry.path.bytes()))
                .map(|entry| entry.path.clone()),
        };
        let mut leaf = |what: String, example: Option<RepoPath>, holds: bool| {
            out.push(Fact { depth, what, holds, example });
        };
        if !self.languages.is_empty() {
            let names: Vec<&str> = self.languages.iter().map(|language| language.name()).collect();
            let found =
                example(&|path| language_of(path).is_some_and(|language| self.languages.contains(&language)));
            leaf(format!("files in {}", names.join(" or ")), found.clone(), found.is_some());
        }
        if let Some((patterns, globs)) = &self.files {
            let found = example(&|path| globs.is_match(path));
            leaf(format!("files that match {}", list(patterns)), found.clone(), found.is_some());
        }
        if let Some((patterns, _, found, holds)) = &self.exists {
            leaf(format!("the repository has {}", list(patterns)), found.clone(), *holds);
        }
        let mut group = |what: &str, parts: &[&Self], holds: bool| {
            if parts.is_empty() {
                return;
            }
            out.push(Fact { depth, what: what.to_owned(), holds, example: None });
            for part in parts {
                part.explain(depth + 1, entries, path, out);
            }
        };
        let holds = |part: &Self| match path {
            Some(path) => part.holds_for(path.bytes(), language_of(path.bytes())),
            None => part.holds_somewhere(entries),
        };
        let any: Vec<&Self> = self.any.iter().collect();
        group("any of", &any, any.iter().any(|part| holds(part)));
        let all: Vec<&Self> = self.all.iter().collect();
        group("all of", &all, all.iter().all(|part| holds(part)));
        let not: Vec<&Self> = self.not.as_deref().into_iter().collect();
        // For the repository it is enough that some file is left.
        let left = |part: &Self| match path {
            None if part.asks_about_files() => entries
                .iter()
                .filter(|entry| entry.kind != EntryKind::Directory)
                .any(|entry| !part.holds_for(entry.path.bytes(), language_of(entry.path.bytes()))),
            _ => !holds(part),
        };
        let all_left = not.iter().all(|part| left(part));
        group(if path.is_none() { "some file that is not" } else { "not" }, &not, all_left);
    }
}

/// Whether the directory at `at` holds anything but directories.
fn holds_something(entries: &[Entry], at: usize) -> bool {
    let directory = &entries[at].path;
    let start = [directory.bytes(), b"/"].concat();
    let from = entries.partition_point(|entry| entry.path.bytes() < start.as_slice());
    entries[from..]
        .iter()
        .take_while(|entry| entry.path.bytes().starts_with(&start))
        .any(|entry| entry.kind != EntryKind::Directory)
}

fn list(patterns: &[String]) -> String {
    patterns.iter().map(|pattern| format!("`{pattern}`")).collect::<Vec<_>>().join(" or ")
}

fn compile(applies: &Applies, at: &mut Vec<Step>, problems: &mut Vec<SpecProblem>) -> Condition {
    let mut globs = |key: &str, patterns: &[String], at: &mut Vec<Step>| {
        if patterns.is_empty() {
            return None;
        }
        match Globs::new(patterns) {
            Ok(globs) => Some((patterns.to_vec(), globs)),
            Err((index, message)) => {
                let mut at = at.clone();
                at.extend([Step::Key(key.to_owned()), Step::Index(index)]);
                problems.push(SpecProblem { at, message, help: None });
                None
            }
        }
    };
    let files = globs("files", &applies.files, at);
    let exists = globs("exists", &applies.exists, at).map(|(patterns, globs)| (patterns, globs, None, false));
    let mut group = |key: &str, parts: &[Applies]| {
        let mut compiled = Vec::new();
        at.push(Step::Key(key.to_owned()));
        for (index, part) in parts.iter().enumerate() {
            at.push(Step::Index(index));
            compiled.push(compile(part, at, problems));
            at.pop();
        }
        at.pop();
        compiled
    };
    let (any, all) = (group("any", &applies.any), group("all", &applies.all));
    let not = applies.not.as_ref().map(|part| {
        at.push(Step::Key("not".to_owned()));
        let compiled = compile(part, at, problems);
        at.pop();
        Box::new(compiled)
    });
    Condition { languages: applies.languages.clone(), files, exists, any, all, not }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(paths: &[&str]) -> Vec<Entry> {
        paths.iter().map(|path| Entry { path: RepoPath::from(*path), kind: EntryKind::File }).collect()
    }

    fn condition(json: serde_json::Value, paths: &[&str]) -> (Condition, Vec<Entry>) {
        let applies: Applies = serde_json::from_value(json).expect("an applies");
        let mut condition = Condition::new(&applies).expect("compiles");
        let entries = entries(paths);
        condition.settle(&entries, false);
        (condition, entries)
    }

    #[test]
    fn every_key_counts() {
        use serde_json::json;
        let paths = &["pyproject.toml", "src/a.py", "web/b.ts"];
        for (applies, here, for_a) in [
            (json!({}), true, true),
            (json!({"languages": ["python"]}), true, true),
            (json!({"languages": ["go"]}), false, false),
            (json!({"files": ["web/**"]}), true, false),
            (json!({"exists": ["pyproject.toml"]}), true, true),
            (json!({"exists": ["setup.py"]}), false, false),
            (json!({"not": {"files": ["src/**"]}}), true, false),
            (json!({"not": {"exists": ["pyproject.toml"]}}), false, false),
            (json!({"any": [{"languages": ["go"]}, {"languages": ["python"]}]}), true, true),
            (json!({"all": [{"languages": ["python"]}, {"files": ["web/**"]}]}), false, false),
            (json!({"languages": ["py"], "exists": ["setup.py"]}), false, false),
        ] {
            let (condition, entries) = condition(applies.clone(), paths);
            assert_eq!(condition.holds_somewhere(&entries), here, "{applies}");
            assert_eq!(condition.holds_for(b"src/a.py", Some(Language::Python)), for_a, "{applies}");
        }
    }

    #[test]
    fn facts_say_what_holds_and_show_a_path() {
        use serde_json::json;
        let (condition, entries) =
            condition(json!({"languages": ["python"], "not": {"exists": ["setup.py"]}}), &["src/a.py"]);
        let facts = condition.facts(&entries, None);
        assert_eq!(facts[0].example, Some(RepoPath::from("src/a.py")));
        assert_eq!((facts[1].what.as_str(), facts[1].holds), ("some file that is not", true));
        assert_eq!((facts[2].depth, facts[2].holds), (1, false));
    }

    #[test]
    fn a_bad_glob_is_placed() {
        let applies = Applies {
            any: vec![Applies { files: vec!["ok".into(), "/abs".into()], ..Applies::default() }],
            ..Applies::default()
        };
        let problems = Condition::new(&applies).err().expect("refused");
        assert_eq!(problems[0].at.len(), 5);
    }
}
