//! Answers that any route may give.

use axum::body::to_bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::Shared;
use super::limit::later;
use crate::report::escape::escape;

/// Longest text of an answer that is made a problem document, in bytes.
const WORDS: usize = 4 << 10;
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
    let words = escape(&error.to_string()).into_owned();
    super::super::program::log(&format!("level=error what=database detail={words:?}"));
}

/// There is no room at the moment for what takes a while.
pub(super) fn busy() -> Response {
    let detail = "Too much is asked for at the moment; Retry-After says when to try again.";
    later(problem(StatusCode::SERVICE_UNAVAILABLE, detail), BUSY_SECONDS)
}

/// Whatever went wrong below the routes, as a problem document: too much was sent, it took too long, an address is no text.
pub(super) async fn as_problem(answer: Response) -> Response {
    let status = answer.status();
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_told = kind.is_some_and(|kind| kind.contains("json") || kind.starts_with("text/html"));
    if is_told || !(status.is_client_error() || status.is_server_error()) {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let detail = match status {
        StatusCode::PAYLOAD_TOO_LARGE => format!("What was sent is larger than {} KiB.", super::BODY >> 10),
        StatusCode::SERVICE_UNAVAILABLE => {
            format!("This took longer than {} s. Try again in a moment.", super::TOTAL.as_secs())
        }
        StatusCode::INTERNAL_SERVER_ERROR => {
            "Something went wrong here; the operator finds it in the log.".to_owned()
        }
        _ => {
            let words = to_bytes(body, WORDS).await.unwrap_or_default();
            let words = String::from_utf8_lossy(&words).trim().to_owned();
            if words.is_empty() { "This cannot be answered.".to_owned() } else { escape(&words).into_owned() }
        }
    };
    let mut told = problem(status, &detail);
    // Others stay: when to come again, which methods there are.
    [header::CONTENT_TYPE, header::CONTENT_LENGTH].iter().for_each(|name| drop(parts.headers.remove(name)));
    told.headers_mut().extend(parts.headers);
    told
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
    let shared = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "public, max-age=60".to_owned())];
    if has(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, shared).into_response();
    }
    (shared, [(header::CONTENT_TYPE, kind)], body).into_response()
}

/// Whether whoever asks has what has this tag.
pub(super) fn has(headers: &HeaderMap, tag: &str) -> bool {
    let has: Vec<HeaderValue> = headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect();
    HeaderValue::from_str(tag).is_ok_and(|tag| is_known(&has, &tag))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whatever_went_wrong_is_told_as_a_problem() {
        for (status, words) in [
            (StatusCode::SERVICE_UNAVAILABLE, "longer than 30 s"),
            (StatusCode::PAYLOAD_TOO_LARGE, "larger than 1088 KiB"),
            (StatusCode::BAD_REQUEST, "some words"),
            (StatusCode::INTERNAL_SERVER_ERROR, "in the log"),
        ] {
            let answer = later((status, "some words\n").into_response(), 7);
            let told = as_problem(answer).await;
            assert_eq!(told.status(), status);
            assert_eq!(told.headers()[header::CONTENT_TYPE], "application/problem+json");
            assert_eq!(told.headers()[header::RETRY_AFTER], "7");
            let body = to_bytes(told.into_body(), 9_999).await.expect("read");
            let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            assert!(body["detail"].as_str().is_some_and(|it| it.contains(words)), "{body}");
        }
        let page = (StatusCode::NOT_FOUND, axum::response::Html("x")).into_response();
        assert_eq!(as_problem(page).await.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(as_problem("fine".into_response()).await.status(), StatusCode::OK);
    }
}
