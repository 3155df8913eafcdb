//! The plan: every check of every guideline, numbered; compiled only when some file asks for it.

use std::sync::Arc;

use super::SpecProblem;
use super::applies::{Condition, Ground};
use super::checks::code::CompiledCode;
use super::checks::data::{self, CompiledData};
use super::checks::files::{self, CompiledFiles};
use super::checks::text::CompiledText;
use super::select::Selector;
use super::tree::Entry;
use crate::model::{Check, CheckKind, Guideline};

/// Something wrong in a guideline, found when it is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanProblem {
    /// Index of the guideline as given.
    pub guideline: usize,
    /// Index of the check in it; `None` when the guideline as a whole cannot be used.
    pub check: Option<usize>,
    /// What is wrong. Its place counts from the check, or from the front matter without a check.
    pub problem: SpecProblem,
}

/// One check in the plan. Its number is its place in [`Plan::checks`].
pub struct PlannedCheck {
    /// Index of the guideline.
    pub guideline: usize,
    /// Index of the check in the guideline.
    pub check: usize,
    /// By name, which files it looks into; `None` for checks of names.
    pub selector: Option<Selector>,
}

/// A check ready to run on contents.
pub enum Compiled {
    /// A regular expression.
    Text(CompiledText),
    /// Values in data files.
    Data(CompiledData),
    /// Syntax.
    Code(CompiledCode),
}

/// The checks of all guidelines and the conditions under which they apply.
pub struct Plan {
    /// One a guideline; `None` when its `applies` cannot be used.
    pub conditions: Vec<Option<Condition>>,
    /// Whether each guideline applies anywhere here.
    pub applies: Vec<bool>,
    /// Every check that can be planned.
    pub checks: Vec<PlannedCheck>,
    /// What is wrong.
    pub problems: Vec<PlanProblem>,
}

impl Plan {
    /// Plans `guidelines` for the tree with these `entries`.
    #[must_use]
    pub fn new(guidelines: &[Arc<Guideline>], entries: &[Entry], assume_exists: bool) -> Self {
        let mut plan = Self { conditions: vec![], applies: vec![], checks: vec![], problems: vec![] };
        let ground = Ground::new(entries);
        for (index, guideline) in guidelines.iter().enumerate() {
            match Condition::new(&guideline.applies) {
                Ok(mut condition) => {
                    condition.settle(entries, assume_exists);
                    plan.applies.push(condition.holds_in(&ground));
                    plan.conditions.push(Some(condition));
                    plan.add_checks(index, guideline);
                }
                Err(problems) => {
                    plan.applies.push(true);
                    plan.conditions.push(None);
                    plan.report(index, None, problems);
                }
            }
        }
        plan
    }

    fn add_checks(&mut self, index: usize, guideline: &Guideline) {
        for (check, spec) in guideline.checks.iter().enumerate() {
            match Selector::new(spec) {
                Ok(selector) => self.checks.push(PlannedCheck { guideline: index, check, selector }),
                Err(problems) => self.report(index, Some(check), problems),
            }
        }
    }

    /// Notes problems of a guideline or one of its checks.
    pub fn report(&mut self, guideline: usize, check: Option<usize>, problems: Vec<SpecProblem>) {
        let problems = problems.into_iter().map(|problem| PlanProblem { guideline, check, problem });
        self.problems.extend(problems);
    }
}

/// Compiles a check of contents; `None` for a check of names.
///
/// # Errors
/// Everything that is wrong with it.
pub fn compile(check: &Check) -> Result<Option<Compiled>, Vec<SpecProblem>> {
    let message = check.message.as_deref();
    Ok(Some(match &check.kind {
        CheckKind::Files(_) => return Ok(None),
        CheckKind::Text(text) => Compiled::Text(CompiledText::new(text, message, check.fix.as_ref())?),
        CheckKind::Data(spec) => Compiled::Data(data::compile(spec, message)?),
        CheckKind::Code(code) => Compiled::Code(CompiledCode::new(code, message)?),
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

/// Compiles every check of a guideline, whether or not anything asks for it: for authors.
#[must_use]
pub fn compile_everything(guideline: &Guideline) -> Vec<PlanProblem> {
    let mut plan = Plan { conditions: vec![], applies: vec![], checks: vec![], problems: vec![] };
    if let Err(problems) = Condition::new(&guideline.applies) {
        plan.report(0, None, problems);
    }
    for (index, check) in guideline.checks.iter().enumerate() {
        let contents = compile(check).and_then(|compiled| match compiled {
            Some(Compiled::Text(text)) => text.compile_now(),
            _ => Ok(()),
        });
        let results = [Selector::new(check).map(|_| ()), contents, compile_names(check).map(|_| ())];
        let mut problems: Vec<SpecProblem> = results.into_iter().filter_map(Result::err).flatten().collect();
        problems.dedup();
        plan.report(0, Some(index), problems);
    }
    plan.problems
}
