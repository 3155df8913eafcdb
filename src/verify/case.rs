//! Verdicts of examples.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::fixes;
use crate::engine::{MemoryTree, NoProgress, Options, assess, read_sarif};
use crate::model::{CheckKind, Example, Expectation, Finding, Guideline, Outcome, Reason, RepoPath, Verdict};
use crate::text::Span;

/// Maximum number of passes for fixes that overlap.
const MAX_FIX_PASSES: usize = 16;

/// A finding in an example.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaseFinding {
    /// Id of the check.
    pub check: String,
    /// Path of the file in the example.
    pub path: String,
    /// 1-based line number.
    pub line: u32,
    /// Message of the finding.
    pub message: String,
}

/// Verdict of an example. The names show an author which way a check errs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseVerdict {
    /// The result is as expected.
    Holds,
    /// A good example has findings: the check is too broad.
    Noisy(Vec<CaseFinding>),
    /// A bad example has no findings of these checks: they are too narrow.
    Missing(Vec<String>),
    /// Findings are on other lines than the example states.
    WrongPlace {
        /// Lines that the example states.
        expected: Vec<u32>,
        /// Lines with findings.
        got: Vec<u32>,
    },
    /// The example is not valid in its language.
    DoesNotParse(String),
    /// No check applies to the example, so it proves nothing.
    NotChecked,
    /// The guideline's fix does not resolve the findings of its own bad example.
    FixFails(String),
}

impl CaseVerdict {
    /// Name of the verdict.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Noisy(_) => "noisy",
            Self::Missing(_) => "missing",
            Self::WrongPlace { .. } => "wrong place",
            Self::DoesNotParse(_) => "example does not parse",
            Self::NotChecked => "not checked",
            Self::FixFails(_) => "fix does not help",
        }
    }

    /// Explanation, one sentence; `None` if the example holds.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        let lines = |lines: &[u32]| lines.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        Some(match self {
            Self::Holds => return None,
            Self::Noisy(places) => {
                let first = places.first();
                let what = first.map_or(String::new(), |place| {
                    format!("{}:{} `{}`: {}", place.path, place.line, place.check, place.message)
                });
                format!("expected no findings in a good example, but found {}: {what}", places.len())
            }
            Self::Missing(checks) => {
                let checks = checks.iter().map(|check| format!("`{check}`")).collect::<Vec<_>>().join(", ");
                format!("expected a finding of {checks} in a bad example, but found none")
            }
            Self::WrongPlace { expected, got } => {
                format!(
                    "expected findings on line {}, but found them on line {}",
                    lines(expected),
                    lines(got)
                )
            }
            Self::DoesNotParse(detail) => format!("the example is not valid: {detail}"),
            Self::NotChecked => {
                "no check applies to this example; add a `path=` that the guideline applies to".to_owned()
            }
            Self::FixFails(detail) => detail.clone(),
        })
    }
}

/// An example of a guideline and its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleCase {
    /// 1-based line number of the fence in the guideline's file.
    pub line: u32,
    /// Span of the fence.
    pub span: Span,
    /// Expected result: good or bad.
    pub expects: Expectation,
    /// The verdict.
    pub verdict: CaseVerdict,
}

/// A check without a finding in any bad example: nothing shows that it can find anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnprovenCheck {
    /// 0-based index in the guideline's checks.
    pub check: usize,
    /// Whether any bad example covers the check.
    pub has_bad_example: bool,
}

/// Results of the examples of a guideline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleResults {
    /// All examples, in file order.
    pub cases: Vec<ExampleCase>,
    /// Checks that the examples do not prove, in file order. Good examples alone prove nothing: a check that
    /// never finds anything passes them all.
    pub unproved: Vec<UnprovenCheck>,
}

/// Runs every example of `guideline`. `worker` is the program that assesses in a child process (see
/// [`Options::worker`]).
#[must_use]
pub fn verify_examples(guideline: &Arc<Guideline>, worker: Option<&Path>) -> ExampleResults {
    let mut proved = BTreeSet::new();
    let mut cases = Vec::with_capacity(guideline.examples.len());
    for example in &guideline.examples {
        let (line, span, expects) = (example.line, example.span, example.expects);
        cases.push(ExampleCase {
            line,
            span,
            expects,
            verdict: judge_example(guideline, example, worker, &mut proved),
        });
    }
    let has_bad_example = |check: &str| {
        guideline.examples.iter().any(|it| it.expects == Expectation::Bad && covers_check(it, check))
    };
    let checks = guideline.checks.iter().enumerate();
    let unproved = checks
        .filter(|(_, check)| !proved.contains(&check.id))
        .map(|(index, check)| UnprovenCheck { check: index, has_bad_example: has_bad_example(&check.id) })
        .collect();
    ExampleResults { cases, unproved }
}

/// Whether an example covers a check.
fn covers_check(example: &Example, check: &str) -> bool {
    example.checks.is_empty() || example.checks.iter().any(|named| named == check)
}

