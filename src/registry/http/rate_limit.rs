//! How often one address may change something or try a key. Reading is not limited.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::Shared;
use super::answers::problem;

/// Requests that one address may send at once, and in a minute.
const MOST: i64 = 600;
/// Sign-ins with the identity provider that one address may end at once, and in a minute.
const SIGN_INS: i64 = 120;
/// Addresses that are remembered; when there are more, those that wait for nothing are forgotten.
const ADDRESSES: usize = 10_000;

/// Who sent a request: the address at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// What addresses have used up.
pub(super) struct Rates {
    /// So many at once, and in a minute.
    most: i64,
    /// Until when what was sent counts, in milliseconds.
    until: Mutex<HashMap<IpAddr, i64>>,
}

impl Rates {
    /// Of requests that change something.
    pub(super) fn changes() -> Self {
        Self { most: MOST, until: Mutex::default() }
    }

    /// Of sign-ins with the identity provider, each of which asks it.
    pub(super) fn sign_ins() -> Self {
        Self { most: SIGN_INS, until: Mutex::default() }
    }

    /// Whether an address may send one more now; else in how many seconds.
    pub(super) fn take(&self, address: IpAddr, now_ms: i64) -> Result<(), i64> {
        // One more may be sent after so many milliseconds.
        let each_ms = 60_000 / self.most;
        let mut all = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= ADDRESSES {
            all.retain(|_, until| *until > now_ms);
        }
        let until = all.entry(address).or_insert(now_ms);
        let next = (*until).max(now_ms) + each_ms;
        if next - now_ms > self.most * each_ms {
            return Err(((next - now_ms - self.most * each_ms) / 1000 + 1).max(1));
        }
        *until = next;
        Ok(())
    }
}

/// An answer that says in how many seconds to come again.
pub(super) fn later(mut answer: Response, seconds: i64) -> Response {
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    answer
}

/// Lets through what may be sent.
pub(super) async fn limited(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let address = request.extensions().get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0);
    match shared.rates.take(address, (shared.now_ms)()) {
        Ok(()) => next.run(request).await,
        Err(seconds) => {
            let detail = "Too much was sent at a time; Retry-After says when to go on.";
            later(problem(StatusCode::TOO_MANY_REQUESTS, detail), seconds)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_waits_and_others_do_not() {
        let each_ms = 60_000 / MOST;
        let (rates, one, two) = (Rates::changes(), IpAddr::from([1, 1, 1, 1]), IpAddr::from([2, 2, 2, 2]));
        for _ in 0..MOST {
            assert_eq!(rates.take(one, 1_000), Ok(()));
        }
        assert_eq!(rates.take(one, 1_000), Err(1));
        assert_eq!(rates.take(two, 1_000), Ok(()));
        assert_eq!(rates.take(one, 1_000 + each_ms), Ok(()));
        assert_eq!(rates.take(one, 1_000 + each_ms), Err(1));
        assert_eq!(rates.take(one, 100_000), Ok(()));
    }
}
