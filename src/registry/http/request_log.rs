//! One line of the log and a few numbers for each request, and an id by which both and the answer are known.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;

use super::Shared;
use crate::registry::program::log;

/// The header with the id of a request.
const ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken over from who asks.
const LONGEST: usize = 64;
/// Longest path that is written into the log, in characters.
const PATH: usize = 200;
/// What stands for the status of a request whose sender went away before it was answered: as other servers have it.
const GONE: u16 = 499;
/// Upper ends of the classes of durations, in seconds.
const CLASSES: [f64; 9] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 10.0];

/// Numbers about what was answered, for the operator.
#[derive(Default)]
pub(in crate::registry) struct Numbers {
    /// By the first digit of the status.
    answers: [AtomicU64; 6],
    /// By duration, each class with those below.
    classes: [AtomicU64; CLASSES.len()],
    microseconds: AtomicU64,
    /// The last id that was given.
    ids: AtomicU64,
    /// Requests that are under way.
    open: AtomicU64,
}

impl Numbers {
    fn note(&self, status: u16, took: Duration) {
        let class = usize::from(status / 100).min(self.answers.len() - 1);
        self.answers[class].fetch_add(1, Ordering::Relaxed);
        let seconds = took.as_secs_f64();
        for (end, count) in CLASSES.iter().zip(&self.classes) {
            if seconds <= *end {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.microseconds.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The numbers as Prometheus reads them: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
    pub(in crate::registry) fn text(&self) -> String {
        let mut out = String::from(
            "# HELP stanchion_registry_requests_total Requests that were answered, by class of status.\n\
             # TYPE stanchion_registry_requests_total counter\n",
        );
        let mut all = 0;
        for (class, count) in self.answers.iter().enumerate().skip(1) {
            let count = count.load(Ordering::Relaxed);
            all += count;
            // Writing to a String cannot fail.
            let _ = writeln!(out, "stanchion_registry_requests_total{{status=\"{class}xx\"}} {count}");
        }
        out.push_str(
            "# HELP stanchion_registry_request_seconds How long answers took.\n\
             # TYPE stanchion_registry_request_seconds histogram\n",
        );
        for (end, count) in CLASSES.iter().zip(&self.classes) {
            let count = count.load(Ordering::Relaxed);
            let _ = writeln!(out, "stanchion_registry_request_seconds_bucket{{le=\"{end}\"}} {count}");
        }
        let seconds = Duration::from_micros(self.microseconds.load(Ordering::Relaxed)).as_secs_f64();
        let _ = write!(
            out,
            "stanchion_registry_request_seconds_bucket{{le=\"+Inf\"}} {all}\n\
             stanchion_registry_request_seconds_sum {seconds}\n\
             stanchion_registry_request_seconds_count {all}\n\
             # HELP stanchion_registry_requests_open Requests that are under way.\n\
             # TYPE stanchion_registry_requests_open gauge\n\
             stanchion_registry_requests_open {}\n",
            self.open.load(Ordering::Relaxed)
        );
        out
    }
}

/// Gives a request an id, notes how it was answered, and writes that down.
pub(super) async fn traced(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let given = request.headers().get(&ID).and_then(|value| value.to_str().ok());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let given = given.filter(|id| !id.is_empty() && id.len() <= LONGEST && id.bytes().all(plain));
    let number = shared.numbers.ids.fetch_add(1, Ordering::Relaxed);
    let id = given.map_or_else(|| format!("{:x}-{number:x}", shared.started_ms), str::to_owned);
    let mut noted = Noted {
        method: request.method().clone(),
        path: told(request.uri().path()),
        start: now(),
        status: GONE,
        id,
        shared: shared.clone(),
    };
    shared.numbers.open.fetch_add(1, Ordering::Relaxed);
    let mut answer = next.run(request).await;
    noted.status = answer.status().as_u16();
    if let Ok(value) = HeaderValue::from_str(&noted.id) {
        answer.headers_mut().insert(ID, value);
    }
    answer
}

/// A request that is under way. Dropped when it was answered, and also when whoever asked goes away before that.
struct Noted {
    shared: Shared,
    id: String,
    method: Method,
    path: String,
    start: Instant,
    /// How it was answered, so far as it was.
    status: u16,
}

impl Drop for Noted {
    fn drop(&mut self) {
        let Self { shared, id, method, path, status, .. } = self;
        let took = self.start.elapsed();
        shared.numbers.open.fetch_sub(1, Ordering::Relaxed);
        shared.numbers.note(*status, took);
        if !shared.quiet {
            let level = if *status >= 500 { "error" } else { "info" };
            let ms = took.as_secs_f64() * 1000.0;
            log(&format!(
                "level={level} what=request id={id} method={method} path={path:?} status={status} ms={ms:.1}"
            ));
        }
    }
}

/// A path as it is written down: what signs somebody in is no part of it.
fn told(path: &str) -> String {
    if path.starts_with("/sign-in/") {
        return "/sign-in/-".to_owned();
    }
    let short: String = path.chars().take(PATH).collect();
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
    fn numbers_add_up_and_secrets_are_not_written_down() {
        let numbers = Numbers::default();
        numbers.note(200, Duration::from_millis(3));
        numbers.note(404, Duration::from_millis(30));
        numbers.note(503, Duration::from_secs(20));
        let text = numbers.text();
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
        assert_eq!(told("/sign-in/0123"), "/sign-in/-");
        assert_eq!(told("/a\u{9b}b").chars().filter(|c| c.is_control()).count(), 0);
    }
}
