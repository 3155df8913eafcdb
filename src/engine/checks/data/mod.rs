//! The `data` check kind: values selected by JSONPath and asserted with JSON Schema.
//!
//! Nothing is fetched, ever: a schema that refers to another place is a problem of the guideline.

mod compile;
mod cost;
mod look;
mod place;
mod query;
mod schema;
#[cfg(test)]
mod tests;
mod words;

pub use compile::{CompiledData, compile};

use crate::data::{self, Format, Limits, LoadError, Node};
use crate::model::{DataFormat, Reason};
use crate::text::LineIndex;

/// A document of a file, read once for all checks that look at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The values with their places.
    pub node: Node,
    /// The same values as plain JSON.
    pub json: serde_json::Value,
}

/// Reads the documents of a file: one, or several for YAML.
///
/// # Errors
/// Why no check can tell anything about the file: the kind of reason, and words with line and column.
pub fn load(format: Format, text: &str) -> Result<Vec<Loaded>, (Reason, String)> {
    let nodes = data::load(format, text, &Limits::DOCUMENT).map_err(|error| explain(format, text, error))?;
    Ok(nodes.into_iter().map(|node| Loaded { json: node.to_json(), node }).collect())
}

fn explain(format: Format, text: &str, error: LoadError) -> (Reason, String) {
    let at = |offset| {
        let (line, column) = LineIndex::new(text).line_column(text, offset);
        format!("line {line}, column {column}")
    };
    match error {
        LoadError::Syntax { message, span } => (
            Reason::ParseError,
            format!("{}: cannot be read as {}: {message}", at(span.start), format.name()),
        ),
        LoadError::TooDeep { span } => {
            let most = Limits::DOCUMENT.max_depth;
            (Reason::TooDeep, format!("{}: more than {most} levels of nesting", at(span.start)))
        }
        LoadError::TooManyNodes => {
            let most = Limits::DOCUMENT.max_nodes;
            (Reason::TooManyNodes, format!("more than {most} values, aliases unfolded"))
        }
    }
}

/// The loader for a format that a guideline names.
fn format_named(format: DataFormat) -> Format {
    match format {
        DataFormat::Json => Format::Json,
        DataFormat::Jsonc => Format::Jsonc,
        DataFormat::Yaml => Format::Yaml,
        DataFormat::Toml => Format::Toml,
        DataFormat::Env => Format::Env,
        DataFormat::Ini => Format::Ini,
    }
}
