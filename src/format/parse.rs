//! A guideline file: text in, one validated value or every problem out.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::diagnose::diagnose;
use super::front::{self, Trouble};
use super::raw::RawGuideline;
use super::schema::{guideline_schema, version};
use super::semantics::{Desk, Parts};
use super::source::{Document, Source, below};
use super::{examples, prose, settings};
use crate::data::{Pointer, Step};
use crate::model::{Guideline, Origin, Problem, Section};
use crate::text::Span;

/// Largest guideline file, in bytes.
pub const FILE_BYTES: usize = 1 << 20;
/// Largest front matter, in bytes.
pub const FRONT_MATTER_BYTES: usize = 64 << 10;

/// Reads a guideline file.
///
/// `file` is its name as the user knows it, `text` its whole text (a byte order mark and `\r\n` are
/// fine). `asset` gives the text of a file beside the guideline by relative name, for `assert-file`;
/// the schema then stands in `assert`, so that nobody else needs the file.
///
/// # Errors
/// Every problem of the file, in order of place. A missing heading or example is not one: see
/// [`super::advice`].
pub fn parse(
    file: &str,
    text: &str,
    origin: Origin,
    asset: &dyn Fn(&str) -> Option<String>,
) -> Result<Guideline, Vec<Problem>> {
    parse_with(file, text, origin, asset, &[])
}

/// As [`parse`], with values of settings in the place of the defaults: those of which [`super::setting_problem`]
/// says nothing.
///
/// # Errors
/// Those of [`parse`]; a value may be of the right type and still make a check that cannot be used.
pub fn parse_with(
    file: &str,
    text: &str,
    origin: Origin,
    asset: &dyn Fn(&str) -> Option<String>,
    given: &[(String, Value)],
) -> Result<Guideline, Vec<Problem>> {
    if text.len() > FILE_BYTES {
        let message = format!("the file is larger than {} KiB", FILE_BYTES >> 10);
        // Without the text: nobody wants an excerpt of it.
        return Err(vec![Source::new(file, "").problem(Span::at(0), message, "", None)]);
    }
    let digest = digest(text.as_bytes());
    // Nobody sees a byte order mark: lines, columns and excerpts do without it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = Source::new(file, text);
    let trouble = |(span, message, label, help): Trouble| source.problem(span, message, label, help);
    let parts = front::split(text).map_err(|it| vec![trouble(it)])?;
    if parts.end > FRONT_MATTER_BYTES {
        let message = format!("the front matter is larger than {} KiB", FRONT_MATTER_BYTES >> 10);
        let help = Some("put a large JSON Schema into a file of its own with `assert-file`".to_owned());
        return Err(vec![source.problem(parts.opening, message, "opened here", help)]);
    }
    let prose = prose::read(text, parts.body);
    let mut problems = Vec::new();
    let root = match front::load(text, &parts) {
        Ok(root) => root,
        Err(it) => {
            problems.push(trouble(it));
            examples::read(&source, &prose, None, &mut problems);
            return Err(sorted(problems));
        }
    };
    let document = Document { source: &source, root: &root, home: parts.opening };
    let mut json = root.to_json();
    problems.extend(version(&document, &mut json).map_err(|newer| vec![newer])?);
    let settings = settings::read(&document, &json, &mut problems);
    let values = settings::fill(&mut json, &settings, given, &document, &mut problems);
    let decoded = RawGuideline::deserialize(&json);
    let found = match &decoded {
        Ok(raw) => {
            if lists_as_mappings(&json) {
                problems.extend(diagnose(&guideline_schema(), &document, &json));
            }
            Parts::whole(raw)
        }
        Err(error) => {
            problems.extend(shape(&document, &json, &error.to_string()));
            Parts::rescue(&json)
        }
    };
    let mut desk = Desk { document, json: &json, asset, problems };
    let meaning = desk.judge(found);
    problems = desk.problems;
    let known = check_names(&json);
    let examples = examples::read(&source, &prose, known.as_deref(), &mut problems);
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
            sections: sections(text, &prose),
            examples,
            origin,
            sha256: digest,
            text: Arc::clone(&source.text),
        }),
        _ => Err(sorted(problems)),
    }
}

/// The place in a guideline file of the front matter at `pointer` (from the front matter's root, for
/// example `checks`, `0`, `text`, `find`); the nearest parent's, if there is nothing at it; the start
/// of the file, if it has no front matter.
#[must_use]
pub fn locate(text: &str, pointer: &Pointer) -> Span {
    let Ok(parts) = front::split(text) else { return Span::at(0) };
    if parts.end > FRONT_MATTER_BYTES {
        return parts.opening;
    }
    let Ok(root) = front::load(text, &parts) else { return parts.opening };
    let source = Source::new("", text);
    Document { source: &source, root: &root, home: parts.opening }.value(pointer)
}

