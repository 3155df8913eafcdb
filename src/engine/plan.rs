//! The plan of a run: all checks of all guidelines, numbered. Checks are compiled only when a file needs
//! them.

use std::cell::OnceCell;
use std::sync::Arc;

use super::SpecProblem;
use super::applies::{Condition, EntriesByKind};
use super::focus::Focus;
use super::select::Selector;
use super::tree::PathEntry;
use crate::model::Guideline;

/// A problem in a guideline, found when it is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanProblem {
    /// Index of the guideline in the caller's list.
    pub guideline: usize,
    /// Index of the check in the guideline; `None` if the guideline as a whole is unusable.
    pub check: Option<usize>,
    /// The problem. Its location is relative to the check, or to the front matter if `check` is `None`.
    pub problem: SpecProblem,
}

/// One check in the plan. Its number is its index in [`Plan::checks`].
pub struct PlannedCheck {
    /// Index of the guideline.
    pub guideline: usize,
    /// Index of the check in the guideline.
    pub check: usize,
    /// Selects the files by name; `None` for checks of names or of other tools' results.
    pub selector: Option<Selector>,
}

/// The checks of all guidelines and the conditions under which they apply.
pub struct Plan {
    /// One per guideline; `None` if its `applies` is invalid.
    pub conditions: Vec<Option<Condition>>,
    /// For each guideline, whether it applies anywhere in the tree.
    pub applies: Vec<bool>,
    /// Every check whose globs are valid.
    pub checks: Vec<PlannedCheck>,
    /// Problems found while planning.
    pub problems: Vec<PlanProblem>,
}

impl Plan {
    /// Plans `guidelines` for the tree with these `entries`.
    #[must_use]
    pub fn new(
        guidelines: &[Arc<Guideline>],
        entries: &[PathEntry],
        assume_exists: bool,
        focus: Option<&Focus>,
    ) -> Self {
        let changed = focus.map(|focus| focus.changed_entries(entries));
        let mut plan = Self { conditions: vec![], applies: vec![], checks: vec![], problems: vec![] };
        let by_kind = OnceCell::new();
        for (index, guideline) in guidelines.iter().enumerate() {
            match Condition::new(&guideline.applies) {
                Ok(mut condition) => {
                    let focus = focus.filter(|focus| !focus.judges_whole(&guideline.id));
                    plan.applies.push(if let (Some(focus), Some(changed)) = (focus, &changed) {
                        focus.settle(&mut condition, guideline, entries, changed)
                    } else {
                        condition.settle(entries, assume_exists);
                        condition.holds_in(by_kind.get_or_init(|| EntriesByKind::new(entries)))
                    });
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

    /// Converts problems of the check with this number.
    #[must_use]
    pub fn problems_at(&self, number: u32, problems: Vec<SpecProblem>) -> Vec<PlanProblem> {
        let Some(planned) = self.checks.get(number as usize) else { return Vec::new() };
        let (guideline, check) = (planned.guideline, Some(planned.check));
        problems.into_iter().map(|problem| PlanProblem { guideline, check, problem }).collect()
    }

    /// Records problems of the check with this number.
    pub fn report_number(&mut self, number: u32, problems: Vec<SpecProblem>) {
        let found = self.problems_at(number, problems);
        self.problems.extend(found);
    }

    /// Records problems of a guideline or one of its checks.
    pub fn report(&mut self, guideline: usize, check: Option<usize>, problems: Vec<SpecProblem>) {
        let problems = problems.into_iter().map(|problem| PlanProblem { guideline, check, problem });
        self.problems.extend(problems);
    }
}
