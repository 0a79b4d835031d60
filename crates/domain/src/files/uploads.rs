//! Uploads in progress (F3). An upload is announced, receives bytes, and is complete when all of them are in
//! the blob store. Its purpose is fixed when it is announced: a file in a folder, the bytes of an existing
//! file, or an attachment of a message still to be sent. Uploads that are never finished or used expire.

use std::time::Duration;

use store::{Reader, Time, Tx};
use uuid::Uuid;

use crate::files::blobs::{self, ReceivedBlob};
use crate::files::creating::{self, NewEntry, insert, may_make};
use crate::files::entry::{self, Entry};
use crate::files::names::FileName;
use crate::files::permissions;
use crate::kernel::access::{self, Actor};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{BlobId, ChannelId, FileId, PersonId, UploadId, WorkspaceId};
use crate::tenant::settings;

/// Turns an upload into a file in a folder. The file gets the upload's id, so that a client that missed the
/// response can find it ([`became`]).
pub(crate) fn file_at(
    tx: &mut Tx,
    actor: &Actor,
    upload: &Upload,
    inside: Option<FileId>,
    blob: BlobId,
) -> Result<FileId> {
    let name = FileName::or("name", &upload.name, "file")?;
    may_make(tx, actor, upload.channel, inside)?;
    let new = NewEntry {
        id: Some(FileId(upload.id.0)),
        blob: Some(blob),
        ..NewEntry::new(upload.channel, inside, name)
    };
    insert(tx, actor, &new)
}

/// How long an upload is kept after its last byte, or unused after completion.
pub const LASTS: Duration = Duration::from_secs(24 * 3600);
/// An upload idle for this long has lost its connection. It is kept, but reserves no space and gives way
/// to new uploads.
pub const QUIET: Duration = Duration::from_secs(120);
/// Open uploads of one person: a folder of photographs, with room to spare.
pub const OPEN_MAX: i64 = 200;
/// The most rows per sweep, so that writers do not wait for it.
const SWEPT_AT_ONCE: i64 = 200;

/// Limits set by the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageLimits {
    /// Bytes of one file; a workspace may set less.
    pub file_max: i64,
    /// Bytes of all files of a workspace.
    pub workspace_max: i64,
}

/// What an upload will become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An attachment of a message still to be sent.
    Message,
    /// A file in this folder, or at the top.
    Folder(Option<FileId>),
    /// The bytes of a file that waits for them.
    File(FileId),
}

impl Purpose {
    /// From the database columns: the folder (the channel's id at the top) and the file.
    fn of(channel: ChannelId, place: (Option<FileId>, Option<FileId>)) -> Purpose {
        match place {
            (_, Some(file)) => Purpose::File(file),
            (Some(folder), None) => Purpose::Folder((folder.0 != channel.0).then_some(folder)),
            (None, None) => Purpose::Message,
        }
    }
}

/// The announcement of an upload.
#[derive(Clone, Debug)]
pub struct NewUpload {
    pub channel: ChannelId,
    pub purpose: Purpose,
    pub name: String,
    /// In bytes; `None` if the size is not known in advance.
    pub size: Option<i64>,
    /// What the client says of it, to be given back when it asks for the state.
    pub metadata: Option<String>,
}

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Upload {
        pub id: UploadId = "id",
        pub channel: ChannelId = "channel",
        pub purpose: Purpose = "folder, file" => |place| Purpose::of(channel, place),
        /// As given.
        pub name: String = "name",
        /// The announced size in bytes, if known.
        pub size: Option<i64> = "size",
        /// Bytes received and on disk.
        pub received: i64 = "received",
        /// Set once all bytes have arrived.
        pub blob: Option<BlobId> = "blob",
        /// Pushed back by each activity.
        pub expires_at: Time = "expires_at",
        pub metadata: Option<String> = "metadata",
        /// Who adds bytes now, if anybody does ([`upload_leases`](crate::files::upload_leases)).
        pub(crate) receiver: Option<Uuid> = "receiver",
        /// The name of its bytes until they are complete.
        pub staged: Uuid = "coalesce(staged, id)",
    }
}

/// The largest file allowed in a workspace, in bytes.
pub fn file_max(reader: &Reader, workspace: WorkspaceId, room: &StorageLimits) -> Result<i64> {
    Ok(settings::file_limit(reader, workspace)?.unwrap_or(i64::MAX).min(room.file_max))
}

