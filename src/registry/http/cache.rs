//! Cache of responses, and conditional requests. Responses to GET get an ETag. A client with a current copy
//! gets 304.
//!
//! Only responses to anonymous requests are cached. Requests with a cookie or a token are always processed.
//! The database has a number that grows with each change, also by other processes. It is queried a few times
//! per second.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use quick_cache::Weighter;
use quick_cache::sync::Cache as QuickCache;

use super::AppState;
use super::responses::{etag_of_bytes, matches_etag};

/// Largest total size of the cache, in bytes.
const MAX_TOTAL_BYTES: u64 = 32 << 20;
/// Expected number of entries. The cache makes one shard per 32 entries, and an entry must fit into one
/// shard.
const EXPECTED_ENTRIES: usize = 256;
/// Largest cached response, in bytes. Large enough for the comparison of two large texts, which is expensive.
const MAX_ENTRY_BYTES: usize = 2 << 20;
/// Longest address of a cached response, in bytes.
const MAX_ADDRESS_BYTES: usize = 1_000;
/// Longest time until a change by another process is visible, in milliseconds.
const REFRESH_INTERVAL_MS: i64 = 250;
/// Longest age of a cached response, in milliseconds. Some responses depend on the current date or on the age
/// of something.
const MAX_AGE_MS: i64 = 60_000;
/// Path prefixes that are not cached: they are fast, or must always be processed.
const NOT_CACHED: [&str; 6] = ["/healthz", "/readyz", "/static/", "/blob/", "/sign-in", "/account"];

#[derive(Clone)]
struct CachedResponse {
    headers: HeaderMap,
    body: Bytes,
    cached_ms: i64,
    /// Change number of the database before the response was made. The entry is valid only for this number.
    number: i64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<String, CachedResponse> for ByBytes {
    fn weight(&self, key: &String, response: &CachedResponse) -> u64 {
        (key.len() + response.body.len() + 500) as u64
    }
}

/// Cached responses by host and address.
pub(super) struct Cache {
    responses: QuickCache<String, CachedResponse, ByBytes>,
    /// Change number that was read last.
    number: AtomicI64,
    /// Time of the last query for the change number, in milliseconds.
    checked_ms: AtomicI64,
    /// Number of changes by this process, and how many of them the change number includes.
    changes: AtomicU64,
    known: AtomicU64,
}

impl Cache {
    pub(super) fn new() -> Self {
        Self {
            responses: QuickCache::with_weighter(EXPECTED_ENTRIES, MAX_TOTAL_BYTES, ByBytes),
            number: AtomicI64::new(-1),
            checked_ms: AtomicI64::new(i64::MIN),
            changes: AtomicU64::new(0),
            known: AtomicU64::new(0),
        }
    }

    /// Records a change by this process: later requests must not get older responses.
    pub(super) fn invalidate(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// Clears the cache if the database changed. Returns whether cached responses may be used.
    async fn refresh(&self, state: &AppState, now_ms: i64) -> bool {
        let changes = self.changes.load(Ordering::SeqCst);
        // After a change by this process, every request queries the number until one has the result.
        if self.known.load(Ordering::SeqCst) >= changes {
            let looked = self.checked_ms.load(Ordering::SeqCst);
            if looked != i64::MIN && now_ms - looked < REFRESH_INTERVAL_MS {
                return true;
            }
            // Only one request checks for changes by other processes. The others use the cache in the
            // meantime.
            if self.checked_ms.compare_exchange(looked, now_ms, Ordering::SeqCst, Ordering::SeqCst).is_err() {
                return looked != i64::MIN;
            }
        }
        let Ok(number) = state.store.change_number().await else {
            self.checked_ms.store(i64::MIN, Ordering::SeqCst);
            return false;
        };
        // The number only grows: of two concurrent queries the larger one counts. Older entries are useless.
        if self.number.fetch_max(number, Ordering::SeqCst) < number {
            self.responses.clear();
        }
        self.checked_ms.store(now_ms, Ordering::SeqCst);
        self.known.fetch_max(changes, Ordering::SeqCst);
        true
    }
}

/// Responds from the cache, or caches the response.
pub(super) async fn serve_cached(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let is_anonymous = !headers.contains_key(header::COOKIE) && !headers.contains_key(header::AUTHORIZATION);
    let path = request.uri().path();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads || NOT_CACHED.iter().any(|start| path.starts_with(start)) {
        let changes = !reads;
        let response = next.run(request).await;
        if changes {
            state.cache.invalidate();
        }
        return response;
    }
    let now = (state.now_ms)();
    let if_none_match: Vec<HeaderValue> = headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let address = format!("{host} {}", request.uri());
    let usable = is_anonymous && state.cache.refresh(&state, now).await && address.len() <= MAX_ADDRESS_BYTES;
    let number = state.cache.number.load(Ordering::SeqCst);
    if usable
        && let Some(response) = state.cache.responses.get(&address)
        && response.number == number
        && now - response.cached_ms < MAX_AGE_MS
    {
        return respond(&response, &if_none_match);
    }
    request.headers_mut().remove(header::IF_NONE_MATCH);
    // HEAD is processed as GET; the server omits the body.
    *request.method_mut() = Method::GET;
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut headers = parts.headers;
    if !headers.contains_key(header::ETAG)
        && let Ok(tag) = HeaderValue::from_str(&etag_of_bytes(&body))
    {
        headers.insert(header::ETAG, tag);
    }
    let response = CachedResponse { headers, body, cached_ms: now, number };
    if usable && response.body.len() <= MAX_ENTRY_BYTES {
        state.cache.responses.insert(address, response.clone());
    }
    respond(&response, &if_none_match)
}

/// Sends the response, or 304 if the client has it.
fn respond(response: &CachedResponse, if_none_match: &[HeaderValue]) -> Response {
    let tag = response.headers.get(header::ETAG);
    if tag.is_some_and(|tag| matches_etag(if_none_match, tag)) {
        let mut headers = response.headers.clone();
        headers.remove(header::CONTENT_TYPE);
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (response.headers.clone(), response.body.clone()).into_response()
}
