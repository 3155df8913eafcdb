//! Queue of example tests: a few run in parallel, but only one per team, so that one team cannot block the
//! others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::work_limiter::{Busy, WorkLimiter};

/// Number of guidelines that are tested in parallel.
const PARALLEL: usize = 2;
/// Largest number of guidelines that wait.
const MAX_WAITING: usize = 64;
/// Largest number of guidelines per team. One is tested; the others wait.
const MAX_PER_TEAM: usize = 16;
/// Longest wait for the same team, and again for other teams.
const MAX_WAIT: Duration = Duration::from_secs(12);

type TeamQueues = Arc<Mutex<HashMap<String, TeamQueue>>>;

struct TeamQueue {
    turn: Arc<Semaphore>,
    queued: usize,
}

/// Running and waiting tests.
pub(super) struct ExampleTestQueue {
    limiter: WorkLimiter,
    teams: TeamQueues,
}

/// Test of one guideline of a team; counted until it is dropped.
struct QueuedTest {
    teams: TeamQueues,
    team: String,
}

impl Drop for QueuedTest {
    fn drop(&mut self) {
        let mut all = self.teams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(team) = all.get_mut(&self.team) {
            team.queued -= 1;
            if team.queued == 0 {
                all.remove(&self.team);
            }
        }
    }
}

impl ExampleTestQueue {
    pub(super) fn new() -> Self {
        Self { limiter: WorkLimiter::new(PARALLEL, MAX_WAITING, MAX_WAIT), teams: Arc::default() }
    }

    /// Runs the work when it is the team's turn.
    ///
    /// # Errors
    /// Returns [`Busy`] if the queue of the team or the whole queue is full, or the wait takes too long.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        team: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (queued, turn) = self.enqueue(team)?;
        let turn: OwnedSemaphorePermit = tokio::time::timeout(MAX_WAIT, turn.acquire_owned())
            .await
            .map_err(|_| Busy)?
            .map_err(|_| Busy)?;
        self.limiter
            .run(move || {
                let done = work();
                drop((turn, queued));
                done
            })
            .await
    }

    fn enqueue(&self, team: &str) -> Result<(QueuedTest, Arc<Semaphore>), Busy> {
        let mut all = self.teams.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all
            .entry(team.to_owned())
            .or_insert_with(|| TeamQueue { turn: Arc::new(Semaphore::new(1)), queued: 0 });
        if own.queued >= MAX_PER_TEAM {
            return Err(Busy);
        }
        own.queued += 1;
        let queued = QueuedTest { teams: Arc::clone(&self.teams), team: team.to_owned() };
        Ok((queued, Arc::clone(&own.turn)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_team_does_not_delay_another() {
        let queue = Arc::new(ExampleTestQueue::new());
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let wait = Arc::new(Mutex::new(wait));
        let send = || {
            let (queue, wait) = (Arc::clone(&queue), Arc::clone(&wait));
            tokio::spawn(async move {
                queue.run("alice", move || wait.lock().expect("whole").recv().is_ok()).await
            })
        };
        let mut all: Vec<_> = (0..MAX_PER_TEAM + 5).map(|_| send()).collect();
        let mut refused = 0;
        while refused < 5 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            refused = all.iter().filter(|it| it.is_finished()).count();
        }
        // One of Alice's tests runs and the others wait. Bob's test is not delayed.
        let other = tokio::time::timeout(Duration::from_secs(5), queue.run("bob", || 7)).await;
        assert_eq!(other.expect("without waiting"), Ok(7));
        for _ in 0..MAX_PER_TEAM {
            go.send(()).expect("it waits");
        }
        let mut done = 0;
        for one in all.drain(..) {
            done += usize::from(one.await.expect("it ran") == Ok(true));
        }
        assert_eq!(done, MAX_PER_TEAM);
        assert!(queue.teams.lock().expect("whole").is_empty());
    }
}
