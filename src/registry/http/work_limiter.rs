//! Limits CPU-intensive work: it runs on separate threads, with limited parallelism. If too many requests
//! wait, or one waits too long, it fails with [`Busy`].

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

/// Texts up to this size in bytes are processed inline. That takes a few milliseconds, less than waiting for
/// a permit.
const INLINE_BYTES: usize = 32 << 10;

/// Limiter with a maximum of parallel work, a maximum of waiting requests, and a maximum wait.
pub(super) struct WorkLimiter {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    max_waiting: usize,
    max_wait: Duration,
}

/// The limiter is full, or the work was aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

/// Counts a waiting request until it is dropped.
struct WaitingGuard<'r>(&'r AtomicUsize);

impl Drop for WaitingGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl WorkLimiter {
    pub(super) fn new(at_a_time: usize, max_waiting: usize, max_wait: Duration) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(at_a_time)),
            waiting: AtomicUsize::new(0),
            max_waiting,
            max_wait,
        }
    }

    /// Runs work on texts of this total size: small ones inline, large ones limited.
    ///
    /// # Errors
    /// Returns [`Busy`] if the texts are large and the limiter is full.
    pub(super) async fn run_for_size<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        if bytes <= INLINE_BYTES { Ok(work()) } else { self.run(work).await }
    }

    /// Runs work within the limits. It keeps its permit until it is done, even if the client disconnects.
    ///
    /// # Errors
    /// Returns [`Busy`] if the limiter is full, the wait takes too long, or the work is aborted.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let permit = {
            let before = self.waiting.fetch_add(1, Ordering::SeqCst);
            let _waiting = WaitingGuard(&self.waiting);
            if before >= self.max_waiting {
                return Err(Busy);
            }
            let permit = tokio::time::timeout(self.max_wait, Arc::clone(&self.permits).acquire_owned());
            permit.await.map_err(|_| Busy)?.map_err(|_| Busy)?
        };
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        done.await.map_err(|_| Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_full_limiter_returns_busy() {
        let limiter = Arc::new(WorkLimiter::new(1, 2, Duration::from_millis(400)));
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let at_work = {
            let limiter = Arc::clone(&limiter);
            tokio::spawn(async move { limiter.run(move || wait.recv().is_ok()).await })
        };
        while limiter.permits.available_permits() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let requests: Vec<_> = (0..3)
            .map(|_| {
                let limiter = Arc::clone(&limiter);
                tokio::spawn(async move { limiter.run(|| ()).await })
            })
            .collect();
        assert_eq!(limiter.run_for_size(INLINE_BYTES, || 7).await, Ok(7), "small texts do not wait");
        // Two requests wait until their timeout. The third fails at once.
        for request in requests {
            assert_eq!(request.await.expect("it ran"), Err(Busy));
        }
        go.send(()).expect("it waits");
        assert_eq!(at_work.await.expect("it ran"), Ok(true));
        assert_eq!(limiter.run_for_size(INLINE_BYTES + 1, || 7).await, Ok(7));
        assert_eq!(limiter.run(|| 7).await, Ok(7), "there is no queue any more");
        assert_eq!(limiter.waiting.load(Ordering::SeqCst), 0);
    }
}
