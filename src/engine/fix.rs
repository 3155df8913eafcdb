//! Plans which fixes are applied together, and applies them to a content. Nothing is read or written here.

use std::collections::BTreeMap;

use crate::model::{Edit, Finding, FindingStatus, RepoPath};
use crate::text::Span;

/// The planned fixes of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileFixes {
    /// Indexes of the findings whose fixes are applied, in order of location. No two of them overlap.
    pub now: Vec<usize>,
    /// Indexes of the findings whose fixes overlap an earlier one and are left for the next run.
    pub later: Vec<usize>,
}

/// Plans the fixes of `findings` by file. A fix that creates files is listed under the first of them.
///
/// Only open findings are fixed, not waived or baselined ones. Of overlapping fixes the first by location is
/// applied, and at the same location the first by guideline and check.
#[must_use]
pub fn plan_fixes(findings: &[Finding]) -> BTreeMap<RepoPath, FileFixes> {
    let mut by_file: BTreeMap<RepoPath, Vec<usize>> = BTreeMap::new();
    for (number, finding) in findings.iter().enumerate() {
        if finding.status == FindingStatus::Open
            && let Some(path) = target_file(finding)
        {
            by_file.entry(path.clone()).or_default().push(number);
        }
    }
    by_file.into_iter().map(|(path, numbers)| (path, plan_file(findings, numbers))).collect()
}

/// Returns the file that a finding's fix changes or creates.
fn target_file(finding: &Finding) -> Option<&RepoPath> {
    match finding.fix.as_ref()?.edits.first()? {
        Edit::Replace { .. } => Some(&finding.path),
        Edit::Create { path, .. } => Some(path),
    }
}

/// Returns the spans that a finding's fix replaces, with their replacements.
pub fn replacements(finding: &Finding) -> impl Iterator<Item = (Span, &str)> {
    finding.fix.iter().flat_map(|fix| &fix.edits).filter_map(|edit| match edit {
        Edit::Replace { span, with } => Some((*span, with.as_str())),
        Edit::Create { .. } => None,
    })
}

/// Returns the files that a finding's fix creates, with their content.
pub fn creations(finding: &Finding) -> impl Iterator<Item = (&RepoPath, &str)> {
    finding.fix.iter().flat_map(|fix| &fix.edits).filter_map(|edit| match edit {
        Edit::Create { path, content } => Some((path, content.as_str())),
        Edit::Replace { .. } => None,
    })
}

fn plan_file(findings: &[Finding], mut numbers: Vec<usize>) -> FileFixes {
    let first = |number: usize| replacements(&findings[number]).map(|(span, _)| (span.start, span.end)).min();
    numbers.sort_by(|&a, &b| {
        let key =
            |number: usize| (first(number), findings[number].guideline, &findings[number].check, number);
        key(a).cmp(&key(b))
    });
    let mut fixes = FileFixes::default();
    let mut taken: Vec<Span> = Vec::new();
    let mut created = false;
    for number in numbers {
        let spans: Vec<Span> = replacements(&findings[number]).map(|(span, _)| span).collect();
        let new_file = creations(&findings[number]).next().is_some();
        let clash = spans.iter().any(|span| taken.iter().any(|other| overlap(*span, *other)));
        if clash || (new_file && created) {
            fixes.later.push(number);
            continue;
        }
        created |= new_file;
        taken.extend(spans);
        fixes.now.push(number);
    }
    fixes
}

/// Whether two edits conflict: they share bytes, or insert at the same offset.
fn overlap(a: Span, b: Span) -> bool {
    (a.start < b.end && b.start < a.end) || a.start == b.start
}

/// Returns `content` with the fixes of `findings` applied; `None` if an edit is out of bounds or the fixes
/// overlap.
#[must_use]
pub fn apply_fixes(content: &[u8], findings: &[&Finding]) -> Option<Vec<u8>> {
    let mut edits: Vec<(Span, &str)> = findings.iter().flat_map(|finding| replacements(finding)).collect();
    edits.sort_by_key(|(span, _)| (span.start, span.end));
    let mut out = Vec::with_capacity(content.len());
    let mut at = 0;
    for (span, with) in edits {
        out.extend_from_slice(content.get(at..span.start)?);
        out.extend_from_slice(with.as_bytes());
        content.get(span.start..span.end)?;
        at = span.end;
    }
    out.extend_from_slice(content.get(at..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{ContentHash, FindingHashes, Fingerprint, Fix, Level};
    use crate::text::Position;

    fn finding(path: &str, edits: Vec<Edit>) -> Finding {
        Finding {
            guideline: 0,
            check: "c".to_owned(),
            level: Level::Note,
            message: String::new(),
            path: RepoPath::from(path),
            start: Position::START,
            end: Position::START,
            excerpt: None,
            hashes: FindingHashes { fingerprint: Fingerprint(0), content: ContentHash(0), head: None },
            status: FindingStatus::Open,
            lapsed: None,
            fix: Some(Fix { title: None, edits }),
        }
    }

    fn replace(start: usize, end: usize, with: &str) -> Edit {
        Edit::Replace { span: Span::new(start, end), with: with.to_owned() }
    }

    #[test]
    fn overlapping_fixes_are_left_for_the_next_run() {
        let mut findings = vec![
            finding("a", vec![replace(4, 8, "X"), replace(20, 21, "Y")]),
            finding("a", vec![replace(0, 4, "A")]),
            finding("a", vec![replace(6, 9, "no")]),
            finding("a", vec![replace(10, 10, "in"), replace(20, 22, "no")]),
            finding("b", vec![Edit::Create { path: "c".into(), content: "x".into() }]),
            finding("b", vec![Edit::Create { path: "c".into(), content: "y".into() }]),
            finding("d", vec![replace(0, 1, "")]),
        ];
        findings[6].status = FindingStatus::Waived(0);
        let plan = plan_fixes(&findings);
        assert_eq!(plan.len(), 2);
        assert_eq!(plan[&RepoPath::from("a")], FileFixes { now: vec![1, 0], later: vec![2, 3] });
        assert_eq!(plan[&RepoPath::from("c")], FileFixes { now: vec![4], later: vec![5] });
    }

    proptest! {
        /// Applying all fixes at once equals applying them one by one from the end, and never panics.
        #[test]
        fn all_at_once_equals_one_by_one(
            content in "[a-z]{0,40}", spans in prop::collection::vec((0..44_usize, 0..6_usize, "[A-Z]{0,3}"), 0..12),
        ) {
            let findings: Vec<Finding> = spans
                .iter()
                .map(|(start, length, with)| finding("a", vec![replace(*start, start + length, with)]))
                .collect();
            let plan = plan_fixes(&findings);
            let now: Vec<&Finding> = plan.values().flat_map(|fixes| &fixes.now).map(|&it| &findings[it]).collect();
            let inside = now.iter().all(|it| replacements(it).all(|(span, _)| span.end <= content.len()));
            let applied = apply_fixes(content.as_bytes(), &now);
            prop_assert_eq!(applied.is_some(), inside);
            if let Some(applied) = applied {
                let mut expected = content.into_bytes();
                for finding in now.iter().rev() {
                    for (span, with) in replacements(finding) {
                        expected.splice(span.start..span.end, with.bytes());
                    }
                }
                prop_assert_eq!(applied, expected);
            }
            let all: usize = plan.values().map(|fixes| fixes.now.len() + fixes.later.len()).sum();
            prop_assert_eq!(all, findings.len());
        }
    }
}
