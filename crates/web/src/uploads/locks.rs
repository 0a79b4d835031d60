//! Of the connections to this process, only one at a time may write to an upload; those to other nodes are kept off by
//! leases. A client that reconnects has lost its old connection, even if
//! the server has not noticed yet, so the old one is asked to stop; the bytes it received are kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use domain::kernel::ids::UploadId;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::http::answers::Answer;

pub(crate) fn locked() -> Answer {
    Answer::refused(
        StatusCode::LOCKED,
        "locked",
        "Bytes of this upload are still coming over another connection.",
    )
    .with(RETRY_AFTER, "5")
}

pub(crate) fn wrong(code: &'static str, message: &str) -> Answer {
    Answer::refused(StatusCode::BAD_REQUEST, code, message)
}

/// Time for the old connection to flush its bytes to disk.
const STOPS_WITHIN: Duration = Duration::from_secs(20);

/// Locks by upload, within this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct UploadLocks(Arc<Mutex<HashMap<UploadId, Lock>>>);

#[derive(Clone, Debug)]
struct Lock {
    turn: Arc<Semaphore>,
    stop: Arc<Notify>,
    /// Holders and waiters.
    count: usize,
}

/// Exclusive access to an upload until dropped.
#[derive(Debug)]
pub(crate) struct Alone {
    busy: UploadLocks,
    upload: UploadId,
    stop: Arc<Notify>,
    turn: Option<OwnedSemaphorePermit>,
}

impl UploadLocks {
    fn places(&self) -> MutexGuard<'_, HashMap<UploadId, Lock>> {
        // No code panics while holding the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the current holder to stop and waits for the lock. Returns `None` if it does not stop in time.
    pub(crate) async fn alone(&self, upload: UploadId) -> Option<Alone> {
        let place = {
            let mut places = self.places();
            let place = places.entry(upload).or_insert_with(|| Lock {
                turn: Arc::new(Semaphore::new(1)),
                stop: Arc::default(),
                count: 0,
            });
            place.count += 1;
            place.stop.notify_waiters();
            place.clone()
        };
        let mut alone = Alone { busy: self.clone(), upload, stop: place.stop, turn: None };
        alone.turn = tokio::time::timeout(STOPS_WITHIN, place.turn.acquire_owned()).await.ok()?.ok();
        alone.turn.is_some().then_some(alone)
    }
}

impl Alone {
    /// Resolves when another connection wants this upload.
    pub(crate) async fn wanted(&self) {
        self.stop.notified().await;
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.turn.take();
        let mut places = self.busy.places();
        if let Some(place) = places.get_mut(&self.upload) {
            place.count -= 1;
            if place.count == 0 {
                places.remove(&self.upload);
            }
        }
    }
}
