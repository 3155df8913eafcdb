//! HTTP interface of the registry. It calls `decisions` and `store` and makes no decisions itself.

mod account;
mod api;
mod cache;
mod connections_per_address;
mod example_test_queue;
mod feed;
mod index;
mod listen;
mod pages;
mod query;
mod rate_limit;
mod request_log;
mod responses;
mod slow_readers;
mod work_limiter;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{get, post};
use tokio::sync::Mutex;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

pub(super) use listen::{ConnectionLimits, serve};
pub(super) use request_log::Metrics;

use super::decisions::ProviderMetadata;
use super::provider::Provider;
use super::store::Store;

/// Largest request body, in bytes: a text of maximum size and some more, so that `decisions` reports a text
/// that is too large.
const MAX_BODY_BYTES: usize = super::decisions::MAX_TEXT_BYTES + (64 << 10);
/// Longest time for a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Reading and comparing texts: number in parallel, largest number waiting, longest wait.
const TEXT_WORK: (usize, usize, Duration) = (2, 64, Duration::from_secs(10));
/// Requests to the identity provider: number in parallel, largest number waiting, longest wait.
const PROVIDER_WORK: (usize, usize, Duration) = (8, 64, Duration::from_secs(10));

/// State shared by all handlers.
#[derive(Clone)]
struct AppState {
    store: Arc<Store>,
    /// Clock, in milliseconds since 1970.
    now_ms: fn() -> i64,
    /// Public address of the site, without a trailing slash.
    public_url: Option<Arc<str>>,
    cache: Arc<cache::Cache>,
    rates: Arc<rate_limit::RateLimiter>,
    /// Random bytes; `None` if the system provides none.
    random: fn() -> Option<[u8; 32]>,
    metrics: Arc<Metrics>,
    /// Identity provider, if one is configured.
    provider: Option<Provider>,
    /// Cached metadata of the provider with the time of the request. The lock lets other sign-ins wait for a
    /// request in progress.
    provider_metadata: Arc<Mutex<Option<(i64, ProviderMetadata)>>>,
    /// Program that tests guidelines in a separate process, and the queue of the tests.
    worker: Option<Arc<Path>>,
    example_tests: Arc<example_test_queue::ExampleTestQueue>,
    /// Limiter for reading and comparing texts.
    text_work: Arc<work_limiter::WorkLimiter>,
    /// Limiter for requests to the identity provider, and the rate limit per address.
    provider_work: Arc<work_limiter::WorkLimiter>,
    sign_ins: Arc<rate_limit::RateLimiter>,
    /// Start time of the program; part of the request ids.
    started_ms: i64,
    /// Whether requests are not logged.
    quiet: bool,
}

/// Configuration of the router.
pub(super) struct SiteConfig {
    pub(super) store: Store,
    /// Clock, in milliseconds since 1970.
    pub(super) now_ms: fn() -> i64,
    /// Random bytes; `None` if the system provides none.
    pub(super) random: fn() -> Option<[u8; 32]>,
    /// Public address of the site, without a trailing slash, if it is configured.
    pub(super) public_url: Option<String>,
    /// Identity provider, if one is configured.
    pub(super) provider: Option<Provider>,
    /// Program that tests guidelines in a separate process; with `None` they are tested in this process.
    pub(super) worker: Option<PathBuf>,
    /// Metrics of requests.
    pub(super) metrics: Arc<Metrics>,
    /// Whether requests are not logged.
    pub(super) quiet: bool,
}

