//! The static index: files that any web server or folder could serve as well, from which `stanchion update` reads.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::Shared;
use super::answers::{broken, nothing, problem};
use crate::model::GuidelineId;
use crate::registry::index;
use crate::registry::store::Kind;

/// `/index/config.json`: what a reader must know.
pub(super) async fn config(headers: HeaderMap) -> Response {
    tagged(&headers, "application/json", index::config())
}

/// `/index/<ns>/<slug>.jsonl`: one line for each version, the oldest first.
pub(super) async fn versions(
    State(shared): State<Shared>,
    Path((namespace, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(slug) = file.strip_suffix(".jsonl") else { return nothing().await };
    if GuidelineId::new(&format!("{namespace}/{slug}")).is_err() {
        return nothing().await;
    }
    match shared.store.versions(Kind::Guideline, &namespace, slug).await {
        Ok(versions) if versions.is_empty() => nothing().await,
        Ok(versions) => tagged(&headers, "application/x-ndjson", index::lines(&versions)),
        Err(error) => broken(&error),
    }
}

/// `/blob/<sha256>.md`: a text, for ever the same.
pub(super) async fn text(State(shared): State<Shared>, Path(file): Path<String>) -> Response {
    let digits =
        file.strip_suffix(".md").filter(|it| it.len() == 64 && it.bytes().all(|b| b.is_ascii_hexdigit()));
    let Some(sha256) = digits else { return nothing().await };
    match shared.store.text(sha256).await {
        Ok(Some(text)) => {
            let forever = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
            let kind = (header::CONTENT_TYPE, "text/markdown; charset=utf-8");
            ([kind, forever], text).into_response()
        }
        Ok(None) => problem(StatusCode::NOT_FOUND, "There is no text with this digest."),
        Err(error) => broken(&error),
    }
}

/// An answer with a strong tag, or that it has not changed.
fn tagged(headers: &HeaderMap, kind: &'static str, body: String) -> Response {
    let digest: String =
        Sha256::digest(body.as_bytes())[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{digest}\"");
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let same =
        known.flat_map(|value| value.split(',')).any(|it| matches!(it.trim(), "*") || it.trim() == tag);
    let shared = [(header::ETAG, tag), (header::CACHE_CONTROL, "public, max-age=60".to_owned())];
    if same {
        return (StatusCode::NOT_MODIFIED, shared).into_response();
    }
    (shared, [(header::CONTENT_TYPE, kind)], body).into_response()
}
