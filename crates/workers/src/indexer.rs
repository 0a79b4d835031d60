//! Indexes messages for searching in quiet moments (M8), since writers wait while a thousand messages are indexed. Searches
//! do not rely on it: each indexes what is missing first.

use std::time::Duration;

use domain::kernel::error::Result;
use domain::messages::search;
use store::{Engine, Store};
use tokio::sync::watch;

use crate::worker_loop::{self, Next, Work};

/// A moment is quiet if nothing has been written for this long.
const QUIET: Duration = Duration::from_millis(50);

/// Indexes messages. Cheap to clone.
#[derive(Clone)]
pub struct Indexer {
    store: Store,
}

impl Indexer {
    /// An indexer for `store`.
    pub fn new(store: Store) -> Indexer {
        Indexer { store }
    }

    /// Indexes a thousand messages; returns false if fewer wait.
    pub async fn step(&self) -> Result<bool> {
        let is_behind = self.store.read(search::is_behind).await?;
        if is_behind {
            self.store.write(|tx| search::catch_up(tx)).await?;
        }
        Ok(is_behind)
    }

    /// Indexes in quiet moments until `stop` is true or its sender is dropped. Returns at once on an engine that maintains
    /// its index itself.
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

/// The indexer's loop.
struct Indexing {
    indexer: Indexer,
    /// Whether something was written since the last turn.
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
