//! Targets for parsers of untrusted bytes.

use std::sync::Arc;

use stanchion::data::{self, DocumentFormat, DocumentLimits, Node, NodeKind};
use stanchion::engine::judge::find_inline_comments;
use stanchion::engine::problems_of_guideline;
use stanchion::format;
use stanchion::model::{Date, InlineComment, Origin, Problem, RepoPath};
use stanchion::report::{HumanStyle, render_notes, render_problems};
use stanchion::text::LineIndex;

use super::assert_safe_for_terminals;

/// Guideline file: parses it, compiles every check, renders every problem.
pub fn guideline(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let asset = |name: &str| (name == "schema.json").then(|| "{\"type\": \"string\"}".to_owned());
    match format::parse_guideline("fuzz.md", text, Origin::File("fuzz.md".to_owned()), &asset) {
        Ok(guideline) => {
            let guideline = Arc::new(guideline);
            assert_safe_for_terminals(&render_notes(
                &format::collect_advice(&guideline),
                &HumanStyle::default(),
            ));
            for problem in problems_of_guideline(&guideline, None) {
                let at = match problem.check {
                    Some(check) => {
                        let found = problem.problem;
                        format::problem_in_check(&guideline, check, &found.at, found.message, found.help).span
                    }
                    None => format::locate_in_front_matter(&guideline.text, &problem.problem.at),
                };
                assert!(guideline.text.get(at.start..at.end).is_some(), "{at:?} is outside the file");
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a problem");
            assert_safe_for_terminals(&render_problems(&problems, &HumanStyle::default()));
        }
    }
}

/// Parses a `stanchion.toml`.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match format::parse_config("stanchion.toml", text) {
        Ok(config) => {
            // Spans exclude the byte order mark.
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            for followed in config.follow {
                assert!(text.get(followed.span.start..followed.span.end).is_some(), "{:?}", followed.span);
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a problem");
            assert_safe_for_terminals(&render_problems(&problems, &HumanStyle::default()));
        }
    }
}

/// Waiver file: every parsed waiver has a guideline and a reason, and an edited file can be parsed again.
pub fn waivers(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let path = RepoPath::from(".stanchion/waivers.toml");
    let file = format::parse_waivers("waivers.toml", &path, text);
    assert_safe_for_terminals(&render_problems(&file.problems, &HumanStyle::default()));
    let today = Date::of_unix_seconds(1_800_000_000);
    for waiver in &file.waivers {
        assert!(format::reason_problem(&waiver.reason).is_none(), "{:?}", waiver.reason);
        if let Ok(renewed) = format::renew_waiver(text, &waiver.id, today.plus_days(30), today) {
            let again = format::parse_waivers("waivers.toml", &path, &renewed);
            assert!(again.waivers.iter().any(|it| it.id == waiver.id), "{} is lost", waiver.id);
        }
    }
}

/// Text with inline waivers.
pub fn inline_waiver(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for found in find_inline_comments(b"a.py", text) {
        let (line, covers, at) = (found.line, found.covers, found.at);
        let path = RepoPath::from("a.py");
        let comment = InlineComment { path, line, covers, text: found.text, source: found.source, at };
        match format::parse_inline("a.py", &comment) {
            Ok(waiver) => {
                assert!(format::reason_problem(&waiver.reason).is_none(), "{:?}", waiver.reason);
                assert!(text.contains(waiver.guideline.as_str()), "the guideline is not in the text");
            }
            Err(problems) => {
                assert!(!problems.is_empty(), "refused without a problem");
                assert_safe_for_terminals(&render_problems(&problems, &HumanStyle::default()));
            }
        }
    }
}

/// Lock, baseline and standard: written files can be parsed again with the same result.
pub fn lock_and_baseline(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let show = |problems: &[Problem]| {
        assert!(!problems.is_empty(), "refused without a problem");
        assert_safe_for_terminals(&render_problems(problems, &HumanStyle::default()));
    };
    match format::parse_lock("lock.toml", text) {
        Ok(lock) => assert_eq!(format::parse_lock("lock.toml", &lock.render()), Ok(lock)),
        Err(problems) => show(&problems),
    }
    match format::parse_baseline("baseline.toml", text) {
        Ok(baseline) => {
            let rendered = format::render_baseline(&baseline);
            assert_eq!(format::parse_baseline("baseline.toml", &rendered), Ok(baseline));
        }
        Err(problems) => show(&problems),
    }
    if let Err(problems) = format::parse_standard("s.toml", text, Origin::File("s.toml".to_owned())) {
        show(&problems);
    }
}

