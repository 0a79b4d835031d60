//! Schedules digests of unread messages: finds who is due, lets the domain decide with the data of that moment, and so
//! creates the deliveries that [`crate::DeliveryWorker`] sends.
//!
//! Each channel and each person has a transaction of its own, so several workers may run at once, and one that dies leaves
//! no transaction half done.

use std::future::Future;
use std::time::Duration;

use domain::kernel::error::Result;
use domain::kernel::ids::{PersonId, WorkspaceId};
use domain::notify::due;
use store::{Store, Tx};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::worker_loop::{self, Next, Work};

/// Channels and people handled at the same time: enough to share commits.
const AT_ONCE: i64 = 64;
/// Other programs write too, without a signal here, so the database is polled.
const POLLED_EVERY: Duration = Duration::from_secs(1);
/// Shortest pause, so that the worker never spins.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// After a failure, the decision about a person is tried again after this.
const PUT_OFF_BY: Duration = Duration::from_secs(60);

/// Decides who gets a digest. Cheap to clone.
#[derive(Clone)]
pub struct DigestScheduler {
    store: Store,
    wait: Option<Duration>,
}

impl DigestScheduler {
    /// `wait` overrides every workspace's own wait, for trials and tests.
    pub fn new(store: Store, wait: Option<Duration>) -> DigestScheduler {
        DigestScheduler { store, wait }
    }

    /// Handles some of the channels and people that are due and returns how many; 0 if none are.
    pub async fn step(&self) -> Result<usize> {
        let (store, wait) = (&self.store, self.wait);
        let ripe = store.read(move |reader| due::channels_past_wait(reader, wait, AT_ONCE)).await?;
        let noted = side_by_side(ripe.into_iter().map(|(workspace, channel)| {
            let store = store.clone();
            async move {
                let done = store.write(move |tx| due::enqueue_due(tx, workspace, channel, wait)).await;
                if let Err(error) = &done {
                    error.log(format_args!(
                        "who is due in channel {channel} cannot be noted; it is tried again"
                    ));
                }
                done.is_ok()
            }
        }))
        .await;
        let due = store.read(|reader| due::due(reader, AT_ONCE)).await?;
        let settled = side_by_side(due.into_iter().map(|(workspace, person)| {
            let worker = self.clone();
            async move { worker.settle(workspace, person).await }
        }))
        .await;
        Ok(noted + settled)
    }

    /// Decides about one person; returns whether that succeeded.
    async fn settle(&self, workspace: WorkspaceId, person: PersonId) -> bool {
        let wait = self.wait;
        match self.store.write(move |tx| due::decide(tx, workspace, person, wait)).await {
            Ok(Some(digest)) => tracing::info!(%digest, "a digest is written"),
            Ok(None) => {}
            Err(error) => {
                error.log(format_args!("it cannot be decided whether {person} is told"));
                let later = move |tx: &mut Tx| due::postpone(tx, workspace, person, PUT_OFF_BY);
                // If this fails too, the next step tries again.
                let _ = self.store.write(later).await;
                return false;
            }
        }
        true
    }

    async fn pause(&self) -> Duration {
        let wait = self.wait;
        let next = self.store.read(move |reader| due::next(reader, wait)).await.ok().flatten();
        let until = next.map_or(POLLED_EVERY, |next| next.since(self.store.clock().now()));
        until.clamp(PAUSE_MIN, POLLED_EVERY)
    }

    /// Schedules digests until `stop` is true or its sender is dropped.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        worker_loop::run(self, stop).await;
    }
}

impl Work for DigestScheduler {
    const FAILURE: &'static str = "who is due cannot be looked for";
    const RETRY: Next = Next::After(POLLED_EVERY);

    fn store(&self) -> &Store {
        &self.store
    }

    async fn turn(&mut self) -> Result<Next> {
        Ok(match self.step().await? {
            0 => Next::After(self.pause().await),
            _ => Next::AtOnce,
        })
    }
}

/// Runs the futures at the same time and returns how many yielded true.
async fn side_by_side<F>(all: impl Iterator<Item = F>) -> usize
where
    F: Future<Output = bool> + Send + 'static,
{
    let mut running = JoinSet::new();
    for one in all {
        running.spawn(one);
    }
    let mut done = 0;
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(is_done) => done += usize::from(is_done),
            Err(error) => {
                tracing::error!(%error, "looking who is due was given up half-way; it is tried again")
            }
        }
    }
    done
}
