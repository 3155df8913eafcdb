//! JSON Schemas (draft 2020-12) of the files that people write, generated from the types that decode them.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::config::RawConfig;
use super::lock::RawLock;
use super::raw::RawGuideline;
use super::source::{LocatedDocument, pointer_to};
use super::standard::RawStandard;
use crate::model::{GuidelineId, Problem};

/// Version of the file formats that this program supports.
pub const FORMAT_VERSION: u64 = 1;

/// Beginning of a message about a newer format; see [`needs_newer`].
const NEWER: &str = "needs a newer stanchion";

/// Value of the key `schema`: only [`FORMAT_VERSION`] can be decoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct FormatVersion;

impl<'de> Deserialize<'de> for FormatVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            FORMAT_VERSION => Ok(Self),
            other => Err(serde::de::Error::custom(format!("unsupported schema {other}"))),
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
        schemars::json_schema!({ "type": "integer", "const": FORMAT_VERSION })
    }
}

/// Checks the key `schema` before anything else. A number that is not a format version gives a problem, and
/// the rest of the file is then read as version [`FORMAT_VERSION`].
///
/// # Errors
/// Returns the only problem of a file in a newer format: the rest of such a file is not checked.
#[expect(clippy::result_large_err, reason = "returned at most once per file")]
pub(super) fn check_format_version(
    document: &LocatedDocument<'_>,
    json: &mut Value,
) -> Result<Option<Problem>, Problem> {
    let id = json.get("guideline").and_then(Value::as_str).filter(|id| GuidelineId::new(id).is_ok());
    let of = id.map(|id| format!(" for `{id}`")).unwrap_or_default();
    let Some(schema) = json.get_mut("schema").filter(|schema| schema.is_number()) else { return Ok(None) };
    let span = document.value_span(&pointer_to(&["schema"]));
    match schema.as_u64() {
        Some(FORMAT_VERSION) => Ok(None),
        Some(later) if later > FORMAT_VERSION => {
            let message = format!("{NEWER}{of} (schema {later})");
            let help =
                format!("this version supports schema {FORMAT_VERSION}; update stanchion to use this file");
            Err(document.source.problem(span, message, "newer format", Some(help)))
        }
        _ => {
            *schema = Value::from(FORMAT_VERSION);
            let message = "unknown format version";
            let help = Some(format!("the only format version is {FORMAT_VERSION}"));
            Ok(Some(document.source.problem(span, message, "unknown version", help)))
        }
    }
}

/// Whether the only problem of a file is that it needs a newer program. Such a guideline cannot be judged,
/// but it is not invalid. The message then names the guideline, if its id can be read.
#[must_use]
pub fn needs_newer(problems: &[Problem]) -> bool {
    matches!(problems, [only] if only.message.starts_with(NEWER))
}

/// Returns the JSON Schema of a guideline's front matter.
pub fn guideline_schema() -> Value {
    schema_of::<RawGuideline>()
}

/// Returns the JSON Schema of `stanchion.toml`.
pub fn config_schema() -> Value {
    schema_of::<RawConfig>()
}

/// Returns the JSON Schema of a standard.
pub fn standard_schema() -> Value {
    schema_of::<RawStandard>()
}

/// Returns the JSON Schema of `.stanchion/lock.toml`.
pub fn lock_schema() -> Value {
    schema_of::<RawLock>()
}

/// Generates the JSON Schema of `T` as it is decoded.
pub(super) fn schema_of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12()
        .for_deserialize()
        .with_transform(RemoveNoise)
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// Removes details that do not help a reader: empty defaults and the widths of Rust integers.
#[derive(Clone, Debug)]
struct RemoveNoise;

impl Transform for RemoveNoise {
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

    /// Compares a checked-in schema with the types; `STANCHION_BLESS=1` rewrites the file.
    fn compare_with_stored(name: &str, schema: &Value) {
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
            "{path} differs from the types; run `STANCHION_BLESS=1 cargo test --lib format::schema` and review the difference"
        );
    }

    #[test]
    fn stored_schemas_match_the_types() {
        compare_with_stored("guideline", &guideline_schema());
        compare_with_stored("config", &config_schema());
        compare_with_stored("standard", &standard_schema());
        compare_with_stored("lock", &lock_schema());
    }

    #[test]
    fn schemas_are_valid() {
        for schema in [guideline_schema(), config_schema(), standard_schema(), lock_schema()] {
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            assert!(jsonschema::meta::is_valid(&schema), "{schema:#}");
            assert_eq!(schema["additionalProperties"], false);
        }
    }
}