/// A problem that was found when a check was compiled: `at` leads from the check numbered `check`
/// (from 0) to the place, for example `text`, `find`.
#[must_use]
pub fn problem(
    guideline: &Guideline,
    check: usize,
    at: &[Step],
    message: impl Into<String>,
    help: Option<String>,
) -> Problem {
    let pointer = below(&[Step::Key("checks".to_owned()), Step::Index(check)], at);
    Problem {
        first_line: 1,
        file: file_name(guideline),
        text: Arc::clone(&guideline.text),
        span: locate(&guideline.text, &pointer),
        message: message.into(),
        label: "here".to_owned(),
        help,
    }
}

/// The file of a guideline as the user knows it.
pub(super) fn file_name(guideline: &Guideline) -> Arc<str> {
    match &guideline.origin {
        Origin::Starter => Arc::from(format!("rules/{}.md", guideline.id)),
        Origin::File(path) | Origin::Copy { file: path, .. } => Arc::from(path.as_str()),
    }
}

/// Whether a list may stand where a mapping belongs: serde takes a list for the values of a mapping
/// in order, which nobody means. Only a suspicion; the schema then decides, slowly.
pub(super) fn lists_as_mappings(json: &Value) -> bool {
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
    /// Mappings whose keys are names that authors choose.
    const NAMED: [&str; 5] = ["constraints", "utils", "transform", "labels", "matches"];
    fn odd(key: &str, value: &Value) -> bool {
        match value {
            Value::Object(members) if NAMED.contains(&key) => {
                // The names inside `matches` are one level deeper, too.
                let inside = if key == "matches" { "utils" } else { "" };
                members.values().any(|member| odd(inside, member))
            }
            Value::Array(items) => {
                !LISTS.contains(&key) || items.iter().any(|item| item.is_array() || odd("", item))
            }
            // A JSON Schema and metadata may hold anything.
            Value::Object(members) => members
                .iter()
                .any(|(key, value)| !matches!(key.as_str(), "assert" | "metadata") && odd(key, value)),
            _ => false,
        }
    }
    let checks = json.get("checks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    odd("", json) || checks.iter().any(|check| check.get("files").is_some_and(Value::is_array))
}

/// Every problem of shape.
fn shape(document: &Document<'_>, json: &Value, refusal: &str) -> Vec<Problem> {
    let mut problems = diagnose(&guideline_schema(), document, json);
    if problems.is_empty() {
        // Types and schema disagree: a defect of ours, but the person still learns what and where.
        problems.push(refused(document, json, refusal));
    }
    problems
}

/// serde's own words, at the narrowest part of the document that it refuses.
fn refused(document: &Document<'_>, json: &Value, refusal: &str) -> Problem {
    let checks = json.get("checks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (index, check) in checks.iter().enumerate() {
        if let Err(error) = super::raw::RawCheck::deserialize(check) {
            let span = document.key(&[Step::Key("checks".to_owned()), Step::Index(index)]);
            return document.source.problem(
                span,
                format!("the check cannot be read: {error}"),
                "this check",
                None,
            );
        }
    }
    document.source.problem(document.home, format!("the front matter cannot be read: {refusal}"), "", None)
}

/// The ids that examples may name, also of checks that are otherwise wrong.
fn check_names(json: &Value) -> Option<Vec<String>> {
    let checks = json.get("checks")?.as_array()?;
    let name = |check: &Value| check.get("id").and_then(Value::as_str).map(str::to_owned);
    // One check without a name, and an example may well mean that one.
    let names: Option<Vec<String>> = checks.iter().map(name).collect();
    names.filter(|names| !names.is_empty())
}

fn sections(text: &str, prose: &prose::Prose) -> Vec<Section> {
    let section = |heading: &prose::Heading| Section {
        heading: heading.words.clone(),
        markdown: text.get(heading.below.start..heading.below.end).unwrap_or("").trim().to_owned(),
    };
    prose.sections.iter().map(section).collect()
}

/// SHA-256 of a text's bytes, as the lock, the index and a guideline say it: 64 lower-case hexadecimal digits.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    Sha256::digest(bytes).iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Most problems of one file that are told one by one.
const MOST_PROBLEMS: usize = 200;

/// Problems in order of place, each said once; of very many the first, and how many more there are.
pub(super) fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by(|a, b| (a.span, &a.message).cmp(&(b.span, &b.message)));
    problems.dedup_by(|a, b| a.span == b.span && a.message == b.message);
    if problems.len() > MOST_PROBLEMS {
        let more = problems.len() - MOST_PROBLEMS;
        problems.truncate(MOST_PROBLEMS + 1);
        if let Some(last) = problems.last_mut() {
            last.message = format!("and {more} more problems, from here on");
            "the first of them".clone_into(&mut last.label);
            last.help = Some("mend those above first".to_owned());
        }
    }
    problems
}
