//! Puts hostile text into every cell of a report, and reads every format back with an independent parser. No
//! raw control character may be written, and the number of records must be unchanged.
//!
//! The long campaign is `STANCHION_CELLS=500000 cargo test --release --lib hostile_cells`; the default is
//! 2,000 cells.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use super::encode::{runner, tests as encoders};
use super::escape::is_unsafe;
use super::run::{Run, Weight};
use super::{SarifStyle, sample};
use crate::model::{News, NewsKind, Outcome, Problem, RepoPath};
use crate::text::{Excerpt, Span};

/// Approximate number of cells in one outcome.
const CELLS_OF_ONE: usize = 40;

/// Returns an outcome in which every untrusted text is hostile.
fn outcome(next: &mut dyn FnMut() -> String) -> Outcome {
    let mut all = sample::outcome_with_findings(7);
    for entry in &mut all.guidelines {
        let guideline = std::sync::Arc::make_mut(&mut entry.guideline);
        if guideline.id.as_str() > "acme/g02" {
            continue;
        }
        guideline.title = next();
        guideline.summary = next();
        guideline.owner = next();
        guideline.topics = vec![next()];
        guideline.sections[0].heading = next();
        guideline.sections[0].markdown = next();
    }
    for (nth, finding) in all.findings.iter_mut().enumerate() {
        finding.message = next();
        finding.path = RepoPath::new(format!("f{nth}{}", next().replace('\0', "")).into_bytes());
        finding.check = next();
        let text = format!("{}x", next());
        finding.excerpt =
            Some(Excerpt { first_line: 1, span: Span::new(text.len() - 1, text.len()), text, cut: false });
    }
    let mut policy = sample::policy_outcome();
    policy.waivers.truncate(1);
    let waiver = &mut policy.waivers[0].waiver;
    (waiver.reason, waiver.owner, waiver.id) = (next(), Some(next()), next());
    all.waivers = policy.waivers;
    all.findings[6].status = crate::model::FindingStatus::Waived(0);
    all.not_assessed = policy.not_assessed.into_iter().take(2).collect();
    all.not_assessed[0].detail = next();
    all.not_assessed[0].path = Some(RepoPath::from(next().as_str()));
    all.news = vec![News {
        kind: NewsKind::PromiseMade,
        guideline: None,
        path: RepoPath::from("x"),
        message: next(),
    }];
    let text = next();
    all.problems = vec![Problem {
        file: next().into(),
        span: Span::at(text.len()),
        text: text.into(),
        message: next(),
        label: next(),
        help: Some(next()),
        first_line: 1,
    }];
    all.promises[0].why = next();
    all
}

/// Number of findings that are broken promises or advice: all except the waived one.
const COUNTING: usize = 6;

/// Writes the outcome in every format and parses the result.
fn check_all_formats(outcome: &Outcome) {
    let written = |write: &dyn Fn(&Run<'_>, &mut Vec<u8>) -> std::io::Result<()>| {
        let text = sample::write_outcomes(&[outcome], write);
        let raw: Vec<char> = text.chars().filter(|&c| c != '\n' && is_unsafe(c)).collect();
        assert!(raw.is_empty(), "raw {raw:?} in {text}");
        text
    };
    let raw = &written;
    // A report for programs that is printed to a log contains no workflow command.
    let written = |write: &dyn Fn(&Run<'_>, &mut Vec<u8>) -> std::io::Result<()>| {
        let text = raw(write);
        let commands = text
            .lines()
            .filter_map(runner::find_command)
            .filter(|it| it.name != "notice" && it.name != "error");
        assert_eq!(commands.filter(|it| it.name != "warning").count(), 0, "{text}");
        text
    };
    let json = |text: &str| -> Value { serde_json::from_str(text).expect("JSON") };
    let length = |value: &Value| value.as_array().expect("a list").len();

    let github = written(&|run, out| super::github::write(run, out));
    let commands: Vec<_> = github.lines().filter_map(runner::find_command).collect();
    assert_eq!(commands.len(), github.lines().count() - 1, "{github}");
    for (name, number) in [("error", 3), ("notice", 3)] {
        let at_a_line =
            commands.iter().filter(|it| it.name == name && runner::kept_properties(it).contains_key("line"));
        assert_eq!(at_a_line.count(), number, "{github}");
    }
    for (suppressed, number) in [(false, COUNTING), (true, COUNTING + 1)] {
        let sarif = json(&written(&|run, out| super::write_sarif(run, SarifStyle { suppressed }, out)));
        assert_eq!(length(&sarif["runs"]), 1);
        assert_eq!(length(&sarif["runs"][0]["results"]), number);
    }
    assert_eq!(length(&json(&written(&|run, out| super::write_gitlab(run, out)))), COUNTING);
    assert_eq!(length(&json(&written(&|run, out| super::write_rdjson(run, out)))["diagnostics"]), COUNTING);
    let lines = written(&|run, out| super::write_rdjsonl(run, out));
    assert_eq!(lines.lines().filter(|line| json(line).is_object()).count(), COUNTING);

    let junit = written(&|run, out| super::write_junit(run, out));
    let document = roxmltree::Document::parse(&junit).expect("well-formed");
    let elements = |document: &roxmltree::Document<'_>, name: &str| {
        document.descendants().filter(|node| node.has_tag_name(name)).count()
    };
    // One for each finding, and two for "cannot tell".
    assert_eq!(elements(&document, "testcase"), 9, "{junit}");
    assert_eq!(elements(&document, "failure"), 3);
    assert_eq!(elements(&document, "skipped"), 3);
    let checkstyle = written(&|run, out| super::write_checkstyle(run, out));
    let document = roxmltree::Document::parse(&checkstyle).expect("well-formed");
    assert_eq!(elements(&document, "error"), COUNTING);

    let html = written(&|run, out| super::write_html(run, out));
    assert_page(&html);
    for markdown in [
        written(&|run, out| super::write_markdown(run, out)),
        written(&|run, out| super::write_step_summary(run, 1 << 20, out)),
    ] {
        assert_markdown(&markdown);
    }

    let whole = written(&|run, out| super::write_json(run.projects[0].outcome, &[], out));
    assert_eq!(length(&json(&whole)["findings"]), COUNTING + 1);
    let lines = written(&|run, out| super::write_jsonl(run.projects[0].outcome, &RepoPath::from(""), out));
    let findings = lines.lines().map(json).filter(|line| line["type"] == "finding").count();
    assert_eq!(findings, COUNTING + 1);

    let style = super::HumanStyle { cap: Some(usize::MAX), verbose: true, ..super::HumanStyle::default() };
    let human = raw(&|run, out| {
        out.extend_from_slice(super::render_human(run.projects[0].outcome, &style).as_bytes());
        Ok(())
    });
    let log = super::encode::log::neutralize_commands(&human);
    assert_eq!(log.lines().filter_map(runner::find_command).count(), 0, "{log}");
}

