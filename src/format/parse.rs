//! Parses a guideline file into one validated value, or returns all of its problems.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::diagnose::diagnose;
use super::front_matter::{self, FileProblem};
use super::raw::RawGuideline;
use super::schema::{check_format_version, guideline_schema};
use super::source::{LocatedDocument, SourceFile, extend_pointer};
use super::validate::{DecodedParts, GuidelineValidator};
use super::{examples, prose, settings};
use crate::data::{Pointer, PointerStep};
use crate::model::{Guideline, Origin, Problem, Section};
use crate::text::Span;

/// Maximum size of a guideline file, in bytes.
pub const MAX_GUIDELINE_BYTES: usize = 1 << 20;
/// Maximum size of the front matter, in bytes.
pub const MAX_FRONT_MATTER_BYTES: usize = 64 << 10;

/// Parses a guideline file.
///
/// `file` is the name shown to the user, and `text` the whole text; a byte order mark and `\r\n` are allowed.
/// `asset` returns the text of a file in the guideline's directory by relative path, for `assert-file`. The
/// schema is then stored in `assert`, so that no later step needs the file.
///
/// # Errors
/// Returns every problem of the file, in order of place. A missing heading or example is not a problem: see
/// [`super::collect_advice`].
pub fn parse_guideline(
    file: &str,
    text: &str,
    origin: Origin,
    asset: &dyn Fn(&str) -> Option<String>,
) -> Result<Guideline, Vec<Problem>> {
    parse_guideline_with_settings(file, text, origin, asset, &[])
}

/// Parses a guideline file like [`parse_guideline`], but with the given values of settings instead of the
/// defaults. [`super::setting_problem`] must have accepted the values.
///
/// # Errors
/// Same as [`parse_guideline`]. A value of the right type can still produce an invalid check.
pub fn parse_guideline_with_settings(
    file: &str,
    text: &str,
    origin: Origin,
    asset: &dyn Fn(&str) -> Option<String>,
    given: &[(String, Value)],
) -> Result<Guideline, Vec<Problem>> {
    if text.len() > MAX_GUIDELINE_BYTES {
        let message = format!("the file is larger than {} KiB", MAX_GUIDELINE_BYTES >> 10);
        // The problem does not keep the text: an excerpt of such a file is useless.
        return Err(vec![SourceFile::new(file, "").problem(Span::at(0), message, "", None)]);
    }
    let digest = sha256_hex(text.as_bytes());
    // A byte order mark is invisible: lines, columns and excerpts are counted without it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = SourceFile::new(file, text);
    let problem = |(span, message, label, help): FileProblem| source.problem(span, message, label, help);
    let parts = front_matter::split_front_matter(text).map_err(|it| vec![problem(it)])?;
    if parts.end > MAX_FRONT_MATTER_BYTES {
        let message = format!("the front matter is larger than {} KiB", MAX_FRONT_MATTER_BYTES >> 10);
        let help = Some("move a large JSON Schema to a separate file with `assert-file`".to_owned());
        return Err(vec![source.problem(parts.opening, message, "opened here", help)]);
    }
    let prose = prose::read_prose(text, parts.body);
    let mut problems = Vec::new();
    let root = match front_matter::load_front_matter(text, &parts) {
        Ok(root) => root,
        Err(it) => {
            problems.push(problem(it));
            examples::read_examples(&source, &prose, None, &mut problems);
            return Err(sort_problems(problems));
        }
    };
    let document = LocatedDocument { source: &source, root: &root, home: parts.opening };
    let mut json = root.to_json();
    problems.extend(check_format_version(&document, &mut json).map_err(|newer| vec![newer])?);
    let settings = settings::read_settings(&document, &json, &mut problems);
    let values = settings::fill_settings(&mut json, &settings, given, &document, &mut problems);
    let decoded = RawGuideline::deserialize(&json);
    let found = match &decoded {
        Ok(raw) => {
            if may_have_list_for_mapping(&json) {
                problems.extend(diagnose(&guideline_schema(), &document, &json));
            }
            DecodedParts::from_raw(raw)
        }
        Err(error) => {
            problems.extend(type_problems(&document, &json, &error.to_string()));
            DecodedParts::decode_each(&json)
        }
    };
    let mut validator = GuidelineValidator { document, json: &json, asset, problems };
    let meaning = validator.validate(found);
    problems = validator.problems;
    let known = check_ids(&json);
    let examples = examples::read_examples(&source, &prose, known.as_deref(), &mut problems);
    match (decoded, meaning.id, meaning.version) {
        (Ok(raw), Some(id), Some(version)) if problems.is_empty() => Ok(Guideline {
            id,
            version,
            title: raw.title.trim_end().to_owned(),
            summary: raw.summary.trim_end().to_owned(),
            stage: raw.stage,
            owner: raw.owner.trim_end().to_owned(),
            level: raw.level,
            topics: raw.topics,
            applies: raw.applies,
            consequences: raw.consequences,
            offers: raw.offers,
            conflicts_with: meaning.conflicts_with,
            settings,
            values,
            checks: meaning.checks,
            sections: read_sections(text, &prose),
            examples,
            origin,
            sha256: digest,
            text: Arc::clone(&source.text),
        }),
        _ => Err(sort_problems(problems)),
    }
}