/// Returns the verdict of an example. Checks with findings in a bad example are added to `proved`.
fn judge_example(
    guideline: &Arc<Guideline>,
    example: &Example,
    worker: Option<&Path>,
    proved: &mut BTreeSet<String>,
) -> CaseVerdict {
    let files: Vec<(String, Vec<u8>)> =
        example.files.iter().map(|file| (file.path.clone(), file.content.clone().into_bytes())).collect();
    let outcome = match assess_example(guideline, example, worker, files.clone()) {
        Ok(outcome) => outcome,
        Err(detail) => return CaseVerdict::DoesNotParse(detail),
    };
    let covers = |check: &str| covers_check(example, check);
    let findings: Vec<&Finding> = outcome.findings.iter().filter(|finding| covers(&finding.check)).collect();
    if example.expects == Expectation::Bad {
        proved.extend(findings.iter().map(|finding| finding.check.clone()));
    }
    if let Some(unassessed) = outcome.not_assessed.iter().find(|n| n.check.as_deref().is_none_or(covers)) {
        let path = unassessed.path.as_ref().map_or(String::new(), |path| format!("{}: ", path.lossless()));
        // An invalid guideline is reported separately; here it only means that nothing was proved.
        return match unassessed.reason {
            Reason::Guideline => CaseVerdict::NotChecked,
            _ => CaseVerdict::DoesNotParse(format!("{path}{}", unassessed.detail)),
        };
    }
    if outcome.guidelines.iter().all(|outcome| outcome.verdict == Verdict::NotApplicable) {
        // An example of a whole repository may show a case that `applies` excludes.
        let is_excluded = example.whole && example.expects == Expectation::Good;
        return if is_excluded { CaseVerdict::Holds } else { CaseVerdict::NotChecked };
    }
    match example.expects {
        Expectation::Good if findings.is_empty() => CaseVerdict::Holds,
        Expectation::Good => CaseVerdict::Noisy(findings.into_iter().map(case_finding).collect()),
        Expectation::Bad => judge_bad_example(guideline, example, worker, files, &outcome, &findings),
    }
}

fn judge_bad_example(
    guideline: &Arc<Guideline>,
    example: &Example,
    worker: Option<&Path>,
    files: Vec<(String, Vec<u8>)>,
    outcome: &Outcome,
    findings: &[&Finding],
) -> CaseVerdict {
    let found = |check: &String| findings.iter().any(|finding| finding.check == *check);
    let missing: Vec<String> = example.checks.iter().filter(|check| !found(check)).cloned().collect();
    if !missing.is_empty() {
        return CaseVerdict::Missing(missing);
    }
    if findings.is_empty() {
        return CaseVerdict::Missing(guideline.checks.iter().map(|check| check.id.clone()).collect());
    }
    if !example.lines.is_empty() {
        let expected: BTreeSet<u32> = example.lines.iter().copied().collect();
        let got: BTreeSet<u32> = findings.iter().map(|finding| finding.start.line).collect();
        if expected != got {
            return CaseVerdict::WrongPlace {
                expected: expected.into_iter().collect(),
                got: got.into_iter().collect(),
            };
        }
    }
    try_fixes(guideline, example, worker, files, outcome)
}

/// Applies every fix and assesses the result: all fixed findings must be gone, no check may have a new
/// finding, and all files must parse. Overlapping fixes are applied in several passes: `f(f(x))` is fixed
/// from the outside in.
fn try_fixes(
    guideline: &Arc<Guideline>,
    example: &Example,
    worker: Option<&Path>,
    mut files: Vec<(String, Vec<u8>)>,
    before: &Outcome,
) -> CaseVerdict {
    let is_fixable = |finding: &&Finding| finding.fix.is_some() && covers_check(example, &finding.check);
    let mut fixable: Vec<Finding> = before.findings.iter().filter(is_fixable).cloned().collect();
    // Number of findings that each check may still have: those without a fix.
    let mut rest: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &before.findings {
        *rest.entry(&finding.check).or_default() += usize::from(!is_fixable(&finding));
    }
    for pass in 1.. {
        if fixable.is_empty() {
            break;
        }
        let (fixed, left_out) = fixes::apply_fixes(files, &fixable.iter().collect::<Vec<_>>());
        let after = match assess_example(guideline, example, worker, fixed.clone()) {
            Err(detail) => return CaseVerdict::FixFails(format!("the fixed example is not valid: {detail}")),
            Ok(after) => after,
        };
        if let Some(unassessed) = after.not_assessed.first() {
            return CaseVerdict::FixFails(format!("the fixed example is not valid: {}", unassessed.detail));
        }
        if left_out && pass < MAX_FIX_PASSES {
            files = fixed;
            fixable = after.findings.iter().filter(is_fixable).cloned().collect();
            if !fixable.is_empty() {
                continue;
            }
        }
        for check in &guideline.checks {
            let left = after.findings.iter().filter(|finding| finding.check == check.id).count();
            if left <= rest.get(check.id.as_str()).copied().unwrap_or(0) {
                continue;
            }
            let found = before.findings.iter().filter(|finding| finding.check == check.id);
            return CaseVerdict::FixFails(if found.clone().any(|finding| is_fixable(&finding)) {
                format!("after the fix, `{}` still has findings that the fix should resolve", check.id)
            } else {
                format!("after the fix, `{}` has new findings", check.id)
            });
        }
        break;
    }
    CaseVerdict::Holds
}

