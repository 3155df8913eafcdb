//! Sample outcomes for the tests of every format: kept, not kept with and without an excerpt, a location of
//! several lines, hostile names and messages, cannot tell, and an invalid guideline file.

use std::sync::Arc;

use super::run::{Run, RunProject};
use crate::model::{
    Applies, Consequence, ContentHash, Date, Edit, Finding, FindingHashes, FindingStatus, Fingerprint, Fix,
    Guideline, GuidelineId, GuidelineOutcome, Level, News, NewsKind, NotAssessed, Note, Origin, Outcome,
    PathCounts, Problem, Promise, PromiseOutcome, PromiseVerdict, Reason, RepoPath, Section, Stage, Verdict,
    Waiver, WaiverEffect, WaiverEnd, WaiverKind, WaiverOutcome, WaiverPlace, WaiverReach,
};
use crate::text::{Excerpt, LineIndex, Position, Span};

/// Returns a guideline without checks, because reports only use its texts.
pub(super) fn guideline(id: &str, title: &str, summary: &str, stage: Stage) -> Guideline {
    let section = |heading: &str, markdown: &str| Section {
        heading: heading.to_owned(),
        markdown: markdown.to_owned(),
    };
    Guideline {
        id: GuidelineId::new(id).expect("a valid id"),
        version: semver::Version::new(1, 2, 0),
        title: title.to_owned(),
        summary: summary.to_owned(),
        stage,
        owner: "platform-reliability".to_owned(),
        level: Level::Warning,
        topics: vec!["resilience".to_owned()],
        applies: Applies::default(),
        consequences: Vec::new(),
        offers: Vec::new(),
        conflicts_with: vec![],
        settings: vec![],
        values: vec![],
        checks: Vec::new(),
        sections: vec![
            section("Why", "Because."),
            section("How to keep it", "Like this."),
            section("When to step over", "Seldom."),
        ],
        examples: Vec::new(),
        origin: Origin::Starter,
        sha256: "5f".repeat(32),
        text: Arc::from(""),
    }
}

/// Returns a finding at `span` of `text`, or about the path if there is no text.
fn finding(guideline: usize, path: &[u8], message: &str, place: Option<(&str, Span)>) -> Finding {
    let at = |offset: usize| {
        place.map_or(Position::START, |(text, _)| {
            let (line, column) = LineIndex::new(text).line_column(text, offset);
            Position { line, column, byte: offset as u64 }
        })
    };
    let span = place.map_or(Span::at(0), |place| place.1);
    Finding {
        guideline,
        check: "requests".to_owned(),
        level: Level::Warning,
        message: message.to_owned(),
        path: RepoPath::new(path),
        start: at(span.start),
        end: at(span.end),
        excerpt: place.map(|(text, span)| Excerpt::new(text, &LineIndex::new(text), span)),
        hashes: FindingHashes {
            fingerprint: Fingerprint((message.len() * 31 + path.len()) as u128),
            content: ContentHash(0x0123_4567_89ab_cdef),
            head: None,
        },
        status: FindingStatus::Open,
        lapsed: None,
        fix: None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "parameter type of `finding`")]
/// Returns `text` with the span of `needle`.
fn find_needle<'a>(text: &'a str, needle: &str) -> Option<(&'a str, Span)> {
    let start = text.find(needle).expect("the needle is in the text");
    Some((text, Span::new(start, start + needle.len())))
}

const CLIENT: &str = "import requests\n\n\ndef pay(url):\n\treturn requests.get(url, headers={\"accept\": \"application/json\"})\n";
const TALL: &str = "a = requests.post(\n    url,\n    json=body,\n)\n";

