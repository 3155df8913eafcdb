//! Turns what a JSON Schema says about a document into problems that people can act on.
//!
//! Runs only after serde has refused a document: compiling a schema is slow. serde stops at the
//! first slip; the schema finds them all, and this module says each in plain words at its place.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use serde_json::Value;

use super::source::{Document, below};
use super::suggest::{did_you_mean, list, nearest};
use crate::data::{Kind, Step};
use crate::model::{Language, Problem};

/// Most slips of one document that are explained: nobody mends more at once, and a hostile file has millions.
const MOST: usize = 200;

/// Every way in which `json` (the document's value) does not fit `schema`.
pub(super) fn diagnose(schema: &Value, document: &Document<'_>, json: &Value) -> Vec<Problem> {
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .offline()
        .build(schema);
    let Ok(validator) = validator else {
        // Our own schema; a test compiles it. The caller shows serde's words instead.
        return Vec::new();
    };
    let desk = Desk { schema, document };
    let mut slips = Vec::new();
    for error in validator.iter_errors(json).take(MOST) {
        desk.explain(&error, &mut slips);
    }
    forget_explained(&mut slips);
    slips.into_iter().map(|slip| slip.at(document)).collect()
}

/// One thing that does not fit.
#[derive(Debug, PartialEq)]
struct Slip {
    pointer: Vec<Step>,
    what: What,
    message: String,
    label: String,
    help: Option<String>,
}

/// What the place of a slip is.
#[derive(Debug, PartialEq)]
enum What {
    /// The key at the pointer, and the key that was probably meant.
    UnknownKey(Option<String>),
    /// The mapping at the pointer, which lacks this key.
    MissingKey(String),
    /// The value at the pointer.
    Value,
}

impl Slip {
    fn value(pointer: Vec<Step>, message: String, label: &str, help: Option<String>) -> Self {
        Self { pointer, what: What::Value, message, label: label.to_owned(), help }
    }

    fn at(self, document: &Document<'_>) -> Problem {
        let span = match self.what {
            What::Value => document.value(&self.pointer),
            What::UnknownKey(_) | What::MissingKey(_) => document.key(&self.pointer),
        };
        document.source.problem(span, self.message, self.label, self.help)
    }
}

/// A misspelt key is one slip, not two: the key that it stands for is not also missing.
fn forget_explained(slips: &mut Vec<Slip>) {
    let meant: Vec<Vec<Step>> = slips
        .iter()
        .filter_map(|slip| match &slip.what {
            What::UnknownKey(Some(key)) => {
                let parent = &slip.pointer[..slip.pointer.len() - 1];
                Some(below(parent, &[Step::Key(key.clone())]))
            }
            _ => None,
        })
        .collect();
    slips.retain(|slip| match &slip.what {
        What::MissingKey(key) => !meant.contains(&below(&slip.pointer, &[Step::Key(key.clone())])),
        _ => true,
    });
}

/// Where explanations are made from.
struct Desk<'a> {
    schema: &'a Value,
    document: &'a Document<'a>,
}

