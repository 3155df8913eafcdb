//! `GET /api/v1/guidelines`, `/standards`, `/namespaces`, `/stages`.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde_json::json;

use super::{invalid_parameters, shapes};
use crate::model::Stage;
use crate::registry::decisions::cursor;
use crate::registry::http::AppState;
use crate::registry::http::query::{FieldError, ListQuery, NUL, Pairs};
use crate::registry::http::responses::{database_error, rfc3339, with_etag};
use crate::registry::store::PublishedKind;

/// Namespaces per page.
const NAMESPACES: usize = 200;

/// Lists guidelines.
pub(in crate::registry::http) async fn guidelines(
    State(state): State<AppState>,
    Query(pairs): Query<Pairs>,
    headers: HeaderMap,
) -> Response {
    list(&state, PublishedKind::Guideline, &pairs, &headers).await
}

/// Lists standards.
pub(in crate::registry::http) async fn standards(
    State(state): State<AppState>,
    Query(pairs): Query<Pairs>,
    headers: HeaderMap,
) -> Response {
    list(&state, PublishedKind::Standard, &pairs, &headers).await
}

async fn list(state: &AppState, kind: PublishedKind, pairs: &Pairs, headers: &HeaderMap) -> Response {
    let query = ListQuery::read(pairs, (state.now_ms)());
    if !query.field_errors.is_empty() {
        return invalid_parameters(&query.field_errors);
    }
    let mut rows = match state.store.list_names(kind, &query.filter, &query.from, query.limit + 1).await {
        Ok(rows) => rows,
        Err(error) => return database_error(&error),
    };
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = cursor::next_cursor(&rows, &query.from).filter(|_| more).map(|from| cursor::format(&from));
    let items: Vec<_> = rows.iter().map(shapes::name).collect();
    let body = json!({ "items": items, "next": next });
    let mut response = with_etag(headers, "application/json", format!("{body}\n"));
    if let Some(next) = next {
        let address = query.address_of_page(Some(&next));
        let link = format!("</api/v1/{}{address}>; rel=\"next\"", kind.plural());
        if let Ok(link) = HeaderValue::from_str(&link) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    response
}

/// Lists namespaces by name.
pub(in crate::registry::http) async fn namespaces(
    State(state): State<AppState>,
    Query(pairs): Query<Pairs>,
    headers: HeaderMap,
) -> Response {
    let after = pairs.iter().find(|(key, _)| key == "after").map_or("", |it| it.1.as_str());
    if after.chars().count() > 64 {
        return invalid_parameters(&[FieldError {
            field: "after",
            message: "at most 64 characters".to_owned(),
        }]);
    }
    if after.contains('\0') {
        return invalid_parameters(&[FieldError { field: "after", message: NUL.to_owned() }]);
    }
    let limit = i64::try_from(NAMESPACES + 1).unwrap_or(i64::MAX);
    let mut rows = match state.store.namespaces(after, limit).await {
        Ok(rows) => rows,
        Err(error) => return database_error(&error),
    };
    let more = rows.len() > NAMESPACES;
    rows.truncate(NAMESPACES);
    let next = rows.last().filter(|_| more).map(|last| last.name.clone());
    let items: Vec<_> = rows
        .iter()
        .map(|it| {
            json!({
                "name": it.name, "guidelines": it.guidelines, "standards": it.standards,
                "changed": rfc3339(it.changed_ms),
            })
        })
        .collect();
    with_etag(&headers, "application/json", format!("{}\n", json!({ "items": items, "next": next })))
}

/// Counts the guidelines in each stage, from sketch to retired.
pub(in crate::registry::http) async fn stages(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let counts = match state.store.label_counts("stage", 10).await {
        Ok(counts) => counts,
        Err(error) => return database_error(&error),
    };
    let count = |stage: Stage| counts.iter().find(|(word, _)| word == stage.as_str()).map_or(0, |it| it.1);
    let items: Vec<_> = Stage::ALL
        .into_iter()
        .map(|stage| json!({ "stage": stage.as_str(), "guidelines": count(stage) }))
        .collect();
    with_etag(&headers, "application/json", format!("{}\n", json!({ "items": items })))
}
