//! Compares the result of a case with its expectations.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;
use stanchion::report::escape::is_unsafe;

use crate::case::{Case, Expect};
use crate::runner::Ending;

/// Maximum resident memory, in KiB.
pub const MOST_KIB: u64 = 256 << 10;

/// Outputs of a run.
pub struct Written {
    pub out: Vec<u8>,
    pub err: Vec<u8>,
    pub human: Option<Vec<u8>>,
    pub lines: Option<Vec<u8>>,
}

/// JSON Schema of the report, from the library.
static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    jsonschema::validator_for(&stanchion::report::report_schema()).expect("the report schema should be valid")
});

/// Returns all failed expectations; empty if the case passed.
pub fn judge(case: &Case, beacons: &[String], ending: &Ending, written: &Written) -> Vec<String> {
    let mut wrong = Vec::new();
    limits(case, ending, &mut wrong);
    outputs(&case.expect, written, &mut wrong);
    let Some(status) = ending.status else { return wrong };
    if !case.expect.statuses.contains(&status) {
        wrong.push(format!("exit status {status}: {}", clip(&written.err)));
    }
    match status {
        2 => refusal(&case.expect, written, &mut wrong),
        0 => match serde_json::from_slice::<Value>(&written.out) {
            Ok(report) => {
                if let Err(error) = SCHEMA.validate(&report) {
                    wrong.push(format!("the report does not fit its schema: {error:.300}"));
                }
                assessed(case, beacons, &report, &mut wrong);
                records(&report, written, &mut wrong);
            }
            Err(error) => wrong.push(format!("the report is not JSON ({error}): {}", clip(&written.out))),
        },
        _ => {}
    }
    for path in case.expect.absent.iter().filter(|path| path.symlink_metadata().is_ok()) {
        wrong.push(format!("the run created {}", path.display()));
    }
    wrong
}

fn limits(case: &Case, ending: &Ending, wrong: &mut Vec<String>) {
    if let Some(signal) = ending.signal {
        wrong.push(format!("ended by signal {signal}"));
    }
    if let Some(why) = &ending.ended {
        wrong.push(format!("had to be killed: {why}"));
    }
    // On a busy machine the wall time includes other processes, so the processor time must be exceeded too.
    // The runner kills a program that waits forever.
    if ending.wall_ms > case.expect.most_wall_ms && ending.cpu_ms > case.expect.most_wall_ms {
        wrong.push(format!("took {} ms, {} ms of processor time", ending.wall_ms, ending.cpu_ms));
    }
    // The executable of a debug build alone takes a fifth of the limit.
    let most = if case.large { ending.process_kib.max(ending.tree_kib) } else { ending.tree_kib };
    if most > MOST_KIB {
        wrong.push(format!("used {} MiB", most >> 10));
    }
    if ending.left_behind > 0 {
        wrong.push(format!("left {} processes behind", ending.left_behind));
    }
}

fn outputs(expect: &Expect, written: &Written, wrong: &mut Vec<String>) {
    let human = [Some(&written.err), written.human.as_ref()];
    for bytes in human.into_iter().flatten() {
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                if let Some(at) = text.find(|c: char| c != '\n' && is_unsafe(c)) {
                    let from = text[..at].rfind('\n').map_or(0, |start| start + 1);
                    wrong.push(format!(
                        "a character that must not reach a terminal is in {:.200?}",
                        &text[from..]
                    ));
                }
            }
            Err(_) => wrong.push("a terminal output is not UTF-8".to_owned()),
        }
    }
    let machine = [Some(&written.out), written.lines.as_ref()];
    for bytes in machine.into_iter().flatten() {
        if bytes.iter().any(|&byte| byte < 0x20 && byte != b'\n') {
            wrong.push("a machine-readable report contains a raw control character".to_owned());
        }
    }
    let all = [Some(&written.out), Some(&written.err), written.human.as_ref(), written.lines.as_ref()];
    for bytes in all.into_iter().flatten() {
        for word in &expect.forbidden {
            if memchr::memmem::find(bytes, word).is_some() {
                wrong.push(format!("an output contains {:?}", String::from_utf8_lossy(word)));
            }
        }
    }
    if String::from_utf8_lossy(&written.err).contains("panicked") {
        wrong.push(format!("standard error reports a panic: {}", clip(&written.err)));
    }
}

