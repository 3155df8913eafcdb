//! What the registry answers over HTTP. Asks `flow` and `store`; decides nothing.

mod answers;
mod index;
mod listen;
mod pages;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

pub(super) use listen::serve;

use super::store::Store;

/// Largest body of a request, in bytes.
const BODY: usize = 64 << 10;
/// Longest time for an answer.
const TOTAL: Duration = Duration::from_secs(30);

/// What every answer may need.
#[derive(Clone)]
struct Shared {
    store: Arc<Store>,
}

/// Every route.
pub(super) fn router(store: Store) -> Router {
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    Router::new()
        .route("/healthz", get(answers::alive))
        .route("/readyz", get(answers::ready))
        .route("/index/config.json", get(index::config))
        .route("/index/{namespace}/{file}", get(index::versions))
        .route("/blob/{file}", get(index::text))
        .route("/", get(pages::list))
        .route("/guidelines/{namespace}/{slug}", get(pages::newest))
        .route("/guidelines/{namespace}/{slug}/{version}", get(pages::version))
        .route("/static/{file}", get(pages::style))
        .fallback(pages::nothing)
        .with_state(Shared { store: Arc::new(store) })
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "same-origin"))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"))
        .layer(RequestBodyLimitLayer::new(BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TOTAL))
        .layer(CatchPanicLayer::new())
}

#[cfg(test)]
mod tests;
