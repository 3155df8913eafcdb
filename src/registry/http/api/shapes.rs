//! JSON of names and versions.

use serde_json::{Value, json};

use crate::registry::http::responses::rfc3339;
use crate::registry::store::{Name, PublishedVersion};

pub(super) fn name(it: &Name) -> Value {
    json!({
        "kind": it.kind.as_str(),
        "name": format!("{}/{}", it.namespace, it.slug),
        "version": it.version,
        "sha256": it.sha256,
        "title": it.title,
        "summary": it.summary,
        "stage": if it.stage.is_empty() { None } else { Some(&it.stage) },
        "owner": it.owner,
        "versions": it.versions,
        "changed": rfc3339(it.changed_ms),
        "yanked": it.yanked_ms.is_some(),
        "retired": it.retired_ms.is_some(),
        "retire_message": it.retire_message,
        "successor": it.successor,
    })
}

pub(super) fn version(it: &PublishedVersion) -> Value {
    json!({
        "kind": it.kind.as_str(),
        "name": format!("{}/{}", it.namespace, it.slug),
        "version": it.version,
        "sha256": it.sha256,
        "text": format!("/blob/{}.{}", it.sha256, it.kind.file_extension()),
        "title": it.title,
        "summary": it.summary,
        "stage": if it.stage.is_empty() { None } else { Some(&it.stage) },
        "owner": it.owner,
        "published": rfc3339(it.published_ms),
        "published_by": it.published_by,
        "note": it.note,
        "yanked": it.yanked_ms.is_some(),
        "yank_message": it.yank_message,
    })
}
