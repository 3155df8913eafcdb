//! Estimates how often a schema visits the same value. The library has no limit, and a schema whose recursion
//! reaches the same part of a value in two ways takes twice the time at each level of nesting.
//!
//! Only references inside of the schema are followed. With an inner `$id` some may be missed, so this
//! protects against accidents and is not a proof.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Maximum number of ways in which a schema may visit one value without descending into it.
const MAX_WAYS: usize = 10_000;
/// Maximum number of such ways for all parts of a schema together.
const MAX_ALL_WAYS: usize = 10_000_000;
/// Maximum length of a chain of parts that apply to the same value.
const MAX_CHAIN: usize = 200;
/// Maximum number of visits to the values of a document.
pub(super) const MAX_VISITS: usize = 10_000_000;

/// Returns the maximum number of ways in which a recursion of the schema reaches the same part of a value.
/// With 1, validation takes linear time; with more, this number to the power of the value's depth.
///
/// # Errors
/// If a single value is visited in too many ways; the error is a message.
pub(super) fn branching_factor(schema: &Value) -> Result<usize, String> {
    let graph = SchemaGraph::of(schema);
    let groups = graph.find_cycles();
    let mut left = MAX_ALL_WAYS;
    let mut most = 1;
    for node in 0..graph.parts.len() {
        most = most.max(graph.count_ways(node, &groups, &mut left)?);
    }
    Ok(most)
}

/// Whether a schema with this branching factor could exceed [`MAX_VISITS`] in `value`.
pub(super) fn exceeds_budget(branching: usize, value: &Value) -> bool {
    if branching < 2 {
        return false;
    }
    let mut sum = 0_usize;
    let mut open = vec![(value, 1_usize)];
    while let Some((value, visits)) = open.pop() {
        sum = sum.saturating_add(visits);
        if sum > MAX_VISITS {
            return true;
        }
        let visits = visits.saturating_mul(branching);
        match value {
            Value::Array(items) => open.extend(items.iter().map(|item| (item, visits))),
            Value::Object(members) => open.extend(members.values().map(|value| (value, visits))),
            _ => {}
        }
    }
    false
}

/// Selects the children of a value to which a part of a schema applies.
#[derive(Clone, Copy)]
enum ChildSelector<'s> {
    Key(&'s str),
    /// Any key except those in the given `properties`.
    OtherKey(Option<&'s Map<String, Value>>),
    /// The item with this index.
    Index(usize),
    /// Any item from this index on.
    Items(usize),
}

/// One part of a schema, with the parts that it applies.
#[derive(Default)]
struct SchemaPart<'s> {
    /// Parts applied to the same value.
    same: Vec<usize>,
    /// Parts applied to children of the value.
    below: Vec<(ChildSelector<'s>, usize)>,
}

struct SchemaGraph<'s> {
    root: &'s Value,
    parts: Vec<SchemaPart<'s>>,
    numbers: HashMap<*const Value, usize>,
    anchors: HashMap<&'s str, &'s Value>,
    open: Vec<(usize, &'s Value)>,
}

impl<'s> SchemaGraph<'s> {
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
        graph.number_of(root);
        while let Some((number, value)) = graph.open.pop() {
            if let Value::Object(members) = value {
                graph.parts[number] = graph.read_part(members);
            }
        }
        graph
    }

    fn number_of(&mut self, value: &'s Value) -> usize {
        let next = self.parts.len();
        let number = *self.numbers.entry(std::ptr::from_ref(value)).or_insert(next);
        if number == next {
            self.parts.push(SchemaPart::default());
            self.open.push((number, value));
        }
        number
    }

    fn read_part(&mut self, members: &'s Map<String, Value>) -> SchemaPart<'s> {
        let mut part = SchemaPart::default();
        let properties = members.get("properties").and_then(Value::as_object);
        for (key, value) in members {
            match (key.as_str(), value) {
                ("$ref" | "$dynamicRef" | "$recursiveRef", Value::String(target)) => {
                    part.same.extend(self.resolve_reference(target).map(|target| self.number_of(target)));
                }
                ("allOf" | "anyOf" | "oneOf", Value::Array(items)) => {
                    part.same.extend(items.iter().map(|item| self.number_of(item)));
                }
                ("not" | "if" | "then" | "else", _) => part.same.push(self.number_of(value)),
                ("dependentSchemas" | "dependencies", Value::Object(values)) => {
                    part.same.extend(values.values().map(|value| self.number_of(value)));
                }
                ("properties", Value::Object(values)) => {
                    part.below.extend(
                        values.iter().map(|(key, value)| (ChildSelector::Key(key), self.number_of(value))),
                    );
                }
                ("patternProperties", Value::Object(values)) => {
                    let any = |value| (ChildSelector::OtherKey(None), self.number_of(value));
                    part.below.extend(values.values().map(any));
                }
                ("additionalProperties", _) => {
                    part.below.push((ChildSelector::OtherKey(properties), self.number_of(value)));
                }
                ("unevaluatedProperties", _) => {
                    part.below.push((ChildSelector::OtherKey(None), self.number_of(value)));
                }
                ("prefixItems" | "items", Value::Array(items)) => {
                    let numbered = items.iter().enumerate();
                    part.below
                        .extend(numbered.map(|(at, item)| (ChildSelector::Index(at), self.number_of(item))));
                }
                ("items" | "additionalItems", _) => {
                    let list = if key == "items" { "prefixItems" } else { "items" };
                    let from = members.get(list).and_then(Value::as_array).map_or(0, Vec::len);
                    part.below.push((ChildSelector::Items(from), self.number_of(value)));
                }
                ("contains" | "unevaluatedItems", _) => {
                    part.below.push((ChildSelector::Items(0), self.number_of(value)));
                }
                _ => {}
            }
        }
        if members.contains_key("unevaluatedProperties") || members.contains_key("unevaluatedItems") {
            // Determining which children were evaluated takes a second visit.
            part.same.extend_from_within(..);
        }
        part
    }

    fn resolve_reference(&self, target: &str) -> Option<&'s Value> {
        let place = target.strip_prefix('#')?;
        match place {
            "" => Some(self.root),
            pointer if pointer.starts_with('/') => self.root.pointer(pointer),
            anchor => self.anchors.get(anchor).copied(),
        }
    }
}

