//! The located tree that every data format is read into.

use serde::{Deserialize, Serialize};

use crate::text::Span;

/// A value with its place in the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where the value stands. A block-style YAML mapping spans from its first key to the end of its
    /// last value.
    pub span: Span,
    /// The value.
    pub kind: Kind,
}

/// The value of a [`Node`].
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `null`, `~`, nothing.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number as JSON knows it.
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
    /// The key's text.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

/// One step from a value to a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Step {
    /// Into a mapping.
    Key(String),
    /// Into a sequence.
    Index(usize),
}

/// The way from a root to one of its parts.
pub type Pointer = [Step];

/// Why a document could not be read. Spans count bytes of the given text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// It is not of the format. A sentence, and where.
    Syntax {
        /// What is wrong.
        message: String,
        /// Where.
        span: Span,
    },
    /// Nested deeper than the budget.
    TooDeep {
        /// Where the budget was passed.
        span: Span,
    },
    /// More nodes than the budget (an alias bomb, perhaps).
    TooManyNodes,
}

impl Node {
    /// The part at `pointer`, with the span of the key that leads to it, if a key does.
    #[must_use]
    pub fn locate(&self, pointer: &Pointer) -> Option<(Option<Span>, &Self)> {
        let mut at = (None, self);
        for step in pointer {
            at = match (step, &at.1.kind) {
                (Step::Key(key), Kind::Object(members)) => {
                    let member = members.iter().find(|member| member.key == *key)?;
                    (Some(member.key_span), &member.value)
                }
                (Step::Index(index), Kind::Array(items)) => (None, items.get(*index)?),
                _ => return None,
            };
        }
        Some(at)
    }

    /// The same value as plain JSON, keys in source order.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(value) => Value::Number(value.clone()),
            Kind::String(value) => Value::String(value.clone()),
            Kind::Array(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Kind::Object(members) => Value::Object(
                members.iter().map(|member| (member.key.clone(), member.value.to_json())).collect(),
            ),
        }
    }
}
