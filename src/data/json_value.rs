//! JSON without positions, for the common case of a valid file: one pass of `serde_json`, several times as
//! fast as building the tree of nodes.
//!
//! It accepts a subset of the texts that [`super::json`] accepts, with the same value. If a caller needs a
//! position or an error message, it parses the text again with that module.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::limits::DocumentLimits;

/// Parses `text`; `None` if it is not strict JSON, contains a duplicate key or exceeds a limit.
pub(super) fn read_plain_value(text: &str, limits: &DocumentLimits) -> Option<Value> {
    let mut nodes_left = limits.max_nodes;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = PlainValueReader { nodes_left: &mut nodes_left, depth_left: limits.max_depth }
        .deserialize(&mut deserializer)
        .ok()?;
    deserializer.end().ok()?;
    Some(value)
}

/// Parses one value within the remaining limits.
struct PlainValueReader<'l> {
    nodes_left: &'l mut usize,
    depth_left: usize,
}

/// Placeholder message, never shown: the other parser reports the problem.
const REFUSED: &str = "refused";

impl PlainValueReader<'_> {
    /// Returns a reader for the elements of a collection, if the nesting limit allows one.
    fn element_reader<E: Error>(&mut self) -> Result<PlainValueReader<'_>, E> {
        let depth_left = self.depth_left.checked_sub(1).ok_or_else(|| E::custom(REFUSED))?;
        Ok(PlainValueReader { nodes_left: self.nodes_left, depth_left })
    }
}

impl<'de> DeserializeSeed<'de> for &mut PlainValueReader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        *self.nodes_left = self.nodes_left.checked_sub(1).ok_or_else(|| D::Error::custom(REFUSED))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> DeserializeSeed<'de> for PlainValueReader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(mut self, deserializer: D) -> Result<Value, D::Error> {
        (&mut self).deserialize(deserializer)
    }
}

impl<'de> Visitor<'de> for &mut PlainValueReader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom(REFUSED))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut inner = self.element_reader()?;
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(&mut inner)? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut inner = self.element_reader()?;
        let mut all = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(&mut inner)?;
            if all.insert(key, value).is_some() {
                return Err(A::Error::custom(REFUSED));
            }
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DocumentFormat, load};
    use super::*;

    /// Value of `text` according to the parser with positions.
    fn located(text: &str, limits: &DocumentLimits) -> Option<Value> {
        load(DocumentFormat::Json, text, limits).ok().map(|nodes| nodes[0].to_json())
    }

    #[test]
    fn both_parsers_agree() {
        let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let small = DocumentLimits { max_depth: 128, max_nodes: 4, aliases: false };
        for (text, limits, fits) in [
            ("null", &DocumentLimits::DOCUMENT, true),
            (" {\"a\": [1, -2, 1.5, 1e3, -0, true, \"\\u00e9\\n😀\"]} \n", &DocumentLimits::DOCUMENT, true),
            (
                "[9007199254740993, 18446744073709551615, 18446744073709551616, -9223372036854775809]",
                &DocumentLimits::DOCUMENT,
                true,
            ),
            (
                "[0.1, 123456789012345678901234567890.5, 5e-324, 1.7976931348623157e308]",
                &DocumentLimits::DOCUMENT,
                true,
            ),
            ("{\"a\": 1, \"a\": 2}", &DocumentLimits::DOCUMENT, false),
            ("{\"a\": 1, \"\\u0061\": 2}", &DocumentLimits::DOCUMENT, false),
            ("[1e999]", &DocumentLimits::DOCUMENT, false),
            ("[1] [2]", &DocumentLimits::DOCUMENT, false),
            ("[1,]", &DocumentLimits::DOCUMENT, false),
            ("", &DocumentLimits::DOCUMENT, false),
            ("[1, 2, 3]", &small, true),
            ("[1, 2, 3, 4]", &small, false),
            (&deep(127), &DocumentLimits::DOCUMENT, true),
            (&deep(129), &DocumentLimits::DOCUMENT, false),
            (&deep(100_000), &DocumentLimits::DOCUMENT, false),
        ] {
            let found = read_plain_value(text, limits);
            assert_eq!(found.is_some(), fits, "{text:.60}");
            assert_eq!(found, located(text, limits), "{text:.60}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        /// Every text that the fast parser accepts, the parser with positions accepts too, with the same
        /// value.
        #[test]
        fn the_fast_parser_gives_the_same_value(
            text in r#"[\[{]?("[ab\\u0061éd8n/]{0,6}"|-?[0-9.eE+]{1,6}|[\[\]{},: tfn]|true|null|"a":|"b":){0,12}[\]}]?"#,
        ) {
            if let Some(found) = read_plain_value(&text, &DocumentLimits::DOCUMENT) {
                proptest::prop_assert_eq!(Some(found), located(&text, &DocumentLimits::DOCUMENT), "{}", text);
            }
        }
    }
}
