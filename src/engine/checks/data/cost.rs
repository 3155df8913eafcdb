//! How often a schema looks at the same value: the library has no limit, and a schema whose recursion
//! has two ways to the same part of a value takes twice the time at each level of nesting.
//!
//! Only references inside the schema are followed; with an inner `$id` some may be missed, so this is a
//! guard against accidents, not a proof.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Most ways in which a schema may look at one value without going into it.
const MAX_WAYS: usize = 10_000;
/// Most of that for all parts of a schema together.
const MAX_ALL_WAYS: usize = 10_000_000;
/// Longest chain of parts that look at the same value.
const MAX_CHAIN: usize = 200;
/// Most looks at values of a document.
pub(super) const MAX_LOOKS: usize = 10_000_000;

/// In how many ways, at most, a recursion of the schema comes to the same part of a value: 1 takes
/// linear time, with more it is that number to the power of the value's depth.
///
/// # Errors
/// Words, when already one value is looked at in too many ways.
pub(super) fn branching(schema: &Value) -> Result<usize, String> {
    let graph = Graph::of(schema);
    let groups = graph.groups();
    let mut left = MAX_ALL_WAYS;
    let mut most = 1;
    for node in 0..graph.parts.len() {
        most = most.max(graph.ways(node, &groups, &mut left)?);
    }
    Ok(most)
}

/// Whether a schema of that branching could look at values too often in `value`.
pub(super) fn is_too_much(branching: usize, value: &Value) -> bool {
    if branching < 2 {
        return false;
    }
    let mut sum = 0_usize;
    let mut open = vec![(value, 1_usize)];
    while let Some((value, looks)) = open.pop() {
        sum = sum.saturating_add(looks);
        if sum > MAX_LOOKS {
            return true;
        }
        let looks = looks.saturating_mul(branching);
        match value {
            Value::Array(items) => open.extend(items.iter().map(|item| (item, looks))),
            Value::Object(members) => open.extend(members.values().map(|value| (value, looks))),
            _ => {}
        }
    }
    false
}

