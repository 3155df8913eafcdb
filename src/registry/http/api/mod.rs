//! `/api/v1`: JSON responses with ETags, and problem documents (RFC 9457) for errors. `web/openapi.json`
//! describes the routes. A test compares it with the router.

mod change;
mod list;
mod name;
mod publish;
mod shapes;

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::AppState;
use super::query::FieldError;
use super::responses::{database_error, problem};
use crate::registry::decisions::{TokenDenial, TokenGrant, hash_from_authorization, may_publish};

pub(super) use change::{retire_guideline, retire_standard, yank_guideline, yank_standard};
pub(super) use list::{guidelines, namespaces, stages, standards};
pub(super) use name::{compare, guideline, guideline_version, standard, standard_version};
pub(super) use publish::{put_guideline, put_standard};

/// Namespace, name and version from the address.
type VersionPath = Path<(String, String, String)>;

/// OpenAPI description of the API.
pub(super) const OPENAPI: &str = include_str!("../../../../web/openapi.json");

/// `/openapi.json`
pub(super) async fn openapi(headers: HeaderMap) -> Response {
    super::responses::with_etag(&headers, "application/json", OPENAPI.to_owned())
}

/// 404 for an unknown address.
pub(super) async fn not_found() -> Response {
    problem(StatusCode::NOT_FOUND, "There is no resource at this address. See /openapi.json.")
}

/// Problem document for invalid parameters.
fn invalid_parameters(field_errors: &[FieldError]) -> Response {
    let errors: Vec<_> = field_errors
        .iter()
        .map(|field_error| serde_json::json!({ "parameter": field_error.field, "detail": field_error.message }))
        .collect();
    with_errors(StatusCode::BAD_REQUEST, "Invalid parameters; see `errors`.", &errors)
}

/// Problem document with a list of errors.
fn with_errors(status: StatusCode, detail: &str, errors: &[serde_json::Value]) -> Response {
    let title = status.canonical_reason().unwrap_or("Problem");
    let body = serde_json::json!({
        "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail, "errors": errors,
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], format!("{body}\n")).into_response()
}

/// Returns the token of the request if it permits publishing in the namespace, and records its use.
async fn authorize_publisher(
    state: &AppState,
    headers: &HeaderMap,
    namespace: &str,
) -> Result<TokenGrant, Response> {
    let presented =
        headers.get(header::AUTHORIZATION).and_then(|value| hash_from_authorization(value.to_str().ok()?));
    let Some(hash) = presented else {
        return Err(unauthorized("This request requires a token. Send `Authorization: Bearer stn_…`."));
    };
    let grant = match state.store.token(&hash).await {
        Ok(Some(grant)) => grant,
        Ok(None) => {
            return Err(unauthorized(
                "Unknown token. Another registry created it, or the user who created it is locked.",
            ));
        }
        Err(error) => return Err(database_error(&error)),
    };
    let now = (state.now_ms)();
    match may_publish(&grant, namespace, now) {
        Ok(()) => {
            state.store.record_token_use(&hash, now).await.map_err(|error| database_error(&error))?;
            Ok(grant)
        }
        Err(TokenDenial::ExpiredOrRevoked) => Err(unauthorized("This token has expired or was revoked.")),
        Err(TokenDenial::OtherNamespace) => {
            Err(problem(StatusCode::FORBIDDEN, "This token does not allow publishing in this namespace."))
        }
    }
}

fn unauthorized(detail: &str) -> Response {
    let mut response = problem(StatusCode::UNAUTHORIZED, detail);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
    response
}
