//! Turns the errors of a JSON Schema validator into problems that people can act on.
//!
//! Runs only after serde has failed to decode a document: compiling a schema is slow. serde stops at
//! the first error; the schema finds all of them. This module explains each error at its place.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use serde_json::Value;

use super::source::{LocatedDocument, extend_pointer};
use super::suggest::{did_you_mean, nearest, quoted_list};
use crate::data::{NodeKind, PointerStep};
use crate::model::{Language, Problem};

/// Largest number of mismatches explained per document: no one fixes more at once, and a hostile file can
/// have millions.
const MAX_MISMATCHES: usize = 200;

/// Returns all mismatches between `json` (the document's value) and `schema`, as problems.
pub(super) fn diagnose(schema: &Value, document: &LocatedDocument<'_>, json: &Value) -> Vec<Problem> {
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .offline()
        .build(schema);
    let Ok(validator) = validator else {
        // The schema is our own, and a test compiles it. The caller shows serde's message instead.
        return Vec::new();
    };
    let explainer = MismatchExplainer { schema, document };
    let mut mismatches = Vec::new();
    for error in validator.iter_errors(json).take(MAX_MISMATCHES) {
        explainer.explain(&error, &mut mismatches);
    }
    drop_explained_missing_keys(&mut mismatches);
    mismatches.into_iter().map(|mismatch| mismatch.into_problem(document)).collect()
}

/// One difference between a document and its schema.
#[derive(Debug, PartialEq)]
struct SchemaMismatch {
    pointer: Vec<PointerStep>,
    target: MismatchTarget,
    message: String,
    label: String,
    help: Option<String>,
}

/// The part of the document that a mismatch points at.
#[derive(Debug, PartialEq)]
enum MismatchTarget {
    /// The unknown key at the pointer, and the known key that was probably intended.
    UnknownKey(Option<String>),
    /// The mapping at the pointer, which lacks this key.
    MissingKey(String),
    /// The value at the pointer.
    Value,
}

impl SchemaMismatch {
    fn value(pointer: Vec<PointerStep>, message: String, label: &str, help: Option<String>) -> Self {
        Self { pointer, target: MismatchTarget::Value, message, label: label.to_owned(), help }
    }

    fn into_problem(self, document: &LocatedDocument<'_>) -> Problem {
        let span = match self.target {
            MismatchTarget::Value => document.value_span(&self.pointer),
            MismatchTarget::UnknownKey(_) | MismatchTarget::MissingKey(_) => document.key_span(&self.pointer),
        };
        document.source.problem(span, self.message, self.label, self.help)
    }
}

/// Removes "missing key" mismatches that a misspelt key already explains: one mistake gives one problem.
fn drop_explained_missing_keys(mismatches: &mut Vec<SchemaMismatch>) {
    let intended: Vec<Vec<PointerStep>> = mismatches
        .iter()
        .filter_map(|mismatch| match &mismatch.target {
            MismatchTarget::UnknownKey(Some(key)) => {
                let parent = &mismatch.pointer[..mismatch.pointer.len() - 1];
                Some(extend_pointer(parent, &[PointerStep::Key(key.clone())]))
            }
            _ => None,
        })
        .collect();
    mismatches.retain(|mismatch| match &mismatch.target {
        MismatchTarget::MissingKey(key) => {
            !intended.contains(&extend_pointer(&mismatch.pointer, &[PointerStep::Key(key.clone())]))
        }
        _ => true,
    });
}

/// Explains validation errors of one document.
struct MismatchExplainer<'a> {
    schema: &'a Value,
    document: &'a LocatedDocument<'a>,
}

