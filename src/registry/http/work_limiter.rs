//! Work that takes the processor for a while: on threads that nobody else waits for, a little at a time. Whoever comes when
//! many wait already, or waits too long, is told to come again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

/// Texts up to so many bytes are looked at at once: that takes a few milliseconds, and waiting for room would take longer.
const SMALL: usize = 32 << 10;

/// So much at a time, so many who wait, and for how long.
pub(super) struct Room {
    work: Arc<Semaphore>,
    waiting: AtomicUsize,
    most: usize,
    patience: Duration,
}

/// There is no room at the moment, or the work was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

/// Somebody who waits.
struct Waits<'r>(&'r AtomicUsize);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Room {
    pub(super) fn new(at_a_time: usize, most: usize, patience: Duration) -> Self {
        Self { work: Arc::new(Semaphore::new(at_a_time)), waiting: AtomicUsize::new(0), most, patience }
    }

    /// Looks at texts of so many bytes together.
    ///
    /// # Errors
    /// Where they are large and there is no room.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        if bytes <= SMALL { Ok(work()) } else { self.run(work).await }
    }

    /// Does some work. Whoever goes away meanwhile does not make room: the work goes on until it is done.
    ///
    /// # Errors
    /// Where there is no room.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let permit = {
            let before = self.waiting.fetch_add(1, Ordering::SeqCst);
            let _waits = Waits(&self.waiting);
            if before >= self.most {
                return Err(Busy);
            }
            let permit = tokio::time::timeout(self.patience, Arc::clone(&self.work).acquire_owned());
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
    async fn there_is_room_for_some_and_others_are_told() {
        let room = Arc::new(Room::new(1, 2, Duration::from_millis(400)));
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let at_work = {
            let room = Arc::clone(&room);
            tokio::spawn(async move { room.run(move || wait.recv().is_ok()).await })
        };
        while room.work.available_permits() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let asks: Vec<_> = (0..3)
            .map(|_| {
                let room = Arc::clone(&room);
                tokio::spawn(async move { room.run(|| ()).await })
            })
            .collect();
        assert_eq!(room.look(SMALL, || 7).await, Ok(7), "what is small waits for nobody");
        // Two wait, until they have waited too long; the third is told at once.
        for ask in asks {
            assert_eq!(ask.await.expect("it ran"), Err(Busy));
        }
        go.send(()).expect("it waits");
        assert_eq!(at_work.await.expect("it ran"), Ok(true));
        assert_eq!(room.look(SMALL + 1, || 7).await, Ok(7));
        assert_eq!(room.run(|| 7).await, Ok(7), "nobody waits any more");
        assert_eq!(room.waiting.load(Ordering::SeqCst), 0);
    }
}