fn refusal(expect: &Expect, written: &Written, wrong: &mut Vec<String>) {
    let err = String::from_utf8_lossy(&written.err);
    if !err.starts_with("stanchion: ") {
        wrong.push(format!("status 2 without a message: {}", clip(&written.err)));
    }
    for words in expect.stderr_words.iter().filter(|words| !err.contains(words.as_str())) {
        wrong.push(format!("{words:?} is missing in: {}", clip(&written.err)));
    }
}

fn list<'r>(report: &'r Value, key: &str) -> &'r [Value] {
    report[key].as_array().map_or(&[], Vec::as_slice)
}

fn assessed(case: &Case, beacons: &[String], report: &Value, wrong: &mut Vec<String>) {
    let expect = &case.expect;
    let is_found = |guideline: &str, path: &str| {
        list(report, "findings").iter().any(|it| it["guideline"] == guideline && it["path"] == path)
    };
    if expect.beacons {
        for path in beacons.iter().filter(|path| !is_found("hostile/beacon", path)) {
            wrong.push(format!("the beacon {path} has no finding"));
        }
    }
    for path in &expect.found {
        if !list(report, "findings").iter().any(|it| it["path"] == path.as_str()) {
            wrong.push(format!("{path:?} has no finding"));
        }
    }
    let unknown = list(report, "not_assessed");
    for (path, reasons) in &expect.not_assessed {
        let given: Vec<&str> = unknown
            .iter()
            .filter(|it| it["path"] == path.as_str())
            .filter_map(|it| it["reason"].as_str())
            .collect();
        let fits = !given.is_empty() && (reasons.is_empty() || given.iter().any(|it| reasons.contains(it)));
        if !fits {
            wrong.push(format!("{path:?} is not reported for one of {reasons:?}, but for {given:?}"));
        }
    }
    for words in &expect.details {
        let matches =
            |it: &&Value| it["detail"].as_str().is_some_and(|detail| detail.contains(words.as_str()));
        if !unknown.iter().any(|it| matches(&it)) {
            wrong.push(format!("no detail of a guideline contains {words:?}"));
        }
    }
    for item in unknown.iter().filter(|it| it["detail"].as_str().is_some_and(|it| it.contains("panicked"))) {
        wrong.push(format!("a check panicked: {item:.300}"));
    }
    sums(case, report, wrong);
    if expect.places {
        places(case, report, wrong);
    }
}

fn sums(case: &Case, report: &Value, wrong: &mut Vec<String>) {
    let paths = &report["summary"]["paths"];
    let of = |key: &str| paths[key].as_u64().unwrap_or(u64::MAX);
    let sum = of("assessed").saturating_add(of("not_applicable")).saturating_add(of("cannot_tell"));
    if of("seen") != sum {
        wrong.push(format!("the sums of paths do not agree: {paths}"));
    }
    if !case.expect.seen_is_known {
        return;
    }
    let expected = case.expect.seen.unwrap_or_else(|| count_paths(&case.repository));
    if of("seen") != expected as u64 {
        wrong.push(format!("{} paths were counted, but {expected} exist", of("seen")));
    }
    let findings = list(report, "findings").len() as u64;
    if report["summary"]["findings"].as_u64() != Some(findings) {
        wrong.push(format!("{findings} findings, but the summary has {}", report["summary"]["findings"]));
    }
}

/// Counts the files, links and special files of a repository without ignore files, independently of the
/// program.
fn count_paths(root: &Path) -> usize {
    let mut count = 0;
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let entries: Vec<_> = entries.flatten().collect();
        if folder != root && entries.iter().any(|entry| entry.file_name() == ".git") {
            continue;
        }
        for entry in entries {
            let kind = entry.file_type().expect("a kind");
            let name = entry.file_name();
            match name.as_bytes() {
                b".git" => {}
                b".hg" | b".svn" | b".jj" if kind.is_dir() => {}
                _ if kind.is_dir() => open.push(entry.path()),
                _ => count += 1,
            }
        }
    }
    count
}

