//! What follows when bytes have come: an upload is complete, or is given up.

use domain::files::blobs::ReceivedBlob;
use domain::files::content::{self, Class};
use domain::files::upload_leases::{self, Lease};
use domain::files::uploads::{self, Upload};
use domain::kernel::access::Actor;
use domain::kernel::error::Error;
use domain::kernel::ids::{BlobId, FileId, UploadId};
use outbound::blobs::{Form, Name};
use outbound::pictures;
use uuid::Uuid;

use crate::app::App;
use crate::http::answers::Result;
use crate::uploads::failures::store_failed;
use crate::uploads::repair::repair;
use crate::uploads::segment::RECORDED_EVERY;

/// Completes an upload whose bytes are all on disk: moves the blob into place, detects its type and records it.
pub(crate) async fn complete(
    app: &App,
    actor: Actor,
    upload: &Upload,
    lease: Lease,
    size: i64,
) -> Result<Option<FileId>> {
    let blob = BlobId::new(app.store().clock().now());
    let name = Name { workspace: actor.workspace.0, id: blob.0 };
    let blobs = &app.web.blobs;
    let placing = renewing(app, actor, lease, blobs.place(lease.staged, byte_count(size), name)).await;
    let placed = match placing {
        Ok(placed) => placed,
        Err(error) => {
            give_back(app, actor, lease, size).await?;
            return Err(store_failed(&error));
        }
    };
    let content_type = content::content_type(&placed.head, &upload.name);
    let dimensions = match Class::of(content_type) {
        Class::Picture => dimensions(app, name, placed.size).await,
        _ => None,
    };
    let is_unchecked = app.web.is_scanned;
    let content_type = content_type.to_string();
    let arrived = ReceivedBlob { id: blob, hash: placed.hash, size, content_type, dimensions, is_unchecked };
    let room = app.web.room;
    let counted =
        app.store().write(move |tx| upload_leases::complete(tx, &actor, &lease, &arrived, &room)).await;
    match counted {
        Ok(file) => {
            repair(app, placed.hash, name).await;
            Ok(file)
        }
        Err(error) => {
            // Delete a refused blob now, unless the database may have recorded it despite the error.
            if !matches!(error, Error::Store(_)) {
                if let Err(error) = blobs.remove(name).await {
                    tracing::warn!(%error, "bytes that do not count are left for the sweep");
                }
                // An upload that was taken over is not ours to end.
                app.store().write(move |tx| upload_leases::abandon(tx, &actor, &lease)).await.ok();
            }
            Err(error.into())
        }
    }
}

/// Width and height of a picture, read from its first bytes.
async fn dimensions(app: &App, name: Name, size: u64) -> Option<(i64, i64)> {
    let range = 0..size.min(pictures::HEAD_BYTES);
    let head = app.web.blobs.read(name, Form::Whole, range).await.ok()?.all().await.ok()?;
    let found = tokio::task::spawn_blocking(move || pictures::dimensions(&head)).await.ok()??;
    Some((found.0.into(), found.1.into()))
}

/// Does something that may take long, while the lease is renewed.
pub(crate) async fn renewing<T>(app: &App, actor: Actor, lease: Lease, work: impl Future<Output = T>) -> T {
    tokio::pin!(work);
    loop {
        if let Ok(done) = tokio::time::timeout(RECORDED_EVERY, &mut work).await {
            return done;
        }
        let renewed = app.store().write(move |tx| upload_leases::advance(tx, &actor, &lease, lease.received));
        if let Err(error) = renewed.await {
            tracing::warn!(%error, upload = %lease.upload, "a lease cannot be renewed");
        }
    }
}

/// Gives the lease back after a failure. A lease of bytes that an earlier receiver may still write to runs out instead,
/// for the next one to copy them.
///
/// # Errors
/// `Conflict` if it was taken over, which is the reason of the failure then.
pub(crate) async fn give_back(app: &App, actor: Actor, lease: Lease, received: i64) -> Result<()> {
    if !lease.is_shared {
        app.store().write(move |tx| upload_leases::give_back(tx, &actor, &lease, received)).await?;
    }
    Ok(())
}

/// Deletes an upload and its bytes.
pub(crate) async fn discard_all(app: &App, actor: Actor, id: UploadId) {
    match app.store().write(move |tx| uploads::abandon(tx, &actor, id)).await {
        Ok(staged) => discard(app, staged).await,
        Err(Error::NotFound) => {}
        Err(error) => tracing::warn!(%error, upload = %id, "an upload is left for the sweep"),
    }
}

/// Deletes the bytes of an upload. If that fails, the blob collector does it later.
pub(crate) async fn discard(app: &App, staged: Uuid) {
    if let Err(error) = app.web.blobs.discard(staged).await {
        tracing::warn!(%error, %staged, "what came of an upload is left for the sweep");
    }
}

pub(crate) fn byte_count(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
