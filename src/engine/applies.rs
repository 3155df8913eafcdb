//! Evaluates the `applies` conditions of a guideline for the repository and for each file.

use std::cell::OnceCell;
use std::collections::HashSet;

use super::SpecProblem;
use super::glob::Globs;
use super::tree::{EntryKind, PathEntry};
use crate::data::PointerStep;
use crate::model::{Applies, Language, RepoPath, language_of};

/// Properties of a file on which most conditions and checks depend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileKind<'p> {
    /// The part of the name after the last `.`.
    pub extension: Option<&'p [u8]>,
    /// The language.
    pub language: Option<Language>,
}

impl<'p> FileKind<'p> {
    /// The kind of the file at `path`.
    #[must_use]
    pub fn of(path: &'p [u8]) -> Self {
        let name = &path[memchr::memrchr(b'/', path).map_or(0, |at| at + 1)..];
        let extension = memchr::memrchr(b'.', name).map(|at| &name[at + 1..]);
        Self { extension, language: language_of(path) }
    }
}

/// The sorted entries of a tree, with one example path for each kind of file. The examples are collected on
/// first use.
pub struct EntriesByKind<'e> {
    entries: &'e [PathEntry],
    kinds: OnceCell<Vec<(&'e [u8], Option<Language>)>>,
}

impl<'e> EntriesByKind<'e> {
    /// Wraps `entries`, which must be sorted by path.
    #[must_use]
    pub fn new(entries: &'e [PathEntry]) -> Self {
        Self { entries, kinds: OnceCell::new() }
    }

    fn kinds(&self) -> &[(&'e [u8], Option<Language>)] {
        self.kinds.get_or_init(|| {
            let mut seen = HashSet::new();
            let files = self.entries.iter().filter(|entry| entry.kind != EntryKind::Directory);
            let kinds = files.map(|entry| (entry.path.bytes(), FileKind::of(entry.path.bytes())));
            kinds.filter(|(_, kind)| seen.insert(*kind)).map(|(path, kind)| (path, kind.language)).collect()
        })
    }
}

/// A compiled `applies` block: globs are compiled, and `exists` is resolved by [`Condition::settle`].
pub struct Condition {
    languages: Vec<Language>,
    files: Option<(Vec<String>, Globs)>,
    exists: Option<(Vec<String>, Globs, Option<RepoPath>, bool)>,
    any: Vec<Condition>,
    all: Vec<Condition>,
    not: Option<Box<Condition>>,
}

/// One line of the explanation that `stanchion why` prints for a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionFact {
    /// Nesting depth; 0 is the top level.
    pub depth: usize,
    /// Description of the condition.
    pub what: String,
    /// Whether the condition holds.
    pub holds: bool,
    /// An example path for which it holds.
    pub example: Option<RepoPath>,
}

impl Condition {
    /// Compiles `applies`.
    ///
    /// # Errors
    /// Every invalid glob. Locations are relative to the guideline's front matter.
    pub fn new(applies: &Applies) -> Result<Self, Vec<SpecProblem>> {
        let mut problems = Vec::new();
        let condition = compile(applies, &mut vec![PointerStep::Key("applies".to_owned())], &mut problems);
        if problems.is_empty() { Ok(condition) } else { Err(problems) }
    }

    /// Resolves `exists` against the sorted `entries` of the repository. With `assume`, every path that must
    /// exist is assumed to exist.
    pub fn settle(&mut self, entries: &[PathEntry], assume: bool) {
        self.settle_part(entries, assume.then_some(true));
    }

