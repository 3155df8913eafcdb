//! Properties that hold for every set of waivers, baselines, promises and dates.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::engine::glob::Globs;
use crate::model::{
    Applies, Baseline, BaselinePart, Check, CheckKind, ContentHash, Date, FilesCheck, Finding, FindingHashes,
    FindingStatus, Fingerprint, Guideline, GuidelineId, GuidelineOutcome, Level, NotAssessed, Origin,
    Outcome, Promise, PromiseVerdict, Reason, RepoPath, Stage, Unassessed, Verdict, Waiver, WaiverEffect,
    WaiverEnd, WaiverKind, WaiverPlace, WaiverReach,
};
use crate::text::{Position, Span};

const IDS: [&str; 3] = ["a/one", "a/two", "b/three"];
const CHECKS: [&str; 2] = ["first", "second"];
const PATHS: [&str; 4] = ["src/a.py", "src/b.py", "src/deep/a.py", "x.py"];
const GLOBS: [&str; 5] = ["src/**", "src/*.py", "**/a.py", "x.py", "src/b.py"];

fn id(text: &str) -> GuidelineId {
    GuidelineId::new(text).expect("an id")
}

fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

fn guideline(name: &str) -> Guideline {
    let files: FilesCheck = serde_json::from_str(r#"{ "forbid": ["x"] }"#).expect("a check");
    let check = |id: &str| Check {
        id: id.to_owned(),
        kind: CheckKind::Files(files.clone()),
        message: None,
        fix: None,
    };
    Guideline {
        id: id(name),
        version: semver::Version::new(2, 1, 0),
        title: String::new(),
        summary: String::new(),
        stage: Stage::Practice,
        owner: String::new(),
        level: Level::Warning,
        topics: vec![],
        applies: Applies::default(),
        consequences: vec![],
        offers: vec![],
        conflicts_with: vec![],
        settings: vec![],
        values: vec![],
        checks: CHECKS.iter().map(|id| check(id)).collect(),
        sections: vec![],
        examples: vec![],
        origin: Origin::Starter,
        sha256: String::new(),
        text: Arc::from(""),
    }
}

/// Creates a finding of a guideline and a check (by index) in a line of a path (by index).
fn finding(guideline: usize, check: usize, path: usize, line: u32) -> Finding {
    let position = |column| Position { line, column, byte: u64::from(line) * 10 };
    let kind = (guideline * 2 + check) as u64 * 3 + u64::from(line % 3);
    Finding {
        guideline,
        check: CHECKS[check].to_owned(),
        level: Level::Warning,
        message: String::new(),
        path: RepoPath::from(PATHS[path]),
        start: position(1),
        end: position(5),
        excerpt: None,
        hashes: FindingHashes {
            fingerprint: Fingerprint((u128::from(kind) * 100 + path as u128) * 100 + u128::from(line)),
            content: ContentHash(kind),
            head: None,
        },
        status: FindingStatus::Open,
        lapsed: None,
        fix: None,
    }
}

fn outcome(findings: Vec<Finding>) -> Outcome {
    let mut findings = findings;
    findings.sort_by(|a, b| (a.guideline, &a.path, a.start.line).cmp(&(b.guideline, &b.path, b.start.line)));
    let entry = |(index, name): (usize, &&str)| {
        let own = findings.iter().filter(|finding| finding.guideline == index).count();
        GuidelineOutcome {
            guideline: Arc::new(guideline(name)),
            verdict: if own > 0 { Verdict::NotKept } else { Verdict::Kept },
            findings: own,
            waived: 0,
            blind: false,
            promised: false,
            edited: false,
        }
    };
    Outcome { guidelines: IDS.iter().enumerate().map(entry).collect(), findings, ..Outcome::default() }
}

fn waiver(number: usize, guideline: &str, reach: WaiverReach, end: WaiverEnd) -> Waiver {
    Waiver {
        id: format!("w{number}"),
        guideline: id(guideline),
        versions: None,
        checks: vec![],
        reach,
        kind: WaiverKind::Other,
        reason: "because".to_owned(),
        instead: None,
        owner: None,
        declared: None,
        end,
        withdrawn: None,
        renewed: vec![],
        place: WaiverPlace {
            path: RepoPath::from(".stanchion/waivers.toml"),
            line: 1,
            span: Span::at(0),
            inline: false,
        },
    }
}

fn everywhere() -> WaiverReach {
    WaiverReach::Paths(vec![])
}

fn judge_input(waivers: Vec<Waiver>, today: &str) -> JudgeInput<'static> {
    JudgeInput {
        waivers,
        promises: vec![],
        unassessed: Unassessed::Note,
        baseline: Ok(Baseline::default()),
        today: day(today),
        scopes: &[],
        why_absent: &|_| "not followed here".to_owned(),
    }
}