/// Decodes bytes; each location of the text maps back to an offset in the bytes.
pub fn decode(bytes: &[u8]) {
    let Ok(decoded) = stanchion::text::decode(bytes) else { return };
    let lines = LineIndex::new(&decoded.text);
    let end = decoded.position(&lines, decoded.text.len());
    assert_eq!(end.byte, bytes.len() as u64, "the end of the text must map to the end of the file");
    let mut last = (0, 0, 0);
    for (offset, _) in decoded.text.char_indices().take(2_000) {
        let place = decoded.position(&lines, offset);
        let next = (place.line, place.column, place.byte);
        assert!(last < next && place.byte <= bytes.len() as u64, "{last:?} {next:?}");
        last = next;
    }
}

/// Parses git's index.
#[cfg(fuzzing)]
pub fn git_index(bytes: &[u8]) {
    stanchion::engine::walk::fuzzing::git_index(bytes);
}

/// Matches a path against ignore rules. Input: path, NUL, `.gitignore`.
#[cfg(fuzzing)]
pub fn ignore_file(bytes: &[u8]) {
    let Some(at) = bytes.iter().position(|&byte| byte == 0) else { return };
    stanchion::engine::walk::fuzzing::ignore_file(&bytes[..at], &bytes[at + 1..]);
}

/// Parses JSON and compares the result with `serde_json`.
pub fn load_json(bytes: &[u8]) {
    let Some(documents) = load(DocumentFormat::Json, bytes) else { return };
    // With `arbitrary_precision`, serde_json treats an object with this key as a number.
    if bytes.windows(20).any(|part| part == b"$serde_json::private") {
        return;
    }
    let theirs: serde_json::Value =
        serde_json::from_slice(bytes).expect("serde_json should accept the same document");
    assert_eq!(documents.len(), 1);
    assert_eq!(without_numbers(&documents[0].to_json()), without_numbers(&theirs));
}

/// Parses JSON with comments.
pub fn load_jsonc(bytes: &[u8]) {
    load(DocumentFormat::Jsonc, bytes);
}

/// Parses YAML.
pub fn load_yaml(bytes: &[u8]) {
    load(DocumentFormat::Yaml, bytes);
}

/// Parses TOML.
pub fn load_toml(bytes: &[u8]) {
    load(DocumentFormat::Toml, bytes);
}

/// Parses `NAME=value` lines.
pub fn load_env(bytes: &[u8]) {
    load(DocumentFormat::Env, bytes);
}

/// Parses INI sections.
pub fn load_ini(bytes: &[u8]) {
    load(DocumentFormat::Ini, bytes);
}

/// Parses a document and checks that every span is inside the text.
fn load(format: DocumentFormat, bytes: &[u8]) -> Option<Vec<Node>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let documents = data::load(format, text, &DocumentLimits::DOCUMENT).ok()?;
    for document in &documents {
        check_spans(document, text);
        // The conversion to plain JSON must also terminate.
        let _ = document.to_json();
    }
    Some(documents)
}

fn check_spans(root: &Node, text: &str) {
    let mut open = vec![root];
    let inside = |span: stanchion::text::Span| {
        assert!(text.get(span.start..span.end).is_some(), "{span:?} is outside the text");
    };
    while let Some(node) = open.pop() {
        inside(node.span);
        match &node.kind {
            NodeKind::Array(items) => open.extend(items),
            NodeKind::Object(members) => {
                for member in members {
                    inside(member.key_span);
                    open.push(&member.value);
                }
            }
            _ => {}
        }
    }
}

/// Value with its numbers removed, because numbers may be stored with fewer digits.
fn without_numbers(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Number(_) => serde_json::Value::String("a number".to_owned()),
        serde_json::Value::Array(items) => items.iter().map(without_numbers).collect(),
        serde_json::Value::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), without_numbers(value))).collect()
        }
        other => other.clone(),
    }
}
