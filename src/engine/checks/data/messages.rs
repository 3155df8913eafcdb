//! What findings say: ways, values and the sentences of a schema, each one short line.

use std::io::{self, Write};

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::{Location, LocationSegment};
use serde_json::Value;

use crate::data::{Pointer, Step};

/// Longest sentence, in characters.
const SENTENCE: usize = 160;
/// Longest value or way inside a sentence, in characters.
const PART: usize = 60;
/// How far a message is filled in, in bytes; every message of that length is cut.
const MESSAGE_BYTES: usize = 2 * 1024;

/// The steps of a location in a value or a schema.
pub(super) fn steps(location: &Location) -> Vec<Step> {
    location
        .iter()
        .map(|segment| match segment {
            LocationSegment::Property(name) => Step::Key(name.into_owned()),
            LocationSegment::Index(index) => Step::Index(index),
        })
        .collect()
}

/// A way as people write it: `jobs.build.steps[0]`, and `["my key"]` for keys that need it.
pub(super) fn path(pointer: &Pointer) -> String {
    written(pointer, true)
}

/// The same without the numbers of items: `jobs.build.steps[]`.
pub(super) fn path_without_numbers(pointer: &Pointer) -> String {
    written(pointer, false)
}

fn written(pointer: &Pointer, numbers: bool) -> String {
    let mut out = String::new();
    for step in pointer {
        match step {
            Step::Index(_) if !numbers => out.push_str("[]"),
            Step::Index(index) => out.extend(["[", &index.to_string(), "]"]),
            Step::Key(key) if is_plain(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
            Step::Key(key) => out.extend(["[\"", &key.escape_debug().to_string(), "\"]"]),
        }
    }
    out
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '@' | '/'))
}

/// The way in code marks, or `root` when it leads nowhere.
pub(super) fn subject(pointer: &Pointer, root: &str) -> String {
    if pointer.is_empty() { root.to_owned() } else { format!("`{}`", clip_front(&path(pointer), PART)) }
}

/// The nearest key on the way, or `document`.
pub(super) fn key(pointer: &Pointer) -> &str {
    let nearest = pointer.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    });
    nearest.unwrap_or("document")
}

/// The value on one short line: text without quotes, everything else as JSON.
pub(super) fn short_value(value: &Value) -> String {
    match value {
        Value::String(text) => clip(&one_line(text), PART),
        other => clip(&json(other, 4 * PART), PART),
    }
}

/// The start of the value as JSON, for fingerprints and messages: never more than about `most` bytes,
/// however large the value.
pub(super) fn json(value: &Value, most: usize) -> String {
    struct Bounded(Vec<u8>, usize);
    impl Write for Bounded {
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
    let mut out = Bounded(Vec::new(), most);
    // It fails when the value is longer; what was written is what we want.
    let cut = serde_json::to_writer(&mut out, value).is_err();
    let mut text = String::from_utf8_lossy(&out.0).into_owned();
    if cut {
        text.push('…');
    }
    text
}

/// The template with `$KEY`, `$VALUE`, `$ERROR` and `$PATH` put in; `$$` is a dollar sign. Once it is longer
/// than [`MESSAGE_BYTES`] the rest is left as it is: it is cut anyway.
pub(super) fn fill(template: &str, pointer: &Pointer, value: &Value, error: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('$').filter(|_| out.len() <= MESSAGE_BYTES) {
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
            "KEY" => out.push_str(&clip(&one_line(key(pointer)), PART)),
            "VALUE" => out.push_str(&short_value(value)),
            "ERROR" => out.push_str(error),
            "PATH" if pointer.is_empty() => out.push_str("document"),
            "PATH" => out.push_str(&clip_front(&path(pointer), SENTENCE)),
            _ => {
                out.push('$');
                out.push_str(name);
            }
        }
        rest = after;
    }
    out + rest
}

/// What a schema has to say about the value that `subject` names. The library's own words would print
/// whole values.
pub(super) fn sentence(error: &ValidationError<'_>, subject: &str) -> String {
    use ValidationErrorKind as K;
    let plural =
        |limit: u64, one: &str, many: &str| format!("{limit} {}", if limit == 1 { one } else { many });
    let short = |value: &Value| format!("`{}`", short_value(value));
    let text = match error.kind() {
        K::Enum { options } => format!("{subject} should be {}", one_of(options)),
        K::Constant { expected_value } => format!("{subject} should be {}", short(expected_value)),
        K::Type { kind: TypeKind::Single(kind) } => {
            format!("{subject} should be {}", type_words(&kind.to_string()))
        }
        K::Type { kind: TypeKind::Multiple(kinds) } => {
            let all: Vec<String> =
                kinds.iter().map(|kind| type_words(&kind.to_string()).to_owned()).collect();
            format!("{subject} should be {}", all.join(" or "))
        }
        K::Pattern { pattern } => format!("{subject} should match `{}`", clip(&one_line(pattern), PART)),
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
        K::UniqueItems => format!("{subject} should not hold the same item twice"),
        K::Contains => format!("{subject} should hold an item that it does not hold"),
        K::UnevaluatedItems { .. } => format!("{subject} holds items that are not expected"),
        K::FalseSchema => format!("{subject} should not be there"),
        K::Not { schema } => format!("{subject} should not fit `{}`", clip(&json(schema, 4 * PART), PART)),
        K::AnyOf { .. } => format!("{subject} fits none of the forms it may have (`anyOf`)"),
        K::OneOfNotValid { .. } => format!("{subject} fits none of the forms it may have (`oneOf`)"),
        K::OneOfMultipleValid { .. } => {
            format!("{subject} fits more than one form, and should fit one (`oneOf`)")
        }
        K::PropertyNames { error } => {
            let name = format!("the key {}", short(error.instance()));
            return sentence(error, &name);
        }
        other => format!("{subject} does not fit `{}` of the schema", other.keyword()),
    };
    clip(&one_line(&text), SENTENCE)
}

fn one_of(options: &Value) -> String {
    const MOST: usize = 6;
    let Some(options) = options.as_array() else { return "one of the values in the schema".to_owned() };
    let mut shown: Vec<String> =
        options.iter().take(MOST).map(|option| format!("`{}`", clip(&short_value(option), 24))).collect();
    if options.len() > MOST {
        shown.push(format!("{} more", options.len() - MOST));
    }
    match shown.pop() {
        Some(last) if shown.is_empty() => last,
        Some(last) => format!("one of {} or {last}", shown.join(", ")),
        None => "nothing at all".to_owned(),
    }
}

fn type_words(kind: &str) -> &str {
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

/// The text with white space and control characters folded to single blanks.
pub(super) fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(4 * SENTENCE));
    // Nobody shows more than a sentence: a huge value is not walked to its end.
    for character in text.chars().take(4 * SENTENCE) {
        let blank = character.is_whitespace() || character.is_control();
        match (blank, out.ends_with(' ')) {
            (true, true) => {}
            (true, false) => out.push(' '),
            (false, _) => out.push(character),
        }
    }
    out.trim().to_owned()
}

/// The first `most` characters, and `…` if there were more.
fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The last `most` characters, and `…` before them if there were more.
fn clip_front(text: &str, most: usize) -> String {
    let surplus = text.chars().count().saturating_sub(most);
    match text.char_indices().nth(surplus) {
        Some((start, _)) if surplus > 0 => format!("…{}", &text[start..]),
        _ => text.to_owned(),
    }
}