fn promise(from_here: bool) -> Promise {
    Promise { since: day("2026-01-01"), from_here }
}

#[test]
fn dates_are_inclusive_and_in_utc() {
    let effect = |end: WaiverEnd, today: &str| {
        let mut judged = outcome(vec![finding(0, 0, 0, 1)]);
        judge(&mut judged, judge_input(vec![waiver(0, "a/one", everywhere(), end)], today));
        (judged.waivers[0].effect, judged.guidelines[0].verdict)
    };
    let until = WaiverEnd::Until(day("2027-05-22"));
    for (today, expected, verdict) in [
        ("2027-04-21", WaiverEffect::Active, Verdict::Waived),
        ("2027-04-22", WaiverEffect::Lapsing, Verdict::Waived),
        ("2027-05-22", WaiverEffect::Lapsing, Verdict::Waived),
        ("2027-05-23", WaiverEffect::Lapsed, Verdict::NotKept),
    ] {
        assert_eq!(effect(until, today), (expected, verdict), "{today}");
    }
    let standing = WaiverEnd::Standing { review_on: day("2027-05-22") };
    assert_eq!(effect(standing, "2030-01-01"), (WaiverEffect::Lapsing, Verdict::Waived));
    assert_eq!(effect(WaiverEnd::Never, "2030-01-01"), (WaiverEffect::Active, Verdict::Waived));
}

#[test]
fn every_effect_is_distinguished() {
    let end = WaiverEnd::Until(day("2027-05-22"));
    let mut all = vec![
        waiver(0, "a/one", WaiverReach::Paths(vec!["src/**".to_owned()]), end),
        waiver(1, "a/one", WaiverReach::Paths(vec!["src/a.py".to_owned()]), end),
        waiver(2, "a/one", WaiverReach::Paths(vec!["nowhere/**".to_owned()]), end),
        waiver(3, "a/two", everywhere(), WaiverEnd::Until(day("2026-01-01"))),
        waiver(4, "a/two", everywhere(), end),
        waiver(5, "a/two", everywhere(), end),
        waiver(6, "c/not-followed", everywhere(), end),
        waiver(7, "a/two", everywhere(), end),
    ];
    all[4].withdrawn = Some(day("2026-06-01"));
    all[5].versions = Some("^1".parse().expect("a range"));
    all[7].checks = vec!["no-such-check".to_owned()];
    let mut judged = outcome(vec![finding(0, 0, 0, 1), finding(1, 0, 0, 1)]);
    judge(&mut judged, judge_input(all, "2026-06-01"));
    let effects: Vec<WaiverEffect> = judged.waivers.iter().map(|waiver| waiver.effect).collect();
    let words: Vec<&str> = effects.into_iter().map(WaiverEffect::as_str).collect();
    let expected =
        ["active", "superseded", "unused", "lapsed", "withdrawn", "outdated", "outdated", "outdated"];
    assert_eq!(words, expected);
    assert_eq!(judged.waivers[1].superseded_by.as_deref(), Some("w0"));
    assert_eq!(judged.findings[0].status, FindingStatus::Waived(0));
    let back = &judged.findings[1];
    assert_eq!((back.status, back.lapsed), (FindingStatus::Open, Some(5)), "the one whose end is later");
}

