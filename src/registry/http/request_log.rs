//! Request log, metrics, and request ids.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;

use super::AppState;
use crate::registry::program::log;

/// Header with the request id.
const ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is accepted from a client, in bytes.
const MAX_ID_BYTES: usize = 64;
/// Longest logged path, in characters.
const MAX_PATH_CHARS: usize = 200;
/// Logged status if the client closed the connection before the response, as in nginx.
const CLIENT_GONE: u16 = 499;
/// Upper bounds of the histogram buckets, in seconds.
const BUCKETS: [f64; 9] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 10.0];

/// Metrics of requests.
#[derive(Default)]
pub(in crate::registry) struct Metrics {
    /// Responses by status class.
    responses: [AtomicU64; 6],
    /// Cumulative histogram of durations.
    buckets: [AtomicU64; BUCKETS.len()],
    microseconds: AtomicU64,
    /// Number of requests so far; part of the request ids.
    ids: AtomicU64,
    /// Requests in progress.
    open: AtomicU64,
}

impl Metrics {
    fn record(&self, status: u16, took: Duration) {
        let class = usize::from(status / 100).min(self.responses.len() - 1);
        self.responses[class].fetch_add(1, Ordering::Relaxed);
        let seconds = took.as_secs_f64();
        for (end, count) in BUCKETS.iter().zip(&self.buckets) {
            if seconds <= *end {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.microseconds.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Formats the metrics for Prometheus: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
    pub(in crate::registry) fn text(&self) -> String {
        let mut out = String::from(
            "# HELP stanchion_registry_requests_total Requests answered, by status class.\n\
             # TYPE stanchion_registry_requests_total counter\n",
        );
        let mut all = 0;
        for (class, count) in self.responses.iter().enumerate().skip(1) {
            let count = count.load(Ordering::Relaxed);
            all += count;
            // Writing to a `String` cannot fail.
            let _ = writeln!(out, "stanchion_registry_requests_total{{status=\"{class}xx\"}} {count}");
        }
        out.push_str(
            "# HELP stanchion_registry_request_seconds Time until a request was answered.\n\
             # TYPE stanchion_registry_request_seconds histogram\n",
        );
        for (end, count) in BUCKETS.iter().zip(&self.buckets) {
            let count = count.load(Ordering::Relaxed);
            let _ = writeln!(out, "stanchion_registry_request_seconds_bucket{{le=\"{end}\"}} {count}");
        }
        let seconds = Duration::from_micros(self.microseconds.load(Ordering::Relaxed)).as_secs_f64();
        let _ = write!(
            out,
            "stanchion_registry_request_seconds_bucket{{le=\"+Inf\"}} {all}\n\
             stanchion_registry_request_seconds_sum {seconds}\n\
             stanchion_registry_request_seconds_count {all}\n\
             # HELP stanchion_registry_requests_open Requests in progress.\n\
             # TYPE stanchion_registry_requests_open gauge\n\
             stanchion_registry_requests_open {}\n",
            self.open.load(Ordering::Relaxed)
        );
        out
    }
}

/// Middleware that assigns a request id, counts the request and logs it.
pub(super) async fn trace_request(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let given = request.headers().get(&ID).and_then(|value| value.to_str().ok());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let given = given.filter(|id| !id.is_empty() && id.len() <= MAX_ID_BYTES && id.bytes().all(plain));
    let number = state.metrics.ids.fetch_add(1, Ordering::Relaxed);
    let id = given.map_or_else(|| format!("{:x}-{number:x}", state.started_ms), str::to_owned);
    let mut traced = TracedRequest {
        method: request.method().clone(),
        path: loggable_path(request.uri().path()),
        start: now(),
        status: CLIENT_GONE,
        id,
        state: state.clone(),
    };
    state.metrics.open.fetch_add(1, Ordering::Relaxed);
    let mut response = next.run(request).await;
    traced.status = response.status().as_u16();
    if let Ok(value) = HeaderValue::from_str(&traced.id) {
        response.headers_mut().insert(ID, value);
    }
    response
}

/// Request in progress. It is recorded when it is dropped: after the response, or when the client closes the
/// connection.
struct TracedRequest {
    state: AppState,
    id: String,
    method: Method,
    path: String,
    start: Instant,
    /// Status of the response, or [`CLIENT_GONE`].
    status: u16,
}

impl Drop for TracedRequest {
    fn drop(&mut self) {
        let Self { state, id, method, path, status, .. } = self;
        let took = self.start.elapsed();
        state.metrics.open.fetch_sub(1, Ordering::Relaxed);
        state.metrics.record(*status, took);
        if !state.quiet {
            let level = if *status >= 500 { "error" } else { "info" };
            let ms = took.as_secs_f64() * 1000.0;
            log(&format!(
                "level={level} what=request id={id} method={method} path={path:?} status={status} ms={ms:.1}"
            ));
        }
    }
}

/// Path for the log, without the secret of a sign-in link.
fn loggable_path(path: &str) -> String {
    if path.starts_with("/sign-in/") {
        return "/sign-in/-".to_owned();
    }
    let short: String = path.chars().take(MAX_PATH_CHARS).collect();
    crate::report::escape::escape(&short).into_owned()
}

#[expect(clippy::disallowed_methods, reason = "how long an answer took is for the operator")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_correct_and_secrets_are_not_logged() {
        let metrics = Metrics::default();
        metrics.record(200, Duration::from_millis(3));
        metrics.record(404, Duration::from_millis(30));
        metrics.record(503, Duration::from_secs(20));
        let text = metrics.text();
        for line in [
            "requests_total{status=\"2xx\"} 1",
            "requests_total{status=\"5xx\"} 1",
            "bucket{le=\"0.005\"} 1",
            "bucket{le=\"10\"} 2",
            "bucket{le=\"+Inf\"} 3",
            "seconds_count 3",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
        assert_eq!(loggable_path("/sign-in/0123"), "/sign-in/-");
        assert_eq!(loggable_path("/a\u{9b}b").chars().filter(|c| c.is_control()).count(), 0);
    }
}
