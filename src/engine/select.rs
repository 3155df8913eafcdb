//! Which checks look into which files, by names alone.

use super::SpecProblem;
use super::applies::Condition;
use super::checks::code::{Grammar, PastedGlobs};
use super::glob::Globs;
use super::tree::{Entry, EntryKind};
use crate::data::Step;
use crate::model::{Check, CheckKind, CodeCheck, Guideline, Language, RepoPath, language_of};

/// Decides by name which files one check of contents looks into.
pub struct Selector {
    what: What,
    except: Globs,
}

enum What {
    /// Files that match; `None` is every file.
    Globs(Option<Globs>),
    /// Files of a language, with ast-grep's own globs if there are any.
    Code { language: Language, pasted: Option<PastedGlobs> },
}

impl Selector {
    /// The selector of a check of contents; `None` for a check of names.
    ///
    /// # Errors
    /// Globs that cannot be used.
    pub fn new(check: &Check) -> Result<Option<Self>, Vec<SpecProblem>> {
        let (what, except) = match &check.kind {
            CheckKind::Files(_) | CheckKind::Tool(_) => return Ok(None),
            CheckKind::Text(text) => {
                let files =
                    (!text.files.is_empty()).then(|| globs("text", "files", &text.files)).transpose()?;
                (What::Globs(files), globs("text", "except", &text.except)?)
            }
            CheckKind::Data(data) => (
                What::Globs(Some(globs("data", "files", &data.files)?)),
                globs("data", "except", &data.except)?,
            ),
            CheckKind::Code(code) => {
                let pasted = PastedGlobs::new(code).map_err(|problem| vec![problem])?;
                let pasted = names_files(code).then_some(pasted);
                (What::Code { language: code.language, pasted }, globs("code", "except", &[])?)
            }
        };
        Ok(Some(Self { what, except }))
    }

    /// Whether the check looks into the file at `path`, whose language is `language`.
    #[must_use]
    pub fn selects(&self, path: &[u8], language: Option<Language>) -> bool {
        let named = match &self.what {
            What::Globs(None) => true,
            What::Globs(Some(globs)) => globs.is_match(path),
            What::Code { language: wanted, pasted } => {
                language.is_some_and(|language| language == *wanted || embeds(language, *wanted))
                    && pasted.as_ref().is_none_or(|pasted| pasted.is_match(path))
            }
        };
        named && !self.except.is_match(path)
    }

    /// Whether the answer for a file depends on its [`super::applies::Kind`] alone.
    #[must_use]
    pub fn asks_by_kind(&self) -> bool {
        let named = match &self.what {
            What::Globs(None) => true,
            What::Globs(Some(globs)) => globs.asks_by_extension(),
            What::Code { pasted, .. } => pasted.is_none(),
        };
        named && self.except.asks_by_extension()
    }

    /// Whether the check says by name which files it wants, so that a file that is not text is a
    /// question left open. A check of every file only asks about text.
    #[must_use]
    pub fn names_its_files(&self, condition: &Condition) -> bool {
        !matches!(self.what, What::Globs(None)) || condition.names_files()
    }
}

/// Whether a pasted rule says by globs which files it looks at.
fn names_files(code: &CodeCheck) -> bool {
    let written = |key: &str| code.rule.as_ref().is_some_and(|rule| rule.contains_key(key));
    !code.files.is_empty() || !code.ignores.is_empty() || written("files") || written("ignores")
}

/// Whether code of `inner` may stand in files of `outer`.
fn embeds(outer: Language, inner: Language) -> bool {
    use Language as L;
    Grammar(outer).may_embed() && matches!(inner, L::JavaScript | L::TypeScript | L::Tsx | L::Css)
}

fn globs(kind: &str, key: &str, patterns: &[String]) -> Result<Globs, Vec<SpecProblem>> {
    Globs::new(patterns).map_err(|(index, message)| {
        let at = vec![Step::Key(kind.to_owned()), Step::Key(key.to_owned()), Step::Index(index)];
        vec![SpecProblem { at, message, help: None }]
    })
}

/// How far a guideline reaches here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing here is asked by it.
    Nowhere,
    /// It asks about names in the whole repository.
    Repository,
    /// Its checks look into so many files.
    Files(usize),
}

/// How far `guideline` reaches in the tree with these `entries`, by the same rules as a run.
/// Checks that cannot be compiled look nowhere; `check` says what is wrong with them.
#[must_use]
pub fn reach(guideline: &Guideline, entries: &[Entry]) -> Reach {
    let Ok(mut condition) = Condition::new(&guideline.applies) else { return Reach::Nowhere };
    condition.settle(entries, false);
    if !condition.holds_somewhere(entries) {
        return Reach::Nowhere;
    }
    let selectors: Vec<Option<Selector>> =
        guideline.checks.iter().filter_map(|check| Selector::new(check).ok()).collect();
    if selectors.iter().any(Option::is_none) {
        return Reach::Repository;
    }
    let looked_into = |entry: &&Entry| {
        let path = entry.path.bytes();
        let language = language_of(path);
        matches!(entry.kind, EntryKind::File | EntryKind::Special)
            && selectors.iter().flatten().any(|selector| selector.selects(path, language))
            && condition.holds_for(path, language)
    };
    match entries.iter().filter(looked_into).count() {
        0 => Reach::Nowhere,
        files => Reach::Files(files),
    }
}

