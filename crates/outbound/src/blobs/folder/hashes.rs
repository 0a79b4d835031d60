//! The hashes of uploads on their way into a folder: one that goes on need not be read again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::Sha256;
use uuid::Uuid;

/// Uploads whose hash so far is remembered: beyond, it is made again from what is on disk.
const HASHES_MAX: usize = 1_000;

/// Of uploads: how many bytes, and their hash. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Hashes(Arc<Mutex<HashMap<Uuid, (u64, Sha256)>>>);

impl Hashes {
    /// Takes the hash of an upload's first `at` bytes, where exactly that is known.
    pub(super) fn take(&self, upload: Uuid, at: u64) -> Option<Sha256> {
        self.lock().remove(&upload).filter(|(come, _)| *come == at).map(|(_, hash)| hash)
    }

    pub(super) fn remember(&self, upload: Uuid, bytes: u64, hash: Sha256) {
        let mut hashes = self.lock();
        if hashes.len() >= HASHES_MAX && !hashes.contains_key(&upload) {
            hashes.clear();
        }
        hashes.insert(upload, (bytes, hash));
    }

    pub(super) fn forget(&self, upload: Uuid) {
        self.lock().remove(&upload);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, (u64, Sha256)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
