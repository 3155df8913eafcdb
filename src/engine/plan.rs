//! The plan: every check of every guideline, numbered; compiled only when some file asks for it.

use std::sync::Arc;

use super::SpecProblem;
use super::applies::{Condition, Ground};
use super::select::Selector;
use super::tree::Entry;
use crate::model::Guideline;

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

    /// Problems of the check with this number.
    #[must_use]
    pub fn problems_at(&self, number: u32, problems: Vec<SpecProblem>) -> Vec<PlanProblem> {
        let Some(planned) = self.checks.get(number as usize) else { return Vec::new() };
        let (guideline, check) = (planned.guideline, Some(planned.check));
        problems.into_iter().map(|problem| PlanProblem { guideline, check, problem }).collect()
    }

    /// Notes problems of the check with this number.
    pub fn report_number(&mut self, number: u32, problems: Vec<SpecProblem>) {
        let found = self.problems_at(number, problems);
        self.problems.extend(found);
    }

    /// Notes problems of a guideline or one of its checks.
    pub fn report(&mut self, guideline: usize, check: Option<usize>, problems: Vec<SpecProblem>) {
        let problems = problems.into_iter().map(|problem| PlanProblem { guideline, check, problem });
        self.problems.extend(problems);
    }
}
