//! JSON Schemas (draft 2020-12) of the files that people write, made from the types that decode them.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use super::config::RawConfig;
use super::raw::RawGuideline;

/// The schema of a guideline's front matter.
pub fn guideline_schema() -> Value {
    of::<RawGuideline>()
}

/// The schema of `stanchion.toml`.
pub fn config_schema() -> Value {
    of::<RawConfig>()
}

fn of<T: JsonSchema>() -> Value {
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
    }

    #[test]
    fn schemas_are_schemas() {
        for schema in [guideline_schema(), config_schema()] {
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            assert!(jsonschema::meta::is_valid(&schema), "{schema:#}");
            assert_eq!(schema["additionalProperties"], false);
        }
    }
}
