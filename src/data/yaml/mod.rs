//! YAML 1.2: parser events are stored in a flat arena and, once its expanded size is known, converted to
//! nodes.
//!
//! The arena contains every value once, and an alias as a reference. The size after expansion is computed
//! from it, so that an alias bomb is refused before anything is expanded.

mod arena;
mod scalar;
mod unfold;

use serde_saphyr::granit_parser::{self, ErrorKind, Parser, ScanError};

use super::limits::{DocumentLimits, syntax_error};
use super::{LoadError, Node, table};
use crate::text::Span;

pub(super) fn load(text: &str, limits: &DocumentLimits) -> Result<Vec<Node>, LoadError> {
    let mut options = granit_parser::Options::default();
    options.flow_nesting_limit = limits.max_depth;
    options.block_nesting_limit = limits.max_depth;
    options.emit_comments = false;
    let mut builder = arena::ArenaBuilder::new(text, limits);
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, at) = event.map_err(|error| convert_error(&error, text))?;
        let span = table::clamp_span(at.byte_range().map_or_else(|| Span::at(0), Span::from), text);
        builder.handle_event(event, span).map_err(|error| add_template_hint(error, text))?;
    }
    unfold::build_documents(builder.finish(), limits)
}

fn convert_error(error: &ScanError, text: &str) -> LoadError {
    let span = table::clamp_span(Span::at(error.marker().byte_offset().unwrap_or(0)), text);
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => LoadError::TooDeep { span },
        kind => add_template_hint(syntax_error(kind.to_string(), span), text),
    }
}

/// Extends the message if the invalid text seems to be a template of a YAML file (Helm, Jinja).
fn add_template_hint(error: LoadError, text: &str) -> LoadError {
    let LoadError::Syntax { message, span } = error else { return error };
    let line_end = memchr::memchr(b'\n', &text.as_bytes()[span.start..]);
    let seen = &text.as_bytes()[..line_end.map_or(text.len(), |at| span.start + at)];
    let holds_template = memchr::memmem::find_iter(seen, b"{{").any(|at| at == 0 || seen[at - 1] != b'$')
        || memchr::memmem::find(seen, b"{%").is_some();
    if !holds_template {
        return LoadError::Syntax { message, span };
    }
    let message = format!(
        "{message}; this seems to be a template (`{{{{`), which is valid YAML only after it is rendered"
    );
    LoadError::Syntax { message, span }
}

#[cfg(test)]
mod tests;