impl MismatchExplainer<'_> {
    fn explain(&self, error: &ValidationError<'_>, mismatches: &mut Vec<SchemaMismatch>) {
        let pointer = pointer_of(error);
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                let allowed = allowed_keys(self.schema, error);
                mismatches.extend(unexpected.iter().map(|key| self.unknown_key(&pointer, key, &allowed)));
            }
            ValidationErrorKind::Required { property } => {
                let key = property.as_str().unwrap_or_default().to_owned();
                mismatches.push(SchemaMismatch {
                    message: format!("the key `{key}` is missing{}", inside(&pointer)),
                    label: format!("needs `{key}`"),
                    help: None,
                    target: MismatchTarget::MissingKey(key),
                    pointer,
                });
            }
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                self.explain_branches(error, context, pointer, mismatches);
            }
            // A number in place of a language is already reported as a type error.
            ValidationErrorKind::Enum { options }
                if is_languages(options) && !error.instance().is_string() => {}
            // The only constant that is not a string is `schema`; `schema::check_format_version` has already
            // reported other numbers.
            ValidationErrorKind::Constant { expected_value } if !expected_value.is_string() => {}
            _ => mismatches.push(self.mismatch(error, pointer)),
        }
    }

    fn unknown_key(&self, parent: &[PointerStep], key: &str, allowed: &[&str]) -> SchemaMismatch {
        let pointer = extend_pointer(parent, &[PointerStep::Key(key.to_owned())]);
        let intended = nearest(key, allowed.iter().copied());
        let help = match intended {
            Some(intended) => Some(format!("did you mean `{intended}`?")),
            None if self.is_rest_of_text(&pointer) => {
                Some("inside `{ }`, a comma ends the value before it; put the text in quotes".to_owned())
            }
            None if allowed.is_empty() => None,
            None => Some(format!("known keys: {}", allowed.join(", "))),
        };
        SchemaMismatch {
            pointer,
            target: MismatchTarget::UnknownKey(intended.map(str::to_owned)),
            message: format!("unknown key `{key}`"),
            label: "unknown key".to_owned(),
            help,
        }
    }

    /// Whether the key has no value and follows a comma, as in `{ text: first, and the rest }`.
    fn is_rest_of_text(&self, pointer: &[PointerStep]) -> bool {
        let Some((Some(key), value)) = self.document.root.locate(pointer) else { return false };
        let before = self.document.source.text.get(..key.start).unwrap_or("");
        value.kind == NodeKind::Null && before.trim_end().ends_with(',')
    }

    /// Explains a value that matches none of several shapes, by the closest shape of the right type.
    fn explain_branches(
        &self,
        error: &ValidationError<'_>,
        context: &[Vec<ValidationError<'static>>],
        pointer: Vec<PointerStep>,
        mismatches: &mut Vec<SchemaMismatch>,
    ) {
        let at_root =
            |inner: &ValidationError<'_>| inner.instance_path().as_str() == error.instance_path().as_str();
        let mut expected = ExpectedValue::default();
        let mut best: Option<Vec<SchemaMismatch>> = None;
        for branch in context {
            if branch.iter().any(|inner| at_root(inner) && expected.record(inner)) {
                continue;
            }
            let mut inner_mismatches = Vec::new();
            for inner in branch {
                self.explain(inner, &mut inner_mismatches);
            }
            if best.as_ref().is_none_or(|best| inner_mismatches.len() < best.len()) {
                best = Some(inner_mismatches);
            }
        }
        match best {
            Some(best) => mismatches.extend(best),
            None => mismatches.push(expected.mismatch(error.instance(), pointer, self.document)),
        }
    }

    /// Explains a value of the wrong type, or an unknown word.
    fn mismatch(&self, error: &ValidationError<'_>, pointer: Vec<PointerStep>) -> SchemaMismatch {
        if let (ValidationErrorKind::Enum { options }, Some(word)) = (error.kind(), error.instance().as_str())
            && is_languages(options)
        {
            let names = Language::ALL
                .iter()
                .flat_map(|l| std::iter::once(l.name()).chain(l.aliases().iter().copied()));
            let known: Vec<&str> = Language::ALL.iter().map(|language| language.name()).collect();
            let help =
                did_you_mean(word, names).unwrap_or_else(|| format!("known languages: {}", known.join(", ")));
            return SchemaMismatch::value(
                pointer,
                format!("unknown language `{word}`"),
                "unknown language",
                Some(help),
            );
        }
        let mut expected = ExpectedValue::default();
        if expected.record(error) {
            return expected.mismatch(error.instance(), pointer, self.document);
        }
        if let ValidationErrorKind::Minimum { limit } = error.kind() {
            let message = format!("expected a number of at least {limit}");
            return SchemaMismatch::value(pointer, message, "too small", None);
        }
        SchemaMismatch::value(pointer, error.to_string(), "invalid value", None)
    }
}

