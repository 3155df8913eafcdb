//! Rate limits per address: for requests that change something or try a token, and for sign-ins with the
//! identity provider. Reading is not limited.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::AppState;
use super::responses::problem;

/// Changing requests per address: burst, and number per minute.
const CHANGES_PER_MINUTE: i64 = 600;
/// Sign-ins with the identity provider per address: burst, and number per minute.
const SIGN_INS_PER_MINUTE: i64 = 120;
/// From this number of addresses on, those whose allowance is full again are removed.
const MAX_ADDRESSES: usize = 10_000;

/// Address at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct PeerAddress(pub(super) IpAddr);

/// Rate limiter with an allowance of requests per address, which refills continuously.
pub(super) struct RateLimiter {
    /// Burst, and number per minute.
    per_minute: i64,
    /// Time at which the allowance of an address is full again, in milliseconds since 1970.
    full_again_ms: Mutex<HashMap<IpAddr, i64>>,
}

impl RateLimiter {
    /// Limiter for requests that change something.
    pub(super) fn changes() -> Self {
        Self { per_minute: CHANGES_PER_MINUTE, full_again_ms: Mutex::default() }
    }

    /// Limiter for sign-ins with the identity provider. Each one causes a request to the provider.
    pub(super) fn sign_ins() -> Self {
        Self { per_minute: SIGN_INS_PER_MINUTE, full_again_ms: Mutex::default() }
    }

    /// Takes one request from the allowance of an address. If it is used up, returns the seconds to wait.
    pub(super) fn take(&self, address: IpAddr, now_ms: i64) -> Result<(), i64> {
        // Time after which the allowance grows by one request.
        let each_ms = 60_000 / self.per_minute;
        let mut all = self.full_again_ms.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_ADDRESSES {
            all.retain(|_, full_again_ms| *full_again_ms > now_ms);
        }
        let full_again_ms = all.entry(address).or_insert(now_ms);
        let next = (*full_again_ms).max(now_ms) + each_ms;
        if next - now_ms > self.per_minute * each_ms {
            return Err(((next - now_ms - self.per_minute * each_ms) / 1000 + 1).max(1));
        }
        *full_again_ms = next;
        Ok(())
    }
}

/// Sets the `Retry-After` header.
pub(super) fn with_retry_after(mut response: Response, seconds: i64) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Middleware that limits changing requests.
pub(super) async fn limit_changes(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let address = request.extensions().get::<PeerAddress>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0);
    match state.rates.take(address, (state.now_ms)()) {
        Ok(()) => next.run(request).await,
        Err(seconds) => {
            let detail = "Too many requests from this address. Retry after the time in `Retry-After`.";
            with_retry_after(problem(StatusCode::TOO_MANY_REQUESTS, detail), seconds)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_limit_is_per_address() {
        let each_ms = 60_000 / CHANGES_PER_MINUTE;
        let (rates, one, two) =
            (RateLimiter::changes(), IpAddr::from([1, 1, 1, 1]), IpAddr::from([2, 2, 2, 2]));
        for _ in 0..CHANGES_PER_MINUTE {
            assert_eq!(rates.take(one, 1_000), Ok(()));
        }
        assert_eq!(rates.take(one, 1_000), Err(1));
        assert_eq!(rates.take(two, 1_000), Ok(()));
        assert_eq!(rates.take(one, 1_000 + each_ms), Ok(()));
        assert_eq!(rates.take(one, 1_000 + each_ms), Err(1));
        assert_eq!(rates.take(one, 100_000), Ok(()));
    }
}
