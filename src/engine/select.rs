//! Which checks look into which files, by names alone.

use super::applies::Condition;
use super::checks::code::{Grammar, PastedGlobs};
use super::glob::Globs;
use super::{SpecProblem, tree::Entry};
use crate::data::Step;
use crate::model::{Check, CheckKind, Guideline, Language, RepoPath, language_of};

/// Decides by name which files one check of contents looks into.
pub struct Selector {
    what: What,
    except: Globs,
}

enum What {
    /// Files that match; `None` is every file.
    Globs(Option<Globs>),
    /// Files of a language, with ast-grep's own globs.
    Code { language: Language, pasted: PastedGlobs },
}

impl Selector {
    /// The selector of a check of contents; `None` for a check of names.
    ///
    /// # Errors
    /// Globs that cannot be used.
    pub fn new(check: &Check) -> Result<Option<Self>, Vec<SpecProblem>> {
        let (what, except) = match &check.kind {
            CheckKind::Files(_) => return Ok(None),
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
                    && pasted.is_match(path)
            }
        };
        named && !self.except.is_match(path)
    }

    /// Whether the check says by name which files it wants, so that a file that is not text is a
    /// question left open. A check of every file only asks about text.
    #[must_use]
    pub fn names_its_files(&self, condition: &Condition) -> bool {
        !matches!(self.what, What::Globs(None)) || condition.names_files()
    }
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
