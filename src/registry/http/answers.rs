//! Answers that any route may give.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Shared;

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

/// What went wrong in the database is for the operator, not for the reader.
pub(super) fn broken(error: &sqlx::Error) -> Response {
    // One line; texts of databases hold no secrets, and are escaped all the same.
    let words = crate::report::escape::escape(&error.to_string()).into_owned();
    super::super::program::log(&format!("level=error what=database detail={words:?}"));
    problem(StatusCode::SERVICE_UNAVAILABLE, "The database could not answer. Try again in a moment.")
}

/// A problem document: RFC 9457.
pub(super) fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Problem");
    let body = serde_json::json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], format!("{body}\n")).into_response()
}
