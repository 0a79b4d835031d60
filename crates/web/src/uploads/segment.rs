//! The bytes of an upload that come over one connection: they are written to the blob store, and recorded in the
//! database as they reach the disk.

use std::pin::Pin;
use std::time::{Duration, Instant};

use domain::files::upload_leases::{self, Lease};
use domain::kernel::access::Actor;
use outbound::blobs::Receiving;

use crate::app::App;
use crate::http::answers::Result;
use crate::uploads::failures::store_failed;
use crate::uploads::incoming::{BrokenOff, Incoming, SILENT_MAX};
use crate::uploads::locks::Alone;

/// Progress on a slow connection is recorded this often: well within a lease. A crash loses no more than that.
pub(crate) const RECORDED_EVERY: Duration = Duration::from_secs(10);

/// How receiving ended.
pub(crate) enum End {
    All,
    BrokenOff,
    TooMuch,
}

/// A disk sync followed by recording the progress.
type Recording = Pin<Box<dyn Future<Output = Result<Lease>> + Send>>;

pub(crate) struct Segment<'a> {
    app: &'a App,
    actor: Actor,
    alone: &'a Alone,
    lease: Lease,
    /// A recording in progress. It runs while more bytes arrive, so that disk and network do not wait for each other.
    recording: Option<Recording>,
    /// Bytes received when the last recording began, and its time.
    begun: i64,
    begun_at: Instant,
    /// Bytes received.
    received: i64,
}

impl<'a> Segment<'a> {
    pub(crate) fn new(app: &'a App, actor: Actor, lease: Lease, alone: &'a Alone) -> Segment<'a> {
        let (begun, received) = (lease.received, lease.received);
        Segment { app, actor, alone, lease, recording: None, begun, begun_at: Instant::now(), received }
    }

    /// Receives bytes until the upload would have more than `most`.
    pub(crate) async fn take(
        &mut self,
        receiving: &mut Receiving,
        mut incoming: Incoming<'_>,
        most: i64,
    ) -> Result<End> {
        let sync_every = i64::try_from(self.app.web.blobs.sync_every()).unwrap_or(i64::MAX);
        let wanted = self.alone.wanted();
        tokio::pin!(wanted);
        loop {
            let next = tokio::select! {
                next = tokio::time::timeout(SILENT_MAX, incoming.next()) => next,
                () = &mut wanted => return Ok(End::BrokenOff),
                ended = self.end_recording(), if self.recording.is_some() => {
                    ended?;
                    continue;
                }
            };
            let bytes = match next {
                Ok(Ok(Some(bytes))) => bytes,
                Ok(Ok(None)) => return Ok(End::All),
                Ok(Err(BrokenOff)) | Err(_) => return Ok(End::BrokenOff),
            };
            let count = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
            if count > most - self.received {
                return Ok(End::TooMuch);
            }
            receiving.write(bytes).await.map_err(|error| store_failed(&error))?;
            self.received += count;
            if self.received - self.begun >= sync_every || self.begun_at.elapsed() >= RECORDED_EVERY {
                self.begin_recording(receiving).await?;
            }
        }
    }

    /// Waits until everything received is on disk and nothing is written any more. Returns the lease, and how many bytes
    /// are on disk: the last of them need not be recorded yet.
    pub(crate) async fn end(mut self, receiving: &mut Receiving) -> (Lease, Result<i64>) {
        let mut recorded = self.end_recording().await;
        // After a silence it is to be seen whether the lease is still ours, before anything is done with the bytes.
        if recorded.is_ok() && self.begun_at.elapsed() >= RECORDED_EVERY {
            recorded = self.record(receiving).await;
        }
        let on_disk = receiving.sync().await.map_err(|error| store_failed(&error));
        (self.lease, recorded.and(on_disk).map(|count| i64::try_from(count).unwrap_or(i64::MAX)))
    }

    async fn record(&mut self, receiving: &mut Receiving) -> Result<()> {
        self.begin_recording(receiving).await?;
        self.end_recording().await
    }

    /// Starts recording progress, after finishing the previous recording.
    async fn begin_recording(&mut self, receiving: &mut Receiving) -> Result<()> {
        self.end_recording().await?;
        let syncing = receiving.begin_sync().await.map_err(|error| store_failed(&error))?;
        let (store, actor, lease) = (self.app.store().clone(), self.actor, self.lease);
        self.recording = Some(Box::pin(async move {
            let on_disk = syncing.await.map_err(|error| store_failed(&error))?;
            let on_disk = i64::try_from(on_disk).unwrap_or(i64::MAX);
            Ok(store.write(move |tx| upload_leases::advance(tx, &actor, &lease, on_disk)).await?)
        }));
        (self.begun, self.begun_at) = (self.received, Instant::now());
        Ok(())
    }

    /// Finishes a recording in progress. Cancel-safe: if dropped, the next call continues.
    async fn end_recording(&mut self) -> Result<()> {
        if let Some(recording) = &mut self.recording {
            let recorded = recording.await;
            self.recording = None;
            self.lease = recorded?;
        }
        Ok(())
    }
}
