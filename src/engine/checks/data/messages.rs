//! Texts of findings: paths, values and validation errors, each as one short line.

use std::io::{self, Write};

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::{Location, LocationSegment};
use serde_json::Value;

use crate::data::{Pointer, PointerStep};

/// Maximum length of a sentence, in characters.
const MAX_SENTENCE_CHARS: usize = 160;
/// Maximum length of a value or path inside of a sentence, in characters.
const MAX_PART_CHARS: usize = 60;
/// Length after which a message template is not expanded further, in bytes; longer messages are truncated
/// anyway.
const MAX_MESSAGE_BYTES: usize = 2 * 1024;

/// Returns the steps of a location in a value or schema.
pub(super) fn location_steps(location: &Location) -> Vec<PointerStep> {
    location
        .iter()
        .map(|segment| match segment {
            LocationSegment::Property(name) => PointerStep::Key(name.into_owned()),
            LocationSegment::Index(index) => PointerStep::Index(index),
        })
        .collect()
}

/// Formats a path: `jobs.build.steps[0]`, with `["my key"]` for keys that need quotes.
pub(super) fn display_path(pointer: &Pointer) -> String {
    format_path(pointer, true)
}

/// Formats a path without item indexes: `jobs.build.steps[]`.
pub(super) fn display_path_without_indexes(pointer: &Pointer) -> String {
    format_path(pointer, false)
}

fn format_path(pointer: &Pointer, numbers: bool) -> String {
    let mut out = String::new();
    for step in pointer {
        match step {
            PointerStep::Index(_) if !numbers => out.push_str("[]"),
            PointerStep::Index(index) => out.extend(["[", &index.to_string(), "]"]),
            PointerStep::Key(key) if is_plain_key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
            PointerStep::Key(key) => out.extend(["[\"", &key.escape_debug().to_string(), "\"]"]),
        }
    }
    out
}

fn is_plain_key(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '@' | '/'))
}

/// Returns the path in backquotes, or `root` for the empty path.
pub(super) fn subject_phrase(pointer: &Pointer, root: &str) -> String {
    if pointer.is_empty() {
        root.to_owned()
    } else {
        format!("`{}`", truncate_front(&display_path(pointer), MAX_PART_CHARS))
    }
}

/// Returns the last key of the path, or `document`.
pub(super) fn nearest_key(pointer: &Pointer) -> &str {
    let nearest = pointer.iter().rev().find_map(|step| match step {
        PointerStep::Key(key) => Some(key.as_str()),
        PointerStep::Index(_) => None,
    });
    nearest.unwrap_or("document")
}

/// Formats a value as one short line: strings without quotes, all other values as JSON.
pub(super) fn short_value(value: &Value) -> String {
    match value {
        Value::String(text) => truncate(&one_line(text), MAX_PART_CHARS),
        other => truncate(&json_prefix(other, 4 * MAX_PART_CHARS), MAX_PART_CHARS),
    }
}

/// Returns the beginning of the value as JSON, for fingerprints and messages: about `most` bytes at most, for
/// a value of any size.
pub(super) fn json_prefix(value: &Value, most: usize) -> String {
    struct TruncatingWriter(Vec<u8>, usize);
    impl Write for TruncatingWriter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = self.1.saturating_sub(self.0.len());
            if room == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            let taken = bytes.len().min(room);
            self.0.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut out = TruncatingWriter(Vec::new(), most);
    // Writing fails if the value is longer; the bytes written so far are the result.
    let cut = serde_json::to_writer(&mut out, value).is_err();
    let mut text = String::from_utf8_lossy(&out.0).into_owned();
    if cut {
        text.push('…');
    }
    text
}

/// Expands `$KEY`, `$VALUE`, `$ERROR` and `$PATH` in a template; `$$` is a dollar sign. Once the result
/// exceeds [`MAX_MESSAGE_BYTES`], the rest is not expanded, since it is truncated anyway.
pub(super) fn fill_template(template: &str, pointer: &Pointer, value: &Value, error: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('$').filter(|_| out.len() <= MAX_MESSAGE_BYTES) {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let name_end = rest.find(|c: char| !c.is_ascii_uppercase()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_end);
        match name {
            "KEY" => out.push_str(&truncate(&one_line(nearest_key(pointer)), MAX_PART_CHARS)),
            "VALUE" => out.push_str(&short_value(value)),
            "ERROR" => out.push_str(error),
            "PATH" if pointer.is_empty() => out.push_str("document"),
            "PATH" => out.push_str(&truncate_front(&display_path(pointer), MAX_SENTENCE_CHARS)),
            _ => {
                out.push('$');
                out.push_str(name);
            }
        }
        rest = after;
    }
    out + rest
}

