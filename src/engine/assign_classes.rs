//! Assigns every file to a class: the set of checks that select it.
//!
//! Most checks depend only on the language or the extension, so the result for one `.py` file holds for all
//! of them and is computed once per extension. Only checks that depend on more (a directory, a whole name)
//! are evaluated for each file.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::applies::{Condition, FileKind};
use super::class::Classes;
use super::focus::Focus;
use super::plan::{Plan, PlannedCheck};
use super::select::Selector;
use super::tree::{EntryKind, PathEntry};
use crate::model::{Guideline, Language, RepoPath};

/// Assigns a class to every file of `entries` that is `in_scope` and selected by a check of `plan`.
///
/// Returns the classes, and for each such file its index in `entries` (ascending) and the number of its
/// class. With a `focus`, unchanged files are assigned only for guidelines that it judges whole.
pub fn assign_classes(
    guidelines: &[Arc<Guideline>],
    plan: &Plan,
    entries: &[PathEntry],
    in_scope: &(impl Fn(&RepoPath) -> bool + Sync),
    focus: Option<&Focus>,
) -> (Classes, Vec<(u32, u32)>) {
    let whole = |number: &u32| {
        focus.is_some_and(|focus| focus.judges_whole(&guidelines[planned(plan, *number).guideline].id))
    };
    let candidate = |entry: &PathEntry| {
        matches!(entry.kind, EntryKind::File | EntryKind::Special)
            && focus.is_none_or(|focus| focus.includes(&entry.path))
            && in_scope(&entry.path)
    };
    // With only a few changed files, iterating over every entry would dominate the time.
    let places: Vec<usize> = match focus.filter(|focus| !focus.judges_some_whole()) {
        Some(focus) => focus.changed_indexes(entries),
        None => (0..entries.len()).collect(),
    };
    let candidates = places.into_iter().map(|at| (at, &entries[at])).filter(|(_, entry)| candidate(entry));
    let (by_kind, by_path) = split_by_kind(plan);
    let mut kinds: Vec<KindChecks> = Vec::new();
    let mut known: HashMap<FileKind<'_>, usize> = HashMap::new();
    let mut files: Vec<(u32, usize)> = Vec::new();
    for (file, entry) in candidates {
        let path = entry.path.bytes();
        let kind = FileKind::of(path);
        let number = *known.entry(kind).or_insert_with(|| {
            let checks = selecting_checks(plan, &by_kind, path, kind.language);
            kinds.push(KindChecks { language: kind.language, checks, class: None });
            kinds.len() - 1
        });
        files.push((u32::try_from(file).unwrap_or(u32::MAX), number));
    }
    // The checks of each file that depend on its path, not only on its kind.
    let more = |&(file, kind): &(u32, usize)| {
        selecting_checks(plan, &by_path, entries[file as usize].path.bytes(), kinds[kind].language)
    };
    let more: Vec<Vec<u32>> =
        if by_path.is_empty() { Vec::new() } else { files.par_iter().map(more).collect() };
    let mut classes = Classes::default();
    let mut class_of = Vec::new();
    for (place, (file, kind)) in files.into_iter().enumerate() {
        let KindChecks { language, checks, class } = &mut kinds[kind];
        let more = more.get(place).map_or(&[][..], Vec::as_slice);
        let unchanged = focus.is_some_and(|focus| !focus.is_changed(&entries[file as usize].path));
        let class = match more {
            _ if unchanged => {
                let mut all: Vec<u32> = checks.iter().chain(more).copied().filter(whole).collect();
                if all.is_empty() {
                    continue;
                }
                all.sort_unstable();
                classes.of(all, *language)
            }
            [] if checks.is_empty() => continue,
            [] => *class.get_or_insert_with(|| classes.of(checks.clone(), *language)),
            more => {
                let mut all = [checks.as_slice(), more].concat();
                all.sort_unstable();
                classes.of(all, *language)
            }
        };
        class_of.push((file, class));
    }
    (classes, class_of)
}

/// The checks that all files of a kind share.
struct KindChecks {
    language: Option<Language>,
    /// Numbers of the checks that depend only on the kind.
    checks: Vec<u32>,
    /// The class of the files that only these checks select, once it exists.
    class: Option<u32>,
}

/// Splits the numbers of the checks of contents: those that depend only on the kind of a file, and the
/// others.
fn split_by_kind(plan: &Plan) -> (Vec<u32>, Vec<u32>) {
    let numbers = 0..u32::try_from(plan.checks.len()).unwrap_or(u32::MAX);
    let applies = |number: &u32| {
        let planned = planned(plan, *number);
        planned.selector.is_some() && plan.applies[planned.guideline]
    };
    numbers.filter(applies).partition(|&number| {
        let planned = planned(plan, number);
        let condition = plan.conditions[planned.guideline].as_ref();
        planned.selector.as_ref().is_some_and(Selector::depends_only_on_kind)
            && condition.is_some_and(Condition::depends_only_on_kind)
    })
}

fn planned(plan: &Plan, number: u32) -> &PlannedCheck {
    &plan.checks[number as usize]
}

