//! `GET /api/v1/guidelines/{ns}/{slug}[/{version}|/compare/{a}...{b}]`, and the same for standards.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::shapes;
use crate::format;
use crate::model::{GuidelineId, Origin};
use crate::registry::http::Shared;
use crate::registry::http::answers::{broken, busy, problem, tagged};
use crate::registry::store::{Kind, NameWithVersions, PublishedVersion};
use crate::report::differences;
use crate::report::escape::escape;

/// A guideline with its versions.
pub(in crate::registry::http) async fn guideline(
    State(shared): State<Shared>,
    Path((namespace, slug)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    one(&shared, Kind::Guideline, &namespace, &slug, &headers).await
}

/// A standard with its versions.
pub(in crate::registry::http) async fn standard(
    State(shared): State<Shared>,
    Path((namespace, slug)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    one(&shared, Kind::Standard, &namespace, &slug, &headers).await
}

async fn one(shared: &Shared, kind: Kind, namespace: &str, slug: &str, headers: &HeaderMap) -> Response {
    if GuidelineId::new(&format!("{namespace}/{slug}")).is_err() {
        return unknown();
    }
    let name = match shared.store.name(namespace, slug).await {
        Ok(Some(name)) if name.kind == kind => name,
        Ok(_) => return unknown(),
        Err(error) => return broken(&error),
    };
    let versions = match shared.store.versions(namespace, slug).await {
        Ok(versions) => versions,
        Err(error) => return broken(&error),
    };
    tagged(headers, "application/json", with_history(&(name, versions)))
}

/// A name with its versions as it is answered, the newest first.
pub(super) fn with_history((name, versions): &NameWithVersions) -> String {
    let mut body = shapes::name(name);
    body["history"] = versions.iter().rev().map(shapes::version).collect();
    format!("{body}\n")
}

/// One version of a guideline.
pub(in crate::registry::http) async fn guideline_version(
    State(shared): State<Shared>,
    Path((namespace, slug, version)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    version_of(&shared, Kind::Guideline, &namespace, &slug, &version, &headers).await
}

/// One version of a standard.
pub(in crate::registry::http) async fn standard_version(
    State(shared): State<Shared>,
    Path((namespace, slug, version)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    version_of(&shared, Kind::Standard, &namespace, &slug, &version, &headers).await
}

async fn version_of(
    shared: &Shared,
    kind: Kind,
    namespace: &str,
    slug: &str,
    version: &str,
    headers: &HeaderMap,
) -> Response {
    match find(shared, kind, namespace, slug, version).await {
        Ok(it) => tagged(headers, "application/json", body(&it)),
        Err(answer) => answer,
    }
}

/// A version as it is answered.
pub(super) fn body(it: &PublishedVersion) -> String {
    format!("{}\n", shapes::version(it))
}

/// A version, or why there is none.
pub(super) async fn find(
    shared: &Shared,
    kind: Kind,
    namespace: &str,
    slug: &str,
    version: &str,
) -> Result<PublishedVersion, Response> {
    if GuidelineId::new(&format!("{namespace}/{slug}")).is_err() {
        return Err(unknown());
    }
    let versions = shared.store.versions(namespace, slug).await.map_err(|error| broken(&error))?;
    let found = versions.into_iter().find(|it| it.kind == kind && it.version == version);
    found.ok_or_else(unknown)
}

/// That there is no such name or version.
pub(super) fn unknown() -> Response {
    problem(StatusCode::NOT_FOUND, "Nothing is published under this name and version.")
}

/// What changed between two versions of a guideline, in sentences.
pub(in crate::registry::http) async fn compare(
    State(shared): State<Shared>,
    Path((namespace, slug, pair)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some((old, new)) = pair.split_once("...") else { return unknown() };
    let before = read(&shared, &namespace, &slug, old).await;
    let (before, after) = match (before, read(&shared, &namespace, &slug, new).await) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(answer), _) | (_, Err(answer)) => return answer,
    };
    let file = slug.clone();
    let bytes = before.len() + after.len();
    let compared = move || {
        let parse = |text: &str| format::parse(&file, text, Origin::File(file.clone()), &|_| None).ok();
        let changes = differences(&parse(&before)?, &parse(&after)?);
        Some(changes.iter().map(|it| escape(it).into_owned()).collect::<Vec<_>>())
    };
    let changes = match shared.looking.look(bytes, compared).await {
        Ok(Some(changes)) => changes,
        Ok(None) => {
            let detail = "This text cannot be read by this program.";
            return problem(StatusCode::INTERNAL_SERVER_ERROR, detail);
        }
        Err(_) => return busy(),
    };
    let body = json!({ "name": format!("{namespace}/{slug}"), "from": old, "to": new, "changes": changes });
    tagged(&headers, "application/json", format!("{body}\n"))
}

async fn read(shared: &Shared, namespace: &str, slug: &str, version: &str) -> Result<String, Response> {
    let it = find(shared, Kind::Guideline, namespace, slug, version).await?;
    let text = shared.store.text(&it.sha256).await.map_err(|error| broken(&error))?;
    Ok(text.unwrap_or_default())
}
