//! Removes old rows in small transactions: rate limit counts, expired requests and links, and journal entries that no
//! stream asks for any more.

use std::time::Duration;

use domain::arrival::imports;
use domain::identity::{sign_in_requests, sign_ups};
use domain::kernel::error::Result;
use domain::kernel::ids::WorkspaceId;
use domain::kernel::{idempotency, limits, rate_limits};
use domain::notify::{preferences, reply_links};
use domain::tenant::workspaces;
use domain::webhooks::call_history;
use store::{Store, Time, Tx};
use tokio::sync::watch;

use crate::worker_loop::{self, Next, Work};

/// Old rows do no harm, so there is no hurry.
const EVERY: Duration = Duration::from_secs(10 * 60);
/// Maximum journal entries that one transaction removes, so that writers do not wait for it.
const ENTRIES_AT_ONCE: i64 = 1_000;
/// Maximum transactions for one kind of row in one step; the rest waits for the next step.
const CHUNKS_MAX: usize = 50;

/// Removes old rows. Cheap to clone.
#[derive(Clone)]
pub struct Sweeper {
    store: Store,
}

impl Sweeper {
    /// A sweeper for `store`.
    pub fn new(store: Store) -> Sweeper {
        Sweeper { store }
    }

    /// Removes old rows and returns how many.
    pub async fn step(&self) -> Result<usize> {
        let mut swept = self.in_chunks(rate_limits::sweep).await?;
        swept += self.in_chunks(sign_in_requests::sweep).await?;
        swept += self.in_chunks(sign_ups::sweep).await?;
        swept += self.in_chunks(reply_links::sweep).await?;
        swept += self.in_chunks(preferences::sweep).await?;
        swept += self.in_chunks(imports::sweep).await?;
        swept += self.in_chunks(call_history::sweep).await?;
        swept += self.in_chunks(idempotency::sweep).await?;
        for workspace in self.store.read(workspaces::all).await? {
            let id = workspace.id;
            swept += self.in_chunks(move |tx| journal_chunk(tx, id)).await?;
        }
        Ok(swept)
    }

    /// Repeats a small transaction until it finds nothing to remove.
    async fn in_chunks(&self, chunk: impl Fn(&Tx) -> Result<usize> + Copy + Send + 'static) -> Result<usize> {
        let mut swept = 0;
        for _ in 0..CHUNKS_MAX {
            match self.store.write(move |tx| chunk(tx)).await? {
                0 => break,
                count => swept += count,
            }
        }
        Ok(swept)
    }

    /// Removes old rows until `stop` is true or its sender is dropped.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        worker_loop::run(self, stop).await;
    }
}

impl Work for Sweeper {
    const FAILURE: &'static str = "old rows cannot be removed";
    const RETRY: Next = Next::After(EVERY);

    fn store(&self) -> &Store {
        &self.store
    }

    async fn turn(&mut self) -> Result<Next> {
        let rows = self.step().await?;
        if rows > 0 {
            tracing::info!(rows, "old rows removed");
        }
        Ok(Next::After(EVERY))
    }
}

/// Removes the oldest entries of a workspace's journal, up to the first one that is still kept: even if the clock jumped,
/// no gap appears.
fn journal_chunk(tx: &Tx, workspace: WorkspaceId) -> Result<usize> {
    let end = tx.journal_tail(workspace.0)? + ENTRIES_AT_ONCE;
    let kept_since: Time = tx.settled().before(limits::JOURNAL_LASTS);
    let kept: Option<i64> = tx.one(
        "SELECT min(seq) FROM journal WHERE workspace = $1 AND seq < $2 AND at >= $3",
        &[&workspace, &end, &kept_since],
        |row| row.get(0),
    )?;
    let end = kept.unwrap_or(end);
    Ok(tx.run("DELETE FROM journal WHERE workspace = $1 AND seq < $2", &[&workspace, &end])?)
}
