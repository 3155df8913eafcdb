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
/// One more may be sent after so many milliseconds.
const EACH_MS: i64 = 60_000 / MOST;
/// Addresses that are remembered; when there are more, those that wait for nothing are forgotten.
const ADDRESSES: usize = 10_000;

/// Who sent a request: the address at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// What addresses have used up.
#[derive(Default)]
pub(super) struct Rates {
    /// Until when what was sent counts, in milliseconds.
    until: Mutex<HashMap<IpAddr, i64>>,
}

impl Rates {
    /// Whether an address may send one more now; else in how many seconds.
    fn take(&self, address: IpAddr, now_ms: i64) -> Result<(), i64> {
        let mut all = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= ADDRESSES {
            all.retain(|_, until| *until > now_ms);
        }
        let until = all.entry(address).or_insert(now_ms);
        let next = (*until).max(now_ms) + EACH_MS;
        if next - now_ms > MOST * EACH_MS {
            return Err(((next - now_ms - MOST * EACH_MS) / 1000 + 1).max(1));
        }
        *until = next;
        Ok(())
    }
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
            let mut answer = problem(
                StatusCode::TOO_MANY_REQUESTS,
                "Too much was sent at a time; Retry-After says when to go on.",
            );
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            answer
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_waits_and_others_do_not() {
        let (rates, one, two) = (Rates::default(), IpAddr::from([1, 1, 1, 1]), IpAddr::from([2, 2, 2, 2]));
        for _ in 0..MOST {
            assert_eq!(rates.take(one, 1_000), Ok(()));
        }
        assert_eq!(rates.take(one, 1_000), Err(1));
        assert_eq!(rates.take(two, 1_000), Ok(()));
        assert_eq!(rates.take(one, 1_000 + EACH_MS), Ok(()));
        assert_eq!(rates.take(one, 1_000 + EACH_MS), Err(1));
        assert_eq!(rates.take(one, 100_000), Ok(()));
    }
}
