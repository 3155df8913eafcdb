//! What the registry answers over HTTP. Asks `flow` and `store`; decides nothing.

mod account;
mod answers;
mod api;
mod cache;
mod feed;
mod index;
mod limit;
mod listen;
mod pages;
mod patience;
mod peers;
mod provers;
mod query;
mod room;
mod trace;

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

pub(super) use listen::{Limits, serve};
pub(super) use trace::Numbers;

use super::flow::Discovered;
use super::provider::Provider;
use super::store::Store;

/// Largest body of a request, in bytes: a text that is published, and a little, so that it is told what is too large.
const BODY: usize = super::flow::LARGEST + (64 << 10);
/// Longest time for an answer.
const TOTAL: Duration = Duration::from_secs(30);

/// Texts that are read or compared at the same time, so many that wait for it, and for how long.
const LOOKING: (usize, usize, Duration) = (2, 64, Duration::from_secs(10));
/// The same of questions to the identity provider.
const ASKING: (usize, usize, Duration) = (8, 64, Duration::from_secs(10));

/// What every answer may need.
#[derive(Clone)]
struct Shared {
    store: Arc<Store>,
    /// The time, in milliseconds since 1970.
    now_ms: fn() -> i64,
    /// The address at which people find this site, without a slash at its end.
    public: Option<Arc<str>>,
    cache: Arc<cache::Cache>,
    rates: Arc<limit::Rates>,
    /// Random bytes; `None` where the system has none.
    random: fn() -> Option<[u8; 32]>,
    numbers: Arc<Numbers>,
    /// Where people can sign in besides.
    provider: Option<Provider>,
    /// What it said of itself last, and when: whoever asks for it waits for the one question that is under way.
    discovered: Arc<Mutex<Option<(i64, Discovered)>>>,
    /// The program that proves guidelines in a process of its own, and who may let it.
    worker: Option<Arc<Path>>,
    proving: Arc<provers::Provers>,
    /// Where texts are read and compared.
    looking: Arc<room::Room>,
    /// Where the identity provider is asked, and how often for one address.
    asking: Arc<room::Room>,
    sign_ins: Arc<limit::Rates>,
    /// When the program started: a part of the ids of requests.
    started_ms: i64,
    /// Whether requests are not written down.
    quiet: bool,
}

/// What the routes are made from.
pub(super) struct Site {
    pub(super) store: Store,
    /// The time, in milliseconds since 1970.
    pub(super) now_ms: fn() -> i64,
    /// Random bytes; `None` where the system has none.
    pub(super) random: fn() -> Option<[u8; 32]>,
    /// The address at which people find this site, without a slash at its end, where it is known.
    pub(super) public: Option<String>,
    /// Where people can sign in besides.
    pub(super) provider: Option<Provider>,
    /// The program that proves guidelines in a process of its own; `None`: they are proved in this one.
    pub(super) worker: Option<PathBuf>,
    /// What is counted.
    pub(super) numbers: Arc<Numbers>,
    /// Whether requests are not written down.
    pub(super) quiet: bool,
}

/// Every route.
pub(super) fn router(site: Site) -> Router {
    let shared = Shared {
        store: Arc::new(site.store),
        now_ms: site.now_ms,
        random: site.random,
        public: site.public.map(Arc::from),
        cache: Arc::new(cache::Cache::new()),
        rates: Arc::new(limit::Rates::changes()),
        numbers: site.numbers,
        provider: site.provider,
        discovered: Arc::default(),
        worker: site.worker.map(Arc::from),
        proving: Arc::new(provers::Provers::new()),
        looking: Arc::new(room::Room::new(LOOKING.0, LOOKING.1, LOOKING.2)),
        asking: Arc::new(room::Room::new(ASKING.0, ASKING.1, ASKING.2)),
        sign_ins: Arc::new(limit::Rates::sign_ins()),
        started_ms: (site.now_ms)(),
        quiet: site.quiet,
    };
    let traced = shared.clone();
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
        .fallback(api::nothing);
    Router::new()
        .route("/healthz", get(answers::alive))
        .route("/readyz", get(answers::ready))
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
        .fallback(pages::nothing)
        .method_not_allowed_fallback(answers::other_method)
        .layer(from_fn_with_state(shared.clone(), cache::remembered))
        .layer(from_fn_with_state(shared.clone(), limit::limited))
        .with_state(shared)
        // One limit, below.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TOTAL))
        .layer(CatchPanicLayer::new())
        .layer(map_response(answers::as_problem))
        // On every answer, also on those of the layers above.
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "same-origin"))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"))
        .layer(from_fn_with_state(traced, trace::traced))
}

/// The routes of the listener for the operator.
pub(super) fn metrics(numbers: Arc<Numbers>) -> Router {
    let text = move || async move {
        ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], numbers.text())
    };
    // Also here, so that it can be asked where everybody else is kept away.
    Router::new().route("/metrics", get(text)).route("/healthz", get(answers::alive))
}

#[cfg(test)]
mod tests;