impl Desk<'_> {
    fn explain(&self, error: &ValidationError<'_>, slips: &mut Vec<Slip>) {
        let pointer = steps(error);
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                let allowed = allowed_keys(self.schema, error);
                slips.extend(unexpected.iter().map(|key| self.unknown_key(&pointer, key, &allowed)));
            }
            ValidationErrorKind::Required { property } => {
                let key = property.as_str().unwrap_or_default().to_owned();
                slips.push(Slip {
                    message: format!("the key `{key}` is missing{}", inside(&pointer)),
                    label: format!("needs `{key}`"),
                    help: None,
                    what: What::MissingKey(key),
                    pointer,
                });
            }
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                self.branches(error, context, pointer, slips);
            }
            // That a number is no language is told by its type.
            ValidationErrorKind::Enum { options }
                if is_languages(options) && !error.instance().is_string() => {}
            // The only constant that is no word is `schema`; `schema::version` has told about other numbers.
            ValidationErrorKind::Constant { expected_value } if !expected_value.is_string() => {}
            _ => slips.push(self.mismatch(error, pointer)),
        }
    }

    fn unknown_key(&self, parent: &[Step], key: &str, allowed: &[&str]) -> Slip {
        let pointer = below(parent, &[Step::Key(key.to_owned())]);
        let meant = nearest(key, allowed.iter().copied());
        let help = match meant {
            Some(meant) => Some(format!("did you mean `{meant}`?")),
            None if self.is_rest_of_text(&pointer) => {
                Some("a comma inside `{ }` ends the text before it; put that text in quotes".to_owned())
            }
            None if allowed.is_empty() => None,
            None => Some(format!("known here: {}", allowed.join(", "))),
        };
        Slip {
            pointer,
            what: What::UnknownKey(meant.map(str::to_owned)),
            message: format!("unknown key `{key}`"),
            label: "not known here".to_owned(),
            help,
        }
    }

    /// Whether a key without a value follows a comma: `{ text: first, and the rest }`.
    fn is_rest_of_text(&self, pointer: &[Step]) -> bool {
        let Some((Some(key), value)) = self.document.root.locate(pointer) else { return false };
        let before = self.document.source.text.get(..key.start).unwrap_or("");
        value.kind == Kind::Null && before.trim_end().ends_with(',')
    }

    /// A value that fits none of several shapes: the shape of the right kind is the one that was meant.
    fn branches(
        &self,
        error: &ValidationError<'_>,
        context: &[Vec<ValidationError<'static>>],
        pointer: Vec<Step>,
        slips: &mut Vec<Slip>,
    ) {
        let at_root =
            |inner: &ValidationError<'_>| inner.instance_path().as_str() == error.instance_path().as_str();
        let mut wanted = Wanted::default();
        let mut best: Option<Vec<Slip>> = None;
        for branch in context {
            if branch.iter().any(|inner| at_root(inner) && wanted.note(inner)) {
                continue;
            }
            let mut inner_slips = Vec::new();
            for inner in branch {
                self.explain(inner, &mut inner_slips);
            }
            if best.as_ref().is_none_or(|best| inner_slips.len() < best.len()) {
                best = Some(inner_slips);
            }
        }
        match best {
            Some(best) => slips.extend(best),
            None => slips.push(wanted.slip(error.instance(), pointer, self.document)),
        }
    }

    /// A value of the wrong kind, or a word that is none of the known ones.
    fn mismatch(&self, error: &ValidationError<'_>, pointer: Vec<Step>) -> Slip {
        if let (ValidationErrorKind::Enum { options }, Some(word)) = (error.kind(), error.instance().as_str())
            && is_languages(options)
        {
            let names = Language::ALL
                .iter()
                .flat_map(|l| std::iter::once(l.name()).chain(l.aliases().iter().copied()));
            let known: Vec<&str> = Language::ALL.iter().map(|language| language.name()).collect();
            let help = did_you_mean(word, names).unwrap_or_else(|| format!("known are {}", known.join(", ")));
            return Slip::value(
                pointer,
                format!("unknown language `{word}`"),
                "not a known language",
                Some(help),
            );
        }
        let mut wanted = Wanted::default();
        if wanted.note(error) {
            return wanted.slip(error.instance(), pointer, self.document);
        }
        if let ValidationErrorKind::Minimum { limit } = error.kind() {
            let message = format!("a number of at least {limit} is expected here");
            return Slip::value(pointer, message, "too small", None);
        }
        Slip::value(pointer, error.to_string(), "does not fit", None)
    }
}

/// Whether words to choose from are the languages: too many to list with every alias.
fn is_languages(options: &Value) -> bool {
    let first = Language::ALL.first().map(|language| language.name());
    options.get(0).and_then(Value::as_str) == first
}

/// What would have fitted at one place: kinds of values, or words.
#[derive(Debug, Default)]
struct Wanted {
    types: Vec<String>,
    words: Vec<String>,
}

