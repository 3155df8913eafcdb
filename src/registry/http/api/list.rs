//! `GET /api/v1/guidelines`, `/standards`, `/namespaces`, `/stages`.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde_json::json;

use super::{shapes, unusable};
use crate::model::Stage;
use crate::registry::flow::cursor;
use crate::registry::http::Shared;
use crate::registry::http::answers::{broken, rfc3339, tagged};
use crate::registry::http::query::{Asked, NUL, Pairs, Slip};
use crate::registry::store::Kind;

/// Namespaces at a time.
const NAMESPACES: usize = 200;

/// Guidelines.
pub(in crate::registry::http) async fn guidelines(
    State(shared): State<Shared>,
    Query(pairs): Query<Pairs>,
    headers: HeaderMap,
) -> Response {
    list(&shared, Kind::Guideline, &pairs, &headers).await
}

/// Standards.
pub(in crate::registry::http) async fn standards(
    State(shared): State<Shared>,
    Query(pairs): Query<Pairs>,
    headers: HeaderMap,
) -> Response {
    list(&shared, Kind::Standard, &pairs, &headers).await
}

async fn list(shared: &Shared, kind: Kind, pairs: &Pairs, headers: &HeaderMap) -> Response {
    let asked = Asked::read(pairs, (shared.now_ms)());
    if !asked.slips.is_empty() {
        return unusable(&asked.slips);
    }
    let mut rows = match shared.store.names(kind, &asked.filter, &asked.from, asked.limit + 1).await {
        Ok(rows) => rows,
        Err(error) => return broken(&error),
    };
    let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = cursor::behind(&rows, &asked.from).filter(|_| more).map(|from| cursor::write(&from));
    let items: Vec<_> = rows.iter().map(shapes::name).collect();
    let body = json!({ "items": items, "next": next });
    let mut answer = tagged(headers, "application/json", format!("{body}\n"));
    if let Some(next) = next {
        let address = asked.address_of_page(Some(&next));
        let link = format!("</api/v1/{}{address}>; rel=\"next\"", kind.plural());
        if let Ok(link) = HeaderValue::from_str(&link) {
            answer.headers_mut().insert(header::LINK, link);
        }
    }
    answer
}

/// Namespaces, by name.
pub(in crate::registry::http) async fn namespaces(
    State(shared): State<Shared>,
    Query(pairs): Query<Pairs>,
    headers: HeaderMap,
) -> Response {
    let after = pairs.iter().find(|(key, _)| key == "after").map_or("", |it| it.1.as_str());
    if after.chars().count() > 64 {
        return unusable(&[Slip { field: "after", message: "at most 64 characters".to_owned() }]);
    }
    if after.contains('\0') {
        return unusable(&[Slip { field: "after", message: NUL.to_owned() }]);
    }
    let limit = i64::try_from(NAMESPACES + 1).unwrap_or(i64::MAX);
    let mut rows = match shared.store.namespaces(after, limit).await {
        Ok(rows) => rows,
        Err(error) => return broken(&error),
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
    tagged(&headers, "application/json", format!("{}\n", json!({ "items": items, "next": next })))
}

/// How many guidelines are in each stage, from an idea to what is no longer advised.
pub(in crate::registry::http) async fn stages(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let counts = match shared.store.labels("stage", 10).await {
        Ok(counts) => counts,
        Err(error) => return broken(&error),
    };
    let count = |stage: Stage| counts.iter().find(|(word, _)| word == stage.word()).map_or(0, |it| it.1);
    let items: Vec<_> = Stage::ALL
        .into_iter()
        .map(|stage| json!({ "stage": stage.word(), "guidelines": count(stage) }))
        .collect();
    tagged(&headers, "application/json", format!("{}\n", json!({ "items": items })))
}
