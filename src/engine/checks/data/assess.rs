//! Runs a `data` check on the documents of a file.

use std::collections::HashSet;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use super::compile::{Assertion, CompiledData};
use super::{LoadedDocument, cost, messages, query, source_span};
use crate::data::{Pointer, PointerStep};
use crate::engine::file_result::RawFinding;
use crate::engine::source_text::SourceText;
use crate::model::Reason;
use crate::text::Span;

/// Maximum number of findings of one check in one file.
const MAX_DATA_FINDINGS: usize = 1_000;
/// Maximum number of bytes of a value that are part of a fingerprint.
const MAX_CONTENT_BYTES: usize = 2_000;

impl CompiledData {
    /// Checks the documents of a file and adds findings to `found`; `number` is the check's number in the
    /// plan.
    ///
    /// # Errors
    /// If a limit is exceeded, so that the findings are incomplete: the reason and message for "cannot tell".
    pub fn assess(
        &self,
        number: u32,
        documents: &[LoadedDocument],
        source: &SourceText<'_>,
        found: &mut Vec<RawFinding>,
    ) -> Result<(), (Reason, String)> {
        let mut sink = FindingSink { check: self, number, source, found, seen: HashSet::new() };
        let mut selected_any = false;
        for document in documents {
            match &self.select {
                None => {
                    selected_any = true;
                    self.assess_value(document, &[], &document.json, &mut sink)?;
                }
                Some(path) => {
                    if query::may_select_too_much(self.descents, &document.json) {
                        let most = query::MAX_STEPS;
                        let words = format!(
                            "`{}` could select too many deeply nested values (their paths have more than {most} \
                             steps in total): write more keys of the path instead of `..`",
                            self.select_text
                        );
                        return Err((Reason::TooManyNodes, words));
                    }
                    for located in path.query_located(&document.json).iter() {
                        selected_any = true;
                        if matches!(self.assert, Assertion::Anything) {
                            break;
                        }
                        let pointer = query::pointer_of(located.location());
                        self.assess_value(document, &pointer, located.node(), &mut sink)?;
                    }
                }
            }
        }
        if self.require && !selected_any {
            let error =
                format!("`{}` selects no value, but every such file should have one", self.select_text);
            sink.add(
                source_span::first_line_of_file(source.text()),
                &[],
                &Value::Null,
                &error,
                &self.select_text,
            )?;
        }
        Ok(())
    }

    /// Checks one selected value.
    fn assess_value(
        &self,
        document: &LoadedDocument,
        pointer: &Pointer,
        value: &Value,
        sink: &mut FindingSink<'_, '_>,
    ) -> Result<(), (Reason, String)> {
        match &self.assert {
            Assertion::Anything => Ok(()),
            Assertion::Nothing => {
                let text = sink.source.text();
                let error =
                    format!("{} should not be there", messages::subject_phrase(pointer, "this document"));
                let span = source_span::span_of_value(document.node(text), pointer, text);
                sink.add(span, pointer, value, &error, &fingerprint_content(pointer, value))
            }
            Assertion::Schema { branching, .. } if cost::exceeds_budget(*branching, value) => {
                let most = cost::MAX_VISITS;
                let words = format!(
                    "{} is nested too deeply for this schema, which visits each part of it in {branching} ways: \
                     validation would take more than {most} visits",
                    messages::subject_phrase(pointer, "this document")
                );
                Err((Reason::TooDeep, words))
            }
            Assertion::Schema { schema, .. } => assess_schema(schema, document, pointer, value, sink),
        }
    }
}

fn assess_schema(
    schema: &Validator,
    document: &LoadedDocument,
    pointer: &Pointer,
    value: &Value,
    sink: &mut FindingSink<'_, '_>,
) -> Result<(), (Reason, String)> {
    // Most values are valid, and testing that alone is much faster.
    if schema.is_valid(value) {
        return Ok(());
    }
    for error in schema.iter_errors(value) {
        let mut at = pointer.to_vec();
        at.extend(messages::location_steps(error.instance_path()));
        report_error(&error, document, &at, sink)?;
    }
    Ok(())
}