/// What a part of a schema is about.
#[derive(Clone, Copy)]
enum Below<'s> {
    Key(&'s str),
    /// Any key but those in `properties` beside it.
    OtherKey(Option<&'s Map<String, Value>>),
    /// The item of that number.
    Index(usize),
    /// Any item from that number on.
    Items(usize),
}

/// One part of a schema and the parts it leads to.
#[derive(Default)]
struct Part<'s> {
    /// About the same value.
    same: Vec<usize>,
    /// About parts of the value.
    below: Vec<(Below<'s>, usize)>,
}

struct Graph<'s> {
    root: &'s Value,
    parts: Vec<Part<'s>>,
    numbers: HashMap<*const Value, usize>,
    anchors: HashMap<&'s str, &'s Value>,
    open: Vec<(usize, &'s Value)>,
}

impl<'s> Graph<'s> {
    fn of(root: &'s Value) -> Self {
        let (parts, numbers, anchors) = (Vec::new(), HashMap::new(), HashMap::new());
        let mut graph = Self { root, parts, numbers, anchors, open: Vec::new() };
        let mut all = vec![root];
        while let Some(value) = all.pop() {
            match value {
                Value::Object(members) => {
                    for key in ["$anchor", "$dynamicAnchor"] {
                        if let Some(name) = members.get(key).and_then(Value::as_str) {
                            graph.anchors.insert(name, value);
                        }
                    }
                    all.extend(members.values());
                }
                Value::Array(items) => all.extend(items),
                _ => {}
            }
        }
        graph.number(root);
        while let Some((number, value)) = graph.open.pop() {
            if let Value::Object(members) = value {
                graph.parts[number] = graph.part(members);
            }
        }
        graph
    }

    fn number(&mut self, value: &'s Value) -> usize {
        let next = self.parts.len();
        let number = *self.numbers.entry(std::ptr::from_ref(value)).or_insert(next);
        if number == next {
            self.parts.push(Part::default());
            self.open.push((number, value));
        }
        number
    }

    fn part(&mut self, members: &'s Map<String, Value>) -> Part<'s> {
        let mut part = Part::default();
        let properties = members.get("properties").and_then(Value::as_object);
        for (key, value) in members {
            match (key.as_str(), value) {
                ("$ref" | "$dynamicRef" | "$recursiveRef", Value::String(target)) => {
                    part.same.extend(self.target(target).map(|target| self.number(target)));
                }
                ("allOf" | "anyOf" | "oneOf", Value::Array(items)) => {
                    part.same.extend(items.iter().map(|item| self.number(item)));
                }
                ("not" | "if" | "then" | "else", _) => part.same.push(self.number(value)),
                ("dependentSchemas" | "dependencies", Value::Object(values)) => {
                    part.same.extend(values.values().map(|value| self.number(value)));
                }
                ("properties", Value::Object(values)) => {
                    part.below
                        .extend(values.iter().map(|(key, value)| (Below::Key(key), self.number(value))));
                }
                ("patternProperties", Value::Object(values)) => {
                    let any = |value| (Below::OtherKey(None), self.number(value));
                    part.below.extend(values.values().map(any));
                }
                ("additionalProperties", _) => {
                    part.below.push((Below::OtherKey(properties), self.number(value)));
                }
                ("unevaluatedProperties", _) => {
                    part.below.push((Below::OtherKey(None), self.number(value)));
                }
                ("prefixItems" | "items", Value::Array(items)) => {
                    let numbered = items.iter().enumerate();
                    part.below.extend(numbered.map(|(at, item)| (Below::Index(at), self.number(item))));
                }
                ("items" | "additionalItems", _) => {
                    let list = if key == "items" { "prefixItems" } else { "items" };
                    let from = members.get(list).and_then(Value::as_array).map_or(0, Vec::len);
                    part.below.push((Below::Items(from), self.number(value)));
                }
                ("contains" | "unevaluatedItems", _) => {
                    part.below.push((Below::Items(0), self.number(value)));
                }
                _ => {}
            }
        }
        if members.contains_key("unevaluatedProperties") || members.contains_key("unevaluatedItems") {
            // What was evaluated is found out by looking once more.
            part.same.extend_from_within(..);
        }
        part
    }

    fn target(&self, target: &str) -> Option<&'s Value> {
        let place = target.strip_prefix('#')?;
        match place {
            "" => Some(self.root),
            pointer if pointer.starts_with('/') => self.root.pointer(pointer),
            anchor => self.anchors.get(anchor).copied(),
        }
    }
}

impl Graph<'_> {
    fn next(&self, number: usize) -> impl Iterator<Item = usize> + '_ {
        let part = &self.parts[number];
        part.same.iter().copied().chain(part.below.iter().map(|&(_, next)| next))
    }

    /// For each part the number of its group: the parts of a group lead to each other, round in a ring.
    fn groups(&self) -> Vec<usize> {
        let count = self.parts.len();
        let mut order = Vec::with_capacity(count);
        let mut seen = vec![false; count];
        for first in 0..count {
            let mut open = vec![(first, false)];
            while let Some((number, done)) = open.pop() {
                if done {
                    order.push(number);
                } else if !std::mem::replace(&mut seen[number], true) {
                    open.push((number, true));
                    open.extend(self.next(number).filter(|&next| !seen[next]).map(|next| (next, false)));
                }
            }
        }
        let mut back = vec![Vec::new(); count];
        for number in 0..count {
            self.next(number).for_each(|next| back[next].push(number));
        }
        let mut groups = vec![usize::MAX; count];
        for &first in order.iter().rev() {
            let mut open = vec![first];
            while let Some(number) = open.pop() {
                if groups[number] == usize::MAX {
                    groups[number] = first;
                    open.append(&mut back[number]);
                }
            }
        }
        groups
    }

    /// In how many ways `part` comes to one part of its value and from there back to itself.
    fn ways(&self, part: usize, groups: &[usize], left: &mut usize) -> Result<usize, String> {
        let mut keys: HashMap<&str, usize> = HashMap::new();
        let mut indexes: HashMap<usize, usize> = HashMap::new();
        let (mut other_keys, mut items) = (Vec::new(), Vec::new());
        let mut looks = 0;
        let mut path: Vec<usize> = Vec::new();
        let mut open = vec![(part, 0)];
        while let Some((number, depth)) = open.pop() {
            path.truncate(depth);
            // What comes to itself without going into the value is looked at once.
            if path.contains(&number) {
                continue;
            }
            path.push(number);
            looks += 1;
            let (same, below) = (&self.parts[number].same, &self.parts[number].below);
            *left = left.saturating_sub(1 + same.len() + below.len());
            if looks > MAX_WAYS || *left == 0 || path.len() > MAX_CHAIN {
                return Err(too_much());
            }
            open.extend(same.iter().map(|&next| (next, depth + 1)));
            for (what, _) in below.iter().filter(|&&(_, next)| groups[next] == groups[part]) {
                match what {
                    Below::Key(key) => *keys.entry(key).or_default() += 1,
                    Below::Index(index) => *indexes.entry(*index).or_default() += 1,
                    Below::OtherKey(but) => other_keys.push(*but),
                    Below::Items(from) => items.push(*from),
                }
            }
        }
        *left = left.saturating_sub(keys.len() * other_keys.len() + indexes.len() * items.len());
        if *left == 0 {
            return Err(too_much());
        }
        let with_others =
            |key: &str| other_keys.iter().filter(|but| !but.is_some_and(|but| but.contains_key(key))).count();
        let of_keys = keys.iter().map(|(key, ways)| ways + with_others(key)).max().unwrap_or(0);
        let from = |index: usize| items.iter().filter(|&&from| from <= index).count();
        let of_indexes = indexes.iter().map(|(&index, ways)| ways + from(index)).max().unwrap_or(0);
        Ok(of_keys.max(of_indexes).max(other_keys.len()).max(items.len()))
    }
}

