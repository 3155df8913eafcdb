//! JSON without places, for the many files in which nothing is wrong: one pass of `serde_json`, several
//! times as fast as the located tree.
//!
//! It takes only what [`super::json`] takes too, with the same value; whoever needs a place or the words
//! for a refusal reads the text again with that one.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::limits::Limits;

/// The value of `text`; `None` when it is not strict JSON, has a key twice or passes a limit.
pub(super) fn value(text: &str, limits: &Limits) -> Option<Value> {
    let mut nodes_left = limits.max_nodes;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Reader { nodes_left: &mut nodes_left, depth_left: limits.max_depth }
        .deserialize(&mut deserializer)
        .ok()?;
    deserializer.end().ok()?;
    Some(value)
}

/// Reads one value within what is left of the limits.
struct Reader<'l> {
    nodes_left: &'l mut usize,
    depth_left: usize,
}

/// Words that nobody sees: the other reader says what is wrong.
const REFUSED: &str = "refused";

impl Reader<'_> {
    /// The reader of a part, if the value may have parts.
    fn inner<E: Error>(&mut self) -> Result<Reader<'_>, E> {
        let depth_left = self.depth_left.checked_sub(1).ok_or_else(|| E::custom(REFUSED))?;
        Ok(Reader { nodes_left: self.nodes_left, depth_left })
    }
}

impl<'de> DeserializeSeed<'de> for &mut Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        *self.nodes_left = self.nodes_left.checked_sub(1).ok_or_else(|| D::Error::custom(REFUSED))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(mut self, deserializer: D) -> Result<Value, D::Error> {
        (&mut self).deserialize(deserializer)
    }
}

impl<'de> Visitor<'de> for &mut Reader<'_> {
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
        let mut inner = self.inner()?;
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(&mut inner)? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut inner = self.inner()?;
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
    use super::super::{Format, load};
    use super::*;

    /// What the located reader makes of `text`.
    fn located(text: &str, limits: &Limits) -> Option<Value> {
        load(Format::Json, text, limits).ok().map(|nodes| nodes[0].to_json())
    }

    #[test]
    fn both_readers_agree() {
        let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let small = Limits { max_depth: 128, max_nodes: 4, aliases: false };
        for (text, limits, fits) in [
            ("null", &Limits::DOCUMENT, true),
            (" {\"a\": [1, -2, 1.5, 1e3, -0, true, \"\\u00e9\\n😀\"]} \n", &Limits::DOCUMENT, true),
            (
                "[9007199254740993, 18446744073709551615, 18446744073709551616, -9223372036854775809]",
                &Limits::DOCUMENT,
                true,
            ),
            (
                "[0.1, 123456789012345678901234567890.5, 5e-324, 1.7976931348623157e308]",
                &Limits::DOCUMENT,
                true,
            ),
            ("{\"a\": 1, \"a\": 2}", &Limits::DOCUMENT, false),
            ("{\"a\": 1, \"\\u0061\": 2}", &Limits::DOCUMENT, false),
            ("[1e999]", &Limits::DOCUMENT, false),
            ("[1] [2]", &Limits::DOCUMENT, false),
            ("[1,]", &Limits::DOCUMENT, false),
            ("", &Limits::DOCUMENT, false),
            ("[1, 2, 3]", &small, true),
            ("[1, 2, 3, 4]", &small, false),
            (&deep(127), &Limits::DOCUMENT, true),
            (&deep(129), &Limits::DOCUMENT, false),
            (&deep(100_000), &Limits::DOCUMENT, false),
        ] {
            let found = value(text, limits);
            assert_eq!(found.is_some(), fits, "{text:.60}");
            assert_eq!(found, located(text, limits), "{text:.60}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        /// Whatever the fast reader takes, the located one takes with the same value.
        #[test]
        fn what_is_read_fast_is_read_alike(
            text in r#"[\[{]?("[ab\\u0061éd8n/]{0,6}"|-?[0-9.eE+]{1,6}|[\[\]{},: tfn]|true|null|"a":|"b":){0,12}[\]}]?"#,
        ) {
            if let Some(found) = value(&text, &Limits::DOCUMENT) {
                proptest::prop_assert_eq!(Some(found), located(&text, &Limits::DOCUMENT), "{}", text);
            }
        }
    }
}
