//! Compiles checks. Patterns, queries and schemas are parsed here, some of them by C code, so a run does this
//! in the worker process.

use std::sync::Arc;

use super::SpecProblem;
use super::checks::code::CompiledCode;
use super::checks::data::{self, CompiledData};
use super::checks::files::{self, CompiledFiles};
use super::checks::text::CompiledText;
use super::prefilter::Requirement;
use crate::model::{Check, CheckKind};

/// A compiled check of contents.
#[derive(Clone)]
pub enum Compiled {
    /// Searches text with a regular expression.
    Text(Arc<CompiledText>),
    /// Tests values in data files.
    Data(Arc<CompiledData>),
    /// Searches syntax trees.
    Code(Arc<CompiledCode>),
}

impl Compiled {
    /// Condition that the content of a file must meet for the check to find anything.
    #[must_use]
    pub fn requirement(&self) -> Requirement {
        match self {
            Self::Text(check) => check.requirement().clone(),
            Self::Data(_) => Requirement::Anything,
            Self::Code(check) => check.requirement().clone(),
        }
    }

    /// Reason why the check cannot be prefiltered; `None` if it can.
    #[must_use]
    pub fn unfiltered(&self) -> Option<String> {
        let why = match self {
            Self::Data(_) => "it may report a missing value in any data file",
            Self::Text(check) if check.requirement().describe().is_some() => return None,
            Self::Text(_) => {
                "its expression has no text that every match contains, or it reports files without a match"
            }
            Self::Code(check) => check.describe_prefilter().err()?,
        };
        Some(why.to_owned())
    }
}

/// Compiles a check of contents. Returns `None` for a check of names or of other tools' results.
///
/// # Errors
/// Every problem of the check.
pub fn compile(check: &Check) -> Result<Option<Compiled>, Vec<SpecProblem>> {
    let message = check.message.as_deref();
    Ok(Some(match &check.kind {
        CheckKind::Files(_) | CheckKind::Tool(_) => return Ok(None),
        CheckKind::Text(text) => {
            Compiled::Text(Arc::new(CompiledText::new(text, message, check.fix.as_ref())?))
        }
        CheckKind::Data(spec) => Compiled::Data(Arc::new(data::compile(spec, message)?)),
        CheckKind::Code(code) => Compiled::Code(Arc::new(CompiledCode::new(code, message)?)),
    }))
}

/// Compiles a check of names. Returns `None` for the other kinds.
///
/// # Errors
/// Every problem of the check.
pub fn compile_names(check: &Check) -> Result<Option<CompiledFiles>, Vec<SpecProblem>> {
    match &check.kind {
        CheckKind::Files(spec) => files::compile(spec).map(Some),
        _ => Ok(None),
    }
}

/// Returns every problem of a check of contents. Also compiles the parts that a run compiles only for the
/// first file that needs them.
#[must_use]
pub fn problems_of(check: &Check) -> Vec<SpecProblem> {
    let compiled = compile(check).and_then(|compiled| match compiled {
        Some(Compiled::Text(text)) => text.compile_now(),
        _ => Ok(()),
    });
    compiled.err().unwrap_or_default()
}
