//! The words of messages come into the search's index in quiet moments (M8): while a thousand messages are indexed, whoever
//! writes waits. A search does not rely on it: it catches up by itself.

use std::time::Duration;

use domain::{Result, search};
use store::{Engine, Store};
use tokio::sync::watch;

use crate::worker_loop::{self, Next, Work};

/// A moment is quiet when nothing has been written for so long.
const QUIET: Duration = Duration::from_millis(50);

/// Indexes what was written. Cheap to clone.
#[derive(Clone)]
pub struct Indexer {
    store: Store,
}

impl Indexer {
    /// An indexer of what is in `store`.
    pub fn new(store: Store) -> Indexer {
        Indexer { store }
    }

    /// Indexes a thousand messages; false where fewer wait.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn step(&self) -> Result<bool> {
        let is_behind = self.store.read(search::is_behind).await?;
        if is_behind {
            self.store.write(|tx| search::catch_up(tx)).await?;
        }
        Ok(is_behind)
    }

    /// Indexes in quiet moments, until `stop` is true or its sender is gone; ends at once where the index follows by itself.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        if self.store.engine() != Engine::Sqlite {
            return;
        }
        let mut writes = self.store.signal();
        // What was written before waits for a quiet moment too.
        writes.mark_changed();
        worker_loop::run(Indexing { indexer: self, writes }, stop).await;
    }
}

/// An indexer at work.
struct Indexing {
    indexer: Indexer,
    /// Tells whether something was written since the last turn.
    writes: watch::Receiver<u64>,
}

impl Work for Indexing {
    const FAILURE: &'static str = "what was written cannot be indexed; a search tries again";
    const RETRY: Next = Next::OnWrite(Duration::MAX);

    fn store(&self) -> &Store {
        &self.indexer.store
    }

    async fn turn(&mut self) -> Result<Next> {
        if self.writes.has_changed().unwrap_or(false) {
            self.writes.mark_unchanged();
            return Ok(Next::After(QUIET));
        }
        Ok(if self.indexer.step().await? { Next::AtOnce } else { Next::OnWrite(Duration::MAX) })
    }
}