fn findings() -> Vec<Finding> {
    let get = "requests.get(url, headers={\"accept\": \"application/json\"})";
    let mut first =
        finding(0, b"services/pay/client.py", "`requests.get` has no timeout", find_needle(CLIENT, get));
    first.fix = Some(Fix {
        title: Some("add timeout=5".to_owned()),
        edits: vec![Edit::Replace { span: Span::at(102), with: ", timeout=5".to_owned() }],
    });
    let mut all = vec![first];
    all.push(finding(
        0,
        b"services/pay/post.py",
        "`requests.post` has no timeout",
        find_needle(TALL, TALL.trim_end()),
    ));
    all.push(finding(
        0,
        "evil\n::error::\x1b[2J\u{202e}yp.exe".as_bytes(),
        "`requests.get\x1b[31m\u{200b}` has\nno timeout\u{2028}",
        find_needle("x = 1\nrequests.get(\x1b[31m\u{202e}url\t)\n", "requests.get(\x1b[31m\u{202e}url\t)"),
    ));
    all.push(finding(
        0,
        b"caf\xe9/a.py",
        "`requests.get` has no timeout",
        find_needle("requests.get(u)", "requests.get(u)"),
    ));
    for number in 0..4 {
        let path = format!("services/batch/job_{number}.py");
        all.push(finding(
            0,
            path.as_bytes(),
            "`requests.get` has no timeout",
            find_needle("requests.get(u)", "get"),
        ));
    }
    let mut missing = finding(
        1,
        b".github/CODEOWNERS",
        "no file lists the owners of this code: one of `CODEOWNERS`, `.github/CODEOWNERS` or `docs/CODEOWNERS` should exist",
        None,
    );
    missing.level = Level::Note;
    missing.fix = Some(Fix {
        title: Some("create it".to_owned()),
        edits: vec![Edit::Create {
            path: RepoPath::from(".github/CODEOWNERS"),
            content: "* @team\n".to_owned(),
        }],
    });
    all.push(missing);
    all
}

fn not_assessed() -> Vec<NotAssessed> {
    let item = |path: &[u8], reason, detail: &str| NotAssessed {
        path: Some(RepoPath::new(path)),
        guideline: None,
        check: None,
        reason,
        detail: detail.to_owned(),
    };
    let mut all: Vec<NotAssessed> = (0..5)
        .map(|n| {
            let path = format!("legacy/page_{n}.txt");
            item(
                path.as_bytes(),
                Reason::Encoding,
                "byte 17 is not UTF-8 and no mark announces another encoding",
            )
        })
        .collect();
    let parse =
        item(b"deploy/\x1b[1mbad.yaml", Reason::ParseError, "line 3: a tab where \x07 spaces were expected");
    all.push(NotAssessed { guideline: Some(3), check: Some("probe".to_owned()), ..parse });
    all.push(NotAssessed {
        path: None,
        guideline: None,
        check: None,
        reason: Reason::Guideline,
        detail: "guidelines/acme/logs.md: unknown key `chekcs`".to_owned(),
    });
    all
}

/// Returns an outcome with findings, unassessed paths and problems.
pub(super) fn outcome() -> Outcome {
    let mut timeouts = guideline(
        "resilience/http-timeouts",
        "Every outbound HTTP call sets a timeout",
        "A call without a timeout can hang a worker.",
        Stage::Practice,
    );
    timeouts.consequences = vec![Consequence {
        id: "hung-workers".to_owned(),
        text: "A hung dependency exhausts your workers.".to_owned(),
    }];
    let entry = |guideline, verdict, findings| GuidelineOutcome {
        guideline: Arc::new(guideline),
        verdict,
        findings,
        waived: 0,
        blind: false,
        promised: false,
        edited: false,
    };
    let owners = guideline(
        "teams/code-owners",
        "Every file has an owner",
        "Questions reach a person who knows the answer.",
        Stage::Trial,
    );
    let keys = guideline(
        "secrets/no-private-keys",
        "No private keys in the tree",
        "A key in git is a key in public.",
        Stage::Standard,
    );
    let probes = guideline(
        "kubernetes/probes",
        "Pods report when they are ready",
        "Traffic waits for a pod that is ready.",
        Stage::Sketch,
    );
    let modules =
        guideline("terraform/pinned", "Modules are pinned", "A plan is the same tomorrow.", Stage::Practice);
    let text: Arc<str> = Arc::from("---\nschema: 1\nguideline: acme/logs\nchekcs: []\n---\n");
    let start = text.find("chekcs").expect("there");
    Outcome {
        guidelines: vec![
            entry(timeouts, Verdict::NotKept, 8),
            entry(owners, Verdict::NotKept, 1),
            entry(keys, Verdict::Kept, 0),
            entry(probes, Verdict::CannotTell, 0),
            entry(modules, Verdict::NotApplicable, 0),
        ],
        findings: findings(),
        not_assessed: not_assessed(),
        paths: PathCounts { seen: 1204, assessed: 698, not_applicable: 500, cannot_tell: 6, ignored: 3 },
        problems: vec![Problem {
            first_line: 1,
            file: Arc::from("guidelines/acme/logs.md"),
            text,
            span: Span::new(start, start + 6),
            message: "unknown key `chekcs`".to_owned(),
            label: "not a key of a guideline".to_owned(),
            help: Some("did you mean `checks`?".to_owned()),
        }],
        notes: vec![Note {
            code: "ignore-file-linked".to_owned(),
            message: "`.gitignore` is a link and was not used".to_owned(),
        }],
        ..Outcome::default()
    }
}

