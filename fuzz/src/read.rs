//! Readers: bytes that somebody else wrote, into values.

use std::sync::Arc;

use stanchion::data::{self, Format, Kind, Limits, Node};
use stanchion::engine::problems_of_guideline;
use stanchion::engine::waive::inline_comments;
use stanchion::format;
use stanchion::model::{Date, InlineComment, Origin, Problem, RepoPath};
use stanchion::report::{HumanStyle, render_notes, render_problems};
use stanchion::text::LineIndex;

use super::safe_for_terminals;

/// A guideline file: read, every check compiled, every problem drawn.
pub fn guideline(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let asset = |name: &str| (name == "schema.json").then(|| "{\"type\": \"string\"}".to_owned());
    match format::parse("fuzz.md", text, Origin::File("fuzz.md".to_owned()), &asset) {
        Ok(guideline) => {
            let guideline = Arc::new(guideline);
            safe_for_terminals(&render_notes(&format::advice(&guideline), &HumanStyle::default()));
            for problem in problems_of_guideline(&guideline, None) {
                let at = match problem.check {
                    Some(check) => {
                        let found = problem.problem;
                        format::problem(&guideline, check, &found.at, found.message, found.help).span
                    }
                    None => format::locate(&guideline.text, &problem.problem.at),
                };
                assert!(guideline.text.get(at.start..at.end).is_some(), "{at:?} is not in the file");
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a word");
            safe_for_terminals(&render_problems(&problems, &HumanStyle::default()));
        }
    }
}

/// A `stanchion.toml`.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match format::parse_config("stanchion.toml", text) {
        Ok(config) => {
            // Places count without a byte order mark.
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            for followed in config.follow {
                assert!(text.get(followed.span.start..followed.span.end).is_some(), "{:?}", followed.span);
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a word");
            safe_for_terminals(&render_problems(&problems, &HumanStyle::default()));
        }
    }
}

/// A file of waivers: nothing without a guideline and a reason comes out of it, and edits can be read again.
pub fn waivers(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let path = RepoPath::from(".stanchion/waivers.toml");
    let file = format::parse_waivers("waivers.toml", &path, text);
    safe_for_terminals(&render_problems(&file.problems, &HumanStyle::default()));
    let today = Date::of_unix_seconds(1_800_000_000);
    for waiver in &file.waivers {
        assert!(format::reason_problem(&waiver.reason).is_none(), "{:?}", waiver.reason);
        if let Ok(renewed) = format::renewed(text, &waiver.id, today.plus_days(30), today) {
            let again = format::parse_waivers("waivers.toml", &path, &renewed);
            assert!(again.waivers.iter().any(|it| it.id == waiver.id), "{} is lost", waiver.id);
        }
    }
}

/// A text with inline waivers in it.
pub fn inline_waiver(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for found in inline_comments(b"a.py", text) {
        let (line, covers, at) = (found.line, found.covers, found.at);
        let path = RepoPath::from("a.py");
        let comment = InlineComment { path, line, covers, text: found.text, source: found.source, at };
        match format::parse_inline("a.py", &comment) {
            Ok(waiver) => {
                assert!(format::reason_problem(&waiver.reason).is_none(), "{:?}", waiver.reason);
                assert!(text.contains(waiver.guideline.as_str()), "a guideline that nobody named");
            }
            Err(problems) => {
                assert!(!problems.is_empty(), "refused without a word");
                safe_for_terminals(&render_problems(&problems, &HumanStyle::default()));
            }
        }
    }
}

/// The files that the program writes itself: lock, baseline, and the standards of others.
pub fn kept(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let show = |problems: &[Problem]| {
        assert!(!problems.is_empty(), "refused without a word");
        safe_for_terminals(&render_problems(problems, &HumanStyle::default()));
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

/// Bytes as text: what was decoded must lead back to the bytes.
pub fn decode(bytes: &[u8]) {
    let Ok(decoded) = stanchion::text::decode(bytes) else { return };
    let lines = LineIndex::new(&decoded.text);
    let end = decoded.position(&lines, decoded.text.len());
    assert_eq!(end.byte, bytes.len() as u64, "the end of the text is not the end of the file");
    let mut last = (0, 0, 0);
    for (offset, _) in decoded.text.char_indices().take(2_000) {
        let place = decoded.position(&lines, offset);
        let next = (place.line, place.column, place.byte);
        assert!(last < next && place.byte <= bytes.len() as u64, "{last:?} {next:?}");
        last = next;
    }
}

/// git's index.
#[cfg(fuzzing)]
pub fn git_index(bytes: &[u8]) {
    stanchion::engine::walk::fuzzing::git_index(bytes);
}

/// A path, NUL, and the `.gitignore` it is asked about.
#[cfg(fuzzing)]
pub fn ignore_file(bytes: &[u8]) {
    let Some(at) = bytes.iter().position(|&byte| byte == 0) else { return };
    stanchion::engine::walk::fuzzing::ignore_file(&bytes[..at], &bytes[at + 1..]);
}

/// JSON; compared with `serde_json`.
pub fn load_json(bytes: &[u8]) {
    let Some(documents) = load(Format::Json, bytes) else { return };
    // With `arbitrary_precision` serde_json takes an object with this key for a number of its own.
    if bytes.windows(20).any(|part| part == b"$serde_json::private") {
        return;
    }
    let theirs: serde_json::Value = serde_json::from_slice(bytes).expect("what we read, others read");
    assert_eq!(documents.len(), 1);
    assert_eq!(shape(&documents[0].to_json()), shape(&theirs));
}

/// JSON with comments.
pub fn load_jsonc(bytes: &[u8]) {
    load(Format::Jsonc, bytes);
}

/// YAML.
pub fn load_yaml(bytes: &[u8]) {
    load(Format::Yaml, bytes);
}

/// TOML.
pub fn load_toml(bytes: &[u8]) {
    load(Format::Toml, bytes);
}

/// `NAME=value` lines.
pub fn load_env(bytes: &[u8]) {
    load(Format::Env, bytes);
}

/// INI sections.
pub fn load_ini(bytes: &[u8]) {
    load(Format::Ini, bytes);
}

/// Loads and looks whether every place is in the text.
fn load(format: Format, bytes: &[u8]) -> Option<Vec<Node>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let documents = data::load(format, text, &Limits::DOCUMENT).ok()?;
    for document in &documents {
        places(document, text);
        // Making plain JSON of it must end, too.
        let _ = document.to_json();
    }
    Some(documents)
}

fn places(root: &Node, text: &str) {
    let mut open = vec![root];
    let inside = |span: stanchion::text::Span| {
        assert!(text.get(span.start..span.end).is_some(), "{span:?} is not in the text");
    };
    while let Some(node) = open.pop() {
        inside(node.span);
        match &node.kind {
            Kind::Array(items) => open.extend(items),
            Kind::Object(members) => {
                for member in members {
                    inside(member.key_span);
                    open.push(&member.value);
                }
            }
            _ => {}
        }
    }
}

/// A value without its numbers, which may be kept with fewer digits.
fn shape(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Number(_) => serde_json::Value::String("a number".to_owned()),
        serde_json::Value::Array(items) => items.iter().map(shape).collect(),
        serde_json::Value::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), shape(value))).collect()
        }
        other => other.clone(),
    }
}
