//! One registry over HTTP: capped, timed, over TLS except on this machine.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ureq::http::{StatusCode, header};
use ureq::tls::{RootCerts, TlsConfig};

use super::remembered::{Answer, Remembered};
use super::told::Trouble;

/// A registry may take so long in all, however often it is asked.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest time for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Largest file of an index, and largest text, in bytes.
const LARGEST: u64 = 4 << 20;
/// How we are called.
const AGENT: &str = concat!("stanchion/", env!("CARGO_PKG_VERSION"));

/// A registry, and what it has said.
pub(super) struct Http {
    agent: ureq::Agent,
    /// Without a slash at its end.
    base: String,
    clock: Mutex<Clock>,
    remembered: Mutex<Remembered>,
    /// Why it is not asked any more.
    given_up: Mutex<Option<Trouble>>,
}

impl Http {
    /// The registry at `base`, of which something may be known already. Nothing is asked yet.
    pub(super) fn new(base: &str, remembered: Remembered) -> Self {
        Self {
            agent: agent(base),
            base: base.trim_end_matches('/').to_owned(),
            clock: Mutex::default(),
            remembered: Mutex::new(remembered),
            given_up: Mutex::new(None),
        }
    }

    /// What is remembered of it now.
    pub(super) fn remembered(&self) -> Remembered {
        lock(&self.remembered).clone()
    }

    /// The text at `path` (which begins with a slash); `None` where it says that there is none.
    pub(super) fn get(&self, path: &str) -> Result<Option<String>, Trouble> {
        if let Some(trouble) = lock(&self.given_up).clone() {
            return Err(trouble);
        }
        let left = lock(&self.clock).start(now());
        let got = self.ask(path, left);
        lock(&self.clock).stop(now());
        if let Err((trouble, true)) = &got {
            // It would only cost as much time again.
            lock(&self.given_up).get_or_insert_with(|| trouble.clone());
        }
        got.map_err(|(trouble, _)| trouble)
    }

    /// The same; a trouble that would only come again is told with `true`.
    fn ask(&self, path: &str, left: Duration) -> Result<Option<String>, (Trouble, bool)> {
        if left.is_zero() {
            return Err((too_slow(), true));
        }
        let known = lock(&self.remembered).get(path).cloned();
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(known) = &known {
            request = request.header(header::IF_NONE_MATCH, &known.tag);
        }
        let request = request.config().timeout_global(Some(left)).build();
        let mut answer = request.call().map_err(|error| failed(&error))?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED => {
                let told = "it says that nothing changed, and was not asked for that";
                return known.map(|known| Some(known.body)).ok_or((Trouble(told.to_owned()), false));
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                lock(&self.remembered).put(path, None);
                return Ok(None);
            }
            status => return Err((refused(status), true)),
        }
        let tag = answer.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok().map(str::to_owned));
        let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
        let body = body.map_err(|error| failed(&error))?;
        let Ok(body) = String::from_utf8(body) else {
            return Err((Trouble(format!("what it has at {path} is no text")), false));
        };
        let answer = tag.map(|tag| Answer { tag, body: body.clone() });
        // What never changes is looked at once, and lies in the repository then.
        if !path.starts_with("/blob/") {
            lock(&self.remembered).put(path, answer);
        }
        Ok(Some(body))
    }
}

/// How long a registry was waited for. Time in which nobody waits for it is not its fault.
#[derive(Default)]
struct Clock {
    waiting: usize,
    /// Since when somebody waits.
    since: Option<Instant>,
    spent: Duration,
}

impl Clock {
    /// Somebody begins to wait. Returns how long that may take.
    fn start(&mut self, now: Instant) -> Duration {
        self.waiting += 1;
        let since = *self.since.get_or_insert(now);
        PATIENCE.saturating_sub(self.spent + now.saturating_duration_since(since))
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

/// How requests to `base` are made.
pub(super) fn agent(base: &str) -> ureq::Agent {
    // Companies have authorities of their own, which their machines know.
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = ureq::Agent::config_builder().tls_config(tls);
    let config = if base.starts_with("https://") {
        config.https_only(true).max_redirects(3)
    } else {
        // What is not encrypted does not leave this machine: not through a proxy of the environment, and not to where an
        // answer sends.
        config.proxy(None).max_redirects(0)
    };
    config.timeout_connect(Some(CONNECT)).http_status_as_error(false).user_agent(AGENT).build().new_agent()
}

fn too_slow() -> Trouble {
    Trouble(format!("it did not answer within {} s", PATIENCE.as_secs()))
}

/// What an answer means that has no text.
pub(super) fn refused(status: StatusCode) -> Trouble {
    let number = status.as_u16();
    Trouble(match number {
        401 | 403 => format!("it wants to know who asks ({number})"),
        407 => "a proxy on the way wants to know who asks (407)".to_owned(),
        300..=399 => format!("it sends elsewhere ({number}), and is not followed there"),
        429 => "it is asked too often (429); try again in a minute".to_owned(),
        500.. => format!("it could not answer ({number})"),
        _ => format!("it gave an answer that is not understood ({number})"),
    })
}

/// What went wrong on the way, and whether it would only come again.
pub(super) fn failed(error: &ureq::Error) -> (Trouble, bool) {
    let words = match error {
        ureq::Error::Timeout(_) => return (too_slow(), true),
        ureq::Error::HostNotFound => "there is no machine of that name".to_owned(),
        ureq::Error::ConnectionFailed => "nobody listens there".to_owned(),
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            "nobody listens there (connection refused)".to_owned()
        }
        // The system has no kind of its own for it.
        ureq::Error::Io(error) if error.to_string().contains("failed to lookup address") => {
            "there is no machine of that name".to_owned()
        }
        ureq::Error::Io(error) => format!("the connection broke: {error}"),
        ureq::Error::TooManyRedirects => "it sends from one place to the next, without an end".to_owned(),
        ureq::Error::RequireHttpsOnly(_) => {
            "it sends to a place that is not encrypted, and is not followed there".to_owned()
        }
        ureq::Error::BodyExceedsLimit(limit) => {
            return (Trouble(format!("its answer is larger than {} MiB", limit >> 20)), false);
        }
        other => format!("it could not be asked: {other}"),
    };
    (Trouble(words), true)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "a registry must not be waited for without an end")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_in_which_somebody_waits_is_counted_and_once() {
        let (start, mut clock) = (now(), Clock::default());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(clock.start(at(0)), PATIENCE);
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