impl SchemaGraph<'_> {
    fn successors(&self, number: usize) -> impl Iterator<Item = usize> + '_ {
        let part = &self.parts[number];
        part.same.iter().copied().chain(part.below.iter().map(|&(_, next)| next))
    }

    /// Returns the group of each part, by number: parts of a group reach each other (strongly connected
    /// components).
    fn find_cycles(&self) -> Vec<usize> {
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
                    open.extend(
                        self.successors(number).filter(|&next| !seen[next]).map(|next| (next, false)),
                    );
                }
            }
        }
        let mut back = vec![Vec::new(); count];
        for number in 0..count {
            self.successors(number).for_each(|next| back[next].push(number));
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

    /// Counts in how many ways `part` reaches the same child of its value, and from there itself again.
    fn count_ways(&self, part: usize, groups: &[usize], left: &mut usize) -> Result<usize, String> {
        let mut keys: HashMap<&str, usize> = HashMap::new();
        let mut indexes: HashMap<usize, usize> = HashMap::new();
        let (mut other_keys, mut items) = (Vec::new(), Vec::new());
        let mut visits = 0;
        let mut path: Vec<usize> = Vec::new();
        let mut open = vec![(part, 0)];
        while let Some((number, depth)) = open.pop() {
            path.truncate(depth);
            // A cycle that does not descend into the value is visited only once.
            if path.contains(&number) {
                continue;
            }
            path.push(number);
            visits += 1;
            let (same, below) = (&self.parts[number].same, &self.parts[number].below);
            *left = left.saturating_sub(1 + same.len() + below.len());
            if visits > MAX_WAYS || *left == 0 || path.len() > MAX_CHAIN {
                return Err(too_many_ways());
            }
            open.extend(same.iter().map(|&next| (next, depth + 1)));
            for (selector, _) in below.iter().filter(|&&(_, next)| groups[next] == groups[part]) {
                match selector {
                    ChildSelector::Key(key) => *keys.entry(key).or_default() += 1,
                    ChildSelector::Index(index) => *indexes.entry(*index).or_default() += 1,
                    ChildSelector::OtherKey(but) => other_keys.push(*but),
                    ChildSelector::Items(from) => items.push(*from),
                }
            }
        }
        *left = left.saturating_sub(keys.len() * other_keys.len() + indexes.len() * items.len());
        if *left == 0 {
            return Err(too_many_ways());
        }
        let with_others =
            |key: &str| other_keys.iter().filter(|but| !but.is_some_and(|but| but.contains_key(key))).count();
        let of_keys = keys.iter().map(|(key, ways)| ways + with_others(key)).max().unwrap_or(0);
        let from = |index: usize| items.iter().filter(|&&from| from <= index).count();
        let of_indexes = indexes.iter().map(|(&index, ways)| ways + from(index)).max().unwrap_or(0);
        Ok(of_keys.max(of_indexes).max(other_keys.len()).max(items.len()))
    }
}

fn too_many_ways() -> String {
    "this schema visits the same value in too many ways: it has too many combinations of references"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn recursions_with_several_ways_are_detected() {
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
            assert_eq!(branching_factor(&schema), Ok(expected), "{schema}");
        }
        let twice = |n: usize| {
            let next = json!({"$ref": format!("#/$defs/a{}", n + 1)});
            (format!("a{n}"), json!({"allOf": [next, next]}))
        };
        let laughs: Map<String, Value> = (0..40).map(twice).chain([("a40".to_owned(), json!({}))]).collect();
        assert!(branching_factor(&json!({"$ref": "#/$defs/a0", "$defs": laughs})).is_err());
    }

    #[test]
    fn visits_are_counted_over_the_document() {
        let nested = |depth| (0..depth).fold(json!(0), |inner, _| json!({"c": inner}));
        for (branching, depth, expected) in [(1, 120, false), (2, 15, false), (2, 40, true), (8, 5, false)] {
            assert_eq!(exceeds_budget(branching, &nested(depth)), expected, "{branching} {depth}");
        }
    }
}
