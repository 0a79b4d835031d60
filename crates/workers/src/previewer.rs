//! Makes small versions of files outside of requests (F4), one at a time, since one picture may need much of the machine's
//! memory.

use std::sync::Arc;
use std::time::Duration;

use domain::files::previews::{self, Due};
use domain::kernel::error::Result;
use outbound::blobs::{Blobs, Content, Name};
use outbound::documents::{Documents, NoPage};
use outbound::pictures::{self, Small};
use store::Store;
use tokio::sync::watch;

use crate::worker_loop::{self, Next, Work};

/// Other programs write too, without a signal here, so the database is polled.
const POLLED_EVERY: Duration = Duration::from_secs(2);
/// No small version is made of larger files; pictures and letters are far smaller.
const BYTES_MAX: i64 = 200_000_000;

/// Makes small versions. Cheap to clone.
#[derive(Clone)]
pub struct Previewer {
    store: Store,
    blobs: Arc<Blobs>,
    documents: Documents,
}

/// The outcome of one attempt.
enum Made {
    Small(Small),
    Never(String),
    NotNow(String),
}

impl Previewer {
    /// A worker that makes small versions of the files in `blobs`.
    pub fn new(store: Store, blobs: Arc<Blobs>, documents: Documents) -> Previewer {
        Previewer { store, blobs, documents }
    }

    /// Makes the small version that has waited longest; returns false if none is due.
    pub async fn step(&self) -> Result<bool> {
        // A read is cheap; a write transaction only if there is something to take.
        let now = self.store.clock().now();
        if self.store.read(previews::next).await?.is_none_or(|next| next > now) {
            return Ok(false);
        }
        let Some(due) = self.store.write(|tx| previews::take(tx)).await? else { return Ok(false) };
        let name = Name { workspace: due.workspace.0, id: due.blob.0 };
        match self.make(&due).await {
            Made::Small(small) => {
                let dimensions = (i64::from(small.dimensions.0), i64::from(small.dimensions.1));
                match self.blobs.put_small(name, small.bytes).await {
                    Ok(()) => self.store.write(move |tx| previews::made(tx, &due, dimensions)).await?,
                    Err(error) => self.put_off(due, &error.to_string()).await?,
                }
            }
            Made::Never(why) => {
                tracing::info!(blob = %due.blob, why, "there is no small version");
                self.store.write(move |tx| previews::impossible(tx, &due)).await?;
            }
            Made::NotNow(why) => self.put_off(due, &why).await?,
        }
        Ok(true)
    }

    async fn put_off(&self, due: Due, why: &str) -> Result<()> {
        tracing::warn!(blob = %due.blob, why, "a small version could not be made; it is tried again");
        self.store.write(move |tx| previews::failed(tx, &due)).await
    }

    async fn make(&self, due: &Due) -> Made {
        if due.size > BYTES_MAX {
            return Made::Never(format!("{} bytes are too many", due.size));
        }
        let content = Content::new(due.workspace.0, due.blob.0, due.size, due.hash);
        let whole = match self.blobs.read_whole(content).await {
            Ok(whole) => whole,
            Err(error) => return Made::NotNow(error.to_string()),
        };
        if due.content_type == "application/pdf" {
            return match self.documents.first_page(whole).await {
                Ok(small) => Made::Small(small),
                Err(NoPage::Never(why)) => Made::Never(why),
                Err(NoPage::NotNow(why)) => Made::NotNow(why),
            };
        }
        let bytes = match whole.all().await {
            Ok(bytes) => bytes,
            Err(error) => return Made::NotNow(error.to_string()),
        };
        match tokio::task::spawn_blocking(move || pictures::small(&bytes)).await {
            Ok(Ok(small)) => Made::Small(small),
            Ok(Err(error)) => Made::Never(error.to_string()),
            // The decoder panicked on these bytes, and would again.
            Err(error) => Made::Never(error.to_string()),
        }
    }

    /// Makes small versions until `stop` is true or its sender is dropped.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        worker_loop::run(self, stop).await;
    }
}

impl Work for Previewer {
    const FAILURE: &'static str = "small versions cannot be looked for";
    const RETRY: Next = Next::OnWrite(POLLED_EVERY);

    fn store(&self) -> &Store {
        &self.store
    }

    async fn turn(&mut self) -> Result<Next> {
        Ok(if self.step().await? { Next::AtOnce } else { Next::OnWrite(POLLED_EVERY) })
    }
}
