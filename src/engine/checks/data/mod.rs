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

use std::cell::OnceCell;

use crate::data::{self, Format, Kind, Limits, LoadError, Node};
use crate::model::{DataFormat, Reason};
use crate::text::{LineIndex, Span};

/// A document of a file, read once for all checks that look at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The values as plain JSON.
    json: serde_json::Value,
    /// The same values with their places; JSON is read again for them when the first finding needs one.
    node: OnceCell<Node>,
}

impl Loaded {
    fn located(node: Node) -> Self {
        Self { json: node.to_json(), node: OnceCell::from(node) }
    }

    /// The values with their places in `text`, from which the document was loaded.
    fn node(&self, text: &str) -> &Node {
        self.node.get_or_init(|| {
            let nodes = data::load(Format::Json, text, &Limits::DOCUMENT).unwrap_or_default();
            // What was read fast can be read again; should it not, findings stand at the start.
            nodes.into_iter().next().unwrap_or(Node { span: Span::at(0), kind: Kind::Null })
        })
    }
}

/// Reads the documents of a file: one, or several for YAML.
///
/// # Errors
/// Why no check can tell anything about the file: the kind of reason, and words with line and column.
pub fn load(format: Format, text: &str) -> Result<Vec<Loaded>, (Reason, String)> {
    if format == Format::Json
        && let Some(json) = data::json_value(text, &Limits::DOCUMENT)
    {
        return Ok(vec![Loaded { json, node: OnceCell::new() }]);
    }
    let nodes = data::load(format, text, &Limits::DOCUMENT).map_err(|error| explain(format, text, error))?;
    Ok(nodes.into_iter().map(Loaded::located).collect())
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
