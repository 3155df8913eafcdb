//! The `files` and `ignores` of a pasted ast-grep rule, with ast-grep's semantics: `*` also matches `/`.

use globset::{Candidate, Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use serde_json::Value;

use crate::engine::SpecProblem;
use crate::model::CodeCheck;

/// Selects the files of a pasted rule.
pub struct PastedGlobs {
    files: Option<GlobSet>,
    ignores: Option<GlobSet>,
}

impl PastedGlobs {
    /// Compiles the globs of a check.
    ///
    /// # Errors
    /// The problem of the first invalid glob.
    pub fn new(check: &CodeCheck) -> Result<Self, SpecProblem> {
        let written = |key: &str| check.rule.as_ref().and_then(|rule| rule.get(key));
        Ok(Self {
            files: compile("files", written("files"), &check.files)?,
            ignores: compile("ignores", written("ignores"), &check.ignores)?,
        })
    }

    /// Whether the rule applies to `path`.
    #[must_use]
    pub fn is_match(&self, path: &[u8]) -> bool {
        let path = Candidate::from_bytes(path);
        !self.ignores.as_ref().is_some_and(|set| set.is_match_candidate(&path))
            && self.files.as_ref().is_none_or(|set| set.is_match_candidate(&path))
    }
}

fn compile(key: &str, written: Option<&Value>, plain: &[String]) -> Result<Option<GlobSet>, SpecProblem> {
    let mut globs: Vec<(String, bool)> = Vec::new();
    if let Some(Value::Array(items)) = written {
        for item in items {
            match item {
                Value::String(glob) => globs.push((glob.clone(), false)),
                Value::Object(object) => {
                    let insensitive = object.get("caseInsensitive").and_then(Value::as_bool).unwrap_or(false);
                    let glob = object.get("glob").and_then(Value::as_str).unwrap_or_default();
                    globs.push((glob.to_owned(), insensitive));
                }
                _ => {}
            }
        }
    } else {
        globs.extend(plain.iter().map(|glob| (glob.clone(), false)));
    }
    if globs.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    for (text, insensitive) in globs {
        let problem = |why: String| SpecProblem::new(&["code", key], format!("invalid glob `{text}`: {why}"));
        // globset parses nested braces recursively.
        if text.len() > 1024 || text.bytes().filter(|b| matches!(b, b'{' | b'[')).count() > 16 {
            return Err(problem("too long, or too many brackets".to_owned()));
        }
        let glob = if insensitive {
            GlobBuilder::new(&text).case_insensitive(true).build()
        } else {
            Glob::new(&text)
        };
        set.add(glob.map_err(|error| problem(error.kind().to_string()))?);
    }
    set.build().map(Some).map_err(|error| SpecProblem::new(&["code", key], error.to_string()))
}
