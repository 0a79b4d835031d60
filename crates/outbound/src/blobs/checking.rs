//! Whether bytes are still those that arrived. A whole file is hashed while it is read, and its last piece is handed out only
//! if the hash is right. Part of a file proves nothing: the whole file is checked first, and remembered for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync;
use tokio::task::{self, JoinHandle};
use tokio::time::Instant;

use super::blob::{Content, Name, Stamp};
use super::error::{BlobError, Damage, Result};

/// How long the outcome of a check counts while size and time of the file stay the same: a disk changes neither as it rots.
const COUNTS_FOR: Duration = Duration::from_secs(3600);
/// Outcomes remembered; beyond that, files are checked again.
const OUTCOMES_MAX: usize = 10_000;
/// Files checked at a time for their parts.
const TURNS: usize = 16;

/// What was found when blobs were last read whole, for one process.
#[derive(Debug, Default)]
pub(super) struct Checks {
    outcomes: Mutex<HashMap<Name, Outcome>>,
    turns: [sync::Mutex<()>; TURNS],
}

#[derive(Clone, Debug)]
struct Outcome {
    stamp: Stamp,
    at: Instant,
    found: std::result::Result<(), Damage>,
}

impl Checks {
    /// What was found, if the blob has not changed since.
    pub(super) fn outcome(&self, name: Name, stamp: Stamp) -> Option<std::result::Result<(), Damage>> {
        let outcome = self.outcomes().get(&name).cloned()?;
        (outcome.stamp == stamp && outcome.at.elapsed() < COUNTS_FOR).then_some(outcome.found)
    }

    fn remember(&self, name: Name, stamp: Stamp, found: std::result::Result<(), Damage>) {
        let mut outcomes = self.outcomes();
        if outcomes.len() >= OUTCOMES_MAX {
            outcomes.clear();
        }
        outcomes.insert(name, Outcome { stamp, at: Instant::now(), found });
    }

    /// Waits while the same file is being checked for another reader.
    pub(super) async fn turn(&self, name: Name) -> sync::MutexGuard<'_, ()> {
        let end = usize::from(name.id.as_bytes()[15]);
        self.turns[end % TURNS].lock().await
    }

    fn outcomes(&self) -> MutexGuard<'_, HashMap<Name, Outcome>> {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hashes a whole blob while it is read: one piece is hashed while the next one is read and the last one is sent.
#[derive(Debug)]
pub(super) struct Check {
    content: Content,
    left: u64,
    hashing: Option<JoinHandle<Sha256>>,
    /// Where to remember the outcome, and for which state of the blob.
    remembered: Option<(Arc<Checks>, Stamp)>,
}

impl Check {
    pub(super) fn new(content: Content, remembered: Option<(Arc<Checks>, Stamp)>) -> Check {
        Check { content, left: content.size, hashing: None, remembered }
    }

    /// Passes the next piece on, the last one only if all are right.
    pub(super) async fn pass(&mut self, piece: Result<Option<Bytes>>) -> Result<Option<Bytes>> {
        match piece {
            Ok(Some(piece)) => self.add(piece).await.map(Some),
            Ok(None) if self.left > 0 => Err(self.cut_off()),
            Ok(None) => Ok(None),
            Err(BlobError::Missing(_)) => Err(self.cut_off()),
            Err(error) => Err(error),
        }
    }

    async fn add(&mut self, piece: Bytes) -> Result<Bytes> {
        let hash = self.hash().await?;
        self.left = self.left.saturating_sub(piece.len() as u64);
        let (is_last, hashed) = (self.left == 0, piece.clone());
        self.hashing = Some(task::spawn_blocking(move || hash.chain_update(&hashed)));
        if is_last {
            let hash: [u8; 32] = self.hash().await?.finalize().into();
            let found = if hash == self.content.hash { Ok(()) } else { Err(Damage::Changed) };
            self.remember(found.clone());
            found?;
        }
        Ok(piece)
    }

    /// The hash of everything so far.
    async fn hash(&mut self) -> Result<Sha256> {
        let Some(hashing) = self.hashing.take() else { return Ok(Sha256::new()) };
        hashing.await.map_err(|error| BlobError::Unavailable(error.to_string()))
    }

    fn cut_off(&self) -> BlobError {
        let expected = self.content.size;
        Damage::Shorter { found: expected - self.left, expected }.into()
    }

    fn remember(&mut self, found: std::result::Result<(), Damage>) {
        if let Some((checks, stamp)) = self.remembered.take() {
            checks.remember(self.content.name, stamp, found);
        }
    }
}
