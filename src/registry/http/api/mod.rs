//! `/api/v1`: JSON for machines, problem documents (RFC 9457) where something is wrong, tags on everything that is read.
//! `web/openapi.json` says what there is; a test walks both.

mod change;
mod list;
mod name;
mod publish;
mod shapes;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::answers::{broken, problem};
use super::query::Slip;
use crate::registry::flow::{Denied, Held, may_publish, presented};

pub(super) use change::{retire_guideline, retire_standard, yank_guideline, yank_standard};
pub(super) use list::{guidelines, namespaces, stages, standards};
pub(super) use name::{compare, guideline, guideline_version, standard, standard_version};
pub(super) use publish::{put_guideline, put_standard};

/// The description of all this.
pub(super) const OPENAPI: &str = include_str!("../../../../web/openapi.json");

/// `/openapi.json`
pub(super) async fn openapi(headers: HeaderMap) -> Response {
    super::answers::tagged(&headers, "application/json", OPENAPI.to_owned())
}

/// There is nothing at this address.
pub(super) async fn nothing() -> Response {
    problem(StatusCode::NOT_FOUND, "There is nothing at this address. /openapi.json says what there is.")
}

/// Parameters that cannot be used.
fn unusable(slips: &[Slip]) -> Response {
    let errors: Vec<_> = slips
        .iter()
        .map(|slip| serde_json::json!({ "parameter": slip.field, "detail": slip.message }))
        .collect();
    with_errors(StatusCode::BAD_REQUEST, "Some parameters cannot be used: each stands in `errors`.", &errors)
}

/// A problem document with particular errors.
fn with_errors(status: StatusCode, detail: &str, errors: &[serde_json::Value]) -> Response {
    let title = status.canonical_reason().unwrap_or("Problem");
    let body = serde_json::json!({
        "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail, "errors": errors,
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], format!("{body}\n")).into_response()
}

/// The key that came with a request and may publish in a namespace; that it was used is noted.
async fn publisher(shared: &Shared, headers: &HeaderMap, namespace: &str) -> Result<Held, Response> {
    let presented = headers.get(header::AUTHORIZATION).and_then(|value| presented(value.to_str().ok()?));
    let Some(hash) = presented else {
        return Err(unauthorized("Changing something asks for a token: Authorization: Bearer stn_…"));
    };
    let held = match shared.store.token(&hash).await {
        Ok(Some(held)) => held,
        Ok(None) => return Err(unauthorized("This token is not known here.")),
        Err(error) => return Err(broken(&error)),
    };
    let now = (shared.now_ms)();
    match may_publish(&held, namespace, now) {
        Ok(()) => {
            shared.store.token_used(&hash, now).await.map_err(|error| broken(&error))?;
            Ok(held)
        }
        Err(Denied::Over) => Err(unauthorized("This token is over or was taken back.")),
        Err(Denied::Elsewhere) => {
            Err(problem(StatusCode::FORBIDDEN, "This token does not allow publishing in this namespace."))
        }
    }
}

fn unauthorized(detail: &str) -> Response {
    let mut answer = problem(StatusCode::UNAUTHORIZED, detail);
    answer.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
    answer
}
