//! From the arena to nodes: aliases are unfolded and merge keys applied, within the limits.

use std::collections::HashSet;

use super::super::limits::Limits;
use super::super::{Kind, LoadError, Member, Node};
use super::arena::{Arena, Content, Entry, Id, Value};
use crate::text::Span;

/// Bytes of text that count as one more value when an alias repeats them.
const BYTES_PER_NODE: usize = 64;

/// The documents of the file. Empty documents are left out when there is another one (people end
/// files with `---`); a file without any has one that is null.
pub(super) fn documents(mut arena: Arena, limits: &Limits) -> Result<Vec<Node>, LoadError> {
    measure(&arena, limits)?;
    let filled: Vec<Id> = arena.roots.iter().copied().filter(|&id| !is_nothing(&arena, id)).collect();
    if filled.is_empty() {
        let span = arena.roots.first().map_or_else(|| Span::at(0), |&id| arena.values[id].span);
        return Ok(vec![Node { span, kind: Kind::Null }]);
    }
    if arena.repeats {
        return Ok(filled.into_iter().map(|id| unfold(&arena, id)).collect());
    }
    Ok(filled.into_iter().map(|id| moved(&mut arena.values, id)).collect())
}

/// The node of a value where nothing is used twice: its parts are taken out of the arena.
fn moved(values: &mut [Value], id: Id) -> Node {
    let span = values[id].span;
    let kind = match std::mem::replace(&mut values[id].content, Content::Nothing) {
        Content::Scalar(kind) => kind,
        Content::Sequence(items) => Kind::Array(items.into_iter().map(|item| moved(values, item)).collect()),
        Content::Mapping(entries) => {
            let members = entries.into_iter().filter_map(|entry| match entry {
                Entry::Member { key, key_span, value } => {
                    Some(Member { key, key_span, value: moved(values, value) })
                }
                Entry::Merge { .. } => None,
            });
            Kind::Object(members.collect())
        }
        Content::Nothing | Content::Alias(_) => Kind::Null,
    };
    Node { span, kind }
}

fn is_nothing(arena: &Arena, id: Id) -> bool {
    matches!(arena.values[id].content, Content::Nothing)
}

/// What a value unfolds to.
#[derive(Clone, Copy, Default)]
struct Measure {
    nodes: usize,
    depth: usize,
}

/// Refuses what would unfold to too much, before it is unfolded. Parts have smaller numbers than what
/// holds them, so one pass is enough.
fn measure(arena: &Arena, limits: &Limits) -> Result<(), LoadError> {
    let mut measures: Vec<Measure> = Vec::with_capacity(arena.values.len());
    for value in &arena.values {
        let of = |parts: &mut dyn Iterator<Item = (Id, usize)>| {
            parts.fold(Measure { nodes: 1, depth: 1 }, |sum, (id, text)| Measure {
                nodes: sum.nodes.saturating_add(measures[id].nodes).saturating_add(text / BYTES_PER_NODE),
                depth: sum.depth.max(measures[id].depth + 1),
            })
        };
        let measure = match &value.content {
            Content::Nothing => Measure { nodes: 1, depth: 0 },
            Content::Scalar(kind) => Measure { nodes: 1 + text_length(kind) / BYTES_PER_NODE, depth: 0 },
            Content::Alias(target) => measures[*target],
            Content::Sequence(items) => of(&mut items.iter().map(|&id| (id, 0))),
            Content::Mapping(entries) => of(&mut entries.iter().map(|entry| match entry {
                Entry::Member { key, value, .. } => (*value, key.len()),
                Entry::Merge { value } => (*value, 0),
            })),
        };
        if measure.nodes > limits.max_nodes {
            return Err(LoadError::TooManyNodes);
        }
        if measure.depth > limits.max_depth {
            return Err(LoadError::TooDeep { span: value.span });
        }
        measures.push(measure);
    }
    let total = arena.roots.iter().fold(0, |sum: usize, &id| sum.saturating_add(measures[id].nodes));
    if total > limits.max_nodes { Err(LoadError::TooManyNodes) } else { Ok(()) }
}

fn text_length(kind: &Kind) -> usize {
    if let Kind::String(text) = kind { text.len() } else { 0 }
}

/// The node of a value. An alias stands where it is used; what it holds stands where it is written.
fn unfold(arena: &Arena, id: Id) -> Node {
    let target = arena.target(id);
    let kind = match &target.content {
        Content::Scalar(kind) => kind.clone(),
        Content::Sequence(items) => Kind::Array(items.iter().map(|&item| unfold(arena, item)).collect()),
        Content::Mapping(entries) => Kind::Object(members(arena, entries)),
        Content::Nothing | Content::Alias(_) => Kind::Null,
    };
    Node { span: arena.values[id].span, kind }
}

/// The members of a mapping. Its own keys win over merged ones, and earlier merged ones over later.
fn members(arena: &Arena, entries: &[Entry]) -> Vec<Member> {
    let own = entries.iter().filter_map(|entry| match entry {
        Entry::Member { key, .. } => Some(key.as_str()),
        Entry::Merge { .. } => None,
    });
    let has_merge = entries.iter().any(|entry| matches!(entry, Entry::Merge { .. }));
    let mut seen: HashSet<String> = if has_merge { own.map(str::to_owned).collect() } else { HashSet::new() };
    let mut out = Vec::with_capacity(entries.len());
    for entry in entries {
        match entry {
            Entry::Member { key, key_span, value } => {
                out.push(Member { key: key.clone(), key_span: *key_span, value: unfold(arena, *value) });
            }
            Entry::Merge { value } => {
                let brought = merged(arena, *value);
                out.extend(brought.into_iter().filter(|member| seen.insert(member.key.clone())));
            }
        }
    }
    out
}

/// The members that `<<: value` brings.
fn merged(arena: &Arena, id: Id) -> Vec<Member> {
    match &arena.target(id).content {
        Content::Mapping(entries) => members(arena, entries),
        Content::Sequence(items) => items.iter().flat_map(|&item| merged(arena, item)).collect(),
        _ => Vec::new(),
    }
}
