//! Limits for parsing a document.

use super::LoadError;
use crate::text::Span;

/// Limits for one document file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentLimits {
    /// Maximum nesting depth of sequences and mappings; a single scalar has depth 0.
    pub max_depth: usize,
    /// Maximum number of values in the file, after aliases are expanded.
    pub max_nodes: usize,
    /// Whether YAML anchors and aliases are allowed.
    pub aliases: bool,
}

impl DocumentLimits {
    /// Limits for data files of a repository.
    pub const DOCUMENT: Self = Self { max_depth: 128, max_nodes: 1_000_000, aliases: true };
    /// Limits for the front matter of guidelines, which people read: no aliases, little nesting.
    pub const FRONT_MATTER: Self = Self { max_depth: 32, max_nodes: 20_000, aliases: false };
}

/// Remaining budget while a document is parsed.
pub(super) struct NodeBudget {
    max_depth: usize,
    nodes_left: usize,
}

impl NodeBudget {
    pub(super) fn new(limits: &DocumentLimits) -> Self {
        Self { max_depth: limits.max_depth, nodes_left: limits.max_nodes }
    }

    /// Counts one value.
    pub(super) fn spend_node(&mut self) -> Result<(), LoadError> {
        self.nodes_left = self.nodes_left.checked_sub(1).ok_or(LoadError::TooManyNodes)?;
        Ok(())
    }

    /// Checks whether a sequence or mapping is allowed at `depth` (1 for the outermost one).
    pub(super) fn check_depth(&self, depth: usize, span: Span) -> Result<(), LoadError> {
        if depth > self.max_depth { Err(LoadError::TooDeep { span }) } else { Ok(()) }
    }
}

/// Creates a syntax error at `span`.
pub(super) fn syntax_error(message: impl Into<String>, span: Span) -> LoadError {
    LoadError::Syntax { message: message.into(), span }
}
