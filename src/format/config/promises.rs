//! What is promised.

use serde::Deserialize;
use serde_json::Value;

use super::Promised;
use super::raw::RawPromise;
use crate::format::source::{Document, keys};
use crate::model::{Date, GuidelineId, Problem, Promise};

/// The promises that are tables, understood, in order of guideline.
pub(super) fn read(document: &Document<'_>, json: &Value, problems: &mut Vec<Problem>) -> Vec<Promised> {
    let mut all = Vec::new();
    let Some(promises) = json.get("promises").and_then(Value::as_object) else { return all };
    for (key, value) in promises {
        let span = document.key(&keys(&["promises", key]));
        let guideline = match GuidelineId::new(key) {
            Ok(guideline) => guideline,
            Err(message) => {
                let help =
                    Some("one guideline at a time, for example \"secrets/no-private-keys\"".to_owned());
                problems.push(document.source.problem(span, message, "not a guideline's id", help));
                continue;
            }
        };
        // What is no promise is told by the schema.
        let Ok(raw) = RawPromise::deserialize(value) else { continue };
        match raw.since.parse::<Date>() {
            Ok(since) => {
                let promise = Promise { since, from_here: raw.from_here };
                all.push(Promised { guideline, promise, span });
            }
            Err(message) => {
                let at = document.value(&keys(&["promises", key, "since"]));
                let help = Some("a promise begins with a whole day, as in { since = 2026-11-22 }".to_owned());
                problems.push(document.source.problem(at, message, "not a day", help));
            }
        }
    }
    all.sort_by(|a, b| a.guideline.cmp(&b.guideline));
    all
}
