//! `PUT /api/v1/guidelines/{namespace}/{slug}/{version}`: publishes a text, for ever.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::answers::{broken, problem};
use crate::registry::flow::{Denied, LARGEST, Refusal, may_publish, prepare, presented};
use crate::registry::store::Published;
use crate::report::escape::escape;
use crate::text::LineIndex;

/// Publishes.
pub(super) async fn put(
    State(shared): State<Shared>,
    Path((namespace, slug, version)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now = (shared.now_ms)();
    let presented = headers.get(header::AUTHORIZATION).and_then(|value| presented(value.to_str().ok()?));
    let Some(hash) = presented else {
        return unauthorized("Publishing asks for a token: Authorization: Bearer stn_…");
    };
    let held = match shared.store.token(&hash).await {
        Ok(Some(held)) => held,
        Ok(None) => return unauthorized("This token is not known here."),
        Err(error) => return broken(&error),
    };
    match may_publish(&held, &namespace, now) {
        Ok(()) => {}
        Err(Denied::Over) => return unauthorized("This token is over or was taken back."),
        Err(Denied::Elsewhere) => {
            return problem(StatusCode::FORBIDDEN, "This token does not allow publishing in this namespace.");
        }
    }
    let Ok(text) = std::str::from_utf8(&body) else {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "The text is not UTF-8.");
    };
    let new = match prepare(&format!("{slug}.md"), text, &held.owner, now) {
        Ok(new) => new,
        Err(refusal) => return refused(refusal),
    };
    if (new.namespace.as_str(), new.slug.as_str(), new.version.as_str()) != (&*namespace, &*slug, &*version) {
        let says = format!("The text says that it is {}/{} {}.", new.namespace, new.slug, new.version);
        return problem(StatusCode::UNPROCESSABLE_ENTITY, &says);
    }
    let published = shared.store.publish(&new).await;
    if let Err(error) = shared.store.token_used(&hash, now).await {
        return broken(&error);
    }
    let answer = |status| {
        let body = serde_json::json!({ "name": format!("{namespace}/{slug}"), "version": version, "sha256": new.sha256 });
        (status, [(header::CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
    };
    match published {
        Ok(Published::New) => answer(StatusCode::CREATED),
        Ok(Published::Same) => answer(StatusCode::OK),
        Ok(Published::Taken { sha256 }) => problem(
            StatusCode::CONFLICT,
            &format!(
                "This version is published with another text (sha256 {sha256}), for ever. Give yours another version."
            ),
        ),
        Err(error) => broken(&error),
    }
}

fn unauthorized(detail: &str) -> Response {
    let mut answer = problem(StatusCode::UNAUTHORIZED, detail);
    answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    answer
}

/// Every problem of the text, with its place.
fn refused(refusal: Refusal) -> Response {
    let problems = match refusal {
        Refusal::TooLarge => {
            let detail = format!("The text is larger than {} KiB.", LARGEST >> 10);
            return problem(StatusCode::PAYLOAD_TOO_LARGE, &detail);
        }
        Refusal::BuildMetadata => {
            return problem(
                StatusCode::UNPROCESSABLE_ENTITY,
                "The version holds build metadata (+…), by which nobody could choose it.",
            );
        }
        Refusal::Problems(problems) => problems,
    };
    let errors: Vec<_> = problems
        .iter()
        .map(|it| {
            let (line, column) = LineIndex::new(&it.text).line_column(&it.text, it.span.start);
            serde_json::json!({
                "line": line, "column": column, "detail": escape(&it.message), "help": it.help.as_deref().map(escape),
            })
        })
        .collect();
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let body = serde_json::json!({
        "type": "about:blank", "title": "Unprocessable Entity", "status": status.as_u16(),
        "detail": "This is no guideline that can be published: every problem stands in `errors`.", "errors": errors,
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], format!("{body}\n")).into_response()
}
