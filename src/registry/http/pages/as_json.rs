//! Addresses of pages with the suffix `.json` redirect to `/api/v1`.

use axum::extract::RawQuery;
use axum::response::{IntoResponse as _, Redirect, Response};

/// `/guidelines.json`, with the parameters of the list.
pub(in crate::registry::http) async fn guidelines(RawQuery(query): RawQuery) -> Response {
    list("guidelines", query)
}

/// `/standards.json`
pub(in crate::registry::http) async fn standards(RawQuery(query): RawQuery) -> Response {
    list("standards", query)
}

/// `/namespaces.json`
pub(in crate::registry::http) async fn namespaces(RawQuery(query): RawQuery) -> Response {
    list("namespaces", query)
}

/// `/stages.json`
pub(in crate::registry::http) async fn stages(RawQuery(query): RawQuery) -> Response {
    list("stages", query)
}

fn list(what: &str, query: Option<String>) -> Response {
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    redirect_to(&format!("/api/v1/{what}{query}"))
}

/// Redirects to an address of the API.
pub(super) fn redirect_to(address: &str) -> Response {
    Redirect::to(address).into_response()
}
