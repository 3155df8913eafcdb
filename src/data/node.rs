//! Tree of nodes with positions; every data format is parsed into it.

use serde::{Deserialize, Serialize};

use crate::text::Span;

/// A value with its position in the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Span of the value. A block-style YAML mapping spans from its first key to the end of its last value.
    pub span: Span,
    /// The value.
    pub kind: NodeKind,
}

/// The value of a [`Node`].
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// `null`, `~`, or a missing value.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number that JSON can represent.
    Number(serde_json::Number),
    /// Text.
    String(String),
    /// A sequence.
    Array(Vec<Node>),
    /// A mapping in source order; keys are unique.
    Object(Vec<Member>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Text of the key.
    pub key: String,
    /// Span of the key.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

/// One step from a collection to one of its elements.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PointerStep {
    /// Key of a mapping.
    Key(String),
    /// Index in a sequence.
    Index(usize),
}

/// Path from a root to a value inside it.
pub type Pointer = [PointerStep];

/// Error on parsing a document. Spans count bytes of the given text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// Invalid syntax.
    Syntax {
        /// Description of the problem.
        message: String,
        /// Position of the problem.
        span: Span,
    },
    /// Nesting deeper than the limit.
    TooDeep {
        /// Position at which the limit was exceeded.
        span: Span,
    },
    /// More nodes than the limit (for example, an alias bomb).
    TooManyNodes,
}

impl Node {
    /// Returns the value at `pointer`, and the span of its key if it is in a mapping.
    #[must_use]
    pub fn locate(&self, pointer: &Pointer) -> Option<(Option<Span>, &Self)> {
        let mut at = (None, self);
        for step in pointer {
            at = match (step, &at.1.kind) {
                (PointerStep::Key(key), NodeKind::Object(members)) => {
                    let member = members.iter().find(|member| member.key == *key)?;
                    (Some(member.key_span), &member.value)
                }
                (PointerStep::Index(index), NodeKind::Array(items)) => (None, items.get(*index)?),
                _ => return None,
            };
        }
        Some(at)
    }

    /// Converts to plain JSON, with keys in source order.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(value) => Value::Bool(*value),
            NodeKind::Number(value) => Value::Number(value.clone()),
            NodeKind::String(value) => Value::String(value.clone()),
            NodeKind::Array(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            NodeKind::Object(members) => Value::Object(
                members.iter().map(|member| (member.key.clone(), member.value.to_json())).collect(),
            ),
        }
    }
}
