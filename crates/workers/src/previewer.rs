//! Small versions, made away from any request (F4): one after the other, since one picture may take a good part of a machine's
//! memory while it is made.

use std::sync::Arc;
use std::time::Duration;

use domain::Result;
use domain::previews::{self, Due};
use outbound::blobs::{Blobs, Form, Name};
use outbound::documents::{Documents, NoPage};
use outbound::pictures::{self, Small};
use store::Store;
use tokio::sync::watch;

use crate::worker_loop::{self, Next, Work};

/// What other programs noted, nobody signals here: it is found after this.
const POLLED_EVERY: Duration = Duration::from_secs(2);
/// Bytes of a file over which no small version is made: far more than pictures and letters have.
const BYTES_MAX: i64 = 200_000_000;

/// Makes small versions. Cheap to clone.
#[derive(Clone)]
pub struct Previewer {
    store: Store,
    blobs: Arc<Blobs>,
    documents: Documents,
}

/// What came of a try.
enum Made {
    Small(Small),
    Never(String),
    NotNow(String),
}

impl Previewer {
    /// A maker of small versions of what lies in `blobs`.
    pub fn new(store: Store, blobs: Arc<Blobs>, documents: Documents) -> Previewer {
        Previewer { store, blobs, documents }
    }

    /// Makes the small version that has waited longest; false where none is to be made now.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn step(&self) -> Result<bool> {
        // Looking costs nothing; only what is there is taken.
        let now = self.store.clock().now();
        if self.store.read(previews::next).await?.is_none_or(|next| next > now) {
            return Ok(false);
        }
        let Some(due) = self.store.write(|tx| previews::take(tx)).await? else { return Ok(false) };
        let name = Name { workspace: due.workspace.0, id: due.blob.0 };
        match self.make(&due, name).await {
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

    async fn make(&self, due: &Due, name: Name) -> Made {
        if due.size > BYTES_MAX {
            return Made::Never(format!("{} bytes are too many", due.size));
        }
        let size = u64::try_from(due.size).unwrap_or(0);
        let whole = match self.blobs.read(name, Form::Whole, 0..size).await {
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
            // A decoder made a mistake about these bytes, and would again.
            Err(error) => Made::Never(error.to_string()),
        }
    }

    /// Makes what is to be made, whenever something is, until `stop` is true or its sender is gone.
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