/// Router with all routes of the site.
pub(super) fn router(site: SiteConfig) -> Router {
    let state = AppState {
        store: Arc::new(site.store),
        now_ms: site.now_ms,
        random: site.random,
        public_url: site.public_url.map(Arc::from),
        cache: Arc::new(cache::Cache::new()),
        rates: Arc::new(rate_limit::RateLimiter::changes()),
        metrics: site.metrics,
        provider: site.provider,
        provider_metadata: Arc::default(),
        worker: site.worker.map(Arc::from),
        example_tests: Arc::new(example_test_queue::ExampleTestQueue::new()),
        text_work: Arc::new(work_limiter::WorkLimiter::new(TEXT_WORK.0, TEXT_WORK.1, TEXT_WORK.2)),
        provider_work: Arc::new(work_limiter::WorkLimiter::new(
            PROVIDER_WORK.0,
            PROVIDER_WORK.1,
            PROVIDER_WORK.2,
        )),
        sign_ins: Arc::new(rate_limit::RateLimiter::sign_ins()),
        started_ms: (site.now_ms)(),
        quiet: site.quiet,
    };
    let traced = state.clone();
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    let api = Router::new()
        .route("/guidelines", get(api::guidelines))
        .route("/standards", get(api::standards))
        .route("/namespaces", get(api::namespaces))
        .route("/stages", get(api::stages))
        .route("/guidelines/{namespace}/{slug}", get(api::guideline).patch(api::retire_guideline))
        .route("/standards/{namespace}/{slug}", get(api::standard).patch(api::retire_standard))
        .route("/guidelines/{namespace}/{slug}/compare/{pair}", get(api::compare))
        .route(
            "/guidelines/{namespace}/{slug}/{version}",
            get(api::guideline_version).put(api::put_guideline).patch(api::yank_guideline),
        )
        .route(
            "/standards/{namespace}/{slug}/{version}",
            get(api::standard_version).put(api::put_standard).patch(api::yank_standard),
        )
        .fallback(api::not_found);
    Router::new()
        .route("/healthz", get(responses::healthz))
        .route("/readyz", get(responses::readyz))
        .route("/index/config.json", get(index::config))
        .route("/index/{namespace}/{file}", get(index::versions))
        .route("/blob/{file}", get(index::text))
        .route("/", get(pages::home))
        .route("/guidelines", get(pages::guidelines))
        .route("/guidelines.json", get(pages::as_json::guidelines))
        .route("/standards.json", get(pages::as_json::standards))
        .route("/namespaces.json", get(pages::as_json::namespaces))
        .route("/stages.json", get(pages::as_json::stages))
        .route("/guidelines/{namespace}/{slug}", get(pages::newest_guideline))
        .route("/guidelines/{namespace}/{slug}/{version}", get(pages::version_of_guideline))
        .route("/guidelines/{namespace}/{slug}/compare", get(pages::compare_chosen))
        .route("/guidelines/{namespace}/{slug}/compare/{pair}", get(pages::compare))
        .route("/standards", get(pages::standards))
        .route("/standards/{namespace}/{slug}", get(pages::newest_standard))
        .route("/standards/{namespace}/{slug}/{version}", get(pages::version_of_standard))
        .route("/namespaces", get(pages::namespaces))
        .route("/namespaces/{namespace}", get(pages::namespace))
        .route("/stages", get(pages::stages))
        .route("/api", get(pages::api))
        .route("/openapi.json", get(api::openapi))
        .route("/feed/changes.atom", get(feed::changes))
        .route("/feed/namespaces/{file}", get(feed::namespace))
        .route("/feed/names/{namespace}/{file}", get(feed::name))
        .route("/feed/{file}", get(feed::list))
        .route("/sign-in", get(account::sign_in_page))
        .route("/sign-in/provider", get(account::to_provider))
        .route("/sign-in/callback", get(account::from_provider))
        .route("/sign-in/{secret}", get(account::link_page).post(account::use_link))
        .route("/sign-out", post(account::sign_out))
        .route("/account", get(account::account))
        .route("/account/namespaces", post(account::claim))
        .route("/account/members", post(account::add_member))
        .route("/account/teams/{team}/members/{person}/remove", post(account::remove_member))
        .route("/account/tokens", post(account::make_token))
        .route("/account/tokens/{id}/revoke", post(account::revoke_token))
        .route("/account/sessions/{id}/end", post(account::end_session))
        .route("/static/{file}", get(pages::style))
        .nest("/api/v1", api)
        .fallback(pages::not_found)
        .method_not_allowed_fallback(responses::method_not_allowed)
        .layer(from_fn_with_state(state.clone(), cache::serve_cached))
        .layer(from_fn_with_state(state.clone(), rate_limit::limit_changes))
        .with_state(state)
        // The layer below sets one limit for all routes.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
        .layer(CatchPanicLayer::new())
        .layer(map_response(responses::as_problem))
        // Set on every response, also on those of the layers above.
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "same-origin"))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"))
        .layer(from_fn_with_state(traced, request_log::trace_request))
}

/// Router of the metrics listener.
pub(super) fn metrics_router(metrics: Arc<Metrics>) -> Router {
    let text = move || async move {
        ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.text())
    };
    // Also here, for health checks that can reach only the operator's address.
    Router::new().route("/metrics", get(text)).route("/healthz", get(responses::healthz))
}

#[cfg(test)]
mod tests;
