//! Running a `data` check over the documents of a file.

use std::collections::HashSet;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use super::compile::{Assert, CompiledData};
use super::{Loaded, cost, place, query, words};
use crate::data::{Pointer, Step};
use crate::engine::found::Found;
use crate::engine::places::Places;
use crate::model::Reason;
use crate::text::Span;

/// Most findings of one check in one file.
const MOST: usize = 1_000;
/// Bytes of a value that go into a fingerprint.
const CONTENT_BYTES: usize = 2_000;

impl CompiledData {
    /// Looks through the documents of a file and adds what it finds to `found`; `number` is the check's
    /// number in the plan.
    ///
    /// # Errors
    /// When there is more to find than is listed: the reason and words for "cannot tell".
    pub fn assess(
        &self,
        number: u32,
        documents: &[Loaded],
        places: &Places<'_>,
        found: &mut Vec<Found>,
    ) -> Result<(), (Reason, String)> {
        let mut sink = Sink { check: self, number, places, found, seen: HashSet::new() };
        let mut selected_any = false;
        for document in documents {
            match &self.select {
                None => {
                    selected_any = true;
                    self.look_at(document, &[], &document.json, &mut sink)?;
                }
                Some(path) => {
                    if query::finds_too_much(self.descents, &document.json) {
                        let most = query::MAX_STEPS;
                        let words = format!(
                            "`{}` could find too many values, nested too deeply (their ways have more than {most} \
                             steps together): name more keys of the way instead of `..`",
                            self.select_text
                        );
                        return Err((Reason::TooManyNodes, words));
                    }
                    for located in path.query_located(&document.json).iter() {
                        selected_any = true;
                        if matches!(self.assert, Assert::Anything) {
                            break;
                        }
                        let pointer = query::pointer(located.location());
                        self.look_at(document, &pointer, located.node(), &mut sink)?;
                    }
                }
            }
        }
        if self.require && !selected_any {
            let error = format!(
                "nothing here is selected by `{}`, which every such file should have",
                self.select_text
            );
            sink.put(place::file_start(places.text()), &[], &Value::Null, &error, &self.select_text)?;
        }
        Ok(())
    }

    /// Looks at one selected value.
    fn look_at(
        &self,
        document: &Loaded,
        pointer: &Pointer,
        value: &Value,
        sink: &mut Sink<'_, '_>,
    ) -> Result<(), (Reason, String)> {
        match &self.assert {
            Assert::Anything => Ok(()),
            Assert::Nothing => {
                let text = sink.places.text();
                let error = format!("{} should not be there", words::subject(pointer, "this document"));
                let span = place::of_value(document.node(text), pointer, text);
                sink.put(span, pointer, value, &error, &content(pointer, value))
            }
            Assert::Schema { branching, .. } if cost::is_too_much(*branching, value) => {
                let most = cost::MAX_LOOKS;
                let words = format!(
                    "{} is nested too deeply for this schema, which comes to each part of it in {branching} ways: \
                     it would look at values more than {most} times",
                    words::subject(pointer, "this document")
                );
                Err((Reason::TooDeep, words))
            }
            Assert::Schema { schema, .. } => validate(schema, document, pointer, value, sink),
        }
    }
}

fn validate(
    schema: &Validator,
    document: &Loaded,
    pointer: &Pointer,
    value: &Value,
    sink: &mut Sink<'_, '_>,
) -> Result<(), (Reason, String)> {
    // Most values fit, and finding that out alone is much faster.
    if schema.is_valid(value) {
        return Ok(());
    }
    for error in schema.iter_errors(value) {
        let mut at = pointer.to_vec();
        at.extend(words::steps(error.instance_path()));
        report(&error, document, &at, sink)?;
    }
    Ok(())
}

/// Puts one error of the schema where a reader looks for it.
fn report(
    error: &ValidationError<'_>,
    document: &Loaded,
    at: &Pointer,
    sink: &mut Sink<'_, '_>,
) -> Result<(), (Reason, String)> {
    use ValidationErrorKind as K;
    let text = sink.places.text();
    let root = document.node(text);
    let instance: &Value = error.instance();
    let subject = words::subject(at, "this document");
    match error.kind() {
        K::AdditionalProperties { unexpected } | K::UnevaluatedProperties { unexpected } => {
            for key in unexpected {
                let mut inner = at.to_vec();
                inner.push(Step::Key(key.clone()));
                let words = format!("{} is not a key that is expected here", words::subject(&inner, ""));
                let value = instance.get(key).unwrap_or(&Value::Null);
                sink.put(
                    place::of_key(root, &inner, text),
                    &inner,
                    value,
                    &words,
                    &content(&inner, &Value::Null),
                )?;
            }
            Ok(())
        }
        K::PropertyNames { error: inner_error } => {
            let mut inner = at.to_vec();
            inner.extend(inner_error.instance().as_str().map(|name| Step::Key(name.to_owned())));
            let sentence = words::sentence(error, &subject);
            sink.put(
                place::of_key(root, &inner, text),
                &inner,
                instance,
                &sentence,
                &content(&inner, &Value::Null),
            )
        }
        K::Required { property } => {
            let sentence = words::sentence(error, &subject);
            sink.put(place::of_key(root, at, text), at, instance, &sentence, &content(at, property))
        }
        K::FalseSchema => {
            let sentence = words::sentence(error, &subject);
            sink.put(place::of_key(root, at, text), at, instance, &sentence, &content(at, instance))
        }
        _ => {
            let sentence = words::sentence(error, &subject);
            sink.put(place::of_value(root, at, text), at, instance, &sentence, &content(at, instance))
        }
    }
}

/// What the fingerprint is made of: the way and the value. The way is without the numbers of items, so
/// that one more item above does not make a new finding of each one below.
fn content(pointer: &Pointer, value: &Value) -> String {
    format!("{} {}", words::path_without_numbers(pointer), words::json(value, CONTENT_BYTES))
}

/// Where findings go: each once, and not too many.
struct Sink<'a, 'p> {
    check: &'a CompiledData,
    number: u32,
    places: &'a Places<'p>,
    found: &'a mut Vec<Found>,
    seen: HashSet<(Span, String)>,
}

impl Sink<'_, '_> {
    fn put(
        &mut self,
        span: Span,
        pointer: &Pointer,
        value: &Value,
        error: &str,
        content: &str,
    ) -> Result<(), (Reason, String)> {
        let message = match &self.check.message {
            Some(template) => words::fill(template, pointer, value, error),
            None => error.to_owned(),
        };
        // An alias brings the same place again; several branches of a schema may say the same.
        if self.seen.contains(&(span, message.clone())) {
            return Ok(());
        }
        if self.seen.len() >= MOST {
            return Err((Reason::Budget, format!("more than {MOST} findings; the rest is not listed")));
        }
        self.seen.insert((span, message.clone()));
        self.found.push(self.places.found(self.number, message, span, content, None));
        Ok(())
    }
}
