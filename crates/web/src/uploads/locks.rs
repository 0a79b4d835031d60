//! One connection at a time brings bytes of an upload. Whoever comes anew has lost the last one, even where the server has
//! not noticed yet: that one is asked to stop, and its bytes so far are kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use domain::kernel::ids::UploadId;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::http::answers::Answer;

pub(crate) fn locked() -> Answer {
    Answer::refused(
        StatusCode::LOCKED,
        "locked",
        "Bytes of this upload are still coming over another connection.",
    )
}

pub(crate) fn wrong(code: &'static str, message: &str) -> Answer {
    Answer::refused(StatusCode::BAD_REQUEST, code, message)
}

/// How long the other connection may take to bring what it has to disk.
const STOPS_WITHIN: Duration = Duration::from_secs(20);

/// The uploads that somebody is busy with in this program.
#[derive(Clone, Debug, Default)]
pub(crate) struct UploadLocks(Arc<Mutex<HashMap<UploadId, Lock>>>);

#[derive(Clone, Debug)]
struct Lock {
    turn: Arc<Semaphore>,
    stop: Arc<Notify>,
    /// Who is busy or waits.
    count: usize,
}

/// Being the only one who is busy with an upload, until it is dropped.
#[derive(Debug)]
pub(crate) struct Alone {
    busy: UploadLocks,
    upload: UploadId,
    stop: Arc<Notify>,
    turn: Option<OwnedSemaphorePermit>,
}

impl UploadLocks {
    fn places(&self) -> MutexGuard<'_, HashMap<UploadId, Lock>> {
        // Nothing panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for one's turn; whoever has it is asked to stop. Nothing where they do not.
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
    /// Comes back when somebody else wants to go on with this upload.
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
