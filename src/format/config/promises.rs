//! The table `promises` of `stanchion.toml`.

use serde::Deserialize;
use serde_json::Value;

use super::PromiseEntry;
use super::raw::RawPromise;
use crate::format::source::{LocatedDocument, pointer_to};
use crate::model::{Date, GuidelineId, Problem, Promise};

/// Parses the promises that are tables, sorted by guideline.
pub(super) fn read_promises(
    document: &LocatedDocument<'_>,
    json: &Value,
    problems: &mut Vec<Problem>,
) -> Vec<PromiseEntry> {
    let mut all = Vec::new();
    let Some(promises) = json.get("promises").and_then(Value::as_object) else { return all };
    for (key, value) in promises {
        let span = document.key_span(&pointer_to(&["promises", key]));
        let guideline = match GuidelineId::new(key) {
            Ok(guideline) => guideline,
            Err(message) => {
                let help =
                    Some("write the id of one guideline, for example \"secrets/no-private-keys\"".to_owned());
                problems.push(document.source.problem(span, message, "not a guideline's id", help));
                continue;
            }
        };
        // The schema reports an entry that is not a promise.
        let Ok(raw) = RawPromise::deserialize(value) else { continue };
        match raw.since.parse::<Date>() {
            Ok(since) => {
                let promise = Promise { since, from_here: raw.from_here };
                all.push(PromiseEntry { guideline, promise, span });
            }
            Err(message) => {
                let at = document.value_span(&pointer_to(&["promises", key, "since"]));
                let help = Some("write the date of the promise, as in { since = 2026-11-22 }".to_owned());
                problems.push(document.source.problem(at, message, "invalid date", help));
            }
        }
    }
    all.sort_by(|a, b| a.guideline.cmp(&b.guideline));
    all
}
