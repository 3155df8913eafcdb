//! What the loaders share: mappings of lines, and spans that surely lie inside the text.

use std::collections::HashMap;

use super::{Kind, Member, Node};
use crate::text::Span;

/// Members by key, where a later line replaces an earlier one in its place.
#[derive(Default)]
pub(super) struct Table {
    members: Vec<Member>,
    places: HashMap<String, usize>,
}

impl Table {
    /// Puts `member`, in place of one with the same key if there is one; returns where it stands.
    pub(super) fn put(&mut self, member: Member) -> usize {
        if let Some(&place) = self.places.get(&member.key) {
            self.members[place] = member;
            return place;
        }
        let place = self.members.len();
        self.places.insert(member.key.clone(), place);
        self.members.push(member);
        place
    }

    /// Where `key` stands.
    pub(super) fn place(&self, key: &str) -> Option<usize> {
        self.places.get(key).copied()
    }

    /// The member at `place`, if there is one.
    pub(super) fn member(&mut self, place: usize) -> Option<&mut Member> {
        self.members.get_mut(place)
    }

    /// The mapping as a value that stands at `span`.
    pub(super) fn into_node(self, span: Span) -> Node {
        Node { span, kind: Kind::Object(self.members) }
    }
}

/// The span moved inside `text` and onto character borders, should a parser ever be off.
pub(super) fn inside(span: Span, text: &str) -> Span {
    let border = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    Span::new(border(span.start), border(span.end))
}

/// A key for a message: one line of bounded length.
pub(super) fn short(key: &str) -> String {
    const MOST: usize = 60;
    let mut out: String = key.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if key.chars().nth(MOST).is_some() {
        out.push('…');
    }
    out
}