/// Reports one validation error at the most useful position.
fn report_error(
    error: &ValidationError<'_>,
    document: &LoadedDocument,
    at: &Pointer,
    sink: &mut FindingSink<'_, '_>,
) -> Result<(), (Reason, String)> {
    use ValidationErrorKind as K;
    let text = sink.source.text();
    let root = document.node(text);
    let instance: &Value = error.instance();
    let subject = messages::subject_phrase(at, "this document");
    match error.kind() {
        K::AdditionalProperties { unexpected } | K::UnevaluatedProperties { unexpected } => {
            for key in unexpected {
                let mut inner = at.to_vec();
                inner.push(PointerStep::Key(key.clone()));
                let words = format!("{} is an unexpected key", messages::subject_phrase(&inner, ""));
                let value = instance.get(key).unwrap_or(&Value::Null);
                sink.add(
                    source_span::span_of_key(root, &inner, text),
                    &inner,
                    value,
                    &words,
                    &fingerprint_content(&inner, &Value::Null),
                )?;
            }
            Ok(())
        }
        K::PropertyNames { error: inner_error } => {
            let mut inner = at.to_vec();
            inner.extend(inner_error.instance().as_str().map(|name| PointerStep::Key(name.to_owned())));
            let sentence = messages::error_sentence(error, &subject);
            sink.add(
                source_span::span_of_key(root, &inner, text),
                &inner,
                instance,
                &sentence,
                &fingerprint_content(&inner, &Value::Null),
            )
        }
        K::Required { property } => {
            let sentence = messages::error_sentence(error, &subject);
            sink.add(
                source_span::span_of_key(root, at, text),
                at,
                instance,
                &sentence,
                &fingerprint_content(at, property),
            )
        }
        K::FalseSchema => {
            let sentence = messages::error_sentence(error, &subject);
            sink.add(
                source_span::span_of_key(root, at, text),
                at,
                instance,
                &sentence,
                &fingerprint_content(at, instance),
            )
        }
        _ => {
            let sentence = messages::error_sentence(error, &subject);
            sink.add(
                source_span::span_of_value(root, at, text),
                at,
                instance,
                &sentence,
                &fingerprint_content(at, instance),
            )
        }
    }
}

/// Returns the input of the fingerprint: the path and the value. The path omits item indexes, so that
/// inserting an item does not change the fingerprints of all later ones.
fn fingerprint_content(pointer: &Pointer, value: &Value) -> String {
    format!(
        "{} {}",
        messages::display_path_without_indexes(pointer),
        messages::json_prefix(value, MAX_CONTENT_BYTES)
    )
}

/// Collects findings: each only once, and up to a maximum number.
struct FindingSink<'a, 'p> {
    check: &'a CompiledData,
    number: u32,
    source: &'a SourceText<'p>,
    found: &'a mut Vec<RawFinding>,
    seen: HashSet<(Span, String)>,
}

impl FindingSink<'_, '_> {
    fn add(
        &mut self,
        span: Span,
        pointer: &Pointer,
        value: &Value,
        error: &str,
        content: &str,
    ) -> Result<(), (Reason, String)> {
        let message = match &self.check.message {
            Some(template) => messages::fill_template(template, pointer, value, error),
            None => error.to_owned(),
        };
        // An alias leads to the same place again, and several branches of a schema may report the same error.
        if self.seen.contains(&(span, message.clone())) {
            return Ok(());
        }
        if self.seen.len() >= MAX_DATA_FINDINGS {
            return Err((
                Reason::Budget,
                format!("more than {MAX_DATA_FINDINGS} findings; the rest is not listed"),
            ));
        }
        self.seen.insert((span, message.clone()));
        self.found.push(self.source.found(self.number, message, span, content, None));
        Ok(())
    }
}