/// Returns the span of the front matter value at `pointer` in a guideline file.
///
/// The pointer starts at the root of the front matter, for example `checks`, `0`, `text`, `find`. If the
/// value does not exist, the result is the span of its nearest parent. Without front matter, it is the start
/// of the file.
#[must_use]
pub fn locate_in_front_matter(text: &str, pointer: &Pointer) -> Span {
    let Ok(parts) = front_matter::split_front_matter(text) else { return Span::at(0) };
    if parts.end > MAX_FRONT_MATTER_BYTES {
        return parts.opening;
    }
    let Ok(root) = front_matter::load_front_matter(text, &parts) else { return parts.opening };
    let source = SourceFile::new("", text);
    LocatedDocument { source: &source, root: &root, home: parts.opening }.value_span(pointer)
}

/// Creates a problem that was found while compiling a check.
///
/// `check` is the index of the check, from 0. `at` is the pointer from the check to the place, for example
/// `text`, `find`.
#[must_use]
pub fn problem_in_check(
    guideline: &Guideline,
    check: usize,
    at: &[PointerStep],
    message: impl Into<String>,
    help: Option<String>,
) -> Problem {
    let pointer = extend_pointer(&[PointerStep::Key("checks".to_owned()), PointerStep::Index(check)], at);
    Problem {
        first_line: 1,
        file: file_name(guideline),
        text: Arc::clone(&guideline.text),
        span: locate_in_front_matter(&guideline.text, &pointer),
        message: message.into(),
        label: "here".to_owned(),
        help,
    }
}

/// Returns the name of a guideline's file as shown to the user.
pub(super) fn file_name(guideline: &Guideline) -> Arc<str> {
    match &guideline.origin {
        Origin::Starter => Arc::from(format!("rules/{}.md", guideline.id)),
        Origin::File(path) | Origin::Copy { file: path, .. } => Arc::from(path.as_str()),
    }
}

