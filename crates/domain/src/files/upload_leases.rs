//! One receiver at a time adds bytes to an upload, on whichever node it is (decision 43).
//!
//! A receiver takes a lease and keeps it by its progress. Everything it records is conditional on still having it, so
//! one that was overtaken changes nothing. Its bytes go nowhere either: if a lease was not given back, the next
//! receiver continues in a copy.

use std::time::Duration;

use store::Tx;
use uuid::Uuid;

use crate::files::blobs::ReceivedBlob;
use crate::files::uploads::{self, LASTS, StorageLimits, Upload};
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{FileId, UploadId};

/// A receiver that recorded nothing for this long is overtaken when another connection comes.
pub const LEASE: Duration = Duration::from_secs(30);

/// The right to add bytes to an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub upload: UploadId,
    /// Also the name of the copy to go on in, if one is needed.
    pub receiver: Uuid,
    /// Bytes recorded.
    pub received: i64,
    /// The name of the bytes.
    pub staged: Uuid,
    /// Whether an earlier receiver may still write to the bytes: they must be copied first.
    pub is_shared: bool,
}

/// The answer to a receiver that wants to add bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Leased(Box<Upload>, Lease),
    /// Another receiver is at it.
    Busy,
    /// The upload goes on at this byte.
    GoesOnAt(i64),
    Complete,
}

/// Asks for the lease of an upload, to go on at `offset`. A lease that has not been renewed for `lasts` is taken over.
pub fn take(tx: &mut Tx, actor: &Actor, upload: UploadId, offset: i64, lasts: Duration) -> Result<Asked> {
    tx.lock_rows(
        "SELECT id FROM uploads WHERE workspace = $1 AND id = $2 FOR UPDATE",
        &[&actor.workspace, &upload],
    )?;
    let found = uploads::find(tx, actor, upload)?;
    let now = tx.now();
    let is_fresh = found.expires_at > now.after(LASTS).before(lasts);
    if found.blob.is_none() && found.receiver.is_some() && is_fresh {
        return Ok(Asked::Busy);
    }
    if offset != found.received {
        return Ok(Asked::GoesOnAt(found.received));
    }
    if found.blob.is_some() {
        return Ok(Asked::Complete);
    }
    let receiver = UploadId::new(now).0;
    tx.run(
        "UPDATE uploads SET receiver = $3, expires_at = $4 WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &upload, &receiver, &now.after(LASTS)],
    )?;
    let lease = Lease {
        upload,
        receiver,
        received: found.received,
        staged: found.staged,
        is_shared: found.receiver.is_some(),
    };
    Ok(Asked::Leased(Box::new(found), lease))
}

/// Records that all bytes up to `received` are on disk, and extends the upload's expiry and the lease.
///
/// # Errors
/// `Conflict` if the lease was taken over; `NotFound` if the upload is gone.
pub fn advance(tx: &mut Tx, actor: &Actor, lease: &Lease, received: i64) -> Result<Lease> {
    record(tx, actor, lease, &Lease { received, ..*lease }, Some(lease.receiver))
}

/// Records that the bytes were copied, so that nobody else writes to them.
///
/// # Errors
/// As [`advance`].
pub fn copied(tx: &mut Tx, actor: &Actor, lease: &Lease) -> Result<Lease> {
    let copied = Lease { staged: lease.receiver, is_shared: false, ..*lease };
    record(tx, actor, lease, &copied, Some(lease.receiver))
}

/// Gives the lease back, with the last progress. The receiver must have finished writing.
///
/// # Errors
/// As [`advance`].
pub fn give_back(tx: &mut Tx, actor: &Actor, lease: &Lease, received: i64) -> Result<()> {
    record(tx, actor, lease, &Lease { received, ..*lease }, None).map(|_| ())
}

/// Moves from one state to the next, only if the first is what the database knows.
fn record(tx: &Tx, actor: &Actor, from: &Lease, to: &Lease, receiver: Option<Uuid>) -> Result<Lease> {
    let changed = tx.run(
        "UPDATE uploads SET received = $5, staged = $6, receiver = $7, expires_at = $8 \
         WHERE workspace = $1 AND id = $2 AND receiver = $3 AND received = $4 AND blob IS NULL",
        &[
            &actor.workspace,
            &from.upload,
            &from.receiver,
            &from.received,
            &to.received,
            &to.staged,
            &receiver,
            &tx.now().after(LASTS),
        ],
    )?;
    if changed > 0 {
        return Ok(*to);
    }
    uploads::find(tx, actor, from.upload)?;
    Err(overtaken())
}

/// Completes the upload ([`uploads::complete`]), if the lease was not taken over.
///
/// # Errors
/// Also `Conflict` if it was.
pub fn complete(
    tx: &mut Tx,
    actor: &Actor,
    lease: &Lease,
    arrived: &ReceivedBlob,
    room: &StorageLimits,
) -> Result<Option<FileId>> {
    advance(tx, actor, lease, arrived.size)?;
    uploads::complete(tx, actor, lease.upload, arrived, room)
}

/// Cancels the upload, if the lease was not taken over.
///
/// # Errors
/// As [`advance`].
pub fn abandon(tx: &mut Tx, actor: &Actor, lease: &Lease) -> Result<()> {
    advance(tx, actor, lease, lease.received)?;
    uploads::abandon(tx, actor, lease.upload).map(|_| ())
}

fn overtaken() -> Error {
    Error::Conflict("The bytes of this upload are coming over another connection.")
}
