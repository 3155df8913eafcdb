//! Compiles JSON Schemas without fetching anything, and with patterns that take linear time.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, ReferencingError, ValidationError, Validator};
use serde_json::{Map, Value};

use super::{cost, messages};
use crate::data::PointerStep;
use crate::engine::SpecProblem;

/// Maximum size of a compiled `pattern`, in bytes.
const MAX_REGEX_BYTES: usize = 1024 * 1024;

/// Compiles a schema of draft 2020-12 or of the draft in its `$schema`. The number is its
/// [`cost::branching_factor`].
pub(super) fn compile_schema(schema: &Map<String, Value>) -> Result<(Validator, usize), SpecProblem> {
    let draft = draft_of(schema)?;
    let value = Value::Object(schema.clone());
    let branching = cost::branching_factor(&value).map_err(|message| {
        problem_at(&[], message).with_help(
            "reduce the number of references to the same subschema, or split the check into several",
        )
    })?;
    let validator = jsonschema::options()
        .with_draft(draft)
        .offline()
        .should_validate_formats(false)
        .with_pattern_options(PatternOptions::regex().size_limit(MAX_REGEX_BYTES))
        .build(&value)
        .map_err(|error| describe_error(&error, &value))?;
    Ok((validator, branching))
}

fn draft_of(schema: &Map<String, Value>) -> Result<Draft, SpecProblem> {
    let Some(name) = schema.get("$schema") else { return Ok(Draft::Draft202012) };
    match name.as_str().map(|name| name.trim_end_matches('#')) {
        Some("https://json-schema.org/draft/2020-12/schema") => Ok(Draft::Draft202012),
        Some("https://json-schema.org/draft/2019-09/schema") => Ok(Draft::Draft201909),
        Some("http://json-schema.org/draft-07/schema" | "https://json-schema.org/draft-07/schema") => {
            Ok(Draft::Draft7)
        }
        _ => Err(problem_at(
            &[PointerStep::Key("$schema".into())],
            "this draft of JSON Schema is not supported".into(),
        )
        .with_help(
            "remove it for 2020-12, or write `https://json-schema.org/draft/2020-12/schema`, \
             `https://json-schema.org/draft/2019-09/schema` or `http://json-schema.org/draft-07/schema#`",
        )),
    }
}

/// Describes an error of the schema for its author.
fn describe_error(error: &ValidationError<'_>, schema: &Value) -> SpecProblem {
    let pointer = messages::location_steps(error.instance_path());
    match error.kind() {
        ValidationErrorKind::Referencing(error) => describe_reference_error(error, schema),
        ValidationErrorKind::Format { format } if format == "regex" => {
            let pattern = messages::short_value(error.instance());
            problem_at(&pointer, format!("the pattern `{pattern}` is not a usable regular expression")).with_help(
                "patterns must take linear time: look-around, back-references and very large counts are not supported",
            )
        }
        _ => {
            let subject = messages::subject_phrase(&pointer, "the schema");
            problem_at(
                &pointer,
                format!("this is not a JSON Schema: {}", messages::error_sentence(error, &subject)),
            )
            .with_help("https://json-schema.org/understanding-json-schema explains the keywords")
        }
    }
}

fn describe_reference_error(error: &ReferencingError, schema: &Value) -> SpecProblem {
    let (target, message, help) = match error {
        ReferencingError::Unretrievable { uri, .. } => (
            uri.clone(),
            format!("`{uri}` is a remote schema, and remote schemas are not fetched"),
            "copy that schema into `$defs` and refer to it as `#/$defs/NAME`",
        ),
        ReferencingError::PointerToNowhere { pointer } => (
            format!("#{pointer}"),
            format!("there is nothing at `#{pointer}` in this schema"),
            "a reference is a path from the schema's root, as in `#/$defs/NAME`",
        ),
        ReferencingError::NoSuchAnchor { anchor } => (
            format!("#{anchor}"),
            format!("there is no anchor `{anchor}` in this schema"),
            "add that `$anchor` to the schema, or use a path as in `#/$defs/NAME`",
        ),
        other => {
            (String::new(), messages::one_line(&format!("invalid reference: {other}")), "use `#/$defs/NAME`")
        }
    };
    let mut pointer = Vec::new();
    if !find_reference(schema, &target, &mut pointer) {
        pointer.clear();
    }
    problem_at(&pointer, message).with_help(help)
}

/// Finds the first `$ref` (or `$dynamicRef`) to `target`, which the library may have made absolute. Stores
/// its path in `pointer` and returns whether there is one.
fn find_reference(schema: &Value, target: &str, pointer: &mut Vec<PointerStep>) -> bool {
    let names = |written: &str| {
        let (uri, _) = written.split_once('#').unwrap_or((written, ""));
        written == target || (!uri.is_empty() && target.split('#').next().unwrap_or_default().ends_with(uri))
    };
    let mut into = |step: PointerStep, value: &Value| {
        pointer.push(step);
        if find_reference(value, target, pointer) {
            return true;
        }
        pointer.pop();
        false
    };
    match schema {
        Value::Object(members) => {
            for key in ["$ref", "$dynamicRef", "$recursiveRef"] {
                if members.get(key).and_then(Value::as_str).is_some_and(names) {
                    pointer.push(PointerStep::Key(key.to_owned()));
                    return true;
                }
            }
            members.iter().any(|(key, value)| into(PointerStep::Key(key.clone()), value))
        }
        Value::Array(items) => {
            items.iter().enumerate().any(|(index, value)| into(PointerStep::Index(index), value))
        }
        _ => false,
    }
}

fn problem_at(pointer: &[PointerStep], message: String) -> SpecProblem {
    let mut problem = SpecProblem::new(&["data", "assert"], message);
    problem.at.extend_from_slice(pointer);
    problem
}