/// Elements allowed in the page, including those generated from Markdown.
const PAGE: &[&str] = &[
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "main",
    "footer",
    "section",
    "h1",
    "h2",
    "h3",
    "h4",
    "p",
    "ul",
    "ol",
    "li",
    "code",
    "pre",
    "mark",
    "span",
    "br",
    "input",
    "div",
    "label",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "strong",
    "em",
    "a",
    "blockquote",
    "hr",
    "b",
    "del",
];

fn assert_page(html: &str) {
    let mut findings = 0;
    for token in html5gum::Tokenizer::new(html).flatten() {
        match token {
            html5gum::Token::StartTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                assert!(PAGE.contains(&name.as_str()), "<{name}> in {html}");
                for (key, value) in &tag.attributes {
                    let (key, value) = (String::from_utf8_lossy(key), String::from_utf8_lossy(value));
                    assert!(!key.starts_with("on"), "{key} in {html}");
                    let web = ["http://", "https://", "mailto:"]
                        .iter()
                        .any(|it| value.to_lowercase().starts_with(it));
                    assert!(key != "href" || web, "{value} in {html}");
                    if name == "li" && key == "class" {
                        findings += 1;
                    }
                }
            }
            html5gum::Token::Comment(_) => panic!("a comment in {html}"),
            _ => {}
        }
    }
    assert_eq!(findings, COUNTING + 1);
}

fn assert_markdown(text: &str) {
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new_ext(text, encoders::gfm()));
    let tags = encoders::tags(&html);
    let rows =
        tags.iter().filter(|tag| *tag == "tr").count() - tags.iter().filter(|tag| *tag == "thead").count();
    assert_eq!(rows, COUNTING, "{text}");
    // The only HTML comment is the marker of the report.
    let comments = tags.iter().filter(|tag| *tag == "!--").count();
    assert_eq!(comments, usize::from(text.starts_with("<!--")), "{text}");
    for tag in &tags {
        let name = tag.trim_start_matches('/');
        assert!(name == "!--" || PAGE.contains(&name) && name != "a", "<{tag}> in {text}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "environment variables set the size of the campaign")]
fn hostile_cells_stay_cells_in_every_format() {
    let wanted: usize =
        std::env::var("STANCHION_CELLS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000);
    let seed = std::env::var("STANCHION_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1u64);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let cells = encoders::hostile();
    let mut made = 0;
    while made < wanted {
        let before = made;
        let mut next = || {
            made += 1;
            cells.new_tree(&mut runner).expect("a text").current()
        };
        let outcome = outcome(&mut next);
        assert!(made - before >= CELLS_OF_ONE, "{} cells", made - before);
        check_all_formats(&outcome);
    }
}

#[test]
fn the_weights_of_the_hostile_outcome() {
    let outcome = outcome(&mut || "x".to_owned());
    let weights = |wanted: fn(Weight) -> bool| {
        let mut number = 0;
        sample::write_outcomes(&[&outcome], |run, _| {
            assert!(run.findings().count() == COUNTING + 1);
            Ok(())
        });
        for finding in &outcome.findings {
            let broken = outcome.is_breaking(finding);
            let weight = match finding.status {
                crate::model::FindingStatus::Waived(_) => Weight::Waived,
                _ if broken => Weight::Broken,
                _ => Weight::Warning,
            };
            number += usize::from(wanted(weight));
        }
        number
    };
    assert_eq!(weights(|weight| weight == Weight::Broken), 3);
    assert_eq!(weights(|weight| weight == Weight::Warning), 3);
}
