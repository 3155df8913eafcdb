//! Selects the files of each check by path alone.

use super::SpecProblem;
use super::applies::Condition;
use super::checks::code::{Grammar, PastedGlobs};
use super::glob::Globs;
use super::tree::{EntryKind, PathEntry};
use crate::data::PointerStep;
use crate::model::{Check, CheckKind, CodeCheck, Guideline, Language, RepoPath, language_of};

/// Selects the files of one check of contents by path.
pub struct Selector {
    what: SelectedFiles,
    except: Globs,
}

/// The set of files that a check names.
enum SelectedFiles {
    /// Files that match; `None` means every file.
    Globs(Option<Globs>),
    /// Files of a language, further restricted by the globs of an ast-grep rule, if any.
    Code { language: Language, pasted: Option<PastedGlobs> },
}

impl Selector {
    /// Creates the selector of a check of contents. Returns `None` for a check of names or of other tools'
    /// results.
    ///
    /// # Errors
    /// Invalid globs.
    pub fn new(check: &Check) -> Result<Option<Self>, Vec<SpecProblem>> {
        let (what, except) = match &check.kind {
            CheckKind::Files(_) | CheckKind::Tool(_) => return Ok(None),
            CheckKind::Text(text) => {
                let files =
                    (!text.files.is_empty()).then(|| globs("text", "files", &text.files)).transpose()?;
                (SelectedFiles::Globs(files), globs("text", "except", &text.except)?)
            }
            CheckKind::Data(data) => (
                SelectedFiles::Globs(Some(globs("data", "files", &data.files)?)),
                globs("data", "except", &data.except)?,
            ),
            CheckKind::Code(code) => {
                let pasted = PastedGlobs::new(code).map_err(|problem| vec![problem])?;
                let pasted = has_own_globs(code).then_some(pasted);
                (SelectedFiles::Code { language: code.language, pasted }, globs("code", "except", &[])?)
            }
        };
        Ok(Some(Self { what, except }))
    }

    /// Whether the check selects the file at `path`, whose language is `language`.
    #[must_use]
    pub fn selects(&self, path: &[u8], language: Option<Language>) -> bool {
        let named = match &self.what {
            SelectedFiles::Globs(None) => true,
            SelectedFiles::Globs(Some(globs)) => globs.is_match(path),
            SelectedFiles::Code { language: wanted, pasted } => {
                language.is_some_and(|language| language == *wanted || embeds(language, *wanted))
                    && pasted.as_ref().is_none_or(|pasted| pasted.is_match(path))
            }
        };
        named && !self.except.is_match(path)
    }

    /// Whether the result for a file depends only on its [`super::applies::FileKind`].
    #[must_use]
    pub fn depends_only_on_kind(&self) -> bool {
        let named = match &self.what {
            SelectedFiles::Globs(None) => true,
            SelectedFiles::Globs(Some(globs)) => globs.depends_only_on_extension(),
            SelectedFiles::Code { pasted, .. } => pasted.is_none(),
        };
        named && self.except.depends_only_on_extension()
    }

    /// Whether the check selects files by name or language. If so, a binary file among them is reported as
    /// "cannot tell"; a check of every file ignores binary files.
    #[must_use]
    pub fn names_its_files(&self, condition: &Condition) -> bool {
        !matches!(self.what, SelectedFiles::Globs(None)) || condition.names_files()
    }
}

/// Whether a code check restricts its files with globs, in the check or in a pasted rule.
fn has_own_globs(code: &CodeCheck) -> bool {
    let written = |key: &str| code.rule.as_ref().is_some_and(|rule| rule.contains_key(key));
    !code.files.is_empty() || !code.ignores.is_empty() || written("files") || written("ignores")
}

/// Whether files in `outer` may embed code in `inner`.
fn embeds(outer: Language, inner: Language) -> bool {
    use Language as L;
    Grammar(outer).may_embed() && matches!(inner, L::JavaScript | L::TypeScript | L::Tsx | L::Css)
}

fn globs(kind: &str, key: &str, patterns: &[String]) -> Result<Globs, Vec<SpecProblem>> {
    Globs::new(patterns).map_err(|(index, message)| {
        let at = vec![
            PointerStep::Key(kind.to_owned()),
            PointerStep::Key(key.to_owned()),
            PointerStep::Index(index),
        ];
        vec![SpecProblem { at, message, help: None }]
    })
}

