//! One example, one verdict.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fixes;
use crate::engine::{MemoryTree, NoProgress, Options, assess};
use crate::model::{Example, Expectation, Finding, Guideline, Outcome, Reason, RepoPath, Verdict};
use crate::text::Span;

/// A place in an example.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The check that found it.
    pub check: String,
    /// File inside the example.
    pub path: String,
    /// 1-based line.
    pub line: u32,
    /// What the finding says.
    pub message: String,
}

/// How an example came out. The names tell an author which way a check errs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseVerdict {
    /// As expected.
    Holds,
    /// A good example has findings: the check sees too much.
    Noisy(Vec<Place>),
    /// A bad example lacks findings of these checks: they see too little.
    Missing(Vec<String>),
    /// Findings stand on other lines than the example says.
    WrongPlace {
        /// Lines the example names.
        expected: Vec<u32>,
        /// Lines with findings.
        got: Vec<u32>,
    },
    /// The example is not valid in its language.
    DoesNotParse(String),
    /// No check looks at the example, so it proves nothing.
    NotAsked,
    /// The fix that the guideline offers does not mend its own bad example.
    FixFails(String),
}

impl CaseVerdict {
    /// The verdict's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Noisy(_) => "noisy",
            Self::Missing(_) => "missing",
            Self::WrongPlace { .. } => "wrong place",
            Self::DoesNotParse(_) => "example does not parse",
            Self::NotAsked => "not asked",
            Self::FixFails(_) => "fix does not help",
        }
    }

    /// What happened, one sentence; `None` when it holds.
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
                format!("a good example should have no finding, and this has {}: {what}", places.len())
            }
            Self::Missing(checks) => {
                let checks = checks.iter().map(|check| format!("`{check}`")).collect::<Vec<_>>().join(", ");
                format!("a bad example should have a finding of {checks}, and this has none")
            }
            Self::WrongPlace { expected, got } => {
                format!("findings are expected on line {} and stand on line {}", lines(expected), lines(got))
            }
            Self::DoesNotParse(detail) => format!("the example is not valid: {detail}"),
            Self::NotAsked => {
                "no check looks at this example; give it a `path=` that the guideline looks at".to_owned()
            }
            Self::FixFails(detail) => detail.clone(),
        })
    }
}

/// An example of a guideline and how it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// 1-based line of the fence in the guideline's file.
    pub line: u32,
    /// The fence.
    pub span: Span,
    /// Good or bad.
    pub expects: Expectation,
    /// How it came out.
    pub verdict: CaseVerdict,
}

/// Runs every example of `guideline`.
#[must_use]
pub fn verify(guideline: &Arc<Guideline>) -> Vec<Case> {
    guideline
        .examples
        .iter()
        .map(|example| Case {
            line: example.line,
            span: example.span,
            expects: example.expects,
            verdict: judge(guideline, example),
        })
        .collect()
}

fn judge(guideline: &Arc<Guideline>, example: &Example) -> CaseVerdict {
    let files: Vec<(String, Vec<u8>)> =
        example.files.iter().map(|file| (file.path.clone(), file.content.clone().into_bytes())).collect();
    let outcome = match run(guideline, example, files.clone()) {
        Ok(outcome) => outcome,
        Err(detail) => return CaseVerdict::DoesNotParse(detail),
    };
    let concerns = |check: &str| example.checks.is_empty() || example.checks.iter().any(|c| c == check);
    let findings: Vec<&Finding> =
        outcome.findings.iter().filter(|finding| concerns(&finding.check)).collect();
    if let Some(blind) = outcome.not_assessed.iter().find(|n| n.check.as_deref().is_none_or(concerns)) {
        let path = blind.path.as_ref().map_or(String::new(), |path| format!("{}: ", path.lossless()));
        // A broken guideline is reported on its own; here it only means that nothing was proved.
        return match blind.reason {
            Reason::Guideline => CaseVerdict::NotAsked,
            _ => CaseVerdict::DoesNotParse(format!("{path}{}", blind.detail)),
        };
    }
    if outcome.guidelines.iter().all(|outcome| outcome.verdict == Verdict::NotApplicable) {
        // A whole tiny repository may show what `applies` keeps the guideline away from.
        let kept_away = example.whole && example.expects == Expectation::Good;
        return if kept_away { CaseVerdict::Holds } else { CaseVerdict::NotAsked };
    }
    match example.expects {
        Expectation::Good if findings.is_empty() => CaseVerdict::Holds,
        Expectation::Good => CaseVerdict::Noisy(findings.into_iter().map(place).collect()),
        Expectation::Bad => bad(guideline, example, files, &findings),
    }
}

fn bad(
    guideline: &Arc<Guideline>,
    example: &Example,
    files: Vec<(String, Vec<u8>)>,
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
    try_fixes(guideline, example, files, findings)
}

/// Applies every fix at once; afterwards none of the fixed findings may be there, and all must parse.
fn try_fixes(
    guideline: &Arc<Guideline>,
    example: &Example,
    files: Vec<(String, Vec<u8>)>,
    findings: &[&Finding],
) -> CaseVerdict {
    let fixable: Vec<&Finding> = findings.iter().copied().filter(|finding| finding.fix.is_some()).collect();
    if fixable.is_empty() {
        return CaseVerdict::Holds;
    }
    let fixed = fixes::apply(files, &fixable);
    match run(guideline, example, fixed) {
        Err(detail) => CaseVerdict::FixFails(format!("the fixed example is not valid: {detail}")),
        Ok(after) => {
            if let Some(blind) = after.not_assessed.first() {
                return CaseVerdict::FixFails(format!("the fixed example is not valid: {}", blind.detail));
            }
            let left =
                |finding: &&&Finding| after.findings.iter().filter(|f| f.check == finding.check).count();
            let before = |check: &str| findings.iter().filter(|f| f.check == check).count();
            match fixable.iter().find(|finding| left(finding) >= before(&finding.check)) {
                Some(finding) => CaseVerdict::FixFails(format!(
                    "after the fix, `{}` still has as many findings as before",
                    finding.check
                )),
                None => CaseVerdict::Holds,
            }
        }
    }
}

fn run(
    guideline: &Arc<Guideline>,
    example: &Example,
    files: Vec<(String, Vec<u8>)>,
) -> Result<Outcome, String> {
    let options = Options { threads: 1, assume_exists: !example.whole, ..Options::default() };
    let tree = MemoryTree::new(files.into_iter().map(|(path, bytes)| (RepoPath::from(path.as_str()), bytes)));
    assess(std::slice::from_ref(guideline), &tree, &options, &NoProgress).map_err(|error| error.detail)
}

fn place(finding: &Finding) -> Place {
    Place {
        check: finding.check.clone(),
        path: finding.path.lossless().into_owned(),
        line: finding.start.line,
        message: finding.message.clone(),
    }
}