/// Returns an outcome in which everything is kept.
pub(super) fn all_kept_outcome() -> Outcome {
    let keys = guideline(
        "secrets/no-private-keys",
        "No private keys in the tree",
        "A key in git is a key in public.",
        Stage::Standard,
    );
    Outcome {
        guidelines: vec![GuidelineOutcome {
            guideline: Arc::new(keys),
            verdict: Verdict::Kept,
            findings: 0,
            waived: 0,
            blind: false,
            promised: false,
            edited: false,
        }],
        paths: PathCounts { seen: 3, assessed: 3, ..PathCounts::default() },
        ..Outcome::default()
    }
}

/// Returns a waiver with its effect.
fn waiver(
    id: &str,
    owner: Option<&str>,
    reason: &str,
    end: WaiverEnd,
    effect: WaiverEffect,
    used: usize,
) -> WaiverOutcome {
    WaiverOutcome {
        waiver: Waiver {
            id: id.to_owned(),
            guideline: GuidelineId::new("resilience/http-timeouts").expect("a valid id"),
            versions: Some("^1".parse().expect("a range")),
            checks: vec![],
            reach: WaiverReach::Paths(vec!["services/**".to_owned()]),
            kind: WaiverKind::Cost,
            reason: reason.to_owned(),
            instead: None,
            owner: owner.map(str::to_owned),
            declared: None,
            end,
            withdrawn: None,
            renewed: vec![],
            place: WaiverPlace {
                path: RepoPath::from(".stanchion/waivers.toml"),
                line: 4,
                span: Span::at(0),
                inline: false,
            },
        },
        effect,
        used,
        superseded_by: (effect == WaiverEffect::Superseded).then(|| "tools".to_owned()),
    }
}

/// Returns the same outcome with policy: promises of every verdict, waivers of every effect (with hostile
/// texts), a baseline, and news of every kind.
pub(super) fn policy_outcome() -> Outcome {
    let day = |text: &str| text.parse::<Date>().expect("a date");
    let until = |text: &str| WaiverEnd::Until(day(text));
    let mut policy = outcome();
    policy.today = Some(day("2026-11-25"));
    policy.waivers = vec![
        waiver(
            "tools",
            Some("@pay\u{1b}[2J"),
            "a tool\nwith an on-call team\u{202e}",
            until("2027-05-24"),
            WaiverEffect::Active,
            2,
        ),
        waiver("soon", None, "because it is", until("2026-12-01"), WaiverEffect::Lapsing, 1),
        waiver("old", Some("@pay"), "because it was", until("2026-11-20"), WaiverEffect::Lapsed, 0),
        waiver("evil\n::error::", None, "because it is", WaiverEnd::Never, WaiverEffect::Active, 1),
        waiver("double", None, "because it is", until("2027-05-24"), WaiverEffect::Superseded, 0),
        waiver("idle", None, "because it is", until("2027-05-24"), WaiverEffect::Unused, 0),
        waiver("other", None, "because it is", until("2027-05-24"), WaiverEffect::Outdated, 0),
        waiver(
            "standing",
            None,
            "because it is",
            WaiverEnd::Standing { review_on: day("2026-11-01") },
            WaiverEffect::Lapsing,
            0,
        ),
        waiver("back", None, "because it was", until("2027-05-24"), WaiverEffect::Withdrawn, 0),
    ];
    let standing = [
        FindingStatus::Open,
        FindingStatus::Known,
        FindingStatus::Open,
        FindingStatus::Waived(0),
        FindingStatus::Waived(0),
        FindingStatus::Waived(1),
        FindingStatus::Waived(3),
        FindingStatus::Known,
    ];
    for (finding, standing) in policy.findings.iter_mut().zip(standing) {
        finding.status = standing;
    }
    policy.findings[2].lapsed = Some(2);
    policy.guidelines[0].waived = 4;
    policy.guidelines[0].promised = true;
    policy.guidelines[0].edited = true;
    policy.guidelines[3].promised = true;
    let promise = |id: &str, from_here, verdict, breaking, known, why: &str| PromiseOutcome {
        guideline: GuidelineId::new(id).expect("a valid id"),
        promise: Promise { since: day("2026-08-01"), from_here },
        verdict,
        breaking,
        known,
        why: why.to_owned(),
    };
    policy.promises = vec![
        promise(
            "acme/gone",
            false,
            PromiseVerdict::CannotTell,
            0,
            0,
            "it is not followed here (any more)\u{1b}",
        ),
        promise("kubernetes/probes", false, PromiseVerdict::CannotTell, 0, 0, "1 path could not be assessed"),
        promise("resilience/http-timeouts", true, PromiseVerdict::Broken, 2, 2, ""),
        promise("secrets/no-private-keys", true, PromiseVerdict::Kept, 0, 3, ""),
    ];
    let kinds = [
        NewsKind::PromiseWithdrawn,
        NewsKind::PromiseWeakened,
        NewsKind::OutOfSight,
        NewsKind::WaiverAdded,
        NewsKind::WaiverWidened,
        NewsKind::GuidelineChanged,
        NewsKind::FollowChanged,
        NewsKind::PromiseMade,
        NewsKind::PromiseMade,
    ];
    let news = |(number, kind): (usize, NewsKind)| News {
        kind,
        guideline: None,
        path: RepoPath::from("stanchion.toml"),
        message: format!("number {number} is shown\u{1b}[31m\nin one line"),
    };
    policy.news = kinds.into_iter().enumerate().map(news).collect();
    let text: Arc<str> = Arc::from("    # stanchion waive a/b until=soon\u{202e}");
    let start = text.find("until").expect("there");
    policy.waiver_problems = vec![Problem {
        first_line: 14,
        file: Arc::from("services/pay/client.py"),
        span: Span::new(start, text.len()),
        text,
        message: "a date is written YEAR-MONTH-DAY".to_owned(),
        label: "no effect".to_owned(),
        help: None,
    }];
    policy
}

