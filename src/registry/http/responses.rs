//! Responses for any route.

use axum::body::to_bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::AppState;
use super::rate_limit::with_retry_after;
use crate::report::escape::escape;

/// Longest text that is copied into a problem document, in bytes.
const MAX_DETAIL_BYTES: usize = 4 << 10;
/// `Retry-After` of a busy server, in seconds.
pub(super) const BUSY_RETRY_SECONDS: i64 = 5;

/// `/healthz`: the process is running.
pub(super) async fn healthz() -> &'static str {
    "alive\n"
}

/// `/readyz`: the database responds.
pub(super) async fn readyz(State(state): State<AppState>) -> Response {
    match state.store.ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "The database does not respond."),
    }
}

/// 404 for an unknown address.
pub(super) async fn not_found() -> Response {
    problem(StatusCode::NOT_FOUND, "There is no resource at this address.")
}

/// 405 for an unsupported method.
pub(super) async fn method_not_allowed() -> Response {
    problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "This address does not support the request method. See the Allow header for supported methods.",
    )
}

/// Logs the database error for the operator and returns a general message.
pub(super) fn database_error(error: &sqlx::Error) -> Response {
    log_database_error(error);
    problem(StatusCode::SERVICE_UNAVAILABLE, "The database is not available. Retry in a few seconds.")
}

/// Logs a database error.
pub(super) fn log_database_error(error: &sqlx::Error) {
    // On one line. Database messages contain no secrets, but are escaped like all other text.
    let message = escape(&error.to_string()).into_owned();
    super::super::program::log(&format!("level=error what=database detail={message:?}"));
}

/// 503 if the server is busy.
pub(super) fn server_busy() -> Response {
    let detail = "The server is busy. Retry after the time in `Retry-After`.";
    with_retry_after(problem(StatusCode::SERVICE_UNAVAILABLE, detail), BUSY_RETRY_SECONDS)
}

/// Converts plain-text errors of layers and extractors to problem documents: a body that is too large, a
/// timeout, a path that is not UTF-8.
pub(super) async fn as_problem(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_formatted = kind.is_some_and(|kind| kind.contains("json") || kind.starts_with("text/html"));
    if is_formatted || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let detail = match status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            format!("The request body is larger than {} KiB.", super::MAX_BODY_BYTES >> 10)
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            format!(
                "The request took longer than {} s. Retry in a few seconds.",
                super::REQUEST_TIMEOUT.as_secs()
            )
        }
        StatusCode::INTERNAL_SERVER_ERROR => {
            "Internal error. The operator finds the details in the log.".to_owned()
        }
        _ => {
            let words = to_bytes(body, MAX_DETAIL_BYTES).await.unwrap_or_default();
            let words = String::from_utf8_lossy(&words).trim().to_owned();
            if words.is_empty() {
                "The request could not be processed.".to_owned()
            } else {
                escape(&words).into_owned()
            }
        }
    };
    let mut problem_response = problem(status, &detail);
    // Other headers are kept, for example `Retry-After` and `Allow`.
    [header::CONTENT_TYPE, header::CONTENT_LENGTH].iter().for_each(|name| drop(parts.headers.remove(name)));
    problem_response.headers_mut().extend(parts.headers);
    problem_response
}

/// Problem document (RFC 9457).
pub(super) fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Problem");
    let body = serde_json::json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], format!("{body}\n")).into_response()
}

/// Response with a strong ETag, or 304 if the client has it.
pub(super) fn with_etag(headers: &HeaderMap, kind: &'static str, body: String) -> Response {
    let tag = etag(&body);
    let common = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "public, max-age=60".to_owned())];
    if client_has(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    (common, [(header::CONTENT_TYPE, kind)], body).into_response()
}

/// Whether `If-None-Match` contains this tag.
pub(super) fn client_has(headers: &HeaderMap, tag: &str) -> bool {
    let if_none_match: Vec<HeaderValue> = headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect();
    HeaderValue::from_str(tag).is_ok_and(|tag| matches_etag(&if_none_match, &tag))
}

/// Whether a list of `If-None-Match` values contains a tag.
pub(super) fn matches_etag(if_none_match: &[HeaderValue], tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str() else { return false };
    let known =
        if_none_match.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    // Weak comparison: RFC 9110, 13.1.2.
    known.map(str::trim).any(|it| it == "*" || it.strip_prefix("W/").unwrap_or(it) == tag)
}

/// Strong ETag of a text.
pub(super) fn etag(body: &str) -> String {
    etag_of_bytes(body.as_bytes())
}

/// Strong ETag of bytes.
pub(super) fn etag_of_bytes(body: &[u8]) -> String {
    let digest: String = Sha256::digest(body)[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digest}\"")
}

/// Formats milliseconds since 1970 as RFC 3339 in UTC, to the second.
pub(super) fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_second(ms.div_euclid(1000)).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn errors_become_problem_documents() {
        for (status, words) in [
            (StatusCode::SERVICE_UNAVAILABLE, "longer than 30 s"),
            (StatusCode::PAYLOAD_TOO_LARGE, "larger than 1088 KiB"),
            (StatusCode::BAD_REQUEST, "some words"),
            (StatusCode::INTERNAL_SERVER_ERROR, "in the log"),
        ] {
            let response = with_retry_after((status, "some words\n").into_response(), 7);
            let problem_response = as_problem(response).await;
            assert_eq!(problem_response.status(), status);
            assert_eq!(problem_response.headers()[header::CONTENT_TYPE], "application/problem+json");
            assert_eq!(problem_response.headers()[header::RETRY_AFTER], "7");
            let body = to_bytes(problem_response.into_body(), 9_999).await.expect("read");
            let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            assert!(body["detail"].as_str().is_some_and(|it| it.contains(words)), "{body}");
        }
        let page = (StatusCode::NOT_FOUND, axum::response::Html("x")).into_response();
        assert_eq!(as_problem(page).await.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(as_problem("fine".into_response()).await.status(), StatusCode::OK);
    }
}