impl Wanted {
    /// Takes note of what `error` asks for, if it is about the kind of value or the word.
    fn note(&mut self, error: &ValidationError<'_>) -> bool {
        match error.kind() {
            ValidationErrorKind::Type { kind } => match kind {
                TypeKind::Single(one) => self.types.push(one.to_string()),
                TypeKind::Multiple(many) => self.types.extend(many.iter().map(|one| one.to_string())),
            },
            ValidationErrorKind::Constant { expected_value } => {
                self.words.extend(expected_value.as_str().map(str::to_owned));
            }
            ValidationErrorKind::Enum { options } => {
                let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
                self.words.extend(options.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                // A choice inside a choice: of the wrong kind only if no branch is of the right one.
                let here = error.instance_path().as_str();
                let mut inner = Self::default();
                let wrong = context
                    .iter()
                    .all(|branch| branch.iter().any(|e| e.instance_path().as_str() == here && inner.note(e)));
                if !wrong {
                    return false;
                }
                self.types.append(&mut inner.types);
                self.words.append(&mut inner.words);
            }
            _ => return false,
        }
        true
    }

    fn slip(self, found: &Value, pointer: Vec<Step>, document: &Document<'_>) -> Slip {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let mut names: Vec<&str> = Vec::new();
        for kind in &self.types {
            let name = type_words(kind);
            if kind != "null" && !names.contains(&name) && (words.is_empty() || name != "text") {
                names.push(name);
            }
        }
        let mut expected: Vec<String> = Vec::new();
        if !words.is_empty() {
            expected.push(list(&words));
        }
        expected.extend(names.iter().map(|name| (*name).to_owned()));
        let expected = expected.join(" or ");
        if let (Some(word), false) = (found.as_str(), words.is_empty()) {
            let help = did_you_mean(word, words.iter().copied());
            let message = format!("`{word}` is not known here; expected {expected}");
            return Slip::value(pointer, message, "not a known word", help);
        }
        let message = format!("expected {expected}, found {}", value_words(found));
        let span = document.value(&pointer);
        let written = document.source.text.get(span.start..span.end).unwrap_or("");
        let help = help_with_type(found, &names, &pointer, written);
        Slip::value(pointer, message, &format!("expected {expected}"), help)
    }
}

/// Advice for the slips of kind that YAML makes easy. `written` is the value as it stands in the file.
fn help_with_type(found: &Value, names: &[&str], pointer: &[Step], written: &str) -> Option<String> {
    match found {
        Value::Number(_) if names == ["text"] && is_key(pointer, "version") => {
            let rest = ".0".repeat(3_usize.saturating_sub(written.split('.').count()));
            Some(format!("a version has three parts: `version: {written}{rest}`"))
        }
        Value::Number(_) | Value::Bool(_) if names == ["text"] => {
            Some(format!("put it in quotes: `\"{written}\"`"))
        }
        Value::String(text) if names == ["a whole number"] && text.parse::<u64>().is_ok() => {
            Some("write it without quotes".to_owned())
        }
        Value::String(text) if names.contains(&"a list") && text.len() <= 60 && !text.contains('\n') => {
            Some(format!("write a list: `[\"{text}\"]`"))
        }
        Value::String(text)
            if names == ["true or false"] && matches!(text.as_str(), "yes" | "no" | "on" | "off") =>
        {
            Some("write `true` or `false`; `yes`, `no`, `on` and `off` are text".to_owned())
        }
        _ => None,
    }
}

fn is_key(pointer: &[Step], key: &str) -> bool {
    matches!(pointer, [Step::Key(only)] if only == key)
}

fn type_words(kind: &str) -> &'static str {
    match kind {
        "object" => "a mapping",
        "array" => "a list",
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        _ => "nothing",
    }
}

fn value_words(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(value) => format!("the number {value}"),
        Value::String(text) if text.len() <= 40 && !text.contains('\n') => format!("the text `{text}`"),
        Value::String(_) => "text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}

/// The keys that the schema knows where it refused others.
fn allowed_keys<'s>(schema: &'s Value, error: &ValidationError<'_>) -> Vec<&'s str> {
    let path = error.schema_path().as_str();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let object = schema.pointer(parent);
    let keys = object.and_then(|object| object.get("properties")).and_then(Value::as_object);
    keys.map(|keys| keys.keys().map(String::as_str).collect()).unwrap_or_default()
}

/// " in `data`", for the mapping that lacks a key; nothing at the top.
fn inside(pointer: &[Step]) -> String {
    let name = pointer.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key),
        Step::Index(_) => None,
    });
    match (name, pointer.last()) {
        (Some(name), Some(Step::Index(index))) => format!(" in entry {} of `{name}`", index + 1),
        (Some(name), _) => format!(" in `{name}`"),
        (None, _) => String::new(),
    }
}

fn steps(error: &ValidationError<'_>) -> Vec<Step> {
    error
        .instance_path()
        .iter()
        .map(|segment| match segment {
            LocationSegment::Property(key) => Step::Key(key.into_owned()),
            LocationSegment::Index(index) => Step::Index(index),
        })
        .collect()
}
