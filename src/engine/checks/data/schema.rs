//! JSON Schema: compiling without fetching anything, patterns in linear time.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, ReferencingError, ValidationError, Validator};
use serde_json::{Map, Value};

use super::{cost, words};
use crate::data::Step;
use crate::engine::SpecProblem;

/// Largest compiled `pattern`, in bytes.
const REGEX_BYTES: usize = 1024 * 1024;

/// Compiles a schema: draft 2020-12, or what its `$schema` says. The number is its
/// [`cost::branching`].
pub(super) fn build(schema: &Map<String, Value>) -> Result<(Validator, usize), SpecProblem> {
    let draft = draft_of(schema)?;
    let value = Value::Object(schema.clone());
    let branching = cost::branching(&value).map_err(|message| {
        at(&[], message)
            .with_help("let fewer references lead to the same place, or split the check into several")
    })?;
    let validator = jsonschema::options()
        .with_draft(draft)
        .offline()
        .should_validate_formats(false)
        .with_pattern_options(PatternOptions::regex().size_limit(REGEX_BYTES))
        .build(&value)
        .map_err(|error| explain(&error, &value))?;
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
        _ => Err(at(&[Step::Key("$schema".into())], "this draft of JSON Schema is not known here".into())
            .with_help(
                "leave it out for 2020-12, or write `https://json-schema.org/draft/2020-12/schema`, \
             `https://json-schema.org/draft/2019-09/schema` or `http://json-schema.org/draft-07/schema#`",
            )),
    }
}

/// What is wrong with the schema, in words for its author.
fn explain(error: &ValidationError<'_>, schema: &Value) -> SpecProblem {
    let pointer = words::steps(error.instance_path());
    match error.kind() {
        ValidationErrorKind::Referencing(error) => explain_reference(error, schema),
        ValidationErrorKind::Format { format } if format == "regex" => {
            let pattern = words::short_value(error.instance());
            at(&pointer, format!("the pattern `{pattern}` is not a usable regular expression")).with_help(
                "patterns take linear time: look-around and back-references are not supported, nor very large counts",
            )
        }
        _ => {
            let subject = words::subject(&pointer, "the schema");
            at(&pointer, format!("this is not a JSON Schema: {}", words::sentence(error, &subject)))
                .with_help("https://json-schema.org/understanding-json-schema explains the keywords")
        }
    }
}

fn explain_reference(error: &ReferencingError, schema: &Value) -> SpecProblem {
    let (target, message, help) = match error {
        ReferencingError::Unretrievable { uri, .. } => (
            uri.clone(),
            format!("`{uri}` would have to be fetched, and nothing is fetched"),
            "put that schema below `$defs` and refer to it as `#/$defs/NAME`",
        ),
        ReferencingError::PointerToNowhere { pointer } => (
            format!("#{pointer}"),
            format!("there is nothing at `#{pointer}` in this schema"),
            "a reference names the way from the schema's root, as in `#/$defs/NAME`",
        ),
        ReferencingError::NoSuchAnchor { anchor } => (
            format!("#{anchor}"),
            format!("there is no anchor `{anchor}` in this schema"),
            "write `$anchor` where it should be, or refer to a place as in `#/$defs/NAME`",
        ),
        other => (
            String::new(),
            words::one_line(&format!("a reference cannot be used: {other}")),
            "use `#/$defs/NAME`",
        ),
    };
    let mut pointer = Vec::new();
    if !find_reference(schema, &target, &mut pointer) {
        pointer.clear();
    }
    at(&pointer, message).with_help(help)
}

/// The first place of a `$ref` (or `$dynamicRef`) to `target`; the library may have made it absolute.
fn find_reference(schema: &Value, target: &str, pointer: &mut Vec<Step>) -> bool {
    let names = |written: &str| {
        let (uri, _) = written.split_once('#').unwrap_or((written, ""));
        written == target || (!uri.is_empty() && target.split('#').next().unwrap_or_default().ends_with(uri))
    };
    let mut into = |step: Step, value: &Value| {
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
                    pointer.push(Step::Key(key.to_owned()));
                    return true;
                }
            }
            members.iter().any(|(key, value)| into(Step::Key(key.clone()), value))
        }
        Value::Array(items) => items.iter().enumerate().any(|(index, value)| into(Step::Index(index), value)),
        _ => false,
    }
}

fn at(pointer: &[Step], message: String) -> SpecProblem {
    let mut problem = SpecProblem::new(&["data", "assert"], message);
    problem.at.extend_from_slice(pointer);
    problem
}
