//! The `data` check kind: selects values with JSONPath and asserts them with JSON Schema.
//!
//! Nothing is ever fetched: a schema with a remote reference is a problem of the guideline.

mod assess;
mod compile;
mod cost;
mod messages;
mod query;
mod schema;
mod source_span;
#[cfg(test)]
mod tests;

pub use compile::{CompiledData, compile};

use std::cell::OnceCell;

use crate::data::{self, DocumentFormat, DocumentLimits, LoadError, Node, NodeKind};
use crate::model::{DataFormat, Reason};
use crate::text::{LineIndex, Span};

/// A document of a file, loaded once for all checks that apply to it.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedDocument {
    /// The values as plain JSON.
    json: serde_json::Value,
    /// The same values with their positions. For JSON, these are loaded only when the first finding needs
    /// one.
    node: OnceCell<Node>,
}

impl LoadedDocument {
    fn from_node(node: Node) -> Self {
        Self { json: node.to_json(), node: OnceCell::from(node) }
    }

    /// Returns the values with their positions in `text`, from which the document was loaded.
    fn node(&self, text: &str) -> &Node {
        self.node.get_or_init(|| {
            let nodes = data::load(DocumentFormat::Json, text, &DocumentLimits::DOCUMENT).unwrap_or_default();
            // The fast reader accepted the text, so this loader does, too; otherwise findings get position 0.
            nodes.into_iter().next().unwrap_or(Node { span: Span::at(0), kind: NodeKind::Null })
        })
    }
}

/// Loads the documents of a file: one, or several for YAML.
///
/// # Errors
/// If the file cannot be loaded: the reason for "cannot tell", and a message with line and column.
pub fn load_documents(format: DocumentFormat, text: &str) -> Result<Vec<LoadedDocument>, (Reason, String)> {
    if format == DocumentFormat::Json
        && let Some(json) = data::read_json_value(text, &DocumentLimits::DOCUMENT)
    {
        return Ok(vec![LoadedDocument { json, node: OnceCell::new() }]);
    }
    let nodes = data::load(format, text, &DocumentLimits::DOCUMENT)
        .map_err(|error| describe_load_error(format, text, error))?;
    Ok(nodes.into_iter().map(LoadedDocument::from_node).collect())
}

fn describe_load_error(format: DocumentFormat, text: &str, error: LoadError) -> (Reason, String) {
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
            let most = DocumentLimits::DOCUMENT.max_depth;
            (Reason::TooDeep, format!("{}: more than {most} levels of nesting", at(span.start)))
        }
        LoadError::TooManyNodes => {
            let most = DocumentLimits::DOCUMENT.max_nodes;
            (Reason::TooManyNodes, format!("more than {most} values after expanding aliases"))
        }
    }
}

/// Returns the loader format for a format that a guideline specifies.
fn loader_format(format: DataFormat) -> DocumentFormat {
    match format {
        DataFormat::Json => DocumentFormat::Json,
        DataFormat::Jsonc => DocumentFormat::Jsonc,
        DataFormat::Yaml => DocumentFormat::Yaml,
        DataFormat::Toml => DocumentFormat::Toml,
        DataFormat::Env => DocumentFormat::Env,
        DataFormat::Ini => DocumentFormat::Ini,
    }
}