/// Announces an upload. Access, size and free space are checked now, before any byte is sent.
///
/// # Errors
/// `Forbidden` without write access (F6) or after leaving the channel; `Field` for an invalid name, a size over the
/// limit or a full workspace; `Conflict` for too many open uploads, or a file that already has its bytes.
pub fn begin(tx: &mut Tx, actor: &Actor, new: &NewUpload, room: &StorageLimits) -> Result<Upload> {
    let name = FileName::or("name", &new.name, "file")?.given;
    access::channel(tx, actor, new.channel)?;
    let (folder, file) = place(tx, actor, new)?;
    let file_max = file_max(tx, actor.workspace, room)?;
    if new.size.is_some_and(|size| size > file_max) {
        return Err(Error::field("file", Problem::TooLarge(file_max)));
    }
    if new.size.is_some_and(|size| size < 0) {
        return Err(Error::field("file", Problem::Empty));
    }
    let now = tx.now();
    // Reserve the announced size of active uploads; of those without a connection, only what has arrived counts.
    let (open, coming): (i64, i64) = tx.one(
        "SELECT (SELECT count(*) FROM uploads WHERE workspace = $1 AND person = $2 AND expires_at > $3), \
         CAST(coalesce(sum(CASE WHEN expires_at > $4 THEN coalesce(size, received) ELSE received END), 0) AS BIGINT) \
         FROM uploads WHERE workspace = $1 AND blob IS NULL",
        &[&actor.workspace, &actor.person, &now, &now.after(LASTS).before(QUIET)],
        |row| row.read(),
    )?;
    if open >= OPEN_MAX && !make_way(tx, actor)? {
        return Err(Error::Conflict("There are too many uploads at once. Please wait for some to finish."));
    }
    let stored = blobs::stored(tx, actor.workspace)?;
    if stored.saturating_add(coming).saturating_add(new.size.unwrap_or(1)) > room.workspace_max {
        return Err(Error::field("file", Problem::StorageFull));
    }
    let id = UploadId::new(now);
    tx.run(
        "INSERT INTO uploads \
         (workspace, id, person, channel, folder, file, name, size, received, created_at, expires_at, metadata) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11)",
        &[
            &actor.workspace,
            &id,
            &actor.person,
            &new.channel,
            &folder,
            &file,
            &name,
            &new.size,
            &now,
            &now.after(LASTS),
            &new.metadata,
        ],
    )?;
    find(tx, actor, id)
}

/// Ends the person's upload that has been without a connection longest, if there is one: people on a poor
/// connection must not be locked out by their own leftovers.
fn make_way(tx: &Tx, actor: &Actor) -> Result<bool> {
    let now = tx.now();
    let ended = tx.run(
        "UPDATE uploads SET expires_at = $3 WHERE (workspace, id) IN \
         (SELECT workspace, id FROM uploads WHERE workspace = $1 AND person = $2 AND blob IS NULL \
         AND expires_at > $3 AND expires_at <= $4 ORDER BY expires_at LIMIT 1)",
        &[&actor.workspace, &actor.person, &now, &now.after(LASTS).before(QUIET)],
    )?;
    Ok(ended > 0)
}

/// The columns for an upload's purpose: the folder (the channel's id at the top) and the file.
fn place(reader: &Reader, actor: &Actor, new: &NewUpload) -> Result<(Option<Uuid>, Option<FileId>)> {
    let may = |inside| permissions::may_change(reader, actor, new.channel, inside);
    let is_open = match new.purpose {
        // Sent files are filed at the top even where it is read-only; who has left the channel cannot send.
        Purpose::Message => permissions::may_send(reader, actor, new.channel)?,
        Purpose::Folder(folder) => {
            entry::folder(reader, actor, new.channel, folder)?;
            may(folder)?
        }
        Purpose::File(file) => {
            let found = entry::find(reader, actor, file)?;
            if found.channel != new.channel || found.kind != entry::Kind::File {
                return Err(Error::NotFound);
            }
            if found.stored.is_some() {
                return Err(Error::Conflict("This file has its bytes already."));
            }
            may(found.folder)?
        }
    };
    if !is_open {
        return Err(Error::Forbidden);
    }
    Ok(match new.purpose {
        Purpose::Message => (None, None),
        Purpose::Folder(folder) => (Some(folder.map_or(new.channel.0, |folder| folder.0)), None),
        Purpose::File(file) => (None, Some(file)),
    })
}

const COLUMNS: &str = Upload::COLUMNS;

/// Finds an upload of the requester's, in a channel that they can still see.
pub fn find(reader: &Reader, actor: &Actor, upload: UploadId) -> Result<Upload> {
    let sql = format!(
        "SELECT {COLUMNS} FROM uploads WHERE workspace = $1 AND id = $2 AND person = $3 AND expires_at > $4"
    );
    let found =
        reader.first(&sql, &[&actor.workspace, &upload, &actor.person, &reader.now()], |row| row.read())?;
    let found: Upload = found.ok_or(Error::NotFound)?;
    access::channel(reader, actor, found.channel)?;
    Ok(found)
}

