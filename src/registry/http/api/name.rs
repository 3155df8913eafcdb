//! `GET /api/v1/guidelines/{ns}/{slug}[/{version}|/compare/{a}...{b}]`, and the same for standards.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::shapes;
use crate::format;
use crate::model::{GuidelineId, Origin};
use crate::registry::http::AppState;
use crate::registry::http::responses::{database_error, problem, server_busy, with_etag};
use crate::registry::store::{NameWithVersions, PublishedKind, PublishedVersion};
use crate::report::describe_differences;
use crate::report::escape::escape;

/// A guideline with its versions.
pub(in crate::registry::http) async fn guideline(
    State(state): State<AppState>,
    Path((namespace, slug)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    one(&state, PublishedKind::Guideline, &namespace, &slug, &headers).await
}

/// A standard with its versions.
pub(in crate::registry::http) async fn standard(
    State(state): State<AppState>,
    Path((namespace, slug)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    one(&state, PublishedKind::Standard, &namespace, &slug, &headers).await
}

async fn one(
    state: &AppState,
    kind: PublishedKind,
    namespace: &str,
    slug: &str,
    headers: &HeaderMap,
) -> Response {
    if GuidelineId::new(&format!("{namespace}/{slug}")).is_err() {
        return unknown_name();
    }
    let name = match state.store.name(namespace, slug).await {
        Ok(Some(name)) if name.kind == kind => name,
        Ok(_) => return unknown_name(),
        Err(error) => return database_error(&error),
    };
    let versions = match state.store.versions(namespace, slug).await {
        Ok(versions) => versions,
        Err(error) => return database_error(&error),
    };
    with_etag(headers, "application/json", with_history(&(name, versions)))
}

/// JSON of a name with its versions, the newest first.
pub(super) fn with_history((name, versions): &NameWithVersions) -> String {
    let mut body = shapes::name(name);
    body["history"] = versions.iter().rev().map(shapes::version).collect();
    format!("{body}\n")
}

/// One version of a guideline.
pub(in crate::registry::http) async fn guideline_version(
    State(state): State<AppState>,
    Path((namespace, slug, version)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    version_of(&state, PublishedKind::Guideline, &namespace, &slug, &version, &headers).await
}

/// One version of a standard.
pub(in crate::registry::http) async fn standard_version(
    State(state): State<AppState>,
    Path((namespace, slug, version)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    version_of(&state, PublishedKind::Standard, &namespace, &slug, &version, &headers).await
}

async fn version_of(
    state: &AppState,
    kind: PublishedKind,
    namespace: &str,
    slug: &str,
    version: &str,
    headers: &HeaderMap,
) -> Response {
    match find_version(state, kind, namespace, slug, version).await {
        Ok(it) => with_etag(headers, "application/json", version_body(&it)),
        Err(response) => response,
    }
}

/// JSON of a version.
pub(super) fn version_body(it: &PublishedVersion) -> String {
    format!("{}\n", shapes::version(it))
}

/// Finds a version, or returns an error response.
pub(super) async fn find_version(
    state: &AppState,
    kind: PublishedKind,
    namespace: &str,
    slug: &str,
    version: &str,
) -> Result<PublishedVersion, Response> {
    if GuidelineId::new(&format!("{namespace}/{slug}")).is_err() {
        return Err(unknown_name());
    }
    let versions = state.store.versions(namespace, slug).await.map_err(|error| database_error(&error))?;
    let found = versions.into_iter().find(|it| it.kind == kind && it.version == version);
    found.ok_or_else(unknown_name)
}

/// 404 for an unknown name or version.
pub(super) fn unknown_name() -> Response {
    problem(StatusCode::NOT_FOUND, "Nothing is published under this name and version.")
}

/// Describes the changes between two versions of a guideline in sentences.
pub(in crate::registry::http) async fn compare(
    State(state): State<AppState>,
    Path((namespace, slug, pair)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some((old, new)) = pair.split_once("...") else { return unknown_name() };
    let before = read(&state, &namespace, &slug, old).await;
    let (before, after) = match (before, read(&state, &namespace, &slug, new).await) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(response), _) | (_, Err(response)) => return response,
    };
    let file = slug.clone();
    let bytes = before.len() + after.len();
    let compared = move || {
        let parse =
            |text: &str| format::parse_guideline(&file, text, Origin::File(file.clone()), &|_| None).ok();
        let changes = describe_differences(&parse(&before)?, &parse(&after)?);
        Some(changes.iter().map(|it| escape(it).into_owned()).collect::<Vec<_>>())
    };
    let changes = match state.text_work.run_for_size(bytes, compared).await {
        Ok(Some(changes)) => changes,
        Ok(None) => {
            let detail = "This version of the registry cannot read the published text.";
            return problem(StatusCode::INTERNAL_SERVER_ERROR, detail);
        }
        Err(_) => return server_busy(),
    };
    let body = json!({ "name": format!("{namespace}/{slug}"), "from": old, "to": new, "changes": changes });
    with_etag(&headers, "application/json", format!("{body}\n"))
}

async fn read(state: &AppState, namespace: &str, slug: &str, version: &str) -> Result<String, Response> {
    let it = find_version(state, PublishedKind::Guideline, namespace, slug, version).await?;
    let text = state.store.text(&it.sha256).await.map_err(|error| database_error(&error))?;
    Ok(text.unwrap_or_default())
}
