//! The accept loop: `axum::serve` alone waits for ever for half a header, and for who does not read.

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

use super::limit::Peer;
use super::patience::Patient;
use super::peers::Peers;
use crate::registry::program::log;

/// Longest time for the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// Most connections at the same time; others wait in the system's queue.
const CONNECTIONS: u32 = 2_000;
/// Longest time that is given to what is under way when the program is to end.
const DRAIN: Duration = Duration::from_secs(8);
/// That an address has too many connections is written down at most so often.
const TELL: Duration = Duration::from_mins(1);

/// What one connection may take.
#[derive(Clone, Copy, Debug)]
pub(in crate::registry) struct Limits {
    /// Connections of one address.
    per_address: usize,
    /// How long a write waits for who does not read.
    patience: Duration,
    /// How long a connection lives; what is asked then is answered still, in [`DRAIN`] and `patience`.
    life: Duration,
}

impl Limits {
    /// The limits, with so many connections of one address. Those of this machine are not counted.
    pub(in crate::registry) fn new(per_address: usize) -> Self {
        Self { per_address, patience: Duration::from_secs(20), life: Duration::from_mins(10) }
    }

    /// The same with other times.
    #[cfg(test)]
    pub(super) fn with_times(self, patience: Duration, life: Duration) -> Self {
        Self { patience, life, ..self }
    }
}

/// Serves until `stop` comes, then lets what is under way end.
pub(in crate::registry) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let (room, peers) = (Arc::new(Semaphore::new(CONNECTIONS as usize)), Peers::default());
    let (end, ends) = watch::channel(());
    let mut told: Option<Instant> = None;
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, peer, permit)) = accepted else {
            // Too many open files: that passes, and a busy loop would not help.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Some(place) = peers.enter(peer, limits.per_address) else {
            if told.is_none_or(|told| told.elapsed() >= TELL) {
                told = Some(Instant::now());
                log(&format!(
                    "level=warn what=too-many-connections address={peer} most={} setting=connections-per-address",
                    limits.per_address
                ));
            }
            continue;
        };
        let service = TowerToHyperService::new(router.clone().layer(Extension(Peer(peer))));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(32 << 10)
            .serve_connection(TokioIo::new(Patient::new(stream, limits.patience)), service);
        let mut ends = ends.clone();
        tokio::spawn(async move {
            let mut connection = std::pin::pin!(connection);
            // A peer that goes away is no news.
            let over = tokio::select! {
                _ = connection.as_mut() => true,
                () = tokio::time::sleep(limits.life) => false,
                _ = ends.changed() => false,
            };
            if !over {
                connection.as_mut().graceful_shutdown();
                let _ = tokio::time::timeout(DRAIN + limits.patience, connection).await;
            }
            drop((permit, place));
        });
    }
    drop((listener, end));
    let _ = tokio::time::timeout(DRAIN, room.acquire_many(CONNECTIONS)).await;
}

type Accepted = (tokio::net::TcpStream, IpAddr, tokio::sync::OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> std::io::Result<Accepted> {
    let permit = Arc::clone(room).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer.ip(), permit))
}
