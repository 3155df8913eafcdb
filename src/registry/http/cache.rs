//! What was answered before, until something changes. Every answer that is read gets a tag, and is not sent again to
//! whoever has it.
//!
//! Only answers to nobody in particular are kept: whoever sends a cookie or a key is answered anew, with a tag. The database has a
//! number that grows with each change, also by another process; it is asked for a few times a second.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use quick_cache::Weighter;
use quick_cache::sync::Cache as Kept;

use super::Shared;
use super::answers::{is_known, tag_of};

/// Most bytes that are kept.
const MOST_BYTES: u64 = 32 << 20;
/// Answers that are expected to be kept: the cache makes a part for each 32 of them, and what is kept must fit into one.
const EXPECTED: usize = 256;
/// Largest answer that is kept, in bytes: also the comparison of two large texts, which takes long.
const LARGEST: usize = 2 << 20;
/// Longest address of which an answer is kept, in bytes.
const ADDRESS: usize = 1_000;
/// So long an answer may be older than a change by another process, in milliseconds.
const LOOK_EVERY_MS: i64 = 250;
/// Some answers depend on the day or on how long ago something was: no answer is kept for longer than this.
const LONGEST_MS: i64 = 60_000;
/// Addresses below these are answered quickly, or must be answered anew.
const NOT_KEPT: [&str; 6] = ["/healthz", "/readyz", "/static/", "/blob/", "/sign-in", "/account"];

#[derive(Clone)]
struct Answer {
    headers: HeaderMap,
    body: Bytes,
    kept_ms: i64,
    /// The database's number before it was made: with another one it is not given any more.
    number: i64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<String, Answer> for ByBytes {
    fn weight(&self, key: &String, answer: &Answer) -> u64 {
        (key.len() + answer.body.len() + 500) as u64
    }
}

/// Answers by address.
pub(super) struct Cache {
    answers: Kept<String, Answer, ByBytes>,
    /// The database's number, as it was told last.
    number: AtomicI64,
    /// When the database was asked for its number last.
    looked_ms: AtomicI64,
    /// Changes that were made here, and how many of them the number knows of.
    changes: AtomicU64,
    known: AtomicU64,
}

impl Cache {
    pub(super) fn new() -> Self {
        Self {
            answers: Kept::with_weighter(EXPECTED, MOST_BYTES, ByBytes),
            number: AtomicI64::new(-1),
            looked_ms: AtomicI64::new(i64::MIN),
            changes: AtomicU64::new(0),
            known: AtomicU64::new(0),
        }
    }

    /// Something was changed here: whoever asks from now on is answered with it.
    pub(super) fn look_again(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// Forgets everything if the database changed. Returns whether what is kept may be used.
    async fn refresh(&self, shared: &Shared, now_ms: i64) -> bool {
        let changes = self.changes.load(Ordering::SeqCst);
        // After a change here everybody asks, until one has the answer.
        if self.known.load(Ordering::SeqCst) >= changes {
            let looked = self.looked_ms.load(Ordering::SeqCst);
            if looked != i64::MIN && now_ms - looked < LOOK_EVERY_MS {
                return true;
            }
            // One asks what others changed; others meanwhile use what is there.
            if self.looked_ms.compare_exchange(looked, now_ms, Ordering::SeqCst, Ordering::SeqCst).is_err() {
                return looked != i64::MIN;
            }
        }
        let Ok(number) = shared.store.change().await else {
            self.looked_ms.store(i64::MIN, Ordering::SeqCst);
            return false;
        };
        // It only grows: of two who asked, the later answer counts. What was kept before is of no use any more.
        if self.number.fetch_max(number, Ordering::SeqCst) < number {
            self.answers.clear();
        }
        self.looked_ms.store(now_ms, Ordering::SeqCst);
        self.known.fetch_max(changes, Ordering::SeqCst);
        true
    }
}

/// Answers from what is kept, or keeps what is answered.
pub(super) async fn remembered(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let anybody = !headers.contains_key(header::COOKIE) && !headers.contains_key(header::AUTHORIZATION);
    let path = request.uri().path();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads || NOT_KEPT.iter().any(|start| path.starts_with(start)) {
        let changes = !reads;
        let answer = next.run(request).await;
        if changes {
            shared.cache.look_again();
        }
        return answer;
    }
    let now = (shared.now_ms)();
    let has: Vec<HeaderValue> = headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let address = format!("{host} {}", request.uri());
    let usable = anybody && shared.cache.refresh(&shared, now).await && address.len() <= ADDRESS;
    let number = shared.cache.number.load(Ordering::SeqCst);
    if usable
        && let Some(answer) = shared.cache.answers.get(&address)
        && answer.number == number
        && now - answer.kept_ms < LONGEST_MS
    {
        return give(&answer, &has);
    }
    request.headers_mut().remove(header::IF_NONE_MATCH);
    // The answer to HEAD is that to GET: what is below leaves out its body.
    *request.method_mut() = Method::GET;
    let answer = next.run(request).await;
    if answer.status() != StatusCode::OK {
        return answer;
    }
    let (parts, body) = answer.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut headers = parts.headers;
    if !headers.contains_key(header::ETAG)
        && let Ok(tag) = HeaderValue::from_str(&tag_of(&body))
    {
        headers.insert(header::ETAG, tag);
    }
    let answer = Answer { headers, body, kept_ms: now, number };
    if usable && answer.body.len() <= LARGEST {
        shared.cache.answers.insert(address, answer.clone());
    }
    give(&answer, &has)
}

/// The answer, or that it is the one that is there.
fn give(answer: &Answer, has: &[HeaderValue]) -> Response {
    let tag = answer.headers.get(header::ETAG);
    if tag.is_some_and(|tag| is_known(has, tag)) {
        let mut headers = answer.headers.clone();
        headers.remove(header::CONTENT_TYPE);
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (answer.headers.clone(), answer.body.clone()).into_response()
}