/// Returns those of `numbers` whose checks select the file at `path`.
fn selecting_checks(plan: &Plan, numbers: &[u32], path: &[u8], language: Option<Language>) -> Vec<u32> {
    // The checks of one guideline are adjacent, so its condition is evaluated once.
    let mut last: Option<(usize, bool)> = None;
    let selects = |&number: &u32| {
        let planned = planned(plan, number);
        let (Some(selector), Some(condition)) = (&planned.selector, &plan.conditions[planned.guideline])
        else {
            return false;
        };
        if !selector.selects(path, language) {
            return false;
        }
        let holds = match last {
            Some((guideline, holds)) if guideline == planned.guideline => holds,
            _ => condition.holds_for(path, language),
        };
        last = Some((planned.guideline, holds));
        holds
    };
    numbers.iter().copied().filter(selects).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::task::ClassSpec;
    use crate::model::{
        Check, CheckKind, CodeCheck, GuidelineId, Level, Origin, Stage, TextCheck, language_of,
    };

    fn guideline(number: usize, applies: Value, kinds: Vec<CheckKind>) -> Arc<Guideline> {
        let check = |kind| Check { id: "c".into(), kind, message: None, fix: None };
        Arc::new(Guideline {
            id: GuidelineId::new(&format!("tests/g{number}")).expect("an id"),
            version: semver::Version::new(1, 0, 0),
            title: "t".into(),
            summary: "s".into(),
            stage: Stage::Sketch,
            owner: "o".into(),
            level: Level::Note,
            topics: vec![],
            applies: serde_json::from_value(applies).expect("an applies"),
            consequences: vec![],
            offers: vec![],
            conflicts_with: vec![],
            settings: vec![],
            values: vec![],
            checks: kinds.into_iter().map(check).collect(),
            sections: vec![],
            examples: vec![],
            origin: Origin::Starter,
            sha256: String::new(),
            text: "".into(),
        })
    }

    fn guidelines() -> Vec<Arc<Guideline>> {
        let globs = |globs: &[&str]| globs.iter().map(|&glob| glob.to_owned()).collect::<Vec<_>>();
        let code = |ignores: &[&str]| {
            CheckKind::Code(CodeCheck {
                language: Language::Python,
                query: None,
                files: vec![],
                ignores: globs(ignores),
                rule: Some(json!({"kind": "identifier"}).as_object().expect("a rule").clone()),
            })
        };
        let text = |files: &[&str], except: &[&str]| {
            CheckKind::Text(TextCheck {
                files: globs(files),
                except: globs(except),
                find: Some("x".into()),
                expect: None,
                multi_line: false,
                ignore_case: false,
            })
        };
        let names = CheckKind::Files(serde_json::from_value(json!({"forbid": ["x"]})).expect("a check"));
        let all = [
            (json!({}), vec![code(&[])]),
            (json!({"languages": ["go", "python"]}), vec![text(&[], &[]), text(&["**/*.py"], &["a.py"])]),
            (json!({"files": ["src/**"]}), vec![code(&[])]),
            (json!({}), vec![text(&["**/*.py", "**/*.md"], &[]), text(&["**/*.test.py", "a.py"], &[])]),
            (json!({}), vec![text(&[], &["**/*.json"])]),
            (json!({"not": {"files": ["**/*.md"]}}), vec![text(&["**/*.{md,py}", "**/Makefile"], &[])]),
            (json!({"exists": ["none"]}), vec![code(&[])]),
            (json!({}), vec![code(&["*.test.py"]), names]),
        ];
        all.into_iter()
            .enumerate()
            .map(|(number, (applies, kinds))| guideline(number, applies, kinds))
            .collect()
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        /// The results shared by kind equal those of evaluating each check for each file.
        #[test]
        fn every_file_gets_the_checks_that_select_it(
            mut paths in proptest::collection::btree_set(r"(src/|a\.py/|docs/b/)?(a|b|c\.test|Makefile|Dockerfile|)(\.py|\.md|\.json|\.test|\.PY|\.)?", 1..24),
        ) {
            paths.remove("");
            let entries: Vec<PathEntry> = paths
                .iter()
                .filter(|path| !path.ends_with('/'))
                .map(|path| PathEntry { path: RepoPath::from(path.as_str()), kind: EntryKind::File })
                .collect();
            let plan = Plan::new(&guidelines(), &entries, false, None);
            proptest::prop_assert_eq!(&plan.problems, &vec![]);
            let in_scope = |path: &RepoPath| path.bytes() != b"b.py";
            let (classes, class_of) = assign_classes(&guidelines(), &plan, &entries, &in_scope, None);
            let found: HashMap<u32, &ClassSpec> =
                class_of.iter().map(|&(file, class)| (file, &classes.specs[class as usize])).collect();
            for (file, entry) in entries.iter().enumerate() {
                let path = entry.path.bytes();
                let language = language_of(path);
                let numbers: Vec<u32> = (0..plan.checks.len())
                    .filter(|&number| {
                        let planned = &plan.checks[number];
                        let condition = plan.conditions[planned.guideline].as_ref().expect("a condition");
                        plan.applies[planned.guideline]
                            && planned.selector.as_ref().is_some_and(|it| it.selects(path, language))
                            && condition.holds_for(path, language)
                            && in_scope(&entry.path)
                    })
                    .map(|number| u32::try_from(number).expect("few"))
                    .collect();
                let expected = ClassSpec { numbers, language };
                let expected = (!expected.numbers.is_empty()).then_some(&expected);
                proptest::prop_assert_eq!(found.get(&u32::try_from(file).expect("few")).copied(), expected, "{:?}", entry);
            }
        }
    }
}