    /// `given` is the assumed result, if any. It is inverted below a `not`.
    fn settle_part(&mut self, entries: &[PathEntry], given: Option<bool>) {
        if let Some((_, globs, example, holds)) = &mut self.exists {
            // Git does not store empty directories, so a clone would not contain one.
            let counts = |at: usize| entries[at].kind != EntryKind::Directory || contains_file(entries, at);
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

    /// Whether some part depends on individual files.
    #[must_use]
    pub fn depends_on_files(&self) -> bool {
        !self.languages.is_empty()
            || self.files.is_some()
            || self.any.iter().chain(&self.all).chain(self.not.as_deref()).any(Self::depends_on_files)
    }

    /// Whether it selects files by name or language. Excluding files (`not`) does not count.
    #[must_use]
    pub fn names_files(&self) -> bool {
        !self.languages.is_empty()
            || self.files.is_some()
            || self.all.iter().any(Self::names_files)
            || (!self.any.is_empty() && self.any.iter().all(Self::names_files))
    }

    /// Whether the condition holds for the file at `path`, whose language is `language`.
    #[must_use]
    pub fn holds_for(&self, path: &[u8], language: Option<Language>) -> bool {
        (self.languages.is_empty() || language.is_some_and(|language| self.languages.contains(&language)))
            && self.files.as_ref().is_none_or(|(_, globs)| globs.is_match(path))
            && self.exists.as_ref().is_none_or(|exists| exists.3)
            && (self.any.is_empty() || self.any.iter().any(|part| part.holds_for(path, language)))
            && self.all.iter().all(|part| part.holds_for(path, language))
            && self.not.as_ref().is_none_or(|part| !part.holds_for(path, language))
    }

    /// Whether the result for a file depends only on its [`FileKind`].
    #[must_use]
    pub fn depends_only_on_kind(&self) -> bool {
        self.files.as_ref().is_none_or(|(_, globs)| globs.depends_only_on_extension())
            && self.any.iter().chain(&self.all).chain(self.not.as_deref()).all(Self::depends_only_on_kind)
    }

    /// Whether the condition holds for the repository: for at least one file, or for the repository as such
    /// if no part depends on files.
    #[must_use]
    pub fn holds_somewhere(&self, entries: &[PathEntry]) -> bool {
        self.holds_in(&EntriesByKind::new(entries))
    }

    /// As [`Condition::holds_somewhere`], for callers that evaluate many conditions on one tree.
    #[must_use]
    pub fn holds_in(&self, by_kind: &EntriesByKind<'_>) -> bool {
        if !self.depends_on_files() {
            return self.holds_for(b"", None);
        }
        if self.depends_only_on_kind() {
            return by_kind.kinds().iter().any(|(path, language)| self.holds_for(path, *language));
        }
        by_kind
            .entries
            .iter()
            .filter(|entry| entry.kind != EntryKind::Directory)
            .any(|entry| self.holds_for(entry.path.bytes(), language_of(entry.path.bytes())))
    }

    /// Lists the parts of the condition with their results, for the repository or for one path of it.
    #[must_use]
    pub fn facts(&self, entries: &[PathEntry], path: Option<&RepoPath>) -> Vec<ConditionFact> {
        let mut facts = Vec::new();
        self.explain(0, entries, path, &mut facts);
        facts
    }

    fn explain(
        &self,
        depth: usize,
        entries: &[PathEntry],
        path: Option<&RepoPath>,
        out: &mut Vec<ConditionFact>,
    ) {
        let example = |matches: &dyn Fn(&[u8]) -> bool| match path {
            Some(path) => matches(path.bytes()).then(|| path.clone()),
            None => entries
                .iter()
                .find(|entry| entry.kind != EntryKind::Directory && matches(entry.path.bytes()))
                .map(|entry| entry.path.clone()),
        };
        let mut leaf = |what: String, example: Option<RepoPath>, holds: bool| {
            out.push(ConditionFact { depth, what, holds, example });
        };
        if !self.languages.is_empty() {
            let names: Vec<&str> = self.languages.iter().map(|language| language.name()).collect();
            let found =
                example(&|path| language_of(path).is_some_and(|language| self.languages.contains(&language)));
            let text = if path.is_none() { "some file is in" } else { "its language is" };
            leaf(format!("{text} {}", names.join(" or ")), found.clone(), found.is_some());
        }
        if let Some((patterns, globs)) = &self.files {
            let found = example(&|path| globs.is_match(path));
            let text = if path.is_none() { "some file matches" } else { "its path matches" };
            leaf(format!("{text} {}", join_patterns(patterns)), found.clone(), found.is_some());
        }
        if let Some((patterns, _, found, holds)) = &self.exists {
            leaf(format!("the repository contains {}", join_patterns(patterns)), found.clone(), *holds);
        }
        let mut group = |what: &str, parts: &[&Self], holds: bool| {
            if parts.is_empty() {
                return;
            }
            out.push(ConditionFact { depth, what: what.to_owned(), holds, example: None });
            for part in parts {
                part.explain(depth + 1, entries, path, out);
            }
        };
        let holds = |part: &Self| match path {
            Some(path) => part.holds_for(path.bytes(), language_of(path.bytes())),
            None => part.holds_somewhere(entries),
        };
        let any: Vec<&Self> = self.any.iter().collect();
        group("at least one of the following holds:", &any, any.iter().any(|part| holds(part)));
        let all: Vec<&Self> = self.all.iter().collect();
        group("all of the following hold:", &all, all.iter().all(|part| holds(part)));
        let not: Vec<&Self> = self.not.as_deref().into_iter().collect();
        // For the repository, one file that does not meet the part is enough.
        let leaves_a_file = |part: &Self| match path {
            None if part.depends_on_files() => entries
                .iter()
                .filter(|entry| entry.kind != EntryKind::Directory)
                .any(|entry| !part.holds_for(entry.path.bytes(), language_of(entry.path.bytes()))),
            _ => !holds(part),
        };
        let holds_without = not.iter().all(|part| leaves_a_file(part));
        let text = if path.is_none() {
            "some file for which none of the following holds:"
        } else {
            "none of the following holds:"
        };
        group(text, &not, holds_without);
    }
}

/// Whether the directory at index `at` contains a file, at any depth.
fn contains_file(entries: &[PathEntry], at: usize) -> bool {
    let directory = &entries[at].path;
    let start = [directory.bytes(), b"/"].concat();
    let from = entries.partition_point(|entry| entry.path.bytes() < start.as_slice());
    entries[from..]
        .iter()
        .take_while(|entry| entry.path.bytes().starts_with(&start))
        .any(|entry| entry.kind != EntryKind::Directory)
}

fn join_patterns(patterns: &[String]) -> String {
    patterns.iter().map(|pattern| format!("`{pattern}`")).collect::<Vec<_>>().join(" or ")
}

fn compile(applies: &Applies, at: &mut Vec<PointerStep>, problems: &mut Vec<SpecProblem>) -> Condition {
    let mut globs = |key: &str, patterns: &[String], at: &mut Vec<PointerStep>| {
        if patterns.is_empty() {
            return None;
        }
        match Globs::new(patterns) {
            Ok(globs) => Some((patterns.to_vec(), globs)),
            Err((index, message)) => {
                let mut at = at.clone();
                at.extend([PointerStep::Key(key.to_owned()), PointerStep::Index(index)]);
                problems.push(SpecProblem { at, message, help: None });
                None
            }
        }
    };
    let files = globs("files", &applies.files, at);
    let exists = globs("exists", &applies.exists, at).map(|(patterns, globs)| (patterns, globs, None, false));
    let mut group = |key: &str, parts: &[Applies]| {
        let mut compiled = Vec::new();
        at.push(PointerStep::Key(key.to_owned()));
        for (index, part) in parts.iter().enumerate() {
            at.push(PointerStep::Index(index));
            compiled.push(compile(part, at, problems));
            at.pop();
        }
        at.pop();
        compiled
    };
    let (any, all) = (group("any", &applies.any), group("all", &applies.all));
    let not = applies.not.as_ref().map(|part| {
        at.push(PointerStep::Key("not".to_owned()));
        let compiled = compile(part, at, problems);
        at.pop();
        Box::new(compiled)
    });
    Condition { languages: applies.languages.clone(), files, exists, any, all, not }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(paths: &[&str]) -> Vec<PathEntry> {
        paths.iter().map(|path| PathEntry { path: RepoPath::from(*path), kind: EntryKind::File }).collect()
    }

    fn condition(json: serde_json::Value, paths: &[&str]) -> (Condition, Vec<PathEntry>) {
        let applies: Applies = serde_json::from_value(json).expect("an applies");
        let mut condition = Condition::new(&applies).expect("compiles");
        let entries = entries(paths);
        condition.settle(&entries, false);
        (condition, entries)
    }

    #[test]
    fn every_key_is_evaluated() {
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
    fn explains_which_parts_hold_with_an_example_path() {
        use serde_json::json;
        let (condition, entries) =
            condition(json!({"languages": ["python"], "not": {"exists": ["setup.py"]}}), &["src/a.py"]);
        let facts = condition.facts(&entries, None);
        assert_eq!(facts[0].example, Some(RepoPath::from("src/a.py")));
        assert_eq!(
            (facts[1].what.as_str(), facts[1].holds),
            ("some file for which none of the following holds:", true)
        );
        assert_eq!((facts[2].depth, facts[2].holds), (1, false));
    }

    #[test]
    fn an_invalid_glob_has_a_location() {
        let applies = Applies {
            any: vec![Applies { files: vec!["ok".into(), "/abs".into()], ..Applies::default() }],
            ..Applies::default()
        };
        let problems = Condition::new(&applies).err().expect("refused");
        assert_eq!(problems[0].at.len(), 5);
    }
}
