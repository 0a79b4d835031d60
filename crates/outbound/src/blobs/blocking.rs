//! File work off the async threads.

use std::io;

use tokio::task::{self, JoinHandle};

use super::error::{BlobError, Result};

/// What is written, hashed and read at once.
pub(super) const BUFFER_BYTES: usize = 1 << 20;

/// Runs file work off the async threads.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    joined(task::spawn_blocking(work)).await
}

/// The result of such work.
pub(super) async fn joined<T>(work: JoinHandle<io::Result<T>>) -> Result<T> {
    match work.await {
        Ok(done) => Ok(done?),
        Err(error) => Err(BlobError::Unavailable(error.to_string())),
    }
}
