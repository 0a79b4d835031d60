//! The words of messages come into the search's index in quiet moments (M8): while a thousand messages are indexed, whoever
//! writes waits. A search does not rely on it: it catches up by itself.

use std::time::Duration;

use domain::kernel::error::Result;
use domain::messages::search;
use store::{Engine, Store};
use tokio::sync::watch;

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

    /// Indexes in quiet moments, until `stop` says true or its sender is gone; ends at once where the index follows by itself.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        if self.store.engine() != Engine::Sqlite {
            return;
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = self.follow() => {}
        }
    }

    async fn follow(&self) {
        let mut signal = self.store.signal();
        loop {
            while let Ok(changed) = tokio::time::timeout(QUIET, signal.changed()).await {
                if changed.is_err() {
                    return;
                }
            }
            while !signal.has_changed().unwrap_or(true) {
                match self.step().await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::warn!(%error, "what was written cannot be indexed; a search tries again");
                        break;
                    }
                }
            }
            if signal.changed().await.is_err() {
                return;
            }
        }
    }
}
