//! One example, one verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::fixes;
use crate::engine::{MemoryTree, NoProgress, Options, assess, read_sarif};
use crate::model::{CheckKind, Example, Expectation, Finding, Guideline, Outcome, Reason, RepoPath, Verdict};
use crate::text::Span;

/// Most turns of fixes that overlap.
const TURNS: usize = 16;

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

/// A check that no bad example makes find anything: nothing shows that it can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unproved {
    /// Its place in the guideline, from 0.
    pub check: usize,
    /// Whether a bad example is about it at all.
    pub has_bad_example: bool,
}

/// How the examples of a guideline came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Every example, in file order.
    pub cases: Vec<Case>,
    /// Checks that the examples do not prove, in file order. Good examples alone prove nothing: a check
    /// that never looks keeps them all.
    pub unproved: Vec<Unproved>,
}

/// Runs every example of `guideline`; `worker` is the program that assesses in a process of its own (see
/// [`Options::worker`]).
#[must_use]
pub fn verify(guideline: &Arc<Guideline>, worker: Option<&Path>) -> Verified {
    let mut proved = BTreeSet::new();
    let mut cases = Vec::with_capacity(guideline.examples.len());
    for example in &guideline.examples {
        let (line, span, expects) = (example.line, example.span, example.expects);
        cases.push(Case { line, span, expects, verdict: judge(guideline, example, worker, &mut proved) });
    }
    let bad = |check: &str| {
        guideline.examples.iter().any(|it| it.expects == Expectation::Bad && concerns(it, check))
    };
    let checks = guideline.checks.iter().enumerate();
    let unproved = checks
        .filter(|(_, check)| !proved.contains(&check.id))
        .map(|(index, check)| Unproved { check: index, has_bad_example: bad(&check.id) })
        .collect();
    Verified { cases, unproved }
}

/// Whether an example is about a check.
fn concerns(example: &Example, check: &str) -> bool {
    example.checks.is_empty() || example.checks.iter().any(|named| named == check)
}

/// The verdict of an example. Checks that find something in a bad one are added to `proved`.
fn judge(
    guideline: &Arc<Guideline>,
    example: &Example,
    worker: Option<&Path>,
    proved: &mut BTreeSet<String>,
) -> CaseVerdict {
    let files: Vec<(String, Vec<u8>)> =
        example.files.iter().map(|file| (file.path.clone(), file.content.clone().into_bytes())).collect();
    let outcome = match run(guideline, example, worker, files.clone()) {
        Ok(outcome) => outcome,
        Err(detail) => return CaseVerdict::DoesNotParse(detail),
    };
    let concerned = |check: &str| concerns(example, check);
    let findings: Vec<&Finding> =
        outcome.findings.iter().filter(|finding| concerned(&finding.check)).collect();
    if example.expects == Expectation::Bad {
        proved.extend(findings.iter().map(|finding| finding.check.clone()));
    }
    if let Some(blind) = outcome.not_assessed.iter().find(|n| n.check.as_deref().is_none_or(concerned)) {
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
        Expectation::Bad => bad(guideline, example, worker, files, &outcome, &findings),
    }
}

