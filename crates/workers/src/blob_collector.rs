//! Removes files that nothing needs: uploads that were never finished or used, entries deleted long ago, bytes that no entry
//! refers to any more, and what a crash left in the blob store.

use std::sync::Arc;
use std::time::Duration;

use domain::files::{blobs, changing, uploads};
use domain::kernel::error::Result;
use domain::kernel::ids::{BlobId, WorkspaceId};
use outbound::blobs::{Blobs, Name};
use store::{Store, Time};
use tokio::sync::watch;
use uuid::Uuid;

use crate::worker_loop::{self, Next, Work};

/// Old files do no harm, so there is no hurry.
const EVERY: Duration = Duration::from_secs(5 * 60);
/// How often the whole blob store is searched for orphans.
const LOOKED_THROUGH_EVERY: Duration = Duration::from_secs(24 * 3600);
/// Younger bytes without a row may belong to an upload that is about to get one.
const ORPHANS_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Blobs removed in one step.
const AT_ONCE: i64 = 200;

/// Removes unneeded files. Cheap to clone.
#[derive(Clone)]
pub struct BlobCollector {
    store: Store,
    blobs: Arc<Blobs>,
    looked_through_at: Option<Time>,
}

impl BlobCollector {
    /// A collector for `blobs`.
    pub fn new(store: Store, blobs: Arc<Blobs>) -> BlobCollector {
        BlobCollector { store, blobs, looked_through_at: None }
    }

    /// Removes some unneeded files and uploads and returns how many; 0 if there are none.
    pub async fn step(&self) -> Result<usize> {
        let forgotten = self.store.write(|tx| uploads::sweep(tx)).await?;
        for staged in &forgotten {
            self.discard(*staged).await;
        }
        let deleted = self.store.write(|tx| changing::sweep(tx)).await?;
        let mut removed = 0;
        for (workspace, blob) in self.store.read(|reader| blobs::dropped(reader, AT_ONCE)).await? {
            if self.remove(workspace, blob).await {
                self.store.write(move |tx| blobs::removed(tx, workspace, blob)).await?;
                removed += 1;
            }
        }
        Ok(forgotten.len() + deleted + removed)
    }

    /// Removes files older than `age` that have no row, which only a crash leaves behind. Returns how many.
    pub async fn look_through(&self, age: Duration) -> Result<usize> {
        let old = match self.blobs.older_than(age).await {
            Ok(old) => old,
            Err(error) => {
                tracing::warn!(%error, "the files cannot be looked through");
                return Ok(0);
            }
        };
        let mut removed = self.remove_unfinished(age).await;
        for staged in old.staged {
            if !self.store.read(move |reader| uploads::is_staged(reader, staged)).await? {
                self.discard(staged).await;
                removed += 1;
            }
        }
        for Name { workspace, id } in old.placed {
            let (workspace, blob) = (WorkspaceId(workspace), BlobId(id));
            let is_known = self.store.read(move |reader| blobs::is_known(reader, workspace, blob)).await?;
            if !is_known && self.remove(workspace, blob).await {
                removed += 1;
            }
        }
        Ok(removed)
    }

    async fn discard(&self, staged: Uuid) {
        if let Err(error) = self.blobs.discard(staged).await {
            tracing::warn!(%error, %staged, "what came of an upload cannot be removed; it is tried again");
        }
    }

    async fn remove(&self, workspace: WorkspaceId, blob: BlobId) -> bool {
        let removed = self.blobs.remove(Name { workspace: workspace.0, id: blob.0 }).await;
        if let Err(error) = &removed {
            tracing::warn!(%error, %blob, "bytes cannot be removed; it is tried again");
        }
        removed.is_ok()
    }

    /// Removes files older than `age` whose writing a crash interrupted. Returns how many.
    async fn remove_unfinished(&self, age: Duration) -> usize {
        self.blobs.remove_unfinished(age).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "unfinished files cannot be removed");
            0
        })
    }

    /// Removes unneeded files until `stop` is true or its sender is dropped.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        // Nothing needs them again, whatever the clock shows.
        self.remove_unfinished(ORPHANS_AFTER).await;
        worker_loop::run(self, stop).await;
    }
}

impl Work for BlobCollector {
    const FAILURE: &'static str = "old files cannot be removed";
    const RETRY: Next = Next::After(EVERY);

    fn store(&self) -> &Store {
        &self.store
    }

    async fn turn(&mut self) -> Result<Next> {
        let now = self.store.clock().now();
        let removed = self.step().await?;
        if removed > 0 {
            tracing::info!(count = removed, "old files and uploads removed");
            return Ok(Next::AtOnce);
        }
        // A clock that has just jumped ahead would make what is arriving look old.
        let is_settled = self.store.clock().settled() >= now;
        if is_settled && self.looked_through_at.is_none_or(|at| now.since(at) >= LOOKED_THROUGH_EVERY) {
            self.looked_through_at = Some(now);
            match self.look_through(ORPHANS_AFTER).await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "files that a crash left removed"),
                Err(error) => tracing::warn!(%error, "the files cannot be looked through"),
            }
        }
        Ok(Next::After(EVERY))
    }
}
