//! `PATCH` of a version (yank) and of a name (retire). Nothing else can change after publishing.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::name::{find_version, unknown_name, version_body, with_history};
use super::{VersionPath, authorize_publisher, with_errors};
use crate::model::GuidelineId;
use crate::registry::decisions::search_terms;
use crate::registry::http::AppState;
use crate::registry::http::query::NUL;
use crate::registry::http::responses::{database_error, etag, problem, with_etag};
use crate::registry::store::{Changed, NameWithVersions, PublishedKind, PublishedVersion};

/// Longest message, in characters.
const MAX_MESSAGE_CHARS: usize = 300;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YankRequest {
    yanked: bool,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RetireRequest {
    retired: bool,
    #[serde(default)]
    message: String,
    successor: Option<String>,
}

type NamePath = Path<(String, String)>;

/// Yanks a version of a guideline, or removes the yank.
pub(in crate::registry::http) async fn yank_guideline(
    State(state): State<AppState>,
    Path(of): VersionPath,
    headers: HeaderMap,
    sent: Bytes,
) -> Response {
    yank(state, PublishedKind::Guideline, of, headers, sent).await
}

/// Yanks a version of a standard, or removes the yank.
pub(in crate::registry::http) async fn yank_standard(
    State(state): State<AppState>,
    Path(of): VersionPath,
    headers: HeaderMap,
    sent: Bytes,
) -> Response {
    yank(state, PublishedKind::Standard, of, headers, sent).await
}

/// Retires a guideline, or undoes its retirement.
pub(in crate::registry::http) async fn retire_guideline(
    State(state): State<AppState>,
    Path(of): NamePath,
    headers: HeaderMap,
    sent: Bytes,
) -> Response {
    retire(state, PublishedKind::Guideline, of, headers, sent).await
}

/// Retires a standard, or undoes its retirement.
pub(in crate::registry::http) async fn retire_standard(
    State(state): State<AppState>,
    Path(of): NamePath,
    headers: HeaderMap,
    sent: Bytes,
) -> Response {
    retire(state, PublishedKind::Standard, of, headers, sent).await
}

async fn yank(
    state: AppState,
    kind: PublishedKind,
    (namespace, slug, version): (String, String, String),
    headers: HeaderMap,
    sent: Bytes,
) -> Response {
    if let Err(response) = authorize_publisher(&state, &headers, &namespace).await {
        return response;
    }
    if let Err(response) = find_version(&state, kind, &namespace, &slug, &version).await {
        return response;
    }
    let if_match = match IfMatch::read(&headers) {
        Ok(if_match) => if_match,
        Err(response) => return response,
    };
    let change: YankRequest = match parse_body(&sent) {
        Ok(change) => change,
        Err(response) => return response,
    };
    if let Some(response) = message_error(&change.message, change.yanked) {
        return response;
    }
    let (message, now) = (change.yanked.then(|| change.message.trim()), (state.now_ms)());
    let is_unchanged = |it: &PublishedVersion| if_match.matches(&version_body(it));
    match state
        .store
        .yank_if_unchanged((&namespace, &slug, &version), message, now, search_terms, is_unchanged)
        .await
    {
        Ok(changed) => change_response(changed, version_body),
        Err(error) => database_error(&error),
    }
}

async fn retire(
    state: AppState,
    kind: PublishedKind,
    (namespace, slug): (String, String),
    headers: HeaderMap,
    sent: Bytes,
) -> Response {
    if let Err(response) = authorize_publisher(&state, &headers, &namespace).await {
        return response;
    }
    if GuidelineId::new(&format!("{namespace}/{slug}")).is_err() {
        return unknown_name();
    }
    match state.store.name(&namespace, &slug).await {
        Ok(Some(name)) if name.kind == kind => {}
        Ok(_) => return unknown_name(),
        Err(error) => return database_error(&error),
    }
    let if_match = match IfMatch::read(&headers) {
        Ok(if_match) => if_match,
        Err(response) => return response,
    };
    let change: RetireRequest = match parse_body(&sent) {
        Ok(change) => change,
        Err(response) => return response,
    };
    if let Some(response) = message_error(&change.message, change.retired) {
        return response;
    }
    if let Some(successor) = &change.successor {
        let known = match GuidelineId::new(successor) {
            Ok(id) => state.store.name(id.namespace(), id.slug()).await,
            Err(_) => Ok(None),
        };
        match known {
            Ok(Some(_)) if *successor != format!("{namespace}/{slug}") => {}
            Ok(_) => {
                let error = json!({ "pointer": "/successor", "detail": "must be the name of a different guideline or standard that is published here" });
                return with_errors(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "Invalid successor; see `errors`.",
                    &[error],
                );
            }
            Err(error) => return database_error(&error),
        }
    }
    let retired = change.retired.then(|| (change.message.trim(), change.successor.as_deref()));
    let is_unchanged = |it: &NameWithVersions| if_match.matches(&with_history(it));
    match state.store.retire_if_unchanged((&namespace, &slug), retired, (state.now_ms)(), is_unchanged).await
    {
        Ok(changed) => change_response(changed, with_history),
        Err(error) => database_error(&error),
    }
}

/// Response to a change: the changed resource, or 412 with its current ETag.
fn change_response<T>(changed: Changed<T>, body: impl Fn(&T) -> String) -> Response {
    match changed {
        Changed::Done(it) => with_etag(&HeaderMap::new(), "application/json", body(&it)),
        Changed::Conflict(it) => {
            let detail =
                "The resource changed after you read it. Read it again before you repeat the change.";
            ([(header::ETAG, etag(&body(&it)))], problem(StatusCode::PRECONDITION_FAILED, detail))
                .into_response()
        }
        Changed::Missing => unknown_name(),
    }
}

#[expect(clippy::result_large_err, reason = "the error is an HTTP response")]
fn parse_body<'b, T: Deserialize<'b>>(sent: &'b Bytes) -> Result<T, Response> {
    serde_json::from_slice(sent).map_err(|error| {
        // The message of the error ends with its line and column.
        let detail = crate::report::escape::escape(&error.to_string()).into_owned();
        let error = json!({ "pointer": "", "detail": detail });
        with_errors(StatusCode::UNPROCESSABLE_ENTITY, "Invalid request body; see `errors`.", &[error])
    })
}

/// Error response for an invalid message; `None` if it is valid. `is_needed`: setting a yank or a retirement
/// requires a message, undoing one does not.
fn message_error(message: &str, is_needed: bool) -> Option<Response> {
    let length = message.trim().chars().count();
    let detail = if length > MAX_MESSAGE_CHARS {
        format!("at most {MAX_MESSAGE_CHARS} characters")
    } else if message.contains('\0') {
        NUL.to_owned()
    } else if is_needed && length < 3 {
        "required: give a reason of at least 3 characters".to_owned()
    } else {
        return None;
    };
    let error = json!({ "pointer": "/message", "detail": detail });
    Some(with_errors(StatusCode::UNPROCESSABLE_ENTITY, "Invalid message; see `errors`.", &[error]))
}

/// ETags from the `If-Match` header.
struct IfMatch(Vec<String>);

impl IfMatch {
    /// Reads the header. Returns 428 if it is missing.
    #[expect(clippy::result_large_err, reason = "the error is an HTTP response")]
    fn read(headers: &HeaderMap) -> Result<Self, Response> {
        let values = headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok());
        let tags: Vec<String> =
            values.flat_map(|value| value.split(',')).map(|it| it.trim().to_owned()).collect();
        if tags.is_empty() {
            let detail =
                "Send `If-Match` with the ETag that you read, so that no other change is overwritten.";
            return Err(problem(StatusCode::PRECONDITION_REQUIRED, detail));
        }
        Ok(Self(tags))
    }

    /// Whether one of the tags matches this body.
    fn matches(&self, body: &str) -> bool {
        let now = etag(body);
        self.0.iter().any(|it| it == "*" || *it == now)
    }
}
