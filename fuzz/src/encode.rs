//! Targets for writers: the output can be read back and is safe for terminals.

use std::sync::{Arc, LazyLock};

use serde_json::Value;
use stanchion::format;
use stanchion::model::{
    ContentHash, Edit, Finding, FindingHashes, FindingStatus, Fingerprint, Fix, Guideline, GuidelineId,
    GuidelineOutcome, Level, NotAssessed, Note, Origin, Outcome, Reason, RepoPath, Verdict,
};
use stanchion::report::escape::{escape as one_line, escape_excerpt, escape_lines};
use stanchion::report::{HumanStyle, render_human, write_json, write_jsonl};
use stanchion::text::{Excerpt, LineIndex, Position, Span};

use super::assert_safe_for_terminals;

/// Escapes a text for a terminal.
pub fn escape(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let line = one_line(&text);
    assert_safe_for_terminals(&line);
    assert!(!line.contains('\n'), "the escaped text has more than one line");
    assert_eq!(one_line(&line), line, "escaping must be idempotent");
    if !text.contains('\\') {
        assert_eq!(unescape(&line), text, "the escaped text cannot be read back");
    }
    assert_safe_for_terminals(&escape_lines(&text));
    let lines = LineIndex::new(&text);
    let at = bytes.first().map_or(0, |&byte| usize::from(byte).min(text.len()));
    let at = (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let excerpt = Excerpt::new(&text, &lines, Span::new(at, text.len()));
    let (shown, mark) = escape_excerpt(&excerpt);
    assert_safe_for_terminals(&shown);
    assert!(shown.get(mark.start..mark.end).is_some(), "the mark {mark:?} is outside {shown:?}");
}

/// Replaces escape sequences by their characters.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (kind, after) = rest.split_at(1);
        rest = after;
        match kind {
            "n" => out.push('\n'),
            "r" => out.push('\r'),
            "t" => out.push('\t'),
            "x" => {
                let (code, after) = rest.split_at(2);
                out.extend(u32::from_str_radix(code, 16).ok().and_then(char::from_u32));
                rest = after;
            }
            _ => {
                let (code, after) = rest[1..].split_once('}').expect("closed");
                out.extend(u32::from_str_radix(code, 16).ok().and_then(char::from_u32));
                rest = after;
            }
        }
    }
    out + rest
}

static GUIDELINE: LazyLock<Arc<Guideline>> = LazyLock::new(|| {
    let text = format::render_scaffold(&GuidelineId::new("fuzz/fuzz").expect("an id"), "text");
    Arc::new(format::parse_guideline("fuzz.md", &text, Origin::Starter, &|_| None).expect("a guideline"))
});

/// Renders reports. Input, separated by NUL bytes: path, message, source, detail, replacement. Each report
/// must contain them unchanged.
pub fn report(bytes: &[u8]) {
    let mut parts = bytes.split(|&byte| byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let path = RepoPath::new(part().to_vec());
    let mut text = || String::from_utf8_lossy(part()).into_owned();
    let (message, source, detail, with) = (text(), text(), text(), text());
    let outcome = outcome(&path, &message, &source, &detail, &with);
    for style in [
        HumanStyle::default(),
        HumanStyle {
            width: 20,
            cap: Some(usize::MAX),
            unicode: false,
            verbose: true,
            ..HumanStyle::default()
        },
        HumanStyle { quiet: true, ..HumanStyle::default() },
    ] {
        assert_safe_for_terminals(&render_human(&outcome, &style));
    }
    let mut json = Vec::new();
    write_json(&outcome, &[], &mut json).expect("writing to memory should not fail");
    let json: Value = serde_json::from_slice(&json).expect("the report should be JSON");
    assert_same_finding(&json["findings"][0], &path, &message, &source, &with);
    assert_eq!(json["not_assessed"][0]["detail"], detail.as_str());
    let mut lines = Vec::new();
    write_jsonl(&outcome, &RepoPath::from(""), &mut lines).expect("writing to memory should not fail");
    let records: Vec<Value> = lines
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("a record"))
        .collect();
    assert_eq!(records.len(), 6, "run, guideline, finding, not assessed, note, summary");
    let finding = records.iter().find(|record| record["type"] == "finding").expect("the finding");
    assert_same_finding(finding, &path, &message, &source, &with);
}

fn assert_same_finding(record: &Value, path: &RepoPath, message: &str, source: &str, with: &str) {
    assert_eq!(record["message"], message);
    assert_eq!(record["snippet"], source);
    assert_eq!(record["fix"]["edits"][0]["text"], with);
    let bytes = match record["path_bytes"].as_str() {
        Some(encoded) => decode_base64(encoded),
        None => record["path"].as_str().expect("a path").as_bytes().to_vec(),
    };
    assert_eq!(bytes, path.bytes(), "the path of the report differs");
}

/// Decodes base64 (RFC 4648, with padding).
fn decode_base64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    assert!(text.len().is_multiple_of(4), "base64 must be padded");
    let digits: Vec<u32> = text
        .bytes()
        .filter(|&byte| byte != b'=')
        .map(|byte| {
            u32::try_from(alphabet.iter().position(|&it| it == byte).expect("a digit")).expect("small")
        })
        .collect();
    let mut out = Vec::new();
    for group in digits.chunks(4) {
        let value = group.iter().fold(0, |sum, digit| sum << 6 | digit) << (6 * (4 - group.len()));
        out.extend(value.to_be_bytes()[1..group.len()].iter());
    }
    out
}

fn outcome(path: &RepoPath, message: &str, source: &str, detail: &str, with: &str) -> Outcome {
    let place = Position { line: 1, column: 1, byte: 0 };
    let finding = Finding {
        guideline: 0,
        check: "fuzz".to_owned(),
        level: Level::Warning,
        message: message.to_owned(),
        path: path.clone(),
        start: place,
        end: place,
        excerpt: Some(Excerpt {
            first_line: 1,
            text: source.to_owned(),
            span: Span::new(0, source.len()),
            cut: false,
        }),
        hashes: FindingHashes { fingerprint: Fingerprint(0), content: ContentHash(0), head: None },
        status: FindingStatus::Open,
        lapsed: None,
        fix: Some(Fix {
            title: Some(detail.to_owned()),
            edits: vec![Edit::Replace { span: Span::new(0, source.len()), with: with.to_owned() }],
        }),
    };
    let unknown = NotAssessed {
        path: Some(path.clone()),
        guideline: Some(0),
        check: None,
        reason: Reason::ParseError,
        detail: detail.to_owned(),
    };
    Outcome {
        guidelines: vec![GuidelineOutcome {
            guideline: Arc::clone(&GUIDELINE),
            verdict: Verdict::NotKept,
            findings: 1,
            waived: 0,
            blind: false,
            promised: false,
            edited: false,
        }],
        findings: vec![finding],
        not_assessed: vec![unknown],
        notes: vec![Note { code: "fuzz".to_owned(), message: message.to_owned() }],
        ..Outcome::default()
    }
}