/// Checks that every location is inside its file, and that byte, line and column agree.
fn places(case: &Case, report: &Value, wrong: &mut Vec<String>) {
    let mut texts: BTreeMap<PathBuf, Option<Text>> = BTreeMap::new();
    for finding in list(report, "findings").iter().take(2_000) {
        if finding.get("path_bytes").is_some() || finding["snippet"].is_null() {
            continue;
        }
        let path = case.repository.join(finding["path"].as_str().unwrap_or_default());
        let Some(text) = texts.entry(path).or_insert_with_key(|path| Text::read(path)) else {
            wrong.push(format!("a finding with a snippet has no readable file: {finding:.300}"));
            return;
        };
        let start = text.offset(&finding["start"]);
        let end = text.offset(&finding["end"]);
        let fits = matches!((start, end), (Some(start), Some(end)) if start <= end);
        if !fits {
            wrong.push(format!("a location is outside its file: {finding:.400}"));
            return;
        }
    }
}

/// Text of a file, and the size of one code unit on disk.
struct Text {
    text: String,
    starts: Vec<usize>,
    mark: u64,
    utf16: bool,
}

impl Text {
    fn read(path: &Path) -> Option<Self> {
        let bytes = fs::read(path).ok()?;
        let units = |from: fn([u8; 2]) -> u16| {
            let units: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| from([pair[0], pair[1]])).collect();
            String::from_utf16(&units).ok()
        };
        let (text, mark, utf16) = match bytes.as_slice() {
            [0xff, 0xfe, ..] => (units(u16::from_le_bytes)?, 2, true),
            [0xfe, 0xff, ..] => (units(u16::from_be_bytes)?, 2, true),
            [0xef, 0xbb, 0xbf, rest @ ..] => (String::from_utf8(rest.to_vec()).ok()?, 3, false),
            _ => (String::from_utf8(bytes).ok()?, 0, false),
        };
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(ends).collect();
        Some(Self { text, starts, mark, utf16 })
    }

    /// Offset of line and column; `None` if the byte offset differs.
    fn offset(&self, place: &Value) -> Option<usize> {
        let number = |key: &str| place[key].as_u64();
        let line = usize::try_from(number("line")?).ok()?.checked_sub(1)?;
        let column = usize::try_from(number("column")?).ok()?.checked_sub(1)?;
        let start = *self.starts.get(line)?;
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        let mut characters = self.text[start..end].char_indices();
        let offset = match characters.nth(column) {
            Some((at, _)) => start + at,
            None if self.text[start..end].chars().count() == column => end,
            None => return None,
        };
        let byte = if self.utf16 {
            self.mark + 2 * self.text[..offset].encode_utf16().count() as u64
        } else {
            self.mark + offset as u64
        };
        (number("byte")? == byte).then_some(offset)
    }
}

/// Checks that the JSON Lines report of the run has the same numbers.
fn records(report: &Value, written: &Written, wrong: &mut Vec<String>) {
    let Some(lines) = &written.lines else { return };
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut summary = Value::Null;
    for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        match serde_json::from_slice::<Value>(line) {
            Ok(record) => {
                *numbers.entry(record["type"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
                summary = record;
            }
            Err(error) => wrong.push(format!("a record is not JSON: {error}")),
        }
    }
    let number = |kind: &str| numbers.get(kind).copied().unwrap_or(0);
    for (kind, key) in [
        ("finding", "findings"),
        ("not_assessed", "not_assessed"),
        ("guideline", "guidelines"),
        ("note", "notes"),
    ] {
        if number(kind) != list(report, key).len() {
            wrong.push(format!(
                "{} records of {kind}, but {} in JSON",
                number(kind),
                list(report, key).len()
            ));
        }
    }
    if summary["type"] != "summary" || summary["paths"] != report["summary"]["paths"] {
        wrong.push("the last record is not the summary".to_owned());
    }
}

/// Beginning of an output, for messages.
fn clip(bytes: &[u8]) -> String {
    format!("{:.300?}", String::from_utf8_lossy(bytes))
}
