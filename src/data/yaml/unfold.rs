//! Conversion of the arena to nodes: expands aliases and applies merge keys, within the limits.

use std::collections::HashSet;

use super::super::limits::DocumentLimits;
use super::super::{LoadError, Member, Node, NodeKind};
use super::arena::{Arena, ArenaContent, ArenaValue, MappingEntry, ValueId};
use crate::text::Span;

/// Number of text bytes that count as one additional value when an alias repeats them.
const BYTES_PER_NODE: usize = 64;

/// Builds the documents of the file. Empty documents are omitted if there is another one (files often end
/// with `---`); a file without any document gives one null node.
pub(super) fn build_documents(mut arena: Arena, limits: &DocumentLimits) -> Result<Vec<Node>, LoadError> {
    check_unfolded_size(&arena, limits)?;
    let filled: Vec<ValueId> = arena.roots.iter().copied().filter(|&id| !is_nothing(&arena, id)).collect();
    if filled.is_empty() {
        let span = arena.roots.first().map_or_else(|| Span::at(0), |&id| arena.values[id].span);
        return Ok(vec![Node { span, kind: NodeKind::Null }]);
    }
    if arena.repeats {
        return Ok(filled.into_iter().map(|id| unfold_node(&arena, id)).collect());
    }
    Ok(filled.into_iter().map(|id| take_node(&mut arena.values, id)).collect())
}

/// Builds the node of a value if no value is used twice: the elements are moved out of the arena.
fn take_node(values: &mut [ArenaValue], id: ValueId) -> Node {
    let span = values[id].span;
    let kind = match std::mem::replace(&mut values[id].content, ArenaContent::Nothing) {
        ArenaContent::Scalar(kind) => kind,
        ArenaContent::Sequence(items) => {
            NodeKind::Array(items.into_iter().map(|item| take_node(values, item)).collect())
        }
        ArenaContent::Mapping(entries) => {
            let members = entries.into_iter().filter_map(|entry| match entry {
                MappingEntry::Member { key, key_span, value } => {
                    Some(Member { key, key_span, value: take_node(values, value) })
                }
                MappingEntry::Merge { .. } => None,
            });
            NodeKind::Object(members.collect())
        }
        ArenaContent::Nothing | ArenaContent::Alias(_) => NodeKind::Null,
    };
    Node { span, kind }
}

fn is_nothing(arena: &Arena, id: ValueId) -> bool {
    matches!(arena.values[id].content, ArenaContent::Nothing)
}

/// Size of a value after expansion.
#[derive(Clone, Copy, Default)]
struct UnfoldedSize {
    nodes: usize,
    depth: usize,
}

/// Checks the size of each value after expansion, before anything is expanded. Elements have smaller ids than
/// their collections, so one pass is enough.
fn check_unfolded_size(arena: &Arena, limits: &DocumentLimits) -> Result<(), LoadError> {
    let mut measures: Vec<UnfoldedSize> = Vec::with_capacity(arena.values.len());
    for value in &arena.values {
        let of = |parts: &mut dyn Iterator<Item = (ValueId, usize)>| {
            parts.fold(UnfoldedSize { nodes: 1, depth: 1 }, |sum, (id, text)| UnfoldedSize {
                nodes: sum.nodes.saturating_add(measures[id].nodes).saturating_add(text / BYTES_PER_NODE),
                depth: sum.depth.max(measures[id].depth + 1),
            })
        };
        let measure = match &value.content {
            ArenaContent::Nothing => UnfoldedSize { nodes: 1, depth: 0 },
            ArenaContent::Scalar(kind) => {
                UnfoldedSize { nodes: 1 + text_bytes(kind) / BYTES_PER_NODE, depth: 0 }
            }
            ArenaContent::Alias(target) => measures[*target],
            ArenaContent::Sequence(items) => of(&mut items.iter().map(|&id| (id, 0))),
            ArenaContent::Mapping(entries) => of(&mut entries.iter().map(|entry| match entry {
                MappingEntry::Member { key, value, .. } => (*value, key.len()),
                MappingEntry::Merge { value } => (*value, 0),
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

fn text_bytes(kind: &NodeKind) -> usize {
    if let NodeKind::String(text) = kind { text.len() } else { 0 }
}

/// Builds the node of a value. The node of an alias has the span of the alias; its elements have the spans of
/// the anchored value.
fn unfold_node(arena: &Arena, id: ValueId) -> Node {
    let target = arena.target(id);
    let kind = match &target.content {
        ArenaContent::Scalar(kind) => kind.clone(),
        ArenaContent::Sequence(items) => {
            NodeKind::Array(items.iter().map(|&item| unfold_node(arena, item)).collect())
        }
        ArenaContent::Mapping(entries) => NodeKind::Object(members(arena, entries)),
        ArenaContent::Nothing | ArenaContent::Alias(_) => NodeKind::Null,
    };
    Node { span: arena.values[id].span, kind }
}

/// Members of a mapping. Its own keys override merged ones, and earlier merged ones override later ones.
fn members(arena: &Arena, entries: &[MappingEntry]) -> Vec<Member> {
    let own = entries.iter().filter_map(|entry| match entry {
        MappingEntry::Member { key, .. } => Some(key.as_str()),
        MappingEntry::Merge { .. } => None,
    });
    let has_merge = entries.iter().any(|entry| matches!(entry, MappingEntry::Merge { .. }));
    let mut seen: HashSet<String> = if has_merge { own.map(str::to_owned).collect() } else { HashSet::new() };
    let mut out = Vec::with_capacity(entries.len());
    for entry in entries {
        match entry {
            MappingEntry::Member { key, key_span, value } => {
                out.push(Member { key: key.clone(), key_span: *key_span, value: unfold_node(arena, *value) });
            }
            MappingEntry::Merge { value } => {
                let merged = merged_members(arena, *value);
                out.extend(merged.into_iter().filter(|member| seen.insert(member.key.clone())));
            }
        }
    }
    out
}

/// Members that `<<: value` merges.
fn merged_members(arena: &Arena, id: ValueId) -> Vec<Member> {
    match &arena.target(id).content {
        ArenaContent::Mapping(entries) => members(arena, entries),
        ArenaContent::Sequence(items) => items.iter().flat_map(|&item| merged_members(arena, item)).collect(),
        _ => Vec::new(),
    }
}
