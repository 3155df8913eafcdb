//! What the registry answers over HTTP. Asks `flow` and `store`; decides nothing.

mod answers;
mod feed;
mod index;
mod listen;
mod pages;
mod publish;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::routing::{get, put};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

pub(super) use listen::serve;

use super::store::Store;

/// Largest body of a request, in bytes: a text that is published, and a little, so that it is told what is too large.
const BODY: usize = super::flow::LARGEST + (64 << 10);
/// Longest time for an answer.
const TOTAL: Duration = Duration::from_secs(30);

/// What every answer may need.
#[derive(Clone)]
struct Shared {
    store: Arc<Store>,
    /// The time, in milliseconds since 1970.
    now_ms: fn() -> i64,
}

/// Every route; `now_ms` is the clock.
pub(super) fn router(store: Store, now_ms: fn() -> i64) -> Router {
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
        .route("/feed/changes.atom", get(feed::changes))
        .route("/static/{file}", get(pages::style))
        .route("/api/v1/guidelines/{namespace}/{slug}/{version}", put(publish::put))
        .fallback(pages::nothing)
        .with_state(Shared { store: Arc::new(store), now_ms })
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "same-origin"))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"))
        // One limit, below.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TOTAL))
        .layer(CatchPanicLayer::new())
}

#[cfg(test)]
mod tests;
