//! Shows new files to a virus scanner, if there is one. Clean files may be downloaded from then on, all others are held
//! back. While the scanner does not answer, files wait.

use std::sync::Arc;
use std::time::Duration;

use domain::files::blobs::{self, BlobRecord};
use domain::kernel::error::Result;
use outbound::blobs::{BlobError, Blobs, Content};
use outbound::scanner::{Finding, ScanError, Scanner};
use store::Store;
use tokio::sync::watch;

use crate::worker_loop::{self, Next, Work};

/// Files read from the database at once.
const AT_ONCE: i64 = 16;
/// Other programs write too, without a signal here, so the database is polled.
const POLLED_EVERY: Duration = Duration::from_secs(1);
/// After the scanner has not answered, it is asked again after this.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(15);

/// Shows files to the scanner. Cheap to clone.
#[derive(Clone)]
pub struct ScanWorker {
    store: Store,
    blobs: Arc<Blobs>,
    scanner: Scanner,
}

impl ScanWorker {
    /// A worker that shows the files in `blobs` to `scanner`.
    pub fn new(store: Store, blobs: Arc<Blobs>, scanner: Scanner) -> ScanWorker {
        ScanWorker { store, blobs, scanner }
    }

    /// Scans some files and returns how many; `None` if the scanner does not answer.
    pub async fn step(&self) -> Result<Option<usize>> {
        let waiting = self.store.read(|reader| blobs::unchecked(reader, AT_ONCE)).await?;
        let mut looked_at = 0;
        for file in waiting {
            let Some(why) = self.look(&file).await else { return Ok(None) };
            if let Some(why) = &why {
                tracing::warn!(blob = %file.blob, why, "a file is held back");
            }
            let (workspace, blob) = (file.workspace, file.blob);
            self.store.write(move |tx| blobs::checked(tx, workspace, blob, why.as_deref())).await?;
            looked_at += 1;
        }
        Ok(Some(looked_at))
    }

    /// Why a file stays held back, if it does; `None` if that cannot be said now.
    async fn look(&self, file: &BlobRecord) -> Option<Option<String>> {
        let content = Content::new(file.workspace.0, file.blob.0, file.size, file.hash);
        let scanned = match self.blobs.read_whole(content).await {
            Ok(bytes) => self.scanner.scan(bytes).await,
            Err(error) => Err(error.into()),
        };
        match scanned {
            Ok(Finding::Clean) => Some(None),
            Ok(Finding::Harmful(name)) => Some(Some(name)),
            Ok(Finding::TooLarge) => Some(Some(blobs::TOO_LARGE.to_string())),
            // The others must not wait for a file that will never be read.
            Err(ScanError::Bytes(BlobError::Damaged(damage))) => {
                tracing::error!(blob = %file.blob, %damage, "a file is damaged");
                Some(Some(blobs::DAMAGED.to_string()))
            }
            Err(error) => {
                tracing::warn!(%error, blob = %file.blob, "files wait for the scanner");
                None
            }
        }
    }

    /// Scans new files until `stop` is true or its sender is dropped.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        worker_loop::run(self, stop).await;
    }
}

impl Work for ScanWorker {
    const FAILURE: &'static str = "files for the scanner cannot be looked for";
    const RETRY: Next = Next::After(ASKED_AGAIN_AFTER);

    fn store(&self) -> &Store {
        &self.store
    }

    async fn turn(&mut self) -> Result<Next> {
        Ok(match self.step().await? {
            Some(0) => Next::OnWrite(POLLED_EVERY),
            Some(_) => Next::AtOnce,
            None => Next::After(ASKED_AGAIN_AFTER),
        })
    }
}
