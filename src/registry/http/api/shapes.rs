//! How names and versions look in JSON.

use serde_json::{Value, json};

use crate::registry::store::{Name, PublishedVersion};

/// Milliseconds as RFC 3339, to the second, in UTC.
pub(super) fn time(ms: i64) -> Option<String> {
    jiff::Timestamp::from_second(ms.div_euclid(1000)).ok().map(|time| time.to_string())
}

pub(super) fn name(it: &Name) -> Value {
    json!({
        "kind": it.kind.word(),
        "name": format!("{}/{}", it.namespace, it.slug),
        "version": it.version,
        "sha256": it.sha256,
        "title": it.title,
        "summary": it.summary,
        "stage": if it.stage.is_empty() { None } else { Some(&it.stage) },
        "owner": it.owner,
        "versions": it.versions,
        "changed": time(it.changed_ms),
        "yanked": it.yanked_ms.is_some(),
        "retired": it.retired_ms.is_some(),
        "retire_message": it.retire_message,
        "successor": it.successor,
    })
}

pub(super) fn version(it: &PublishedVersion) -> Value {
    json!({
        "kind": it.kind.word(),
        "name": format!("{}/{}", it.namespace, it.slug),
        "version": it.version,
        "sha256": it.sha256,
        "text": format!("/blob/{}.{}", it.sha256, it.kind.ending()),
        "title": it.title,
        "summary": it.summary,
        "stage": if it.stage.is_empty() { None } else { Some(&it.stage) },
        "owner": it.owner,
        "published": time(it.published_ms),
        "published_by": it.published_by,
        "note": it.note,
        "yanked": it.yanked_ms.is_some(),
        "yank_message": it.yank_message,
    })
}
