//! Static index: files from which `stanchion update` reads. Any web server or folder could provide them.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::AppState;
use super::responses::{client_has, database_error, not_found, problem, with_etag};
use crate::model::GuidelineId;
use crate::registry::index;
use crate::registry::store::{Name, PublishedVersion};

/// `/index/config.json`: format of the index.
pub(super) async fn config(headers: HeaderMap) -> Response {
    with_etag(&headers, "application/json", index::config())
}

/// `/index/<ns>/<slug>.jsonl`: one line per version, the oldest first.
pub(super) async fn versions(
    State(state): State<AppState>,
    Path((namespace, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(slug) = file.strip_suffix(".jsonl") else { return not_found().await };
    if GuidelineId::new(&format!("{namespace}/{slug}")).is_err() {
        return not_found().await;
    }
    match read(&state, &namespace, slug).await {
        Ok(Some((name, versions))) => {
            with_etag(&headers, "application/x-ndjson", index::lines(&name, &versions))
        }
        Ok(None) => not_found().await,
        Err(error) => database_error(&error),
    }
}

async fn read(
    state: &AppState,
    namespace: &str,
    slug: &str,
) -> Result<Option<(Name, Vec<PublishedVersion>)>, sqlx::Error> {
    let Some(name) = state.store.name(namespace, slug).await? else { return Ok(None) };
    Ok(Some((name, state.store.versions(namespace, slug).await?)))
}

/// `/blob/<sha256>.md` (or `.toml`): a published text. It never changes.
pub(super) async fn text(
    State(state): State<AppState>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    let digits = file
        .strip_suffix(".md")
        .or_else(|| file.strip_suffix(".toml"))
        .filter(|it| it.len() == 64 && it.bytes().all(|b| b.is_ascii_hexdigit()));
    let Some(sha256) = digits else { return not_found().await };
    match state.store.text(sha256).await {
        Ok(Some(text)) => {
            // The digest identifies the content.
            let tag = format!("\"{}\"", sha256.to_ascii_lowercase());
            let cache_headers =
                [(header::CACHE_CONTROL, "public, max-age=31536000, immutable"), (header::ETAG, &tag)];
            if client_has(&headers, &tag) {
                return (StatusCode::NOT_MODIFIED, cache_headers).into_response();
            }
            // Sent as text, so that a browser displays it and does not execute it.
            let kind = if file.strip_suffix(".md").is_some() { "text/markdown" } else { "text/plain" };
            let kind = [(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))];
            (cache_headers, kind, text).into_response()
        }
        Ok(None) => problem(StatusCode::NOT_FOUND, "There is no text with this digest."),
        Err(error) => database_error(&error),
    }
}