#[test]
fn only_waivers_of_assessed_paths_can_be_unused() {
    let end = WaiverEnd::Never;
    let judged = |change: &dyn Fn(&mut Outcome), scopes: &'static [RepoPath]| {
        let mut judged = outcome(vec![]);
        change(&mut judged);
        judge(
            &mut judged,
            JudgeInput { scopes, ..judge_input(vec![waiver(0, "a/one", everywhere(), end)], "2026-01-01") },
        );
        judged.waivers[0].effect
    };
    assert_eq!(judged(&|_| {}, &[]), WaiverEffect::Unused);
    assert_eq!(judged(&|outcome| outcome.guidelines[0].blind = true, &[]), WaiverEffect::Active);
    let part: &'static [RepoPath] = Box::leak(Box::new([RepoPath::from("src")]));
    assert_eq!(judged(&|_| {}, part), WaiverEffect::Active);
}

#[test]
fn only_a_promise_fails_and_only_what_is_new_breaks_it() {
    let findings = || vec![finding(0, 0, 0, 1), finding(0, 0, 1, 2), finding(1, 1, 2, 3)];
    let mut judged = outcome(findings());
    judge(&mut judged, judge_input(vec![], "2026-06-01"));
    assert!(!judged.breaks_a_promise(), "without a promise nothing fails");

    let mut judged = outcome(findings());
    let promises = vec![(id("a/one"), promise(false)), (id("c/gone"), promise(false))];
    judge(&mut judged, JudgeInput { promises, ..judge_input(vec![], "2026-06-01") });
    assert!(judged.breaks_a_promise());
    assert_eq!((judged.promises[0].verdict, judged.promises[0].breaking), (PromiseVerdict::Broken, 2));
    assert_eq!(judged.promises[1].verdict, PromiseVerdict::CannotTell);
    assert_eq!(judged.promises[1].why, "not followed here");

    // Waived findings and findings in the baseline do not break a promise.
    let entries = vec![baseline_entry(&findings()[1])];
    let part = BaselinePart { since: day("2026-01-01"), entries };
    let baseline = Ok(Baseline { guidelines: BTreeMap::from([(id("a/one"), part)]) });
    let step = waiver(0, "a/one", WaiverReach::Paths(vec!["src/a.py".to_owned()]), WaiverEnd::Never);
    let mut judged = outcome(findings());
    let promises = vec![(id("a/one"), promise(true))];
    judge(&mut judged, JudgeInput { promises, baseline, ..judge_input(vec![step], "2026-06-01") });
    assert_eq!((judged.promises[0].verdict, judged.promises[0].known), (PromiseVerdict::Kept, 1));
    assert_eq!(judged.findings[1].status, FindingStatus::Known);
}

#[test]
fn a_result_cannot_tell_breaks_a_promise_only_if_configured() {
    for (unassessed, breaks) in [(Unassessed::Note, false), (Unassessed::Break, true)] {
        let mut judged = outcome(vec![]);
        judged.guidelines[0].blind = true;
        judged.guidelines[0].verdict = Verdict::CannotTell;
        judged.not_assessed.push(NotAssessed {
            path: Some(RepoPath::from("src/a.py")),
            guideline: Some(0),
            check: None,
            reason: Reason::ParseError,
            detail: String::new(),
        });
        let promises = vec![(id("a/one"), promise(false))];
        judge(&mut judged, JudgeInput { promises, unassessed, ..judge_input(vec![], "2026-06-01") });
        assert_eq!(judged.promises[0].verdict, PromiseVerdict::CannotTell);
        assert_eq!(judged.promises[0].why, "1 path could not be assessed");
        assert_eq!(judged.breaks_a_promise(), breaks);
    }
}

fn baseline_entry(finding: &Finding) -> crate::model::BaselineEntry {
    baseline_entry_for(finding)
}

