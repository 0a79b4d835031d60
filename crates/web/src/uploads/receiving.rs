//! Receives the bytes of every upload, whatever the protocol: with a lease ([`upload_leases`]) into the blob store, and
//! completes the upload. Continues if the client disconnects, so that received bytes are kept.

use std::time::Duration;

use axum::http::StatusCode;
use domain::files::upload_leases::{self, Asked, LEASE, Lease};
use domain::files::uploads;
use domain::kernel::access::Actor;
use domain::kernel::error::{Error, Problem};
use domain::kernel::ids::{FileId, UploadId};
use outbound::blobs::{BlobError, Receiving};
use store::Engine;

use crate::app::App;
use crate::http::answers::{Answer, Result};
use crate::uploads::completing::{byte_count, complete, discard, give_back, renewing};
use crate::uploads::failures::{failed, gone, store_failed};
use crate::uploads::incoming::{Incoming, broken_off};
use crate::uploads::locks::locked;
use crate::uploads::segment::{End, Segment};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    /// Bytes of the upload stored so far.
    pub(crate) offset: i64,
    /// The file that the upload became, if it did.
    pub(crate) file: Option<FileId>,
}

/// Receives bytes of an upload from `offset` on, in its own task: a lost connection ends the request, but not the work.
pub(crate) async fn take(
    app: &App,
    actor: Actor,
    upload: UploadId,
    offset: i64,
    incoming: Incoming<'static>,
) -> Result<Received> {
    let app = app.clone();
    let work = tokio::spawn(async move { take_here(&app, actor, upload, offset, incoming).await });
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "an upload broke off");
        Err(failed())
    })
}

/// Like [`take`], in the caller's task.
pub(crate) async fn take_here(
    app: &App,
    actor: Actor,
    id: UploadId,
    offset: i64,
    incoming: Incoming<'_>,
) -> Result<Received> {
    let alone = app.upload_locks.alone(id).await.ok_or_else(locked)?;
    let (lasts, room) = (lease_lasts(app), app.web.room);
    let (asked, file_max) = app
        .store()
        .write(move |tx| {
            let file_max = uploads::file_max(tx, actor.workspace, &room)?;
            Ok::<_, Error>((upload_leases::take(tx, &actor, id, offset, lasts)?, file_max))
        })
        .await?;
    let (upload, lease) = match asked {
        Asked::Leased(upload, lease) => (upload, lease),
        Asked::Busy => return Err(locked()),
        Asked::GoesOnAt(byte) => return Err(goes_on_at(byte)),
        // The client did not get that answer.
        Asked::Complete => return Ok(Received { offset, file: None }),
    };
    let most = upload.size.unwrap_or(file_max);
    let (mut receiving, lease) = open(app, actor, lease).await?;
    let mut segment = Segment::new(app, actor, lease, &alone);
    let end = segment.take(&mut receiving, incoming, most).await;
    let (lease, on_disk) = segment.end(&mut receiving).await;
    drop(receiving);
    let (end, on_disk) = match (end, on_disk) {
        (Ok(end), Ok(on_disk)) => (end, on_disk),
        (end, on_disk) => {
            give_back(app, actor, lease, *on_disk.as_ref().unwrap_or(&lease.received)).await?;
            return Err(end.err().or(on_disk.err()).unwrap_or_else(failed));
        }
    };
    if matches!(end, End::All) && upload.size.is_none_or(|size| size == on_disk) {
        let file = complete(app, actor, &upload, lease, on_disk).await?;
        return Ok(Received { offset: on_disk, file });
    }
    give_back(app, actor, lease, on_disk).await?;
    match end {
        End::All => Ok(Received { offset: on_disk, file: None }),
        End::TooMuch => Err(Error::field("file", Problem::TooLarge(most)).into()),
        // The client is gone; nobody reads this.
        End::BrokenOff => Err(broken_off()),
    }
}

/// With SQLite there is one process. It asks older connections to stop, and waits for them: whoever has a lease besides
/// is from before a restart.
fn lease_lasts(app: &App) -> Duration {
    match app.store().engine() {
        Engine::Sqlite => Duration::ZERO,
        Engine::Postgres => LEASE,
    }
}

fn goes_on_at(byte: i64) -> Answer {
    let message = format!("This upload goes on at byte {byte}.");
    Answer::refused(StatusCode::CONFLICT, "uploadOffset", &message)
}

/// Opens the bytes to go on with them: a copy of them, if an earlier receiver may still write to them.
async fn open(app: &App, actor: Actor, lease: Lease) -> Result<(Receiving, Lease)> {
    let (blobs, at) = (&app.web.blobs, byte_count(lease.received));
    let opened = async {
        if lease.is_shared {
            renewing(app, actor, lease, blobs.copy_staged(lease.staged, lease.receiver, at)).await?;
        }
        let staged = if lease.is_shared { lease.receiver } else { lease.staged };
        blobs.receive(staged, at).await
    };
    let receiving = match opened.await {
        Ok(receiving) => receiving,
        Err(error) => {
            if let BlobError::Missing(_) = error {
                tracing::warn!(%error, upload = %lease.upload, "what had come of an upload is gone");
                app.store().write(move |tx| upload_leases::abandon(tx, &actor, &lease)).await?;
                return Err(gone());
            }
            give_back(app, actor, lease, lease.received).await?;
            return Err(store_failed(&error));
        }
    };
    if !lease.is_shared {
        return Ok((receiving, lease));
    }
    match app.store().write(move |tx| upload_leases::copied(tx, &actor, &lease)).await {
        Ok(copied) => {
            discard(app, lease.staged).await;
            Ok((receiving, copied))
        }
        Err(error) => {
            if !matches!(error, Error::Store(_)) {
                discard(app, lease.receiver).await;
            }
            Err(error.into())
        }
    }
}