fn too_much() -> String {
    "this schema looks at the same value in too many ways: its references lead to each other too often"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn recursions_with_several_ways_are_seen() {
        let node = json!({"$ref": "#"});
        let cases = [
            (json!({}), 1),
            (json!({"properties": {"a": node, "b": node}, "additionalProperties": node}), 1),
            (json!({"anyOf": [{"items": node}, {"additionalProperties": node}]}), 1),
            (json!({"prefixItems": [node, node], "items": node}), 1),
            (json!({"items": node, "contains": node}), 2),
            (json!({"anyOf": [{"properties": {"c": node}}, {"properties": {"c": node}}]}), 2),
            (json!({"anyOf": [{"properties": {"c": node}}, {"properties": {"d": node}}]}), 1),
            (json!({"properties": {"c": node}, "patternProperties": {"c": node}}), 2),
            (json!({"oneOf": [{"items": {"anyOf": [node, node]}}]}), 2),
            (json!({"anyOf": [{"properties": {"c": node}}], "unevaluatedProperties": false}), 2),
            (
                json!({"anyOf": [{"$ref": "#/$defs/x"}, {"$ref": "#x"}], "$defs": {"x": {"$anchor": "x", "items": node}}}),
                2,
            ),
            (json!({"anyOf": [{"properties": {"c": true}}, {"properties": {"c": node}}]}), 1),
            (json!({"anyOf": [node, {"$ref": "#"}, {"items": node}]}), 1),
        ];
        for (schema, expected) in cases {
            assert_eq!(branching(&schema), Ok(expected), "{schema}");
        }
        let twice = |n: usize| {
            let next = json!({"$ref": format!("#/$defs/a{}", n + 1)});
            (format!("a{n}"), json!({"allOf": [next, next]}))
        };
        let laughs: Map<String, Value> = (0..40).map(twice).chain([("a40".to_owned(), json!({}))]).collect();
        assert!(branching(&json!({"$ref": "#/$defs/a0", "$defs": laughs})).is_err());
    }

    #[test]
    fn looks_are_counted_over_the_document() {
        let nested = |depth| (0..depth).fold(json!(0), |inner, _| json!({"c": inner}));
        for (branching, depth, expected) in [(1, 120, false), (2, 15, false), (2, 40, true), (8, 5, false)] {
            assert_eq!(is_too_much(branching, &nested(depth)), expected, "{branching} {depth}");
        }
    }
}