#[test]
fn a_path_that_was_not_assessed_keeps_its_entry() {
    let then = finding(0, 0, 0, 1);
    let now = finding(0, 0, 1, 4);
    assert_eq!(then.hashes.content, now.hashes.content, "the same departure, elsewhere");
    let entries = [baseline_entry(&then)];
    let seen = match_baseline(&entries, &[&now], &|_| true);
    assert_eq!(seen.of_finding, [Some(0)], "it moved");
    let unseen = match_baseline(&entries, &[&now], &|_| false);
    assert_eq!(unseen.of_finding, [None], "the first may still be there");
    let part = BaselinePart { since: day("2026-01-01"), entries: entries.to_vec() };
    let kept = refresh_baseline_part(&part, &[], &|_| false);
    assert_eq!((kept.part.clone(), kept.unseen, kept.fixed), (part.clone(), 1, 0));
    let pruned = refresh_baseline_part(&part, &[], &|_| true);
    assert_eq!((pruned.part.entries.len(), pruned.fixed), (0, 1));
    assert_eq!(
        refresh_baseline_part(&part, &[&then], &|_| true).part,
        part,
        "byte for byte the same when nothing changed"
    );
}

fn any_reach() -> impl Strategy<Value = WaiverReach> {
    prop_oneof![
        prop::sample::subsequence(&GLOBS[..], 0..3)
            .prop_map(|globs| WaiverReach::Paths(globs.into_iter().map(str::to_owned).collect())),
        (0..PATHS.len(), 1..6_u32)
            .prop_map(|(path, line)| WaiverReach::Line { path: PATHS[path].into(), line }),
        (0..PATHS.len()).prop_map(|path| WaiverReach::File { path: PATHS[path].into() }),
        prop::collection::vec((0..2_usize, 0..2_usize, 0..PATHS.len(), 1..6_u32), 0..3).prop_map(|of| {
            let print =
                |(g, c, p, l): (usize, usize, usize, u32)| finding(g, c, p, l).hashes.fingerprint.to_string();
            WaiverReach::Fingerprints(of.into_iter().map(print).collect())
        }),
    ]
}

fn any_waiver() -> impl Strategy<Value = Waiver> {
    let checks = prop::sample::subsequence(&CHECKS[..], 0..2);
    let end = prop_oneof![
        (-40..40_i32).prop_map(|days| WaiverEnd::Until(day("2026-06-01").plus_days(days))),
        (-40..40_i32).prop_map(|days| WaiverEnd::Standing { review_on: day("2026-06-01").plus_days(days) }),
        Just(WaiverEnd::Never),
    ];
    let range = prop::option::of(prop_oneof![Just("^2"), Just("^1"), Just(">=2.1")]);
    let withdrawn =
        prop::option::weighted(0.2, (-3..3_i32).prop_map(|days| day("2026-06-01").plus_days(days)));
    (0..IDS.len(), any_reach(), checks, end, range, withdrawn).prop_map(
        |(at, reach, checks, end, range, withdrawn)| {
            let mut waiver = waiver(0, IDS[at], reach, end);
            waiver.checks = checks.into_iter().map(str::to_owned).collect();
            waiver.versions = range.map(|range| range.parse().expect("a range"));
            waiver.withdrawn = withdrawn;
            waiver
        },
    )
}

fn any_findings() -> impl Strategy<Value = Vec<Finding>> {
    let one = (0..IDS.len(), 0..2_usize, 0..PATHS.len(), 1..6_u32);
    prop::collection::btree_set(one, 0..24)
        .prop_map(|all| all.into_iter().map(|(g, c, p, l)| finding(g, c, p, l)).collect())
}

