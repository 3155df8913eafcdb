//! JSON Schemas (draft 2020-12) of the files that people write, made from the types that decode them.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::config::RawConfig;
use super::lock::RawLock;
use super::raw::RawGuideline;
use super::source::{Document, keys};
use super::standard::RawStandard;
use crate::model::{GuidelineId, Problem};

/// Version of the formats that this program understands.
pub const SCHEMA: u64 = 1;

/// How a message about a newer format starts; see [`needs_newer`].
const NEWER: &str = "needs a newer stanchion";

/// The value of `schema`: [`SCHEMA`] and nothing else.
#[derive(Clone, Copy, Debug)]
pub(super) struct FormatVersion;

impl<'de> Deserialize<'de> for FormatVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            SCHEMA => Ok(Self),
            other => Err(serde::de::Error::custom(format!("schema {other} is not understood"))),
        }
    }
}

impl JsonSchema for FormatVersion {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FormatVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "integer", "const": SCHEMA })
    }
}

/// Looks at `schema` before anything else. A number that is no version of the format is a problem, and
/// the rest is then read as [`SCHEMA`].
///
/// # Errors
/// The only problem that a file in a later version of the format has: it may hold anything.
#[expect(clippy::result_large_err, reason = "a problem is told once, and then the file is done")]
pub(super) fn version(document: &Document<'_>, json: &mut Value) -> Result<Option<Problem>, Problem> {
    let id = json.get("guideline").and_then(Value::as_str).filter(|id| GuidelineId::new(id).is_ok());
    let of = id.map(|id| format!(" for `{id}`")).unwrap_or_default();
    let Some(schema) = json.get_mut("schema").filter(|schema| schema.is_number()) else { return Ok(None) };
    let span = document.value(&keys(&["schema"]));
    match schema.as_u64() {
        Some(SCHEMA) => Ok(None),
        Some(later) if later > SCHEMA => {
            let message = format!("{NEWER}{of} (schema {later})");
            let help = format!("this one understands schema {SCHEMA}; update it to use this file");
            Err(document.source.problem(span, message, "a later format", Some(help)))
        }
        _ => {
            *schema = Value::from(SCHEMA);
            let message = "there is no such version of this format";
            let help = Some(format!("the only version is {SCHEMA}"));
            Ok(Some(document.source.problem(span, message, "no such version", help)))
        }
    }
}

/// Whether the problems of a file are only that it asks for a newer program; such a guideline cannot
/// be told about, and is not wrong. The message then names the guideline, if its id can be read.
#[must_use]
pub fn needs_newer(problems: &[Problem]) -> bool {
    matches!(problems, [only] if only.message.starts_with(NEWER))
}

/// The schema of a guideline's front matter.
pub fn guideline_schema() -> Value {
    of::<RawGuideline>()
}

/// The schema of `stanchion.toml`.
pub fn config_schema() -> Value {
    of::<RawConfig>()
}

/// The schema of a standard.
pub fn standard_schema() -> Value {
    of::<RawStandard>()
}

/// The schema of `.stanchion/lock.toml`.
pub fn lock_schema() -> Value {
    of::<RawLock>()
}

pub(super) fn of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12()
        .for_deserialize()
        .with_transform(Plain)
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// Takes away what says nothing to a person: empty defaults and the widths of Rust's integers.
#[derive(Clone, Debug)]
struct Plain;

impl Transform for Plain {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(object) = schema.as_object_mut() {
            let empty = |value: &Value| match value {
                Value::Null => true,
                Value::Array(items) => items.is_empty(),
                Value::Object(members) => members.is_empty(),
                _ => false,
            };
            if object.get("default").is_some_and(empty) {
                object.remove("default");
            }
            object.remove("format");
        }
        transform_subschemas(self, schema);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares a checked-in schema with the types; `STANCHION_BLESS=1` writes it anew.
    fn drift(name: &str, schema: &Value) {
        let path = format!("{}/docs/schema/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let made = format!("{schema:#}\n");
        #[expect(
            clippy::disallowed_methods,
            reason = "a test that compares and may rewrite a file of this package"
        )]
        let (bless, stored) = (
            std::env::var_os("STANCHION_BLESS").is_some(),
            std::fs::read_to_string(&path).unwrap_or_default(),
        );
        if bless {
            std::fs::write(&path, &made).expect("docs/schema can be written");
            return;
        }
        assert!(
            stored == made,
            "{path} is not what the types say; run `STANCHION_BLESS=1 cargo test --lib format::schema` and look at the difference"
        );
    }

    #[test]
    fn checked_in_schemas_are_those_of_the_types() {
        drift("guideline", &guideline_schema());
        drift("config", &config_schema());
        drift("standard", &standard_schema());
        drift("lock", &lock_schema());
    }

    #[test]
    fn schemas_are_schemas() {
        for schema in [guideline_schema(), config_schema(), standard_schema(), lock_schema()] {
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            assert!(jsonschema::meta::is_valid(&schema), "{schema:#}");
            assert_eq!(schema["additionalProperties"], false);
        }
    }
}
