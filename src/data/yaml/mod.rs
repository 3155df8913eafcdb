//! YAML 1.2: parser events into a flat arena, then, once its unfolded size is known, into nodes.
//!
//! The arena holds every value once and an alias as a reference, so an alias bomb is refused by
//! arithmetic before anything is unfolded.

mod arena;
mod scalar;
mod unfold;

use serde_saphyr::granit_parser::{self, ErrorKind, Parser, ScanError};

use super::limits::{Limits, syntax};
use super::{LoadError, Node, table};
use crate::text::Span;

pub(super) fn load(text: &str, limits: &Limits) -> Result<Vec<Node>, LoadError> {
    let mut options = granit_parser::Options::default();
    options.flow_nesting_limit = limits.max_depth;
    options.block_nesting_limit = limits.max_depth;
    options.emit_comments = false;
    let mut builder = arena::Builder::new(text, limits);
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, at) = event.map_err(|error| explain(&error, text))?;
        let span = table::inside(at.byte_range().map_or_else(|| Span::at(0), Span::from), text);
        builder.take(event, span).map_err(|error| with_template_hint(error, text))?;
    }
    unfold::documents(builder.finish(), limits)
}

fn explain(error: &ScanError, text: &str) -> LoadError {
    let span = table::inside(Span::at(error.marker().byte_offset().unwrap_or(0)), text);
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => LoadError::TooDeep { span },
        kind => with_template_hint(syntax(kind.to_string(), span), text),
    }
}

/// Says so when what does not parse seems to be a template of YAML (Helm, Jinja).
fn with_template_hint(error: LoadError, text: &str) -> LoadError {
    let LoadError::Syntax { message, span } = error else { return error };
    let line_end = memchr::memchr(b'\n', &text.as_bytes()[span.start..]);
    let seen = &text.as_bytes()[..line_end.map_or(text.len(), |at| span.start + at)];
    let holds_template = memchr::memmem::find_iter(seen, b"{{").any(|at| at == 0 || seen[at - 1] != b'$')
        || memchr::memmem::find(seen, b"{%").is_some();
    if !holds_template {
        return LoadError::Syntax { message, span };
    }
    let message =
        format!("{message}; this seems to be a template (`{{{{`), which is YAML only once it is rendered");
    LoadError::Syntax { message, span }
}

#[cfg(test)]
mod tests;
