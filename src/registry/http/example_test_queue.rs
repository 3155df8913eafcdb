//! Who may let guidelines be proved: a few at a time, and one of each team, so that nobody waits for one who sends many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::room::{Busy, Room};

/// Guidelines that are proved at the same time.
const AT_A_TIME: usize = 2;
/// Guidelines that wait for it.
const WAITING: usize = 64;
/// Guidelines of one owner, a team: one is proved, others wait.
const OF_ONE: usize = 16;
/// Longest wait for those of the same owner, and for those of others.
const PATIENCE: Duration = Duration::from_secs(12);

type Owners = Arc<Mutex<HashMap<String, Owner>>>;

struct Owner {
    turn: Arc<Semaphore>,
    sent: usize,
}

/// Guidelines that are proved, and that wait for it.
pub(super) struct Provers {
    room: Room,
    owners: Owners,
}

/// One guideline of an owner, until it is dropped.
struct Sent {
    owners: Owners,
    owner: String,
}

impl Drop for Sent {
    fn drop(&mut self) {
        let mut all = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(owner) = all.get_mut(&self.owner) {
            owner.sent -= 1;
            if owner.sent == 0 {
                all.remove(&self.owner);
            }
        }
    }
}

impl Provers {
    pub(super) fn new() -> Self {
        Self { room: Room::new(AT_A_TIME, WAITING, PATIENCE), owners: Arc::default() }
    }

    /// Does the work for an owner, in their turn.
    ///
    /// # Errors
    /// Where too much waits, of this owner or of all.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        owner: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (sent, turn) = self.enter(owner)?;
        let turn: OwnedSemaphorePermit = tokio::time::timeout(PATIENCE, turn.acquire_owned())
            .await
            .map_err(|_| Busy)?
            .map_err(|_| Busy)?;
        self.room
            .run(move || {
                let done = work();
                drop((turn, sent));
                done
            })
            .await
    }

    fn enter(&self, owner: &str) -> Result<(Sent, Arc<Semaphore>), Busy> {
        let mut all = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all
            .entry(owner.to_owned())
            .or_insert_with(|| Owner { turn: Arc::new(Semaphore::new(1)), sent: 0 });
        if own.sent >= OF_ONE {
            return Err(Busy);
        }
        own.sent += 1;
        let sent = Sent { owners: Arc::clone(&self.owners), owner: owner.to_owned() };
        Ok((sent, Arc::clone(&own.turn)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_sends_many_waits_for_them_and_others_do_not() {
        let provers = Arc::new(Provers::new());
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let wait = Arc::new(Mutex::new(wait));
        let send = || {
            let (provers, wait) = (Arc::clone(&provers), Arc::clone(&wait));
            tokio::spawn(async move {
                provers.run("alice", move || wait.lock().expect("whole").recv().is_ok()).await
            })
        };
        let mut all: Vec<_> = (0..OF_ONE + 5).map(|_| send()).collect();
        let mut refused = 0;
        while refused < 5 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            refused = all.iter().filter(|it| it.is_finished()).count();
        }
        // One of hers is at work, the others wait; somebody else's is done meanwhile.
        let other = tokio::time::timeout(Duration::from_secs(5), provers.run("bob", || 7)).await;
        assert_eq!(other.expect("without waiting"), Ok(7));
        for _ in 0..OF_ONE {
            go.send(()).expect("it waits");
        }
        let mut done = 0;
        for one in all.drain(..) {
            done += usize::from(one.await.expect("it ran") == Ok(true));
        }
        assert_eq!(done, OF_ONE);
        assert!(provers.owners.lock().expect("whole").is_empty());
    }
}