/// Whether this waiver, by its own fields alone, covers this finding on that day.
fn covers_by_its_fields(waiver: &Waiver, found: &Finding, today: Date) -> bool {
    let path = found.path.bytes();
    let reached = match &waiver.reach {
        WaiverReach::Paths(globs) => globs.is_empty() || Globs::new(globs).expect("globs").is_match(path),
        WaiverReach::Fingerprints(all) => all.contains(&found.hashes.fingerprint.to_string()),
        WaiverReach::Line { path: file, line } => file.bytes() == path && *line == found.start.line,
        WaiverReach::File { path: file } => file.bytes() == path,
    };
    let dated = match waiver.end {
        WaiverEnd::Until(last) => today <= last,
        WaiverEnd::Standing { .. } | WaiverEnd::Never => true,
    };
    reached
        && dated
        && waiver.guideline.as_str() == IDS[found.guideline]
        && (waiver.checks.is_empty() || waiver.checks.contains(&found.check))
        && waiver.withdrawn.is_none_or(|withdrawn| today < withdrawn)
        && waiver.versions.as_ref().is_none_or(|range| range.to_string() != "^1")
}

proptest! {
    /// A waiver suppresses the findings it specifies and no others, independently of other waivers.
    #[test]
    fn a_waiver_never_suppresses_more_than_it_specifies(
        waivers in prop::collection::vec(any_waiver(), 0..8), findings in any_findings(), shift in -35..35_i32,
    ) {
        let today = day("2026-06-01").plus_days(shift);
        let mut judged = outcome(findings);
        let text = today.to_string();
        judge(&mut judged, judge_input(waivers.clone(), &text));
        for found in &judged.findings {
            let by: Vec<usize> = (0..waivers.len()).filter(|&at| covers_by_its_fields(&waivers[at], found, today)).collect();
            match found.status {
                FindingStatus::Waived(at) => prop_assert_eq!(Some(&at), by.first()),
                FindingStatus::Open => prop_assert!(by.is_empty()),
                FindingStatus::Known => prop_assert!(false, "nothing is promised"),
            }
        }
        let used: usize = judged.waivers.iter().map(|it| it.used).sum();
        let waived = judged.findings.iter().filter(|it| matches!(it.status, FindingStatus::Waived(_))).count();
        prop_assert_eq!(used, waived);
        prop_assert!(!judged.breaks_a_promise());
        for (entry, index) in judged.guidelines.iter().zip(0..) {
            let own = judged.findings.iter().filter(|it| it.guideline == index);
            let open = own.clone().filter(|it| it.status == FindingStatus::Open).count();
            prop_assert_eq!(entry.verdict == Verdict::NotKept, open > 0);
            prop_assert_eq!(entry.verdict == Verdict::Waived, open == 0 && own.count() > 0);
        }
    }

    /// Fields without influence on the effect (reason, kind, owner, dates of declaration) do not change it.
    #[test]
    fn descriptive_fields_do_not_change_effects(
        waivers in prop::collection::vec(any_waiver(), 0..8), findings in any_findings(), reason in "\\PC{1,20}",
    ) {
        let run = |waivers: Vec<Waiver>| {
            let mut judged = outcome(findings.clone());
            judge(&mut judged, judge_input(waivers, "2026-06-01"));
            let effects: Vec<_> = judged.waivers.iter().map(|it| (it.effect, it.used)).collect();
            let statuses: Vec<_> = judged.findings.iter().map(|it| (it.status, it.lapsed)).collect();
            (effects, statuses)
        };
        let mut talked = waivers.clone();
        for (at, waiver) in talked.iter_mut().enumerate() {
            waiver.reason.clone_from(&reason);
            waiver.kind = WaiverKind::ALL[at % WaiverKind::ALL.len()];
            waiver.owner = Some(reason.clone());
            waiver.instead = Some(reason.clone());
            waiver.declared = Some(day("2020-01-01"));
            waiver.renewed = vec![day("2021-01-01")];
        }
        prop_assert_eq!(run(waivers), run(talked));
    }

    /// Without a promise, no waiver, baseline or date makes a run fail; and a waiver never makes a run fail.
    #[test]
    fn only_promises_decide(
        waivers in prop::collection::vec(any_waiver(), 0..6), findings in any_findings(), from_here in any::<bool>(),
        shift in -35..35_i32,
    ) {
        let today = day("2026-06-01").plus_days(shift).to_string();
        let breaks = |waivers: Vec<Waiver>, promises: Vec<(GuidelineId, Promise)>| {
            let mut judged = outcome(findings.clone());
            judge(&mut judged, JudgeInput { promises, ..judge_input(waivers, &today) });
            judged.breaks_a_promise()
        };
        prop_assert!(!breaks(waivers.clone(), vec![]));
        let promised = || vec![(id("a/one"), promise(from_here))];
        let without = breaks(vec![], promised());
        prop_assert_eq!(without, findings.iter().any(|found| found.guideline == 0));
        prop_assert!(without || !breaks(waivers, promised()));
    }

    /// A baseline matches at most one finding per entry, and removing fixed entries is idempotent.
    #[test]
    fn known_findings_never_increase(then in any_findings(), now in any_findings()) {
        let own = |all: &[Finding]| all.iter().filter(|it| it.guideline == 0).cloned().collect::<Vec<_>>();
        let (then, now) = (own(&then), own(&now));
        let entries: Vec<_> = then.iter().map(baseline_entry).collect();
        let found: Vec<&Finding> = now.iter().collect();
        let matched = match_baseline(&entries, &found, &|_| true);
        for (finding, entry) in matched.of_finding.iter().enumerate() {
            if let Some(entry) = entry {
                prop_assert_eq!(matched.of_entry[*entry], Some(finding));
                prop_assert_eq!(&entries[*entry].hashes.content, &now[finding].hashes.content);
            }
        }
        let equal = |content: ContentHash, all: &[Finding]| all.iter().filter(|it| it.hashes.content == content).count();
        for content in now.iter().map(|it| it.hashes.content) {
            let known = (0..now.len())
                .filter(|&it| now[it].hashes.content == content && matched.of_finding[it].is_some())
                .count();
            prop_assert_eq!(known, equal(content, &then).min(equal(content, &now)));
        }
        let part = BaselinePart { since: day("2026-01-01"), entries };
        let once = refresh_baseline_part(&part, &found, &|_| true);
        prop_assert!(once.part.entries.len() + once.fixed <= part.entries.len());
        let twice = refresh_baseline_part(&once.part, &found, &|_| true);
        prop_assert_eq!((&twice.part, twice.fixed, twice.moved), (&once.part, 0, 0));
    }
}