fn bad(
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

/// Applies every fix; afterwards none of the fixed findings may be there, no check may find anything
/// new, and all must parse. Fixes that overlap take turns: `f(f(x))` is mended from the outside in.
fn try_fixes(
    guideline: &Arc<Guideline>,
    example: &Example,
    worker: Option<&Path>,
    mut files: Vec<(String, Vec<u8>)>,
    before: &Outcome,
) -> CaseVerdict {
    let asked = |finding: &&Finding| finding.fix.is_some() && concerns(example, &finding.check);
    let mut fixable: Vec<Finding> = before.findings.iter().filter(asked).cloned().collect();
    // What each check may still find: what no fix was offered for.
    let mut rest: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &before.findings {
        *rest.entry(&finding.check).or_default() += usize::from(!asked(&finding));
    }
    for turn in 1.. {
        if fixable.is_empty() {
            break;
        }
        let (fixed, left_out) = fixes::apply(files, &fixable.iter().collect::<Vec<_>>());
        let after = match run(guideline, example, worker, fixed.clone()) {
            Err(detail) => return CaseVerdict::FixFails(format!("the fixed example is not valid: {detail}")),
            Ok(after) => after,
        };
        if let Some(blind) = after.not_assessed.first() {
            return CaseVerdict::FixFails(format!("the fixed example is not valid: {}", blind.detail));
        }
        if left_out && turn < TURNS {
            files = fixed;
            fixable = after.findings.iter().filter(asked).cloned().collect();
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
            return CaseVerdict::FixFails(if found.clone().any(|finding| asked(&finding)) {
                format!("after the fix, `{}` still finds what the fix should mend", check.id)
            } else {
                format!("after the fix, `{}` finds something new", check.id)
            });
        }
        break;
    }
    CaseVerdict::Holds
}

fn run(
    guideline: &Arc<Guideline>,
    example: &Example,
    worker: Option<&Path>,
    files: Vec<(String, Vec<u8>)>,
) -> Result<Outcome, String> {
    // What a tool found stands in the example, too.
    let is_sarif = |path: &str| Path::new(path).extension().is_some_and(|extension| extension == "sarif");
    let mut tools = Vec::new();
    for (path, bytes) in files.iter().filter(|(path, _)| is_sarif(path)) {
        let text = String::from_utf8_lossy(bytes);
        tools.extend(read_sarif(&text).map_err(|message| format!("{path}: {message}"))?);
    }
    let asks_tools = guideline.checks.iter().any(|check| matches!(check.kind, CheckKind::Tool(_)));
    let files = files.into_iter().filter(|(path, _)| !(asks_tools && is_sarif(path)));
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

fn place(finding: &Finding) -> Place {
    Place {
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

    fn verified(checks: &str, examples: &str) -> Verified {
        let text = format!(
            "---\nschema: 1\nguideline: t/x\nversion: 1.0.0\ntitle: x\nsummary: x\nstage: sketch\nowner: t\nchecks:\n{checks}---\n{examples}"
        );
        let guideline = crate::format::parse("g.md", &text, Origin::File("g.md".to_owned()), &|_| None);
        verify(&Arc::new(guideline.expect("a guideline")), None)
    }

    fn only(checks: &str, example: &str) -> CaseVerdict {
        let mut cases = verified(checks, &format!("{example}```\n")).cases;
        assert_eq!(cases.len(), 1);
        cases.remove(0).verdict
    }

    #[test]
    fn a_fix_mends_all_that_it_is_offered_for_and_breaks_nothing() {
        for (checks, example, fails) in [
            ("  - { id: a, text: { find: foo }, fix: { replace: bar } }\n", "```text bad\nfoo foo\n", None),
            (
                "  - { id: a, text: { find: foo }, fix: { replace: bar } }\n  - { id: b, text: { find: bar } }\n",
                "```text bad check=a\nfoo\n",
                Some("`b` finds something new"),
            ),
            // What `b` found before is not the fix's doing, and has no fix of its own.
            (
                "  - { id: a, text: { find: foo }, fix: { replace: qux } }\n  - { id: b, text: { find: bar } }\n",
                "```text bad\nfoo bar\n",
                None,
            ),
            // Fixes inside fixes.
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
    fn half_a_fix_is_none() {
        // One of two findings is mended; the other comes back.
        let checks = "  - { id: a, text: { find: '(f|g)oo' }, fix: { replace: '${1}oo' } }\n";
        assert!(matches!(only(checks, "```text bad\nfoo\n"), CaseVerdict::FixFails(_)));
        let checks = "  - { id: a, text: { find: 'foo(o*)' }, fix: { replace: 'f$1' } }\n";
        assert!(matches!(only(checks, "```text bad\nfoo fooooo\n"), CaseVerdict::FixFails(_)));
    }

    #[test]
    fn checks_that_never_find_anything_are_told() {
        let checks = "  - { id: a, text: { find: foo } }\n  - { id: b, text: { find: baz } }\n  - { id: c, text: { find: bar, files: ['*.x'] } }\n";
        let all = verified(checks, "```text bad\nfoo\n```\n```text good\nqux\n```\n");
        assert!(all.cases.iter().all(|case| case.verdict == CaseVerdict::Holds), "{all:?}");
        let unproved = |check| Unproved { check, has_bad_example: true };
        assert_eq!(all.unproved, [unproved(1), unproved(2)]);
        let all = verified(checks, "```text bad check=a\nfoo\n```\n```text good check=c\nbar\n```\n");
        assert_eq!(all.unproved.iter().map(|it| it.has_bad_example).collect::<Vec<_>>(), [false, false]);
    }
}