/// Whether the front matter may contain a list in place of a mapping.
///
/// serde decodes a list as the values of a struct in order, which is never intended. The result is only a
/// suspicion: the schema then decides, which is slow.
pub(super) fn may_have_list_for_mapping(json: &Value) -> bool {
    const LISTS: [&str; 16] = [
        "all",
        "any",
        "checks",
        "consequences",
        "each",
        "except",
        "exists",
        "files",
        "forbid",
        "ignores",
        "languages",
        "offers",
        "paths",
        "rewriters",
        "separatedBy",
        "topics",
    ];
    /// Mappings whose keys are names chosen by authors.
    const NAMED: [&str; 5] = ["constraints", "utils", "transform", "labels", "matches"];
    fn is_suspicious(key: &str, value: &Value) -> bool {
        match value {
            Value::Object(members) if NAMED.contains(&key) => {
                // The names inside `matches` are one level deeper.
                let inside = if key == "matches" { "utils" } else { "" };
                members.values().any(|member| is_suspicious(inside, member))
            }
            Value::Array(items) => {
                !LISTS.contains(&key) || items.iter().any(|item| item.is_array() || is_suspicious("", item))
            }
            // A JSON Schema and metadata may contain any value.
            Value::Object(members) => members.iter().any(|(key, value)| {
                !matches!(key.as_str(), "assert" | "metadata") && is_suspicious(key, value)
            }),
            _ => false,
        }
    }
    let checks = json.get("checks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    is_suspicious("", json) || checks.iter().any(|check| check.get("files").is_some_and(Value::is_array))
}

/// Returns every problem of type and structure. `error` is the error message of serde.
fn type_problems(document: &LocatedDocument<'_>, json: &Value, error: &str) -> Vec<Problem> {
    let mut problems = diagnose(&guideline_schema(), document, json);
    if problems.is_empty() {
        // Types and schema disagree. This is a bug, but the user still gets a message with a place.
        problems.push(decoding_problem(document, json, error));
    }
    problems
}

/// Returns the error message of serde, at the smallest part of the document that cannot be decoded.
fn decoding_problem(document: &LocatedDocument<'_>, json: &Value, error: &str) -> Problem {
    let checks = json.get("checks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (index, check) in checks.iter().enumerate() {
        if let Err(error) = super::raw::RawCheck::deserialize(check) {
            let span = document.key_span(&[PointerStep::Key("checks".to_owned()), PointerStep::Index(index)]);
            return document.source.problem(
                span,
                format!("the check cannot be read: {error}"),
                "this check",
                None,
            );
        }
    }
    document.source.problem(document.home, format!("the front matter cannot be read: {error}"), "", None)
}

/// Returns the ids that examples may name, including those of invalid checks. `None` if an id is missing.
fn check_ids(json: &Value) -> Option<Vec<String>> {
    let checks = json.get("checks")?.as_array()?;
    let name = |check: &Value| check.get("id").and_then(Value::as_str).map(str::to_owned);
    // If a check has no id, an example may refer to that check.
    let names: Option<Vec<String>> = checks.iter().map(name).collect();
    names.filter(|names| !names.is_empty())
}

fn read_sections(text: &str, prose: &prose::Prose) -> Vec<Section> {
    let section = |heading: &prose::Heading| Section {
        heading: heading.title.clone(),
        markdown: text.get(heading.below.start..heading.below.end).unwrap_or("").trim().to_owned(),
    };
    prose.sections.iter().map(section).collect()
}

/// Returns the SHA-256 digest of `bytes` as 64 lower-case hexadecimal digits, as in the lock and the index.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    Sha256::digest(bytes).iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Maximum number of problems of one file that are reported individually.
const MAX_PROBLEMS: usize = 200;

/// Sorts problems by place and removes duplicates. Truncates a very long list and adds the number of omitted
/// problems.
pub(super) fn sort_problems(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by(|a, b| (a.span, &a.message).cmp(&(b.span, &b.message)));
    problems.dedup_by(|a, b| a.span == b.span && a.message == b.message);
    if problems.len() > MAX_PROBLEMS {
        let more = problems.len() - MAX_PROBLEMS;
        problems.truncate(MAX_PROBLEMS + 1);
        if let Some(last) = problems.last_mut() {
            last.message = format!("and {more} more problems, from this place on");
            "first of them".clone_into(&mut last.label);
            last.help = Some("fix the problems above first".to_owned());
        }
    }
    problems
}
