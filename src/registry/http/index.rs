//! The static index: files that any web server or folder could serve as well, from which `stanchion update` reads.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::answers::{broken, has, nothing, problem, tagged};
use crate::model::GuidelineId;
use crate::registry::index;
use crate::registry::store::{Name, PublishedVersion};

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
    match read(&shared, &namespace, slug).await {
        Ok(Some((name, versions))) => {
            tagged(&headers, "application/x-ndjson", index::lines(&name, &versions))
        }
        Ok(None) => nothing().await,
        Err(error) => broken(&error),
    }
}

async fn read(
    shared: &Shared,
    namespace: &str,
    slug: &str,
) -> Result<Option<(Name, Vec<PublishedVersion>)>, sqlx::Error> {
    let Some(name) = shared.store.name(namespace, slug).await? else { return Ok(None) };
    Ok(Some((name, shared.store.versions(namespace, slug).await?)))
}

/// `/blob/<sha256>.md` (or `.toml`): a text, for ever the same.
pub(super) async fn text(
    State(shared): State<Shared>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    let digits = file
        .strip_suffix(".md")
        .or_else(|| file.strip_suffix(".toml"))
        .filter(|it| it.len() == 64 && it.bytes().all(|b| b.is_ascii_hexdigit()));
    let Some(sha256) = digits else { return nothing().await };
    match shared.store.text(sha256).await {
        Ok(Some(text)) => {
            // Its digest says what it is.
            let tag = format!("\"{}\"", sha256.to_ascii_lowercase());
            let forever =
                [(header::CACHE_CONTROL, "public, max-age=31536000, immutable"), (header::ETAG, &tag)];
            if has(&headers, &tag) {
                return (StatusCode::NOT_MODIFIED, forever).into_response();
            }
            // As text, so that a browser shows it and nothing else.
            let kind = if file.strip_suffix(".md").is_some() { "text/markdown" } else { "text/plain" };
            let kind = [(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))];
            (forever, kind, text).into_response()
        }
        Ok(None) => problem(StatusCode::NOT_FOUND, "There is no text with this digest."),
        Err(error) => broken(&error),
    }
}
