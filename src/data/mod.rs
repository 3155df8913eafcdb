//! Data documents with places: JSON, YAML, TOML, .env and INI become one located tree.
//!
//! This room reads text into [`Node`]s within strict budgets. It knows no guideline and no schema.

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

pub use format::{Format, format_of};
pub use limits::Limits;
pub use node::{Kind, LoadError, Member, Node, Pointer, Step};

/// Reads `text` as `format`. YAML gives one node per document (at least one), every other format
/// exactly one. Spans count bytes of `text`. Takes time linear in the text and in what its aliases
/// unfold to, which `limits` bounds.
///
/// # Errors
/// [`LoadError`] when the text is not of the format or passes a limit.
pub fn load(format: Format, text: &str, limits: &Limits) -> Result<Vec<Node>, LoadError> {
    match format {
        Format::Json => json::load(text, json::Dialect::Strict, limits).map(one),
        Format::Jsonc => json::load(text, json::Dialect::Comments, limits).map(one),
        Format::Yaml => yaml::load(text, limits),
        Format::Toml => toml::load(text, limits).map(one),
        Format::Env => env::load(text, limits).map(one),
        Format::Ini => ini::load(text, limits).map(one),
    }
}

/// The plain value of strict JSON, much faster than [`load`] and only for text in which nothing is wrong:
/// `None` when there is, or a limit is passed. The value is that of [`load`]'s node.
#[must_use]
pub fn json_value(text: &str, limits: &Limits) -> Option<serde_json::Value> {
    json_value::value(text, limits)
}

fn one(node: Node) -> Vec<Node> {
    vec![node]
}
