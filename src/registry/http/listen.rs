//! Accept loop with timeouts. `axum::serve` alone waits without limit for an incomplete request head and for
//! a client that does not read.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use super::connections_per_address::ConnectionCounter;
use super::rate_limit::PeerAddress;
use super::slow_readers::WriteTimeoutStream;
use crate::registry::program::log;

/// Longest time for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest number of connections. Further connections wait in the backlog of the operating system.
const MAX_CONNECTIONS: u32 = 2_000;
/// Longest time for requests in progress when the server stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(8);
/// Minimum interval between two log entries about too many connections of an address.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// Limits of connections.
#[derive(Clone, Copy, Debug)]
pub(in crate::registry) struct ConnectionLimits {
    /// Connections per address.
    per_address: usize,
    /// Longest time that a write waits for a client that does not read.
    write_timeout: Duration,
    /// Lifetime of a connection. A request in progress at its end is still answered, within [`DRAIN_TIMEOUT`]
    /// and `write_timeout`.
    max_lifetime: Duration,
}

impl ConnectionLimits {
    /// Default limits, with this number of connections per address. Loopback connections are not counted.
    pub(in crate::registry) fn new(per_address: usize) -> Self {
        Self { per_address, write_timeout: Duration::from_secs(20), max_lifetime: Duration::from_mins(10) }
    }

    /// The same limits with other times.
    #[cfg(test)]
    pub(super) fn with_times(self, write_timeout: Duration, max_lifetime: Duration) -> Self {
        Self { write_timeout, max_lifetime, ..self }
    }
}

/// Serves until `stop` completes, then finishes the requests in progress.
pub(in crate::registry) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) {
    let (permits, counter) =
        (Arc::new(Semaphore::new(MAX_CONNECTIONS as usize)), ConnectionCounter::default());
    let (end, ends) = watch::channel(());
    let mut last_logged: Option<Instant> = None;
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &permits) => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, address, permit)) = accepted else {
            // Too many open files. This is temporary; wait instead of spinning.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Some(slot) = counter.open(address, limits.per_address) else {
            if last_logged.is_none_or(|last_logged| last_logged.elapsed() >= LOG_INTERVAL) {
                last_logged = Some(Instant::now());
                log(&format!(
                    "level=warn what=too-many-connections address={address} most={} setting=connections-per-address",
                    limits.per_address
                ));
            }
            continue;
        };
        let service = TowerToHyperService::new(router.clone().layer(Extension(PeerAddress(address))));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(32 << 10)
            .serve_connection(TokioIo::new(WriteTimeoutStream::new(stream, limits.write_timeout)), service);
        let mut ends = ends.clone();
        tokio::spawn(async move {
            let mut connection = std::pin::pin!(connection);
            // The result is not needed: the client disconnected, or a timeout ended the connection.
            let finished = tokio::select! {
                _ = connection.as_mut() => true,
                () = tokio::time::sleep(limits.max_lifetime) => false,
                _ = ends.changed() => false,
            };
            if !finished {
                connection.as_mut().graceful_shutdown();
                let _ = tokio::time::timeout(DRAIN_TIMEOUT + limits.write_timeout, connection).await;
            }
            drop((permit, slot));
        });
    }
    drop((listener, end));
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, permits.acquire_many(MAX_CONNECTIONS)).await;
}

type Accepted = (tokio::net::TcpStream, IpAddr, tokio::sync::OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, permits: &Arc<Semaphore>) -> std::io::Result<Accepted> {
    let permit = Arc::clone(permits).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer.ip(), permit))
}
