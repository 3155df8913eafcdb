//! Proof that a changed file is still what it was: code that parsed parses, data that could be loaded can be.
//!
//! Parsers run where they always do, in a process of their own: the question is asked as a guideline.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::data::format_of;
use crate::engine::{self, MemoryTree, NoProgress};
use crate::model::{
    Applies, Check, CheckKind, CodeCheck, DataCheck, DataSchema, Guideline, GuidelineId, Language, Level,
    Origin, Outcome, Reason, RepoPath, Stage, language_of,
};

/// Files and what they hold.
pub(super) type Contents = BTreeMap<RepoPath, Vec<u8>>;

/// What is wrong with files before and after.
pub(super) struct Proof {
    before: BTreeMap<RepoPath, usize>,
    after: BTreeMap<RepoPath, usize>,
}

impl Proof {
    /// Looks at the files before and after, with the program `worker`; without one, in this process.
    pub(super) fn new(old: &Contents, new: &Contents, worker: Option<&Path>) -> Self {
        Self { before: slips(old, worker), after: slips(new, worker) }
    }

    /// Why the file at `path` is not what it was; `None`: it is.
    pub(super) fn broken(&self, path: &RepoPath) -> Option<String> {
        let (before, after) = (self.before.get(path).copied(), self.after.get(path).copied());
        let (before, after) = (before.unwrap_or(0), after.unwrap_or(0));
        (after > before).then(|| "the file would not parse any more".to_owned())
    }
}

/// For each file that does not parse, in how many places.
fn slips(files: &Contents, worker: Option<&Path>) -> BTreeMap<RepoPath, usize> {
    let mut languages: Vec<Language> = files.keys().filter_map(|path| language_of(path.bytes())).collect();
    languages.sort();
    languages.dedup();
    let mut checks: Vec<Check> = languages.into_iter().flat_map(parses).collect();
    if files.keys().any(|path| format_of(path.bytes()).is_some()) {
        checks.push(loads());
    }
    if checks.is_empty() {
        return BTreeMap::new();
    }
    let tree = MemoryTree::new(files.clone());
    let options = engine::Options { worker: worker.map(Path::to_path_buf), ..engine::Options::default() };
    let Ok(assessed) = engine::assess(&[Arc::new(question(checks))], &tree, &options, &NoProgress) else {
        return BTreeMap::new();
    };
    count(&assessed.outcome)
}

fn count(outcome: &Outcome) -> BTreeMap<RepoPath, usize> {
    let mut slips: BTreeMap<RepoPath, usize> = BTreeMap::new();
    for finding in &outcome.findings {
        *slips.entry(finding.path.clone()).or_default() += 1;
    }
    for unknown in outcome.not_assessed.iter().filter(|it| it.reason == Reason::ParseError) {
        if let Some(path) = &unknown.path {
            *slips.entry(path.clone()).or_default() += 1;
        }
    }
    slips
}

/// That code of a language parses. A grammar that knows no such query asks nothing.
fn parses(language: Language) -> [Check; 2] {
    let check = |id: &str, query: &str| Check {
        id: format!("{id}-{}", language.name()),
        kind: CheckKind::Code(CodeCheck {
            language,
            rule: None,
            query: Some(query.to_owned()),
            files: vec![],
            ignores: vec![],
        }),
        message: Some("does not parse".to_owned()),
        fix: None,
    };
    [check("error", "(ERROR) @finding"), check("missing", "(MISSING) @finding")]
}

/// That data can be loaded.
fn loads() -> Check {
    Check {
        id: "loads".to_owned(),
        kind: CheckKind::Data(DataCheck {
            files: vec!["**".to_owned()],
            except: vec![],
            format: None,
            select: None,
            assert: Some(DataSchema::Bool(true)),
            assert_file: None,
            require: false,
        }),
        message: None,
        fix: None,
    }
}

fn question(checks: Vec<Check>) -> Guideline {
    // An id that is surely one.
    let id = GuidelineId::new("stanchion/still-parses").unwrap_or_else(|_| unreachable!("a valid id"));
    Guideline {
        id,
        version: semver::Version::new(1, 0, 0),
        title: String::new(),
        summary: String::new(),
        stage: Stage::Standard,
        owner: String::new(),
        level: Level::Warning,
        topics: vec![],
        applies: Applies::default(),
        consequences: vec![],
        offers: vec![],
        conflicts_with: vec![],
        settings: vec![],
        values: vec![],
        checks,
        sections: vec![],
        examples: vec![],
        origin: Origin::Starter,
        sha256: String::new(),
        text: Arc::from(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_parsed_still_parses_or_it_is_told() {
        let files = |all: &[(&str, &str)]| -> Contents {
            all.iter().map(|(path, text)| (RepoPath::from(*path), text.as_bytes().to_vec())).collect()
        };
        let broken = |path: &str, old: &str, new: &str| {
            Proof::new(&files(&[(path, old)]), &files(&[(path, new)]), None).broken(&path.into()).is_some()
        };
        for (path, good, bad) in [
            ("a.py", "f(1)\n", "f(1\n"),
            ("a.rs", "fn a() {}\n", "fn a() {\n"),
            ("a.json", "{\"a\": 1}", "{\"a\": 1"),
            ("a.yaml", "a: 1\n", "a: [1\n"),
            ("a.toml", "a = 1\n", "a = \n"),
        ] {
            assert!(broken(path, good, bad), "{path}: {bad}");
            assert!(
                !broken(path, good, good) && !broken(path, bad, bad) && !broken(path, bad, good),
                "{path}"
            );
        }
        assert!(!broken("a.txt", "x", "(("));
    }
}