/// Whether the allowed values are the languages, which are too many to list with all aliases.
fn is_languages(options: &Value) -> bool {
    let first = Language::ALL.first().map(|language| language.name());
    options.get(0).and_then(Value::as_str) == first
}

/// Types and words that the schema allows at one place.
#[derive(Debug, Default)]
struct ExpectedValue {
    types: Vec<String>,
    words: Vec<String>,
}

impl ExpectedValue {
    /// Records the type or word that `error` expects. Returns `false` if the error is about something else.
    fn record(&mut self, error: &ValidationError<'_>) -> bool {
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
                // A choice inside a choice has the wrong type only if all branches have the wrong type.
                let here = error.instance_path().as_str();
                let mut inner = Self::default();
                let wrong = context.iter().all(|branch| {
                    branch.iter().any(|e| e.instance_path().as_str() == here && inner.record(e))
                });
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

    fn mismatch(
        self,
        found: &Value,
        pointer: Vec<PointerStep>,
        document: &LocatedDocument<'_>,
    ) -> SchemaMismatch {
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
            expected.push(quoted_list(&words));
        }
        expected.extend(names.iter().map(|name| (*name).to_owned()));
        let expected = expected.join(" or ");
        if let (Some(word), false) = (found.as_str(), words.is_empty()) {
            let help = did_you_mean(word, words.iter().copied());
            let message = format!("unknown value `{word}`; expected {expected}");
            return SchemaMismatch::value(pointer, message, "unknown value", help);
        }
        let message = format!("expected {expected}, found {}", describe_value(found));
        let span = document.value_span(&pointer);
        let written = document.source.text.get(span.start..span.end).unwrap_or("");
        let help = help_with_type(found, &names, &pointer, written);
        SchemaMismatch::value(pointer, message, &format!("expected {expected}"), help)
    }
}

/// Returns help for the type mistakes that YAML makes easy. `written` is the value as written in the file.
fn help_with_type(found: &Value, names: &[&str], pointer: &[PointerStep], written: &str) -> Option<String> {
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

fn is_key(pointer: &[PointerStep], key: &str) -> bool {
    matches!(pointer, [PointerStep::Key(only)] if only == key)
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

fn describe_value(value: &Value) -> String {
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

/// Keys that the schema allows at the place of `error`.
fn allowed_keys<'s>(schema: &'s Value, error: &ValidationError<'_>) -> Vec<&'s str> {
    let path = error.schema_path().as_str();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let object = schema.pointer(parent);
    let keys = object.and_then(|object| object.get("properties")).and_then(Value::as_object);
    keys.map(|keys| keys.keys().map(String::as_str).collect()).unwrap_or_default()
}

/// Returns " in `data`" for the mapping that lacks a key, or an empty string at the top level.
fn inside(pointer: &[PointerStep]) -> String {
    let name = pointer.iter().rev().find_map(|step| match step {
        PointerStep::Key(key) => Some(key),
        PointerStep::Index(_) => None,
    });
    match (name, pointer.last()) {
        (Some(name), Some(PointerStep::Index(index))) => format!(" in entry {} of `{name}`", index + 1),
        (Some(name), _) => format!(" in `{name}`"),
        (None, _) => String::new(),
    }
}

fn pointer_of(error: &ValidationError<'_>) -> Vec<PointerStep> {
    error
        .instance_path()
        .iter()
        .map(|segment| match segment {
            LocationSegment::Property(key) => PointerStep::Key(key.into_owned()),
            LocationSegment::Index(index) => PointerStep::Index(index),
        })
        .collect()
}
