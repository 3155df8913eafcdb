//! Text of the static index. The server and `export` use the same bytes.

use super::store::{Name, PublishedVersion};

/// Version of the index format.
const VERSION: u32 = 1;

/// `/index/config.json`: format of the index.
pub(super) fn config() -> String {
    let config = serde_json::json!({
        "v": VERSION,
        "index": "index/{namespace}/{slug}.jsonl",
        "blob": "blob/{sha256}.{md|toml}",
    });
    format!("{config}\n")
}

/// `/index/<ns>/<slug>.jsonl`: one line per version of a name, in the given order.
pub(super) fn lines(name: &Name, versions: &[PublishedVersion]) -> String {
    versions.iter().map(|it| line(name, it)).collect()
}

fn line(name: &Name, it: &PublishedVersion) -> String {
    let line = serde_json::json!({
        "v": VERSION,
        "kind": it.kind.as_str(),
        "name": format!("{}/{}", it.namespace, it.slug),
        "version": it.version,
        "sha256": it.sha256,
        "schema": 1,
        "stage": it.stage,
        "title": it.title,
        "published_ms": it.published_ms,
        "yanked": it.yanked_ms.is_some(),
        "yank_message": it.yank_message,
        "retired": name.retired_ms.is_some(),
        "retire_message": name.retire_message,
        "successor": name.successor,
    });
    format!("{line}\n")
}