fn assess_example(
    guideline: &Arc<Guideline>,
    example: &Example,
    worker: Option<&Path>,
    files: Vec<(String, Vec<u8>)>,
) -> Result<Outcome, String> {
    // The results of a tool are in a SARIF file of the example.
    let is_sarif = |path: &str| Path::new(path).extension().is_some_and(|extension| extension == "sarif");
    let mut tools = Vec::new();
    for (path, bytes) in files.iter().filter(|(path, _)| is_sarif(path)) {
        let text = String::from_utf8_lossy(bytes);
        tools.extend(read_sarif(&text).map_err(|message| format!("{path}: {message}"))?);
    }
    let has_tool_checks = guideline.checks.iter().any(|check| matches!(check.kind, CheckKind::Tool(_)));
    let files = files.into_iter().filter(|(path, _)| !(has_tool_checks && is_sarif(path)));
    let options = Options {
        threads: 1,
        tools,
        assume_exists: !example.whole,
        worker: worker.map(Path::to_path_buf),
        ..Options::default()
    };
    let tree = MemoryTree::new(files.map(|(path, bytes)| (RepoPath::from(path.as_str()), bytes)));
    let assessment = assess(std::slice::from_ref(guideline), &tree, &options, &NoProgress);
    assessment.map(|assessment| assessment.outcome).map_err(|error| error.detail)
}

fn case_finding(finding: &Finding) -> CaseFinding {
    CaseFinding {
        check: finding.check.clone(),
        path: finding.path.lossless().into_owned(),
        line: finding.start.line,
        message: finding.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Origin;

    fn verified(checks: &str, examples: &str) -> ExampleResults {
        let text = format!(
            "---\nschema: 1\nguideline: t/x\nversion: 1.0.0\ntitle: x\nsummary: x\nstage: sketch\nowner: t\nchecks:\n{checks}---\n{examples}"
        );
        let guideline =
            crate::format::parse_guideline("g.md", &text, Origin::File("g.md".to_owned()), &|_| None);
        verify_examples(&Arc::new(guideline.expect("a guideline")), None)
    }

    fn only(checks: &str, example: &str) -> CaseVerdict {
        let mut cases = verified(checks, &format!("{example}```\n")).cases;
        assert_eq!(cases.len(), 1);
        cases.remove(0).verdict
    }

    #[test]
    fn a_fix_resolves_all_its_findings_and_causes_no_new_ones() {
        for (checks, example, fails) in [
            ("  - { id: a, text: { find: foo }, fix: { replace: bar } }\n", "```text bad\nfoo foo\n", None),
            (
                "  - { id: a, text: { find: foo }, fix: { replace: bar } }\n  - { id: b, text: { find: bar } }\n",
                "```text bad check=a\nfoo\n",
                Some("`b` has new findings"),
            ),
            // The finding of `b` existed before the fix, and has no fix.
            (
                "  - { id: a, text: { find: foo }, fix: { replace: qux } }\n  - { id: b, text: { find: bar } }\n",
                "```text bad\nfoo bar\n",
                None,
            ),
            // Nested fixes.
            (
                "  - { id: a, code: { language: python, rule: { pattern: f($A) }, fix: g($A) } }\n",
                "```python bad\nf(f(f(1)))\n",
                None,
            ),
        ] {
            match (only(checks, example), fails) {
                (CaseVerdict::Holds, None) => {}
                (CaseVerdict::FixFails(detail), Some(words)) => assert!(detail.contains(words), "{detail}"),
                other => panic!("{checks}{other:?}"),
            }
        }
    }

    #[test]
    fn an_incomplete_fix_fails() {
        // One of two findings is fixed; the other one stays.
        let checks = "  - { id: a, text: { find: '(f|g)oo' }, fix: { replace: '${1}oo' } }\n";
        assert!(matches!(only(checks, "```text bad\nfoo\n"), CaseVerdict::FixFails(_)));
        let checks = "  - { id: a, text: { find: 'foo(o*)' }, fix: { replace: 'f$1' } }\n";
        assert!(matches!(only(checks, "```text bad\nfoo fooooo\n"), CaseVerdict::FixFails(_)));
    }

    #[test]
    fn checks_without_findings_are_reported() {
        let checks = "  - { id: a, text: { find: foo } }\n  - { id: b, text: { find: baz } }\n  - { id: c, text: { find: bar, files: ['*.x'] } }\n";
        let all = verified(checks, "```text bad\nfoo\n```\n```text good\nqux\n```\n");
        assert!(all.cases.iter().all(|case| case.verdict == CaseVerdict::Holds), "{all:?}");
        let unproved = |check| UnprovenCheck { check, has_bad_example: true };
        assert_eq!(all.unproved, [unproved(1), unproved(2)]);
        let all = verified(checks, "```text bad check=a\nfoo\n```\n```text good check=c\nbar\n```\n");
        assert_eq!(all.unproved.iter().map(|it| it.has_bad_example).collect::<Vec<_>>(), [false, false]);
    }
}
