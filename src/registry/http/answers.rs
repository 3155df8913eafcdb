//! Answers that any route may give.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::Shared;
use super::limit::later;

/// So many seconds later there may be room again.
pub(super) const BUSY_SECONDS: i64 = 5;

/// The process runs.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// It can answer: the database does.
pub(super) async fn ready(State(shared): State<Shared>) -> Response {
    match shared.store.ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "The database does not answer."),
    }
}

/// There is nothing at this address.
pub(super) async fn nothing() -> Response {
    problem(StatusCode::NOT_FOUND, "There is nothing at this address.")
}

/// The address is one that is asked otherwise.
pub(super) async fn other_method() -> Response {
    problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "This address does not take this method; the Allow header says which it takes.",
    )
}

/// What went wrong in the database is for the operator, not for the reader.
pub(super) fn broken(error: &sqlx::Error) -> Response {
    note(error);
    problem(StatusCode::SERVICE_UNAVAILABLE, "The database could not answer. Try again in a moment.")
}

/// Writes down what went wrong in the database.
pub(super) fn note(error: &sqlx::Error) {
    // One line; texts of databases hold no secrets, and are escaped all the same.
    let words = crate::report::escape::escape(&error.to_string()).into_owned();
    super::super::program::log(&format!("level=error what=database detail={words:?}"));
}

/// There is no room at the moment for what takes a while.
pub(super) fn busy() -> Response {
    let detail = "Too much is asked for at the moment; Retry-After says when to try again.";
    later(problem(StatusCode::SERVICE_UNAVAILABLE, detail), BUSY_SECONDS)
}

/// A problem document: RFC 9457.
pub(super) fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Problem");
    let body = serde_json::json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], format!("{body}\n")).into_response()
}

/// An answer with a strong tag, or that it has not changed.
pub(super) fn tagged(headers: &HeaderMap, kind: &'static str, body: String) -> Response {
    let tag = tag(&body);
    let has: Vec<HeaderValue> = headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect();
    let shared = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "public, max-age=60".to_owned())];
    if HeaderValue::from_str(&tag).is_ok_and(|tag| is_known(&has, &tag)) {
        return (StatusCode::NOT_MODIFIED, shared).into_response();
    }
    (shared, [(header::CONTENT_TYPE, kind)], body).into_response()
}

/// Whether a tag is among those that a reader has.
pub(super) fn is_known(has: &[HeaderValue], tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str() else { return false };
    let known = has.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    // Weak or strong is the same to whoever reads: RFC 9110, 13.1.2.
    known.map(str::trim).any(|it| it == "*" || it.strip_prefix("W/").unwrap_or(it) == tag)
}

/// The strong tag of a body.
pub(super) fn tag(body: &str) -> String {
    tag_of(body.as_bytes())
}

/// The same of bytes.
pub(super) fn tag_of(body: &[u8]) -> String {
    let digest: String = Sha256::digest(body)[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digest}\"")
}

/// Milliseconds since 1970 as RFC 3339, to the second, in UTC.
pub(super) fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_second(ms.div_euclid(1000)).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}