/// An upload of the sender's for a message in this channel.
pub(crate) fn for_message(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    upload: UploadId,
) -> Result<Option<Upload>> {
    let found = match find(reader, actor, upload) {
        Err(Error::NotFound) => return Ok(None),
        found => found?,
    };
    Ok(Some(found).filter(|found| found.channel == channel && found.purpose == Purpose::Message))
}

/// Completes an upload whose bytes are all in the blob store. Returns the file, unless it is for a message
/// still to be sent.
///
/// # Errors
/// `Forbidden` if the requester lost write access; `Field` if the workspace is full or the file is larger
/// than announced or allowed; `Conflict` if it was complete already. The bytes are not counted then.
pub fn complete(
    tx: &mut Tx,
    actor: &Actor,
    upload: UploadId,
    arrived: &ReceivedBlob,
    room: &StorageLimits,
) -> Result<Option<FileId>> {
    let found = find(tx, actor, upload)?;
    if found.blob.is_some() {
        return Err(Error::Conflict("This upload is complete already."));
    }
    let most = found.size.unwrap_or(file_max(tx, actor.workspace, room)?);
    if arrived.size > most {
        return Err(Error::field("file", Problem::TooLarge(most)));
    }
    let new = NewUpload {
        channel: found.channel,
        purpose: found.purpose,
        name: found.name.clone(),
        size: found.size,
        metadata: None,
    };
    place(tx, actor, &new)?;
    let blob = blobs::insert(tx, actor.workspace, arrived, room.workspace_max)?;
    match found.purpose {
        Purpose::Message => {
            tx.run(
                "UPDATE uploads SET blob = $3, received = $4, expires_at = $5 WHERE workspace = $1 AND id = $2",
                &[&actor.workspace, &upload, &blob, &arrived.size, &tx.now().after(LASTS)],
            )?;
            Ok(None)
        }
        Purpose::Folder(folder) => {
            used(tx, actor, upload)?;
            file_at(tx, actor, &found, folder, blob).map(Some)
        }
        Purpose::File(file) => {
            used(tx, actor, upload)?;
            creating::fill(tx, actor, file, blob)?;
            Ok(Some(file))
        }
    }
}

/// The file that an upload of the requester's became, for a client that missed the response.
pub fn became(reader: &Reader, actor: &Actor, upload: UploadId) -> Result<Entry> {
    let file = entry::find(reader, actor, FileId(upload.0))?;
    if file.creator == actor.person { Ok(file) } else { Err(Error::NotFound) }
}

/// Removes an upload that has served its purpose.
pub(crate) fn used(tx: &Tx, actor: &Actor, upload: UploadId) -> Result<()> {
    let gone = tx.run(
        "DELETE FROM uploads WHERE workspace = $1 AND id = $2 AND person = $3",
        &[&actor.workspace, &upload, &actor.person],
    )?;
    if gone > 0 { Ok(()) } else { Err(Error::NotFound) }
}

/// Cancels an upload. Returns the name of its bytes, for the caller to delete them from the store.
pub fn abandon(tx: &mut Tx, actor: &Actor, upload: UploadId) -> Result<Uuid> {
    let found = find(tx, actor, upload)?;
    used(tx, actor, upload)?;
    if let Some(blob) = found.blob {
        blobs::release(tx, actor.workspace, blob)?;
    }
    Ok(found.staged)
}

/// Removes expired uploads, a limited number, and returns the names of their bytes: the caller deletes those from the
/// store.
pub fn sweep(tx: &Tx) -> Result<Vec<Uuid>> {
    let gone = tx.all(
        "DELETE FROM uploads WHERE (workspace, id) IN \
         (SELECT workspace, id FROM uploads WHERE expires_at <= $1 LIMIT $2) \
         RETURNING workspace, blob, coalesce(staged, id)",
        &[&tx.settled(), &SWEPT_AT_ONCE],
        |row| row.read::<(WorkspaceId, Option<BlobId>, Uuid)>(),
    )?;
    for (workspace, blob, _) in &gone {
        if let Some(blob) = blob {
            blobs::release(tx, *workspace, *blob)?;
        }
    }
    Ok(gone.into_iter().map(|(_, _, staged)| staged).collect())
}

/// Whether the bytes of this name belong to an upload; all others are swept from the store.
pub fn is_staged(reader: &Reader, staged: Uuid) -> Result<bool> {
    // By the name alone: the staging area of the store does not know workspaces.
    let found =
        reader.first("SELECT person FROM uploads WHERE coalesce(staged, id) = $1", &[&staged], |row| {
            row.get::<PersonId>(0)
        })?;
    Ok(found.is_some())
}
