//! Data documents with positions: JSON, YAML, TOML, .env and INI files are parsed into one tree of nodes with
//! spans.
//!
//! This module parses text into [`Node`]s within strict limits. It does not depend on guidelines or schemas.

mod env;
mod format;
mod ini;
mod json;
mod json_value;
mod limits;
mod node;
mod number;
mod table;
mod toml;
mod yaml;

#[cfg(test)]
mod tests;

pub use format::{DocumentFormat, format_of};
pub use limits::DocumentLimits;
pub use node::{LoadError, Member, Node, NodeKind, Pointer, PointerStep};

/// Parses `text` in the given `format`. YAML gives one node per document (at least one), every other format
/// exactly one. Spans count bytes of `text`. The time is linear in the size of the text and of its expanded
/// aliases, which `limits` bounds.
///
/// # Errors
/// [`LoadError`] if the text is not valid in the format or exceeds a limit.
pub fn load(format: DocumentFormat, text: &str, limits: &DocumentLimits) -> Result<Vec<Node>, LoadError> {
    match format {
        DocumentFormat::Json => json::load(text, json::JsonDialect::Strict, limits).map(single_document),
        DocumentFormat::Jsonc => json::load(text, json::JsonDialect::Comments, limits).map(single_document),
        DocumentFormat::Yaml => yaml::load(text, limits),
        DocumentFormat::Toml => toml::load(text, limits).map(single_document),
        DocumentFormat::Env => env::load(text, limits).map(single_document),
        DocumentFormat::Ini => ini::load(text, limits).map(single_document),
    }
}

/// Parses strict JSON into a plain value, several times as fast as [`load`]. Returns `None` if the text is
/// invalid or exceeds a limit. The value equals that of [`load`]'s node.
#[must_use]
pub fn read_json_value(text: &str, limits: &DocumentLimits) -> Option<serde_json::Value> {
    json_value::read_plain_value(text, limits)
}

fn single_document(node: Node) -> Vec<Node> {
    vec![node]
}