/// Whether and why one check looks at a path, for `stanchion why`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Id of the check.
    pub check: String,
    /// Its kind.
    pub kind: &'static str,
    /// Whether it looks into the path; `None` for checks of names, which look at the whole tree.
    pub looks: Option<bool>,
}

/// For each check of `guideline`, whether it looks into `path`. Checks that cannot be compiled look
/// nowhere.
#[must_use]
pub fn who_looks_at(guideline: &Guideline, entries: &[Entry], path: &RepoPath) -> Vec<Look> {
    let Ok(mut condition) = Condition::new(&guideline.applies) else { return Vec::new() };
    condition.settle(entries, false);
    let language = language_of(path.bytes());
    let applies = condition.holds_for(path.bytes(), language);
    let look = |check: &Check| {
        let looks = match Selector::new(check) {
            Ok(None) => None,
            Ok(Some(selector)) => Some(applies && selector.selects(path.bytes(), language)),
            Err(_) => Some(false),
        };
        Look { check: check.id.clone(), kind: check.kind.word(), looks }
    };
    guideline.checks.iter().map(look).collect()
}

/// Whether some check of `guideline` looks into a file at `path`, whatever else is in the repository.
#[must_use]
pub fn looks_into(guideline: &Guideline, path: &RepoPath) -> bool {
    let Ok(mut condition) = Condition::new(&guideline.applies) else { return false };
    condition.settle(&[], true);
    let language = language_of(path.bytes());
    condition.holds_for(path.bytes(), language)
        && guideline.checks.iter().any(|check| {
            let selector = Selector::new(check).ok().flatten();
            selector.is_some_and(|selector| selector.selects(path.bytes(), language))
        })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::{MemoryTree, NoProgress, Options, assess};
    use crate::model::{
        Applies, CheckKind, FilesCheck, GuidelineId, Level, Origin, Require, Stage, TextCheck, Verdict,
    };

    fn guideline(applies: Applies, kind: CheckKind) -> Arc<Guideline> {
        let check = Check { id: "c".into(), kind, message: None, fix: None };
        Arc::new(Guideline {
            id: GuidelineId::new("tests/one").expect("an id"),
            version: semver::Version::new(1, 0, 0),
            title: "t".into(),
            summary: "s".into(),
            stage: Stage::Sketch,
            owner: "o".into(),
            level: Level::Note,
            topics: vec![],
            applies,
            consequences: vec![],
            offers: vec![],
            conflicts_with: vec![],
            settings: vec![],
            values: vec![],
            checks: vec![check],
            sections: vec![],
            examples: vec![],
            origin: Origin::Starter,
            sha256: String::new(),
            text: "".into(),
        })
    }

    fn text(files: &[&str]) -> CheckKind {
        CheckKind::Text(TextCheck {
            files: files.iter().map(|&glob| glob.to_owned()).collect(),
            except: vec![],
            find: Some("needle".into()),
            expect: None,
            multi_line: false,
            ignore_case: false,
        })
    }

    fn readme() -> CheckKind {
        let require = Require { any: vec!["README.md".into()], all: vec![] };
        CheckKind::Files(
            serde_json::from_value::<FilesCheck>(serde_json::json!({ "require": require })).expect("a check"),
        )
    }

    /// `list` and `check` must agree on what applies.
    #[test]
    fn the_reach_is_what_a_run_asks() {
        use crate::engine::tree::Tree as _;
        let without_tests = Applies {
            not: Some(Box::new(Applies { files: vec!["**".into()], ..Applies::default() })),
            ..Applies::default()
        };
        for (applies, kind, expected) in [
            (Applies::default(), text(&["**/*.py"]), Reach::Files(1)),
            (Applies::default(), text(&["**/*.go"]), Reach::Nowhere),
            (Applies::default(), text(&[]), Reach::Files(2)),
            (without_tests, text(&[]), Reach::Nowhere),
            (Applies { exists: vec!["go.mod".into()], ..Applies::default() }, readme(), Reach::Nowhere),
            (Applies::default(), readme(), Reach::Repository),
        ] {
            let guideline = guideline(applies, kind);
            let tree = MemoryTree::new([
                (RepoPath::from("a.py"), b"x".to_vec()),
                (RepoPath::from("b/c.txt"), b"x".to_vec()),
            ]);
            assert_eq!(reach(&guideline, &tree.list().expect("listed").entries), expected);
            let outcome =
                assess(&[guideline], &tree, &Options::default(), &NoProgress).expect("listed").outcome;
            assert_eq!(outcome.guidelines[0].verdict == Verdict::NotApplicable, expected == Reach::Nowhere);
        }
    }

    #[test]
    fn a_part_of_the_repository_is_not_asked_about_the_whole() {
        let tree = MemoryTree::new([(RepoPath::from("sub/a.py"), b"x".to_vec())]);
        let verdict = |scopes: Vec<RepoPath>| {
            let options = Options { scopes, ..Options::default() };
            let outcome = assess(&[guideline(Applies::default(), readme())], &tree, &options, &NoProgress);
            outcome.expect("listed").outcome.guidelines[0].verdict
        };
        assert_eq!(verdict(vec![]), Verdict::NotKept);
        assert_eq!(verdict(vec![RepoPath::from("sub")]), Verdict::NotApplicable);
    }
}