/// The part of a tree that a guideline concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuidelineScope {
    /// The guideline does not apply, or its checks select no file.
    Nowhere,
    /// It has checks of names or of other tools' results, which concern the whole repository.
    Repository,
    /// Number of files that its checks select.
    Files(usize),
}

/// Returns the part of the tree with these `entries` that `guideline` concerns, by the same rules as a run.
/// Checks with invalid globs select nothing; `stanchion check` reports their problems.
#[must_use]
pub fn guideline_scope(guideline: &Guideline, entries: &[PathEntry]) -> GuidelineScope {
    let Ok(mut condition) = Condition::new(&guideline.applies) else { return GuidelineScope::Nowhere };
    condition.settle(entries, false);
    if !condition.holds_somewhere(entries) {
        return GuidelineScope::Nowhere;
    }
    let selectors: Vec<Option<Selector>> =
        guideline.checks.iter().filter_map(|check| Selector::new(check).ok()).collect();
    if selectors.iter().any(Option::is_none) {
        return GuidelineScope::Repository;
    }
    let is_selected = |entry: &&PathEntry| {
        let path = entry.path.bytes();
        let language = language_of(path);
        matches!(entry.kind, EntryKind::File | EntryKind::Special)
            && selectors.iter().flatten().any(|selector| selector.selects(path, language))
            && condition.holds_for(path, language)
    };
    match entries.iter().filter(is_selected).count() {
        0 => GuidelineScope::Nowhere,
        files => GuidelineScope::Files(files),
    }
}

/// Whether one check selects a path, for `stanchion why`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckSelection {
    /// Id of the check.
    pub check: String,
    /// Name of the check's kind.
    pub kind: &'static str,
    /// Whether it selects the path; `None` for checks of names or of other tools' results, which
    /// concern the whole tree.
    pub selected: Option<bool>,
}

/// Returns for each check of `guideline` whether it selects `path`. Checks with invalid globs select nothing.
#[must_use]
pub fn check_selections(
    guideline: &Guideline,
    entries: &[PathEntry],
    path: &RepoPath,
) -> Vec<CheckSelection> {
    let Ok(mut condition) = Condition::new(&guideline.applies) else { return Vec::new() };
    condition.settle(entries, false);
    let language = language_of(path.bytes());
    let applies = condition.holds_for(path.bytes(), language);
    let selection = |check: &Check| {
        let selected = match Selector::new(check) {
            Ok(None) => None,
            Ok(Some(selector)) => Some(applies && selector.selects(path.bytes(), language)),
            Err(_) => Some(false),
        };
        CheckSelection { check: check.id.clone(), kind: check.kind.as_str(), selected }
    };
    guideline.checks.iter().map(selection).collect()
}

/// Whether a check of `guideline` selects a file at `path`, regardless of the rest of the repository.
#[must_use]
pub fn selects_path(guideline: &Guideline, path: &RepoPath) -> bool {
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
    fn the_scope_agrees_with_a_run() {
        use crate::engine::tree::Tree as _;
        let without_tests = Applies {
            not: Some(Box::new(Applies { files: vec!["**".into()], ..Applies::default() })),
            ..Applies::default()
        };
        for (applies, kind, expected) in [
            (Applies::default(), text(&["**/*.py"]), GuidelineScope::Files(1)),
            (Applies::default(), text(&["**/*.go"]), GuidelineScope::Nowhere),
            (Applies::default(), text(&[]), GuidelineScope::Files(2)),
            (without_tests, text(&[]), GuidelineScope::Nowhere),
            (
                Applies { exists: vec!["go.mod".into()], ..Applies::default() },
                readme(),
                GuidelineScope::Nowhere,
            ),
            (Applies::default(), readme(), GuidelineScope::Repository),
        ] {
            let guideline = guideline(applies, kind);
            let tree = MemoryTree::new([
                (RepoPath::from("a.py"), b"x".to_vec()),
                (RepoPath::from("b/c.txt"), b"x".to_vec()),
            ]);
            assert_eq!(guideline_scope(&guideline, &tree.list().expect("listed").entries), expected);
            let outcome =
                assess(&[guideline], &tree, &Options::default(), &NoProgress).expect("listed").outcome;
            assert_eq!(
                outcome.guidelines[0].verdict == Verdict::NotApplicable,
                expected == GuidelineScope::Nowhere
            );
        }
    }

    #[test]
    fn repository_checks_do_not_run_on_a_part_of_the_repository() {
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
