//! How much a document may ask of us.

use super::LoadError;
use crate::text::Span;

/// The budget of one document file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Deepest nesting of sequences and mappings; a lone scalar has depth 0.
    pub max_depth: usize,
    /// Most values in the file, after aliases are unfolded.
    pub max_nodes: usize,
    /// Whether YAML anchors and aliases may be used.
    pub aliases: bool,
}

impl Limits {
    /// For data files of a repository.
    pub const DOCUMENT: Self = Self { max_depth: 128, max_nodes: 1_000_000, aliases: true };
    /// For the front matter of guidelines, which people read: no aliases, little nesting.
    pub const FRONT_MATTER: Self = Self { max_depth: 32, max_nodes: 20_000, aliases: false };
}

/// What is left of a budget while a document is read.
pub(super) struct Budget {
    max_depth: usize,
    nodes_left: usize,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { max_depth: limits.max_depth, nodes_left: limits.max_nodes }
    }

    /// Pays for one value.
    pub(super) fn spend(&mut self) -> Result<(), LoadError> {
        self.nodes_left = self.nodes_left.checked_sub(1).ok_or(LoadError::TooManyNodes)?;
        Ok(())
    }

    /// Whether a sequence or mapping may stand at `depth` (1 for the outermost one).
    pub(super) fn enter(&self, depth: usize, span: Span) -> Result<(), LoadError> {
        if depth > self.max_depth { Err(LoadError::TooDeep { span }) } else { Ok(()) }
    }
}

/// A syntax problem at `span`.
pub(super) fn syntax(message: impl Into<String>, span: Span) -> LoadError {
    LoadError::Syntax { message: message.into(), span }
}
