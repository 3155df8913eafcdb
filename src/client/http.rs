//! Access to one registry over HTTP: with limits on size and time, and over TLS except on the local machine.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ureq::http::{StatusCode, header};
use ureq::tls::{RootCerts, TlsConfig};

use super::cached_index::{CachedIndex, TaggedResponse};
use super::outcome::RequestError;

/// Maximum total time for which one registry is waited for, over all requests (see [`WaitClock`]).
const TIME_LIMIT: Duration = Duration::from_secs(15);
/// Maximum time for opening a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum size of an index file and of a text, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;
/// User agent of all requests.
const USER_AGENT: &str = concat!("stanchion/", env!("CARGO_PKG_VERSION"));

/// A registry, with its cached index.
pub(super) struct Http {
    agent: ureq::Agent,
    /// Base URL without a final slash.
    base: String,
    clock: Mutex<WaitClock>,
    cached_index: Mutex<CachedIndex>,
    /// Error after which no further requests are sent.
    final_error: Mutex<Option<RequestError>>,
}

impl Http {
    /// Creates a client for the registry at `base`, with its cached index. Sends no request yet.
    pub(super) fn new(base: &str, cached_index: CachedIndex) -> Self {
        Self {
            agent: build_agent(base),
            base: base.trim_end_matches('/').to_owned(),
            clock: Mutex::default(),
            cached_index: Mutex::new(cached_index),
            final_error: Mutex::new(None),
        }
    }

    /// Current state of the cached index.
    pub(super) fn cached_index(&self) -> CachedIndex {
        lock(&self.cached_index).clone()
    }

    /// Fetches the text at `path` (which begins with a slash); `None` if the registry reports that it does
    /// not exist.
    pub(super) fn fetch(&self, path: &str) -> Result<Option<String>, RequestError> {
        if let Some(error) = lock(&self.final_error).clone() {
            return Err(error);
        }
        let left = lock(&self.clock).start(now());
        let got = self.send_request(path, left);
        lock(&self.clock).stop(now());
        if let Err((error, true)) = &got {
            // Further requests would only take as much time again.
            lock(&self.final_error).get_or_insert_with(|| error.clone());
        }
        got.map_err(|(error, _)| error)
    }

    /// Same as [`Http::fetch`]; the flag of an error is true if further requests would fail too.
    fn send_request(&self, path: &str, left: Duration) -> Result<Option<String>, (RequestError, bool)> {
        if left.is_zero() {
            return Err((timeout_error(), true));
        }
        let known = lock(&self.cached_index).get(path).cloned();
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(known) = &known {
            request = request.header(header::IF_NONE_MATCH, &known.tag);
        }
        let request = request.config().timeout_global(Some(left)).build();
        let mut response = request.call().map_err(|error| transport_error(&error))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED => {
                let message = "it returned 304 (Not Modified) to an unconditional request";
                return known.map(|known| Some(known.body)).ok_or((RequestError(message.to_owned()), false));
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                lock(&self.cached_index).put(path, None);
                return Ok(None);
            }
            status => return Err((status_error(status), true)),
        }
        let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok().map(str::to_owned));
        let body = response.body_mut().with_config().limit(MAX_FILE_BYTES).read_to_vec();
        let body = body.map_err(|error| transport_error(&error))?;
        let Ok(body) = String::from_utf8(body) else {
            return Err((RequestError(format!("its file {path} is not UTF-8")), false));
        };
        let response = tag.map(|tag| TaggedResponse { tag, body: body.clone() });
        // Texts never change: each is fetched once, and then stored in the repository.
        if !path.starts_with("/blob/") {
            lock(&self.cached_index).put(path, response);
        }
        Ok(Some(body))
    }
}

/// Total time spent waiting for a registry. Overlapping requests count once, and time without an open request
/// does not count.
#[derive(Default)]
struct WaitClock {
    waiting: usize,
    /// Start of the current waiting period.
    since: Option<Instant>,
    spent: Duration,
}

impl WaitClock {
    /// Registers the start of a request. Returns the remaining time for it.
    fn start(&mut self, now: Instant) -> Duration {
        self.waiting += 1;
        let since = *self.since.get_or_insert(now);
        TIME_LIMIT.saturating_sub(self.spent + now.saturating_duration_since(since))
    }

    fn stop(&mut self, now: Instant) {
        self.waiting -= 1;
        if self.waiting == 0
            && let Some(since) = self.since.take()
        {
            self.spent += now.saturating_duration_since(since);
        }
    }
}

/// Creates the HTTP agent for requests to `base`.
pub(super) fn build_agent(base: &str) -> ureq::Agent {
    // Companies have their own certificate authorities, which are configured in the operating system.
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = ureq::Agent::config_builder().tls_config(tls);
    let config = if base.starts_with("https://") {
        config.https_only(true).max_redirects(3)
    } else {
        // Unencrypted requests must not leave this machine: no proxy from the environment, and no redirects.
        config.proxy(None).max_redirects(0)
    };
    config
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .http_status_as_error(false)
        .user_agent(USER_AGENT)
        .build()
        .new_agent()
}

fn timeout_error() -> RequestError {
    RequestError(format!("it did not respond within {} s", TIME_LIMIT.as_secs()))
}

/// Error for a response without the requested text.
pub(super) fn status_error(status: StatusCode) -> RequestError {
    let number = status.as_u16();
    RequestError(match number {
        401 | 403 => format!("it requires authentication ({number})"),
        407 => "a proxy requires authentication (407)".to_owned(),
        300..=399 => format!("it returned a redirect ({number}), which is not followed"),
        429 => "rate limit exceeded (429); try again in a minute".to_owned(),
        500.. => format!("it returned a server error ({number})"),
        _ => format!("it returned an unexpected status ({number})"),
    })
}

/// Converts a transport error; the flag is true if further requests would fail too.
pub(super) fn transport_error(error: &ureq::Error) -> (RequestError, bool) {
    let message = match error {
        ureq::Error::Timeout(_) => return (timeout_error(), true),
        ureq::Error::HostNotFound => "host not found".to_owned(),
        ureq::Error::ConnectionFailed => "connection failed".to_owned(),
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            "connection failed (connection refused)".to_owned()
        }
        // The standard library has no error kind for this case.
        ureq::Error::Io(error) if error.to_string().contains("failed to lookup address") => {
            "host not found".to_owned()
        }
        ureq::Error::Io(error) => format!("connection error: {error}"),
        ureq::Error::TooManyRedirects => "too many redirects".to_owned(),
        ureq::Error::RequireHttpsOnly(_) => {
            "it redirects to an unencrypted URL, which is not followed".to_owned()
        }
        ureq::Error::BodyExceedsLimit(limit) => {
            return (RequestError(format!("its response is larger than {} MiB", limit >> 20)), false);
        }
        other => format!("the request failed: {other}"),
    };
    (RequestError(message), true)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "waiting for a registry must be limited")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_waiting_times_are_counted_once() {
        let (start, mut clock) = (now(), WaitClock::default());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(clock.start(at(0)), TIME_LIMIT);
        assert_eq!(clock.start(at(3)), Duration::from_secs(12));
        clock.stop(at(4));
        clock.stop(at(5));
        assert_eq!(clock.start(at(100)), Duration::from_secs(10));
        clock.stop(at(109));
        assert_eq!(clock.start(at(200)), Duration::from_secs(1));
        clock.stop(at(300));
        assert_eq!(clock.start(at(301)), Duration::ZERO);
    }
}
