//! Compiling checks of contents. Patterns, queries and schemas are parsed here, some of them by C code:
//! a run does this in the worker process.

use std::sync::Arc;

use super::SpecProblem;
use super::checks::code::CompiledCode;
use super::checks::data::{self, CompiledData};
use super::checks::files::{self, CompiledFiles};
use super::checks::text::CompiledText;
use super::prefilter::Requirement;
use crate::model::{Check, CheckKind};

/// A check ready to run on contents.
#[derive(Clone)]
pub enum Compiled {
    /// A regular expression.
    Text(Arc<CompiledText>),
    /// Values in data files.
    Data(Arc<CompiledData>),
    /// Syntax.
    Code(Arc<CompiledCode>),
}

impl Compiled {
    /// What a file must hold so that the check can find anything in it.
    #[must_use]
    pub fn requirement(&self) -> Requirement {
        match self {
            Self::Text(check) => check.requirement().clone(),
            Self::Data(_) => Requirement::Anything,
            Self::Code(check) => check.requirement().clone(),
        }
    }

    /// Why it cannot be prefiltered; `None` when it can.
    #[must_use]
    pub fn unfiltered(&self) -> Option<String> {
        let why = match self {
            Self::Data(_) => "values can be missing from any data file",
            Self::Text(check) if check.requirement().describe().is_some() => return None,
            Self::Text(_) => {
                "its expression names no text that every match holds, or it asks what is missing"
            }
            Self::Code(check) => check.prefilter_words().err()?,
        };
        Some(why.to_owned())
    }
}

/// Compiles a check of contents; `None` for a check of names.
///
/// # Errors
/// Everything that is wrong with it.
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

/// Compiles a check of names; `None` for a check of contents.
///
/// # Errors
/// Everything that is wrong with it.
pub fn compile_names(check: &Check) -> Result<Option<CompiledFiles>, Vec<SpecProblem>> {
    match &check.kind {
        CheckKind::Files(spec) => files::compile(spec).map(Some),
        _ => Ok(None),
    }
}

/// Everything that is wrong with a check of contents, also what is otherwise compiled only for the first
/// file that needs it.
#[must_use]
pub fn problems_of(check: &Check) -> Vec<SpecProblem> {
    let compiled = compile(check).and_then(|compiled| match compiled {
        Some(Compiled::Text(text)) => text.compile_now(),
        _ => Ok(()),
    });
    compiled.err().unwrap_or_default()
}
