//! Shows new files to a virus scanner, if there is one. Clean files may be downloaded from then on, all others are held
//! back. While the scanner does not answer, files wait.

use std::sync::Arc;
use std::time::Duration;

use domain::files::blobs::{self, Unchecked};
use domain::kernel::error::Result;
use outbound::blobs::{Blobs, Form, Name};
use outbound::scanner::{Finding, Scanner};
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
            let Some(finding) = self.look(&file).await else { return Ok(None) };
            let why = match finding {
                Finding::Clean => None,
                Finding::Harmful(name) => Some(name),
                Finding::TooLarge => Some(blobs::TOO_LARGE.to_string()),
            };
            if let Some(why) = &why {
                tracing::warn!(blob = %file.blob, why, "a file is held back");
            }
            let (workspace, blob) = (file.workspace, file.blob);
            self.store.write(move |tx| blobs::checked(tx, workspace, blob, why.as_deref())).await?;
            looked_at += 1;
        }
        Ok(Some(looked_at))
    }

    async fn look(&self, file: &Unchecked) -> Option<Finding> {
        let name = Name { workspace: file.workspace.0, id: file.blob.0 };
        let size = u64::try_from(file.size).unwrap_or(0);
        let bytes = match self.blobs.read(name, Form::Whole, 0..size).await {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%error, blob = %file.blob, "a file cannot be read for the scanner");
                return None;
            }
        };
        match self.scanner.scan(bytes).await {
            Ok(finding) => Some(finding),
            Err(error) => {
                tracing::warn!(%error, "files wait for the scanner");
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
