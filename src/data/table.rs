//! Code that the parsers share: mappings of lines, and spans that are certain to be inside the text.

use std::collections::HashMap;

use super::{Member, Node, NodeKind};
use crate::text::Span;

/// Members by key. A later line with the same key replaces the earlier member at its index.
#[derive(Default)]
pub(super) struct Table {
    members: Vec<Member>,
    positions: HashMap<String, usize>,
}

impl Table {
    /// Inserts `member`, replacing one with the same key; returns its index.
    pub(super) fn put(&mut self, member: Member) -> usize {
        if let Some(&place) = self.positions.get(&member.key) {
            self.members[place] = member;
            return place;
        }
        let place = self.members.len();
        self.positions.insert(member.key.clone(), place);
        self.members.push(member);
        place
    }

    /// Index of the member with this key.
    pub(super) fn position(&self, key: &str) -> Option<usize> {
        self.positions.get(key).copied()
    }

    /// Member at index `place`, if it exists.
    pub(super) fn member(&mut self, place: usize) -> Option<&mut Member> {
        self.members.get_mut(place)
    }

    /// Converts the table to a mapping node with this span.
    pub(super) fn into_node(self, span: Span) -> Node {
        Node { span, kind: NodeKind::Object(self.members) }
    }
}

/// Limits the span to `text` and moves its ends to character boundaries, in case a parser reports a wrong
/// span.
pub(super) fn clamp_span(span: Span, text: &str) -> Span {
    let border = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    Span::new(border(span.start), border(span.end))
}

/// Formats a key for a message: one line of bounded length.
pub(super) fn shorten_key(key: &str) -> String {
    const MAX_CHARS: usize = 60;
    let mut out: String = key.chars().take(MAX_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if key.chars().nth(MAX_CHARS).is_some() {
        out.push('…');
    }
    out
}