/// Returns an outcome with `number` findings of sixteen guidelines; every other guideline is promised and not
/// kept.
pub(super) fn outcome_with_findings(number: usize) -> Outcome {
    let mut many = Outcome { today: Some("2026-11-25".parse().expect("a date")), ..Outcome::default() };
    for n in 0..16 {
        let promised = n % 2 == 0;
        let own = guideline(&format!("acme/g{n:02}"), "A practice", "It helps.", Stage::Practice);
        if promised {
            many.promises.push(PromiseOutcome {
                guideline: own.id.clone(),
                promise: Promise { since: "2026-08-01".parse().expect("a date"), from_here: false },
                verdict: PromiseVerdict::Broken,
                breaking: number / 16,
                known: 0,
                why: String::new(),
            });
        }
        many.guidelines.push(GuidelineOutcome {
            guideline: Arc::new(own),
            verdict: Verdict::NotKept,
            findings: number / 16,
            waived: 0,
            blind: false,
            promised,
            edited: false,
        });
        for it in 0..number / 16 + usize::from(n < number % 16) {
            let path = format!("services/s{}/file_{it}.py", it % 100);
            let mut one =
                finding(n, path.as_bytes(), "`get` has no timeout", find_needle("requests.get(u)", "get"));
            one.hashes.fingerprint = Fingerprint((n * 1_000_000 + it) as u128);
            many.findings.push(one);
        }
    }
    many
}

/// Renders outcomes with `write`: the first is the root project, the others are nested projects.
pub(super) fn write_outcomes(
    outcomes: &[&Outcome],
    write: impl Fn(&Run<'_>, &mut Vec<u8>) -> std::io::Result<()>,
) -> String {
    let projects = outcomes.iter().enumerate().map(|(nth, outcome)| RunProject {
        folder: RepoPath::from(if nth == 0 { "" } else { "services/mail" }),
        outcome,
        absent: [RepoPath::from(".github/CODEOWNERS")].into(),
        follows_at: Some(2),
    });
    let contents =
        |path: &RepoPath| (path == &RepoPath::from("services/pay/client.py")).then(|| CLIENT.to_owned());
    let run = Run {
        projects: projects.collect(),
        contents: &contents,
        command: "stanchion check --all".to_owned(),
    };
    let mut out = Vec::new();
    write(&run, &mut out).expect("a Vec takes everything");
    String::from_utf8(out).expect("UTF-8")
}

/// Renders the outcome with policy and a nested project with `write`.
pub(super) fn write_sample(write: impl Fn(&Run<'_>, &mut Vec<u8>) -> std::io::Result<()>) -> String {
    write_outcomes(&[&policy_outcome(), &outcome()], write)
}