#[test]
fn only_waivers_certainly_covered_by_others_are_superseded() {
    let globs = |text: &str| WaiverReach::Paths(vec![text.to_owned()]);
    let judged = |waivers: Vec<Waiver>, scopes: &'static [RepoPath]| -> Vec<(WaiverEffect, Option<String>)> {
        let mut outcome = outcome(vec![finding(0, 0, 0, 1), finding(0, 0, 3, 1)]);
        let judge_input = JudgeInput { scopes, ..judge_input(waivers, "2026-06-01") };
        judge(&mut outcome, judge_input);
        outcome.waivers.into_iter().map(|it| (it.effect, it.superseded_by)).collect()
    };
    let ends = |text: &str| WaiverEnd::Until(day(text));
    let late = ends("2027-01-01");
    // Superseded by one waiver, and by two together.
    let all =
        judged(vec![waiver(0, "a/one", everywhere(), late), waiver(1, "a/one", globs("src/**"), late)], &[]);
    assert_eq!(all[1], (WaiverEffect::Superseded, Some("w0".to_owned())));
    let three = [globs("src/**"), globs("x.py"), everywhere()];
    let three: Vec<Waiver> =
        (0..).zip(three).map(|(number, reach)| waiver(number, "a/one", reach, late)).collect();
    assert_eq!(judged(three.clone(), &[])[2], (WaiverEffect::Superseded, None));
    // A run on a part of the repository cannot judge the rest; and a waiver that lasts longer is not
    // superseded.
    let part: &'static [RepoPath] = Box::leak(Box::new([RepoPath::from("src")]));
    assert_eq!(judged(three, part)[2], (WaiverEffect::Active, None));
    let longer =
        vec![waiver(0, "a/one", everywhere(), late), waiver(1, "a/one", globs("src/**"), ends("2028-01-01"))];
    assert_eq!(judged(longer, &[])[1], (WaiverEffect::Active, None));
}