/// Describes a validation error of the value that `subject` names. The library's own messages would print
/// whole values.
pub(super) fn error_sentence(error: &ValidationError<'_>, subject: &str) -> String {
    use ValidationErrorKind as K;
    let plural =
        |limit: u64, one: &str, many: &str| format!("{limit} {}", if limit == 1 { one } else { many });
    let short = |value: &Value| format!("`{}`", short_value(value));
    let text = match error.kind() {
        K::Enum { options } => format!("{subject} should be {}", list_options(options)),
        K::Constant { expected_value } => format!("{subject} should be {}", short(expected_value)),
        K::Type { kind: TypeKind::Single(kind) } => {
            format!("{subject} should be {}", type_name(&kind.to_string()))
        }
        K::Type { kind: TypeKind::Multiple(kinds) } => {
            let all: Vec<String> = kinds.iter().map(|kind| type_name(&kind.to_string()).to_owned()).collect();
            format!("{subject} should be {}", all.join(" or "))
        }
        K::Pattern { pattern } => {
            format!("{subject} should match `{}`", truncate(&one_line(pattern), MAX_PART_CHARS))
        }
        K::Format { format } => format!("{subject} should be in the format {format}"),
        K::Required { property } => format!("{subject} should have {}", short(property)),
        K::Minimum { limit } => format!("{subject} should be at least {limit}"),
        K::Maximum { limit } => format!("{subject} should be at most {limit}"),
        K::ExclusiveMinimum { limit } => format!("{subject} should be more than {limit}"),
        K::ExclusiveMaximum { limit } => format!("{subject} should be less than {limit}"),
        K::MultipleOf { multiple_of } => format!("{subject} should be a multiple of {multiple_of}"),
        K::MinLength { limit } => {
            format!("{subject} should have at least {}", plural(*limit, "character", "characters"))
        }
        K::MaxLength { limit } => {
            format!("{subject} should have at most {}", plural(*limit, "character", "characters"))
        }
        K::MinItems { limit } => {
            format!("{subject} should have at least {}", plural(*limit, "item", "items"))
        }
        K::MaxItems { limit } => format!("{subject} should have at most {}", plural(*limit, "item", "items")),
        K::AdditionalItems { limit } => {
            format!("{subject} should have at most {}", plural(*limit as u64, "item", "items"))
        }
        K::MinProperties { limit } => {
            format!("{subject} should have at least {}", plural(*limit, "key", "keys"))
        }
        K::MaxProperties { limit } => {
            format!("{subject} should have at most {}", plural(*limit, "key", "keys"))
        }
        K::UniqueItems => format!("{subject} should not contain duplicate items"),
        K::Contains => format!("{subject} should have an item that matches `contains` of the schema"),
        K::UnevaluatedItems { .. } => format!("{subject} has unexpected items"),
        K::FalseSchema => format!("{subject} should not be there"),
        K::Not { schema } => format!(
            "{subject} should not match `{}`",
            truncate(&json_prefix(schema, 4 * MAX_PART_CHARS), MAX_PART_CHARS)
        ),
        K::AnyOf { .. } => format!("{subject} matches none of the allowed forms (`anyOf`)"),
        K::OneOfNotValid { .. } => format!("{subject} matches none of the allowed forms (`oneOf`)"),
        K::OneOfMultipleValid { .. } => {
            format!(
                "{subject} matches more than one of the allowed forms, but should match exactly one (`oneOf`)"
            )
        }
        K::PropertyNames { error } => {
            let name = format!("the key {}", short(error.instance()));
            return error_sentence(error, &name);
        }
        other => format!("{subject} does not satisfy `{}` of the schema", other.keyword()),
    };
    truncate(&one_line(&text), MAX_SENTENCE_CHARS)
}

fn list_options(options: &Value) -> String {
    const MAX_OPTIONS: usize = 6;
    let Some(options) = options.as_array() else { return "one of the values in the schema".to_owned() };
    let mut shown: Vec<String> = options
        .iter()
        .take(MAX_OPTIONS)
        .map(|option| format!("`{}`", truncate(&short_value(option), 24)))
        .collect();
    if options.len() > MAX_OPTIONS {
        shown.push(format!("{} more", options.len() - MAX_OPTIONS));
    }
    match shown.pop() {
        Some(last) if shown.is_empty() => last,
        Some(last) => format!("one of {} or {last}", shown.join(", ")),
        None => "no value".to_owned(),
    }
}

fn type_name(kind: &str) -> &str {
    match kind {
        "array" => "a list",
        "object" => "a mapping",
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        other => other,
    }
}

/// Replaces runs of white space and control characters by single spaces.
pub(super) fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(4 * MAX_SENTENCE_CHARS));
    // Only about a sentence is ever shown, so a huge value is not processed to its end.
    for character in text.chars().take(4 * MAX_SENTENCE_CHARS) {
        let blank = character.is_whitespace() || character.is_control();
        match (blank, out.ends_with(' ')) {
            (true, true) => {}
            (true, false) => out.push(' '),
            (false, _) => out.push(character),
        }
    }
    out.trim().to_owned()
}

/// Returns the first `most` characters, followed by `…` if there are more.
fn truncate(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Returns the last `most` characters, preceded by `…` if there are more.
fn truncate_front(text: &str, most: usize) -> String {
    let surplus = text.chars().count().saturating_sub(most);
    match text.char_indices().nth(surplus) {
        Some((start, _)) if surplus > 0 => format!("…{}", &text[start..]),
        _ => text.to_owned(),
    }
}
